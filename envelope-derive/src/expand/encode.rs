//! The function that turns a field's value into an attribute value.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::quoting::span_of;
use crate::model::{Field, Shape};

/// The function's path, or a closure that calls it.
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
        Shape::With { serialize: Some(serialize), .. } => quote!(|value, to| #serialize(value, to)),
    }
}
