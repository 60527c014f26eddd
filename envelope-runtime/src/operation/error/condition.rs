//! Writes that depend on something other than the stored state, or that cannot tell.

use std::error::Error;
use std::fmt;

use crate::envelope::Item;
use crate::report::{Place, debug_is_display};

/// A condition on the presence of a record did not hold; nothing was written.
#[derive(Clone)]
#[doc(alias = "ConditionalCheckFailedException")]
pub struct PresenceError {
    place: Place,
    found: Presence,
}

/// The stored item does not satisfy the condition of a write; nothing was written.
#[derive(Clone)]
#[doc(alias = "ConditionalCheckFailedException")]
pub struct ConditionError {
    place: Place,
    stored: Option<Item>,
    /// The condition is that the record is still the one that was loaded.
    as_loaded: bool,
}

/// The stored record has a different version than the write depends on; nothing was written.
#[derive(Clone)]
#[doc(alias = "ConditionalCheckFailedException")]
pub struct VersionError {
    place: Place,
    expected: u64,
    found: Option<u64>,
    stored: Option<Item>,
}

/// An update conflicted with other writers until its deadline; nothing was written.
#[derive(Clone)]
pub struct ContendedError {
    place: Place,
}

/// An answer was lost, and the stored state does not show whether the write happened.
#[derive(Clone)]
pub struct UnknownOutcomeError {
    place: Place,
}

/// The presence of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Presence {
    /// There is a record under the key.
    Present,
    /// There is no record under the key.
    Absent,
}

impl PresenceError {
    pub(crate) fn new(place: Place, found: Presence) -> Self {
        Self { place, found }
    }

    /// Returns whether a record was found under the key.
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

    /// The stored item, sealed unless a window let it in: an [`Opener`](crate::Opener) opens it.
    /// `None` if there is no item, or DynamoDB did not return it.
    #[must_use]
    #[doc(alias = "return_values_on_condition_check_failure")]
    pub fn stored(&self) -> Option<&Item> {
        self.stored.as_ref()
    }
}

/// The error of an absent or present item, for a verb whose errors know only conditions.
impl From<PresenceError> for ConditionError {
    fn from(error: PresenceError) -> Self {
        Self::new(error.place, None)
    }
}

/// The error of another version, for a verb whose errors know only conditions.
impl From<VersionError> for ConditionError {
    fn from(error: VersionError) -> Self {
        Self::new(error.place, error.stored)
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

    /// The version that the write depends on; 0 if the record is not stored yet.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// The stored version; `None` if there is no record, or its version is not a whole number.
    #[must_use]
    pub fn found(&self) -> Option<u64> {
        self.found
    }

    /// The stored item, sealed unless a window let it in: an [`Opener`](crate::Opener) opens it.
    /// `None` if there is no item, or DynamoDB did not return it.
    #[must_use]
    #[doc(alias = "return_values_on_condition_check_failure")]
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
        write!(f, "{}: the write depends on version {}, but ", self.place, self.expected)?;
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
            "{}: other writers kept changing the record until the deadline, and nothing was written; \
             retry later, or allow more time with `.deadline(…)`",
            self.place
        )
    }
}

impl fmt::Display for UnknownOutcomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: DynamoDB's answer was lost, and the stored state does not show whether the write \
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
                "the stored item does not satisfy the condition, and nothing was written; load the \
                 record, and decide again"
            }
            None => {
                "there is no item that satisfies the condition, and nothing was written; load the \
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
                "there is already a record under this key; load it first, or save with `put`"
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
