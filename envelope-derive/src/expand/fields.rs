//! The statements that write each field and the expressions that read it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::encode::encode;
use super::maintained;
use super::quoting::{local, span_of};
use crate::attr::DefaultValue;
use crate::model::{Field, Record, Role, Shape};
use crate::written;

/// The statement that writes a field.
pub(super) fn write(field: &Field) -> TokenStream {
    let ident = &field.ident;
    let (fields, to) = (local("fields"), local("to"));
    // At the type's place, so that a missing trait is shown there.
    let span = span_of(&field.ty);
    if field.role == Role::Flattened {
        return quote_spanned! {span=>
            _envelope::EnvelopeFields::write_fields(&self.#ident, #fields)?;
        };
    }
    if field.role == Role::CatchAll {
        return quote_spanned!(span=> #fields.write_others(&self.#ident)?;);
    }
    if let Some(write) = maintained::write(field) {
        return write;
    }
    match &field.shape {
        Shape::Serde => quote_spanned!(span=> __EnvelopeStored::write(&self.#ident, #fields)?;),
        Shape::Set => quote_spanned!(span=> __EnvelopeStored::write_set(&self.#ident, #fields)?;),
        Shape::With { serialize: None, .. } => {
            let encode = encode(field);
            quote_spanned!(span=> #fields.write_with(|#to| #encode(&self.#ident, #to))?;)
        }
        Shape::Bytes => quote_spanned!(span=> #fields.write_bytes(&self.#ident)?;),
        Shape::OptionalBytes => quote_spanned!(span=> #fields.write_optional_bytes(&self.#ident)?;),
        Shape::With { serialize: Some(serialize), .. } => {
            quote_spanned!(span=> #fields.write_with(|#to| #serialize(&self.#ident, #to))?;)
        }
    }
}

/// The initialiser that reads a field.
pub(super) fn read(record: &Record, field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    let (fields, from) = (local("fields"), local("from"));
    let span = span_of(ty);
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
    let is_array = written::is_array(written::required(ty));
    let value = match (&field.shape, default) {
        (Shape::Serde, None) => {
            return quote_spanned!(span=> #ident: __EnvelopeStored::read(#fields)?);
        }
        // Without the type, it would be inferred from the default.
        (Shape::Serde, Some(default)) => {
            let default = quote!(|| -> #ty { #default });
            return quote_spanned!(span=> #ident: __EnvelopeStored::read_or(#fields, #default)?);
        }
        // An absent set is empty, whatever the default.
        (Shape::Set, _) => {
            return quote_spanned!(span=> #ident: __EnvelopeStored::read_set(#fields)?);
        }
        (Shape::With { deserialize: None, .. }, None) => quote!(read::<#ty>()),
        (Shape::With { deserialize: None, .. }, Some(default)) => {
            quote!(read_or::<#ty>(|| #default))
        }
        // These functions leave no copy of the bytes behind.
        (Shape::Bytes, None) if is_array => quote!(read_with(_envelope::read_array)),
        (Shape::Bytes, Some(default)) if is_array => {
            quote!(read_with_or(_envelope::read_array, || #default))
        }
        (Shape::OptionalBytes, None) if is_array => {
            quote!(read_with(_envelope::read_optional_array))
        }
        (Shape::OptionalBytes, Some(default)) if is_array => {
            quote!(read_with_or(_envelope::read_optional_array, || #default))
        }
        (Shape::Bytes, None) => quote!(read_bytes::<#ty>()),
        (Shape::Bytes, Some(default)) => quote!(read_bytes_or::<#ty>(|| #default)),
        (Shape::OptionalBytes, None) => quote!(read_optional_bytes()),
        (Shape::OptionalBytes, Some(default)) => quote!(read_optional_bytes_or(|| #default)),
        (Shape::With { deserialize: Some(deserialize), .. }, None) => {
            quote!(read_with(|#from| #deserialize(#from)))
        }
        (Shape::With { deserialize: Some(deserialize), .. }, Some(default)) => {
            quote!(read_with_or(|#from| #deserialize(#from), || #default))
        }
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
