//! The common face of the two libraries.

/// A library with a record and the item that it made of it.
pub trait Library {
    /// Makes an item of the record.
    fn encrypt(&self);

    /// Makes a record of a clone of the item.
    fn decrypt(&self);

    /// The size of the item.
    fn size(&self) -> usize;

    /// The bytes of the wrapped data key and of the names of the key that wrapped it.
    fn wrapped_key(&self) -> usize;
}
