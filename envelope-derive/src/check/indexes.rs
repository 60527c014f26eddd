//! Rules of the indexes.

use std::collections::BTreeSet;

use proc_macro2::Span;

use super::keys::{one_template, unfit_part, unknown};
use super::one_name;
use crate::attr::{Project, Spanning};
use crate::ctxt::Ctxt;
use crate::model::{Field, Index, MAX_KEY_PARTS, Record, Role, Shape, Side};
use crate::template::Template;
use crate::written;

/// The attributes in each part of a global index's key.
const MAX_ATTRIBUTES: usize = 4;
const MAX_LOCAL: usize = 5;

pub(super) fn indexes(cx: &Ctxt, record: &Record) {
    let (mut words, mut names) = (BTreeSet::new(), BTreeSet::new());
    for index in &record.indexes {
        let word = &index.word;
        if !words.insert(word.to_string()) {
            cx.error(word.span(), format!("index `{word}` is declared twice: remove one"));
        } else if !names.insert(index.name.clone()) {
            let message = format!("two indexes are named \"{}\": name one", index.name);
            cx.error(index.name_span, message);
        }
        name(cx, index);
        shape(cx, record, index);
        for side in [&index.partition, &index.sort] {
            side.fields().iter().for_each(|field| key_field(cx, record, field));
            if let Some(template) = side.template() {
                one_template(cx, record, template, |field| unfit(record, field));
            }
            if side.parts().count() > MAX_KEY_PARTS && side.template().is_some() {
                let message =
                    format!("a key is made of at most {MAX_KEY_PARTS} fields: leave some out");
                cx.error(word.span(), message);
            }
        }
        protected(cx, record, index);
        project(cx, record, index);
    }
    let mut local = record.indexes.iter().filter(|index| index.is_local());
    if let Some(index) = local.nth(MAX_LOCAL) {
        let message = format!("a table has at most {MAX_LOCAL} local indexes: make one global");
        cx.error(index.word.span(), message);
    }
    attributes(cx, record);
}

fn name(cx: &Ctxt, index: &Index) {
    let is_fine = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    if !(3..=255).contains(&index.name.len()) || !index.name.chars().all(is_fine) {
        cx.error(
            index.name_span,
            "the name of an index has 3 to 255 letters, digits, `_`, `.` and `-`: give it another with \
             `name = \"…\"`",
        );
    }
}

/// Which parts of the key are given, and how.
fn shape(cx: &Ctxt, record: &Record, index: &Index) {
    let (word, options) = (&index.word, &index.options);
    let span = word.span();
    let both = [
        (&options.partition, &options.partition_key, "partition"),
        (&options.sort, &options.sort_key, "sort"),
    ];
    for (fields, template, name) in both {
        if let (Some(_), Some(template)) = (fields, template) {
            let message = format!(
                "index `{word}` has two {name} keys, `{name}` and `{name}_key`: name fields, or write a \
                 template"
            );
            cx.error(template.span, message);
        }
    }
    let names = [
        (&options.partition_key_name, &options.partition_key),
        (&options.sort_key_name, &options.sort_key),
    ];
    for (name, template) in names {
        if let (Some(name), None) = (name, template) {
            cx.error(name.span, "names the attribute of a key template, and there is none");
        }
    }
    for side in [&index.partition, &index.sort] {
        if side.fields().len() > MAX_ATTRIBUTES {
            cx.error(
                span,
                format!(
                    "index `{word}` has more than {MAX_ATTRIBUTES} attributes in one part of its key: leave \
                     some out, or write a template"
                ),
            );
        }
    }
    let is_empty = |side: &Side| matches!(side, Side::Fields(fields) if fields.is_empty());
    if is_empty(&index.partition) || is_empty(&index.sort) {
        cx.error(span, format!("index `{word}` names no field between `[` and `]`"));
    }
    let of_table = record.partition_attribute().filter(|_| index.is_local());
    let mut seen: Vec<_> = of_table.into_iter().collect();
    for (name, span) in [&index.partition, &index.sort].into_iter().flat_map(|it| it.names(record))
    {
        if seen.contains(&name) {
            let message = format!("the key of index `{word}` has \"{name}\" twice: remove one");
            cx.error(span, message);
        }
        seen.push(name);
    }
    match (options.local, &index.partition) {
        (None, Side::None) => cx.error(
            span,
            format!("index `{word}` has no partition key: add `partition = \"field\"`"),
        ),
        (None, _) => {}
        (Some(local), Side::Fields(_) | Side::Template(_)) => cx.error(
            local,
            format!("a `local` index has the partition key of its table: remove that of `{word}`"),
        ),
        (Some(local), Side::None) => {
            let has_sort_key =
                record.sort_key.is_some() || record.keys(Role::SortKey).next().is_some();
            if !has_sort_key {
                let message = "a `local` index needs a table with a sort key: remove `local`, and name a \
                               partition";
                cx.error(local, message);
            }
            if matches!(index.sort, Side::None) || index.sort.fields().len() > 1 {
                let message = format!("a `local` index has one sort key: give `{word}` one");
                cx.error(local, message);
            }
        }
    }
}

/// A field that is a key attribute.
fn key_field(cx: &Ctxt, record: &Record, name: &Spanning<String>) {
    let message = match record.part(&name.value) {
        None => Some(unknown(record, "an index", &name.value)),
        Some(field) => unfit_key(record, field).map(|problem| {
            format!("`{}` is the key of an index, and {problem}", field.plain_ident())
        }),
    };
    if let Some(message) = message {
        cx.error(name.span, message);
    }
}

fn unfit_key(record: &Record, field: &Field) -> Option<&'static str> {
    let ty = written::required(&field.ty);
    Some(match (field.role, &field.shape) {
        (Role::Encrypted, _) => {
            "`#[encrypted]`: an index sorts and finds what DynamoDB can read; leave it out"
        }
        (Role::Flattened, _) => "a flattened struct: name a field of the record itself",
        (Role::CatchAll, _) => "a catch-all: name a field of the record itself",
        (Role::Skipped, _) => "not stored: remove its `skip`",
        (_, Shape::Set) => "a set: a key is text, a number or bytes",
        (_, Shape::With { .. }) => {
            "stored through a function: use a newtype with a serde implementation of its own"
        }
        _ if written::is(ty, "bool") => "a bool: a key is text, a number or bytes",
        _ if record.has_value_if_absent(field) && written::optional(&field.ty).is_some() => {
            "stored as NULL if it is None, because an absent value has a default; DynamoDB refuses that: \
             remove the default"
        }
        _ => return None,
    })
}

/// The message for a field of which the key of an index cannot be made.
fn unfit(record: &Record, field: &Field) -> Option<String> {
    let (name, options) = (field.plain_ident(), &field.options);
    let counted = "which each update of the record changes: the key would be wrong; name it alone, as \
                   `partition` or `sort`";
    if options.version.is_some() && !record.is_part(field) {
        return Some(format!("key template uses `{{{name}}}`, the version, {counted}"));
    }
    if options.updated_at.is_some() {
        return Some(format!(
            "key template uses `{{{name}}}`, the time of the last write, {counted}"
        ));
    }
    unfit_part(field).or_else(|| {
        let is_optional = written::optional(&field.ty).is_some();
        let has_default =
            record.has_value_if_absent(field) || (field.default.is_some() && !is_optional);
        has_default.then(|| {
            format!(
                "key template uses `{{{name}}}`, a field with a default: an item without it would be in \
                 the index only once it is saved; remove the default"
            )
        })
    })
}

/// Whoever may write to the table decides which partition an unprotected record is in.
fn protected(cx: &Ctxt, record: &Record, index: &Index) {
    let is_protected = |field: &Field| {
        field.role.is_key()
            || (field.role == Role::Authenticated && field.options.since.is_none())
            || field.is_context()
            || record.is_part(field)
    };
    let mut fields = index.partition.parts().filter_map(|name| record.part(name));
    let unprotected = fields.find(|field| !is_protected(field) && field.role != Role::Encrypted);
    match (unprotected, index.options.unprotected_partition) {
        (Some(field), None) if record.options.plaintext_only.is_none() => {
            let message = format!(
                "`{}` decides which partition of the index a record is in, and whoever may write to the \
                 table can change it: mark it `#[authenticated]`, or say `unprotected_partition` if the \
                 partition is no more than a grouping",
                field.plain_ident()
            );
            cx.error(place_of(index, &field.plain_ident()), message);
        }
        (None, Some(span)) => cx.error(
            span,
            format!("the partition of index `{}` is protected: remove this", index.word),
        ),
        (Some(_), Some(span)) if record.options.plaintext_only.is_some() => {
            cx.error(span, "nothing of a `plaintext_only` record is protected: remove this");
        }
        _ => {}
    }
}

/// The place where a partition names a field.
fn place_of(index: &Index, name: &str) -> Span {
    match &index.partition {
        Side::Template(template) => template.span,
        Side::Fields(fields) => {
            fields.iter().find(|field| field.value == name).map_or(index.word.span(), |it| it.span)
        }
        Side::None => index.word.span(),
    }
}

/// Checks the attributes that an index holds, which decide whether a record is given out.
fn project(cx: &Ctxt, record: &Record, index: &Index) {
    let span = index.options.project.as_ref().map_or(index.word.span(), |project| project.span);
    match &index.project {
        Project::All => {}
        Project::Keys => {
            let in_key = |field: &Field| {
                let name = field.plain_ident();
                record.key_fields().iter().any(|key| key.ident == field.ident)
                    || index
                        .partition
                        .fields()
                        .iter()
                        .chain(index.sort.fields())
                        .any(|key| key.value == name)
            };
            let mut context = record.fields.iter().filter(|field| field.is_context());
            if let Some(field) = context.find(|field| !in_key(field)) {
                let message = format!(
                    "an index of keys alone does not tell the context field `{0}`: write \
                     `project = include(\"{0}\")`",
                    field.plain_ident()
                );
                cx.error(span, message);
            }
        }
        Project::Include(names) => {
            for name in names {
                let message = match record.part(&name.value) {
                    None => unknown(record, "an index", &name.value),
                    Some(field) if field.role == Role::Encrypted => format!(
                        "`{}` is `#[encrypted]`, and an index of some attributes opens nothing: leave it \
                         out, or hold whole records with `project = all`",
                        name.value
                    ),
                    Some(Field {
                        role: Role::Skipped | Role::CatchAll | Role::Flattened, ..
                    }) => {
                        format!("`{}` is no attribute of its own: leave it out", name.value)
                    }
                    Some(_) => continue,
                };
                cx.error(name.span, message);
            }
        }
    }
}

/// An attribute that a template makes is no field's. Two templates may make the same one.
fn attributes(cx: &Ctxt, record: &Record) {
    let mut made: Vec<&Template> = record.templates().collect();
    for template in record.indexes.iter().flat_map(Index::templates) {
        let name = &template.name;
        one_name(cx, record, "the key template's attribute", name, template.name_span);
        let mut fields = record.attributes();
        let has_name = |field: &&Field| {
            field.name == *name
                || field.hashed().is_some_and(|(_, hash)| hash == name)
                || field.options.aliases.iter().any(|alias| alias.value == *name)
        };
        if let Some(field) = fields.find(has_name) {
            let message = format!(
                "the key template and `{}` both map to \"{name}\": name the template's attribute with \
                 `partition_key_name` or `sort_key_name`",
                field.ident
            );
            cx.error(template.name_span, message);
        }
        match made.iter().find(|other| other.name == *name) {
            Some(other) if other.pieces != template.pieces => {
                let message = format!(
                    "two different key templates both make \"{name}\": name the attribute of one with \
                     `partition_key_name` or `sort_key_name`"
                );
                cx.error(template.name_span, message);
            }
            _ => made.push(template),
        }
    }
}
