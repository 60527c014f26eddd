//! The key of a record: its type, its value and its templates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::model::{Field, Kind, MAX_KEY_PARTS, Record, Shape};
use crate::template::{Piece, Template};

/// The type of the key, or `None` without a partition key.
pub(super) fn key_type(record: &Record) -> Option<TokenStream> {
    let (partition, sort) = record.split_key();
    let types = |fields: &[&Field]| fields.iter().map(|field| key_part(field)).collect::<Vec<_>>();
    let (p, mut s) = (types(&partition), types(&sort));
    if let Some(template) = &record.sort_key {
        for (field, part) in sort.iter().zip(&mut s) {
            *part = sorted_part(template, field, part.clone());
        }
    }
    if record.templates().next().is_some() && p.len() + s.len() <= MAX_KEY_PARTS {
        return Some(quote!(_envelope::Parts<(#(#p,)*), (#(#s,)*)>));
    }
    match (partition.as_slice(), sort.as_slice()) {
        ([_], []) => Some(quote!(_envelope::Simple<#(#p)*>)),
        ([_], [_]) => Some(quote!(_envelope::Composite<#(#p)*, #(#s)*>)),
        _ => None,
    }
}

/// The type of a part of a sort key, which says whether keys sort by it.
pub(super) fn sorted_part(template: &Template, field: &Field, part: TokenStream) -> TokenStream {
    if field.hashed().is_some() || template.sorts_by(&field.plain_ident()) {
        part
    } else {
        quote!(_envelope::Unsorted<#part>)
    }
}

/// The trait that marks a record whose table can be created.
pub(super) fn has_table(record: &Record) -> Option<TokenStream> {
    (record.kind == Kind::Record && record.has_key_types()).then(|| quote!(HasTable))
}

/// The trait that marks a record whose sort key begins with a text.
pub(super) fn has_own_sort_key(record: &Record) -> Option<TokenStream> {
    let template = record.sort_key.as_ref()?;
    let begins_with_text = matches!(template.pieces.first(), Some(Piece::Text(_)));
    (record.kind == Kind::Record && begins_with_text).then(|| quote!(OwnSortKey))
}

/// The type of a part of the key.
pub(super) fn key_part(field: &Field) -> TokenStream {
    let part = match field.shape {
        Shape::Bytes | Shape::OptionalBytes => quote!(_envelope::Bytes),
        Shape::Serde | Shape::Set | Shape::With { .. } => field.ty.to_token_stream(),
    };
    if field.hashed().is_some() { quote!(_envelope::Hashed<#part>) } else { part }
}

/// Returns whether the record has context fields, and all of them are its key or parts of it.
pub(super) fn holds_context(record: &Record) -> bool {
    let key = record.key_fields();
    let in_key = |field: &Field| key.iter().any(|part| part.ident == field.ident);
    let mut context = record.fields.iter().filter(|field| field.is_context()).peekable();
    record.kind == Kind::Record && context.peek().is_some() && context.all(in_key)
}

/// References to the key fields of `self`.
pub(super) fn key_value(record: &Record) -> TokenStream {
    let fields = record.key_fields();
    let fields = fields.iter().map(|field| &field.ident);
    match fields.len() {
        1 => quote!(#(&self.#fields)*),
        _ => quote!((#(&self.#fields),*)),
    }
}

/// The template of a key attribute, in the schema.
pub(super) fn key_template(record: &Record, template: &Template) -> TokenStream {
    let name = &template.name;
    let pieces = template.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(quote!(_envelope::KeyPiece::text(#text))),
        Piece::Part { field, digits } => {
            let field = record.part(field)?;
            let attribute = field.key_attribute();
            Some(match digits {
                Some(digits) => quote!(_envelope::KeyPiece::number(#attribute, #digits)),
                None => quote!(_envelope::KeyPiece::part(#attribute)),
            })
        }
    });
    quote!(_envelope::KeyTemplate::new(#name, &[#(#pieces),*]))
}
