//! Values that are wiped when dropped, on their way between a struct and its item.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};

use zeroize::{Zeroize, Zeroizing};

use super::{AttributeValue, ConvertError, ConvertErrorKind};

/// An attribute value on its way between a struct and its item; wiped when dropped.
pub type Wiped = Zeroizing<AttributeValue>;

/// Takes the value out, to be kept or stored.
pub(crate) fn unwiped(mut value: Wiped) -> AttributeValue {
    mem::replace(&mut *value, AttributeValue::Null)
}

/// Overwrites strings, digits, bytes and map keys, and leaves NULL.
impl Zeroize for AttributeValue {
    fn zeroize(&mut self) {
        match mem::replace(self, Self::Null) {
            Self::Null => {}
            Self::Bool(mut flag) => flag.zeroize(),
            Self::S(text) => drop(Plaintext::from(text.into_bytes())),
            Self::N(mut number) => number.zeroize(),
            Self::B(bytes) => drop(Plaintext::from(bytes)),
            Self::M(map) => drop(Entries(map)),
            Self::L(mut list) => list.zeroize(),
            Self::Ss(set) => wipe_set(set),
            Self::Ns(set) => wipe_set(set),
            Self::Bs(set) => wipe_set(set),
        }
    }
}

/// The plaintext of a sealed value; wiped when dropped.
///
/// `Vec`'s own `zeroize` writes byte by byte, and takes longer than encrypting does. This one
/// writes in bulk, and nothing if there is nothing to wipe.
pub(crate) struct Plaintext(Vec<u8>);

impl From<Vec<u8>> for Plaintext {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Plaintext {
    type Target = Vec<u8>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Plaintext {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            // The spare capacity is wiped, too.
            self.0.resize(self.0.capacity(), 0);
            self.0.as_mut_slice().zeroize();
        }
    }
}

fn wipe_set(set: impl IntoIterator<Item = impl Zeroize>) {
    for mut element in set {
        element.zeroize();
    }
}

/// The entries of a map, wiped when dropped. `Debug` prints their number.
#[derive(Default)]
pub(super) struct Entries(BTreeMap<String, AttributeValue>);

impl Entries {
    pub(super) fn new(map: BTreeMap<String, AttributeValue>) -> Self {
        Self(map)
    }

    /// Takes the entries out, for a value that is wiped as a whole.
    pub(super) fn take(&mut self) -> BTreeMap<String, AttributeValue> {
        mem::take(&mut self.0)
    }
}

impl Deref for Entries {
    type Target = BTreeMap<String, AttributeValue>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entries {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        for (mut key, mut value) in self.take() {
            key.zeroize();
            value.zeroize();
        }
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.len())
    }
}

/// A text that leaves no copy of its start behind when it grows.
#[derive(Default)]
pub(super) struct Text(Zeroizing<String>);

impl Text {
    /// The `Display` output of a value.
    pub(super) fn of<T: fmt::Display + ?Sized>(
        value: &T,
    ) -> Result<Zeroizing<String>, ConvertError> {
        let mut text = Self::default();
        match fmt::write(&mut text, format_args!("{value}")) {
            Ok(()) => Ok(text.0),
            Err(fmt::Error) => Err(ConvertError::new(ConvertErrorKind::Refused)),
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let length = self.0.len() + part.len();
        if self.0.capacity() < length {
            let mut larger = Zeroizing::new(String::with_capacity(length.max(32) * 2));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        self.0.push_str(part);
        Ok(())
    }
}
