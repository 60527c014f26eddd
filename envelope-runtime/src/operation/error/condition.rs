//! Writes that depend on something else than what is stored, or cannot tell.

use std::error::Error;
use std::fmt;

use crate::envelope::Item;
use crate::report::{Place, debug_is_display};

/// A condition on the presence of a record did not hold.
#[derive(Clone)]
pub struct PresenceError {
    place: Place,
    found: Presence,
}

/// The stored item does not fulfil the condition of a write; nothing was written.
#[derive(Clone)]
pub struct ConditionError {
    place: Place,
    stored: Option<Item>,
    /// The condition is that the record is still the one that was loaded.
    as_loaded: bool,
}

/// The stored record has another version than the write depends on; nothing was written.
#[derive(Clone)]
pub struct VersionError {
    place: Place,
    expected: u64,
    found: Option<u64>,
    stored: Option<Item>,
}

/// An update met other writers each time until its deadline; nothing was written.
#[derive(Clone)]
pub struct ContendedError {
    place: Place,
}

/// An answer was lost, and what is stored does not tell whether the write happened.
#[derive(Clone)]
pub struct UnknownOutcomeError {
    place: Place,
}

/// The presence of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Presence {
    /// There is a record under the key.
    Present,
    /// There is none.
    Absent,
}

impl PresenceError {
    pub(crate) fn new(place: Place, found: Presence) -> Self {
        Self { place, found }
    }

    /// Whether a record was found under the key.
    #[must_use]
    pub fn found(&self) -> Presence {
        self.found
    }
}

impl ConditionError {
    pub(crate) fn new(place: Place, stored: Option<Item>) -> Self {
        Self { place, stored, as_loaded: false }
    }

    /// The stored record is not the one that was loaded.
    pub(crate) fn not_as_loaded(place: Place, stored: Item) -> Self {
        Self { place, stored: Some(stored), as_loaded: true }
    }

    /// The stored item, with its encrypted attributes sealed: an [`Opener`](crate::Opener) opens
    /// it. `None` if there is no item, or DynamoDB did not give it.
    #[must_use]
    pub fn stored(&self) -> Option<&Item> {
        self.stored.as_ref()
    }
}

/// An absent or present item, where only a condition is spoken of.
impl From<PresenceError> for ConditionError {
    fn from(error: PresenceError) -> Self {
        Self::new(error.place, None)
    }
}

impl VersionError {
    pub(crate) fn new(
        place: Place,
        expected: u64,
        found: Option<u64>,
        stored: Option<Item>,
    ) -> Self {
        Self { place, expected, found, stored }
    }

    /// The version that the write depends on; 0 for a record that is not stored yet.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// The stored version; `None` if there is no record, or its version is no whole number.
    #[must_use]
    pub fn found(&self) -> Option<u64> {
        self.found
    }

    /// The stored item, with its encrypted attributes sealed: an [`Opener`](crate::Opener) opens
    /// it. `None` if there is no item, or DynamoDB did not give it.
    #[must_use]
    pub fn stored(&self) -> Option<&Item> {
        self.stored.as_ref()
    }
}

impl ContendedError {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }
}

impl UnknownOutcomeError {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the write depends on version {}, and ", self.place, self.expected)?;
        match self.found {
            Some(found) => write!(f, "version {found} is stored")?,
            None => f.write_str("no record with a version is stored")?,
        }
        f.write_str("; nothing was written; load the record, and decide again")
    }
}

impl fmt::Display for ContendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: other writers changed the record each time until the deadline, and nothing was \
             written; retry later, or give more time with `.deadline(…)`",
            self.place
        )
    }
}

impl fmt::Display for UnknownOutcomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: DynamoDB's answer was lost, and what is stored now does not tell whether the write \
             happened; load the record, and decide again",
            self.place
        )
    }
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        f.write_str(match &self.stored {
            _ if self.as_loaded => {
                "the record has changed since it was loaded, and nothing was written; load it again, and \
                 decide again"
            }
            Some(_) => {
                "the stored item does not fulfil the condition, and nothing was written; load the \
                 record, and decide again"
            }
            None => {
                "there is no item that fulfils the condition, and nothing was written; load the \
                 record, and decide again"
            }
        })
    }
}

impl fmt::Display for PresenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        f.write_str(match self.found {
            Presence::Present => {
                "there is a record under this key already; load it first, or save with `put`"
            }
            Presence::Absent => "there is no record under this key; save with `create` or `put`",
        })
    }
}

debug_is_display!(PresenceError, ConditionError, VersionError, ContendedError, UnknownOutcomeError);

impl Error for PresenceError {}
impl Error for ConditionError {}
impl Error for VersionError {}
impl Error for ContendedError {}
impl Error for UnknownOutcomeError {}
