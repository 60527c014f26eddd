//! Rules for keys that are hashed.

use crate::attr::RoleName;
use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, Record, Shape};
use crate::template::Template;
use crate::written;

pub(super) fn hashed(cx: &Ctxt, record: &Record) {
    for field in &record.fields {
        let Some(options) = &field.options.hashed else { continue };
        let name = field.plain_ident();
        let has = |role| field.options.roles.iter().any(|given| given.value == role);
        let has_key = has(RoleName::PartitionKey) || has(RoleName::SortKey);
        let message = if field.hashed().is_none() {
            format!("`hashed` on `{name}`, which is no attribute of its own: remove one of them")
        } else if record.kind == Kind::Fields {
            format!(
                "`hashed` on `{name}` of a flattened struct: a key is a field of the record itself"
            )
        } else if let Some(other) = same_part(record, field) {
            format!(
                "`{{{name}_hash}}` in a key template could be the hash of `{name}` or the field \
                 `{other}`: rename the field"
            )
        } else if !has_key && !has(RoleName::Encrypted) {
            format!(
                "`hashed` on `{name}`, which is neither a key nor sealed: mark it `#[partition_key]` or \
                 `#[sort_key]`, or `#[encrypted]` if a key template names `{{{name}_hash}}`"
            )
        } else if !has_key && !record.is_part(field) && !names_value(record, &name) {
            format!(
                "`hashed` on `{name}`, and no key is made of the hash: mark it `#[partition_key]` or \
                 `#[sort_key]`, or name `{{{name}_hash}}` in a key template"
            )
        } else if let Some(problem) = unfit(record, field) {
            format!("`{name}` is hashed for a key, and {problem}")
        } else {
            continue;
        };
        cx.error(options.span, message);
    }
}

/// The field that has the name of a hash in key templates, though not its attribute.
fn same_part(record: &Record, field: &Field) -> Option<String> {
    let (part, (_, attribute)) = (field.part_name(), field.hashed()?);
    let mut names = record.fields.iter().filter(|other| other.name != attribute);
    names.find(|other| other.plain_ident() == part).map(|_| part.clone())
}

/// Returns whether a key template names the value, which is reported there.
fn names_value(record: &Record, name: &str) -> bool {
    record.templates().flat_map(Template::parts).any(|part| part == name)
}

fn unfit(record: &Record, field: &Field) -> Option<&'static str> {
    let options = field.options.hashed.as_ref()?;
    Some(match &field.shape {
        Shape::With { .. } => {
            "stored through a function, which the keys of callers do not pass: use a newtype with a \
             serde implementation of its own"
        }
        Shape::Set => "a set: a key is text, a number or bytes",
        Shape::Bytes | Shape::OptionalBytes if options.normalizes() => {
            "bytes are not normalised: remove `trim`, `lowercase` and `nfc`"
        }
        _ if options.normalizes() && written::integer(&field.ty).is_some() => {
            "a number is not normalised: remove `trim`, `lowercase` and `nfc`"
        }
        _ if written::optional(&field.ty).is_some() => {
            "a key always has a value: remove the Option"
        }
        _ if written::is(&field.ty, "bool") => "a bool is guessed at once: use another key",
        _ if field.default.is_some() => "a key always has a value: remove the default",
        _ if !field.options.aliases.is_empty() => {
            "the attribute's name is part of the hash: remove the alias"
        }
        _ if field.options.unsealed_until.is_some() => {
            "an item without the hash is another record: remove `unsealed_until`, and copy the records \
             into another table with `migrate_into`"
        }
        _ if field.options.key.is_some() => {
            "the hash has a type of its own: write `hashed(hex)` for text"
        }
        _ if options.hex.is_some() && record.is_part(field) => {
            "a hash in a key template is always text: remove `hex`"
        }
        _ => return None,
    })
}

/// The message for a hashed field that a key template names.
pub(super) fn template_part(
    record: &Record,
    template: &Template,
    field: &Field,
    name: &str,
    digits: Option<u8>,
) -> Option<String> {
    let part = field.part_name();
    if name != part {
        return Some(format!(
            "key template uses `{{{name}}}`, whose value is sealed: write `{{{part}}}` for its hash"
        ));
    }
    if !record.templates().any(|own| std::ptr::eq(own, template)) {
        return Some(format!(
            "key template of an index uses `{{{part}}}`: a hash is a part of the table's key only"
        ));
    }
    digits.map(|_| format!("key template pads `{{{part}}}`, which is text: leave out the digits"))
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use crate::check::record;
    use crate::ctxt::Ctxt;
    use crate::model::{Kind, Record};

    fn messages(input: TokenStream) -> Vec<String> {
        let input = syn::parse2(input).unwrap();
        let cx = Ctxt::new();
        if let Ok(checked) = Record::from_syn(&cx, Kind::Record, &input) {
            record(&cx, &checked);
        }
        cx.finish().err().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn text_numbers_and_bytes_are_hashed_as_they_are() {
        for field in [
            quote!(#[envelope(hashed)] key: u64),
            quote!(#[envelope(hashed(hex))] key: Vec<u8>),
            quote!(#[envelope(hashed(name = "PK", trim))] key: String),
            quote!(#[encrypted] #[envelope(hashed)] key: [u8; 4]),
        ] {
            let record = quote! {
                #[envelope(table = "t")]
                struct Record { #[partition_key] #field }
            };
            assert_eq!(messages(record), [""; 0], "{field}");
        }
    }

    #[test]
    fn what_callers_cannot_give_is_refused() {
        for (field, problem) in [
            (quote!(#[envelope(hashed, with = hex)] key: String), "stored through a function"),
            (quote!(#[envelope(hashed, set)] key: Vec<String>), "a set"),
            (quote!(#[envelope(hashed)] key: bool), "a bool is guessed at once"),
            (quote!(#[envelope(hashed(nfc))] key: Vec<u8>), "bytes are not normalised"),
            (quote!(#[envelope(hashed(trim))] key: u8), "a number is not normalised"),
        ] {
            let record = quote! {
                #[envelope(table = "t")]
                struct Record { #[partition_key] #field }
            };
            let [message] = messages(record).try_into().unwrap();
            assert!(message.contains(&format!("hashed for a key, and {problem}")), "{message}");
        }
    }

    #[test]
    fn a_part_of_a_template_is_one_field() {
        let record = |attribute: &str, other: TokenStream| {
            messages(quote! {
                #[envelope(table = "t", partition_key = "U#{email_hash}")]
                struct Record {
                    #other: String,
                    #[encrypted] #[envelope(hashed(name = #attribute))] email: String,
                }
            })
        };
        assert_eq!(record("H", quote!(phone_hash)), [""; 0]);
        let [message] = record("H", quote!(email_hash)).try_into().unwrap();
        assert!(message.contains("could be the hash of `email` or the field `email_hash`"));
    }

    #[test]
    fn the_attribute_of_an_index_is_not_that_of_a_hash() {
        let record = |name: &str| {
            messages(quote! {
                #[envelope(table = "t", index(by_a(partition_key = "{a}", partition_key_name = #name)))]
                struct Record {
                    #[partition_key] #[envelope(hashed)] email: String,
                    #[authenticated] a: String,
                }
            })
        };
        assert_eq!(record("A"), [""; 0]);
        let [message] = record("email_hash").try_into().unwrap();
        assert!(message.contains("both map to \"email_hash\""), "{message}");
    }
}
