//! Errors: one enum for each verb family. None of them ever holds a plaintext value, key bytes or
//! the SDK's raw response.

mod answer;
#[cfg(feature = "aws")]
mod condition;
mod place;
#[cfg(feature = "aws")]
mod request;
#[cfg(feature = "aws")]
pub(crate) mod service;
#[cfg(feature = "aws")]
mod update;
mod verb;

pub(crate) use answer::Answer;
#[cfg(feature = "aws")]
pub use condition::{
    ConditionError, ContendedError, Presence, PresenceError, UnknownOutcomeError, VersionError,
};
pub(crate) use place::Place;
#[cfg(feature = "aws")]
pub use request::{ServiceError, ServiceErrorKind};
#[cfg(feature = "aws")]
pub use update::UpdateError;
#[cfg(feature = "aws")]
pub use verb::DeleteError;
pub use verb::{LoadError, SaveError};
