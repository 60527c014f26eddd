//! The differences of an index.

use std::fmt;

use super::Key;
use crate::record::KeyType;

/// A difference between an index of a table and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexDrift {
    /// The record has it, and the table does not.
    Absent {
        /// It should be a local one.
        is_local: bool,
    },
    /// It has other key attributes than the record says, or other types of them.
    Key {
        /// The attributes that the record says, those of the partition key first.
        expected: Vec<(String, KeyType)>,
        /// The index's; without a type if DynamoDB does not name one of the three.
        found: Vec<(String, Option<KeyType>)>,
    },
    /// It does not hold all that is read of it.
    Lacks {
        /// The attributes that it lacks; empty if it should hold whole records.
        attributes: Vec<String>,
    },
    /// It cannot be queried yet, or any more.
    Status {
        /// DynamoDB's status of the index.
        found: String,
    },
    /// Its key has an attribute that the record seals. DynamoDB refuses to save the record if the
    /// type of the attribute is not B there, and orders ciphertext if it is.
    Sealed {
        /// The sealed attribute.
        attribute: String,
    },
}

impl fmt::Display for IndexDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { is_local: false } => f.write_str(
                "is not there; create it with UpdateTable, as a global one, and DynamoDB fills it from the \
                 table",
            ),
            Self::Absent { is_local: true } => f.write_str(
                "is not there, and a table gets local ones only when it is created: create another table, \
                 or make the index a global one",
            ),
            Self::Key { expected, found } => write!(
                f,
                "has the key {}, and the record's has {}; delete it and create it again with UpdateTable, \
                 or give the record's another name",
                Key(found),
                Key(expected),
            ),
            Self::Lacks { attributes } if attributes.is_empty() => f.write_str(
                "does not hold whole records; create another one that projects all, or say \
                 `project = keys`",
            ),
            Self::Lacks { attributes } => {
                f.write_str("does not hold ")?;
                for (number, name) in attributes.iter().enumerate() {
                    let and = if number == 0 { "" } else { ", " };
                    write!(f, "{and}`{}`", name.escape_debug())?;
                }
                f.write_str("; create another one that includes them")
            }
            Self::Status { found } => write!(
                f,
                "is not active ({}); wait until DynamoDB has filled it",
                found.escape_debug()
            ),
            Self::Sealed { attribute } => write!(
                f,
                "has the key attribute `{}`, which is #[encrypted]; delete the index before a record is \
                 saved",
                attribute.escape_debug()
            ),
        }
    }
}
