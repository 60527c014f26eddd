//! Finds structs with protected fields inside plaintext ones, at compile time: stored as one plaintext
//! attribute, their `#[encrypted]` would do nothing.
//!
//! A constant of a type goes before one of a trait, so `Fields::<T>::PROTECTS` is the first where `T`
//! is such a struct, and the second elsewhere.

use std::marker::PhantomData;

use super::{EnvelopeFields, EnvelopeRecord, FieldSchema};

/// Asks a type for the fields that `EnvelopeFields` protects.
#[derive(Debug)]
pub struct Fields<T: ?Sized>(PhantomData<T>);

/// Asks a type for the fields that `EnvelopeRecord` protects.
#[derive(Debug)]
pub struct Record<T: ?Sized>(PhantomData<T>);

/// The answer for every other type.
pub trait Otherwise {
    /// Nothing is protected.
    const PROTECTS: bool = false;
}

impl<T: EnvelopeFields> Fields<T> {
    /// Whether it has a protected field.
    pub const PROTECTS: bool = protects(T::FIELDS);
}

impl<T: EnvelopeRecord> Record<T> {
    /// Whether it has a protected field.
    pub const PROTECTS: bool = !T::SCHEMA.is_plaintext_only();
}

impl<T: ?Sized> Otherwise for Fields<T> {}
impl<T: ?Sized> Otherwise for Record<T> {}

#[expect(clippy::indexing_slicing, reason = "constants cannot iterate, and bounds are checked")]
const fn protects(fields: &[FieldSchema]) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].is_protected() {
            return true;
        }
        if let Some(group) = fields[index].members()
            && protects(group)
        {
            return true;
        }
        index += 1;
    }
    false
}
