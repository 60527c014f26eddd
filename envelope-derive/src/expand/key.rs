//! The key of a record: its type, its value and its templates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::model::{MAX_KEY_PARTS, Record, Role, Shape};
use crate::template::{Piece, Template};

/// The type of the key, or `None` without a partition key.
pub(super) fn key_type(record: &Record) -> Option<TokenStream> {
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
            Some(quote!(_envelope::Simple<#(#types)*>))
        }
        [_, _] => Some(quote!(_envelope::Composite<#(#types),*>)),
        _ => None,
    }
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
            let attribute = &field.name;
            Some(match digits {
                Some(digits) => quote!(_envelope::KeyPiece::number(#attribute, #digits)),
                None => quote!(_envelope::KeyPiece::part(#attribute)),
            })
        }
    });
    quote!(_envelope::KeyTemplate::new(#name, &[#(#pieces),*]))
}
