//! The expansion of keys that are hashed.

use proc_macro2::TokenStream;
use quote::quote;

use crate::derive;
use crate::model::Kind;

/// The expansion of a record with these options and fields, without spaces.
fn expanded(options: &TokenStream, fields: &TokenStream) -> String {
    let input = syn::parse2(quote! {
        #[envelope(table = "t", #options)]
        struct Record { #fields }
    });
    derive(Kind::Record, &input.unwrap()).to_string().replace(' ', "")
}

#[track_caller]
fn assert_has(derived: &str, parts: &[&str]) {
    for part in parts {
        assert!(derived.contains(part), "{part}\n{derived}");
    }
}

#[test]
fn a_hashed_key_is_an_attribute_before_its_field() {
    let derived =
        expanded(&quote!(), &quote!(#[partition_key] #[envelope(hashed(trim, nfc))] email: String));
    assert_has(
        &derived,
        &[
            "FieldSchema::new(\"email_hash\",_envelope::FieldRole::PartitionKey)\
             .hash_of(\"email\",_envelope::Normalization::NONE.trim().nfc())\
             .key_type(_envelope::KeyType::B),\
             _envelope::FieldSchema::new(\"email\",_envelope::FieldRole::Encrypted)",
            "Simple<_envelope::Hashed<String>>",
            "kind::Hashed,String>",
            "HasTable",
        ],
    );
}

#[test]
fn each_option_of_a_hash_is_in_its_schema() {
    let derived = expanded(
        &quote!(),
        &quote! {
            #[partition_key] id: String,
            #[sort_key] #[envelope(hashed(hex, name = "who", lowercase))] email: String
        },
    );
    let hash = "FieldSchema::new(\"who\",_envelope::FieldRole::SortKey)\
                .hash_of(\"email\",_envelope::Normalization::NONE.lowercase())\
                .key_type(_envelope::KeyType::S)";
    assert_has(&derived, &[hash, "Composite<String,_envelope::Hashed<String>>"]);
    let derived = expanded(&quote!(), &quote!(#[partition_key] #[envelope(hashed)] token: Vec<u8>));
    assert_has(&derived, &["Simple<_envelope::Hashed<_envelope::Bytes>>"]);
}

#[test]
fn a_template_takes_a_hash_as_text() {
    let part = quote!(#[encrypted] #[envelope(hashed)] email: String, number: u16);
    let derived =
        expanded(&quote!(partition_key = "U#{email_hash}", sort_key = "N#{number:04}"), &part);
    let hash = "FieldSchema::new(\"email_hash\",_envelope::FieldRole::Plain)\
                .hash_of(\"email\",_envelope::Normalization::NONE),";
    let key = "Parts<(_envelope::Hashed<String>,),(u16,)>";
    assert_has(&derived, &[hash, key, "KeyPiece::part(\"email_hash\")"]);

    // In front of another part, too: nothing sorts by a hash.
    let derived =
        expanded(&quote!(partition_key = "U", sort_key = "N#{email_hash}#{number:04}"), &part);
    assert_has(&derived, &["Parts<(),(_envelope::Hashed<String>,u16,)>"]);

    // A hash that is a key by itself and a part is stored once.
    let derived = expanded(
        &quote!(sort_key = "N#{email_hash}#{number:04}"),
        &quote!(#[partition_key] #[envelope(hashed)] email: String, number: u16),
    );
    let hash = ".hash_of(\"email\",_envelope::Normalization::NONE).key_type(_envelope::KeyType::S)";
    assert_has(&derived, &[hash]);
}

#[test]
fn the_attribute_of_a_hash_is_named_after_its_field() {
    let field = quote!(#[partition_key] #[envelope(hashed)] e_mail: String);
    let named = |derived: &str, name: &str| {
        assert_has(derived, &[&format!("new(\"{name}\",_envelope::FieldRole::PartitionKey)")]);
    };
    named(&expanded(&quote!(), &field), "e_mail_hash");
    let renamed = quote!(#[partition_key] #[envelope(hashed, rename = "mail")] e_mail: String);
    named(&expanded(&quote!(), &renamed), "mail_hash");
    let input = syn::parse2(quote! {
        #[envelope(table = "t")]
        #[serde(rename_all = "camelCase")]
        struct Record { #field }
    });
    let derived = derive(Kind::Record, &input.unwrap()).to_string().replace(' ', "");
    named(&derived, "eMailHash");
}
