//! Errors: one enum a verb, made of inner errors that several verbs share. None of them ever holds
//! a plaintext value, key bytes or the SDK's raw response.

mod answer;
mod any;
mod cause;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of DynamoDB's answers only"))]
mod condition;
mod debug;
mod place;
mod predicates;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of DynamoDB's answers only"))]
mod request;
#[cfg(feature = "aws")]
pub(crate) mod service;
#[cfg(test)]
mod tests;
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "made of the SDK's items only"))]
mod unknown_type;
mod update;
mod verb;

pub(crate) use answer::Answer;
pub use any::Error;
use cause::Cause;
pub use condition::{
    ConditionError, ContendedError, Presence, PresenceError, UnknownOutcomeError, VersionError,
};
pub(crate) use debug::debug_is_display;
pub(crate) use place::Place;
pub use request::{ServiceError, ServiceErrorKind};
pub use unknown_type::UnknownAttributeType;
pub use update::UpdateError;
pub use verb::{DeleteError, LoadError, SaveError};
