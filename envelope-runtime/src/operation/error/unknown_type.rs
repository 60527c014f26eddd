//! An item of the SDK that this library cannot hold.

use std::fmt;

use crate::report::debug_is_display;

/// An attribute is of a type, or holds a number, that this library does not know.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownAttributeType {
    attribute: String,
}

impl UnknownAttributeType {
    pub(crate) fn new(attribute: String) -> Self {
        Self { attribute }
    }

    /// The attribute's name, as it is in the item.
    #[must_use]
    pub fn attribute(&self) -> &str {
        &self.attribute
    }
}

impl fmt::Display for UnknownAttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Escaped, since the name is the item's.
        let Self { attribute } = self;
        write!(
            f,
            "attribute {attribute:?} has a type that this library does not know; upgrade the library"
        )
    }
}

debug_is_display!(UnknownAttributeType);

impl std::error::Error for UnknownAttributeType {}
