//! `#[envelope(debug)]`: a `Debug` that hides the encrypted fields.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::generics::generic_fields;
use super::quoting::{local, span_of};
use crate::model::{Record, Role};

/// The implementation, if the struct requests it. `_envelope` holds the runtime crate's names for
/// generated code.
pub(super) fn implementation(record: &Record) -> Option<TokenStream> {
    record.options.debug?;
    let (ident, f) = (&record.ident, local("f"));
    let name = record.plain_ident();
    let fields = record.fields.iter().map(|field| {
        let (ident, name, span) = (&field.ident, field.plain_ident(), span_of(&field.ty));
        match field.role {
            Role::Encrypted => quote!(.field(#name, &::core::format_args!("[REDACTED]"))),
            // The struct's own `Debug` must hide its encrypted fields.
            Role::Flattened => {
                quote_spanned!(span=> .field(#name, _envelope::redacted(&self.#ident)))
            }
            _ => quote_spanned!(span=> .field(#name, &self.#ident)),
        }
    });

    let mut generics = record.generics.clone();
    for field in generic_fields(record) {
        let ty = &field.ty;
        let bound = match field.role {
            Role::Encrypted => continue,
            Role::Flattened => quote!(_envelope::RedactedDebug),
            _ => quote!(::core::fmt::Debug),
        };
        generics.make_where_clause().predicates.push(syn::parse_quote!(#ty: #bound));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #ident #type_generics #where_clause {
            fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #f.debug_struct(#name)#(#fields)*.finish()
            }
        }

        #[automatically_derived]
        impl #impl_generics _envelope::RedactedDebug for #ident #type_generics
            #where_clause
        {
        }
    })
}
