//! The attribute values that `dynomite` 0.10 makes of Rust values, as its `Attribute` trait
//! documents them. It needs rusoto, which is not maintained, so it is no dependency.
//!
//! Its derive stores each field, so that `None` is NULL, and a struct with a derive as M. It knows
//! no `u8`, `i8` or enum with contents.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) trait Attribute {
    fn to_attr(&self) -> Sdk;
}

impl Attribute for String {
    fn to_attr(&self) -> Sdk {
        Sdk::S(self.clone())
    }
}

impl Attribute for bool {
    fn to_attr(&self) -> Sdk {
        Sdk::Bool(*self)
    }
}

impl Attribute for Vec<u8> {
    fn to_attr(&self) -> Sdk {
        Sdk::B(Blob::new(self.as_slice()))
    }
}

impl Attribute for Uuid {
    fn to_attr(&self) -> Sdk {
        Sdk::S(self.hyphenated().to_string())
    }
}

/// With the offset `+00:00`, where serde writes `Z`.
impl Attribute for DateTime<Utc> {
    fn to_attr(&self) -> Sdk {
        Sdk::S(self.to_rfc3339())
    }
}

impl<T: Attribute> Attribute for Option<T> {
    fn to_attr(&self) -> Sdk {
        self.as_ref().map_or(Sdk::Null(true), Attribute::to_attr)
    }
}

impl<T: Attribute> Attribute for Vec<T> {
    fn to_attr(&self) -> Sdk {
        Sdk::L(self.iter().map(Attribute::to_attr).collect())
    }
}

impl<T: Attribute> Attribute for HashMap<String, T> {
    fn to_attr(&self) -> Sdk {
        Sdk::M(self.iter().map(|(name, value)| (name.clone(), value.to_attr())).collect())
    }
}

impl<T: Attribute> Attribute for BTreeMap<String, T> {
    fn to_attr(&self) -> Sdk {
        Sdk::M(self.iter().map(|(name, value)| (name.clone(), value.to_attr())).collect())
    }
}

impl Attribute for HashSet<String> {
    fn to_attr(&self) -> Sdk {
        Sdk::Ss(self.iter().cloned().collect())
    }
}

impl Attribute for BTreeSet<String> {
    fn to_attr(&self) -> Sdk {
        Sdk::Ss(self.iter().cloned().collect())
    }
}

impl Attribute for HashSet<Vec<u8>> {
    fn to_attr(&self) -> Sdk {
        Sdk::Bs(self.iter().map(|bytes| Blob::new(bytes.as_slice())).collect())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Attribute for $number {
            fn to_attr(&self) -> Sdk {
                Sdk::N(self.to_string())
            }
        }
    )*};
}

numbers!(u16, i16, u32, i32, u64, i64, f32, f64);

macro_rules! sets_of_numbers {
    ($($set:ty),*) => {$(
        impl Attribute for $set {
            fn to_attr(&self) -> Sdk {
                Sdk::Ns(self.iter().map(ToString::to_string).collect())
            }
        }
    )*};
}

sets_of_numbers!(BTreeSet<u32>, HashSet<i64>);

/// Stores structs as `derive(Item)` and `derive(Attributes)` do. `field: "name"` is their option
/// `rename`.
macro_rules! dynomite_structs {
    ($($record:ident { $($field:ident $(: $stored:literal)?),* $(,)? })*) => {$(
        impl $crate::ways_in::dynomite::Attribute for $record {
            fn to_attr(&self) -> aws_sdk_dynamodb::types::AttributeValue {
                let attributes = [$((
                    [stringify!($field) $(, $stored)?].last().unwrap().to_string(),
                    $crate::ways_in::dynomite::Attribute::to_attr(&self.$field),
                )),*];
                aws_sdk_dynamodb::types::AttributeValue::M(attributes.into())
            }
        }
    )*};
}

/// Stores enums as `derive(Attribute)` does: as the names of their variants in Rust.
macro_rules! dynomite_enums {
    ($($name:ident),*) => {$(
        impl $crate::ways_in::dynomite::Attribute for $name {
            fn to_attr(&self) -> aws_sdk_dynamodb::types::AttributeValue {
                aws_sdk_dynamodb::types::AttributeValue::S(format!("{self:?}"))
            }
        }
    )*};
}

pub(super) use {dynomite_enums, dynomite_structs};
