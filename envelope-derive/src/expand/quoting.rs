//! Spans and names of generated tokens.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Ident, Type};

use crate::written::bare;

/// A name that no user path can refer to.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The same name, at a place. A call is placed at its receiver: a missing trait then gives the same
/// message for the call and for its argument, and rustc drops one of two equal messages.
pub(super) fn local_at(name: &str, place: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(place))
}

/// The place of a type. Names there resolve as the derive's own, since a type may come from another
/// macro.
pub(super) fn span_of(ty: &Type) -> Span {
    bare(ty).span().resolved_at(Span::call_site())
}
