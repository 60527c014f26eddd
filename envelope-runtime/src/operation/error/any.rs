//! One error for all calls of this library.

use std::fmt;

use super::predicates::predicates;
use super::{
    BatchError, Cause, CursorError, DeleteError, ItemError, LoadError, MigrateError, QueryError,
    SaveError, TableError, TransactionError, UnknownAttributeType, UpdateError,
};
use crate::attribute::NumberError;
use crate::key::{DataKeyError, IndexSecretError, LocalKeyError};
use crate::record::FieldError;
use crate::report::debug_is_display;

/// The error of any call of this library, for functions that make several.
///
/// `?` converts every other error into it. Its text and predicates are those of the error it holds.
///
/// ```
/// use envelope_runtime::{EnvelopeRecord, Error, LocalKeyProvider, Opener, Sealer};
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "users")]
/// struct User {
///     #[partition_key]
///     id: String,
///     #[encrypted]
///     ssn: String,
/// }
///
/// async fn sealed_and_opened(user: &User, key: &str) -> Result<User, Error> {
///     let item = Sealer::new(LocalKeyProvider::from_hex(key)?).seal(user).await?;
///     let user = Opener::new(LocalKeyProvider::from_hex(key)?).open::<User>(item).await?;
///     Ok(user.into_record())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let nameless = User { id: String::new(), ssn: "078-05-1120".into() };
///
/// let error = sealed_and_opened(&nameless, key).await.err().unwrap();
/// assert!(matches!(error, Error::Save(_)) && !error.is_retryable());
/// assert_eq!(error.attribute(), Some("id"));
///
/// let error = sealed_and_opened(&nameless, "no key").await.err().unwrap();
/// assert!(matches!(error, Error::LocalKey(_)));
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Error {
    /// A record was not saved.
    Save(SaveError),
    /// A record was not loaded.
    Load(LoadError),
    /// A record was not updated.
    Update(UpdateError),
    /// A record was not deleted.
    Delete(DeleteError),
    /// A batch was not written, or not all of it.
    Batch(BatchError),
    /// Records were not read: by a query, a scan, a batch get or a read transaction.
    Query(QueryError),
    /// An item of a stream cannot be opened.
    Unopened(ItemError),
    /// A cursor cannot be sealed, or there is no cursor key.
    Cursor(CursorError),
    /// A transaction was not done.
    Transaction(TransactionError),
    /// A migration ended early.
    Migrate(MigrateError),
    /// A table was not created or verified.
    Table(TableError),
    /// A key provider has no key, such as
    /// [`KmsKeyProvider::resolve`](crate::KmsKeyProvider::resolve).
    DataKey(DataKeyError),
    /// There is no [`LocalKeyProvider`](crate::LocalKeyProvider).
    LocalKey(LocalKeyError),
    /// There is no [`IndexSecret`](crate::IndexSecret).
    IndexSecret(IndexSecretError),
    /// A field did not survive [`testing::round_trip`](crate::testing::round_trip).
    Field(FieldError),
    /// An item of the SDK cannot become an [`Item`](crate::Item).
    Item(UnknownAttributeType),
    /// A text is not a [`Number`](crate::Number).
    Number(NumberError),
}

predicates!(Error);

impl Error {
    fn cause(&self) -> &dyn Cause {
        match self {
            Self::Save(error) => error.cause(),
            Self::Load(error) => error.cause(),
            Self::Update(error) => error.cause(),
            Self::Delete(error) => error.cause(),
            Self::Batch(error) => error.cause(),
            Self::Query(error) => error.cause(),
            Self::Unopened(error) => error,
            Self::Cursor(error) => error,
            Self::Transaction(error) => error.cause(),
            Self::Migrate(error) => error.cause(),
            Self::Table(error) => error.cause(),
            Self::DataKey(error) => error,
            Self::LocalKey(error) => error,
            Self::IndexSecret(error) => error,
            Self::Field(error) => error,
            Self::Item(error) => error,
            Self::Number(error) => error,
        }
    }
}

/// The text of each inner error, and the conversion from it.
macro_rules! any {
    ($($variant:ident($error:ident),)+) => {
        impl fmt::Display for Error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(error) => error.fmt(f),)+
                }
            }
        }

        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

any! {
    Save(SaveError),
    Load(LoadError),
    Update(UpdateError),
    Delete(DeleteError),
    Batch(BatchError),
    Query(QueryError),
    Unopened(ItemError),
    Cursor(CursorError),
    Transaction(TransactionError),
    Migrate(MigrateError),
    Table(TableError),
    DataKey(DataKeyError),
    LocalKey(LocalKeyError),
    IndexSecret(IndexSecretError),
    Field(FieldError),
    Item(UnknownAttributeType),
    Number(NumberError),
}

debug_is_display!(Error);

// The inner error's text is this one's, so there is no `source`.
impl std::error::Error for Error {}
