//! Rules for fields that are not attributes themselves, and for structs that are flattened.

use crate::attr::RoleName;
use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, Record, Role, Shape};
use crate::written;

pub(super) fn fields(cx: &Ctxt, record: &Record) {
    for field in &record.fields {
        match (field.role, field.options.serde_flatten) {
            (Role::Flattened, _) => flattened(cx, field),
            (Role::CatchAll, _) => catch_all(cx, record, field),
            (_, None) => {}
            (_, Some(span)) if written::is_map(&field.ty) => cx.error(
                span,
                "`#[serde(flatten)]` on a map: use an `OtherAttributes` with `#[envelope(catch_all)]`, \
                 which keeps each attribute's type and protection",
            ),
            (_, Some(span)) => cx.error(
                span,
                "`#[serde(flatten)]` hides attribute names: add `#[envelope(flatten)]`, and derive \
                 `EnvelopeFields` on the inner struct",
            ),
        }
    }
    let mut catching = record.with_role(Role::CatchAll);
    if let (Some(first), Some(second)) = (catching.next(), catching.next()) {
        let message =
            format!("two catch-all fields `{}`, `{}`: a record has one", first.ident, second.ident);
        cx.error(second.span(), message);
    }
}

/// A flattened field is not an attribute: the fields of its struct are.
fn flattened(cx: &Ctxt, field: &Field) {
    for role in &field.options.roles {
        let name = role.value.name();
        let message = match role.value {
            RoleName::Encrypted | RoleName::Authenticated => format!(
                "`#[{name}]` on a flattened field: put it on the fields of the inner struct, or \
                 remove `flatten` to store the struct as one attribute"
            ),
            RoleName::PartitionKey | RoleName::SortKey => {
                format!("`#[{name}]` on a flattened field: a key is a field of the record itself")
            }
        };
        cx.error(role.span, message);
    }
    no_attribute(cx, field, "a flattened field", ", or put it on the fields of the inner struct");
    if written::optional(&field.ty).is_some() {
        let message = format!(
            "`{}` is an Option, and a flattened struct is always there: make its fields Options, or \
             mark it `#[encrypted]` instead of `flatten` to store the struct as one attribute",
            field.ident
        );
        cx.error(field.span(), message);
    }
}

/// A catch-all keeps each attribute's type and protection.
fn catch_all(cx: &Ctxt, record: &Record, field: &Field) {
    for role in &field.options.roles {
        let message = format!(
            "`#[{}]` on a catch-all, whose attributes keep the protection that they were stored with: \
             remove it",
            role.value.name()
        );
        cx.error(role.span, message);
    }
    no_attribute(cx, field, "a catch-all", "");
    if !written::is_named(&field.ty, "OtherAttributes") {
        let message = format!(
            "`{}` is a catch-all, and another type than `OtherAttributes` would lose the types and \
             the protection of its attributes: use that",
            field.ident
        );
        cx.error(field.span(), message);
    }
    if let (Kind::Fields, Some(span)) = (record.kind, field.options.catch_all) {
        let message = format!(
            "`catch_all` belongs on a field of the record itself: move `{}` there",
            field.ident
        );
        cx.error(span, message);
    }
}

/// Refuses the options of an attribute on a field that has none.
fn no_attribute(cx: &Ctxt, field: &Field, what: &str, cure: &str) {
    let options = &field.options;
    let others = [
        (options.rename.as_ref().or(options.serde_rename.as_ref()).map(|name| name.span), "rename"),
        (options.aliases.first().map(|alias| alias.span), "alias"),
        (options.flatten.and(options.catch_all), "catch_all"),
        (options.skip.or(options.serde_skip), "skip"),
        (field.default.is_some().then(|| field.span()), "default"),
        (matches!(field.shape, Shape::With { .. }).then(|| field.span()), "with"),
        (options.bytes, "bytes"),
        (options.set, "set"),
        (options.context, "context"),
        (options.since.as_ref().map(|since| since.span), "since"),
        (options.unsealed_until.as_ref().map(|until| until.span), "unsealed_until"),
    ];
    for (span, name) in others {
        if let Some(span) = span {
            let message =
                format!("`{name}` on {what}, which has no attribute of its own: remove it{cure}");
            cx.error(span, message);
        }
    }
}

/// A struct that is flattened has no table and no key.
pub(super) fn group(cx: &Ctxt, group: &Record) {
    let options = &group.options;
    let of_a_record = [
        (options.table.as_ref().map(|table| table.span), "table"),
        (options.envelope.as_ref().map(|envelope| envelope.span), "envelope"),
        (options.plaintext_only, "plaintext_only"),
        (group.partition_key.as_ref().map(|template| template.span), "partition_key"),
        (group.sort_key.as_ref().map(|template| template.span), "sort_key"),
        (options.partition_key_name.as_ref().map(|name| name.span), "partition_key_name"),
        (options.sort_key_name.as_ref().map(|name| name.span), "sort_key_name"),
        (group.indexes.first().map(|index| index.word.span()), "index"),
    ];
    for (span, name) in of_a_record {
        if let Some(span) = span {
            let message =
                format!("`{name}` belongs on the record that this struct is flattened into");
            cx.error(span, message);
        }
    }
    for field in &group.fields {
        for role in field.options.roles.iter().filter(|role| role.value.is_key()) {
            let message = format!(
                "`{}` is a key, which is a field of the record itself: move it there",
                field.ident
            );
            cx.error(role.span, message);
        }
        if let Some(span) = field.options.context {
            let message = format!(
                "`context` belongs on a field of the record itself: move `{}` there",
                field.ident
            );
            cx.error(span, message);
        }
    }
}
