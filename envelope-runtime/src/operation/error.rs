//! One error per verb, composed of inner errors that several verbs share.

mod any;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "batches are DynamoDB's"))]
mod batch;
mod cause;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of DynamoDB's answers only"))]
mod condition;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "queries are DynamoDB's"))]
mod cursor;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "migrations are DynamoDB's"))]
mod migrate;
mod predicates;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "queries are DynamoDB's"))]
mod query;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only DynamoDB is asked"))]
mod read_transaction;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of DynamoDB's answers only"))]
mod request;
#[cfg(feature = "aws")]
mod service;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of DynamoDB's answers only"))]
mod table;
#[cfg(test)]
mod tests;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "transactions are DynamoDB's"))]
mod transaction;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of the SDK's items only"))]
mod unknown_type;
mod update;
mod verb;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of several writes only"))]
mod write;

pub use any::Error;
pub use batch::{BatchError, SameKeyError, UnfinishedError};
use cause::Cause;
pub use condition::{
    ConditionError, ContendedError, Presence, PresenceError, UnknownOutcomeError, VersionError,
};
pub use cursor::{CursorError, CursorErrorKind};
#[cfg(feature = "aws")]
pub(super) use migrate::ProblemReason;
pub use migrate::{
    CheckpointError, CheckpointErrorKind, ElsewhereError, MigrateError, MigrationProblem,
    MigrationProblemKind,
};
pub use query::{ItemError, QueryError, ReadLimitError, SeveralError, UnprocessedError};
pub use read_transaction::{ReadTransactionError, ReadTransactionErrorKind};
pub use request::{ServiceError, ServiceErrorKind};
pub use table::{TableDriftError, TableError, TableNotReadyError, TableNotReadyErrorKind};
pub use transaction::{
    CancelledError, NotSentError, TransactionError, TransactionLimitError,
    TransactionLimitErrorKind,
};
pub use unknown_type::UnknownAttributeType;
pub use update::UpdateError;
pub use verb::{CheckError, DeleteError, LoadError, SaveError};
pub use write::{PositionedError, WriteError};
