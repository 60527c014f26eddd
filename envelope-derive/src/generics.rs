//! The parameters of a struct, with what an implementation for it asks of them.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Generics, Type};

use crate::attr::DefaultValue;
use crate::maintained;
use crate::model::{Field, Kind, Record, Role, Shape};

/// The generics with what the fields that use a type parameter need.
pub(crate) fn bounded(record: &Record) -> Generics {
    let mut generics = record.generics.clone();
    let parameters: Vec<_> =
        record.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    let generic = |ty: &Type| mentions(ty.to_token_stream(), &parameters);
    let fields: Vec<_> = record.fields.iter().filter(|field| generic(&field.ty)).collect();
    if fields.is_empty() {
        return generics;
    }
    let (ident, (_, type_generics, _)) = (&record.ident, record.generics.split_for_impl());
    let clause = generics.make_where_clause();
    if let Some(DefaultValue::Trait) = record.options.default {
        clause.predicates.push(syn::parse_quote!(#ident #type_generics: ::core::default::Default));
    }
    let krate = record.krate();
    for Field { ty, role, shape, default, .. } in fields {
        let default_needed = matches!(default, Some(DefaultValue::Trait))
            || (*role == Role::Skipped && default.is_none() && record.options.default.is_none());
        if default_needed {
            clause.predicates.push(syn::parse_quote!(#ty: ::core::default::Default));
        }
        if matches!(role, Role::Skipped | Role::CatchAll) {
            continue;
        }
        if *role == Role::Flattened {
            clause.predicates.push(syn::parse_quote!(#ty: #krate::EnvelopeFields));
            continue;
        }
        if matches!(shape, Shape::Serde | Shape::Set | Shape::With { serialize: None, .. }) {
            clause.predicates.push(syn::parse_quote!(#ty: #krate::__private::Serialize));
        }
        if matches!(shape, Shape::Serde | Shape::Set | Shape::With { deserialize: None, .. }) {
            clause.predicates.push(syn::parse_quote!(#ty: #krate::__private::DeserializeOwned));
        }
    }
    generics
}

/// The generics of an implementation for a record with what the trait asks of the struct.
pub(crate) fn owned(record: &Record, mut generics: Generics) -> Generics {
    let parameters = (generics.lifetimes().next(), generics.type_params().next());
    if record.kind != Kind::Record || matches!(parameters, (None, None)) {
        return generics;
    }
    // A save gives back a copy of a record that it fills in.
    let given_back = parameters.1.is_some() && maintained::is_filled_in(record);
    let predicates = &mut generics.make_where_clause().predicates;
    predicates.push(syn::parse_quote!(Self: 'static));
    if given_back {
        predicates.push(syn::parse_quote!(Self: ::core::clone::Clone + ::core::marker::Send));
    }
    generics
}

/// Whether the tokens have one of the names anywhere.
pub(crate) fn mentions(tokens: TokenStream, names: &[String]) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
        proc_macro2::TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}
