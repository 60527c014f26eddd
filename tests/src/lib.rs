//! What the tests and examples share: back ends, recorders and faults. Not published.

mod backend;
mod fault;
mod recorder;
mod secrets;

pub use backend::{
    Backend, dynamodb_without_credentials, failing_dynamodb, unreachable_dynamodb, unreachable_kms,
};
pub use fault::KmsFaults;
pub use recorder::{KmsRequest, KmsRequests};
pub use secrets::Secrets;
