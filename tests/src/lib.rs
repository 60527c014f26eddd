//! Shared by the tests and examples: back ends, recorders and faults. Not published.

mod backend;
mod fault;
mod kms_server;
mod lambda;
mod layout;
mod proxy;
mod recorder;
mod rewrap;
mod script;
mod secrets;
mod turns;
mod wire;

pub use backend::{
    Backend, dynamodb_without_credentials, failing_dynamodb, kms_at, scripted_dynamodb,
    unique_table, unreachable_dynamodb, unreachable_kms,
};
pub use fault::KmsFaults;
pub use kms_server::{KmsCall, KmsServer};
pub use lambda::{LambdaRuntime, Outcome};
pub use layout::{Layout, SealedEntry, WrappedCopy};
pub use proxy::{Fault, FaultyProxy, Timeout};
pub use recorder::{KmsRequest, KmsRequests};
pub use rewrap::{Place, rewrap};
pub use script::{Attempt, Reaction, Script};
pub use secrets::Secrets;
pub use turns::{Played, Schedules, Turns};
pub use wire::Wire;
