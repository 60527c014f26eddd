//! Refuses protected structs inside plaintext fields, where their `#[encrypted]` would do nothing.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, Type};

use crate::model::{Field, Record, Role, Shape};

/// Types of the language and its prelude, which are asked for nothing. A name that a struct of the
/// user's may well have is not among them.
const KNOWN: &[&str] = &[
    "bool", "char", "str", "String", "f32", "f64", "u8", "u16", "u32", "u64", "u128", "usize",
    "i8", "i16", "i32", "i64", "i128", "isize", "Option", "Vec", "Box", "Rc", "Arc", "Cow",
    "HashMap", "BTreeMap", "HashSet", "BTreeSet", "VecDeque",
];

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
        let mut types = Vec::new();
        collect(&field.ty, &mut types);
        for ty in types
            .into_iter()
            .filter(|ty| !crate::expand::mentions(ty.to_token_stream(), &parameters))
        {
            assertions.extend(assertion(field, ty));
        }
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
    let span = ty.span().resolved_at(Span::call_site());
    quote_spanned! {span=>
        const _: () = ::core::assert!(
            !_envelope::__private::nested::Fields::<#ty>::PROTECTS
                && !_envelope::__private::nested::Record::<#ty>::PROTECTS,
            #message
        );
    }
}

/// The types in a type that could be structs of the user's.
fn collect<'a>(ty: &'a Type, types: &mut Vec<&'a Type>) {
    match ty {
        Type::Group(group) => collect(&group.elem, types),
        Type::Paren(paren) => collect(&paren.elem, types),
        Type::Array(array) => collect(&array.elem, types),
        Type::Slice(slice) => collect(&slice.elem, types),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| collect(ty, types)),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return };
            if !KNOWN.iter().any(|known| last.ident == known) {
                types.push(ty);
            }
            if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                for argument in &arguments.args {
                    if let GenericArgument::Type(ty) = argument {
                        collect(ty, types);
                    }
                }
            }
        }
        _ => {}
    }
}
