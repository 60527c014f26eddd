//! The indexes of a record: their schemas, and the constant of their handles.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::generics;
use super::key::{key_part, key_template, sorted_part};
use super::quoting::span_of;
use crate::attr::Project;
use crate::model::{Field, Index, Kind, Record, Shape, Side};
use crate::written;

/// The option of the record's schema.
pub(super) fn schema(record: &Record) -> Option<TokenStream> {
    if record.indexes.is_empty() {
        return None;
    }
    let indexes = record.indexes.iter().map(|index| {
        let name = &index.name;
        let (partition, sort) = (keys(record, &index.partition), keys(record, &index.sort));
        let new = if index.is_local() {
            quote!(local(#name, &[#sort]))
        } else {
            quote!(global(#name, &[#partition], &[#sort]))
        };
        let project = match &index.project {
            Project::All => None,
            Project::Keys => Some(quote!(.keys_only())),
            Project::Include(names) => {
                let names = names.iter().filter_map(|name| record.part(&name.value));
                let names = names.map(|field| &field.name);
                Some(quote!(.including(&[#(#names),*])))
            }
        };
        quote!(_envelope::IndexSchema::#new #project)
    });
    Some(quote!(.indexes(&[#(#indexes),*])))
}

fn keys(record: &Record, side: &Side) -> TokenStream {
    match side {
        Side::None => TokenStream::new(),
        Side::Fields(names) => {
            let names = names.iter().filter_map(|name| record.part(&name.value));
            let names = names.map(|field| &field.name);
            quote!(#(_envelope::KeyAttribute::Field(#names)),*)
        }
        Side::Template(template) => {
            let template = key_template(record, template);
            quote!(_envelope::KeyAttribute::Template(#template))
        }
    }
}

/// The struct of handles, and the constant of the record. `of_stub` leaves out what a mistake could
/// make a further one.
pub(super) fn handles(record: &Record, of_stub: bool) -> Option<TokenStream> {
    if record.indexes.is_empty() || record.kind != Kind::Record {
        return None;
    }
    let bounded = if of_stub { record.generics.clone() } else { generics::bounded(record) };
    let (_, type_generics, _) = record.generics.split_for_impl();
    let ident = &record.ident;
    let of = quote!(#ident #type_generics);
    let mut generics = generics::owned_as(record, bounded, &of);
    if record.indexes.iter().any(|index| !index.holds_all()) {
        // The values of keys are given out.
        for field in generics::generic_fields(record) {
            if record.key_fields().iter().any(|key| key.ident == field.ident) {
                let ty = &field.ty;
                let predicates = &mut generics.make_where_clause().predicates;
                predicates.push(syn::parse_quote!(#ty: ::core::marker::Send + 'static));
            }
        }
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let mut words = BTreeSet::new();
    let indexes = record.indexes.iter().filter(|index| words.insert(index.word.to_string()));
    let indexes: Vec<_> = indexes.collect();
    let fields = indexes.iter().map(|index| {
        let (word, handle) = (&index.word, handle(index));
        let key = if of_stub && !is_known(record, index) {
            quote!(_envelope::Simple<::std::string::String>)
        } else {
            key(record, index)
        };
        let reads = if index.holds_all() { of.clone() } else { quote!(_envelope::Keys<#of>) };
        quote!(pub #word: _envelope::#handle<#of, #key, #reads>,)
    });
    let values = indexes.iter().map(|index| {
        let (word, handle, name) = (&index.word, handle(index), &index.name);
        quote!(#word: _envelope::#handle::new(#name),)
    });
    Some(quote! {
        #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces)]
        pub struct __EnvelopeIndexes #impl_generics #where_clause {
            #(#fields)*
        }

        #[automatically_derived]
        impl #impl_generics #ident #type_generics #where_clause {
            /// The indexes of the record's table, for `store.query_index(…)`.
            #[allow(dead_code, private_interfaces, unreachable_pub)]
            pub const INDEXES: __EnvelopeIndexes #type_generics = __EnvelopeIndexes { #(#values)* };
        }
    })
}

fn handle(index: &Index) -> proc_macro2::Ident {
    format_ident!("{}", if index.is_local() { "LocalIndex" } else { "Index" })
}

/// Returns whether all fields of the key exist.
fn is_known(record: &Record, index: &Index) -> bool {
    index.parts().all(|name| record.part(name).is_some())
}

/// The type of the key.
fn key(record: &Record, index: &Index) -> TokenStream {
    let fields = |side: &Side| -> Vec<&Field> {
        let mut fields: Vec<&Field> = Vec::new();
        for field in side.parts().filter_map(|name| record.part(name)) {
            if !fields.iter().any(|other| other.ident == field.ident) {
                fields.push(field);
            }
        }
        fields
    };
    let (partition, is_made) = if index.is_local() {
        (record.split_key().0, record.partition_key.is_some())
    } else {
        (fields(&index.partition), index.partition.template().is_some())
    };
    let mut sort = fields(&index.sort);
    let p: Vec<_> = partition.iter().map(|field| part(field)).collect();
    let s: Vec<_> = match index.sort.template() {
        None => sort.iter().map(|field| part(field)).collect(),
        Some(template) => {
            sort.retain(|field| !partition.iter().any(|other| other.ident == field.ident));
            sort.iter().map(|field| sorted_part(template, field, part(field))).collect()
        }
    };
    let is_made = is_made || index.sort.template().is_some();
    match (p.as_slice(), s.as_slice()) {
        ([p], []) if !is_made => quote!(_envelope::Simple<#p>),
        ([p], [s]) if !is_made => quote!(_envelope::Composite<#p, #s>),
        _ => quote!(_envelope::Parts<(#(#p,)*), (#(#s,)*)>),
    }
}

/// The type of a part: that of the value, because a query asks for what is there.
fn part(field: &Field) -> TokenStream {
    if field.hashed().is_some() {
        return key_part(field);
    }
    let ty = written::required(&field.ty);
    match field.shape {
        Shape::Bytes | Shape::OptionalBytes => quote!(_envelope::Bytes),
        Shape::Serde | Shape::Set | Shape::With { .. } => {
            let ty = ty.to_token_stream();
            quote_spanned!(span_of(&field.ty)=> #ty)
        }
    }
}
