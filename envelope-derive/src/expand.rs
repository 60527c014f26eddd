//! Model → tokens: one schema constant and two lists of fields. Nothing is checked here.

mod debug;
mod encode;
mod fallback;
mod fields;
pub(crate) mod generics;
mod handles;
mod key;
mod maintained;
mod nested;
mod quoting;
mod schema;

pub(crate) use fallback::stub;

use proc_macro2::TokenStream;
use quote::quote;

use self::quoting::local;
use crate::model::{Kind, Record, Shape};

/// The implementations for a record or for a struct to flatten. It has passed every check.
pub(crate) fn record(record: &Record) -> TokenStream {
    let (ident, krate) = (&record.ident, record.krate());
    let generics = generics::owned(record, generics::bounded(record));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, type_generics, _) = record.generics.split_for_impl();
    let (name, constants) = match record.kind {
        Kind::Record => (quote!(EnvelopeRecord), record_constants(record)),
        Kind::Fields => (quote!(EnvelopeFields), schema::of_group(record)),
    };
    let argument = local("fields");
    let writes = record.stored().map(fields::write);
    let reads = record.fields.iter().map(|field| fields::read(record, field));
    // Without parameters, the schema can be checked before it is used.
    let checked = (record.flattens() && record.kind == Kind::Record && generics.params.is_empty())
        .then(|| {
            quote! {
                const _: _envelope::RecordSchema =
                    <#ident as _envelope::EnvelopeRecord>::SCHEMA;
            }
        });

    let stored = record.attributes().any(|field| matches!(field.shape, Shape::Serde | Shape::Set));
    let stored = stored.then(|| quote! { use _envelope::Stored as __EnvelopeStored; });
    let nested = nested::assertions(record);
    let debug = debug::implementation(record);
    let attributes = handles::definition(record);
    let handles = handles::implementation(record, &handles::constructor(record));
    let saved = maintained::saved(record);
    let versioned = maintained::versioned(record).map(|versioned| {
        quote! {
            #[automatically_derived]
            impl #impl_generics _envelope::#versioned for #ident #type_generics #where_clause {}
        }
    });

    quote! {
        const _: () = {
            use #krate::__private as _envelope;
            #stored

            #attributes

            #[automatically_derived]
            impl #impl_generics _envelope::#name for #ident #type_generics #where_clause {
                #constants

                #handles

                #saved

                fn write_fields(
                    &self,
                    #argument: &mut _envelope::FieldWriter,
                ) -> ::core::result::Result<(), _envelope::FieldError> {
                    #(#writes)*
                    ::core::result::Result::Ok(())
                }

                fn read_fields(
                    #argument: &mut _envelope::FieldReader,
                ) -> ::core::result::Result<Self, _envelope::FieldError> {
                    ::core::result::Result::Ok(Self { #(#reads),* })
                }
            }

            #versioned
            #checked
            #nested
            #debug
        };
    }
}

/// The type of the key, the schema and the key's value.
fn record_constants(record: &Record) -> TokenStream {
    let schema = schema::of_record(record);
    let key = key::key_type(record);
    let key_value = key::key_value(record);
    quote! {
        type Key = #key;

        #schema

        fn key(&self) -> impl _envelope::IntoKey<Self::Key> {
            #key_value
        }
    }
}

#[cfg(test)]
mod tests;
