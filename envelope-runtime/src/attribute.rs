//! Attribute values, as DynamoDB stores them under one name, and conversions to and from Rust
//! types.

mod canonical;
mod convert;
mod de;
mod number;
mod plaintext;
mod private;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod representations;
mod ser;
mod set;
mod size;
mod wipe;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub(crate) use canonical::{write_lp, write_type_and_value};
pub use convert::{ConvertError, ConvertErrorKind};
pub use de::ValueDeserializer;
pub(crate) use de::{from_absent, from_attribute};
pub use number::{Number, NumberError};
#[cfg(fuzzing)]
pub use plaintext::decode;
#[cfg(any(test, feature = "aws"))]
pub(crate) use plaintext::decode_plaintext;
pub(crate) use plaintext::{from_plaintext, into_plaintext};
#[cfg(feature = "secrecy")]
pub(crate) use ser::SECRET;
pub use ser::ValueSerializer;
pub(crate) use ser::to_attribute;
pub use wipe::Wiped;
pub(crate) use wipe::{Plaintext, unwiped};

/// The maximum nesting depth of one attribute, itself included: DynamoDB's own limit.
pub const MAX_DEPTH: usize = 32;

/// One attribute value, in the form in which DynamoDB returns it.
///
/// Numbers are normalised, sets have no duplicates and maps are sorted, so two values are equal
/// exactly when DynamoDB stores the same thing. `Debug` prints type and size, never the value.
/// `Zeroize` overwrites the value.
///
/// ```
/// use envelope_runtime::AttributeValue;
///
/// let ssn = AttributeValue::S("078-05-1120".into());
/// assert_eq!(format!("{ssn:?}"), "S(11 bytes)");
/// ```
///
/// The ten types are those of the
/// [DynamoDB API](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
// A tag of a byte would be moved apart from the rest of the value, which costs time at each move.
#[repr(u64)]
#[expect(clippy::exhaustive_enums, reason = "these are all the types that DynamoDB has")]
pub enum AttributeValue {
    /// An explicit NULL, which is not the same as an absent attribute.
    Null,
    /// A UTF-8 string.
    S(String),
    /// A decimal number of up to 38 digits.
    N(Number),
    /// Bytes.
    B(Vec<u8>),
    /// A boolean.
    Bool(bool),
    /// A map from names to values.
    M(BTreeMap<String, AttributeValue>),
    /// A list of values.
    L(Vec<AttributeValue>),
    /// A set of strings; DynamoDB rejects an empty one.
    Ss(BTreeSet<String>),
    /// A set of numbers; DynamoDB rejects an empty one.
    Ns(BTreeSet<Number>),
    /// A set of byte strings; DynamoDB rejects an empty one.
    Bs(BTreeSet<Vec<u8>>),
}

impl AttributeValue {
    /// DynamoDB's name for the value's type: `S`, `N`, `B`, `BOOL`, `NULL`, `M`, `L`, `SS`, `NS`,
    /// `BS`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Bool(_) => "BOOL",
            Self::M(_) => "M",
            Self::L(_) => "L",
            Self::Ss(_) => "SS",
            Self::Ns(_) => "NS",
            Self::Bs(_) => "BS",
        }
    }

    /// Returns the reason why DynamoDB would reject this value, if any.
    pub(crate) fn refusal(&self) -> Option<ConvertErrorKind> {
        self.refusal_at(0)
    }

    /// Returns whether the value has more levels than DynamoDB stores. Looks no deeper than that.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.is_too_deep_at(0)
    }

    /// Returns whether serde has stored many bytes as a list of numbers somewhere in the value.
    pub(crate) fn holds_bytes_as_numbers(&self) -> bool {
        let is_byte = |value: &Self| match value {
            Self::N(number) => number.as_str().parse::<u8>().is_ok(),
            _ => false,
        };
        match self {
            Self::L(list) if list.len() >= 1024 && list.iter().all(is_byte) => true,
            Self::L(list) => list.iter().any(Self::holds_bytes_as_numbers),
            Self::M(map) => map.values().any(Self::holds_bytes_as_numbers),
            _ => false,
        }
    }

    fn is_too_deep_at(&self, depth: usize) -> bool {
        let too_deep = |value: &Self| value.is_too_deep_at(depth + 1);
        match self {
            _ if depth >= MAX_DEPTH => true,
            Self::M(map) => map.values().any(too_deep),
            Self::L(list) => list.iter().any(too_deep),
            _ => false,
        }
    }

    fn refusal_at(&self, depth: usize) -> Option<ConvertErrorKind> {
        match self {
            _ if depth >= MAX_DEPTH => Some(ConvertErrorKind::TooDeep),
            Self::M(map) if map.contains_key("") => Some(ConvertErrorKind::EmptyName),
            Self::M(map) => map.values().find_map(|value| value.refusal_at(depth + 1)),
            Self::L(list) => list.iter().find_map(|value| value.refusal_at(depth + 1)),
            Self::Ss(set) if set.is_empty() => Some(ConvertErrorKind::EmptySet),
            Self::Ns(set) if set.is_empty() => Some(ConvertErrorKind::EmptySet),
            Self::Bs(set) if set.is_empty() => Some(ConvertErrorKind::EmptySet),
            _ => None,
        }
    }
}

impl fmt::Debug for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.type_name();
        match self {
            Self::Null | Self::Bool(_) | Self::N(_) => f.write_str(name),
            Self::S(text) => write!(f, "{name}({} bytes)", text.len()),
            Self::B(bytes) => write!(f, "{name}({} bytes)", bytes.len()),
            Self::M(map) => write!(f, "{name}({} entries)", map.len()),
            Self::L(list) => write!(f, "{name}({} elements)", list.len()),
            Self::Ss(set) => write!(f, "{name}({} elements)", set.len()),
            Self::Ns(set) => write!(f, "{name}({} elements)", set.len()),
            Self::Bs(set) => write!(f, "{name}({} elements)", set.len()),
        }
    }
}
