//! Parses attributes into typed options with their places. A mistake is noted, and parsing goes on.

mod envelope;
mod hashed;
mod index;
mod options;
mod projection;
mod serde;
mod suggest;
mod value;

pub(crate) use hashed::HashedOptions;
pub(crate) use options::{
    DefaultValue, FieldOptions, IndexOptions, Project, RoleName, Spanning, StructOptions,
};
pub(crate) use projection::{ProjectionOptions, projected_field};
pub(crate) use suggest::nearest;

use syn::spanned::Spanned;
use syn::{Attribute, Meta};

use crate::ctxt::Ctxt;
use crate::symbol;

impl StructOptions {
    /// Parses the attributes of a struct.
    pub(crate) fn parse(cx: &Ctxt, attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident(symbol::ENVELOPE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.envelope_option(cx, &meta)));
            } else if attribute.path().is_ident(symbol::SERDE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.serde_option(cx, &meta)));
            } else if let Some(role) = RoleName::parse(attribute.path()) {
                cx.error(
                    attribute.path().span(),
                    format!("`#[{}]` belongs on a field of the struct", role.name()),
                );
            }
        }
        options
    }
}

impl FieldOptions {
    /// Parses the attributes of a field.
    pub(crate) fn parse(cx: &Ctxt, attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes {
            if let Some(role) = RoleName::parse(attribute.path()) {
                options.role(cx, role, attribute);
            } else if attribute.path().is_ident(symbol::ENVELOPE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.envelope_option(cx, &meta)));
            } else if attribute.path().is_ident(symbol::SERDE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.serde_option(cx, &meta)));
            }
        }
        options
    }

    fn role(&mut self, cx: &Ctxt, role: RoleName, attribute: &Attribute) {
        let name = role.name();
        if !matches!(attribute.meta, Meta::Path(_)) {
            cx.error(
                attribute.path().span(),
                format!(
                    "`#[{name}]` takes no arguments: put options beside it, in `#[envelope(…)]`"
                ),
            );
        }
        if self.roles.iter().any(|other| other.value == role) {
            cx.error(attribute.path().span(), format!("`#[{name}]` is given twice: remove one"));
        } else {
            self.roles.push(Spanning { value: role, span: attribute.path().span() });
        }
    }
}
