//! The options in `#[envelope(…)]`.

use syn::LitInt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;

use super::hashed::HashedOptions;
use super::options::{FieldOptions, IndexOptions, RoleName, Spanning, StructOptions};
use super::suggest;
use super::value::{default_value, function, member, path, set, skip_value, text};
use crate::ctxt::Ctxt;
use crate::symbol;

impl StructOptions {
    pub(super) fn envelope_option(
        &mut self,
        cx: &Ctxt,
        meta: &ParseNestedMeta<'_>,
    ) -> syn::Result<()> {
        const KNOWN: [&str; 10] = [
            symbol::TABLE,
            symbol::ENVELOPE,
            symbol::PARTITION_KEY,
            symbol::PARTITION_KEY_NAME,
            symbol::SORT_KEY,
            symbol::SORT_KEY_NAME,
            symbol::INDEX,
            symbol::CRATE,
            symbol::PLAINTEXT_ONLY,
            symbol::DEBUG,
        ];
        if meta.path.is_ident(symbol::TABLE) {
            self.table_given = true;
            set(cx, meta, &mut self.table, text(meta)?);
        } else if meta.path.is_ident(symbol::ENVELOPE) {
            set(cx, meta, &mut self.envelope, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY) {
            set(cx, meta, &mut self.partition_key, text(meta)?);
        } else if meta.path.is_ident(symbol::PARTITION_KEY_NAME) {
            set(cx, meta, &mut self.partition_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY) {
            set(cx, meta, &mut self.sort_key, text(meta)?);
        } else if meta.path.is_ident(symbol::SORT_KEY_NAME) {
            set(cx, meta, &mut self.sort_key_name, text(meta)?);
        } else if meta.path.is_ident(symbol::INDEX) {
            self.indexes.extend(IndexOptions::parse(cx, meta)?);
        } else if meta.path.is_ident(symbol::PLAINTEXT_ONLY) {
            set(cx, meta, &mut self.plaintext_only, meta.path.span());
        } else if meta.path.is_ident(symbol::DEBUG) {
            set(cx, meta, &mut self.debug, meta.path.span());
        } else if meta.path.is_ident(symbol::CRATE) {
            set(cx, meta, &mut self.krate, path(meta)?);
        } else {
            let meant = suggest::unknown_option(cx, meta, "a struct", &KNOWN)?;
            self.table_given |= meant.as_deref() == Some(symbol::TABLE);
        }
        Ok(())
    }
}

impl FieldOptions {
    pub(super) fn envelope_option(
        &mut self,
        cx: &Ctxt,
        meta: &ParseNestedMeta<'_>,
    ) -> syn::Result<()> {
        const KNOWN: [&str; 18] = [
            symbol::RENAME,
            symbol::ALIAS,
            symbol::FLATTEN,
            symbol::CATCH_ALL,
            symbol::SKIP,
            symbol::DEFAULT,
            symbol::BYTES,
            symbol::SET,
            symbol::WITH,
            symbol::CONTEXT,
            symbol::SINCE,
            symbol::UNSEALED_UNTIL,
            symbol::VERSION,
            symbol::TTL,
            symbol::CREATED_AT,
            symbol::UPDATED_AT,
            symbol::KEY,
            symbol::HASHED,
        ];
        if meta.path.is_ident(symbol::RENAME) {
            set(cx, meta, &mut self.rename, text(meta)?);
        } else if meta.path.is_ident(symbol::ALIAS) {
            self.aliases.push(text(meta)?);
        } else if meta.path.is_ident(symbol::FLATTEN) {
            set(cx, meta, &mut self.flatten, meta.path.span());
        } else if meta.path.is_ident(symbol::CATCH_ALL) {
            set(cx, meta, &mut self.catch_all, meta.path.span());
        } else if meta.path.is_ident(symbol::SKIP) {
            set(cx, meta, &mut self.skip, meta.path.span());
        } else if meta.path.is_ident(symbol::DEFAULT) {
            set(cx, meta, &mut self.default, default_value(meta)?);
        } else if meta.path.is_ident(symbol::BYTES) {
            set(cx, meta, &mut self.bytes, meta.path.span());
        } else if meta.path.is_ident(symbol::SET) {
            set(cx, meta, &mut self.set, meta.path.span());
        } else if meta.path.is_ident(symbol::WITH) {
            let module = function(meta)?;
            set(cx, meta, &mut self.serialize_with, member(&module, "serialize"));
            self.deserialize_with = Some(member(&module, "deserialize"));
        } else if meta.path.is_ident(symbol::CONTEXT) {
            set(cx, meta, &mut self.context, meta.path.span());
        } else if meta.path.is_ident(symbol::SINCE) {
            let number: LitInt = meta.value()?.parse()?;
            let value = number.base10_parse()?;
            set(cx, meta, &mut self.since, Spanning { value, span: meta.path.span() });
        } else if meta.path.is_ident(symbol::UNSEALED_UNTIL) {
            set(cx, meta, &mut self.unsealed_until, text(meta)?);
        } else if meta.path.is_ident(symbol::VERSION) {
            set(cx, meta, &mut self.version, meta.path.span());
        } else if meta.path.is_ident(symbol::TTL) {
            set(cx, meta, &mut self.ttl, meta.path.span());
        } else if meta.path.is_ident(symbol::CREATED_AT) {
            set(cx, meta, &mut self.created_at, meta.path.span());
        } else if meta.path.is_ident(symbol::UPDATED_AT) {
            set(cx, meta, &mut self.updated_at, meta.path.span());
        } else if meta.path.is_ident(symbol::KEY) {
            set(cx, meta, &mut self.key, text(meta)?);
        } else if meta.path.is_ident(symbol::HASHED) {
            set(cx, meta, &mut self.hashed, HashedOptions::parse(cx, meta)?);
        } else if let Some(role) = RoleName::parse(&meta.path) {
            let name = role.name();
            cx.error(meta.path.span(), format!("`{name}` is an attribute of its own: `#[{name}]`"));
            skip_value(meta)?;
        } else {
            suggest::unknown_option(cx, meta, "a field", &KNOWN)?;
        }
        Ok(())
    }
}
