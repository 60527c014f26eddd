//! Conditions on the presence and the version of a record.

use super::{Comparison, Node};
use crate::attribute::{AttributeValue, Number};
use crate::record::{Now, RecordSchema};

impl Node {
    /// If the record protects nothing: the condition that no other struct protects the item either.
    pub(crate) fn unprotected(schema: &RecordSchema) -> Option<Self> {
        schema.is_plaintext_only().then(|| Self::NotExists(schema.envelope()))
    }

    /// The condition that there is a record that has not expired.
    pub(crate) fn present(schema: &RecordSchema, now: Now) -> Option<Self> {
        let there = Self::Exists(schema.key_names().next()?);
        let live = Self::expired(schema, now).map(Self::negated);
        Self::both(Some(there), live)
    }

    /// The condition that there is no record, or an expired one.
    pub(crate) fn absent(schema: &RecordSchema, now: Now) -> Option<Self> {
        let absent = Self::NotExists(schema.key_names().next()?);
        Some(Self::or_expired(absent, schema, now))
    }

    /// The condition that the stored record has the version `version`; 0 stands for none.
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

    /// The condition that the version can be counted up.
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
