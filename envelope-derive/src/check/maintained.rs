//! Rules of the fields that the library fills in.

use proc_macro2::Span;

use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, Record, Role, Shape};
use crate::symbol;
use crate::written;

/// An option, and the function that finds its place on a field.
type Mark = (&'static str, fn(&Field) -> Option<Span>);

const OPTIONS: [Mark; 4] = [
    (symbol::VERSION, |field| field.options.version),
    (symbol::TTL, |field| field.options.ttl),
    (symbol::CREATED_AT, |field| field.options.created_at),
    (symbol::UPDATED_AT, |field| field.options.updated_at),
];

pub(super) fn maintained(cx: &Ctxt, record: &Record) {
    for (name, option) in OPTIONS {
        let mut marked = record.fields.iter().filter_map(|field| Some((field, option(field)?)));
        let Some((first, _)) = marked.clone().next() else { continue };
        if let Some((second, span)) = marked.nth(1) {
            let message = format!(
                "two `{name}` fields `{}`, `{}`: a record has one",
                first.ident, second.ident
            );
            cx.error(span, message);
        }
    }
    for field in &record.fields {
        let given: Vec<_> =
            OPTIONS.iter().filter_map(|(name, option)| Some((*name, option(field)?))).collect();
        match given.as_slice() {
            [] => {}
            [(name, span)] => one(cx, record, field, name, *span),
            [(first, _), (second, span), ..] => {
                cx.error(*span, format!("`{first}` and `{second}` on one field: remove one"));
            }
        }
    }
}

fn one(cx: &Ctxt, record: &Record, field: &Field, name: &str, span: Span) {
    let place = match field.role {
        _ if record.kind == Kind::Fields => {
            Some("in a struct that is flattened: it belongs on a field of the record itself")
        }
        Role::Encrypted if name == symbol::TTL => {
            Some("cannot be `#[encrypted]`: DynamoDB must see when the item expires")
        }
        Role::Encrypted => {
            Some("cannot be `#[encrypted]`: DynamoDB must see it; `#[authenticated]` protects it")
        }
        Role::PartitionKey | Role::SortKey => {
            Some("on a key, which never changes: use another field")
        }
        _ if record.is_part(field) => {
            Some("on a part of the key, which never changes: use another field")
        }
        Role::Skipped => Some("on a skipped field, which is not stored: remove one of them"),
        Role::Flattened | Role::CatchAll => {
            Some("on a field that is no attribute of its own: remove it")
        }
        Role::Plain | Role::Authenticated if field.is_context() => {
            Some("on a context field, which never changes: use another field")
        }
        Role::Plain | Role::Authenticated => None,
    };
    let is_integer = written::integer(written::required(&field.ty)).is_some();
    let is_optional = written::optional(&field.ty).is_some();
    let is_with = matches!(field.shape, Shape::With { .. });
    let shape = match name {
        symbol::VERSION if is_optional || is_with || !is_integer => {
            Some("must be an integer, such as u64: it counts the record's writes")
        }
        symbol::TTL if !is_integer && !is_with => Some(
            "must be seconds since 1970: use an integer, an Option of one, or \
             `#[envelope(with = …)]` a module that stores seconds",
        ),
        symbol::CREATED_AT if !is_optional => {
            Some("is filled in where it is None: make the field an Option")
        }
        _ if matches!(field.shape, Shape::Set | Shape::Bytes | Shape::OptionalBytes) => {
            Some("on a set or on bytes: it is one number or time")
        }
        _ => None,
    };
    let renamed =
        matches!(name, symbol::VERSION | symbol::TTL) && !field.options.aliases.is_empty();
    let alias = renamed.then_some("with an `alias`: conditions know one name; remove the alias");
    if let Some(problem) = place.or(shape).or(alias) {
        cx.error(span, format!("`{name}` {problem}"));
    }
}
