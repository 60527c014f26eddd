//! Rules that need more than one attribute, one function each.

mod flattened;
mod hashed;
mod indexes;
mod keys;
mod maintained;
mod windows;

use std::collections::BTreeMap;

use proc_macro2::Span;
use syn::Ident;

use crate::attr::RoleName;
use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, Record, Role, Shape};
use crate::written;
pub(crate) use windows::date;

/// Limits of the envelope.
const MAX_NAME: usize = 255;
const MAX_ENCRYPTED: usize = 255;
const MAX_AUTHENTICATED: usize = 64;
/// An envelope of 8 KiB, less its fixed part and a KMS-wrapped key of 184 bytes with its header.
const MAX_LISTS: usize = 8192 - 53 - 195;

/// Applies every rule of a whole record.
pub(crate) fn record(cx: &Ctxt, record: &Record) {
    match record.kind {
        Kind::Record => {
            table(cx, record);
            keys::keys(cx, record);
            indexes::indexes(cx, record);
            something_encrypted(cx, record);
            contexts(cx, record);
        }
        Kind::Fields => flattened::group(cx, record),
    }
    record.fields.iter().for_each(|field| one_role(cx, field));
    flattened::fields(cx, record);
    hashed::hashed(cx, record);
    keys::key_types(cx, record);
    names(cx, record);
    windows::windows(cx, record);
    maintained::maintained(cx, record);
    shapes(cx, record);
    secrets(cx, record);
    owned(cx, record);
    limits(cx, record);
}

fn table(cx: &Ctxt, record: &Record) {
    match &record.options.table {
        None if record.options.table_given => {}
        None => cx.error(
            record.ident.span(),
            "no table: add `#[envelope(table = \"…\")]` with the logical table name",
        ),
        Some(table) if table.value.is_empty() || table.value.len() > MAX_NAME => {
            cx.error(table.span, format!("a table name has 1 to {MAX_NAME} bytes"));
        }
        Some(_) => {}
    }
    if let Some(envelope) = &record.options.envelope
        && (envelope.value.is_empty() || envelope.value.len() > MAX_NAME)
    {
        cx.error(envelope.span, format!("an attribute name has 1 to {MAX_NAME} bytes"));
    }
}

/// A field has one role, and a skipped one has none.
fn one_role(cx: &Ctxt, field: &Field) {
    if matches!(field.role, Role::Flattened | Role::CatchAll) {
        return;
    }
    let (ident, roles) = (&field.ident, &field.options.roles);
    let has = |role| roles.iter().find(|given| given.value == role);
    let key = has(RoleName::PartitionKey).or_else(|| has(RoleName::SortKey));
    match (key, has(RoleName::Encrypted), has(RoleName::Authenticated)) {
        // A hashed key is sealed in any case.
        (Some(_), Some(_), None) if field.hashed().is_some() => {}
        (Some(key), Some(encrypted), _) => {
            let key = if key.value == RoleName::PartitionKey { "partition" } else { "sort" };
            let message = format!(
                "`{ident}` is the {key} key and cannot be `#[encrypted]`: DynamoDB must see key \
                 values; use a random id as the key, or its hash with `#[envelope(hashed)]`",
            );
            cx.error(encrypted.span, message);
        }
        (Some(_), None, Some(authenticated)) => {
            cx.error(
                authenticated.span,
                "a key is always authenticated: remove `#[authenticated]`",
            );
        }
        (None, Some(_), Some(authenticated)) => cx.error(
            authenticated.span,
            "an `#[encrypted]` field is always authenticated: remove `#[authenticated]`",
        ),
        _ => {
            if let [_, second, ..] = roles.as_slice() {
                cx.error(second.span, "a field has one role: the partition key or the sort key");
            }
        }
    }
    if let (Role::Skipped, Some(role)) = (field.role, roles.first()) {
        let name = role.value.name();
        let message =
            format!("`#[{name}]` on a skipped field stores nothing: remove it, or the `skip`");
        cx.error(role.span, message);
    }
}

/// A record that protects nothing must be marked `plaintext_only`.
fn something_encrypted(cx: &Ctxt, record: &Record) {
    let protected = |field: &&Field| {
        let protects =
            |role: &RoleName| matches!(role, RoleName::Encrypted | RoleName::Authenticated);
        let mut roles = field.options.roles.iter();
        roles.any(|role| protects(&role.value)) || field.is_context() || field.hashed().is_some()
    };
    match (record.fields.iter().find(protected), record.options.plaintext_only) {
        // Only its own derive knows whether a flattened struct protects anything.
        (None, None) if record.flattens() => {}
        (None, None) => cx.error(
            record.ident.span(),
            "no field is `#[encrypted]`: mark what must not leak, or say \
             `#[envelope(plaintext_only)]` if that is meant",
        ),
        (Some(field), Some(span)) => {
            let message = format!(
                "`plaintext_only` on a record that protects `{}`: remove one of them",
                field.ident
            );
            cx.error(span, message);
        }
        _ => {}
    }
}

fn names(cx: &Ctxt, record: &Record) {
    let is_key =
        |field: &Field| field.hashed().is_none() && (field.role.is_key() || record.is_part(field));
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for template in record.templates() {
        one_name(cx, record, "the key template's attribute", &template.name, template.name_span);
        if let Some(first) = seen.insert(&template.name, "the key template".to_owned()) {
            let message = format!("{first}s both make \"{}\": name one", template.name);
            cx.error(template.name_span, message);
        }
    }
    for field in record.attributes() {
        let aliases = &field.options.aliases;
        if let (Some(alias), true) = (aliases.first(), is_key(field) || field.is_context()) {
            let message = "an alias of a key or context field would be another record: remove it";
            cx.error(alias.span, message);
        }
        let own = [(field.name.as_str(), field.name_span)];
        let hash = field.hashed().map(|(options, name)| (name, options.span()));
        let names = aliases.iter().map(|alias| (alias.value.as_str(), alias.span));
        for (name, span) in own.into_iter().chain(hash).chain(names) {
            let ident = format!("`{}`", field.ident);
            one_name(cx, record, &ident, name, span);
            if let Some(first) = seen.insert(name, ident.clone()) {
                let message = format!("{first} and {ident} both map to \"{name}\": rename one");
                cx.error(span, message);
            }
        }
    }
}

fn one_name(cx: &Ctxt, record: &Record, what: &str, name: &str, span: Span) {
    // A flattened struct does not know the envelope's name. Its record checks that.
    if record.kind == Kind::Record && name == record.envelope().unwrap_or("_envelope") {
        let message = format!(
            "`{name}` is reserved for the envelope: rename {what}, or the envelope with \
             `#[envelope(envelope = \"…\")]`"
        );
        cx.error(span, message);
    }
    if name.is_empty() || name.len() > MAX_NAME {
        cx.error(span, format!("an attribute name has 1 to {MAX_NAME} bytes"));
    }
}

fn contexts(cx: &Ctxt, record: &Record) {
    let mut seen: BTreeMap<String, &Ident> = BTreeMap::new();
    for field in &record.fields {
        let Some(span) = field.options.context else { continue };
        match field.role {
            Role::Encrypted => cx.error(
                span,
                "`context` on an `#[encrypted]` field: the encryption context is logged in \
                 plaintext; remove one of them",
            ),
            _ if matches!(field.shape, Shape::Bytes | Shape::OptionalBytes) => {
                cx.error(
                    span,
                    "`context` on bytes: the encryption context holds text; use a String",
                );
            }
            _ if written::optional(&field.ty).is_some() => {
                cx.error(span, "`context` on an Option: a context field always has a value");
            }
            Role::Skipped => {
                cx.error(span, "`context` on a skipped field: it has no value on load");
            }
            _ => {}
        }
        if ["envelope:", "aws:"].iter().any(|prefix| starts_with(&field.name, prefix)) {
            cx.error(
                field.name_span,
                "names of context fields must not start with `envelope:` or `aws:`: rename it",
            );
        }
        if let Some(first) = seen.insert(field.name.to_lowercase(), &field.ident)
            && record.fields.iter().filter(|other| other.name == field.name).count() == 1
        {
            let message = format!(
                "the context fields `{first}` and `{}` differ only in case: rename one",
                field.ident
            );
            cx.error(field.name_span, message);
        }
    }
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// One field is stored in one way.
fn shapes(cx: &Ctxt, record: &Record) {
    for field in record.attributes() {
        let ours = [
            (field.options.bytes, "bytes"),
            (field.options.set, "set"),
            (matches!(field.shape, Shape::With { .. }).then(|| field.span()), "with"),
        ];
        let given: Vec<_> =
            ours.iter().filter_map(|(span, name)| Some((span.as_ref()?, name))).collect();
        if let [(first, name), (_, other), ..] = given.as_slice() {
            let message =
                format!("`{name}` and `{other}` say two ways to store the field: remove one");
            cx.error(**first, message);
        }
        if let (Some(span), true) = (field.options.set, written::has_fixed_length(&field.ty)) {
            cx.error(
                span,
                "`set` on an array or a tuple: a set has no order and no fixed number of elements; use a Vec \
                 or a set type",
            );
        }
        if let (Some(span), true) = (field.options.set, field.role.is_key()) {
            cx.error(span, "a key is stored as S, N or B and cannot be a set");
        }
        if let (Some(span), true) = (field.options.set, field.is_context()) {
            cx.error(span, "`context` on a set: the encryption context holds text");
        }
        if let (Some(span), true) = (field.options.set, field.default.is_some()) {
            cx.error(span, "`default` on a set: an absent set is an empty one; remove the default");
        }
    }
}

/// A type that hides its value in memory is not stored in plaintext.
fn secrets(cx: &Ctxt, record: &Record) {
    for field in record.attributes() {
        let name = match written::secret(written::required(&field.ty)) {
            Some(name) => name.to_string(),
            None if field.shape.is_secret() => "secret".to_owned(),
            None => continue,
        };
        let message = if field.role != Role::Encrypted {
            format!(
                "`{}` is a `{name}` and not `#[encrypted]`: it would be stored in plaintext; mark it so",
                field.ident
            )
        } else if name == "SecretString" && matches!(field.shape, Shape::Serde) {
            format!(
                "`{}` is a `SecretString`, which serde does not store: add \
                 `#[envelope(with = envelope_runtime::secret)]`, of the feature `secrecy`",
                field.ident
            )
        } else {
            continue;
        };
        cx.error(field.span(), message);
    }
}

fn owned(cx: &Ctxt, record: &Record) {
    for field in record.stored() {
        if let Some(span) = written::borrow_in(&field.ty) {
            let message = format!(
                "`{}` borrows `{}`, and a record owns what it loads: use an owned type such as \
                 String",
                field.ident,
                written::text(&field.ty),
            );
            cx.error(span, message);
        }
    }
}

fn limits(cx: &Ctxt, record: &Record) {
    let encrypted: Vec<_> = record.with_role(Role::Encrypted).collect();
    let authenticated = record
        .fields
        .iter()
        .filter(|field| field.role == Role::Authenticated || is_plain_context(field))
        // Listed while they have no value.
        .chain(encrypted.iter().copied().filter(|field| field.options.unsealed_until.is_some()));
    // The envelope lists an alias like a name.
    let authenticated: Vec<_> = authenticated
        .flat_map(|field| std::iter::repeat_n(field, 1 + field.options.aliases.len()))
        .collect();
    over(cx, &encrypted, MAX_ENCRYPTED, "encrypted");
    over(cx, &authenticated, MAX_AUTHENTICATED, "authenticated");

    let entries = encrypted.iter().map(|field| 13 + field.name.len()).sum::<usize>();
    let names = record
        .fields
        .iter()
        .filter(|field| authenticated.iter().any(|other| other.ident == field.ident));
    let names = names.map(|field| {
        let aliases = field.options.aliases.iter().map(|alias| 1 + alias.value.len());
        1 + field.name.len() + aliases.sum::<usize>()
    });
    let names = names.sum::<usize>();
    if entries + names > MAX_LISTS {
        cx.error(
            record.ident.span(),
            format!(
                "the names of the encrypted and authenticated fields take {} bytes of the envelope, \
                 and {MAX_LISTS} is the most: use fewer or shorter names",
                entries + names
            ),
        );
    }
}

fn is_plain_context(field: &Field) -> bool {
    field.is_context() && field.role == Role::Plain
}

fn over(cx: &Ctxt, fields: &[&Field], limit: usize, kind: &str) {
    if let Some(field) = fields.get(limit) {
        let span: Span = field.span();
        cx.error(span, format!("a record has at most {limit} {kind} fields: split it"));
    }
}

#[cfg(test)]
mod tests;
