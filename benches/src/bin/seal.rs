//! Sealing and opening in memory, against the same AEAD used by hand: one key set-up a record, and
//! a nonce from the operating system a field. No key service is called, and nothing is sent.

use std::hint::black_box;

use envelope_benches::given::{Given, ready};
use envelope_benches::records::{Bytes, Eleven, One, Ten, Three};
use envelope_benches::{by_hand, compare, report};
use envelope_runtime::{EnvelopeRecord, Opener, Sealer};

fn main() {
    let back_end = if cfg!(feature = "aws-lc") { "_aws_lc" } else { "" };
    let name = |name: &str| format!("{name}{back_end}");
    let one = One::of(32);
    against_bare("1 field of 32 B", &one, &one.lengths(), &name("k1_32b"));
    let three = Three::of(32);
    against_bare("3 fields of 32 B", &three, &three.lengths(), &name("k3_32b"));
    let ten = Ten::of(32);
    against_bare("10 fields of 32 B", &ten, &ten.lengths(), &name("k10_32b"));
    against_bare("11 attributes, 3 encrypted", &Eleven::example(), &[11, 15, 15], &name("a11"));
    let kib = One::of(1024);
    against_bare("1 field of 1 KiB", &kib, &kib.lengths(), &name("k1_1k"));
    let text = One::of(64 << 10);
    against_bare("1 String of 64 KiB", &text, &text.lengths(), &name("k1_64k"));
    let bytes = Bytes { id: "r-1".to_owned(), content: vec![1; 64 << 10] };
    against_bare("1 Vec<u8> of 64 KiB", &bytes, &[64 << 10], &name("k1_64k_bytes"));
}

/// Compares one record with the AEAD by hand over values of these lengths.
fn against_bare<R: EnvelopeRecord>(title: &str, record: &R, lengths: &[usize], name: &str) {
    let seals = Sealer::new(Given);
    let opens = Opener::new(Given);
    let values: Vec<_> = lengths.iter().map(|len| vec![b'x'; *len]).collect();
    let sealed = by_hand::seal(&values);
    let item = ready(seals.seal(record)).unwrap_or_else(|error| unreachable!("{error}"));

    let outcomes = compare(
        &format!("seal: {title}"),
        &mut [
            ("bare AEAD", &mut || drop(black_box(by_hand::seal(black_box(&values))))),
            ("Sealer", &mut || drop(black_box(ready(seals.seal(black_box(record)))))),
        ],
    );
    let seal = outcomes.last().map_or(f64::NAN, |outcome| outcome.ratio);
    let outcomes = compare(
        &format!("open: {title}"),
        &mut [
            ("bare AEAD", &mut || drop(black_box(by_hand::open(black_box(&sealed).clone())))),
            ("Opener", &mut || {
                let record = ready(opens.open::<R>(black_box(&item).clone()));
                let _ = black_box(record.is_ok());
            }),
        ],
    );
    let open = outcomes.last().map_or(f64::NAN, |outcome| outcome.ratio);
    report(&format!("seal_{name}"), seal);
    report(&format!("open_{name}"), open);
}
