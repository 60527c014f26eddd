//! The struct of a record's typed attribute handles, one per field. Its name shadows no user type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{GenericParam, Generics};

use super::encode::{decode, encode};
use super::fields::default_of;
use super::generics::bounded;
use super::quoting::span_of;
use crate::model::{Field, Kind, Record, Role, Shape};

/// The struct of handles. `_envelope` holds the runtime crate's names for generated code.
pub(super) fn definition(record: &Record) -> TokenStream {
    structure(record, record.listed(), &bounded(record))
}

/// The struct of handles beside errors, without the fields that could cause further errors.
pub(super) fn stub(record: &Record) -> TokenStream {
    structure(record, without_flattened(record), &record.generics)
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
    let generics = of_any_record(generics);
    let where_clause = &generics.where_clause;
    let lifetime_names = record.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let type_names = record.generics.type_params().map(|parameter| &parameter.ident);
    quote! {
        #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
        pub struct __EnvelopeAttributes #generics #where_clause {
            #(#fields)*
            __generics: ::core::marker::PhantomData<
                fn() -> (__Record, #(&#lifetime_names (),)* #(#type_names),*)
            >,
        }
    }
}

/// The parameters, with one for the record before the types and constants.
fn of_any_record(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    generics.params.insert(generics.lifetimes().count(), syn::parse_quote!(__Record));
    generics
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

/// The type of the handles, in the trait that the struct implements; a record's are a constant
/// there.
pub(super) fn in_trait(record: &Record, all: &TokenStream) -> TokenStream {
    match record.kind {
        Kind::Record => {
            let attributes = applied(record, &quote!(Self));
            quote! {
                type Attributes = #attributes;
                const ATTRIBUTES: Self::Attributes = #all;
            }
        }
        Kind::Fields => {
            let attributes = applied(record, &quote!(__Record));
            quote!(type Attributes<__Record> = #attributes;)
        }
    }
}

/// The constant of the handles of a struct to flatten, which the trait cannot hold: a constant has
/// no parameters.
pub(super) fn constant(
    record: &Record,
    generics: &Generics,
    all: &TokenStream,
) -> Option<TokenStream> {
    if record.kind == Kind::Record {
        return None;
    }
    let generics = of_any_record(generics);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics _envelope::Handles
            for __EnvelopeAttributes #type_generics #where_clause
        {
            const ALL: Self = #all;
        }

        #[automatically_derived]
        impl #impl_generics ::core::marker::Copy
            for __EnvelopeAttributes #type_generics #where_clause
        {
        }

        #[automatically_derived]
        impl #impl_generics ::core::clone::Clone
            for __EnvelopeAttributes #type_generics #where_clause
        {
            fn clone(&self) -> Self {
                *self
            }
        }
    })
}

/// An expression for all handles.
pub(super) fn all(record: &Record) -> TokenStream {
    let handles = record.listed().map(|field| {
        let (ident, ty, name) = (&field.ident, &field.ty, &field.name);
        let handle = if field.role == Role::Flattened {
            quote_spanned!(span_of(ty)=> _envelope::Handles::ALL)
        } else {
            let (encode, decode) = (encode(field), decode(field));
            let default = absent(record, field).map(|default| quote!(.or_else(|| #default)));
            let converted = is_written_with(field).then(|| quote!(.converted()));
            match (default, converted) {
                (None, None) => quote!(_envelope::Attribute::new(#name, #encode, #decode)),
                // The type is not inferred through a method call.
                (default, converted) => quote! {
                    _envelope::Attribute::<_, _, #ty>::new(#name, #encode, #decode)
                        #default #converted
                },
            }
        };
        quote_spanned!(span_of(ty)=> #ident: #handle,)
    });
    quote!(__EnvelopeAttributes { #(#handles)* __generics: ::core::marker::PhantomData })
}

/// The same beside errors.
pub(super) fn all_of_stub(record: &Record) -> TokenStream {
    let handles = without_flattened(record).map(|Field { ident, name, .. }| {
        quote!(#ident: _envelope::Attribute::new(#name, |_, _| loop {}, |_| loop {}),)
    });
    quote!(__EnvelopeAttributes { #(#handles)* __generics: ::core::marker::PhantomData })
}

/// The value of an absent attribute, if it is not for the field's type to say.
fn absent(record: &Record, field: &Field) -> Option<TokenStream> {
    // An absent set is empty, whatever the default.
    if matches!(field.shape, Shape::Set) {
        return None;
    }
    default_of(record, field)
}

fn without_flattened(record: &Record) -> impl Iterator<Item = &Field> {
    record.listed().filter(|field| field.role != Role::Flattened)
}

fn handle_type(record: &Record, field: &Field) -> TokenStream {
    let ty = &field.ty;
    let kind = match field.role {
        Role::Flattened => {
            return quote_spanned! {span_of(ty)=>
                <#ty as _envelope::EnvelopeFields>::Attributes<__Record>
            };
        }
        _ if field.hashed().is_some() => quote!(Hashed),
        Role::PartitionKey | Role::SortKey => quote!(Key),
        _ if record.is_part(field) => quote!(Key),
        _ if field.is_context() => quote!(Context),
        _ if field.options.version.is_some() => quote!(Version),
        Role::Authenticated => quote!(Authenticated),
        Role::Encrypted => quote!(Encrypted),
        Role::Plain | Role::Skipped | Role::CatchAll => quote!(Plaintext),
    };
    let mut kind = quote!(_envelope::kind::#kind);
    if record.is_index_part(field) && !record.is_part(field) {
        kind = quote!(_envelope::kind::IndexPart<#kind>);
    }
    if needs_its_attribute(record, field) {
        kind = quote!(_envelope::kind::Converted<#kind>);
    }
    quote!(_envelope::Attribute<__Record, #kind, #ty>)
}

/// Returns whether an absent attribute goes to a user function, which may reject it.
fn needs_its_attribute(record: &Record, field: &Field) -> bool {
    let is_read_with = matches!(field.shape, Shape::With { deserialize: Some(_), .. });
    let has_default = field.default.is_some() || record.options.default.is_some();
    is_read_with && !has_default && !field.shape.is_secret()
}

/// Returns whether a user function writes the field, and with it the names of entries.
fn is_written_with(field: &Field) -> bool {
    matches!(field.shape, Shape::With { serialize: Some(_), .. }) && !field.shape.is_secret()
}
