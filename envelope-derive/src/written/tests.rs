//! A type in a macro's groups expands as the same type without them, and is refused with the same
//! text.

use quote::quote;
use syn::{Data, DeriveInput, parse_quote};

use super::*;
use crate::derive;
use crate::model::Kind;

/// Puts a type into the groups of a macro, at every level.
fn grouped(ty: &Type) -> Type {
    let mut ty = ty.clone();
    let regroup = |ty: &mut Type| *ty = grouped(ty);
    match &mut ty {
        Type::Array(array) => regroup(&mut array.elem),
        Type::Slice(slice) => regroup(&mut slice.elem),
        Type::Reference(reference) => regroup(&mut reference.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(regroup),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(list) = &mut segment.arguments else { continue };
                for argument in &mut list.args {
                    if let GenericArgument::Type(ty) = argument {
                        regroup(ty);
                    }
                }
            }
        }
        _ => {}
    }
    let (attrs, group_token) = (Vec::new(), syn::token::Group::default());
    Type::Group(syn::TypeGroup { attrs, group_token, elem: Box::new(ty) })
}

fn expanded(kind: Kind, input: &DeriveInput) -> String {
    ungrouped(derive(kind, input)).to_string()
}

/// Returns whether the derive accepts a struct, with and without its types in groups.
#[track_caller]
fn accepts(kind: Kind, direct: &DeriveInput) -> bool {
    let mut from_macro = direct.clone();
    let Data::Struct(data) = &mut from_macro.data else { panic!("no struct") };
    data.fields.iter_mut().for_each(|field| field.ty = grouped(&field.ty));

    let expected = expanded(kind, direct);
    assert_eq!(expanded(kind, &from_macro), expected);

    !expected.contains("compile_error")
}

/// Returns whether the derive accepts a record with one more field.
#[track_caller]
fn takes(field: &TokenStream) -> bool {
    let record = parse_quote! {
        #[envelope(table = "t")]
        struct Record<T> {
            #[partition_key]
            id: String,
            #[encrypted]
            sealed: String,
            #field
        }
    };
    accepts(Kind::Record, &record)
}

#[test]
fn fields_that_are_filled_in() {
    for (field, taken) in [
        (quote!(#[envelope(version)] x: u64), true),
        (quote!(#[envelope(version)] x: i32), true),
        (quote!(#[envelope(version)] x: (u64)), true),
        (quote!(#[envelope(version)] x: Option<u64>), false),
        (quote!(#[envelope(version)] x: String), false),
        (quote!(#[envelope(ttl)] x: i64), true),
        (quote!(#[envelope(ttl)] x: Option<u32>), true),
        (quote!(#[envelope(ttl)] x: String), false),
        (quote!(#[envelope(created_at)] x: Option<u64>), true),
        (quote!(#[envelope(created_at)] x: Option<DateTime<Utc>>), true),
        (quote!(#[envelope(created_at)] x: u64), false),
        (quote!(#[envelope(created_at)] x: Option<Vec<u8>>), false),
        (quote!(#[envelope(updated_at)] x: u64), true),
        (quote!(#[envelope(updated_at)] x: Option<SystemTime>), true),
        (quote!(#[envelope(updated_at)] x: [u8; 4]), false),
    ] {
        assert_eq!(takes(&field), taken, "{field}");
    }
}

#[test]
fn bytes_secrets_borrows_and_protected_structs() {
    for (field, taken) in [
        (quote!(x: Vec<u8>), true),
        (quote!(x: Option<[u8; 4]>), true),
        (quote!(#[encrypted] x: Option<Box<[u8]>>), true),
        (quote!(#[envelope(default)] x: Option<[u8; N]>), true),
        (quote!(#[envelope(context)] x: Vec<u8>), false),
        (quote!(#[envelope(context)] x: Option<String>), false),
        (quote!(x: SecretString), false),
        (quote!(x: Option<secrecy::SecretBox<Card>>), false),
        (quote!(#[encrypted] x: SecretString), false),
        (quote!(#[encrypted] x: SecretBox<Card>), true),
        (quote!(#[envelope(with = envelope_runtime::secret)] x: Token), false),
        (quote!(#[envelope(with = envelope_runtime::secret)] x: (Token, u8)), false),
        (quote!(x: &'static str), false),
        (quote!(x: [Cow<'a, str>; 2]), false),
        (quote!(x: (u8, Box<[&'a str]>)), false),
        (quote!(x: Option<Cow<'static, str>>), true),
        (quote!(x: PhantomData<&'static str>), true),
        (quote!(x: Option<Vec<(u8, Box<[Contact]>)>>), true),
        (quote!(x: HashMap<String, Contact<u8>>), true),
        (quote!(x: Vec<T>), true),
        (quote!(#[envelope(set)] x: Vec<u8>), true),
    ] {
        assert_eq!(takes(&field), taken, "{field}");
    }
}

#[test]
fn structs_without_an_attribute_of_their_own() {
    for (field, taken) in [
        (quote!(#[envelope(flatten)] x: Inner), true),
        (quote!(#[envelope(flatten)] x: Option<Inner>), false),
        (quote!(#[serde(flatten)] x: HashMap<String, u8>), false),
        (quote!(#[serde(flatten)] x: Inner), false),
        (quote!(#[envelope(catch_all)] x: OtherAttributes), true),
        (quote!(#[envelope(catch_all)] x: envelope_runtime::OtherAttributes), true),
        (quote!(#[envelope(catch_all)] x: HashMap<String, u8>), false),
        (quote!(#[envelope(skip)] x: Vec<T>), true),
    ] {
        assert_eq!(takes(&field), taken, "{field}");
    }
    let inner = parse_quote! {
        struct Inner { x: Vec<u8>, y: Contact, #[encrypted] z: Option<Token> }
    };
    assert!(accepts(Kind::Fields, &inner));
}

#[test]
fn keys() {
    let key = |ty: &TokenStream| {
        let of_a_field = parse_quote! {
            #[envelope(table = "t", plaintext_only)]
            struct Record { #[partition_key] x: #ty, #[sort_key] y: #ty }
        };
        let of_a_template = parse_quote! {
            #[envelope(table = "t", plaintext_only, partition_key = "A#{x}", sort_key = "B#{y:08}")]
            struct Record { x: #ty, y: #ty }
        };
        (accepts(Kind::Record, &of_a_field), accepts(Kind::Record, &of_a_template))
    };
    for (ty, field, template) in [
        (quote!(String), true, false),
        (quote!(Uuid), true, true),
        // A number needs its digits, which the first template leaves out.
        (quote!(u64), true, false),
        (quote!(i8), true, false),
        (quote!(bool), true, false),
        (quote!(Vec<u8>), true, false),
        (quote!([u8; 16]), true, false),
        (quote!(Option<String>), false, false),
    ] {
        assert_eq!(key(&ty), (field, template), "{ty}");
    }
}

#[test]
fn a_table_is_known_by_the_types_of_its_keys() {
    let has_table = |key: &TokenStream| {
        let record = parse_quote! {
            #[envelope(table = "t", plaintext_only)]
            struct Record { #[partition_key] id: String, #[sort_key] #key }
        };
        assert!(accepts(Kind::Record, &record), "{key}");
        let expanded = expanded(Kind::Record, &record);
        let types = expanded.matches("key_type (_envelope :: KeyType ::").count();
        assert_eq!(types == 2, expanded.contains("HasTable"), "{expanded}");
        let name = |name: &&str| {
            expanded.contains(&format!("SortKey) . key_type (_envelope :: KeyType :: {name}"))
        };
        ["S", "N", "B"].into_iter().find(name)
    };
    for (key, known) in [
        (quote!(x: String), Some("S")),
        (quote!(x: char), Some("S")),
        (quote!(x: Box<str>), Some("S")),
        (quote!(x: std::sync::Arc<str>), Some("S")),
        (quote!(x: Rc<str>), Some("S")),
        (quote!(x: Cow<'static, str>), Some("S")),
        (quote!(x: u8), Some("N")),
        (quote!(x: i128), Some("N")),
        (quote!(x: usize), Some("N")),
        (quote!(x: Vec<u8>), Some("B")),
        (quote!(x: [u8; 16]), Some("B")),
        (quote!(x: Box<[u8]>), Some("B")),
        (quote!(#[envelope(bytes)] x: Id), Some("B")),
        (quote!(#[envelope(bytes)] x: String), Some("B")),
        (quote!(x: Uuid), None),
        (quote!(x: my::String), None),
        (quote!(x: my::u64), None),
        (quote!(x: Box<String>), None),
        (quote!(x: Box<Name>), None),
        (quote!(x: Vec<str>), None),
        (quote!(x: bool), None),
        (quote!(x: f64), None),
        (quote!(#[envelope(key = "S")] x: Uuid), Some("S")),
        (quote!(#[envelope(key = "N")] x: Uuid), Some("N")),
        (quote!(#[envelope(key = "B")] x: Uuid), Some("B")),
        (quote!(#[envelope(key = "S")] x: String), Some("S")),
    ] {
        assert_eq!(has_table(&key), known, "{key}");
    }
}

#[test]
fn a_key_of_an_unknown_type_beside_a_template_leaves_the_table_unknown() {
    for (key, known) in [(quote!(x: Uuid), false), (quote!(x: u64), true)] {
        let record = parse_quote! {
            #[envelope(table = "t", plaintext_only, partition_key = "A#{tenant}")]
            struct Record { tenant: Tenant, #[sort_key] #key }
        };
        assert_eq!(expanded(Kind::Record, &record).contains("HasTable"), known, "{key}");
    }
}

#[test]
fn a_type_is_shown_as_it_is_written() {
    let ty: Type = parse_quote!(Option<std::borrow::Cow<'a, [&'a str]>>);
    for ty in [&ty, &grouped(&ty)] {
        assert_eq!(text(ty), "Option<std::borrow::Cow<'a, [&'a str]>>");
    }
}

#[test]
fn integers_know_how_many_digits_they_have() {
    let digits = |ty: Type| integer(&ty).map(|integer| integer.digits);
    assert_eq!(digits(parse_quote!(u64)), u64::MAX.to_string().len().try_into().ok());
    assert_eq!(digits(parse_quote!(i64)), i64::MAX.to_string().len().try_into().ok());
    assert_eq!(digits(parse_quote!(u128)), u128::MAX.to_string().len().try_into().ok());
    assert_eq!(digits(parse_quote!(my::u64)), None);
}
