//! Seals or opens a record so many times, for a count of instructions: see `.ci/instructions.py`.

use std::env;
use std::hint::black_box;

use envelope_benches::given::{Given, ready};
use envelope_benches::records::Three;
use envelope_runtime::{Opener, Sealer};

fn main() {
    let mut arguments = env::args().skip(1);
    let work = arguments.next().unwrap_or_default();
    let times: u32 = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let record = Three::of(32);
    let (sealer, opener) = (Sealer::new(Given), Opener::new(Given));
    let item = ready(sealer.seal(&record)).unwrap_or_else(|error| unreachable!("{error}"));
    for _ in 0..times {
        match work.as_str() {
            "seal" => drop(black_box(ready(sealer.seal(black_box(&record))))),
            "open" => drop(black_box(ready(opener.open::<Three>(black_box(&item).clone())))),
            other => unreachable!("seal or open, not {other:?}"),
        }
    }
}
