//! The context fields: where their values may come from.

use std::fmt;

use crate::attribute::AttributeValue;
use crate::error::Place;
use crate::key::{ContextPairs, EncryptionContext};
use crate::record::RecordSchema;
#[cfg(feature = "aws")]
use crate::record::{FieldSchema, RequestKey};

/// A context field has no value that may be used.
#[derive(Clone, Debug)]
pub struct ContextError {
    place: Place,
    problem: ContextProblem,
}

/// What is wrong with a context value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextProblem {
    /// A load needs a value that is neither part of the key nor given by the caller.
    NotGiven,
    /// The caller gave a value for a name that is no context field of the record.
    Unknown,
    /// The record's field is absent, empty, or stored as another type than S or N.
    NotText,
    /// The record belongs to another context than the caller's.
    Differs,
}

/// The values that a record must have in its context fields, decided before anything is read.
pub(crate) struct ExpectedContext {
    fields: Vec<(&'static str, String)>,
}

/// What a load may use: for each context field the value in the key that is asked for, given by
/// `in_key`, or the one that the caller gives. Never the item's own: it must not choose whose key is used.
pub(crate) fn expected_context<'a>(
    schema: &RecordSchema,
    in_key: impl Fn(&str) -> Option<&'a AttributeValue>,
    caller: &ContextPairs,
) -> Result<ExpectedContext, ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let fields = schema.fields().filter(|field| field.is_context());
    let fields = fields.map(|field| {
        let name = field.name();
        let in_key = match in_key(name) {
            Some(value) => {
                Some(text(value).ok_or_else(|| error(schema, name, ContextProblem::NotText))?)
            }
            None => None,
        };
        match (in_key, caller.value(name)) {
            (Some(value), Some(given)) if value != given => {
                Err(error(schema, name, ContextProblem::Differs))
            }
            (Some(value), _) => Ok((name, value)),
            (None, Some(given)) => Ok((name, given.to_owned())),
            (None, None) => Err(error(schema, name, ContextProblem::NotGiven)),
        }
    });
    Ok(ExpectedContext { fields: fields.collect::<Result<_, _>>()? })
}

/// The values of a record about to be saved, which must agree with what the caller gave.
pub(super) fn context_of_record<'a>(
    schema: &RecordSchema,
    caller: &ContextPairs,
    value: impl Fn(&str) -> Option<&'a AttributeValue>,
) -> Result<ExpectedContext, ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let fields = schema.fields().filter(|field| field.is_context());
    let fields = fields.map(|field| {
        let name = field.name();
        let text = value(name)
            .and_then(text)
            .ok_or_else(|| error(schema, name, ContextProblem::NotText))?;
        match caller.value(name) {
            Some(given) if given != text => Err(error(schema, name, ContextProblem::Differs)),
            _ => Ok((name, text)),
        }
    });
    Ok(ExpectedContext { fields: fields.collect::<Result<_, _>>()? })
}

/// Refuses a scope that was meant for this record type and names none of its context fields. A
/// scope may hold more than one record type needs.
fn refuse_foreign_scope(schema: &RecordSchema, caller: &ContextPairs) -> Result<(), ContextError> {
    let mut fields = schema.fields().filter(|field| field.is_context()).peekable();
    match caller.names().next() {
        Some(name)
            if fields.peek().is_some()
                && fields.all(|field| caller.value(field.name()).is_none()) =>
        {
            Err(error(schema, name, ContextProblem::Unknown))
        }
        _ => Ok(()),
    }
}

/// Refuses a key whose context fields are not the caller's.
#[cfg(feature = "aws")]
pub(crate) fn refuse_foreign_key(
    schema: &RecordSchema,
    key: &RequestKey,
    caller: &ContextPairs,
) -> Result<(), ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let differs = |name: &&str| match (key.part(name), caller.value(name)) {
        (Some(value), Some(given)) => text(value).as_deref() != Some(given),
        _ => false,
    };
    let fields = schema.fields().filter(|field| field.is_context());
    match fields.map(FieldSchema::name).find(differs) {
        Some(name) => Err(error(schema, name, ContextProblem::Differs)),
        None => Ok(()),
    }
}

/// Refuses names that an operation gave and the record does not have, and values that differ from
/// the store's scope.
#[cfg(feature = "aws")]
pub(crate) fn refuse_unknown(
    schema: &RecordSchema,
    given: &ContextPairs,
    scope: &ContextPairs,
) -> Result<(), ContextError> {
    let differs =
        |name: &&str| scope.value(name).is_some_and(|scoped| given.value(name) != Some(scoped));
    if let Some(name) = given.names().find(differs) {
        return Err(error(schema, name, ContextProblem::Differs));
    }
    let known =
        |name: &str| schema.fields().any(|field| field.is_context() && field.name() == name);
    match given.names().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(error(schema, name, ContextProblem::Unknown)),
    }
}

impl ExpectedContext {
    /// The first field whose stored value is another one.
    pub(super) fn differs<'a>(
        &self,
        stored: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Option<&'static str> {
        let differs = |(name, expected): &&(&'static str, String)| {
            stored(name).and_then(text).as_ref() != Some(expected)
        };
        self.fields.iter().find(differs).map(|(name, _)| *name)
    }

    pub(super) fn encryption_context(self, schema: &RecordSchema) -> EncryptionContext {
        EncryptionContext::new(schema.table(), self.fields)
    }
}

/// The text of a value in an encryption context, which holds strings only.
fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) if !text.is_empty() => Some(text.clone()),
        AttributeValue::N(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn error(schema: &RecordSchema, name: &str, problem: ContextProblem) -> ContextError {
    ContextError { place: schema.place().attribute(name), problem }
}

impl ContextError {
    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> ContextProblem {
        self.problem
    }

    /// The context field's attribute.
    #[must_use]
    pub fn attribute(&self) -> &str {
        self.place.attribute_name().unwrap_or_default()
    }
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        f.write_str(match self.problem {
            ContextProblem::NotGiven => {
                "a context field whose value is not known from the key asked for; give it with \
                 `scoped(…)`, or `.context(…)` on a load"
            }
            ContextProblem::Unknown => "not a context field of this record; check the name",
            ContextProblem::NotText => {
                "a context field needs a value, stored as a non-empty S or as N"
            }
            ContextProblem::Differs => {
                "its value differs from the context that the caller gave; use the store of the \
                 record's own context"
            }
        })
    }
}

impl std::error::Error for ContextError {}
