//! Errors: one enum for each verb family. None of them ever holds a plaintext value, key bytes or
//! the SDK's raw response.

mod answer;
mod place;
#[cfg(feature = "aws")]
mod request;
#[cfg(feature = "aws")]
pub(crate) mod service;
mod verb;

pub(crate) use answer::Answer;
pub(crate) use place::Place;
#[cfg(feature = "aws")]
pub use request::{ConditionError, Presence, PresenceError, ServiceError, ServiceErrorKind};
#[cfg(feature = "aws")]
pub use verb::DeleteError;
pub use verb::{LoadError, SaveError};
