//! The length of expansions.

use std::fmt::Write;

use expect_test::expect;
use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse_quote;

use super::derive;
use crate::model::Kind;

fn tokens(stream: TokenStream) -> usize {
    let size = |token| match token {
        TokenTree::Group(group) => 2 + tokens(group.stream()),
        _ => 1,
    };
    stream.into_iter().map(size).sum()
}

/// The number of tokens in the expansion of a record.
fn size(fields: &TokenStream) -> usize {
    let record = parse_quote! {
        #[envelope(table = "sizes")]
        struct Record {
            #[partition_key]
            id: String,
            #[encrypted]
            secret: String,
            #fields
        }
    };
    tokens(derive(Kind::Record, &record))
}

/// Users pay for tokens in compile time. Look at a change here before you bless it.
#[test]
fn the_expansion_grows_by_so_many_tokens_a_field() {
    let fields = [
        ("plaintext", quote!(x: String,)),
        ("of another type", quote!(x: Other,)),
        ("encrypted", quote!(#[encrypted] x: String,)),
        ("authenticated", quote!(#[authenticated] x: String,)),
        ("encrypted Option", quote!(#[encrypted] x: Option<String>,)),
        ("encrypted bytes", quote!(#[encrypted] x: Vec<u8>,)),
        ("encrypted set", quote!(#[encrypted] #[envelope(set)] x: Vec<u8>,)),
        ("encrypted with", quote!(#[encrypted] #[envelope(with = m)] x: Vec<u8>,)),
        ("encrypted default", quote!(#[encrypted] #[envelope(default)] x: String,)),
        ("context", quote!(#[envelope(context)] x: String,)),
        ("alias", quote!(#[envelope(alias = "y")] x: String,)),
        ("flatten", quote!(#[envelope(flatten)] x: Inner,)),
        ("catch_all", quote!(#[envelope(catch_all)] x: OtherAttributes,)),
        ("skip", quote!(#[envelope(skip)] x: String,)),
        ("version", quote!(#[envelope(version)] x: u64,)),
        ("updated_at", quote!(#[envelope(updated_at)] x: u64,)),
        ("created_at", quote!(#[envelope(created_at)] x: Option<u64>,)),
    ];
    let none = size(&TokenStream::new());
    let mut table = format!("{:18} {none:4} tokens, and for each field:\n", "a record");
    for (name, field) in fields {
        writeln!(table, "{name:18} {:4}", size(&field) - none).unwrap();
    }
    expect![[r"
        a record            644 tokens, and for each field:
        plaintext            91
        of another type     163
        encrypted            91
        authenticated        91
        encrypted Option     94
        encrypted bytes      94
        encrypted set        94
        encrypted with      145
        encrypted default   124
        context              95
        alias                99
        flatten             108
        catch_all            23
        skip                 21
        version             177
        updated_at          202
        created_at          193
    "]]
    .assert_eq(&table);

    let many = (0..100).map(|index| {
        let name = format_ident!("x{index}");
        quote!(#[encrypted] #name: String,)
    });
    let hundred = size(&many.collect());
    assert_eq!(hundred - none, 100 * (size(&quote!(#[encrypted] x: String,)) - none));
}
