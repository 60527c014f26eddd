//! The entries of one map that an update changes.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;

use zeroize::Zeroize;

use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, Wiped, unwiped};

/// The entries of one map that an update changes, by their stored names: set to a value, or
/// removed. Wiped when dropped.
pub(crate) struct EntryChanges(BTreeMap<String, Option<Wiped>>);

impl EntryChanges {
    /// Sets the only entry of a map.
    pub(crate) fn set(map: Option<Wiped>) -> Result<Self, ConvertError> {
        Self::of(map, |value| Some(Wiped::new(value)))
    }

    /// Removes the only entry of a map.
    pub(crate) fn removed(map: Option<Wiped>) -> Result<Self, ConvertError> {
        Self::of(map, |value| {
            drop(Wiped::new(value));
            None
        })
    }

    fn of(
        map: Option<Wiped>,
        change: impl Fn(AttributeValue) -> Option<Wiped>,
    ) -> Result<Self, ConvertError> {
        match map.map(unwiped) {
            Some(AttributeValue::M(mut map)) if map.len() == 1 => {
                let entry = map.pop_first();
                Ok(Self(entry.into_iter().map(|(name, value)| (name, change(value))).collect()))
            }
            other => {
                drop(other.map(Wiped::new));
                Err(ConvertError::new(ConvertErrorKind::NotAnEntry))
            }
        }
    }

    /// Adds the changes of other entries of the same map.
    pub(super) fn add(&mut self, mut others: Self) -> Result<(), ConvertError> {
        if others.0.keys().any(|name| self.0.contains_key(name)) {
            return Err(ConvertError::new(ConvertErrorKind::ChangedTwice));
        }
        self.0.extend(mem::take(&mut others.0));
        Ok(())
    }

    /// The stored names, and the values to set; `None` for the entries to remove.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<&AttributeValue>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// The map that the changes make of an empty one; `None` if they set nothing.
    pub(crate) fn made(&self) -> Option<Wiped> {
        // No name is copied that is not part of the map, which is wiped.
        let set = self.iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let map: BTreeMap<_, _> =
            set.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        (!map.is_empty()).then(|| Wiped::new(AttributeValue::M(map)))
    }

    /// The map after the changes; `None` if there is nothing to change, because there is no map.
    pub(crate) fn applied(&self, stored: Option<Wiped>) -> Result<Option<Wiped>, ConvertError> {
        let mut stored = match stored {
            Some(stored) if *stored != AttributeValue::Null => stored,
            _ => return Ok(self.made()),
        };
        let AttributeValue::M(map) = &mut *stored else { return Err(not_a_map(&stored)) };
        for (name, value) in self.iter() {
            match (value, map.get_mut(name)) {
                (Some(value), Some(old)) => drop(Wiped::new(mem::replace(old, value.clone()))),
                (Some(value), None) => drop(map.insert(name.to_owned(), value.clone())),
                (None, _) => {
                    if let Some((mut name, mut old)) = map.remove_entry(name) {
                        name.zeroize();
                        old.zeroize();
                    }
                }
            }
        }
        Ok(Some(stored))
    }

    /// The bytes that the changes add to the plaintext of a map, at most.
    pub(crate) fn plaintext_len(&self) -> usize {
        self.made().map_or(0, |map| map.plaintext_len())
    }
}

/// The error for a stored value that has no entries.
pub(crate) fn not_a_map(stored: &AttributeValue) -> ConvertError {
    let found = stored.type_name();
    ConvertError::new(ConvertErrorKind::Type { expected: "a map", found })
}

impl Drop for EntryChanges {
    fn drop(&mut self) {
        for (mut name, _) in mem::take(&mut self.0) {
            name.zeroize();
        }
    }
}

/// Hides the names of the entries, since they are data.
impl fmt::Debug for EntryChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> Wiped {
        let entry = |(name, text): &(&str, &str)| {
            ((*name).to_owned(), AttributeValue::S((*text).to_owned()))
        };
        Wiped::new(AttributeValue::M(entries.iter().map(entry).collect()))
    }

    /// Sets `a` and `b`, and removes `c`.
    fn changes() -> EntryChanges {
        let mut changes = EntryChanges::set(Some(map(&[("a", "1")]))).unwrap();
        changes.add(EntryChanges::set(Some(map(&[("b", "2")]))).unwrap()).unwrap();
        changes.add(EntryChanges::removed(Some(map(&[("c", "")]))).unwrap()).unwrap();
        changes
    }

    #[test]
    fn a_map_has_the_changed_entries_and_keeps_the_others() {
        let stored = map(&[("a", "old"), ("c", "old"), ("d", "old")]);
        let expected = map(&[("a", "1"), ("b", "2"), ("d", "old")]);
        assert_eq!(changes().applied(Some(stored)).unwrap(), Some(expected));
    }

    #[test]
    fn an_absent_map_and_null_are_made_of_what_is_set() {
        let made = map(&[("a", "1"), ("b", "2")]);
        let null = Wiped::new(AttributeValue::Null);
        assert_eq!(changes().applied(None).unwrap().as_ref(), Some(&made));
        assert_eq!(changes().applied(Some(null.clone())).unwrap(), Some(made));
        let removed = EntryChanges::removed(Some(map(&[("c", "")]))).unwrap();
        assert_eq!(removed.applied(None).unwrap(), None);
        assert_eq!(removed.applied(Some(null)).unwrap(), None);
    }

    #[test]
    fn only_a_map_of_one_entry_is_an_entry() {
        let none = map(&[]);
        let two = map(&[("a", "1"), ("b", "2")]);
        let text = Wiped::new(AttributeValue::S("a".into()));
        for map in [None, Some(none), Some(two), Some(text.clone())] {
            let error = EntryChanges::set(map).unwrap_err();
            assert_eq!(error.kind(), ConvertErrorKind::NotAnEntry);
        }
        let error = changes().applied(Some(text)).unwrap_err();
        let kind = ConvertErrorKind::Type { expected: "a map", found: "S" };
        assert_eq!(error.kind(), kind);
    }

    #[test]
    fn an_entry_is_changed_once() {
        for name in ["a", "c"] {
            let again = EntryChanges::set(Some(map(&[(name, "3")]))).unwrap();
            let error = changes().add(again).unwrap_err();
            assert_eq!(error.kind(), ConvertErrorKind::ChangedTwice);
        }
    }

    #[test]
    fn debug_shows_how_many_entries_change() {
        assert_eq!(format!("{:?}", changes()), "3 entries");
    }
}
