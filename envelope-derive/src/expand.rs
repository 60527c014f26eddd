//! Model → tokens: one schema constant and two lists of fields. Nothing is checked here.

mod debug;
mod encode;
mod fallback;
mod fields;
pub(crate) mod generics;
mod handles;
mod indexes;
mod key;
mod maintained;
mod nested;
mod projection;
mod quoting;
mod schema;

pub(crate) use fallback::stub;
pub(crate) use projection::{projection, projection_stub};

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
    let argument = local("fields");
    let writes = record.stored().map(fields::write);
    // Without parameters, the schema can be checked before it is used.
    let checked = (record.flattens() && record.kind == Kind::Record && generics.params.is_empty())
        .then(|| {
            quote! {
                const _: _envelope::RecordSchema =
                    <#ident as _envelope::Readable>::SCHEMA;
            }
        });

    let stored = record.attributes().any(|field| matches!(field.shape, Shape::Serde | Shape::Set));
    let stored = stored.then(|| quote! { use _envelope::Stored as __EnvelopeStored; });
    let nested = nested::assertions(record);
    let debug = debug::implementation(record);
    let attributes = handles::definition(record);
    let handles = handles::all(record);
    let constant = handles::constant(record, &generics, &handles);
    let handles = handles::in_trait(record, &handles);
    let write = quote! {
        fn write_fields(
            &self,
            #argument: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            #(#writes)*
            ::core::result::Result::Ok(())
        }
    };
    let read = fields::read_all(record);
    let indexes = indexes::handles(record, false);
    let implementations = match record.kind {
        Kind::Record => {
            let (key, schema) = (key::key_type(record), schema::of_record(record));
            let needs = schema::needs(record);
            let (key_value, saved) = (key::key_value(record), maintained::saved(record));
            vec![
                (
                    quote!(Readable),
                    quote! {
                        type Key = #key;
                        type Of = Self;
                        type Needs = _envelope::#needs;

                        #schema

                        #handles

                        #read
                    },
                ),
                (
                    quote!(EnvelopeRecord),
                    quote! {
                        fn key(
                            &self,
                        ) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
                            #key_value
                        }

                        #saved

                        #write
                    },
                ),
            ]
        }
        Kind::Fields => {
            let fields = schema::of_group(record);
            vec![(quote!(EnvelopeFields), quote!(#fields #handles #write #read))]
        }
    };
    let implementations = implementations.into_iter().map(|(name, body)| {
        quote! {
            #[automatically_derived]
            impl #impl_generics _envelope::#name for #ident #type_generics #where_clause {
                #body
            }
        }
    });
    let context_in_key = key::holds_context(record).then(|| quote!(ContextInKey));
    let marks = maintained::versioned(record).into_iter().chain(context_in_key);
    let marks =
        marks.chain(key::has_table(record)).chain(key::has_own_sort_key(record)).map(|mark| {
            quote! {
                #[automatically_derived]
                impl #impl_generics _envelope::#mark for #ident #type_generics #where_clause {}
            }
        });

    quote! {
        const _: () = {
            use #krate::__private as _envelope;
            #stored

            #attributes
            #constant

            #(#implementations)*
            #indexes

            #(#marks)*
            #checked
            #nested
            #debug
        };
    }
}

#[cfg(test)]
mod tests;
