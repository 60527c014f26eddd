//! The traits that the derive macro implements on a user's struct.

mod batchable;
mod bytes;
mod check;
mod encode;
mod fields;
mod group;
mod hash;
mod index;
mod key;
mod keys;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "written for DynamoDB only"))]
mod maintained;
#[doc(hidden)]
pub mod nested;
mod other;
mod partition;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
mod projection;
mod saved;
mod schema;
mod sort;
mod stored;
mod template;
mod until;

use crate::key::{Decrypt, NoKey};
pub use batchable::Batchable;
pub use bytes::{
    decode_array, decode_bytes, decode_optional_array, decode_optional_bytes, decode_optional_vec,
    decode_vec, encode_bytes, encode_optional_bytes,
};
pub(crate) use encode::checked;
pub use encode::{Decode, Encode};
pub(crate) use fields::Values;
pub use fields::{FieldError, FieldReader, FieldWriter};
pub use group::{EnvelopeFields, Handles, RedactedDebug, redacted};
pub(crate) use hash::HashOf;
pub use hash::{Hashed, HashedKey, Normalization};
#[cfg(feature = "aws")]
pub(crate) use index::{Carries, IndexKeys, QueryKey};
pub use index::{
    Consistent, Index, IndexHandle, IndexSchema, LocalIndex, OnIndex, OnLocalIndex, OnTable, Place,
};
#[cfg(feature = "aws")]
pub(crate) use key::RequestKey;
pub use key::{
    Bytes, Composite, IntoKey, IntoKeyPart, KeyError, KeyErrorKind, KeyValues, Parts, Simple,
};
pub use keys::{Keys, OwnedKey, OwnedPart};
pub use maintained::{Now, Stamp, Unversioned, VersionNumber, Versioned, named, next_version};
#[cfg_attr(not(feature = "aws"), allow(unused_imports, reason = "updates are DynamoDB's"))]
pub(crate) use maintained::{check_ttl, is_over};
#[cfg(feature = "aws")]
pub(crate) use maintained::{stored_version, version_number};
pub use other::OtherAttributes;
pub use partition::{ContextInKey, IntoPartition, OwnSortKey, SortedKey};
#[cfg(feature = "aws")]
pub(crate) use projection::MAX_FETCHED;
pub use projection::{Narrows, ProjectedFields, ProjectionOf, SameAs};
pub use saved::{FilledIn, Saved};
pub(crate) use schema::Fields;
pub use schema::{FieldRole, FieldSchema, HasTable, KeyType, RecordSchema};
#[cfg(feature = "aws")]
pub(crate) use sort::SortValues;
pub use sort::{
    IntoBound, IntoPrefix, IntoPrefixPart, IntoSortKey, Ordered, Sort, SortCondition, Unsorted,
};
pub use stored::{Stored, decode_text};
#[cfg(feature = "aws")]
pub(crate) use template::LastPart;
pub use template::{KeyAttribute, KeyPiece, KeyTemplate};
pub use until::Until;

/// A type that can be read from a table: a record, or a projection of one.
///
/// The derives of [`EnvelopeRecord`] and
/// [`EnvelopeProjection`](macro@crate::EnvelopeProjection) implement it. A readable type owns its
/// data and is `Send`, because the futures of operations outlive the call that creates them and run
/// on any thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an envelope record",
    label = "not a record or a projection of one",
    note = "put `#[derive(EnvelopeRecord)]` on the struct, or `#[derive(EnvelopeProjection)]` on a part of \
            a record",
    note = "a save gives a `Saved<R>`: go on with its `.into_inner()`"
)]
pub trait Readable: Sized + Send + 'static {
    /// The shape of the record's key: [`Simple`] for a partition key, [`Composite`] with a sort
    /// key, [`Parts`] for a key made by templates.
    type Key;

    /// The handles of the record's attributes: one field for each of the struct's.
    type Attributes;

    /// The record whose conditions the handles build: `Self` for a record.
    type Of: EnvelopeRecord;

    /// The call that reading makes to the key provider: [`Decrypt`](crate::key::Decrypt), or
    /// [`NoKey`](crate::key::NoKey) if the type is `plaintext_only`.
    type Needs: crate::key::Need;

    /// The record's table, attributes and their roles.
    const SCHEMA: RecordSchema;

    /// The handles, for conditions and updates: see [`Condition`](crate::Condition) and
    /// [`Update`](crate::Update).
    const ATTRIBUTES: Self::Attributes;

    /// Reads every stored field, in the schema's order.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if a stored value does not fit its field.
    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError>;
}

/// A struct that is stored as a DynamoDB item, with its `#[encrypted]` fields sealed.
///
/// Implement it with `#[derive(EnvelopeRecord)]`. The derive generates data only: the schema, and
/// the list of fields to write and to read. Everything else happens in this crate.
///
/// A record owns its data (`'static`) and is `Send`, because the futures of operations outlive the
/// call that creates them and run on any thread.
///
/// With the feature `aws`, a record has `save`, `load`, `update` and `delete`. A method of the
/// struct itself with one of these names shadows ours: use [`Store::put`](crate::Store::put) and
/// its companions instead.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved: it is not an envelope record",
    label = "not an envelope record",
    note = "put `#[derive(EnvelopeRecord)]` on the struct",
    note = "a projection can only be read: save, update or delete its record",
    note = "a save gives a `Saved<R>`: go on with its `.into_inner()`"
)]
pub trait EnvelopeRecord: Readable<Of = Self> {
    /// The output of a save: [`Saved<Self>`](crate::Saved) if the library fills in fields of the
    /// record (a version, a time), `()` otherwise.
    type Saved: FilledIn<Self> + Send + 'static;

    /// The record's own key, for loading it again or deleting it.
    fn key(&self) -> impl IntoKey<Self::Key>;

    /// Writes every stored field, in the schema's order.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if a field holds a value that DynamoDB cannot store.
    fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError>;

    /// The record as a save at the time `now` stores it, if the library fills in fields of it.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if a field cannot hold the value that is filled in.
    fn saved(&self, now: Now) -> Result<Self::Saved, FieldError>;

    /// Saves the record under a fresh data key: [`Store::put`](crate::Store::put).
    #[cfg(feature = "aws")]
    fn save<C: crate::key::CanEncrypt>(
        &self,
        store: &crate::Store<C>,
    ) -> crate::operation::Put<Self, C> {
        store.put(self)
    }

    /// Loads the record under `key`: [`Store::get`](crate::Store::get).
    #[cfg(feature = "aws")]
    fn load<C: crate::key::Allows<Self::Needs>>(
        store: &crate::Store<C>,
        key: impl IntoKey<Self::Key>,
    ) -> crate::operation::Get<Self, C> {
        store.get(key)
    }

    /// Changes attributes of the record under `key`: [`Store::update`](crate::Store::update).
    #[cfg(feature = "aws")]
    fn update<C: crate::key::CanEncrypt + crate::key::Allows<Self::Needs>>(
        store: &crate::Store<C>,
        key: impl IntoKey<Self::Key>,
    ) -> crate::Update<Self, crate::operation::AtKey<C>> {
        store.update(key)
    }

    /// Deletes the record under `key`: [`Store::delete`](crate::Store::delete).
    #[cfg(feature = "aws")]
    fn delete<C: crate::key::Capability>(
        store: &crate::Store<C>,
        key: impl IntoKey<Self::Key>,
    ) -> crate::operation::Delete<Self, C>
    where
        Self: Unversioned,
    {
        store.delete(key)
    }
}
