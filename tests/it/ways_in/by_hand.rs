//! Attribute values as a program writes them that maps its structs to items by hand.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Sdk;

use crate::support::Stored;

pub(super) fn item<const N: usize>(attributes: [(&str, Sdk); N]) -> Stored {
    attributes.map(|(name, value)| (name.to_owned(), value)).into()
}

#[expect(clippy::needless_pass_by_value, reason = "texts and references alike")]
pub(super) fn s(text: impl ToString) -> Sdk {
    Sdk::S(text.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "numbers and references alike")]
pub(super) fn n(number: impl ToString) -> Sdk {
    Sdk::N(number.to_string())
}

pub(super) fn b(bytes: &[u8]) -> Sdk {
    Sdk::B(Blob::new(bytes))
}

pub(super) fn null() -> Sdk {
    Sdk::Null(true)
}

pub(super) fn l(values: impl IntoIterator<Item = Sdk>) -> Sdk {
    Sdk::L(values.into_iter().collect())
}

pub(super) fn m<K: ToString>(entries: impl IntoIterator<Item = (K, Sdk)>) -> Sdk {
    let entries: HashMap<_, _> =
        entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    Sdk::M(entries)
}

pub(super) fn ss<T: ToString>(texts: impl IntoIterator<Item = T>) -> Sdk {
    Sdk::Ss(texts.into_iter().map(|text| text.to_string()).collect())
}

pub(super) fn ns<T: ToString>(numbers: impl IntoIterator<Item = T>) -> Sdk {
    Sdk::Ns(numbers.into_iter().map(|number| number.to_string()).collect())
}
