//! Reads the name of an option and the value behind it.

use proc_macro2::Span;
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{ExprPath, Ident, LitStr, Path, Token};

use super::options::{DefaultValue, Spanning};
use crate::ctxt::Ctxt;

/// Fills an option's slot, and reports an option that is given twice.
pub(super) fn set<T>(cx: &Ctxt, meta: &ParseNestedMeta<'_>, slot: &mut Option<T>, value: T) {
    if slot.is_some() {
        cx.error(meta.path.span(), format!("`{}` is given twice: remove one", name_of(&meta.path)));
    }
    *slot = Some(value);
}

/// Reads a string.
pub(super) fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<Spanning<String>> {
    let literal: LitStr = meta.value()?.parse()?;
    Ok(Spanning { value: literal.value(), span: literal.span() })
}

/// Reads a path, bare or in a string as serde writes it.
pub(super) fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let value = meta.value()?;
    if value.peek(LitStr) {
        value.parse::<LitStr>()?.parse_with(Path::parse_mod_style)
    } else {
        value.call(Path::parse_mod_style)
    }
}

/// Reads a function's path, bare or in a string as serde writes it.
pub(super) fn function(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    let value = meta.value()?;
    if value.peek(LitStr) { value.parse::<LitStr>()?.parse() } else { value.parse() }
}

/// Reads `default` with its function, or alone.
pub(super) fn default_value(meta: &ParseNestedMeta<'_>) -> syn::Result<DefaultValue> {
    if meta.input.peek(Token![=]) {
        function(meta).map(DefaultValue::Function)
    } else {
        Ok(DefaultValue::Trait)
    }
}

/// Skips ` = value` or `(…)` behind an option, so that the options after it are read.
pub(super) fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        meta.input.step(|cursor| {
            cursor
                .token_tree()
                .map_or_else(|| Err(cursor.error("expected a value")), |(_, rest)| Ok(((), rest)))
        })?;
    }
    Ok(())
}

/// Returns the path of a function in the module of a `with`.
pub(super) fn member(module: &ExprPath, name: &str) -> ExprPath {
    let mut path = module.clone();
    path.path.segments.push(Ident::new(name, Span::call_site()).into());
    path
}

/// Returns an option's name as it is written.
pub(super) fn name_of(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
