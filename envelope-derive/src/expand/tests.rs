//! Expansions, formatted and compared with files. `UPDATE_EXPECT=1` writes the files anew.

use expect_test::{ExpectFile, expect_file};
use syn::parse_quote;

use super::derive;
use crate::model::Kind;

fn check(input: &syn::DeriveInput, expected: &ExpectFile) {
    let file = syn::parse2(derive(Kind::Record, input)).unwrap();
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn the_record_of_the_readme() {
    check(
        &parse_quote! {
            #[envelope(table = "users")]
            struct User {
                #[partition_key]
                id: String,
                non_sensitive_stuff: String,
                #[encrypted]
                sensitive_stuff: String,
                #[encrypted]
                address: Option<Address>,
            }
        },
        &expect_file!["../../snapshots/user.rs"],
    );
}

#[test]
fn every_option() {
    check(
        &parse_quote! {
            #[envelope(table = "orders", envelope = "_env", crate = my::runtime)]
            #[serde(rename_all = "camelCase")]
            pub struct Order<T: Clone> where T: Debug {
                #[partition_key]
                #[envelope(context)]
                tenant_id: String,
                #[sort_key]
                #[envelope(rename = "SK")]
                number: Vec<u8>,
                #[authenticated]
                #[envelope(since = 3)]
                state: String,
                #[encrypted]
                payload: T,
                #[encrypted]
                #[serde(default)]
                photo: Option<Vec<u8>>,
                #[serde(with = "time::serde::rfc3339")]
                placed_at: Time,
                #[envelope(default = one)]
                r#type: [u8; 4],
                #[envelope(skip)]
                cache: T,
            }
        },
        &expect_file!["../../snapshots/order.rs"],
    );
}

#[test]
fn an_entity_of_a_single_table() {
    check(
        &parse_quote! {
            #[envelope(
                table = "app",
                partition_key = "TENANT#{tenant_id}",
                sort_key = "ORDER#{r#type}#{number}",
                sort_key_name = "sort"
            )]
            #[serde(rename_all = "camelCase")]
            struct Order {
                tenant_id: String,
                r#type: Kind,
                number: u32,
                #[encrypted]
                payload: String,
            }
        },
        &expect_file!["../../snapshots/entity.rs"],
    );
}

#[test]
fn mistakes_with_their_stub() {
    check(
        &parse_quote! {
            struct User {
                #[encrypted]
                ssn: String,
            }
        },
        &expect_file!["../../snapshots/mistakes.rs"],
    );
}
