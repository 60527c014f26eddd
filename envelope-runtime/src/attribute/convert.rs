//! Errors of conversions between Rust values and attribute values.

use std::fmt;

use super::NumberError;

/// The reason why a Rust value could not be stored, or a stored value could not be read.
///
/// It holds the path inside the field and the two types, never a value. Messages of serde
/// implementations are dropped, since many of them repeat the value.
#[derive(Clone, PartialEq, Eq)]
pub struct ConvertError {
    /// From the innermost step to the outermost.
    path: Vec<Step>,
    problem: ConvertErrorKind,
}

/// One step into a field's value.
#[derive(Clone, PartialEq, Eq)]
enum Step {
    Field(&'static str),
    Index(usize),
    /// An entry of a map, whose key is data and is not shown.
    Entry,
}

/// The kind of a conversion error, in terms of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertErrorKind {
    /// A number that DynamoDB cannot hold exactly.
    Number(NumberError),
    /// Lists and maps nest deeper than 32 levels.
    TooDeep,
    /// An empty set, which DynamoDB rejects.
    EmptySet,
    /// An empty map key, which DynamoDB rejects.
    EmptyName,
    /// A map key that is neither a string, a character, an integer, a boolean nor a unit variant.
    MapKey,
    /// A map's only key is the one that `serde_json` marks numbers with.
    ReservedKey,
    /// Two entries of one map have the same key.
    DuplicateKey,
    /// Two elements of a set are equal once stored.
    DuplicateElement,
    /// The stored type is not the one that the Rust type reads.
    Type {
        /// The Rust side.
        expected: &'static str,
        /// The attribute's type.
        found: &'static str,
    },
    /// The stored type fits, but the Rust type cannot hold this value.
    Value {
        /// The Rust side.
        expected: &'static str,
    },
    /// A value is required, but none is stored.
    Missing {
        /// The name of the missing member; `None` for the attribute itself.
        field: Option<&'static str>,
    },
    /// A secret is in a field that is not `#[encrypted]`.
    PlaintextSecret,
    /// A catch-all attribute has a name that belongs to the record itself.
    OwnName,
    /// A catch-all attribute was protected in the item that it came from, but this record protects
    /// nothing.
    Protected,
    /// A condition compares with a value that is stored as no attribute at all.
    AbsentOperand,
    /// An update adds, appends, subtracts or sets if absent a value that is stored as no attribute
    /// at all.
    NothingToAdd,
    /// A type, or a `with` function, borrows from the stored value.
    Borrows,
    /// A condition has no values to compare with.
    NoOperand,
    /// A version that is negative, or the last one that its type holds.
    Version,
    /// A TTL that is not a whole number of seconds since 1970, or that is in milliseconds.
    Ttl,
    /// The type of a time field cannot hold the current time.
    Time,
    /// An update changes an attribute twice.
    ChangedTwice,
    /// An update changes an attribute that is not a field of the record.
    NoField,
    /// An update adds a value that is neither a number nor a set.
    NotAddable(&'static str),
    /// An update removes elements from a set whose field cannot be absent.
    NotEmptied,
    /// An update appends a value that is not a list.
    NotAppendable(&'static str),
    /// An update changes an entry of a field that is not stored as a map, or whose entries are not
    /// each stored as one.
    NotAnEntry,
    /// An update removes an entry of a field whose `with` function writes the names.
    EntryName,
    /// The value loads as a different one. Only [`round_trip`](crate::testing::round_trip) reports
    /// this.
    Changed,
    /// The type's own `Serialize` or `Deserialize` implementation refused the value.
    Refused,
}

impl ConvertError {
    #[cold]
    pub(crate) fn new(problem: ConvertErrorKind) -> Self {
        Self { path: Vec::new(), problem }
    }

    /// The kind of error.
    #[must_use]
    pub fn kind(&self) -> ConvertErrorKind {
        self.problem
    }

    pub(super) fn in_field(mut self, name: &'static str) -> Self {
        self.path.push(Step::Field(name));
        self
    }

    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.path.push(Step::Index(index));
        self
    }

    pub(super) fn in_entry(mut self) -> Self {
        self.path.push(Step::Entry);
        self
    }

    /// Marks the error as inside an enum's variant. The names of the variant, its fields and its
    /// types reveal the value, and are not shown.
    pub(super) fn in_variant(mut self) -> Self {
        self.path = vec![Step::Entry];
        match &mut self.problem {
            ConvertErrorKind::Missing { field } => *field = None,
            ConvertErrorKind::Type { expected, .. } | ConvertErrorKind::Value { expected } => {
                *expected = "the content of its variant";
            }
            _ => {}
        }
        self
    }

    /// Adds the type, which only the deserializer knows, to a refusal by a visitor.
    pub(super) fn or_expected(mut self, expected: &'static str) -> Self {
        if self.path.is_empty() && self.problem == ConvertErrorKind::Refused {
            self.problem = ConvertErrorKind::Value { expected };
        }
        self
    }
}

impl From<NumberError> for ConvertError {
    fn from(error: NumberError) -> Self {
        Self::new(ConvertErrorKind::Number(error))
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str("at `")?;
            for step in self.path.iter().rev() {
                match step {
                    Step::Field(name) => write!(f, ".{name}")?,
                    Step::Index(index) => write!(f, "[{index}]")?,
                    Step::Entry => f.write_str("[…]")?,
                }
            }
            f.write_str("`: ")?;
        }
        self.problem.fmt(f)
    }
}

impl fmt::Display for ConvertErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(error) => error.fmt(f),
            Self::TooDeep => f.write_str("lists and maps nest deeper than DynamoDB's 32 levels"),
            Self::EmptySet => f.write_str(
                "DynamoDB has no empty sets; store it with `#[envelope(set)]`, where an empty set \
                 is absent, or use an Option",
            ),
            Self::EmptyName => f.write_str("DynamoDB has no empty map keys"),
            Self::MapKey => f.write_str("a map key must be a string, an integer or a unit variant"),
            Self::ReservedKey => f.write_str(
                "a map whose only key is serde_json's marker for numbers would load as a number",
            ),
            Self::DuplicateKey => f.write_str("two entries of a map have the same key"),
            Self::DuplicateElement => {
                f.write_str("two elements of a set are equal; use a set type, or a list")
            }
            Self::Type { expected, found } => write!(
                f,
                "expected {expected}, found type {found}; change the type, or convert the field with \
                 `#[envelope(with = …)]`"
            ),
            Self::Value { expected } => write!(f, "the stored value does not fit {expected}"),
            Self::Missing { field: Some(field) } => write!(
                f,
                "`{field}` is required and absent; make it an Option or give it a default"
            ),
            Self::Missing { field: None } => {
                f.write_str("it is required and absent; make it an Option or give it a default")
            }
            Self::PlaintextSecret => {
                f.write_str("a secret in a field that is not #[encrypted]; mark it #[encrypted]")
            }
            Self::OwnName => {
                f.write_str("the name belongs to the record itself; remove it from the catch-all")
            }
            Self::Protected => f.write_str(
                "it was protected in the item that it came from, but this record is `plaintext_only`; \
                 remove it from the catch-all",
            ),
            Self::NothingToAdd => f.write_str(
                "the value is stored as no attribute (an empty set, or None) and adds nothing; leave it out",
            ),
            Self::Borrows => f.write_str(
                "its type or its `with` function reads a borrowed &str or &[u8], but a record owns what it \
                 loads; read a String or a Vec",
            ),
            Self::AbsentOperand => {
                f.write_str("it needs a value, but this one is stored as no attribute; use `not_exists()`, or leave it out")
            }
            Self::NoOperand => f.write_str("a condition needs a value to compare with"),
            Self::Version => {
                f.write_str("a version counts up from 0, and its type cannot hold the next; use a u64")
            }
            Self::Ttl => f.write_str("a time to live is in whole seconds since 1970"),
            Self::Time => f.write_str("its type cannot hold the current time; use a u64 or an i64"),
            Self::NoField => f.write_str("no field of the record has this attribute; use the record's own handle"),
            Self::ChangedTwice => f.write_str("the update changes it twice; remove one"),
            Self::NotAddable(found) => write!(
                f,
                "only a number or a set can be added, but this value is stored as {found}; use `.set()`"
            ),
            Self::NotEmptied => f.write_str(
                "without its last element the set would be absent, and the field's `with` may be unable \
                 to read that; store it with `#[envelope(set)]`, or give it a default",
            ),
            Self::NotAppendable(found) => write!(
                f,
                "only a list can be appended, but this value is stored as {found}; use `.set()`"
            ),
            Self::NotAnEntry => f.write_str(
                "one entry of the field is not stored as one entry of a map; use `.set()`, or `.seal()`",
            ),
            Self::EntryName => f.write_str(
                "the field's `with` writes the names of its entries, so none can be removed by name; \
                 use `.set()`, or `.seal()`",
            ),
            Self::Changed => f.write_str(
                "it loads as another value: DynamoDB stores only a number's value (1.0 becomes 1, and \
                 -0.0 becomes 0), and `Some(None)` as NULL; tag the enum, or store the value as text",
            ),
            Self::Refused => f.write_str("its type's own serde implementation refused the value"),
        }
    }
}

crate::report::debug_is_display!(ConvertError);

impl std::error::Error for ConvertError {}

impl serde::ser::Error for ConvertError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }
}

/// Every constructor is overridden, because serde's own texts contain the offending value.
impl serde::de::Error for ConvertError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        // serde's texts for `&str` and `&[u8]`, which borrow from the input.
        match expected.to_string().as_str() {
            "a borrowed string" | "a borrowed byte array" => Self::new(ConvertErrorKind::Borrows),
            _ => Self::new(ConvertErrorKind::Refused),
        }
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(ConvertErrorKind::Refused)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ConvertErrorKind::Missing { field: Some(field) })
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::new(ConvertErrorKind::DuplicateKey)
    }
}
