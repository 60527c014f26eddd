//! The state that a save or a deletion depends on, and the meaning of a refusal.

use crate::envelope::{Item, OpenError, refuse_protected};
use crate::expression::{Expression, Node, Placeholders};
use crate::operation::error::{
    CheckError, ConditionError, Presence, PresenceError, SaveError, VersionError,
};
use crate::record::{FieldError, Now, RecordSchema, stored_version};

use super::prepared::Twice;

/// The state that the stored item must have.
pub(super) struct Dependence {
    pub(super) presence: Option<Presence>,
    pub(super) version: Option<u64>,
    /// The caller's condition.
    pub(super) condition: Option<Node>,
    pub(super) now: Now,
    /// True for a save. A deletion deletes an expired record like any other.
    pub(super) takes_expired_for_none: bool,
}

/// The reason that the condition of a write failed. Nothing was written.
pub(super) enum Refusal {
    Protected(OpenError),
    Presence(PresenceError),
    Version(VersionError),
    Condition(ConditionError),
}

impl Dependence {
    pub(super) fn nothing(now: Now) -> Self {
        Self { presence: None, version: None, condition: None, now, takes_expired_for_none: false }
    }

    pub(super) fn expression(&self, schema: &RecordSchema) -> Result<Expression, FieldError> {
        let there = self.presence.and_then(|presence| match presence {
            Presence::Present => Node::present(schema, self.now),
            Presence::Absent => Node::absent(schema, self.now),
        });
        let version = self.version;
        let at_version = version.and_then(|version| Node::version(schema, version, self.now));
        let node = Node::both(Node::both(there, at_version), self.condition.clone());
        let node = Node::both(Node::unprotected(schema), node);
        Placeholders::default().expression(schema, node)
    }

    /// A write that depends on nothing has the same effect a second time.
    pub(super) fn twice(&self) -> Twice {
        if self.presence.is_none() && self.version.is_none() && self.condition.is_none() {
            Twice::Same
        } else {
            Twice::Else
        }
    }

    /// The first requirement that the stored item does not meet. An `Err` means that an item
    /// exists.
    pub(super) fn refusal(
        &self,
        schema: &RecordSchema,
        stored: Result<Option<Item>, OpenError>,
    ) -> Refusal {
        let is_there = !matches!(stored, Ok(None));
        let stored = stored.ok().flatten();
        if let Some(Err(error)) = stored.as_ref().map(|stored| refuse_protected(schema, stored)) {
            return Refusal::Protected(error);
        }
        let attribute = |name: &str| stored.as_ref()?.attribute(name);
        let live = is_there && !schema.is_expired(self.now, attribute);
        let (place, conditional) = (schema.place(), self.condition.is_some());
        let found = if live { Presence::Present } else { Presence::Absent };
        if let Some(wanted) = self.presence
            && (wanted != found || (!conditional && self.version.is_none()))
        {
            return Refusal::Presence(PresenceError::new(place, wanted.opposite()));
        }
        if let (Some(expected), Some(field)) = (self.version, schema.version()) {
            let counts = |_: &&Item| live || !self.takes_expired_for_none;
            let version = stored.as_ref().filter(counts);
            let version = version.and_then(|item| stored_version(item.attribute(field.name())));
            if version.unwrap_or_default() != expected || !conditional {
                return Refusal::Version(VersionError::new(place, expected, version, stored));
            }
        }
        Refusal::Condition(ConditionError::new(place, stored))
    }
}

impl Presence {
    fn opposite(self) -> Self {
        match self {
            Self::Present => Self::Absent,
            Self::Absent => Self::Present,
        }
    }
}

impl From<Refusal> for SaveError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Protected(error) => Self::Open(error),
            Refusal::Presence(error) => Self::Presence(error),
            Refusal::Version(error) => Self::Version(error),
            Refusal::Condition(error) => Self::Condition(error),
        }
    }
}

impl From<Refusal> for CheckError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Protected(error) => Self::Open(error),
            Refusal::Presence(error) => Self::Condition(error.into()),
            Refusal::Version(error) => Self::Condition(error.into()),
            Refusal::Condition(error) => Self::Condition(error),
        }
    }
}
