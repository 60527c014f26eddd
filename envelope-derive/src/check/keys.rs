//! Rules of the record's key.

use super::hashed::template_part;
use crate::attr::{RoleName, nearest};
use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, MAX_KEY_PARTS, Record, Role, Shape};
use crate::template::{Piece, Template};
use crate::written::{self, KeyType};

pub(super) fn keys(cx: &Ctxt, record: &Record) {
    one_key(cx, record, Role::PartitionKey, "partition");
    one_key(cx, record, Role::SortKey, "sort");
    let is_partition_key =
        |field: &Field| field.options.roles.iter().any(|role| role.value == RoleName::PartitionKey);
    if record.partition_key.is_none() && !record.fields.iter().any(is_partition_key) {
        cx.error(record.ident.span(), "no partition key: mark one field `#[partition_key]`");
    }
    for field in record.fields.iter().filter(|field| field.role.is_key()) {
        if written::optional(&field.ty).is_some() {
            let message =
                format!("`{}` is a key and always has a value: remove the Option", field.ident);
            cx.error(field.span(), message);
        }
        if let Shape::With { .. } = field.shape {
            let message = format!(
                "`{}` is a key and cannot be stored through a function: use a newtype with a serde \
                 implementation of its own",
                field.ident
            );
            cx.error(field.span(), message);
        }
    }
    record.templates().for_each(|template| one_template(cx, record, template, unfit));
    let names = [&record.options.partition_key_name, &record.options.sort_key_name];
    for name in names.into_iter().flatten() {
        cx.error(
            name.span,
            "names the attribute of a key template, and there is none: rename the key's field with \
             `#[envelope(rename = \"…\")]`",
        );
    }
    if let (Some(template), true) =
        (record.templates().last(), record.key_fields().len() > MAX_KEY_PARTS)
    {
        let message = format!("a key is made of at most {MAX_KEY_PARTS} fields: leave some out");
        cx.error(template.span, message);
    }
}

/// The option `key` of each field.
pub(super) fn key_types(cx: &Ctxt, record: &Record) {
    for field in &record.fields {
        let Some(key) = &field.options.key else { continue };
        let (ident, text) = (&field.ident, &key.value);
        let has_role = field.options.roles.iter().any(|role| role.value.is_key());
        let is_key = has_role || record.is_index_key(field);
        if field.hashed().is_some() {
            continue;
        }
        let message = match (KeyType::parse(text), field.written_key_type()) {
            _ if record.is_part(field) && !is_key => format!(
                "`key` on `{ident}`, a part of a key template, which always makes text: remove it"
            ),
            _ if !is_key && record.kind == Kind::Fields => {
                format!("`key` on `{ident}`, which is not a key: remove it")
            }
            _ if !is_key => format!(
                "`key` on `{ident}`, which is not a key: remove it, or mark the field \
                 `#[partition_key]` or `#[sort_key]`, or name it in an index"
            ),
            (None, _) => {
                format!(
                    "`{text}` is not a key's type: write \"S\" (text), \"N\" (number) or \"B\" (bytes)"
                )
            }
            (Some(given), Some(written)) if given != written => format!(
                "`{ident}` is a `{}`, which is stored as {} and not as {}: remove `key`",
                written::text(&field.ty),
                written.name(),
                given.name(),
            ),
            _ => continue,
        };
        cx.error(key.span, message);
    }
}

fn one_key(cx: &Ctxt, record: &Record, role: Role, name: &str) {
    let keys: Vec<_> = record.keys(role).collect();
    let template = match role {
        Role::PartitionKey => &record.partition_key,
        _ => &record.sort_key,
    };
    if let (Some(template), [field, ..]) = (template, keys.as_slice()) {
        let message = format!(
            "two {name} keys, a template and `{}`: a table has one; name the field in the template, \
             or remove one of them",
            field.ident
        );
        cx.error(template.span, message);
    } else if let [_, second, ..] = keys.as_slice() {
        let names: Vec<_> = keys.iter().map(|field| format!("`{}`", field.ident)).collect();
        let message = format!("two {name} keys {}: a table has one", names.join(", "));
        cx.error(second.span(), message);
    }
}

/// One template. `unfit` returns the message for a field that cannot be a part.
pub(super) fn one_template(
    cx: &Ctxt,
    record: &Record,
    template: &Template,
    unfit: impl Fn(&Field) -> Option<String>,
) {
    if template.pieces.is_empty() && !template.malformed {
        cx.error(template.span, "a key template must not be empty: write the key's text");
    }
    for piece in &template.pieces {
        if let Piece::Text(text) = piece
            && let Some(message) = looks_like_a_field(record, template, text)
        {
            cx.error(template.span, message);
        }
        let Piece::Part { field: name, digits } = piece else { continue };
        let message = match record.part(name) {
            Some(field) if field.hashed().is_some() => {
                template_part(record, template, field, name, *digits)
            }
            Some(field) => unfit(field).or_else(|| unpadded(field, *digits)),
            None => Some(unknown(record, "key template", name)),
        };
        if let Some(message) = message {
            cx.error(template.span, message);
        }
    }
    for pair in template.pieces.windows(2) {
        if let [Piece::Part { field, .. }, Piece::Part { field: next, .. }] = pair {
            let message = format!(
                "`{{{field}}}` and `{{{next}}}` touch in a key template, so that two records could \
                 have one key: put a delimiter such as `#` between them"
            );
            cx.error(template.span, message);
        }
    }
}

/// The message for a text that is probably meant to be a field.
fn looks_like_a_field(record: &Record, template: &Template, text: &str) -> Option<String> {
    let is_whole = template.pieces.len() == 1;
    record.fields.iter().map(Field::plain_ident).find_map(|name| {
        let braced = text.contains(&format!("{{{name}}}"));
        (braced || (is_whole && text == name)).then(|| {
            format!(
                "the key template has the text `{text}`, the same for every record: write `{{{name}}}` \
                 for the field's value"
            )
        })
    })
}

/// The message for a name that is no field's.
pub(super) fn unknown(record: &Record, what: &str, name: &str) -> String {
    let fields: Vec<_> = record.fields.iter().map(Field::part_name).collect();
    let name_in_braces =
        if what == "key template" { format!("{{{name}}}") } else { name.to_owned() };
    let names = format!("{what} names `{name_in_braces}`, no such field");
    match nearest(name, fields.iter().map(String::as_str)) {
        Some(near) => format!("{names}; did you mean `{near}`?"),
        None if record.flattens() => {
            format!("{names} of the record itself: a part of a key cannot be in a flattened struct")
        }
        None => names,
    }
}

/// The message for a number without digits, or for another type with digits. The template gives the
/// digits rather than the field's type, because a wider type would make different keys. If the
/// derive does not know the stored form of a type, the runtime checks it.
fn unpadded(field: &Field, digits: Option<u8>) -> Option<String> {
    let name = field.plain_ident();
    let ty = written::required(&field.ty);
    let is = |name: &str| written::is(ty, name);
    match (written::integer(ty), digits) {
        (Some(written::Integer { name: ty, digits: most, .. }), None) => Some(format!(
            "key template uses `{{{name}}}`, a number: write `{{{name}:0{most}}}` to pad it to the \
             {most} digits that {ty} can have, so that keys sort as numbers do, or `{{{name}:0}}` to leave it as it is"
        )),
        (None, Some(_)) if is("String") => {
            Some(format!("key template pads `{{{name}}}`, which is a String: leave out the digits"))
        }
        _ if is("bool") => {
            Some(format!("key template uses `{{{name}}}`, a bool: a part is text or a number"))
        }
        _ => None,
    }
}

/// The message for a field that cannot be a part of the table's key, which always has a value.
fn unfit(field: &Field) -> Option<String> {
    let problem = if field.default.is_some() {
        "a field with a default: a key always has a value; remove the default"
    } else if written::optional(&field.ty).is_some() {
        "an optional field: a key always has a value; remove the Option"
    } else {
        return unfit_part(field);
    };
    unfit_part(field)
        .or_else(|| Some(format!("key template uses `{{{}}}`, {problem}", field.plain_ident())))
}

/// The message for a field that cannot be a part of any key.
pub(super) fn unfit_part(field: &Field) -> Option<String> {
    let name = field.plain_ident();
    let role = match (field.role, &field.shape) {
        (Role::Encrypted, _) => {
            return Some(format!(
                "key template uses `{{{name}}}`, an `#[encrypted]` field: it would be stored in \
                 plaintext; use a random id"
            ));
        }
        (Role::Flattened, _) => "a flattened struct: name a field of the record itself",
        (Role::CatchAll, _) => "a catch-all: name a field of the record itself",
        (Role::Skipped, _) => "a skipped field: it has no value on load; store it",
        (_, Shape::Bytes | Shape::OptionalBytes) => {
            "bytes: a key template makes text; use a String"
        }
        (_, Shape::Set) => "a set: a key template makes text; use a String",
        (_, Shape::With { .. }) => {
            "a field that is stored through a function: use a newtype with a serde implementation \
             of its own"
        }
        _ => return None,
    };
    Some(format!("key template uses `{{{name}}}`, {role}"))
}
