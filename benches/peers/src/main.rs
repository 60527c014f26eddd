//! Sealing and opening in memory, against AWS's Database Encryption SDK for DynamoDB on the same
//! records, and the bytes that each adds to an item. Both wrap a new data key for each record with
//! an AES key of this process. No key service is called, and nothing is sent.
//!
//! The peer's large buffers raise glibc's thresholds for memory that is given back, which spares
//! this library page faults with the large record. To measure the library as in a program of its
//! own, fix `MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` at their start, 131072.

mod library;
mod ours;
mod theirs;

use aws_db_esdk::material_providers::types::DbeAlgorithmSuiteId;
use cpu_time::{ProcessTime, ThreadTime};
use envelope_benches::{Contestant, compare, report};

use library::Library;
use ours::{Large, Ours, Small, SmallWithPlain};
use theirs::Theirs;

/// The AES key that wraps data keys.
const KEY: [u8; 32] = [7; 32];

const ID: &str = "r-1";

/// A line of the table.
type Line<'a> = (&'a str, &'a dyn Library);

type Work = fn(&dyn Library);

fn main() {
    let hex = "07".repeat(KEY.len());
    let unsigned = DbeAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKeySymsigHmacSha384;

    let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(32));
    let small = [("id", ID), ("a", &a), ("b", &b), ("c", &c)];
    let theirs = Theirs::new(&KEY, None, &small, "c");
    let theirs_unsigned = Theirs::new(&KEY, Some(unsigned), &small, "c");
    let plaintext = theirs.plaintext_size();
    let id = ID.to_owned();
    let with_plain = SmallWithPlain { id: id.clone(), a: a.clone(), b: b.clone(), c: c.clone() };
    let with_plain = Ours::new(&hex, with_plain);
    let ours = Ours::new(&hex, Small { id: id.clone(), a, b, c });
    let small: [Line<'_>; 4] = [
        ("this library, all attributes authenticated", &ours),
        ("aws-db-esdk, default suite", &theirs),
        ("aws-db-esdk, suite without ECDSA", &theirs_unsigned),
        ("this library, a and b not authenticated", &with_plain),
    ];

    let text = "x".repeat(100_000);
    let large = [("id", ID), ("text", text.as_str())];
    let theirs = Theirs::new(&KEY, None, &large, "text");
    let theirs_unsigned = Theirs::new(&KEY, Some(unsigned), &large, "text");
    let ours = Ours::new(&hex, Large { id, text: text.clone() });
    let large: [Line<'_>; 3] = [
        ("this library", &ours),
        ("aws-db-esdk, default suite", &theirs),
        ("aws-db-esdk, suite without ECDSA", &theirs_unsigned),
    ];

    for (_, library) in small.iter().chain(&large) {
        check_thread(*library);
    }
    let small_ratios = against_peer("3 strings of 32 B, 1 encrypted", &small);
    let large_ratios = against_peer("1 encrypted string of 100 kB", &large);
    print_growth(plaintext, &small);
    for (record, [encrypt, decrypt]) in [("small", small_ratios), ("100k", large_ratios)] {
        report(&format!("peer_{record}_encrypt"), encrypt);
        report(&format!("peer_{record}_decrypt"), decrypt);
    }
}

/// Compares the lines, and returns the ratios of the second, the peer's default, to the first.
fn against_peer(title: &str, lines: &[Line<'_>]) -> [f64; 2] {
    let works: [(&str, Work); 2] =
        [("encrypt", |library| library.encrypt()), ("decrypt", |library| library.decrypt())];
    works.map(|(verb, work)| {
        let mut works: Vec<_> = lines.iter().map(|(_, library)| || work(*library)).collect();
        let mut contestants: Vec<Contestant<'_>> = Vec::with_capacity(lines.len());
        for ((name, _), work) in lines.iter().zip(&mut works) {
            contestants.push((*name, work));
        }
        let outcomes = compare(&format!("{verb}: {title}"), &mut contestants);
        outcomes.get(1).map_or(f64::NAN, |outcome| outcome.ratio)
    })
}

/// Checks that all work is on this thread, whose CPU time is what [`compare`] measures.
fn check_thread(library: &dyn Library) {
    let (process, thread) = (ProcessTime::now(), ThreadTime::now());
    for _ in 0..100 {
        library.encrypt();
        library.decrypt();
    }
    let (thread, process) = (thread.elapsed(), process.elapsed());
    let share = thread.as_secs_f64() / process.as_secs_f64();
    assert!(
        share > 0.98,
        "only {share:.2} of the CPU time is this thread's: compare the process's"
    );
}

/// Prints the bytes that encryption adds to an item.
fn print_growth(plaintext: usize, lines: &[Line<'_>]) {
    println!(
        "bytes added to an item of {plaintext}, of them the locally wrapped key and its names"
    );
    for (name, library) in lines {
        let added = library.size() - plaintext;
        println!("  {name:<44} {added:>12} B  {:>8}", library.wrapped_key());
    }
}
