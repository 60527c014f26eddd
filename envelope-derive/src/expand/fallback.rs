//! A stub beside the errors, so that one mistake is one message and editor completion keeps
//! working.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

use super::{debug, generics, handles, indexes, key, maintained, schema};
use crate::model::{Field, Kind, Record, Role};

/// The errors, and a stub of the implementations. If the input is not a struct with named fields,
/// `parsed` has only the path of the runtime crate.
pub(crate) fn stub(
    kind: Kind,
    input: &DeriveInput,
    parsed: Result<&Record, &Path>,
    errors: &syn::Error,
) -> TokenStream {
    let errors = errors.to_compile_error();
    let krate = parsed.map_or_else(Path::clone, Record::krate);
    let record = parsed.ok();
    // An editor completes handles, and other code names them.
    let attributes = record.map(handles::stub);
    let all = record.map(handles::all_of_stub);
    let handles = match (record, &all) {
        (Some(record), Some(all)) => handles::in_trait(record, all),
        _ => no_handles(kind),
    };
    let constant = match (record, &all) {
        (Some(record), Some(all)) => handles::constant(record, &record.generics, all),
        _ => None,
    };
    let versioned = record.and_then(maintained::versioned);
    let versioned = versioned.or_else(|| (kind == Kind::Record).then(|| quote!(Unversioned)));
    let saved = versioned.as_ref().map(|_| {
        let is_filled_in = record.is_some_and(Record::is_filled_in);
        let saved = if is_filled_in { quote!(_envelope::Saved<Self>) } else { quote!(()) };
        quote! {
            type Saved = #saved;

            fn saved(
                &self,
                _: _envelope::Now,
            ) -> ::core::result::Result<#saved, _envelope::FieldError> {
                loop {}
            }
        }
    });
    // Calls for its table and its partitions are no further mistakes.
    let others = (kind == Kind::Record).then(|| [quote!(HasTable), quote!(OwnSortKey)]);
    let marks = versioned.into_iter().chain(others.into_iter().flatten());
    let debug = record.and_then(debug::implementation);
    let indexes = record.and_then(|record| indexes::handles(record, true));
    let write = quote! {
        fn write_fields(
            &self,
            _: &mut _envelope::FieldWriter,
        ) -> ::core::result::Result<(), _envelope::FieldError> {
            loop {}
        }
    };
    let read = quote! {
        fn read_fields(
            _: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            loop {}
        }
    };
    let implementations = match kind {
        Kind::Record => {
            let (constants, key) = key_of(record);
            vec![
                (quote!(Readable), quote!(#constants #handles #read)),
                (quote!(EnvelopeRecord), quote!(#key #saved #write)),
            ]
        }
        Kind::Fields => {
            let fields = quote!(
                const FIELDS: &'static [_envelope::FieldSchema] = &[];
            );
            vec![(quote!(EnvelopeFields), quote!(#fields #handles #write #read))]
        }
    };
    let ident = &input.ident;
    let parameters = input.generics.clone();
    let parameters = match record {
        Some(record) => generics::owned(record, parameters),
        None => parameters,
    };
    let (impl_generics, type_generics, where_clause) = parameters.split_for_impl();
    let implementations = implementations.into_iter().map(|(name, body)| {
        quote! {
            #[automatically_derived]
            impl #impl_generics _envelope::#name for #ident #type_generics #where_clause {
                #body
            }
        }
    });
    quote! {
        #errors

        const _: () = {
            use #krate::__private as _envelope;

            #attributes
            #constant

            #(#implementations)*
            #indexes

            #(
                #[automatically_derived]
                impl #impl_generics _envelope::#marks for #ident #type_generics #where_clause {}
            )*

            #debug
        };
    }
}

fn no_handles(kind: Kind) -> TokenStream {
    match kind {
        Kind::Record => quote! {
            type Attributes = ();
            const ATTRIBUTES: () = ();
        },
        Kind::Fields => quote!(
            type Attributes<__Record> = ();
        ),
    }
}

/// The type of the key with an empty schema, and the function that returns the key.
fn key_of(record: Option<&Record>) -> (TokenStream, TokenStream) {
    // A flattened struct cannot be a part of a key. That has been reported.
    let is_part = |field: &&Field| !matches!(field.role, Role::Flattened | Role::CatchAll);
    let record = record.filter(|record| record.key_fields().iter().all(is_part));
    let key = record.and_then(|record| Some((key::key_type(record)?, key::key_value(record))));
    let (key, key_value) = key.unwrap_or_else(|| {
        (quote!(_envelope::Simple<::std::string::String>), quote!(::std::string::String::new()))
    });
    let needs = record.map_or_else(|| quote!(Decrypt), schema::needs);
    let constants = quote! {
        type Key = #key;
        type Of = Self;
        type Needs = _envelope::#needs;

        const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);
    };
    let function = quote! {
        fn key(&self) -> impl _envelope::IntoKey<<Self as _envelope::Readable>::Key> {
            #key_value
        }
    };
    (constants, function)
}
