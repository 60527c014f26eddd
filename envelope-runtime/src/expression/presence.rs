//! Conditions on whether a record is there, and in which version.

use super::{Comparison, Node};
use crate::attribute::{AttributeValue, Number};
use crate::record::{Now, RecordSchema};

impl Node {
    /// Where the record protects nothing: nor does another struct protect the item.
    pub(crate) fn unprotected(schema: &RecordSchema) -> Option<Self> {
        schema.is_plaintext_only().then(|| Self::NotExists(schema.envelope()))
    }

    /// There is a record that has not expired.
    pub(crate) fn present(schema: &RecordSchema, now: Now) -> Option<Self> {
        let there = Self::Exists(schema.key_names().next()?);
        let live = Self::expired(schema, now).map(Self::negated);
        Self::both(Some(there), live)
    }

    /// There is no record, or one that has expired.
    pub(crate) fn absent(schema: &RecordSchema, now: Now) -> Option<Self> {
        let absent = Self::NotExists(schema.key_names().next()?);
        Some(Self::or_expired(absent, schema, now))
    }

    /// The stored record has the version `version`; 0 is none.
    pub(crate) fn version(schema: &RecordSchema, version: u64, now: Now) -> Option<Self> {
        let name = schema.version()?.name();
        Some(match version {
            0 => {
                let zero = Self::Compare(name, Comparison::Equal, Ok(number(Number::from(0_u8))));
                Self::or_expired(Self::either(Self::NotExists(name), zero), schema, now)
            }
            _ => Self::Compare(name, Comparison::Equal, Ok(number(Number::from(version)))),
        })
    }

    /// The version can be counted up.
    pub(crate) fn countable(schema: &RecordSchema) -> Option<Self> {
        let field = schema.version()?;
        let last = Ok(number(Number::from(field.last_version()?)));
        Some(Self::Compare(field.name(), Comparison::GreaterOrEqual, last).negated())
    }

    fn or_expired(self, schema: &RecordSchema, now: Now) -> Self {
        match Self::expired(schema, now) {
            Some(expired) => Self::either(self, expired),
            None => self,
        }
    }

    fn expired(schema: &RecordSchema, now: Now) -> Option<Self> {
        let name = schema.ttl()?.name();
        let (never, now) = now.expired();
        let started = Self::Compare(name, Comparison::Greater, Ok(number(never)));
        let over = Self::Compare(name, Comparison::LessOrEqual, Ok(number(now)));
        Self::both(Some(started), Some(over))
    }
}

fn number(number: Number) -> AttributeValue {
    AttributeValue::N(number)
}
