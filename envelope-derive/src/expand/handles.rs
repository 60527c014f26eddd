//! The struct of a record's typed attribute handles, one per field. Its name shadows no user type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{GenericParam, Generics};

use super::encode::encode;
use super::generics::bounded;
use super::quoting::span_of;
use crate::model::{Field, Kind, Record, Role, Shape};

/// The struct of handles. `_envelope` holds the runtime crate's names for generated code.
pub(super) fn definition(record: &Record) -> TokenStream {
    structure(record, record.listed(), &bounded(record))
}

/// The struct of handles beside errors, without the fields that could cause further errors.
pub(super) fn stub(record: &Record) -> TokenStream {
    let fields = record.listed().filter(|field| field.role != Role::Flattened);
    structure(record, fields, &record.generics)
}

fn structure<'a>(
    record: &Record,
    fields: impl Iterator<Item = &'a Field>,
    generics: &Generics,
) -> TokenStream {
    let fields = fields.map(|field| {
        let (ident, ty) = (&field.ident, handle_type(record, field));
        quote_spanned!(span_of(&field.ty)=> pub #ident: #ty,)
    });
    let where_clause = &generics.where_clause;
    let (lifetimes, others): (Vec<_>, Vec<_>) = generics
        .params
        .iter()
        .partition(|parameter| matches!(parameter, GenericParam::Lifetime(_)));
    let lifetime_names = record.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let type_names = record.generics.type_params().map(|parameter| &parameter.ident);
    quote! {
        #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
        pub struct __EnvelopeAttributes<#(#lifetimes,)* __Record, #(#others),*> #where_clause {
            #(#fields)*
            __generics: ::core::marker::PhantomData<
                fn() -> (__Record, #(&#lifetime_names (),)* #(#type_names),*)
            >,
        }
    }
}

/// The struct's type, with the record's own parameters.
fn applied(record: &Record, of: &TokenStream) -> TokenStream {
    let lifetimes = record.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let others = record.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    quote!(__EnvelopeAttributes<#(#lifetimes,)* #of, #(#others),*>)
}

/// The trait's type of the handles, and the function that creates them.
pub(super) fn implementation(record: &Record, body: &TokenStream) -> TokenStream {
    let of = match record.kind {
        Kind::Record => quote!(Self),
        Kind::Fields => quote!(__Record),
    };
    let attributes = applied(record, &of);
    match record.kind {
        Kind::Record => quote! {
            type Attributes = #attributes;

            fn attributes() -> Self::Attributes {
                #body
            }
        },
        Kind::Fields => quote! {
            type Attributes<__Record> = #attributes;

            fn attributes<__Record>() -> Self::Attributes<__Record> {
                #body
            }
        },
    }
}

/// An expression that creates all handles.
pub(super) fn constructor(record: &Record) -> TokenStream {
    let handles = record.listed().map(|field| {
        let (ident, ty, name) = (&field.ident, &field.ty, &field.name);
        let handle = if field.role == Role::Flattened {
            quote_spanned!(span_of(ty)=> <#ty as _envelope::EnvelopeFields>::attributes())
        } else {
            let encode = encode(field);
            quote!(_envelope::Attribute::new(#name, #encode))
        };
        quote_spanned!(span_of(ty)=> #ident: #handle,)
    });
    quote!(__EnvelopeAttributes { #(#handles)* __generics: ::core::marker::PhantomData })
}

fn handle_type(record: &Record, field: &Field) -> TokenStream {
    let ty = &field.ty;
    let kind = match field.role {
        Role::Flattened => {
            return quote_spanned! {span_of(ty)=>
                <#ty as _envelope::EnvelopeFields>::Attributes<__Record>
            };
        }
        Role::PartitionKey | Role::SortKey => quote!(Key),
        _ if record.is_part(field) => quote!(Key),
        _ if field.is_context() => quote!(Context),
        _ if field.options.version.is_some() => quote!(Version),
        Role::Authenticated => quote!(Authenticated),
        Role::Encrypted => quote!(Encrypted),
        Role::Plain | Role::Skipped | Role::CatchAll => quote!(Plaintext),
    };
    let kind = if needs_its_attribute(record, field) {
        quote!(_envelope::kind::Converted<_envelope::kind::#kind>)
    } else {
        quote!(_envelope::kind::#kind)
    };
    quote!(_envelope::Attribute<__Record, #kind, #ty>)
}

/// Returns whether an absent attribute goes to a user function, which may reject it.
fn needs_its_attribute(record: &Record, field: &Field) -> bool {
    let is_read_with = matches!(field.shape, Shape::With { deserialize: Some(_), .. });
    let has_default = field.default.is_some() || record.options.default.is_some();
    is_read_with && !has_default && !field.shape.is_secret()
}
