//! The differences between a table and what is expected of it.

mod index;

use std::fmt;

use super::settings::{AtRest, Billing, StreamView};
use crate::record::KeyType;
pub use index::IndexDrift;

/// A difference between a table and what is expected of it. `Display` adds the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drift {
    /// There is no such table in the client's account and Region.
    Absent,
    /// The table cannot be used: it is being deleted, is archived, or DynamoDB cannot use its key.
    Status {
        /// DynamoDB's status of the table.
        found: String,
    },
    /// The table has other key attributes than the record, or other types of them.
    Key {
        /// The record's key attributes, the partition key first.
        expected: Vec<(String, KeyType)>,
        /// The table's; without a type if DynamoDB does not name one of the three.
        found: Vec<(String, Option<KeyType>)>,
    },
    /// An index is not as the record says.
    Index {
        /// Its name.
        index: String,
        /// The difference.
        drift: IndexDrift,
    },
    /// The table is not encrypted at rest as expected.
    AtRest {
        /// The expected key; `None` if any KMS key would do.
        expected: Option<AtRest>,
        /// The ARN of the table's KMS key, empty if DynamoDB does not tell it; `None` if the table
        /// is under a key that AWS owns.
        found: Option<String>,
    },
    /// DynamoDB cannot use the KMS key of the encryption at rest. After seven days it archives the
    /// table.
    KeyInaccessible,
    /// The record has an `#[envelope(ttl)]`, and DynamoDB does not delete its expired items.
    Ttl {
        /// The attribute of the record's TTL.
        expected: String,
        /// The attribute that DynamoDB reads instead; `None` if the table's TTL is off.
        found: Option<String>,
    },
    /// Point-in-time recovery is off.
    PointInTimeRecovery,
    /// Anyone with the permission can delete the table in one request.
    DeletionProtection,
    /// The table has no stream, or one with another content.
    Stream {
        /// The expected content.
        expected: StreamView,
        /// DynamoDB's name of the content; `None` if there is no stream.
        found: Option<String>,
    },
    /// The table is paid for in another way.
    Billing {
        /// The expected way.
        expected: Billing,
        /// The table's way.
        found: Billing,
    },
}

/// A setting that is expected of a table, and could not be compared. `Display` adds the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// The table is encrypted at rest under a KMS key, and it is not known to be the expected one:
    /// DynamoDB tells only its ARN, which does not show an alias, nor who manages the key.
    AtRestKey {
        /// The expected key.
        expected: AtRest,
        /// The ARN of the table's key; `None` if DynamoDB does not tell it.
        found: Option<String>,
    },
    /// DynamoDB does not tell whether the table is protected from deletion.
    DeletionProtection,
    /// The table's TTL is not known.
    Ttl(UnknownReason),
    /// It is not known whether point-in-time recovery is on.
    PointInTimeRecovery(UnknownReason),
}

/// The reason why a setting is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnknownReason {
    /// The caller may not ask.
    AccessDenied,
    /// The back end does not know the question. AWS knows it; emulators may not.
    Unsupported,
}

/// Writes several texts in one line.
pub(in crate::operation) fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    texts: &[T],
) -> fmt::Result {
    if let [text] = texts {
        return text.fmt(f);
    }
    for (number, text) in (1..).zip(texts) {
        let space = if number == 1 { "" } else { " " };
        write!(f, "{space}({number}) {text}")?;
    }
    Ok(())
}

/// The attributes of a key and their types.
struct Key<'a, T>(&'a [(String, T)]);

impl<T: Copy + Into<Option<KeyType>>> fmt::Display for Key<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("no attribute")?;
        }
        for (index, (name, key_type)) in self.0.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            let key_type: Option<KeyType> = (*key_type).into();
            let key_type = key_type.map_or("of an unknown type".to_owned(), |it| it.to_string());
            write!(f, "{and}`{}` ({key_type})", name.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str(
                "there is no such table in this account and Region; create it, or name another with \
                 `store.map_table::<R>(…)`",
            ),
            Self::Status { found } => {
                let found = found.escape_debug();
                write!(f, "it cannot be used ({found}); create it again, or restore a backup")
            }
            Self::Key { expected, found } => write!(
                f,
                "its key is {}, and the record's is {}; a table's key cannot change: create another \
                 table, and name it with `store.map_table::<R>(…)`",
                Key(found),
                Key(expected),
            ),
            Self::Index { index, drift } => {
                write!(f, "its index `{}` ", index.escape_debug())?;
                drift.fmt(f)
            }
            Self::AtRest { expected, found } => {
                f.write_str("it is encrypted at rest under ")?;
                match found {
                    Some(arn) if arn.is_empty() => f.write_str("a KMS key")?,
                    Some(arn) => write!(f, "the KMS key `{}`", arn.escape_debug())?,
                    None => AtRest::AwsOwned.fmt(f)?,
                }
                f.write_str(", and not under ")?;
                match expected {
                    Some(expected) => expected.fmt(f)?,
                    None => f.write_str("a KMS key of this account")?,
                }
                f.write_str("; change it with UpdateTable, which rewrites no item")
            }
            Self::KeyInaccessible => f.write_str(
                "DynamoDB cannot use its KMS key; enable the key, and let DynamoDB use it, or the table \
                 is archived after seven days",
            ),
            Self::Ttl { expected, found: None } => write!(
                f,
                "its TTL is off, and expired items stay; switch it on for `{expected}` with \
                 UpdateTimeToLive"
            ),
            Self::Ttl { expected, found: Some(found) } => write!(
                f,
                "its TTL reads `{}`, and the record's is `{expected}`; switch it off, and an hour later \
                 on for `{expected}`",
                found.escape_debug()
            ),
            Self::PointInTimeRecovery => f.write_str(
                "point-in-time recovery is off; switch it on with UpdateContinuousBackups",
            ),
            Self::DeletionProtection => {
                f.write_str("it is not protected from deletion; protect it with UpdateTable")
            }
            Self::Stream { expected, found: None } => {
                write!(f, "it has no stream of {expected}; switch one on with UpdateTable")
            }
            Self::Stream { expected, found: Some(found) } => write!(
                f,
                "its stream is of {}, and not of {expected}; switch it off and on with UpdateTable",
                found.escape_debug()
            ),
            Self::Billing { expected, found } => write!(
                f,
                "it is paid for {found}, and not {expected}; change it with UpdateTable, or ask for what \
                 is there"
            ),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtRestKey { expected, found } => {
                f.write_str("it is encrypted at rest under ")?;
                match found {
                    Some(arn) => write!(f, "the KMS key `{}`", arn.escape_debug())?,
                    None => f.write_str("a KMS key without an ARN")?,
                }
                write!(
                    f,
                    ", which may or may not be {expected}; compare them with kms:DescribeKey, or name the \
                     key by its ARN"
                )
            }
            Self::DeletionProtection => {
                f.write_str("its protection from deletion is not known; the back end does not tell")
            }
            Self::Ttl(reason) => {
                f.write_str("its TTL is not known; ")?;
                reason.explain(f, "DescribeTimeToLive")
            }
            Self::PointInTimeRecovery(reason) => {
                f.write_str("its point-in-time recovery is not known; ")?;
                reason.explain(f, "DescribeContinuousBackups")
            }
        }
    }
}

impl UnknownReason {
    fn explain(self, f: &mut fmt::Formatter<'_>, action: &str) -> fmt::Result {
        match self {
            Self::AccessDenied => write!(f, "allow dynamodb:{action} on the table"),
            Self::Unsupported => write!(f, "the back end does not know {action}"),
        }
    }
}
