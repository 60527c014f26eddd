//! The limits of the format. A schema is checked against them at compile time.

/// The maximum length of a header, in bytes.
pub(crate) const MAX_HEADER: usize = 8192;
/// The maximum length of an attribute name, in bytes.
pub(crate) const MAX_NAME: usize = 255;
/// The maximum number of sealed attributes.
pub(crate) const MAX_SEALED: usize = 255;
/// The maximum number of authenticated attributes.
pub(crate) const MAX_AUTHENTICATED: usize = 64;
/// The maximum length of both lists, in bytes, next to the fixed part and one key of 184 bytes
/// wrapped by AWS KMS.
pub(crate) const MAX_LISTS: usize = MAX_HEADER - 53 - 195;
