//! serde's attributes: honoured, harmless, or refused with this crate's equivalent. An attribute
//! that changes what is stored is never ignored.

use syn::LitStr;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;

use super::options::{FieldOptions, Spanning, StructOptions};
use super::value::{default_value, function, member, name_of, skip_value, text};
use crate::case::RenameRule;
use crate::ctxt::Ctxt;
use crate::symbol;

/// Attributes of a struct that change only what serde's own derive does.
const HARMLESS_ON_STRUCT: [&str; 5] =
    ["bound", "crate", "deny_unknown_fields", "expecting", "rename"];
/// Attributes of a field that change only what serde's own derive does.
const HARMLESS_ON_FIELD: [&str; 1] = ["bound"];

impl StructOptions {
    pub(super) fn serde_option(
        &mut self,
        cx: &Ctxt,
        meta: &ParseNestedMeta<'_>,
    ) -> syn::Result<()> {
        if meta.path.is_ident(symbol::RENAME_ALL) {
            if let Some(rule) = one_name(cx, meta, "give each field `#[envelope(rename = \"…\")]`")?
            {
                self.rename_all = RenameRule::parse(&rule.value);
                if self.rename_all.is_none() {
                    let names = RenameRule::NAMES.map(|(name, _)| name).join("`, `");
                    cx.error(rule.span, format!("unknown rename rule; expected one of `{names}`"));
                }
            }
        } else if meta.path.is_ident(symbol::DEFAULT) {
            self.default = Some(default_value(meta)?);
        } else if HARMLESS_ON_STRUCT.iter().any(|name| meta.path.is_ident(name)) {
            skip_value(meta)?;
        } else {
            let name = name_of(&meta.path);
            let cure = match name.as_str() {
                "transparent" => "a record is an item with attributes; use the inner struct",
                "tag" => "store the tag as a field of its own",
                "from" | "try_from" | "into" => "derive on the type that is stored",
                _ => "remove it, or derive on a struct without it",
            };
            refuse(cx, meta, cure)?;
        }
        Ok(())
    }
}

impl FieldOptions {
    pub(super) fn serde_option(
        &mut self,
        cx: &Ctxt,
        meta: &ParseNestedMeta<'_>,
    ) -> syn::Result<()> {
        let is = |name: &str| meta.path.is_ident(name);
        if is(symbol::RENAME) {
            self.serde_rename = one_name(cx, meta, "use `#[envelope(rename = \"…\")]`")?;
        } else if is(symbol::ALIAS) {
            self.aliases.push(text(meta)?);
        } else if is(symbol::FLATTEN) {
            self.serde_flatten = Some(meta.path.span());
        } else if is(symbol::SKIP) {
            self.serde_skip = Some(meta.path.span());
        } else if is(symbol::DEFAULT) {
            self.serde_default = Some(default_value(meta)?);
        } else if is(symbol::WITH) {
            let module = function(meta)?;
            self.serde_serialize_with = Some(member(&module, "serialize"));
            self.serde_deserialize_with = Some(member(&module, "deserialize"));
        } else if is(symbol::SERIALIZE_WITH) {
            self.serde_serialize_with = Some(function(meta)?);
        } else if is(symbol::DESERIALIZE_WITH) {
            self.serde_deserialize_with = Some(function(meta)?);
        } else if is(symbol::SKIP_SERIALIZING_IF) {
            let condition: LitStr = meta.value()?.parse()?;
            let value: String = condition.value().split_whitespace().collect();
            if !matches!(
                value.trim_start_matches("::"),
                "Option::is_none"
                    | "std::option::Option::is_none"
                    | "core::option::Option::is_none"
            ) {
                cx.error(
                    condition.span(),
                    "only `skip_serializing_if = \"Option::is_none\"` is supported: remove it; an Option \
                     that is None, and an empty `#[envelope(set)]`, are absent by themselves",
                );
            }
        } else if HARMLESS_ON_FIELD.iter().any(|name| is(name)) {
            skip_value(meta)?;
        } else {
            let name = name_of(&meta.path);
            let cure = match name.as_str() {
                "borrow" => "a record owns its fields; use an owned type",
                "skip_serializing" | "skip_deserializing" => {
                    "what is saved must load again; use `#[envelope(skip)]`"
                }
                _ => "remove it, or use a type that does it",
            };
            refuse(cx, meta, cure)?;
        }
        Ok(())
    }
}

fn refuse(cx: &Ctxt, meta: &ParseNestedMeta<'_>, cure: &str) -> syn::Result<()> {
    let name = name_of(&meta.path);
    cx.error(meta.path.span(), format!("`#[serde({name})]` is not supported: {cure}"));
    skip_value(meta)
}

/// Reads `name = "…"`. The form with a name for each direction is refused.
fn one_name(
    cx: &Ctxt,
    meta: &ParseNestedMeta<'_>,
    cure: &str,
) -> syn::Result<Option<Spanning<String>>> {
    if meta.input.peek(syn::Token![=]) {
        return text(meta).map(Some);
    }
    let name = name_of(&meta.path);
    let message = format!("`{name}` with one name for each direction is not supported: {cure}");
    cx.error(meta.path.span(), message);
    skip_value(meta)?;
    Ok(None)
}
