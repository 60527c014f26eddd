//! Errors of sealing and opening records.

use std::fmt;

use super::Item;
use crate::report::{Place, debug_is_display};

/// A record could not be sealed.
#[derive(Clone)]
pub struct SealError {
    place: Place,
    kind: SealErrorKind,
}

/// A reason why a record was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealErrorKind {
    /// The envelope would exceed one of its limits, such as 8 KiB in total.
    EnvelopeTooLarge,
    /// The sealed item would have at least this many bytes; DynamoDB stores at most 409,600.
    ItemTooLarge(usize),
    /// The sealed item would have at least this many bytes, because serde stores bytes in it as a
    /// list of numbers.
    BytesAsNumbers(usize),
    /// The operating system gave no random bytes.
    Random,
    /// One update would depend on more attributes than a DynamoDB expression takes (4 KB, 300
    /// operators).
    TooManyAttributes,
    /// A hand-written `write_fields` did not write as many fields as the schema has.
    Schema,
}

/// A stored item was not opened, and none of it was used.
#[derive(Clone)]
pub struct OpenError {
    place: Place,
    kind: OpenErrorKind,
}

/// A reason why a stored item was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The item has no envelope: it was not written by this library, or its envelope was stripped.
    NoEnvelope,
    /// The envelope does not have the form of any version of the format.
    MalformedEnvelope,
    /// The envelope has a version that this library does not read.
    UnsupportedVersion(u8),
    /// The envelope has a suite that this library does not read.
    UnsupportedSuite(u8),
    /// The item belongs to a different context than the caller's.
    OtherContext,
    /// Something was altered, removed, or moved here from elsewhere.
    Tampered,
    /// An item that this library did not read itself lacks its key, or an attribute that its
    /// envelope lists: it was read through a projection, or something was removed.
    Incomplete,
    /// The key does not match its template, rendered from the item's attributes.
    KeyTemplate,
    /// The key is not the hash of the value that is sealed beside it: the record was written with
    /// another index secret, or with other steps of normalization.
    UnknownSecret,
    /// The field is `#[encrypted]`, but the item holds a value that was not sealed.
    NotSealed,
    /// The field is `#[authenticated]`, but the item was sealed without covering it.
    NotAuthenticated,
    /// The item holds a sealed value, but the field is not `#[encrypted]`.
    Sealed,
    /// The item's record tag covers the value, but the field is not `#[authenticated]`.
    Authenticated,
    /// The value is stored under an older name of the attribute, where DynamoDB cannot add to it.
    OlderName,
    /// The attribute is stored under two of its names at once, of which the envelope lists only
    /// one.
    Ambiguous,
    /// The item has an envelope: a `plaintext_only` record does not overwrite it, or load it into a
    /// catch-all.
    HasEnvelope,
    /// The value has more levels of lists and maps than DynamoDB stores.
    TooDeep,
    /// The attribute has a type that this library does not know.
    UnknownType,
    /// A window for values that are not sealed would be open for more than 366 days from now.
    WindowTooLong,
}

impl SealError {
    pub(crate) fn new(place: Place, kind: SealErrorKind) -> Self {
        Self { place, kind }
    }

    /// The reason why the record was not sealed.
    #[must_use]
    pub fn kind(&self) -> SealErrorKind {
        self.kind
    }

    /// The attribute at fault; `None` if it is the record as a whole.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        self.place.attribute_name()
    }
}

impl OpenError {
    pub(crate) fn new(place: Place, kind: OpenErrorKind) -> Self {
        Self { place, kind }
    }

    /// The reason why the item was not opened.
    #[must_use]
    pub fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// The attribute that failed; `None` if it was the item as a whole.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        self.place.attribute_name()
    }

    /// Returns whether the item contradicts its own envelope: it was altered, or moved here from
    /// elsewhere.
    ///
    /// False for errors that a deployment can also cause:
    /// [`NoEnvelope`](OpenErrorKind::NoEnvelope), [`NotSealed`](OpenErrorKind::NotSealed),
    /// [`NotAuthenticated`](OpenErrorKind::NotAuthenticated), [`Sealed`](OpenErrorKind::Sealed),
    /// [`HasEnvelope`](OpenErrorKind::HasEnvelope), [`KeyTemplate`](OpenErrorKind::KeyTemplate),
    /// [`Incomplete`](OpenErrorKind::Incomplete), [`OtherContext`](OpenErrorKind::OtherContext),
    /// [`UnknownSecret`](OpenErrorKind::UnknownSecret) and an unsupported version or suite. An
    /// attacker can cause these too: watch every [`OpenError`].
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        matches!(self.kind, OpenErrorKind::Tampered | OpenErrorKind::MalformedEnvelope)
    }
}

impl OpenError {
    /// Returns whether something is stored in plaintext that should be sealed: a whole item without
    /// an envelope, or a value of an `#[encrypted]` field.
    ///
    /// It was written before the field was encrypted, or by another program, or was planted. While
    /// a table is migrated, [`Store::accept_unsealed`](crate::Store::accept_unsealed) and
    /// `#[envelope(unsealed_until = "…")]` accept such values until a date.
    #[cfg_attr(
        not(feature = "aws"),
        expect(rustdoc::broken_intra_doc_links, reason = "needs `aws`")
    )]
    #[must_use]
    pub fn is_unsealed(&self) -> bool {
        matches!(self.kind, OpenErrorKind::NoEnvelope | OpenErrorKind::NotSealed)
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match self.kind {
            SealErrorKind::EnvelopeTooLarge => f.write_str(
                "the envelope would exceed its limits (8 KiB in total); use fewer or shorter \
                 #[encrypted] and #[authenticated] attribute names",
            ),
            SealErrorKind::ItemTooLarge(size) => write!(
                f,
                "the sealed item would have {size} bytes or more, but DynamoDB stores at most {} \
                 under one key; keep large values elsewhere",
                Item::MAX_SIZE
            ),
            SealErrorKind::BytesAsNumbers(size) => write!(
                f,
                "the sealed item would have {size} bytes or more, but DynamoDB stores at most {} \
                 under one key; bytes in it are stored as a list of numbers: mark the field \
                 `#[envelope(bytes)]`, or inside a struct use `#[serde(with = \"serde_bytes\")]`",
                Item::MAX_SIZE
            ),
            SealErrorKind::TooManyAttributes => f.write_str(
                "an update that seals a record without an envelope depends on each of its protected \
                 attributes, and these are more than a DynamoDB expression takes; save the record \
                 instead",
            ),
            SealErrorKind::Schema => f.write_str(
                "`write_fields` must write every field of the schema, in its order; derive it",
            ),
            SealErrorKind::Random => {
                f.write_str("the operating system gave no random bytes; retry later")
            }
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match self.kind {
            OpenErrorKind::NoEnvelope => f.write_str(
                "the item has no envelope; it was not written by this library, or it was \
                 stripped: write it again, or restore it from a backup; to migrate a table that \
                 has data, accept such items until a date with `Store::accept_unsealed`",
            ),
            OpenErrorKind::MalformedEnvelope => {
                f.write_str("the envelope was altered; restore the item from a backup")
            }
            OpenErrorKind::UnsupportedVersion(version) => write!(
                f,
                "the envelope has version {version}, but this library reads version 1; \
                 upgrade it",
            ),
            OpenErrorKind::UnsupportedSuite(suite) => write!(
                f,
                "the envelope has suite {suite}, but this library reads suite 1; upgrade it",
            ),
            OpenErrorKind::OtherContext => f.write_str(
                "the item belongs to a different context than the requested one; load it \
                 through the store scoped to its own context",
            ),
            OpenErrorKind::Tampered => f.write_str(
                "altered, or moved here from another item, attribute or table; restore the item \
                 from a backup",
            ),
            OpenErrorKind::Incomplete => f.write_str(
                "the item lacks an attribute that its envelope lists, or a key; read the whole item, \
                 without a projection; if it is whole, restore it from a backup",
            ),
            OpenErrorKind::UnknownSecret => f.write_str(
                "the key is not the hash of the value that is sealed beside it; the record was written \
                 with another index secret, or with other `trim`, `lowercase` or `nfc`: configure the \
                 secret of this table",
            ),
            OpenErrorKind::KeyTemplate => f.write_str(
                "the key does not match its template, rendered from the item's attributes: one of \
                 them was altered, or another program wrote the item; restore it, or write it again",
            ),
            OpenErrorKind::NotSealed => f.write_str(
                "the field is #[encrypted], but the stored value is plaintext; write the item again \
                 with this library, or accept such values until a date with \
                 #[envelope(unsealed_until = \"…\")]",
            ),
            OpenErrorKind::NotAuthenticated => f.write_str(
                "the field is #[authenticated], but the item was sealed without it; write the item \
                 again, or accept such items for now with #[envelope(since = …)]",
            ),
            OpenErrorKind::Sealed => f.write_str(
                "the stored value is sealed, but the field is not #[encrypted]; mark it #[encrypted]",
            ),
            OpenErrorKind::Authenticated => f.write_str(
                "the record tag covers the stored value, but the field is not #[authenticated]; mark \
                 it #[authenticated], or deploy a newer version of this program",
            ),
            OpenErrorKind::OlderName => f.write_str(
                "the item holds it under an alias, where DynamoDB cannot add to it; save the record \
                 once, or set the value",
            ),
            OpenErrorKind::Ambiguous => f.write_str(
                "the item holds it under its name and an alias at once, but the envelope lists only one \
                 of them; remove the other one",
            ),
            OpenErrorKind::HasEnvelope => f.write_str(
                "another struct protects the item, and a `plaintext_only` record must not replace, \
                 change or delete it; use the struct that protects it",
            ),
            OpenErrorKind::TooDeep => f.write_str(
                "the stored value has more levels than DynamoDB's 32; restore the item from a backup",
            ),
            OpenErrorKind::UnknownType => f.write_str(
                "the stored value has a type that this library does not know; upgrade it",
            ),
            OpenErrorKind::WindowTooLong => f.write_str(
                "the window for values that are not sealed would be open for more than 366 days; \
                 give it a date that is nearer",
            ),
        }
    }
}

debug_is_display!(SealError, OpenError);

impl std::error::Error for SealError {}
impl std::error::Error for OpenError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FieldRole, FieldSchema, RecordSchema};

    const SCHEMA: RecordSchema =
        RecordSchema::new("users", &[FieldSchema::new("id", FieldRole::PartitionKey)]);

    #[test]
    fn a_refused_item_is_named_with_its_attribute_and_a_cure() {
        for (kind, cure, tampered) in [
            (OpenErrorKind::NoEnvelope, "restore it", false),
            (OpenErrorKind::MalformedEnvelope, "restore the item", true),
            (OpenErrorKind::UnsupportedVersion(7), "version 7, but", false),
            (OpenErrorKind::UnsupportedSuite(7), "suite 7, but", false),
            (OpenErrorKind::OtherContext, "load it through the store", false),
            (OpenErrorKind::Tampered, "restore the item", true),
            (OpenErrorKind::Incomplete, "without a projection", false),
            (OpenErrorKind::KeyTemplate, "write it again", false),
            (OpenErrorKind::NotSealed, "write the item again", false),
            (OpenErrorKind::NotAuthenticated, "#[envelope(since", false),
            (OpenErrorKind::Sealed, "mark it #[encrypted]", false),
            (OpenErrorKind::Authenticated, "mark it #[authenticated]", false),
            (OpenErrorKind::OlderName, "save the record", false),
            (OpenErrorKind::Ambiguous, "remove the other one", false),
            (OpenErrorKind::HasEnvelope, "use the struct that protects it", false),
            (OpenErrorKind::TooDeep, "restore the item", false),
            (OpenErrorKind::UnknownType, "upgrade it", false),
            (OpenErrorKind::WindowTooLong, "a date that is nearer", false),
        ] {
            let error = OpenError::new(SCHEMA.place().attribute("ssn"), kind);

            let text = error.to_string();
            let place = "record of table `users`, key `id`, attribute `ssn`: ";
            assert!(text.starts_with(place) && text.contains(cure), "{text}");
            assert_eq!((error.kind(), error.attribute()), (kind, Some("ssn")));
            assert_eq!(error.is_tampered(), tampered, "{text}");
            let unsealed = [OpenErrorKind::NoEnvelope, OpenErrorKind::NotSealed];
            assert_eq!(error.is_unsealed(), unsealed.contains(&kind), "{text}");
        }
        assert_eq!(OpenError::new(SCHEMA.place(), OpenErrorKind::Tampered).attribute(), None);
    }

    #[test]
    fn a_record_that_cannot_be_sealed_is_named_with_a_cure() {
        for (kind, cure) in [
            (SealErrorKind::EnvelopeTooLarge, "use fewer or shorter"),
            (
                SealErrorKind::ItemTooLarge(500_000),
                "500000 bytes or more, but DynamoDB stores at most 409600",
            ),
            (SealErrorKind::BytesAsNumbers(500_000), "serde_bytes"),
            (SealErrorKind::TooManyAttributes, "save the record instead"),
            (SealErrorKind::Schema, "derive it"),
            (SealErrorKind::Random, "retry later"),
        ] {
            let error = SealError::new(SCHEMA.place(), kind);

            let text = error.to_string();
            assert!(text.starts_with("record of table `users`, key `id`: "), "{text}");
            assert!(text.contains(cure), "{text}");
            assert_eq!(error.kind(), kind);
        }
    }
}
