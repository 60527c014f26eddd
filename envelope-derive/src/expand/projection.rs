//! The implementations of a projection. The record's handles say how each field is stored and read.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, parse_quote_spanned};

use super::generics::mentions;
use super::quoting::{local, local_at, span_of};
use crate::model::{ProjectedField, Projection};

/// The implementations for a projection. It has passed every check.
pub(crate) fn projection(projection: &Projection) -> TokenStream {
    let of = &projection.of;
    let project = match projection.options.plaintext_only {
        Some(_) => quote!(project_plaintext),
        None => quote!(project),
    };
    let (fields, handles) = (local("fields"), local("handles"));
    let with_handles = (!projection.fields.iter().all(|field| field.is_flattened))
        .then(|| quote!(let #handles = Self::ATTRIBUTES;));
    let reads = projection.fields.iter().map(read);
    // Without parameters, the schema can be checked before it is used.
    let ident = &projection.ident;
    let checked = projection.generics.params.is_empty().then(|| {
        quote! {
            const _: _envelope::RecordSchema = <#ident as _envelope::Readable>::SCHEMA;
        }
    });
    let flattened = projection.fields.iter().filter(|field| field.is_flattened);
    let flattened = flattened.map(|ProjectedField { ident, ty, .. }| {
        // At the type's place, where a struct that is flattened nowhere is shown.
        quote_spanned! {span_of(ty)=>
            let _: <#ty as _envelope::EnvelopeFields>::Attributes<#of> = Self::ATTRIBUTES.#ident;
        }
    });
    let body = quote! {
        const SCHEMA: _envelope::RecordSchema = <#of as _envelope::Readable>::SCHEMA
            .#project(<Self as _envelope::ProjectedFields>::FIELDS);

        fn read_fields(
            #fields: &mut _envelope::FieldReader,
        ) -> ::core::result::Result<Self, _envelope::FieldError> {
            #(#flattened)*
            #with_handles
            ::core::result::Result::Ok(Self { #(#reads),* })
        }
    };
    let (fields, debug) = (schema_fields(projection), debug(projection));
    implementation(projection, &body, &quote!(#fields #checked #debug))
}

/// The errors, and a stub of the implementations, so that one mistake is one message.
pub(crate) fn projection_stub(projection: Option<&Projection>, errors: &syn::Error) -> TokenStream {
    let errors = errors.to_compile_error();
    let stub = projection.map(|projection| {
        let body = quote! {
            const SCHEMA: _envelope::RecordSchema = _envelope::RecordSchema::new("", &[]);

            fn read_fields(
                _: &mut _envelope::FieldReader,
            ) -> ::core::result::Result<Self, _envelope::FieldError> {
                loop {}
            }
        };
        implementation(projection, &body, &TokenStream::new())
    });
    quote!(#errors #stub)
}

fn implementation(projection: &Projection, body: &TokenStream, rest: &TokenStream) -> TokenStream {
    let Projection { ident, of, .. } = projection;
    let krate = projection.krate();
    let generics = bounded(projection);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, type_generics, _) = projection.generics.split_for_impl();
    let needs = match projection.options.plaintext_only {
        Some(_) => quote!(_envelope::NoKey),
        None => quote!(<#of as _envelope::Readable>::Needs),
    };
    let read_from = quote_spanned!(span_of(of)=> <#of as _envelope::Readable>);
    quote! {
        const _: () = {
            use #krate::__private as _envelope;

            #[automatically_derived]
            impl #impl_generics _envelope::Readable for #ident #type_generics #where_clause {
                type Key = #read_from::Key;
                type Attributes = #read_from::Attributes;
                type Of = #of;
                type Needs = #needs;

                const ATTRIBUTES: Self::Attributes = #read_from::ATTRIBUTES;

                #body
            }

            #[automatically_derived]
            impl #impl_generics _envelope::ProjectionOf<#of> for #ident #type_generics
                #where_clause
            {
            }

            #rest
        };
    }
}

/// The constant of the fields to read.
fn schema_fields(projection: &Projection) -> TokenStream {
    let of = &projection.of;
    let is_plaintext = projection.options.plaintext_only.is_some();
    let fields = projection.fields.iter().map(|ProjectedField { ident, ty, is_flattened }| {
        let field = if *is_flattened {
            quote!(_envelope::FieldSchema::group(<#ty as _envelope::EnvelopeFields>::FIELDS))
        } else {
            quote! {
                <#of as _envelope::Readable>::SCHEMA.projected(<Self as _envelope::Readable>::ATTRIBUTES.#ident.name())
            }
        };
        if is_plaintext {
            // At the field, where a protected one is shown.
            let span = ident.span().resolved_at(Span::call_site());
            quote_spanned!(span=> _envelope::FieldSchema::unprotected(#field))
        } else {
            field
        }
    });
    let generics = bounded(projection);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, type_generics, _) = projection.generics.split_for_impl();
    let ident = &projection.ident;
    quote! {
        #[automatically_derived]
        impl #impl_generics _envelope::ProjectedFields for #ident #type_generics #where_clause {
            const FIELDS: &'static [_envelope::FieldSchema] = &[#(#fields),*];
        }
    }
}

/// The initialiser that reads a field.
fn read(field: &ProjectedField) -> TokenStream {
    let ProjectedField { ident, ty, is_flattened } = field;
    let span = span_of(ty);
    let (fields, handles) = (local_at("fields", span), local_at("handles", span));
    if *is_flattened {
        return quote_spanned! {span=>
            #ident: <#ty as _envelope::EnvelopeFields>::read_fields(#fields)?
        };
    }
    // With the type written out, or rustc would offer a conversion for another type.
    quote_spanned!(span=> #ident: #handles.#ident.read_as::<#ty>(#fields)?)
}

/// The generics with the bounds of the record's derive, as far as the fields tell them.
fn bounded(projection: &Projection) -> Generics {
    let Projection { of, .. } = projection;
    let krate = projection.krate();
    let mut generics = projection.generics.clone();
    if generics.lifetimes().next().is_none() && generics.type_params().next().is_none() {
        // A bound is one place for one message. With parameters, it would hide what the record's
        // handles are.
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote_spanned!(span_of(of)=> #of: _envelope::EnvelopeRecord));
        return generics;
    }
    let fields = generic_fields(projection);
    let predicates = &mut generics.make_where_clause().predicates;
    for ProjectedField { ty, is_flattened, .. } in fields {
        if *is_flattened {
            predicates.push(syn::parse_quote!(#ty: #krate::EnvelopeFields));
        } else {
            predicates.push(syn::parse_quote!(#ty: #krate::__private::Serialize));
            predicates.push(syn::parse_quote!(#ty: #krate::__private::DeserializeOwned));
        }
    }
    predicates.push(syn::parse_quote!(#of: ::core::marker::Send + 'static));
    predicates.push(syn::parse_quote!(Self: ::core::marker::Send + 'static));
    generics
}

/// The fields whose type uses a type parameter.
fn generic_fields(projection: &Projection) -> Vec<&ProjectedField> {
    let parameters: Vec<_> =
        projection.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    let fields = projection.fields.iter();
    fields.filter(|field| mentions(field.ty.to_token_stream(), &parameters)).collect()
}

/// `#[envelope(debug)]`: a `Debug` that hides the fields that the record encrypts.
fn debug(projection: &Projection) -> Option<TokenStream> {
    projection.options.debug?;
    let Projection { ident, .. } = projection;
    let (f, name) = (local("f"), projection.plain_ident());
    let fields = projection.fields.iter().map(|field| {
        let ProjectedField { ident, ty, is_flattened } = field;
        let (name, span) = (field.plain_ident(), span_of(ty));
        if *is_flattened {
            return quote_spanned!(span=> .field(#name, _envelope::redacted(&self.#ident)));
        }
        quote_spanned! {span=>
            .field(
                #name,
                _envelope::shown(&<Self as _envelope::Readable>::ATTRIBUTES.#ident, &self.#ident),
            )
        }
    });
    let mut generics = bounded(projection);
    for ProjectedField { ty, is_flattened, .. } in generic_fields(projection) {
        let bound = match is_flattened {
            true => quote!(_envelope::RedactedDebug),
            false => quote!(::core::fmt::Debug),
        };
        generics.make_where_clause().predicates.push(syn::parse_quote!(#ty: #bound));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, type_generics, _) = projection.generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #ident #type_generics #where_clause {
            fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #f.debug_struct(#name)#(#fields)*.finish()
            }
        }
    })
}
