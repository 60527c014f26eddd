//! Queries about a type as written. The type of a macro's `$ty:ty` is in an invisible group, so
//! each query starts with [`bare`].

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{GenericArgument, Ident, PathArguments, PathSegment, Type};

/// An integer type of the language.
pub(crate) struct Integer {
    pub(crate) name: &'static str,
    /// The most digits that a value has.
    pub(crate) digits: u8,
    /// Holds every u64, at least on some machines.
    pub(crate) is_wide: bool,
}

/// The type of a key attribute, by DynamoDB's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    S,
    N,
    B,
}

impl KeyType {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::S, Self::N, Self::B].into_iter().find(|known| known.name() == text)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        }
    }
}

const INTEGERS: [Integer; 12] = [
    integer_type("u8", 3, false),
    integer_type("u16", 5, false),
    integer_type("u32", 10, false),
    integer_type("u64", 20, true),
    integer_type("usize", 20, true),
    integer_type("u128", 39, true),
    integer_type("i8", 3, false),
    integer_type("i16", 5, false),
    integer_type("i32", 10, false),
    integer_type("i64", 19, false),
    integer_type("isize", 19, true),
    integer_type("i128", 39, true),
];

/// Types of the language, other than its integers, and of its library. They protect nothing. Names
/// that a user's struct may well have are left out.
const KNOWN: [&str; 17] = [
    "bool", "char", "str", "String", "f32", "f64", "Option", "Vec", "Box", "Rc", "Arc", "Cow",
    "HashMap", "BTreeMap", "HashSet", "BTreeSet", "VecDeque",
];

/// Types that hold named values.
const MAPS: [&str; 5] = ["HashMap", "BTreeMap", "IndexMap", "Map", "Value"];

/// secrecy's types, which hide their value in memory.
const SECRETS: [&str; 3] = ["SecretString", "SecretBox", "SecretSlice"];

const fn integer_type(name: &'static str, digits: u8, is_wide: bool) -> Integer {
    Integer { name, digits, is_wide }
}

/// Returns the integer, if the type is one of the language's.
pub(crate) fn integer(ty: &Type) -> Option<&'static Integer> {
    INTEGERS.iter().find(|integer| is(ty, integer.name))
}

/// Returns whether the type is text: a `String`, a `char`, or a pointer to a `str`.
pub(crate) fn is_text(ty: &Type) -> bool {
    let is_str = |ty: &Type| is(ty, "str");
    let points_to_str = || {
        let pointer = ["Box", "Rc", "Arc", "Cow"].iter().any(|pointer| is_named(ty, pointer));
        let arguments = last(ty).into_iter().flat_map(arguments);
        let mut types = arguments.filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        pointer && types.next().is_some_and(is_str)
    };
    is(ty, "String") || is(ty, "char") || points_to_str()
}

/// Returns whether the name is that of an integer or one of [`KNOWN`], which protect nothing.
pub(crate) fn is_known(ty: &Type) -> bool {
    let integers = INTEGERS.iter().map(|integer| integer.name);
    integers.chain(KNOWN).any(|known| is_named(ty, known))
}

/// Returns whether the type is a map, by its name.
pub(crate) fn is_map(ty: &Type) -> bool {
    MAPS.iter().any(|map| is_named(ty, map))
}

/// Returns the type's name, if it is one of secrecy's.
pub(crate) fn secret(ty: &Type) -> Option<&Ident> {
    name(ty).filter(|name| SECRETS.iter().any(|secret| name == secret))
}

/// Returns whether the type is only `name`, without a path or arguments.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    matches!(bare(ty), Type::Path(path) if path.path.is_ident(name))
}

/// Returns whether the type has this name. Its path and arguments do not count.
pub(crate) fn is_named(ty: &Type, given: &str) -> bool {
    name(ty).is_some_and(|name| name == given)
}

/// The type in an `Option`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Option")
}

/// The type without its `Option`, if it has one.
pub(crate) fn required(ty: &Type) -> &Type {
    optional(ty).unwrap_or(ty)
}

/// Returns whether the type is a vector, an array or a boxed slice of `u8`.
pub(crate) fn is_bytes(ty: &Type) -> bool {
    let is_u8 = |ty: &Type| is(ty, "u8");
    match bare(ty) {
        Type::Array(array) => is_u8(&array.elem),
        ty => {
            argument_of(ty, "Vec").is_some_and(is_u8)
                || argument_of(ty, "Box")
                    .is_some_and(|ty| matches!(bare(ty), Type::Slice(slice) if is_u8(&slice.elem)))
        }
    }
}

/// Returns whether the type is a vector of `u8`, or an `Option` of one.
pub(crate) fn is_byte_vector(ty: &Type) -> bool {
    argument_of(required(ty), "Vec").is_some_and(|ty| is(ty, "u8"))
}

/// Returns whether the type is an array.
pub(crate) fn is_array(ty: &Type) -> bool {
    matches!(bare(ty), Type::Array(_))
}

/// Returns whether the type is an array or a tuple, or an `Option` of one.
pub(crate) fn has_fixed_length(ty: &Type) -> bool {
    matches!(bare(required(ty)), Type::Array(_) | Type::Tuple(_))
}

/// The first place where a type borrows.
pub(crate) fn borrow_in(ty: &Type) -> Option<Span> {
    let ty = bare(ty);
    match ty {
        Type::Reference(reference) => Some(reference.span()),
        // A `PhantomData` holds no value, so its parameter does not count.
        Type::Path(_) if is_named(ty, "PhantomData") => None,
        Type::Path(path) => {
            let mut arguments = path.path.segments.iter().flat_map(arguments);
            arguments.find_map(|argument| match argument {
                GenericArgument::Type(ty) => borrow_in(ty),
                GenericArgument::Lifetime(lifetime) if lifetime.ident != "static" => {
                    Some(ty.span())
                }
                _ => None,
            })
        }
        ty => elements(ty).into_iter().find_map(borrow_in),
    }
}

/// The named types in a type, itself included.
pub(crate) fn named_in(ty: &Type) -> Vec<&Type> {
    let ty = bare(ty);
    let named = last(ty).map(|_| ty).into_iter();
    let within = last(ty).into_iter().flat_map(arguments).filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    named.chain(within.chain(elements(ty)).flat_map(named_in)).collect()
}

/// The type's text, roughly as in the source.
pub(crate) fn text(ty: &Type) -> String {
    let text = ungrouped(ty.to_token_stream()).to_string();
    text.replace(" :: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace("& ", "&")
        .replace(" ,", ",")
        .replace(" ;", ";")
}

/// Removes the parentheses around a type, and the groups of macros.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The name of a type, without its path and arguments.
fn name(ty: &Type) -> Option<&Ident> {
    last(ty).map(|segment| &segment.ident)
}

/// The one type argument of a path whose last segment is `name`.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last(ty).filter(|segment| segment.ident == name)?;
    let mut arguments = arguments(segment);
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(ty)), None) => Some(ty),
        _ => None,
    }
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        _ => None,
    };
    arguments.into_iter().flatten()
}

/// The types that an array, a slice or a tuple holds.
fn elements(ty: &Type) -> Vec<&Type> {
    match bare(ty) {
        Type::Array(array) => vec![&array.elem],
        Type::Slice(slice) => vec![&slice.elem],
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        _ => Vec::new(),
    }
}

/// Removes the invisible groups.
fn ungrouped(tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            let inner = ungrouped(group.stream());
            match group.delimiter() {
                proc_macro2::Delimiter::None => inner,
                delimiter => TokenTree::Group(Group::new(delimiter, inner)).into(),
            }
        }
        token => token.into(),
    });
    tokens.collect()
}

#[cfg(test)]
mod tests;
