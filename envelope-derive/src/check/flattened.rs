//! Rules of flattened fields, and of the structs that are flattened.

use crate::attr::RoleName;
use crate::ctxt::Ctxt;
use crate::model::{Field, Record, Shape, argument_of};

/// A field that is flattened holds a struct that has attributes of its own.
pub(super) fn fields(cx: &Ctxt, record: &Record) {
    for field in &record.fields {
        let options = &field.options;
        if options.flatten.is_none() {
            if let Some(span) = options.serde_flatten {
                cx.error(
                    span,
                    "`#[serde(flatten)]` hides attribute names: add `#[envelope(flatten)]`, and \
                     derive `EnvelopeFields` on the inner struct",
                );
            }
            continue;
        }
        one_field(cx, field);
    }
}

fn one_field(cx: &Ctxt, field: &Field) {
    let (ident, options) = (&field.ident, &field.options);
    for role in &options.roles {
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
    let others = [
        (options.rename.as_ref().map(|rename| rename.span), "rename"),
        (options.aliases.first().map(|alias| alias.span), "alias"),
        (options.skip, "skip"),
        (field.default.is_some().then(|| field.span()), "default"),
        (matches!(field.shape, Shape::With { .. }).then(|| field.span()), "with"),
        (options.bytes, "bytes"),
        (options.set, "set"),
        (options.context, "context"),
        (options.since.as_ref().map(|since| since.span), "since"),
    ];
    for (span, name) in others {
        if let Some(span) = span {
            let message = format!(
                "`{name}` on a flattened field, which has no attribute of its own: remove it, or put \
                 it on the fields of the inner struct"
            );
            cx.error(span, message);
        }
    }
    if argument_of(&field.ty, "Option").is_some() {
        let message = format!(
            "`{ident}` is an Option, and a flattened struct is always there: make its fields \
             Options, or remove `flatten` to store the struct as one attribute"
        );
        cx.error(field.span(), message);
    }
}

/// A struct to flatten has no table and no key.
pub(super) fn group(cx: &Ctxt, group: &Record) {
    let options = &group.options;
    let of_a_record = [
        (options.table.as_ref().map(|table| table.span), "table"),
        (options.envelope.as_ref().map(|envelope| envelope.span), "envelope"),
        (options.plaintext_only, "plaintext_only"),
        (group.partition_key.as_ref().map(|template| template.span), "partition_key"),
        (group.sort_key.as_ref().map(|template| template.span), "sort_key"),
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
