//! Fields that the library fills in: the version, the time to live, and the times of writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::encode::encode;
use super::quoting::{local, span_of};
use crate::model::{Field, Kind, Record};
use crate::written;

/// The options of the field's schema.
pub(super) fn schema(field: &Field) -> TokenStream {
    let version = field.options.version.map(|_| {
        let last = last_version(&field.ty);
        quote!(.version(#last))
    });
    let ttl = field.options.ttl.map(|_| quote!(.ttl()));
    let created_at = field.options.created_at.map(|_| quote!(.created_at()));
    let updated_at = field.options.updated_at.map(|_| {
        let (now, to, value) = (local("now"), local("to"), local("value"));
        let now_as = |ty: &Type| quote_spanned!(span_of(ty)=> #now.seconds::<#ty>()?);
        let (ty, present, encode) = (&field.ty, present(field, now_as), encode(field));
        quote_spanned! {span_of(&field.ty)=>
            .updated_at(|#now, #to| {
                let #value: #ty = #present;
                (#encode)(&#value, #to)
            })
        }
    });
    quote!(#version #ttl #created_at #updated_at)
}

/// The trait's type of the saved record, and the function that returns it.
pub(super) fn saved(record: &Record) -> Option<TokenStream> {
    if record.kind != Kind::Record {
        return None;
    }
    let (saved, now) = (local("saved"), local("now"));
    if !record.is_filled_in() {
        return Some(quote! {
            type Saved = ();

            fn saved(&self, _: _envelope::Now) -> ::core::result::Result<(), _envelope::FieldError> {
                ::core::result::Result::Ok(())
            }
        });
    }
    let fields = record.fields.iter().filter_map(assign);
    let span = record.ident.span().resolved_at(proc_macro2::Span::call_site());
    let copy = quote_spanned!(span=> <Self as ::core::clone::Clone>::clone(self));
    Some(quote! {
        type Saved = _envelope::Saved<Self>;

        fn saved(
            &self,
            #now: _envelope::Now,
        ) -> ::core::result::Result<Self::Saved, _envelope::FieldError> {
            let mut #saved = #copy;
            #(#fields)*
            ::core::result::Result::Ok(_envelope::Saved::new(#saved))
        }
    })
}

/// The trait that marks whether the record has a version.
pub(super) fn versioned(record: &Record) -> Option<TokenStream> {
    if record.kind != Kind::Record {
        return None;
    }
    Some(if record.fields.iter().any(|field| field.options.version.is_some()) {
        quote!(Versioned)
    } else {
        quote!(Unversioned)
    })
}

fn assign(field: &Field) -> Option<TokenStream> {
    let (ident, name) = (&field.ident, &field.name);
    let (saved, now, span) = (local("saved"), local("now"), span_of(&field.ty));
    let named = |value| quote_spanned!(span=> _envelope::named::<Self, _>(#name, #value)?);
    if field.options.version.is_some() {
        let next = named(quote_spanned!(span=> _envelope::next_version(self.#ident)));
        return Some(quote!(#saved.#ident = #next;));
    }
    let present = present(field, |ty| named(quote_spanned!(span=> #now.seconds::<#ty>())));
    if field.options.updated_at.is_some() {
        return Some(quote_spanned!(span=> #saved.#ident = #present;));
    }
    field.options.created_at?;
    Some(quote_spanned! {span=>
        if #saved.#ident.is_none() {
            #saved.#ident = #present;
        }
    })
}

/// The current time as a value of the field; `seconds` returns it as an integer of a type.
fn present(field: &Field, seconds: impl FnOnce(&Type) -> TokenStream) -> TokenStream {
    let now = local("now");
    let ty = written::required(&field.ty);
    let value = if written::integer(ty).is_some() {
        seconds(ty)
    } else {
        quote_spanned! {span_of(ty)=>
            <#ty as ::core::convert::From<::std::time::SystemTime>>::from(#now.system_time())
        }
    };
    match written::optional(&field.ty) {
        Some(_) => quote!(::core::option::Option::Some(#value)),
        None => value,
    }
}

/// The highest version that the integer type holds, within 64 bits.
fn last_version(ty: &Type) -> TokenStream {
    match written::integer(ty) {
        Some(integer) if integer.is_wide => quote!(::core::primitive::u64::MAX),
        _ => quote!(<#ty>::MAX as ::core::primitive::u64),
    }
}
