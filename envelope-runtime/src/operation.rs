//! Operations: each joins keys, items and DynamoDB.
//!
//! An operation is a builder, created by a method of [`Store`](crate::Store) or of the record
//! itself. Set its options, then `.await` it. Its type determines its output: see [`returned`].

#[cfg(feature = "aws")]
mod attempts;
#[cfg(feature = "aws")]
mod batch_get;
#[cfg(feature = "aws")]
mod batch_write;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "batches are DynamoDB's"))]
mod batched;
#[cfg(feature = "aws")]
mod bulk_put;
#[cfg(feature = "aws")]
mod cursor;
#[cfg(feature = "aws")]
mod delete;
#[cfg(feature = "aws")]
mod delete_partition;
#[cfg(feature = "aws")]
mod dependence;
pub(crate) mod error;
#[cfg(feature = "aws")]
mod fetched;
#[cfg(feature = "aws")]
mod hashed;
#[cfg(feature = "aws")]
mod load;
#[cfg(feature = "aws")]
mod meter;
#[cfg(feature = "aws")]
mod migrate;
mod open;
#[cfg(feature = "aws")]
mod patience;
#[cfg(feature = "aws")]
mod prepared;
#[cfg(feature = "aws")]
mod query;
#[cfg(feature = "aws")]
mod read;
#[cfg(feature = "aws")]
mod read_transaction;
#[cfg(feature = "aws")]
pub mod returned;
#[cfg(feature = "aws")]
mod save;
#[cfg(feature = "aws")]
mod scan;
#[cfg(feature = "aws")]
mod sdk;
mod seal;
mod sealer;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "tables are DynamoDB's"))]
pub mod table;
#[cfg(feature = "aws")]
mod target;
#[cfg(feature = "aws")]
mod transaction;
#[cfg(feature = "aws")]
mod update;
#[cfg(feature = "aws")]
mod walk;
#[cfg(feature = "aws")]
mod write;

#[cfg(feature = "aws")]
use std::pin::Pin;

#[cfg(feature = "aws")]
pub use batch_get::BatchGet;
#[cfg(feature = "aws")]
pub use batch_write::BatchWrite;
pub use batched::{Remainder, RemainingWrite};
#[cfg(feature = "aws")]
pub use bulk_put::BulkPut;
#[cfg(feature = "aws")]
pub use cursor::{Cursor, CursorKey, Cursors, IntoCursor, SealedCursor};
#[cfg(feature = "aws")]
pub use delete::Delete;
#[cfg(feature = "aws")]
pub use delete_partition::{DeletePartition, Deleted};
#[cfg(feature = "aws")]
pub use load::Get;
#[cfg(feature = "aws")]
pub use migrate::{
    FieldReport, Migration, MigrationInto, MigrationProgress, MigrationReport, Unsealing,
};
#[cfg(feature = "aws")]
pub use query::Query;
#[cfg(feature = "aws")]
pub use read_transaction::{Joins, ReadTransaction};
#[cfg(feature = "aws")]
pub use save::Put;
#[cfg(feature = "aws")]
pub use scan::Scan;
pub use sealer::{Opener, Sealer};
#[cfg(feature = "aws")]
pub use transaction::{PreparedTransaction, Transaction};
#[cfg(feature = "aws")]
pub use update::{AtKey, Upsert, Upserted};
#[cfg(feature = "aws")]
pub use walk::{Page, Records};

/// The future of an operation.
#[cfg(feature = "aws")]
pub type OperationFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
