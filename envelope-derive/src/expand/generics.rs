//! The parameters of a struct, and the bounds on them.

use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{GenericParam, Generics, Type, parse_quote_spanned};

use crate::attr::DefaultValue;
use crate::model::{Field, Kind, Record, Role, Shape};

/// The generics with the bounds for the fields whose type uses a type parameter.
pub(super) fn bounded(record: &Record) -> Generics {
    let mut generics = record.generics.clone();
    let fields = generic_fields(record);
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

/// The generics with the bounds that the trait requires of the struct itself.
pub(super) fn owned(record: &Record, generics: Generics) -> Generics {
    let span = record.ident.span().resolved_at(Span::call_site());
    owned_as(record, generics, &quote_spanned!(span=> Self))
}

/// The same where `record_type` and not `Self` is the struct.
pub(super) fn owned_as(
    record: &Record,
    mut generics: Generics,
    record_type: &TokenStream,
) -> Generics {
    let is_borrowing = generics.lifetimes().next().is_some();
    let is_generic = generics.type_params().next().is_some();
    if record.kind != Kind::Record {
        return generics;
    }
    let predicates = &mut generics.make_where_clause().predicates;
    // A bound, even if it depends on no parameter, is one place for one message.
    predicates.push(parse_quote_spanned!(record.ident.span().resolved_at(Span::call_site())=> #record_type: ::core::marker::Send));
    if is_generic || is_borrowing {
        predicates.push(syn::parse_quote!(#record_type: 'static));
    }
    // A save returns a copy of a record that it fills in.
    if is_generic && record.is_filled_in() {
        predicates.push(syn::parse_quote!(#record_type: ::core::clone::Clone));
    }
    generics
}

/// The fields whose type uses a type parameter.
pub(super) fn generic_fields(record: &Record) -> Vec<&Field> {
    let parameters: Vec<_> =
        record.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    let is_generic = |ty: &Type| mentions(ty.to_token_stream(), &parameters);
    record.fields.iter().filter(|field| is_generic(&field.ty)).collect()
}

/// Returns whether a type uses a parameter or `Self`, which mean nothing outside of the struct.
pub(super) fn uses_parameters(record: &Record, ty: &Type) -> bool {
    let parameters = record.generics.params.iter().map(|parameter| match parameter {
        GenericParam::Type(parameter) => parameter.ident.to_string(),
        GenericParam::Const(parameter) => parameter.ident.to_string(),
        GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
    });
    let parameters: Vec<_> = parameters.chain(["Self".to_owned()]).collect();
    mentions(ty.to_token_stream(), &parameters)
}

/// Returns whether one of the names is anywhere in the tokens.
pub(crate) fn mentions(tokens: TokenStream, names: &[String]) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
        proc_macro2::TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}
