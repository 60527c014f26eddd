//! The decoders of what lies in a table, for the targets in `fuzz/`. Only there under
//! `--cfg fuzzing`, which cargo-fuzz sets.

pub use crate::attribute::decode;
pub use crate::envelope::{Forgery, reencode_header};
