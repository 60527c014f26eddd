//! Expansions, formatted and compared with files. `UPDATE_EXPECT=1` updates the files.

mod hashed;
mod own;
mod size;

use expect_test::{ExpectFile, expect_file};
use syn::parse_quote;

use crate::model::Kind;
use crate::{derive, projection};

fn check(input: &syn::DeriveInput, expected: &ExpectFile) {
    check_all(&[(Kind::Record, input)], expected);
}

fn check_all(inputs: &[(Kind, &syn::DeriveInput)], expected: &ExpectFile) {
    let derived = inputs.iter().map(|(kind, input)| derive(*kind, input));
    let file = syn::parse2(derived.collect()).unwrap();
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
            #[envelope(table = "orders", envelope = "_env", crate = my::runtime, debug)]
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
                sort_key = "ORDER#{r#type}#{number:08}",
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
fn a_record_that_the_library_fills_in() {
    check(
        &parse_quote! {
            #[envelope(table = "documents")]
            struct Document {
                #[partition_key]
                id: String,
                #[encrypted]
                text: String,
                #[envelope(version)]
                version: u32,
                #[authenticated]
                #[envelope(ttl)]
                expires: Option<u64>,
                #[envelope(created_at)]
                created: Option<DateTime<Utc>>,
                #[envelope(updated_at, with = seconds)]
                updated: DateTime<Utc>,
            }
        },
        &expect_file!["../../snapshots/document.rs"],
    );
}

#[test]
fn a_struct_to_flatten_and_the_record_that_it_is_in() {
    let group = parse_quote! {
        #[envelope(debug)]
        struct Contact<'a, T, const N: usize> {
            #[encrypted]
            phone: Option<String>,
            #[authenticated]
            #[envelope(alias = "mail")]
            email: T,
            #[encrypted]
            token: [u8; N],
            #[envelope(default)]
            nonce: Option<[u8; 4]>,
            #[envelope(default)]
            photo: Vec<u8>,
            hash: Option<[u8; 4]>,
            blob: Option<Vec<u8>>,
            #[serde(default = "empty")]
            icon: Option<Box<[u8]>>,
            #[envelope(skip)]
            source: PhantomData<&'a str>,
        }
    };
    let record = parse_quote! {
        #[envelope(table = "users", debug)]
        #[serde(default)]
        struct User<C> {
            #[partition_key]
            id: String,
            #[envelope(flatten)]
            contact: C,
            #[envelope(flatten)]
            address: Address,
            #[envelope(catch_all)]
            others: OtherAttributes,
        }
    };
    check_all(
        &[(Kind::Fields, &group), (Kind::Record, &record)],
        &expect_file!["../../snapshots/flattened.rs"],
    );
}

#[test]
fn fields_of_functions_and_in_the_context() {
    check(
        &parse_quote! {
            #[envelope(table = "visits")]
            struct Visit {
                #[partition_key]
                id: String,
                #[envelope(context)]
                tenant: String,
                #[envelope(with = seconds)]
                left: Option<Time>,
                #[envelope(default, with = seconds)]
                paid: Option<Time>,
                #[serde(deserialize_with = "seconds::deserialize")]
                came: Time,
                #[serde(serialize_with = "seconds::serialize")]
                seen: Option<Time>,
                #[encrypted]
                #[envelope(with = envelope_runtime::secret)]
                pin: Option<SecretString>,
                #[encrypted]
                #[envelope(set)]
                tags: BTreeSet<String>,
            }
        },
        &expect_file!["../../snapshots/visit.rs"],
    );
}

#[test]
fn projections_of_a_record() {
    let inputs = [
        parse_quote! {
            #[envelope(of = shop::Order, debug)]
            #[serde(rename_all = "camelCase")]
            struct OrderCard {
                tenant: String,
                r#type: Kind,
                #[envelope(flatten)]
                contact: Contact,
            }
        },
        parse_quote! {
            #[envelope(of = Document<'a, T>, plaintext_only, crate = my::runtime, debug)]
            struct Line<'a, T: Clone, C> {
                body: Option<T>,
                #[envelope(flatten)]
                contact: C,
            }
        },
        parse_quote! {
            #[envelope(of = Order)]
            struct Nothing {
                #[encrypted]
                address: String,
            }
        },
    ];
    let derived = inputs.iter().map(projection).collect();
    let expected = expect_file!["../../snapshots/projections.rs"];
    expected.assert_eq(&prettyplease::unparse(&syn::parse2(derived).unwrap()));
}

#[test]
fn a_key_has_up_to_six_parts_on_both_sides_together() {
    let record = parse_quote! {
        #[envelope(table = "t", partition_key = "{a:03}#{b:03}#{c:03}", sort_key = "{d:03}#{e:03}#{f:03}")]
        struct Record { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, #[encrypted] g: String }
    };
    let text = derive(Kind::Record, &record).to_string();
    assert!(text.contains("Parts < (u8 , u8 , u8 ,) , (u8 , u8 , u8 ,) >"), "{text}");
}

#[test]
fn indexes_of_every_kind() {
    check(
        &parse_quote! {
            #[envelope(
                table = "orders",
                partition_key = "TENANT#{tenant}",
                sort_key = "ORDER#{number:08}",
                index(by_customer(partition = "customer", sort = "placed_at")),
                index(by_courier(partition = "courier")),
                index(by_day(partition = ["tenant", "day"], sort = ["total", "placed_at"])),
                index(by_shelf(
                    name = "GSI1",
                    partition_key = "HALL#{hall}#{tenant}",
                    sort_key = "{shelf}#{tenant}#{placed_at:010}",
                    sort_key_name = "GSI1Sort"
                ), inverted(
                    partition_key = "ORDER#{number:08}",
                    partition_key_name = "SK",
                    project = keys
                )),
                index(by_digest(partition = "digest", sort_key = "{shelf}", project = include("total"))),
                index(by_total(local, sort = "total"))
            )]
            struct Order {
                tenant: String,
                number: u32,
                #[authenticated]
                #[envelope(rename = "customerId")]
                customer: String,
                #[authenticated]
                courier: Option<String>,
                placed_at: u64,
                #[authenticated]
                day: u16,
                #[envelope(key = "N")]
                total: Cents,
                #[authenticated]
                hall: String,
                shelf: Option<String>,
                #[authenticated]
                digest: Option<[u8; 16]>,
                #[encrypted]
                address: String,
            }
        },
        &expect_file!["../../snapshots/indexes.rs"],
    );
}

#[test]
fn indexes_of_generic_records() {
    check_all(
        &[
            (
                Kind::Record,
                &parse_quote! {
                    #[envelope(table = "things", index(by_kind(partition = "kind", project = keys)))]
                    struct Thing<K, T> {
                        #[partition_key]
                        id: K,
                        #[authenticated]
                        kind: String,
                        #[encrypted]
                        body: T,
                    }
                },
            ),
            (
                Kind::Record,
                &parse_quote! {
                    #[envelope(table = "notes", index(by_owner(partition = "owner", sort = "at")))]
                    struct Note<T> {
                        #[partition_key]
                        id: T,
                        #[sort_key]
                        at: T,
                        #[authenticated]
                        owner: String,
                        #[encrypted]
                        body: T,
                    }
                },
            ),
        ],
        &expect_file!["../../snapshots/indexes_generic.rs"],
    );
}

#[test]
fn indexes_of_a_record_with_a_mistake() {
    check(
        &parse_quote! {
            #[envelope(
                        table = "orders",
                        index(by_status(partition = "state")),
                        index(by_day(partition = "day", sort = "at", project = keys)),
                        index(by_day(partition = "day"))
                    )]
                    struct Order {
                        #[partition_key]
                        id: String,
                        #[authenticated]
                        day: u16,
                        at: u64,
                        #[encrypted]
                        address: String,
                    }
        },
        &expect_file!["../../snapshots/indexes_stub.rs"],
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

/// Uses of a type with mistakes, or of a type that is not a struct, cause no further errors.
#[test]
fn mistakes_with_a_stub_that_has_the_key_where_there_is_one() {
    let shape = parse_quote!(
        enum Shape {
            Point,
        }
    );
    let without_partition_key = parse_quote! {
        #[envelope(table = "lone", plaintext_only)]
        struct Simple {
            #[sort_key]
            sort: u64,
        }
    };
    let with_key = parse_quote! {
        #[envelope(plaintext_only)]
        struct Keyed {
            #[partition_key]
            id: Uuid,
        }
    };
    let with_key_of_a_struct = parse_quote! {
        #[envelope(table = "users", plaintext_only, partition_key = "{contact}")]
        struct Flattened {
            #[envelope(flatten)]
            contact: Contact,
        }
    };
    let records = [&shape, &without_partition_key, &with_key, &with_key_of_a_struct];
    let mut inputs = records.map(|input| (Kind::Record, input)).to_vec();
    inputs.push((Kind::Fields, &shape));
    check_all(&inputs, &expect_file!["../../snapshots/stubs.rs"]);
}
