//! Context fields, and the permitted sources of their values.

use std::fmt;

use crate::attribute::AttributeValue;
use crate::key::{EncryptionContext, IndexSecret, Scope};
use crate::record::RecordSchema;
#[cfg(feature = "aws")]
use crate::record::{FieldSchema, RequestKey};
use crate::report::{Place, debug_is_display};

/// A context field has no usable value.
#[derive(Clone)]
pub struct ContextError {
    place: Place,
    problem: ContextErrorKind,
}

/// The fault of a context value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextErrorKind {
    /// A load needs a value that is neither part of the key nor given by the caller.
    NotGiven,
    /// The caller gave a value for a name that is not a context field of the record.
    Unknown,
    /// The record's field is absent, empty, or stored as a type other than S or N.
    NotText,
    /// The record belongs to a different context than the caller's.
    Differs,
}

/// The values that a record must have in its context fields, determined before anything is read.
pub(crate) struct ExpectedContext {
    fields: Vec<(&'static str, String)>,
    /// The secret under which the record's keys are hashed.
    secret: Option<IndexSecret>,
}

/// The context that a load may use: for each context field, the value in the requested key, which
/// `in_key` returns, or the caller's. Never the item's own value: the item must not choose whose
/// key is used.
pub(crate) fn expected_context<'a>(
    schema: &RecordSchema,
    in_key: impl Fn(&str) -> Option<&'a AttributeValue>,
    caller: &Scope,
) -> Result<ExpectedContext, ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let fields = schema.fields().filter(|field| field.is_context());
    let fields = fields.map(|field| {
        let name = field.name();
        let in_key = match in_key(name) {
            Some(value) => {
                Some(text(value).ok_or_else(|| error(schema, name, ContextErrorKind::NotText))?)
            }
            None => None,
        };
        match (in_key, caller.value(name)) {
            (Some(value), Some(given)) if value != given => {
                Err(error(schema, name, ContextErrorKind::Differs))
            }
            (Some(value), _) => Ok((name, value)),
            (None, Some(given)) => Ok((name, given.to_owned())),
            (None, None) => Err(error(schema, name, ContextErrorKind::NotGiven)),
        }
    });
    let secret = caller.secret().cloned();
    Ok(ExpectedContext { fields: fields.collect::<Result<_, _>>()?, secret })
}

/// The values of a record about to be saved, which must agree with the caller's.
pub(crate) fn context_of_record<'a>(
    schema: &RecordSchema,
    caller: &Scope,
    value: impl Fn(&str) -> Option<&'a AttributeValue>,
) -> Result<ExpectedContext, ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let fields = schema.fields().filter(|field| field.is_context());
    let fields = fields.map(|field| {
        let name = field.name();
        let text = value(name)
            .and_then(text)
            .ok_or_else(|| error(schema, name, ContextErrorKind::NotText))?;
        match caller.value(name) {
            Some(given) if given != text => Err(error(schema, name, ContextErrorKind::Differs)),
            _ => Ok((name, text)),
        }
    });
    let secret = caller.secret().cloned();
    Ok(ExpectedContext { fields: fields.collect::<Result<_, _>>()?, secret })
}

/// Refuses a scope that is meant for this record type but names none of its context fields. A scope
/// may hold more names than one record type needs.
fn refuse_foreign_scope(schema: &RecordSchema, caller: &Scope) -> Result<(), ContextError> {
    let mut fields = schema.fields().filter(|field| field.is_context()).peekable();
    match caller.names().next() {
        Some(name)
            if fields.peek().is_some()
                && fields.all(|field| caller.value(field.name()).is_none()) =>
        {
            Err(error(schema, name, ContextErrorKind::Unknown))
        }
        _ => Ok(()),
    }
}

/// Refuses a key whose context fields differ from the caller's.
#[cfg(feature = "aws")]
pub(crate) fn refuse_foreign_key(
    schema: &RecordSchema,
    key: &RequestKey,
    caller: &Scope,
) -> Result<(), ContextError> {
    refuse_foreign_scope(schema, caller)?;
    let differs = |name: &&str| match (key.part(name), caller.value(name)) {
        (Some(value), Some(given)) => text(value).as_deref() != Some(given),
        _ => false,
    };
    let fields = schema.fields().filter(|field| field.is_context());
    match fields.map(FieldSchema::name).find(differs) {
        Some(name) => Err(error(schema, name, ContextErrorKind::Differs)),
        None => Ok(()),
    }
}

/// Refuses names that an operation gave but the record does not have, and values that differ from
/// the store's scope.
#[cfg(feature = "aws")]
pub(crate) fn refuse_unknown(
    schema: &RecordSchema,
    given: &Scope,
    scope: &Scope,
) -> Result<(), ContextError> {
    let differs =
        |name: &&str| scope.value(name).is_some_and(|scoped| given.value(name) != Some(scoped));
    if let Some(name) = given.names().find(differs) {
        return Err(error(schema, name, ContextErrorKind::Differs));
    }
    let known =
        |name: &str| schema.fields().any(|field| field.is_context() && field.name() == name);
    match given.names().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(error(schema, name, ContextErrorKind::Unknown)),
    }
}

impl ExpectedContext {
    /// The names and texts of the fields that are not part of the key.
    #[cfg(feature = "aws")]
    pub(crate) fn outside_key(
        &self,
        key: &RequestKey,
    ) -> impl Iterator<Item = (&'static str, &str)> {
        let outside = |(name, _): &&(&'static str, String)| key.part(name).is_none();
        self.fields.iter().filter(outside).map(|(name, text)| (*name, text.as_str()))
    }

    /// The first field whose stored value differs.
    pub(crate) fn differs<'a>(
        &self,
        stored: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Option<&'static str> {
        let differs = |(name, expected): &&(&'static str, String)| {
            stored(name).and_then(text).as_ref() != Some(expected)
        };
        self.fields.iter().find(differs).map(|(name, _)| *name)
    }

    /// Returns whether a stored value differs. An absent one does not.
    #[cfg(feature = "aws")]
    pub(crate) fn contradicts<'a>(
        &self,
        stored: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> bool {
        let differs = |(name, expected): &(&'static str, String)| {
            stored(name).is_some_and(|stored| text(stored).as_ref() != Some(expected))
        };
        self.fields.iter().any(differs)
    }

    /// Names and values, sorted by name.
    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<_> =
            self.fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        pairs.sort_unstable();
        pairs
    }

    pub(super) fn secret(&self) -> Option<&IndexSecret> {
        self.secret.as_ref()
    }

    pub(crate) fn encryption_context(&self, schema: &RecordSchema) -> EncryptionContext {
        let fields = self.fields.iter().map(|(name, text)| ((*name).into(), text.clone().into()));
        EncryptionContext::of(schema.table().into(), fields)
    }
}

/// Returns whether an item is openly of another context than the caller's.
#[cfg(feature = "aws")]
pub(crate) fn is_of_other_scope(schema: &RecordSchema, caller: &Scope, item: &super::Item) -> bool {
    let differs = |name: &str| {
        let own = item.attribute(name).and_then(text);
        caller.value(name).is_some_and(|given| own.as_deref() != Some(given))
    };
    schema.fields().filter(|field| field.is_context()).any(|field| differs(field.name()))
}

/// The text of a value in an encryption context, which holds strings only.
fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) if !text.is_empty() => Some(text.clone()),
        AttributeValue::N(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

#[cold]
fn error(schema: &RecordSchema, name: &str, problem: ContextErrorKind) -> ContextError {
    ContextError { place: schema.place().attribute(name), problem }
}

impl ContextError {
    /// The fault.
    #[must_use]
    pub fn kind(&self) -> ContextErrorKind {
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
            ContextErrorKind::NotGiven => {
                "a context field whose value is not part of what was asked for; give it with \
                 `scoped(…)` or `.context(…)`, or say `.every_context()` on a query or a scan"
            }
            ContextErrorKind::Unknown => "not a context field of this record; check the name",
            ContextErrorKind::NotText => {
                "a context field needs a value, stored as a non-empty S or as N"
            }
            ContextErrorKind::Differs => {
                "its value differs from the context that the caller gave; use the store scoped \
                 to the record's own context"
            }
        })
    }
}

debug_is_display!(ContextError);

impl std::error::Error for ContextError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Number;
    use crate::record::{FieldRole, FieldSchema};

    const SCHEMA: RecordSchema = RecordSchema::new(
        "patients",
        &[
            FieldSchema::new("tenant", FieldRole::PartitionKey).context(),
            FieldSchema::new("ward", FieldRole::Plain).context(),
            FieldSchema::new("name", FieldRole::Encrypted),
        ],
    );

    fn caller(pairs: &[(&str, &str)]) -> Scope {
        Scope::new(pairs.iter().copied())
    }

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.into())
    }

    #[expect(clippy::needless_pass_by_value, reason = "a result is mapped to it")]
    fn context(expected: ExpectedContext) -> Vec<(String, String)> {
        let context = expected.encryption_context(&SCHEMA);
        context.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[track_caller]
    fn assert_refused<T>(
        result: Result<T, ContextError>,
        attribute: &str,
        problem: ContextErrorKind,
        cure: &str,
    ) {
        let Err(error) = result else { panic!("not refused") };
        assert_eq!((error.attribute(), error.kind()), (attribute, problem));
        let text = error.to_string();
        let place = format!("record of table `patients`, key `tenant`, attribute `{attribute}`: ");
        assert!(text.starts_with(&place) && text.contains(cure), "{text}");
    }

    #[test]
    fn a_load_takes_values_from_the_key_and_from_the_caller_and_they_must_agree() {
        let t1 = text("t-1");
        let in_key = |name: &str| (name == "tenant").then_some(&t1);
        let load = |pairs: &[_]| expected_context(&SCHEMA, in_key, &caller(pairs));

        let given = context(load(&[("ward", "3")]).unwrap());
        assert!(given.contains(&("tenant".to_owned(), "t-1".to_owned())));
        assert!(given.contains(&("ward".to_owned(), "3".to_owned())));
        assert_eq!(given, context(load(&[("ward", "3"), ("tenant", "t-1")]).unwrap()));
        // A scope may hold more names than one record type needs.
        assert_eq!(given, context(load(&[("ward", "3"), ("city", "x")]).unwrap()));

        let differs = load(&[("ward", "3"), ("tenant", "t-2")]);
        assert_refused(differs, "tenant", ContextErrorKind::Differs, "own context");
        assert_refused(load(&[]), "ward", ContextErrorKind::NotGiven, "give it with");
        assert_refused(load(&[("city", "x")]), "city", ContextErrorKind::Unknown, "check the name");
        let bytes = AttributeValue::B(vec![1]);
        let binary = expected_context(&SCHEMA, |_| Some(&bytes), &caller(&[]));
        assert_refused(binary, "tenant", ContextErrorKind::NotText, "a non-empty S or as N");
    }

    #[test]
    fn a_save_takes_values_from_the_record_and_the_caller_must_agree() {
        let number = AttributeValue::N(Number::from(3_u8));
        let save = |tenant: &AttributeValue, pairs: &[_]| {
            let value = |name: &str| if name == "tenant" { Some(tenant) } else { Some(&number) };
            context_of_record(&SCHEMA, &caller(pairs), value).map(context)
        };

        let given = save(&text("t-1"), &[]).unwrap();
        assert!(given.contains(&("ward".to_owned(), "3".to_owned())));
        assert_eq!(given, save(&text("t-1"), &[("ward", "3")]).unwrap());

        let differs = save(&text("t-1"), &[("ward", "4")]);
        assert_refused(differs, "ward", ContextErrorKind::Differs, "own context");
        for tenant in [text(""), AttributeValue::Null, AttributeValue::B(vec![1])] {
            let refused = save(&tenant, &[]);
            assert_refused(refused, "tenant", ContextErrorKind::NotText, "a non-empty S or as N");
        }
        let unknown = save(&text("t-1"), &[("city", "x")]);
        assert_refused(unknown, "city", ContextErrorKind::Unknown, "check the name");
    }

    #[test]
    fn a_record_type_without_context_takes_any_scope() {
        const PLAIN: RecordSchema =
            RecordSchema::new("users", &[FieldSchema::new("id", FieldRole::PartitionKey)]);

        assert!(expected_context(&PLAIN, |_| None, &caller(&[("tenant", "t-1")])).is_ok());
        assert!(context_of_record(&PLAIN, &caller(&[("tenant", "t-1")]), |_| None).is_ok());
    }
}
