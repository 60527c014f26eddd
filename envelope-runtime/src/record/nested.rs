//! Finds structs with protected fields inside plaintext fields, at compile time: stored as one
//! plaintext attribute, their `#[encrypted]` would have no effect.
//!
//! An inherent constant takes precedence over a trait's, so `Fields::<T>::PROTECTS` is the inherent
//! one if `T` is such a struct, and the trait's otherwise.

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
    /// True if the type has a protected field.
    pub const PROTECTS: bool = protects(T::FIELDS);
}

impl<T: EnvelopeRecord> Record<T> {
    /// True if the type has a protected field.
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
