//! Refuses protected structs inside plaintext fields, where their `#[encrypted]` would do nothing.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::generics::uses_parameters;
use super::quoting::span_of;
use crate::model::{Field, Record, Role, Shape};
use crate::written;

/// An assertion for each unknown type in each plaintext field.
pub(super) fn assertions(record: &Record) -> TokenStream {
    let plaintext = |field: &&Field| {
        matches!(field.role, Role::Plain | Role::Authenticated)
            && matches!(field.shape, Shape::Serde | Shape::Set)
    };
    let mut assertions = TokenStream::new();
    for field in record.fields.iter().filter(plaintext) {
        let types = written::named_in(&field.ty).into_iter();
        let types = types.filter(|ty| !written::is_known(ty) && !uses_parameters(record, ty));
        assertions.extend(types.map(|ty| assertion(field, ty)));
    }
    if assertions.is_empty() {
        return assertions;
    }
    quote! {
        const _: () = {
            use _envelope::nested::Otherwise as _;
            #assertions
        };
    }
}

fn assertion(field: &Field, ty: &Type) -> TokenStream {
    let message = format!(
        "`{}` would store the `#[encrypted]` fields of its struct in plaintext: mark it \
         `#[encrypted]`, or add `#[envelope(flatten)]`",
        field.plain_ident()
    );
    quote_spanned! {span_of(ty)=>
        const _: () = ::core::assert!(
            !_envelope::nested::Fields::<#ty>::PROTECTS
                && !_envelope::nested::Record::<#ty>::PROTECTS,
            #message
        );
    }
}
