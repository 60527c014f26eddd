//! The option `hashed` of a field.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::token::Paren;

use super::options::Spanning;
use super::suggest;
use super::value::{set, text};
use crate::ctxt::Ctxt;
use crate::symbol;

const KNOWN: [&str; 5] = [symbol::NAME, symbol::HEX, symbol::TRIM, symbol::LOWERCASE, symbol::NFC];

/// The options of a field's hash.
pub(crate) struct HashedOptions {
    pub(crate) span: Span,
    /// The name of the hash's attribute.
    pub(crate) name: Option<Spanning<String>>,
    /// The hash is stored as text.
    pub(crate) hex: Option<Span>,
    pub(crate) trim: Option<Span>,
    pub(crate) lowercase: Option<Span>,
    pub(crate) nfc: Option<Span>,
}

impl HashedOptions {
    /// Parses what follows the option's name: nothing, or options in parentheses.
    pub(super) fn parse(cx: &Ctxt, meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let span = meta.path.span();
        let mut hashed =
            Self { span, name: None, hex: None, trim: None, lowercase: None, nfc: None };
        if !meta.input.peek(Paren) {
            return Ok(hashed);
        }
        meta.parse_nested_meta(|meta| {
            let span = meta.path.span();
            if meta.path.is_ident(symbol::NAME) {
                set(cx, &meta, &mut hashed.name, text(&meta)?);
            } else if meta.path.is_ident(symbol::HEX) {
                set(cx, &meta, &mut hashed.hex, span);
            } else if meta.path.is_ident(symbol::TRIM) {
                set(cx, &meta, &mut hashed.trim, span);
            } else if meta.path.is_ident(symbol::LOWERCASE) {
                set(cx, &meta, &mut hashed.lowercase, span);
            } else if meta.path.is_ident(symbol::NFC) {
                set(cx, &meta, &mut hashed.nfc, span);
            } else {
                suggest::unknown_option(cx, &meta, "`hashed`", &KNOWN)?;
            }
            Ok(())
        })?;
        Ok(hashed)
    }

    /// The place of mistakes about the hash's name.
    pub(crate) fn span(&self) -> Span {
        self.name.as_ref().map_or(self.span, |name| name.span)
    }

    /// Returns whether texts are normalised before they are hashed.
    pub(crate) fn normalizes(&self) -> bool {
        self.trim.or(self.lowercase).or(self.nfc).is_some()
    }
}
