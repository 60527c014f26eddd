//! The verbs: each joins keys, items and DynamoDB. The only place, with the store and the KMS
//! provider, that names the AWS SDK.

mod delete;
mod load;
mod save;
mod sdk;

use std::pin::Pin;

pub use delete::Delete;
pub use load::{Get, GetWithEnvelope};
pub use save::Put;

/// The future of an operation.
pub type OperationFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
