//! A loaded record with its envelope.

use std::fmt;
use std::ops::Deref;
use std::time::SystemTime;

use super::Item;
use super::header::Header;
use crate::attribute::AttributeValue;
use crate::key::KeyReference;
use crate::record::{Now, is_over};

/// A record together with the envelope that it was loaded with. Derefs to the record.
pub struct Loaded<R> {
    record: R,
    /// Absent for records that are plaintext only, and for items that have none.
    envelope: Option<Envelope>,
    /// A window has let in the item, or a value of it.
    was_unsealed: bool,
    /// The part of the item that an update needs.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "updates need DynamoDB"))]
    core: Item,
    /// The stored TTL.
    ttl: Option<AttributeValue>,
}

impl<R> Loaded<R> {
    pub(crate) fn new(
        record: R,
        envelope: Option<Envelope>,
        was_unsealed: bool,
        core: Item,
        ttl: Option<AttributeValue>,
    ) -> Self {
        Self { record, envelope, was_unsealed, core, ttl }
    }

    /// Returns whether a window let in the item without an envelope, or in plaintext a value of an
    /// `#[encrypted]` field.
    ///
    /// Take all fields of such a record for unverified: whoever can write the table may have
    /// written them. The next save seals the record, and so does the next update of a protected
    /// field. `false` for a record that is `plaintext_only`.
    #[must_use]
    pub fn was_unsealed(&self) -> bool {
        self.was_unsealed
    }

    /// Returns whether the record's `#[envelope(ttl)]` is over at the time `at`. `false` if it has
    /// none.
    ///
    /// The reads of a store leave such records out, and an [`Opener`](crate::Opener) does not: the
    /// old image of a removal by TTL has expired by definition.
    #[must_use]
    pub fn is_expired(&self, at: SystemTime) -> bool {
        self.ttl.as_ref().is_some_and(|ttl| is_over(ttl, Now::new(at)))
    }

    /// The envelope, verified; `None` for a record that is `plaintext_only`, and for an item
    /// without an envelope that a window let in.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_ref()
    }

    #[cfg(feature = "aws")]
    pub(crate) fn core(&self) -> &Item {
        &self.core
    }

    /// The record alone.
    #[must_use]
    pub fn into_record(self) -> R {
        self.record
    }
}

impl<R> Deref for Loaded<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R: fmt::Debug> fmt::Debug for Loaded<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("record", &self.record)
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}

/// The verified envelope of a loaded record: what was sealed, and under which key. Nothing in it is
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    header: Header,
    bytes: Vec<u8>,
}

impl Envelope {
    pub(super) fn new(header: Header, bytes: Vec<u8>) -> Self {
        Self { header, bytes }
    }

    /// The stored bytes of the reserved attribute.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of the sealed attributes, sorted, including those that this struct does not know.
    pub fn sealed(&self) -> impl Iterator<Item = &str> {
        self.header.sealed.iter().map(|entry| &*entry.name)
    }

    /// The names of the authenticated attributes, sorted, including those that this struct does not
    /// know.
    pub fn authenticated(&self) -> impl Iterator<Item = &str> {
        self.header.authenticated.iter().map(|name| &**name)
    }

    /// The reference to the data key. It opened this record, and is not authenticated in any other
    /// way.
    #[must_use]
    pub fn key_reference(&self) -> &KeyReference {
        &self.header.reference
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::attribute::Number;

    #[test]
    fn a_record_has_expired_once_its_ttl_is_over() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let loaded = |ttl| Loaded::new((), None, false, Item::default(), ttl);
        let ttl = || AttributeValue::N(Number::from(1_800_000_000_u64));

        assert!(loaded(Some(ttl())).is_expired(at(1_800_000_000)));
        assert!(!loaded(Some(ttl())).is_expired(at(1_799_999_999)));
        assert!(!loaded(None).is_expired(at(1_900_000_000)));
        assert!(!loaded(Some(AttributeValue::Null)).is_expired(at(1_900_000_000)));
    }
}
