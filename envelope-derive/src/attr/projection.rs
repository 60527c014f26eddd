//! The options of a projection and of its fields. Attributes of serde are not ours: the record says
//! how a field is stored.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Path, Type};

use super::options::RoleName;
use super::suggest;
use super::value::{name_of, path, set, skip_value};
use crate::ctxt::Ctxt;
use crate::symbol;

/// The options of a projection.
#[derive(Default)]
pub(crate) struct ProjectionOptions {
    /// The record.
    pub(crate) of: Option<Type>,
    /// `of` was given. A mistake in it has been reported.
    pub(crate) of_given: bool,
    pub(crate) plaintext_only: Option<Span>,
    pub(crate) debug: Option<Span>,
    pub(crate) krate: Option<Path>,
}

const OF_STRUCT: [&str; 4] = [symbol::OF, symbol::PLAINTEXT_ONLY, symbol::DEBUG, symbol::CRATE];
/// Options that only the record has.
const OF_RECORD: [&str; 7] = [
    symbol::TABLE,
    symbol::ENVELOPE,
    symbol::PARTITION_KEY,
    symbol::PARTITION_KEY_NAME,
    symbol::SORT_KEY,
    symbol::SORT_KEY_NAME,
    symbol::INDEX,
];

impl ProjectionOptions {
    /// Parses the attributes of a struct.
    pub(crate) fn parse(cx: &Ctxt, attributes: &[Attribute]) -> Self {
        let mut options = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident(symbol::ENVELOPE) {
                cx.handle(attribute.parse_nested_meta(|meta| options.option(cx, &meta)));
            } else if let Some(role) = RoleName::parse(attribute.path()) {
                let message = format!("`#[{}]` belongs on a field of the record", role.name());
                cx.error(attribute.path().span(), message);
            }
        }
        options
    }

    /// The path of the runtime crate.
    pub(crate) fn crate_path(&self) -> Path {
        self.krate.clone().unwrap_or_else(|| syn::parse_quote!(::envelope_runtime))
    }

    fn option(&mut self, cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident(symbol::OF) {
            self.of_given = true;
            set(cx, meta, &mut self.of, meta.value()?.parse()?);
        } else if meta.path.is_ident(symbol::PLAINTEXT_ONLY) {
            set(cx, meta, &mut self.plaintext_only, meta.path.span());
        } else if meta.path.is_ident(symbol::DEBUG) {
            set(cx, meta, &mut self.debug, meta.path.span());
        } else if meta.path.is_ident(symbol::CRATE) {
            set(cx, meta, &mut self.krate, path(meta)?);
        } else if OF_RECORD.iter().any(|option| meta.path.is_ident(option)) {
            let name = name_of(&meta.path);
            let message = format!("`{name}` of a projection, which has its record's: remove it");
            cx.error(meta.path.span(), message);
            skip_value(meta)?;
        } else {
            let meant = suggest::unknown_option(cx, meta, "a projection", &OF_STRUCT)?;
            self.of_given |= meant.as_deref() == Some(symbol::OF);
        }
        Ok(())
    }
}

/// Parses the attributes of a projection's field, and returns the place of its `flatten`.
pub(crate) fn projected_field(cx: &Ctxt, attributes: &[Attribute]) -> Option<Span> {
    let mut flatten = None;
    for attribute in attributes {
        if let Some(role) = RoleName::parse(attribute.path()) {
            let message = format!(
                "`#[{}]` on a field of a projection, which has its role in the record: remove it",
                role.name()
            );
            cx.error(attribute.path().span(), message);
        } else if attribute.path().is_ident(symbol::ENVELOPE) {
            cx.handle(attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident(symbol::FLATTEN) {
                    set(cx, &meta, &mut flatten, meta.path.span());
                    return Ok(());
                }
                let name = name_of(&meta.path);
                let message = format!(
                    "`{name}` on a field of a projection, which is stored as the record says: remove it"
                );
                cx.error(meta.path.span(), message);
                skip_value(&meta)
            }));
        }
    }
    flatten
}
