//! The statements that write each field and the expressions that read it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::encode::encode;
use super::quoting::{local, local_at, span_of};
use crate::attr::DefaultValue;
use crate::model::{Field, Kind, Record, Role};

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

/// The statement before the initialisers: the handles that read the fields.
fn handles(record: &Record) -> Option<TokenStream> {
    record.attributes().next()?;
    let handles = local("handles");
    Some(match record.kind {
        Kind::Record => quote!(let #handles = Self::ATTRIBUTES;),
        Kind::Fields => quote! {
            let #handles = <Self::Attributes<()> as _envelope::Handles>::ALL;
        },
    })
}

/// The function that reads all fields.
pub(super) fn read_all(record: &Record) -> TokenStream {
    let (argument, handles) = (local("fields"), handles(record));
    let reads = record.fields.iter().map(|field| read(record, field));
    quote! {
        fn read_fields(
            #argument: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            #handles
            ::core::result::Result::Ok(Self { #(#reads),* })
        }
    }
}

/// The initialiser that reads a field.
fn read(record: &Record, field: &Field) -> TokenStream {
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
    if field.role == Role::Skipped {
        let default = default_of(record, field);
        return quote_spanned!(span=> #ident: #default);
    }
    let handles = local_at("handles", span);
    quote_spanned!(span=> #ident: #handles.#ident.read(#fields)?)
}

/// The value of an absent attribute, if there is one. A field's default takes precedence over its
/// struct's.
pub(super) fn default_of(record: &Record, field: &Field) -> Option<TokenStream> {
    let Field { ident, ty, .. } = field;
    let (of, (_, type_generics, _)) = (&record.ident, record.generics.split_for_impl());
    let of_type = || quote!(<#ty as ::core::default::Default>::default());
    match (&field.default, &record.options.default) {
        (Some(DefaultValue::Trait), _) => Some(of_type()),
        (Some(DefaultValue::Function(function)), _) => Some(quote!(#function())),
        (None, Some(DefaultValue::Trait)) => {
            Some(quote!(<#of #type_generics as ::core::default::Default>::default().#ident))
        }
        (None, Some(DefaultValue::Function(function))) => Some(quote!(#function().#ident)),
        (None, None) => (field.role == Role::Skipped).then(of_type),
    }
}
