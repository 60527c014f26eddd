//! The verbs: each joins keys, items and DynamoDB. With the store, the KMS provider and
//! the service errors the only place that names the AWS SDK.

mod attempts;
mod delete;
mod load;
mod meter;
mod returned;
mod save;
mod sdk;
mod update;
mod write;

use std::pin::Pin;

pub use delete::{Delete, DeleteReturning};
pub use load::{Get, GetWithEnvelope};
pub use meter::Usage;
pub use save::{Put, PutReturning};
pub use sdk::UnknownAttributeType;
pub use update::{AtKey, UpdateReturningNew, UpdateReturningOld};

/// The future of an operation.
pub type OperationFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;
