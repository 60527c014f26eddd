//! The statements that write each field and the expressions that read it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::encode::{decode, encode};
use super::quoting::{local_at, span_of};
use crate::attr::DefaultValue;
use crate::model::{Field, Record, Role, Shape};

/// The statement that writes a field.
pub(super) fn write(field: &Field) -> TokenStream {
    let ident = &field.ident;
    // At the type's place, so that a missing trait is shown there.
    let span = span_of(&field.ty);
    let fields = local_at("fields", span);
    if field.role == Role::Flattened {
        return quote_spanned! {span=>
            _envelope::EnvelopeFields::write_fields(&self.#ident, #fields)?;
        };
    }
    if field.role == Role::CatchAll {
        return quote_spanned!(span=> #fields.write_others(&self.#ident)?;);
    }
    let encode = encode(field);
    quote_spanned!(span=> #fields.write(&self.#ident, #encode)?;)
}

/// The initialiser that reads a field.
pub(super) fn read(record: &Record, field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    let span = span_of(ty);
    let fields = local_at("fields", span);
    if field.role == Role::Flattened {
        return quote_spanned! {span=>
            #ident: <#ty as _envelope::EnvelopeFields>::read_fields(#fields)?
        };
    }
    if field.role == Role::CatchAll {
        return quote_spanned!(span=> #ident: #fields.read_others());
    }
    let default = default_of(record, field);
    if field.role == Role::Skipped {
        return quote_spanned!(span=> #ident: #default);
    }
    let decode = decode(field);
    let value = match default {
        // An absent set is empty, whatever the default.
        Some(default) if !matches!(field.shape, Shape::Set) => {
            // Without the type, it would be inferred from the default.
            quote!(read_or(#decode, || -> #ty { #default }))
        }
        _ => quote!(read(#decode)),
    };
    quote_spanned!(span=> #ident: #fields.#value?)
}

/// The value of an absent attribute, if there is one. A field's default takes precedence over its
/// struct's.
fn default_of(record: &Record, field: &Field) -> Option<TokenStream> {
    let Field { ident, ty, .. } = field;
    let of_type = || quote!(<#ty as ::core::default::Default>::default());
    match (&field.default, &record.options.default) {
        (Some(DefaultValue::Trait), _) => Some(of_type()),
        (Some(DefaultValue::Function(function)), _) => Some(quote!(#function())),
        (None, Some(DefaultValue::Trait)) => {
            Some(quote!(<Self as ::core::default::Default>::default().#ident))
        }
        (None, Some(DefaultValue::Function(function))) => Some(quote!(#function().#ident)),
        (None, None) => (field.role == Role::Skipped).then(of_type),
    }
}
