//! The schema of a record, and the list of the fields of a struct to flatten.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::key::key_template;
use super::quoting::span_of;
use super::{indexes, maintained};
use crate::check::date;
use crate::model::{Field, Record, Role};
use crate::symbol;

/// The constant of a record.
pub(super) fn of_record(record: &Record) -> TokenStream {
    let table = record.table();
    let fields = fields(record);
    let envelope = record.envelope().map(|name| quote!(.envelope_name(#name)));
    let plaintext = record.options.plaintext_only.map(|_| quote!(.plaintext_only()));
    let partition_key = record.partition_key.as_ref().map(|template| {
        let template = key_template(record, template);
        quote!(.partition_key(#template))
    });
    let sort_key = record.sort_key.as_ref().map(|template| {
        let template = key_template(record, template);
        quote!(.sort_key(#template))
    });
    let catch_all = record.with_role(Role::CatchAll).next().map(|_| quote!(.catch_all()));
    let indexes = indexes::schema(record);
    let checked = record.flattens().then(|| quote!(.checked()));
    quote! {
        const SCHEMA: _envelope::RecordSchema =
            _envelope::RecordSchema::new(#table, &[#(#fields),*])
                #envelope #partition_key #sort_key #plaintext #catch_all #indexes #checked;
    }
}

/// The call that reading the record makes to the key provider.
pub(super) fn needs(record: &Record) -> TokenStream {
    match record.options.plaintext_only {
        Some(_) => quote!(NoKey),
        None => quote!(Decrypt),
    }
}

/// The constant of a struct to flatten.
pub(super) fn of_group(group: &Record) -> TokenStream {
    let fields = fields(group);
    quote! {
        const FIELDS: &'static [_envelope::FieldSchema] = &[#(#fields),*];
    }
}

fn fields(record: &Record) -> impl Iterator<Item = TokenStream> {
    record.listed().flat_map(|field| {
        let hash = hash_schema(record, field);
        hash.into_iter().chain([field_schema(record, field)])
    })
}

/// The schema of a hash, of which the key is made.
fn hash_schema(record: &Record, field: &Field) -> Option<TokenStream> {
    let (options, attribute) = field.hashed()?;
    let name = &field.name;
    let step = |given: Option<_>, step: &str| {
        let step = format_ident!("{step}");
        given.map(|_| quote!(.#step()))
    };
    let trim = step(options.trim, symbol::TRIM);
    let lowercase = step(options.lowercase, symbol::LOWERCASE);
    let nfc = step(options.nfc, symbol::NFC);
    let role = match field.key_role() {
        Some(Role::PartitionKey) => quote!(PartitionKey),
        Some(_) => quote!(SortKey),
        None => quote!(Plain),
    };
    // A template makes text, also of a hash that is a key by itself.
    let is_text = options.hex.is_some() || record.is_part(field);
    let key_type = if is_text { quote!(S) } else { quote!(B) };
    let key_type = field.key_role().map(|_| quote!(.key_type(_envelope::KeyType::#key_type)));
    Some(quote! {
        _envelope::FieldSchema::new(#attribute, _envelope::FieldRole::#role)
            .hash_of(#name, _envelope::Normalization::NONE #trim #lowercase #nfc) #key_type
    })
}

fn field_schema(record: &Record, field: &Field) -> TokenStream {
    let (name, ty) = (&field.name, &field.ty);
    let role = match field.role {
        Role::Flattened => {
            return quote_spanned! {span_of(ty)=>
                _envelope::FieldSchema::group(<#ty as _envelope::EnvelopeFields>::FIELDS)
            };
        }
        Role::PartitionKey => quote!(PartitionKey),
        Role::SortKey => quote!(SortKey),
        Role::Authenticated => quote!(Authenticated),
        Role::Encrypted => quote!(Encrypted),
        Role::Plain | Role::Skipped | Role::CatchAll => quote!(Plain),
    };
    let context = field.is_context().then(|| quote!(.context()));
    let key_type = field.key_type().filter(|_| record.is_key(field)).map(|key_type| {
        let name = format_ident!("{}", key_type.name());
        quote!(.key_type(_envelope::KeyType::#name))
    });
    let since = field.options.since.as_ref().map(|since| {
        let revision = since.value;
        quote!(.since(#revision))
    });
    let unsealed_until = field.options.unsealed_until.as_ref().and_then(|until| {
        let (year, month, day) = date(&until.value)?;
        Some(quote!(.unsealed_until(_envelope::Until::date(#year, #month, #day))))
    });
    let null = record.has_value_if_absent(field).then(|| quote!(.null()));
    let aliases = field.options.aliases.iter().map(|alias| &alias.value);
    let aliases = (aliases.len() > 0).then(|| quote!(.aliases(&[#(#aliases),*])));
    let maintained = maintained::schema(field);
    quote! {
        _envelope::FieldSchema::new(#name, _envelope::FieldRole::#role)
            #key_type #context #since #unsealed_until #null #aliases #maintained
    }
}
