//! The limits of the format, which a schema is held against when it is compiled.

/// The longest header, in bytes.
pub(crate) const MAX_HEADER: usize = 8192;
/// The longest attribute name, in bytes.
pub(crate) const MAX_NAME: usize = 255;
/// The most sealed attributes.
pub(crate) const MAX_SEALED: usize = 255;
/// The most authenticated attributes.
pub(crate) const MAX_AUTHENTICATED: usize = 64;
/// The most bytes of both lists, beside the fixed part and one key that AWS KMS wrapped, of 184 bytes.
pub(crate) const MAX_LISTS: usize = MAX_HEADER - 53 - 195;
