//! Limits and rules, at their edges. `tests/ui` has the messages for other mistakes.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::*;

/// Returns the messages for a struct.
fn messages(kind: Kind, input: TokenStream) -> Vec<String> {
    let input = syn::parse2(input).unwrap();
    let cx = Ctxt::new();
    if let Ok(checked) = Record::from_syn(&cx, kind, &input) {
        record(&cx, &checked);
    }
    cx.finish().err().into_iter().flatten().map(|error| error.to_string()).collect()
}

/// Returns the messages for a record with fields beside its partition key.
fn of(fields: &TokenStream) -> Vec<String> {
    let record = quote! {
        #[envelope(table = "t")]
        struct Record { #[partition_key] id: String, #fields }
    };
    messages(Kind::Record, record)
}

/// Makes `count` fields with names of `length` bytes that begin with `letter`.
fn fields(attributes: &TokenStream, letter: char, count: usize, length: usize) -> TokenStream {
    let names = (0..count).map(|number| format!("{letter}{number:0>width$}", width = length - 1));
    let names = names.map(|name| format_ident!("{name}"));
    quote!(#(#attributes #names: String,)*)
}

fn encrypted(count: usize, length: usize) -> TokenStream {
    fields(&quote!(#[encrypted]), 'e', count, length)
}

fn authenticated(count: usize, length: usize) -> TokenStream {
    fields(&quote!(#[authenticated]), 'a', count, length)
}

const NONE: [&str; 0] = [];
const TOO_MANY_AUTHENTICATED: [&str; 1] =
    ["a record has at most 64 authenticated fields: split it"];

#[test]
fn a_record_has_at_most_255_encrypted_fields() {
    assert_eq!(of(&encrypted(255, 5)), NONE);
    assert_eq!(of(&encrypted(256, 5)), ["a record has at most 255 encrypted fields: split it"]);
}

#[test]
fn a_record_has_at_most_64_authenticated_fields_with_aliases_and_plain_contexts() {
    let context = quote!(#[envelope(context)] tenant: String,);
    let aliases = quote!(#[authenticated] #[envelope(alias = "x", alias = "y")] z: String,);
    // A plaintext field does not count.
    let plain = quote!(plain: String,);
    for (count, other) in [(64, plain), (63, context), (61, aliases)] {
        let most = authenticated(count, 3);
        assert_eq!(of(&quote!(#most #other)), NONE, "{other}");
        let more = authenticated(count + 1, 3);
        assert_eq!(of(&quote!(#more #other)), TOO_MANY_AUTHENTICATED, "{other}");
    }
}

#[test]
fn a_key_or_an_encrypted_field_in_the_context_is_not_listed_twice() {
    let most = authenticated(64, 3);
    let record = quote! {
        #[envelope(table = "t")]
        struct Record { #[partition_key] #[envelope(context)] id: String, #most }
    };
    assert_eq!(messages(Kind::Record, record), NONE);
}

#[test]
fn names_have_at_most_255_bytes() {
    assert_eq!(of(&encrypted(1, 255)), NONE);
    assert_eq!(of(&encrypted(1, 256)), ["an attribute name has 1 to 255 bytes"]);

    let named = |table: &str, envelope: &str| {
        let record = quote! {
            #[envelope(table = #table, envelope = #envelope)]
            struct Record { #[partition_key] id: String, #[encrypted] x: String }
        };
        messages(Kind::Record, record)
    };
    let (most, more) = ("x".repeat(255), "x".repeat(256));
    assert_eq!(named(&most, &most.replace('x', "y")), NONE);
    for table in ["", &more] {
        assert_eq!(named(table, "y"), ["a table name has 1 to 255 bytes"]);
    }
    for envelope in ["", &more] {
        assert_eq!(named("t", envelope), ["an attribute name has 1 to 255 bytes"]);
    }
}

/// The two lists of an envelope have 7944 bytes. A name takes its length plus one byte, and an
/// encrypted field twelve more for its nonce.
#[test]
fn names_take_at_most_what_an_envelope_has_room_for() {
    let list = encrypted(31, 256 - 13);
    let with = |field: TokenStream| of(&quote!(#list other: String, #field));

    assert_eq!(with(authenticated(1, 7)), NONE);
    let all = "the names of the encrypted and authenticated fields take 7945 bytes of the envelope, \
               and 7944 is the most: use fewer or shorter names";
    assert_eq!(with(authenticated(1, 8)), [all]);
    // The envelope lists an alias too.
    assert_eq!(with(quote!(#[authenticated] #[envelope(alias = "xxxxx")] z: u8)), NONE);
    for aliases in [quote!(alias = "xxxxxx"), quote!(alias = "x", alias = "xxxx")] {
        assert_eq!(with(quote!(#[authenticated] #[envelope(#aliases)] z: u8)), [all]);
    }
}

#[test]
fn a_key_is_made_of_at_most_six_fields() {
    let of = |template: &str| {
        let record = quote! {
            #[envelope(table = "t", plaintext_only, partition_key = "{a}#{b}#{c}", sort_key = #template)]
            struct Record { a: String, b: String, c: String, d: String, e: String, f: String, g: String }
        };
        messages(Kind::Record, record)
    };
    assert_eq!(of("{d}#{e}#{f}"), NONE);
    assert_eq!(of("{d}#{e}#{a}"), NONE);
    assert_eq!(of("{d}#{e}#{f}#{g}"), ["a key is made of at most 6 fields: leave some out"]);
}

#[test]
fn options_of_an_attribute_are_refused_where_there_is_none() {
    for (option, name) in [
        (quote!(rename = "x"), "rename"),
        (quote!(alias = "x"), "alias"),
        (quote!(skip), "skip"),
        (quote!(default), "default"),
        (quote!(with = seconds), "with"),
        (quote!(bytes), "bytes"),
        (quote!(set), "set"),
        (quote!(context), "context"),
        (quote!(since = 1), "since"),
    ] {
        let flattened = of(&quote!(#[encrypted] x: u8, #[envelope(flatten, #option)] y: Contact));
        let message = format!(
            "`{name}` on a flattened field, which has no attribute of its own: remove it, or put it \
             on the fields of the inner struct"
        );
        assert_eq!(flattened, [message]);
        let others = quote!(#[envelope(catch_all, #option)] y: OtherAttributes);
        let message =
            format!("`{name}` on a catch-all, which has no attribute of its own: remove it");
        assert_eq!(of(&quote!(#[encrypted] x: u8, #others)), [message]);
    }
}

#[test]
fn options_of_a_record_are_refused_on_a_struct_that_is_flattened() {
    for (option, name) in [
        (quote!(table = "t"), "table"),
        (quote!(envelope = "e"), "envelope"),
        (quote!(plaintext_only), "plaintext_only"),
        (quote!(partition_key = "{x}"), "partition_key"),
        (quote!(sort_key = "{x}"), "sort_key"),
        (quote!(partition_key_name = "P"), "partition_key_name"),
        (quote!(sort_key_name = "S"), "sort_key_name"),
    ] {
        let group = quote!(
            #[envelope(#option)]
            struct Contact {
                x: String,
            }
        );
        let message = format!("`{name}` belongs on the record that this struct is flattened into");
        assert_eq!(messages(Kind::Fields, group), [message]);
    }
}

/// Returns the messages for a record with options of its table, of which all fields are part.
fn indexed(indexes: &TokenStream) -> Vec<String> {
    let record = quote! {
        #[envelope(table = "t", plaintext_only, #indexes)]
        struct Record {
            #[partition_key] id: String,
            #[sort_key] at: u64,
            a: String, b: String, c: String, d: String, e: String, f: String, g: String,
        }
    };
    messages(Kind::Record, record)
}

#[test]
fn an_index_has_at_most_four_attributes_in_each_part_of_its_key() {
    let four = quote!(["a", "b", "c", "d"]);
    let five = quote!(["a", "b", "c", "d", "e"]);
    let too_many = "index `by_all` has more than 4 attributes in one part of its key: leave some out, or \
                    write a template";
    assert_eq!(
        indexed(&quote!(index(by_all(partition = #four, sort = ["e", "f", "g", "at"])))),
        NONE
    );
    assert_eq!(indexed(&quote!(index(by_all(partition = #five)))), [too_many]);
    assert_eq!(indexed(&quote!(index(by_all(partition = "id", sort = #five)))), [too_many]);
    let six = quote!(index(by_all(partition_key = "{a}#{b}#{c}#{d}#{e}#{f}")));
    assert_eq!(indexed(&six), NONE);
    let seven = quote!(index(by_all(partition_key = "{a}#{b}#{c}#{d}#{e}#{f}#{g}")));
    assert_eq!(indexed(&seven), ["a key is made of at most 6 fields: leave some out"]);
}

#[test]
fn a_table_has_at_most_five_local_indexes() {
    let locals = |number: usize| {
        let fields = ["a", "b", "c", "d", "e", "f"].into_iter().take(number);
        let indexes = fields.map(|field| {
            let word = format_ident!("by_{field}");
            quote!(index(#word(local, sort = #field)))
        });
        indexed(&quote!(#(#indexes),*))
    };
    assert_eq!(locals(5), NONE);
    assert_eq!(locals(6), ["a table has at most 5 local indexes: make one global"]);
}

#[test]
fn the_name_of_an_index_has_3_to_255_characters() {
    let named = |name: &str| indexed(&quote!(index(by_a(name = #name, partition = "a"))));
    for name in ["abc", "A-1._", &"x".repeat(255)] {
        assert_eq!(named(name), NONE, "{name}");
    }
    for name in ["", "ab", "a b", "ä__", &"x".repeat(256)] {
        assert_eq!(named(name).len(), 1, "{name}");
    }
}

#[test]
fn the_key_of_an_index_has_each_attribute_once() {
    let twice =
        |name: &str| vec![format!("the key of index `by_a` has \"{name}\" twice: remove one")];
    for (index, name) in [
        (quote!(partition = ["a", "a"]), "a"),
        (quote!(partition = "a", sort = "a"), "a"),
        (quote!(local, sort = "id"), "id"),
        (quote!(partition_key = "{a}", sort_key = "{a}", sort_key_name = "by_aPK"), "by_aPK"),
    ] {
        assert_eq!(indexed(&quote!(index(by_a(#index)))), twice(name));
    }
    assert_eq!(indexed(&quote!(index(by_a(partition = "a", sort = "id")))), NONE);
}

#[test]
fn a_local_index_has_one_sort_key_a_field_or_a_template() {
    let local = |sort: TokenStream| indexed(&quote!(index(by_a(local, #sort))));
    assert_eq!(local(quote!(sort = "a")), NONE);
    assert_eq!(local(quote!(sort_key = "{a}#{b}")), NONE);
    assert_eq!(
        local(quote!(sort = ["a", "b"])),
        ["a `local` index has one sort key: give `by_a` one"]
    );
}

#[test]
fn a_mistyped_project_is_told_what_an_index_may_hold() {
    let holds =
        |project: TokenStream| indexed(&quote!(index(by_a(partition = "a", project = #project))));
    for project in [quote!(all), quote!(keys), quote!(include("b"))] {
        assert_eq!(holds(project), NONE);
    }
    for project in [quote!(include), quote!(exclude("b"))] {
        assert_eq!(holds(project), ["an index holds `all`, `keys` or `include(\"field\", …)`"]);
    }
}

#[test]
fn an_index_of_keys_tells_a_context_field_that_is_in_its_key_or_in_that_of_the_table() {
    let context = quote!(#[envelope(context)]);
    let none = TokenStream::new();
    for (of_table, of_index) in [(&context, &none), (&none, &context)] {
        let record = quote! {
            #[envelope(table = "t", index(by_tenant(partition = "tenant", project = keys)))]
            struct Record {
                #[partition_key] #of_table id: String,
                #[authenticated] #of_index tenant: String,
            }
        };
        assert_eq!(messages(Kind::Record, record), NONE);
    }
}

#[test]
fn a_flattened_struct_is_no_key_of_an_index() {
    let record = quote! {
        #[envelope(table = "t", index(by_a(partition = "a", sort = "contact")))]
        struct Record {
            #[partition_key] id: String,
            #[authenticated] a: String,
            #[envelope(flatten)] contact: Contact,
        }
    };
    let message = "`contact` is the key of an index, and a flattened struct: name a field of the record \
                   itself";
    assert_eq!(messages(Kind::Record, record), [message]);
}

#[test]
fn the_attribute_of_a_template_is_not_one_that_an_alias_reads() {
    let aliased = |alias: &str| {
        let record = quote! {
            #[envelope(table = "t", plaintext_only, index(by_a(partition_key = "{a}")))]
            struct Record { #[partition_key] id: String, #[envelope(alias = #alias)] a: String }
        };
        messages(Kind::Record, record)
    };
    assert_eq!(aliased("x"), NONE);
    let message = "the key template and `a` both map to \"by_aPK\": name the template's attribute with \
                   `partition_key_name` or `sort_key_name`";
    assert_eq!(aliased("by_aPK"), [message]);
}
