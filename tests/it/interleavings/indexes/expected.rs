//! What must be stored after the writes of a schedule, computed without the library.

use std::collections::BTreeMap;

use envelope_tests::Played;

use super::super::{Outcome, name};
use super::{Act, Parcel, Writer, numbered, rank};

/// The key attributes of indexes.
pub(super) type Keys = BTreeMap<String, String>;

/// The record, and the stored keys of indexes.
struct Expected(Option<(Parcel, Keys)>);

/// The keys that the fields of a record make.
pub(super) fn made(parcel: &Parcel) -> Keys {
    let rank = format!("{:04}", parcel.rank);
    let mut keys = vec![
        ("GSI1PK", format!("CUSTOMER#{}", parcel.customer)),
        ("GSI1SK", format!("{}#{rank}", parcel.shelf)),
    ];
    if let Some(courier) = &parcel.courier {
        keys.extend([("GSI2PK", format!("COURIER#{courier}")), ("GSI2SK", rank)]);
    }
    keys.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a query of the partition of an index gives, and the number of entries that it skips.
pub(super) fn given(index: &str, found: &Parcel, keys: &Keys) -> (Vec<Parcel>, u64) {
    let of = |keys: &Keys| ["PK", "SK"].map(|key| keys.get(&format!("{index}{key}")).cloned());
    match of(keys) {
        [None, None] => (Vec::new(), 0),
        stored if stored == of(&made(found)) => (vec![found.clone()], 0),
        _ => (Vec::new(), 1),
    }
}

impl Expected {
    fn of(start: Parcel) -> Self {
        let keys = made(&start);
        Self(Some((start, keys)))
    }

    /// Applies the write of the writer with that number.
    fn apply(&mut self, act: Act, number: usize, id: &str) {
        match act {
            Act::Put => *self = Self::of(numbered(id, number)),
            // A put leaves nothing that it does not know.
            Act::OlderPut => self.0 = Some((numbered(id, number), Keys::new())),
            Act::Delete => self.0 = None,
            _ => {
                let Some((parcel, keys)) = &mut self.0 else {
                    panic!("{act:?} created a record");
                };
                if change(parcel, act, number) {
                    *keys = made(parcel);
                }
            }
        }
    }
}

/// Applies an update, and returns whether it knows the indexes and is of a part of their keys.
fn change(parcel: &mut Parcel, act: Act, number: usize) -> bool {
    let (name, rank) = (name(number), rank(number));
    match act {
        Act::SetShelf | Act::OlderSetShelf => parcel.shelf = name,
        Act::SetRank => parcel.rank = rank,
        Act::SetCustomer => parcel.customer = name,
        Act::SetRankAndAdd => {
            parcel.rank = rank;
            parcel.count += 1;
        }
        Act::SetCourierIfAbsent => drop(parcel.courier.get_or_insert(name)),
        Act::RemoveCourier => parcel.courier = None,
        Act::Seal => parcel.secret = name,
        Act::SetNote | Act::OlderSetNote => parcel.note = name,
        Act::Put | Act::OlderPut | Act::Delete => unreachable!("no update"),
    }
    !matches!(act, Act::Seal | Act::SetNote | Act::OlderSetShelf | Act::OlderSetNote)
}

/// Asserts that the stored record and its keys are the start with the writes applied in their
/// order, and that each writer was told the truth.
pub(super) fn judge(
    writers: &[Writer],
    played: &Played<Outcome>,
    start: Parcel,
    found: Option<&(Parcel, Keys)>,
) {
    let id = start.id.clone();
    let mut expected = Expected::of(start);
    for number in &played.writes {
        expected.apply(writers[*number].0, *number, &id);
    }
    assert_eq!(found, expected.0.as_ref(), "{writers:?} {played:?}");

    for (number, (act, loses)) in writers.iter().enumerate() {
        let count = played.writes.iter().filter(|writer| **writer == number).count();
        let later = played.writes.iter().skip_while(|writer| **writer != number).skip(1);
        let later: Vec<_> = later.map(|writer| writers[*writer].0).collect();
        // Repeating these has the same effect.
        let twice = *loses && !matches!(act, Act::SetCustomer | Act::SetRankAndAdd | Act::Seal);
        let right = match played.outcomes[number] {
            Outcome::Done => count == 1 || (twice && count == 2),
            Outcome::NotFound => count == 0,
            Outcome::Unknown => *loses && count == 1 && may_be_unknown(*act, &later),
            Outcome::Conflict => false,
        };
        assert!(right, "{act:?} wrote {count} times: {writers:?} {played:?}");
    }
}

/// Returns whether a writer that lost the answer to its write may not know that it wrote, given
/// what others wrote later.
fn may_be_unknown(act: Act, later: &[Act]) -> bool {
    let replaces_envelope = |act: &Act| {
        matches!(act, Act::SetCustomer | Act::Seal | Act::Put | Act::OlderPut | Act::Delete)
    };
    match act {
        Act::SetRankAndAdd => true,
        // It would be recognised by its envelope.
        Act::SetCustomer | Act::Seal => later.iter().any(replaces_envelope),
        // Without a record it cannot be repeated.
        Act::SetShelf
        | Act::SetRank
        | Act::SetCourierIfAbsent
        | Act::RemoveCourier
        | Act::SetNote
        | Act::OlderSetShelf
        | Act::OlderSetNote => later.contains(&Act::Delete),
        Act::Put | Act::OlderPut | Act::Delete => false,
    }
}
