//! Keys that cannot be used in a request.

use std::fmt;

use crate::attribute::ConvertError;
use crate::record::{KeyType, RecordSchema};
use crate::report::{Place, debug_is_display};

/// The reason why a key cannot be used in a request. It names the attribute, never the value.
#[derive(Clone)]
pub struct KeyError {
    place: Place,
    problem: KeyErrorKind,
}

/// The fault of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// It has no value.
    Absent,
    /// It is an empty string or empty bytes.
    Empty,
    /// It is stored as a type that cannot be a key: only S, N and B can.
    Type(&'static str),
    /// It is stored as another type than the key is declared with.
    OtherType {
        /// The type of the key.
        expected: KeyType,
        /// The type of the value.
        found: KeyType,
    },
    /// It is longer than DynamoDB's limit, given in bytes.
    TooLong(usize),
    /// A key template expects text here, but it is stored as this type.
    PartType(&'static str),
    /// A key template expects a number here, but it is stored as this type.
    NotNumber(&'static str),
    /// It is a part of a key template, and contains a character that is next to a part there.
    Delimiter(char),
    /// It is a number in a key template that does not give the number of digits to pad it to.
    Unpadded,
    /// It is a padded number in a key template, and negative or a fraction.
    NotNatural,
    /// It is a padded number in a key template, and has more digits than this.
    TooManyDigits(u8),
    /// A loaded record with a different key was passed along with it.
    OtherRecord,
    /// The lower bound of a range is above the upper one.
    Reversed,
    /// The bounds of a range differ in a part before the last one given.
    OtherParts,
    /// The filter of a query is about a key attribute.
    Filtered,
    /// The query reads or filters an attribute that its index does not hold.
    NotInIndex,
    /// An update adds to a field, and the key of an index is made of it.
    Summed,
    /// It is hashed, and the store, sealer or opener has no
    /// [`IndexSecret`](crate::IndexSecret).
    NoSecret,
    /// It is hashed as normalised text, and stored as this type.
    NotText(&'static str),
    /// It is hashed as normalised text, and holds a character that Unicode has not assigned.
    Unassigned,
    /// It cannot be stored at all.
    Convert(ConvertError),
}

impl KeyError {
    #[cfg(feature = "aws")]
    pub(crate) fn convert(schema: &RecordSchema, error: ConvertError) -> Self {
        Self { place: schema.place(), problem: KeyErrorKind::Convert(error) }
    }

    #[cold]
    pub(crate) fn new(schema: &RecordSchema, name: &str, problem: KeyErrorKind) -> Self {
        Self { place: schema.place().attribute(name), problem }
    }

    #[cfg(feature = "aws")]
    pub(crate) fn of_another(schema: &RecordSchema) -> Self {
        Self { place: schema.place(), problem: KeyErrorKind::OtherRecord }
    }

    /// The key attribute; `None` if it is the key as a whole.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        self.place.attribute_name()
    }

    /// The fault of the key.
    #[must_use]
    pub fn kind(&self) -> &KeyErrorKind {
        &self.problem
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.problem {
            KeyErrorKind::Absent => f.write_str("a key needs a value"),
            KeyErrorKind::Empty => f.write_str("a key must not be empty"),
            KeyErrorKind::Type(found) => {
                write!(f, "a key must be stored as S, N or B, but this one is stored as {found}")
            }
            KeyErrorKind::OtherType { expected, found } => write!(
                f,
                "the key is of the type {expected}, but this value is stored as {found}; correct the \
                 `key = \"…\"` of the field"
            ),
            KeyErrorKind::NoSecret => f.write_str(
                "the key is hashed, and there is no secret to hash it with; unwrap an `IndexSecret`, and \
                 give it to `index_secret(…)`",
            ),
            KeyErrorKind::NotText(found) => write!(
                f,
                "normalised before it is hashed, which needs text, but this is stored as {found}; leave \
                 out `trim`, `lowercase` and `nfc`"
            ),
            KeyErrorKind::Unassigned => f.write_str(
                "holds a character that Unicode has not assigned, whose normal form is not known yet; \
                 reject such a value",
            ),
            KeyErrorKind::TooLong(limit) => write!(f, "longer than DynamoDB's {limit} bytes"),
            KeyErrorKind::PartType(found) => write!(
                f,
                "the key template expects text here, but this is stored as {found}; use a field of \
                 the type S"
            ),
            KeyErrorKind::NotNumber(found) => write!(
                f,
                "the key template expects a number here, but this is stored as {found}; leave out the \
                 digits in the template"
            ),
            KeyErrorKind::Delimiter(delimiter) => write!(
                f,
                "contains `{delimiter}`, which is next to a part in the key template; reject such a \
                 value, or use another delimiter in the template"
            ),
            KeyErrorKind::Unpadded => f.write_str(
                "a number in a key template needs its digits: write `{field:010}` to pad it to 10, \
                 or `{field:0}` to leave it as it is",
            ),
            KeyErrorKind::NotNatural => f.write_str(
                "a padded number in a key template must be a whole number of at least 0",
            ),
            KeyErrorKind::TooManyDigits(digits) => {
                write!(f, "has more than the {digits} digits that the key template pads it to")
            }
            KeyErrorKind::OtherRecord => f.write_str(
                "the loaded record has a different key than the one to be updated; load that one",
            ),
            KeyErrorKind::Reversed => {
                f.write_str("the lower bound of the range is above the upper one; swap them")
            }
            KeyErrorKind::OtherParts => f.write_str(
                "the bounds of a range must be equal in all parts but the last; make one query for each \
                 value of the others",
            ),
            KeyErrorKind::Filtered => f.write_str(
                "DynamoDB does not filter a query by its key; use `.sort(…)`, or query another partition",
            ),
            KeyErrorKind::NotInIndex => f.write_str(
                "the index does not hold this attribute; add it to its `project = include(…)`, or read \
                 whole records with `.load()`",
            ),
            KeyErrorKind::Summed => f.write_str(
                "the key of an index is made of this field, and DynamoDB would compute the sum; load the \
                 record, and `.set()` the new value",
            ),
            KeyErrorKind::Convert(error) => write!(f, "the key cannot be stored: {error}"),
        }
    }
}

debug_is_display!(KeyError);

impl std::error::Error for KeyError {}
