//! What the tests and examples share: back ends, recorders and faults. Not published.

mod backend;
mod fault;
mod proxy;
mod recorder;
mod rewrap;
mod secrets;
mod turns;

pub use backend::{
    Backend, dynamodb_without_credentials, failing_dynamodb, unreachable_dynamodb, unreachable_kms,
};
pub use fault::KmsFaults;
pub use proxy::{Fault, FaultyProxy, Timeout};
pub use recorder::{KmsRequest, KmsRequests};
pub use rewrap::{Place, rewrap};
pub use secrets::Secrets;
pub use turns::{Played, Schedules, Turns};
