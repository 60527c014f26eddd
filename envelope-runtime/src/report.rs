//! The parts that all errors are made of. None of them ever holds a plaintext value, key bytes or
//! the SDK's raw response.

mod answer;
mod debug;
mod place;
#[cfg(feature = "aws")]
pub(crate) mod service;

pub(crate) use answer::Answer;
pub(crate) use debug::debug_is_display;
pub(crate) use place::Place;
