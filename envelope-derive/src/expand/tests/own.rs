//! The parts of an expansion that only some structs have.

use quote::quote;
use syn::parse_quote;

use crate::model::Kind;
use crate::{derive, projection};

#[test]
fn only_a_record_whose_sort_key_begins_with_a_text_has_its_own() {
    for (sort_key, has) in [("ORDER#{number:08}", true), ("PROFILE", true), ("{number:08}", false)]
    {
        let input = parse_quote! {
            #[envelope(table = "app", partition_key = "T#{tenant}", sort_key = #sort_key)]
            struct Order {
                tenant: String,
                number: u32,
                #[encrypted]
                address: String,
            }
        };
        let derived = derive(Kind::Record, &input).to_string();
        assert_eq!(derived.contains("OwnSortKey"), has, "{sort_key}");
    }
}

#[test]
fn a_projection_with_one_kind_of_parameter_has_the_bounds_of_its_fields() {
    let of_type = parse_quote! {
        #[envelope(of = Document<T>)]
        struct Line<T> { body: Option<T> }
    };
    let of_lifetime = parse_quote! {
        #[envelope(of = Document<'a>)]
        struct Line<'a> { body: Cow<'a, str> }
    };
    for input in [of_type, of_lifetime] {
        let derived = projection(&input).to_string();
        assert!(derived.contains(": :: core :: marker :: Send + 'static"), "{derived}");
    }
}

#[test]
fn bytes_in_another_type_than_a_vector_are_read_into_that_type() {
    for (field, is_vector) in [
        (quote!(x: Vec<u8>), true),
        (quote!(x: Box<[u8]>), false),
        (quote!(#[envelope(bytes)] x: Digest), false),
    ] {
        let input = parse_quote! {
            #[envelope(table = "digests")]
            struct Record {
                #[partition_key]
                id: String,
                #[encrypted]
                #field
            }
        };
        let derived = derive(Kind::Record, &input).to_string();
        assert_eq!(derived.contains("_envelope :: decode_vec"), is_vector, "{field}");
        assert_eq!(derived.contains("_envelope :: decode_bytes"), !is_vector, "{field}");
    }
}
