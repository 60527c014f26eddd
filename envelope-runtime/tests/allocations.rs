//! Sealing and opening allocate what they keep, and little else.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use allocation_counter::{AllocationInfo, measure};
use envelope_runtime::{EnvelopeRecord, Item, LocalKeyProvider, Opener, Sealer};
use tokio::runtime::{Builder, Runtime};

#[derive(EnvelopeRecord)]
#[envelope(table = "notes")]
struct Note {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "notes")]
struct Notes {
    #[partition_key]
    id: String,
    #[encrypted]
    first: String,
    #[encrypted]
    second: String,
    #[encrypted]
    third: String,
}

fn note(length: usize) -> Note {
    Note { id: "n-1".into(), text: "x".repeat(length) }
}

fn notes() -> Notes {
    let text = || "x".repeat(32);
    Notes { id: "n-1".into(), first: text(), second: text(), third: text() }
}

/// Counts after a first run, in which each part may initialize itself.
fn counts<R: EnvelopeRecord>(saved: &R) -> [AllocationInfo; 2] {
    let runtime: Runtime = Builder::new_current_thread().build().unwrap();
    let key = || LocalKeyProvider::from_hex(&"07".repeat(32)).unwrap();
    let (sealer, opener) = (Sealer::new(key()), Opener::new(key()));
    let seal = || runtime.block_on(sealer.seal(saved)).unwrap();
    let open = |item: Item| runtime.block_on(opener.open::<R>(item)).unwrap().into_record();
    drop(open(seal()));

    let mut item = None;
    let sealing = measure(|| item = Some(seal()));
    let mut record = None;
    let opening = measure(|| record = item.map(open));
    drop(record);
    [sealing, opening]
}

#[test]
fn a_record_of_three_fields_takes_few_allocations() {
    let [sealing, opening] = counts(&notes());

    let of_aws_lc = if cfg!(feature = "aws-lc") { 2 } else { 0 };
    // The part of the item from which an update can start.
    let core = if cfg!(feature = "aws") { 8 } else { 0 };
    assert!(sealing.count_total <= 29 + of_aws_lc, "{sealing:?}");
    assert!(opening.count_total <= 23 + of_aws_lc + core, "{opening:?}");
}

#[test]
fn a_field_takes_one_allocation_to_seal_and_one_to_open() {
    let [one, three] = [counts(&note(32)), counts(&notes())];
    let of_one = |index: usize| match (one.get(index), three.get(index)) {
        (Some(one), Some(three)) => (three.count_total - one.count_total).div_ceil(2),
        _ => unreachable!("two counts"),
    };

    // The text, in whose buffer it is sealed.
    assert_eq!(of_one(0), 1);
    // Its name in the envelope; the text stays in the buffer of the item.
    assert_eq!(of_one(1), 1);
}

#[test]
fn a_large_text_is_copied_once_to_seal_and_never_to_open() {
    let [sealing, opening] = counts(&note(300_000));

    assert!((300_000..310_000).contains(&sealing.bytes_total), "{sealing:?}");
    assert!(opening.bytes_total < 10_000, "{opening:?}");
}
