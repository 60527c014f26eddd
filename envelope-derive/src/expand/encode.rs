//! The functions that turn a field's value into an attribute value, and back.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::quoting::{local, span_of};
use crate::model::{Field, Shape};
use crate::written;

/// The path of the function that writes a field, or a closure that calls it.
pub(super) fn encode(field: &Field) -> TokenStream {
    match &field.shape {
        // At the type's place, so that a missing trait is shown once for all uses.
        Shape::Serde => quote_spanned!(span_of(&field.ty)=> __EnvelopeStored::encode),
        Shape::Set => quote_spanned!(span_of(&field.ty)=> __EnvelopeStored::encode_set),
        Shape::With { serialize: None, .. } => {
            quote_spanned!(span_of(&field.ty)=> _envelope::Serialize::serialize)
        }
        Shape::Bytes => quote!(_envelope::encode_bytes),
        Shape::OptionalBytes => quote!(_envelope::encode_optional_bytes),
        Shape::With { serialize: Some(serialize), .. } => {
            let (value, to) = (local("value"), local("to"));
            quote!(|#value, #to| #serialize(#value, #to))
        }
    }
}

/// The path of the function that reads a field, or a closure that calls it.
pub(super) fn decode(field: &Field) -> TokenStream {
    let ty = &field.ty;
    let span = span_of(ty);
    let is_array = written::is_array(written::required(ty));
    match &field.shape {
        Shape::Serde if written::is(written::required(ty), "String") => {
            quote_spanned!(span=> _envelope::decode_text)
        }
        Shape::Serde => quote_spanned!(span=> __EnvelopeStored::decode),
        Shape::Set => quote_spanned!(span=> __EnvelopeStored::decode_set),
        Shape::With { deserialize: None, .. } => {
            quote_spanned!(span=> _envelope::Deserialize::deserialize)
        }
        // These functions leave no copy of the bytes behind.
        Shape::Bytes if is_array => quote!(_envelope::decode_array),
        Shape::OptionalBytes if is_array => quote!(_envelope::decode_optional_array),
        Shape::Bytes if written::is_byte_vector(ty) => quote!(_envelope::decode_vec),
        Shape::OptionalBytes if written::is_byte_vector(ty) => {
            quote!(_envelope::decode_optional_vec)
        }
        Shape::Bytes => quote!(_envelope::decode_bytes),
        Shape::OptionalBytes => quote!(_envelope::decode_optional_bytes),
        Shape::With { deserialize: Some(deserialize), .. } => {
            let from = local("from");
            quote!(|#from| #deserialize(#from))
        }
    }
}
