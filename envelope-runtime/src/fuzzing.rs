//! The decoders of stored bytes, for the targets in `fuzz/`. Compiled only under `--cfg fuzzing`,
//! which cargo-fuzz sets.

pub use crate::attribute::decode;
pub use crate::envelope::{Forgery, reencode_header};
