//! Refuses protected structs inside plaintext fields, where their `#[encrypted]` would do nothing.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use crate::generics::mentions;
use crate::model::{Field, Record, Role, Shape};
use crate::written::{self, span_of};

/// An assertion for each type that the macro does not know, within each plaintext field.
pub(crate) fn assertions(record: &Record) -> TokenStream {
    let parameters: Vec<_> = record
        .generics
        .params
        .iter()
        .map(|parameter| match parameter {
            syn::GenericParam::Type(parameter) => parameter.ident.to_string(),
            syn::GenericParam::Const(parameter) => parameter.ident.to_string(),
            syn::GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
        })
        .chain(["Self".to_owned()])
        .collect();
    let plaintext = |field: &&Field| {
        matches!(field.role, Role::Plain | Role::Authenticated)
            && matches!(field.shape, Shape::Serde | Shape::Set)
    };
    let mut assertions = TokenStream::new();
    for field in record.fields.iter().filter(plaintext) {
        let types = written::named_in(&field.ty)
            .into_iter()
            .filter(|ty| !written::is_known(ty) && !mentions(ty.to_token_stream(), &parameters));
        assertions.extend(types.map(|ty| assertion(field, ty)));
    }
    if assertions.is_empty() {
        return assertions;
    }
    quote! {
        const _: () = {
            use _envelope::__private::nested::Otherwise as _;
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
            !_envelope::__private::nested::Fields::<#ty>::PROTECTS
                && !_envelope::__private::nested::Record::<#ty>::PROTECTS,
            #message
        );
    }
}
