//! Client-side envelope encryption for DynamoDB records.
//!
//! Derive [`EnvelopeRecord`] on a struct and mark the fields that must not leak. They are encrypted
//! in this process, each record by default under its own data key from AWS KMS, before DynamoDB
//! sees them. The other fields stay ordinary attributes.
//!
//! ```
//! use envelope_runtime::{AttributeValue, EnvelopeRecord, LocalKeyProvider, Opener, Sealer};
//!
//! #[derive(EnvelopeRecord)]
//! #[envelope(table = "users")]
//! struct User {
//!     #[partition_key]
//!     id: String,
//!     plan: String, // plaintext, and unprotected
//!     #[authenticated]
//!     role: String, // plaintext, and tampering is detected
//!     #[encrypted]
//!     ssn: Option<String>, // any type with serde's Serialize and Deserialize
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
//! let user = User {
//!     id: "foobar".into(),
//!     plan: "free".into(),
//!     role: "patient".into(),
//!     ssn: Some("078-05-1120".into()),
//! };
//!
//! let item = Sealer::new(LocalKeyProvider::from_hex(key)?).seal(&user).await?;
//! assert!(matches!(item.attribute("plan"), Some(AttributeValue::S(_))));
//! assert!(matches!(item.attribute("ssn"), Some(AttributeValue::B(_))));
//!
//! let user = Opener::new(LocalKeyProvider::from_hex(key)?).open::<User>(item).await?;
//! assert_eq!(user.ssn.as_deref(), Some("078-05-1120"));
//! # Ok(())
//! # }
//! ```
//!
//! A [`Store`] does the same with DynamoDB and KMS, through the SDK clients that you configure. For
//! the `User` above:
//!
#![cfg_attr(feature = "aws", doc = "```no_run")]
#![cfg_attr(not(feature = "aws"), doc = "```text")]
//! # use envelope_runtime::{EnvelopeRecord, Error, KmsKeyProvider, Store};
//! # #[derive(EnvelopeRecord)]
//! # #[envelope(table = "users")]
//! # struct User {
//! #     #[partition_key]
//! #     id: String,
//! #     plan: String,
//! #     #[encrypted]
//! #     ssn: Option<String>,
//! # }
//! # async fn example(
//! #     dynamodb: aws_sdk_dynamodb::Client,
//! #     kms: aws_sdk_kms::Client,
//! #     key_arn: String,
//! #     user: User,
//! # ) -> Result<(), Error> {
//! let store = Store::new(dynamodb, KmsKeyProvider::new(kms, key_arn));
//!
//! user.save(&store).await?; // PutItem
//! let user: Option<User> = User::load(&store, "foobar").consistent().await?; // GetItem
//! store.update::<User>("foobar").seal(|f| f.ssn, None).await?; // UpdateItem
//! store.delete::<User>("foobar").condition(|f| f.plan.eq("free")).await?; // DeleteItem
//! # Ok(())
//! # }
//! ```
//!
//! Someone who can read and write the table, but not use the KMS key, learns no encrypted value and
//! cannot change or move one unnoticed. Plaintext attributes, keys and sizes stay visible, and a
//! whole item can be rolled back. The repository's `SECURITY.md` has the full list, and its guide a
//! page for each topic.
//!
//! # Where to look
//!
//! - [`EnvelopeRecord`](macro@EnvelopeRecord), the derive macro: all options of structs and fields.
//! - [`Store`]: the operations; [`Sealer`] and [`Opener`]: the same without DynamoDB.
//! - [`KmsKeyProvider`]: which KMS key, aliases, permissions; [`LocalKeyProvider`]: tests.
//! - [`operation::table`]: creating the table of a record, and verifying it.
//! - [`Error`] and the module [`error`]: what can fail, and what to do.
//! - [`schema`]: a hand-written implementation next to the derived one.
//! - [`key::KeyProvider`]: fewer KMS calls, by data keys that are reused and kept; another key
//!   service.
//! - [`testing`]: for your own tests.
//!
//! # Features
//!
//! - `aws` (default): the store, its operations and [`KmsKeyProvider`]. Without it, the crate has
//!   [`Sealer`] and [`Opener`], and depends on no AWS crate, TLS stack or async runtime.
//! - `derive` (default): the derive macro.
//! - `unicode` (default): the steps `trim`, `lowercase` and `nfc` of hashed keys. Without it, the
//!   crate has no Unicode tables, and `#[envelope(hashed)]` no steps.
//! - `aws-lc`: the primitives of AWS-LC instead of `RustCrypto`'s. The stored bytes are the same.
//! - `secrecy`: fields of the types of the crate [secrecy](https://docs.rs/secrecy).

#![cfg_attr(not(feature = "aws"), allow(rustdoc::broken_intra_doc_links))]

mod attribute;
mod clock;
mod crypto;
mod envelope;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "written for DynamoDB only"))]
mod expression;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod key;
mod limits;
pub mod operation;
mod record;
mod report;
#[cfg(feature = "secrecy")]
pub mod secret;
#[cfg(feature = "aws")]
mod store;
pub mod testing;
#[cfg(feature = "aws")]
mod usage;

pub use attribute::{AttributeValue, Number};
pub use clock::Clock;
pub use envelope::{Envelope, Item, Loaded};
#[cfg(feature = "derive")]
pub use envelope_derive::{EnvelopeFields, EnvelopeProjection, EnvelopeRecord};
pub use error::{
    BatchError, DeleteError, Error, LoadError, QueryError, SaveError, TransactionError, UpdateError,
};
pub use expression::{Condition, Update, kind};
#[cfg(feature = "aws")]
pub use key::KmsKeyProvider;
pub use key::{IndexSecret, LocalKeyProvider};
#[cfg(feature = "aws")]
pub use operation::{Cursor, CursorKey, Cursors, MigrationReport, Page, PreparedTransaction};
pub use operation::{Opener, Sealer};
pub use record::{
    EnvelopeFields, EnvelopeRecord, Keys, OtherAttributes, ProjectionOf, Readable, Saved, Until,
};
#[cfg(feature = "aws")]
pub use store::Store;
#[cfg(feature = "aws")]
pub use usage::Usage;

/// Errors: an enum for each operation, the errors inside them, and [`Error`], which takes them all.
///
/// Programs ask the predicates: [`is_retryable`](SaveError::is_retryable),
/// [`is_conflict`](SaveError::is_conflict), [`is_tampered`](LoadError::is_tampered) and their
/// companions. `Display` and `Debug` print the text for people. It names the table, the key
/// attribute, the attribute and the likeliest cure, and never contains a value.
pub mod error {
    pub use crate::attribute::{ConvertError, ConvertErrorKind, NumberError};
    pub use crate::envelope::{
        ContextError, ContextErrorKind, OpenError, OpenErrorKind, SealError, SealErrorKind,
    };
    pub use crate::key::{DataKeyError, DataKeyErrorKind, IndexSecretError, LocalKeyError};
    pub use crate::operation::error::{
        BatchError, CancelledError, CheckError, CheckpointError, CheckpointErrorKind,
        ConditionError, ContendedError, CursorError, CursorErrorKind, DeleteError, ElsewhereError,
        Error, ItemError, LoadError, MigrateError, MigrationProblem, MigrationProblemKind,
        NotSentError, PositionedError, Presence, PresenceError, QueryError, ReadLimitError,
        ReadTransactionError, ReadTransactionErrorKind, SameKeyError, SaveError, ServiceError,
        ServiceErrorKind, SeveralError, TableDriftError, TableError, TableNotReadyError,
        TableNotReadyErrorKind, TransactionError, TransactionLimitError, TransactionLimitErrorKind,
        UnfinishedError, UnknownAttributeType, UnknownOutcomeError, UnprocessedError, UpdateError,
        VersionError, WriteError,
    };
    pub use crate::record::{FieldError, KeyError, KeyErrorKind};
    pub use crate::testing::ConformanceError;
}

/// The items that generated code uses: for records written by hand, and for code that is generic
/// over records.
///
/// A record written by hand, with the derive's equal in the comments:
///
/// ```
/// use envelope_runtime::error::FieldError;
/// use envelope_runtime::key::Decrypt;
/// use envelope_runtime::schema::{
///     Attribute, FieldReader, FieldRole, FieldSchema, FieldWriter, HasTable, IntoKey, KeyType,
///     Now, RecordSchema, Simple, Unversioned,
/// };
/// use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Opener, Readable, Sealer, kind};
/// use serde::{Deserialize, Serialize};
///
/// // #[derive(EnvelopeRecord)]
/// // #[envelope(table = "users")]
/// struct User {
///     id: String,  // #[partition_key]
///     ssn: String, // #[encrypted]
/// }
///
/// struct Attributes {
///     id: Attribute<User, kind::Key, String>,
///     ssn: Attribute<User, kind::Encrypted, String>,
/// }
///
/// impl Readable for User {
///     type Key = Simple<String>;
///     type Attributes = Attributes;
///     type Of = Self;
///     type Needs = Decrypt;
///
///     const SCHEMA: RecordSchema = RecordSchema::new(
///         "users",
///         &[
///             FieldSchema::new("id", FieldRole::PartitionKey).key_type(KeyType::S),
///             FieldSchema::new("ssn", FieldRole::Encrypted),
///         ],
///     )
///     .checked();
///
///     const ATTRIBUTES: Attributes = Attributes {
///         id: Attribute::new("id", Serialize::serialize, Deserialize::deserialize),
///         ssn: Attribute::new("ssn", Serialize::serialize, Deserialize::deserialize),
///     };
///
///     fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
///         let handles = Self::ATTRIBUTES;
///         Ok(Self { id: handles.id.read(fields)?, ssn: handles.ssn.read(fields)? })
///     }
/// }
///
/// impl EnvelopeRecord for User {
///     type Saved = (); // nothing is filled in
///
///     fn key(&self) -> impl IntoKey<Simple<String>> {
///         &self.id
///     }
///
///     fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
///         fields.write(&self.id, Serialize::serialize)?;
///         fields.write(&self.ssn, Serialize::serialize)
///     }
///
///     fn saved(&self, _: Now) -> Result<(), FieldError> {
///         Ok(())
///     }
/// }
///
/// impl Unversioned for User {}
/// impl HasTable for User {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let user = User { id: "foobar".into(), ssn: "078-05-1120".into() };
/// let item = Sealer::new(LocalKeyProvider::from_hex(key)?).seal(&user).await?;
/// let user = Opener::new(LocalKeyProvider::from_hex(key)?).open::<User>(item).await?;
/// assert_eq!(user.ssn, "078-05-1120");
/// # Ok(())
/// # }
/// ```
pub mod schema {
    pub use crate::attribute::{MAX_DEPTH, ValueDeserializer, ValueSerializer};
    pub use crate::expression::{
        Attribute, CanBeAbsent, CanGrow, Contained, Entries, EntryOperand, Operand, Size,
    };
    pub use crate::record::{
        Batchable, Bytes, Composite, Consistent, ContextInKey, Decode, Encode, FieldReader,
        FieldRole, FieldSchema, FieldWriter, FilledIn, Handles, HasTable, Hashed, HashedKey, Index,
        IndexHandle, IndexSchema, IntoBound, IntoKey, IntoKeyPart, IntoPartition, IntoPrefix,
        IntoPrefixPart, IntoSortKey, KeyAttribute, KeyPiece, KeyTemplate, KeyType, KeyValues,
        LocalIndex, Narrows, Normalization, Now, OnIndex, OnLocalIndex, OnTable, Ordered,
        OwnSortKey, OwnedKey, OwnedPart, Parts, Place, RecordSchema, Simple, Sort, SortCondition,
        SortedKey, Stamp, Unsorted, Unversioned, VersionNumber, Versioned,
    };
}

/// The names that generated code uses. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::expression::{kind, shown};
    pub use crate::key::{Decrypt, NoKey};
    pub use crate::record::{
        EnvelopeFields, EnvelopeRecord, FieldError, Keys, ProjectedFields, ProjectionOf, Readable,
        RedactedDebug, Saved, Stored, Until, decode_array, decode_bytes, decode_optional_array,
        decode_optional_bytes, decode_optional_vec, decode_text, decode_vec, encode_bytes,
        encode_optional_bytes, named, nested, next_version, redacted,
    };
    pub use crate::schema::*;
    pub use serde::de::DeserializeOwned;
    pub use serde::{Deserialize, Serialize};
}
