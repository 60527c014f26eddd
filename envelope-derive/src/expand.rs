//! Model → tokens: one schema constant and two lists of fields. Nothing is checked here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{DeriveInput, Ident};

use crate::attr::DefaultValue;
use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, MAX_KEY_PARTS, Record, Role, Shape};
use crate::template::{Piece, Template};
use crate::written::{self, span_of};
use crate::{check, debug, fallback, generics, handles, maintained, nested};

/// The whole derive.
pub(crate) fn derive(kind: Kind, input: &DeriveInput) -> TokenStream {
    match checked(kind, input) {
        Ok(record) => expand(&record),
        Err(errors) => fallback::expand(kind, input, &errors),
    }
}

/// Parses and checks; the error holds every mistake.
fn checked(kind: Kind, input: &DeriveInput) -> syn::Result<Record> {
    let cx = Ctxt::new();
    let record = Record::from_syn(&cx, kind, input);
    if let Some(record) = &record {
        check::record(&cx, record);
    }
    cx.finish()?;
    record.ok_or_else(|| syn::Error::new(input.ident.span(), "not a record"))
}

fn expand(record: &Record) -> TokenStream {
    let (ident, krate) = (&record.ident, record.krate());
    let generics = generics::owned(record, generics::bounded(record));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, type_generics, _) = record.generics.split_for_impl();
    let (name, constants) = match record.kind {
        Kind::Record => (quote!(EnvelopeRecord), record_constants(record)),
        Kind::Fields => (quote!(EnvelopeFields), group_constants(record)),
    };
    let fields = local("fields");
    let writes = record.stored().map(write);
    let reads = record.fields.iter().map(|field| read(record, field));
    // Without parameters, the checks of the schema need not wait for a use.
    let checked = (flattens(record) && record.kind == Kind::Record && generics.params.is_empty())
        .then(|| {
            quote! {
                const _: _envelope::RecordSchema =
                    <#ident as _envelope::EnvelopeRecord>::SCHEMA;
            }
        });

    let stored = record.attributes().any(|field| matches!(field.shape, Shape::Serde | Shape::Set));
    let stored = stored.then(|| quote! { use _envelope::__private::Stored as __EnvelopeStored; });
    let nested = nested::assertions(record);
    let debug = debug::implementation(record);
    let attributes = handles::definition(record);
    let handles = handles::implementation(record, &handles::constructor(record));
    let saved = maintained::saved(record);
    let versioned = maintained::versioned(record).map(|versioned| {
        quote! {
            #[automatically_derived]
            impl #impl_generics _envelope::#versioned for #ident #type_generics #where_clause {}
        }
    });

    quote! {
        const _: () = {
            use #krate as _envelope;
            #stored

            #attributes

            #[automatically_derived]
            impl #impl_generics _envelope::#name for #ident #type_generics #where_clause {
                #constants

                #handles

                #saved

                fn write_fields(
                    &self,
                    #fields: &mut _envelope::FieldWriter,
                ) -> ::core::result::Result<(), _envelope::FieldError> {
                    #(#writes)*
                    ::core::result::Result::Ok(())
                }

                fn read_fields(
                    #fields: &mut _envelope::FieldReader,
                ) -> ::core::result::Result<Self, _envelope::FieldError> {
                    ::core::result::Result::Ok(Self { #(#reads),* })
                }
            }

            #versioned
            #checked
            #nested
            #debug
        };
    }
}

fn flattens(record: &Record) -> bool {
    record.with_role(Role::Flattened).next().is_some()
}

/// The schema and the key.
fn record_constants(record: &Record) -> TokenStream {
    let table = record.table();
    let schemas = schemas(record);
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
    let checked = flattens(record).then(|| quote!(.checked()));
    let key = key_type(record);
    let key_value = key_value(record);
    quote! {
        type Key = #key;

        const SCHEMA: _envelope::RecordSchema =
            _envelope::RecordSchema::new(#table, &[#(#schemas),*])
                #envelope #partition_key #sort_key #plaintext #catch_all #checked;

        fn key(&self) -> impl _envelope::IntoKey<Self::Key> {
            #key_value
        }
    }
}

fn group_constants(group: &Record) -> TokenStream {
    let schemas = schemas(group);
    quote! {
        const FIELDS: &'static [_envelope::FieldSchema] = &[#(#schemas),*];
    }
}

fn schemas(record: &Record) -> impl Iterator<Item = TokenStream> {
    let fields = record.stored().filter(|field| field.role != Role::CatchAll);
    fields.map(|field| field_schema(record, field))
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
    let since = field.options.since.as_ref().map(|since| {
        let revision = since.value;
        quote!(.since(#revision))
    });
    // Where an absent attribute becomes another value than None, None must not be absent.
    let default = field.default.as_ref().or(record.options.default.as_ref());
    let has_value = match default {
        Some(DefaultValue::Function(_)) => true,
        Some(DefaultValue::Trait) => field.default.is_none(),
        None => false,
    };
    let null = (has_value && !field.role.is_key() && !matches!(field.shape, Shape::Set))
        .then(|| quote!(.null()));
    let aliases = field.options.aliases.iter().map(|alias| &alias.value);
    let aliases = (aliases.len() > 0).then(|| quote!(.aliases(&[#(#aliases),*])));
    let maintained = maintained::schema(field);
    quote! {
        _envelope::FieldSchema::new(#name, _envelope::FieldRole::#role)
            #context #since #null #aliases #maintained
    }
}

fn key_template(record: &Record, template: &Template) -> TokenStream {
    let name = &template.name;
    let pieces = template.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(quote!(_envelope::KeyPiece::text(#text))),
        Piece::Part { field, digits } => {
            let field = record.part(field)?;
            let attribute = &field.name;
            Some(match digits {
                Some(digits) => quote!(_envelope::KeyPiece::number(#attribute, #digits)),
                None => quote!(_envelope::KeyPiece::part(#attribute)),
            })
        }
    });
    quote!(_envelope::KeyTemplate::new(#name, &[#(#pieces),*]))
}

/// The record's key; `None` without a partition key.
pub(crate) fn key_type(record: &Record) -> Option<TokenStream> {
    let fields = record.key_fields();
    let types = fields.iter().map(|field| match field.shape {
        Shape::Bytes | Shape::OptionalBytes => quote!(_envelope::Bytes),
        Shape::Serde | Shape::Set | Shape::With { .. } => field.ty.to_token_stream(),
    });
    if record.templates().next().is_some() && fields.len() <= MAX_KEY_PARTS {
        return Some(quote!(_envelope::Parts<(#(#types,)*)>));
    }
    match fields.as_slice() {
        [partition] if partition.role == Role::PartitionKey => {
            Some(quote!(_envelope::Lone<#(#types)*>))
        }
        [_, _] => Some(quote!(_envelope::Composite<#(#types),*>)),
        _ => None,
    }
}

/// References to the record's key fields.
pub(crate) fn key_value(record: &Record) -> TokenStream {
    let fields = record.key_fields();
    let fields = fields.iter().map(|field| &field.ident);
    match fields.len() {
        1 => quote!(#(&self.#fields)*),
        _ => quote!((#(&self.#fields),*)),
    }
}

fn write(field: &Field) -> TokenStream {
    let ident = &field.ident;
    let (fields, to) = (local("fields"), local("to"));
    // At the type, so that a missing trait is shown there.
    let span = span_of(&field.ty);
    if field.role == Role::Flattened {
        return quote_spanned! {span=>
            _envelope::EnvelopeFields::write_fields(&self.#ident, #fields)?;
        };
    }
    if field.role == Role::CatchAll {
        return quote_spanned!(span=> #fields.write_others(&self.#ident)?;);
    }
    if let Some(write) = maintained::write(field) {
        return write;
    }
    match &field.shape {
        Shape::Serde => quote_spanned!(span=> __EnvelopeStored::write(&self.#ident, #fields)?;),
        Shape::Set => quote_spanned!(span=> __EnvelopeStored::write_set(&self.#ident, #fields)?;),
        Shape::With { serialize: None, .. } => {
            let encode = handles::encode(field);
            quote_spanned!(span=> #fields.write_with(|#to| #encode(&self.#ident, #to))?;)
        }
        Shape::Bytes => quote_spanned!(span=> #fields.write_bytes(&self.#ident)?;),
        Shape::OptionalBytes => quote_spanned!(span=> #fields.write_optional_bytes(&self.#ident)?;),
        Shape::With { serialize: Some(serialize), .. } => {
            quote_spanned!(span=> #fields.write_with(|#to| #serialize(&self.#ident, #to))?;)
        }
    }
}

fn read(record: &Record, field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    let (fields, from) = (local("fields"), local("from"));
    let span = span_of(ty);
    if field.role == Role::Flattened {
        return quote_spanned! {span=>
            #ident: <#ty as _envelope::EnvelopeFields>::read_fields(#fields)?
        };
    }
    if field.role == Role::CatchAll {
        return quote_spanned!(span=> #ident: #fields.read_others());
    }
    let default = match (&field.default, &record.options.default) {
        (Some(DefaultValue::Trait), _) => {
            Some(quote!(<#ty as ::core::default::Default>::default()))
        }
        (Some(DefaultValue::Function(function)), _) => Some(quote!(#function())),
        (None, Some(container)) => Some(container.of_struct(ident)),
        (None, None) if field.role == Role::Skipped => {
            Some(quote!(<#ty as ::core::default::Default>::default()))
        }
        (None, None) => None,
    };
    if field.role == Role::Skipped {
        return quote_spanned!(span=> #ident: #default);
    }
    let is_array = written::is_array(written::required(ty));
    let value = match (&field.shape, default) {
        (Shape::Serde, None) => {
            return quote_spanned!(span=> #ident: __EnvelopeStored::read(#fields)?);
        }
        // Else the default would say what the type is.
        (Shape::Serde, Some(default)) => {
            let default = quote!(|| -> #ty { #default });
            return quote_spanned!(span=> #ident: __EnvelopeStored::read_or(#fields, #default)?);
        }
        // An absent set is an empty one, whatever the default.
        (Shape::Set, _) => {
            return quote_spanned!(span=> #ident: __EnvelopeStored::read_set(#fields)?);
        }
        (Shape::With { deserialize: None, .. }, None) => quote!(read::<#ty>()),
        (Shape::With { deserialize: None, .. }, Some(default)) => {
            quote!(read_or::<#ty>(|| #default))
        }
        // By functions that leave no copy of the bytes behind.
        (Shape::Bytes, None) if is_array => quote!(read_with(_envelope::__private::read_array)),
        (Shape::Bytes, Some(default)) if is_array => {
            quote!(read_with_or(_envelope::__private::read_array, || #default))
        }
        (Shape::OptionalBytes, None) if is_array => {
            quote!(read_with(_envelope::__private::read_optional_array))
        }
        (Shape::OptionalBytes, Some(default)) if is_array => {
            quote!(read_with_or(_envelope::__private::read_optional_array, || #default))
        }
        (Shape::Bytes, None) => quote!(read_bytes::<#ty>()),
        (Shape::Bytes, Some(default)) => quote!(read_bytes_or::<#ty>(|| #default)),
        (Shape::OptionalBytes, None) => quote!(read_optional_bytes()),
        (Shape::OptionalBytes, Some(default)) => quote!(read_optional_bytes_or(|| #default)),
        (Shape::With { deserialize: Some(deserialize), .. }, None) => {
            quote!(read_with(|#from| #deserialize(#from)))
        }
        (Shape::With { deserialize: Some(deserialize), .. }, Some(default)) => {
            quote!(read_with_or(|#from| #deserialize(#from), || #default))
        }
    };
    quote_spanned!(span=> #ident: #fields.#value?)
}

/// A name that no path of the user's can mean.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

#[cfg(test)]
mod tests;
