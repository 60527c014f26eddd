//! The keys of records, read without the records.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{
    Bytes, Composite, EnvelopeRecord, FieldError, FieldReader, Hashed, HashedKey, NoKey, Parts,
    ProjectionOf, Readable, RecordSchema, Simple, Unsorted, decode_vec,
};
use crate::attribute::{ConvertError, ValueDeserializer};

/// The key of a record, read from its table or from an index, without the rest of the record.
///
/// It is read without a call to the key service, and it is not verified: it says that an item has
/// this key, and nothing about the item. [`into_key`](Self::into_key) returns the values, which
/// every operation takes. `Debug` shows nothing of them.
///
#[cfg_attr(feature = "aws", doc = "```no_run")]
#[cfg_attr(not(feature = "aws"), doc = "```text")]
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// use envelope_runtime::Keys;
///
/// # async fn example(store: Store) -> Result<(), Error> {
/// for key in store.query::<Keys<Order>>("t-1").all().await? {
///     store.delete::<Order>(key.into_key()).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Keys<R: EnvelopeRecord>(<R::Key as OwnedKey>::Owned)
where
    R::Key: OwnedKey;

/// The shape of a key whose values can be read. [`Simple`], [`Composite`] and [`Parts`] are.
pub trait OwnedKey {
    /// The values of the key's fields: one alone, or all in one tuple.
    type Owned: Send + 'static;

    #[doc(hidden)]
    fn read(fields: &mut FieldReader) -> Result<Self::Owned, FieldError>;
}

/// The type of a field in a key's shape.
pub trait OwnedPart {
    /// The type of its value: that of the field, or `Vec<u8>` for [`Bytes`].
    type Owned: Send + 'static;

    #[doc(hidden)]
    fn decode(from: ValueDeserializer) -> Result<Self::Owned, ConvertError>;
}

#[diagnostic::do_not_recommend]
impl<P: DeserializeOwned + Send + 'static> OwnedPart for P {
    type Owned = P;

    fn decode(from: ValueDeserializer) -> Result<P, ConvertError> {
        P::deserialize(from)
    }
}

impl OwnedPart for Bytes {
    type Owned = Vec<u8>;

    fn decode(from: ValueDeserializer) -> Result<Vec<u8>, ConvertError> {
        decode_vec(from)
    }
}

#[diagnostic::do_not_recommend]
impl<P: DeserializeOwned + Send + 'static> OwnedPart for Unsorted<P> {
    type Owned = P;

    fn decode(from: ValueDeserializer) -> Result<P, ConvertError> {
        P::deserialize(from)
    }
}

#[diagnostic::do_not_recommend]
impl<P: 'static> OwnedPart for Hashed<P> {
    type Owned = HashedKey;

    fn decode(from: ValueDeserializer) -> Result<HashedKey, ConvertError> {
        HashedKey::read(from)
    }
}

macro_rules! one_part {
    ($($key:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<P: OwnedPart> OwnedKey for $key {
            type Owned = P::Owned;

            fn read(fields: &mut FieldReader) -> Result<P::Owned, FieldError> {
                fields.read_part(P::decode)
            }
        }
    )*};
}

one_part!(Simple<P>, Parts<(P,), ()>, Parts<(), (P,)>);

#[diagnostic::do_not_recommend]
impl<P: OwnedPart, S: OwnedPart> OwnedKey for Composite<P, S> {
    type Owned = (P::Owned, S::Owned);

    fn read(fields: &mut FieldReader) -> Result<Self::Owned, FieldError> {
        Ok((fields.read_part(P::decode)?, fields.read_part(S::decode)?))
    }
}

#[diagnostic::do_not_recommend]
impl OwnedKey for Parts<(), ()> {
    type Owned = ();

    fn read(_: &mut FieldReader) -> Result<(), FieldError> {
        Ok(())
    }
}

/// Implements keys of this many parts, for every length of the partition key: each step moves one
/// part over to it.
macro_rules! parts {
    ([$($p:ident)*] [] $all:tt) => {
        parts!(@ [$($p)*] [] $all);
    };
    ([$($p:ident)*] [$next:ident $($s:ident)*] $all:tt) => {
        parts!(@ [$($p)*] [$next $($s)*] $all);
        parts!([$($p)* $next] [$($s)*] $all);
    };
    (@ [$($p:ident)*] [$($s:ident)*] ($($part:ident)*)) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: OwnedPart),*> OwnedKey for Parts<($($p,)*), ($($s,)*)> {
            type Owned = ($($part::Owned,)*);

            fn read(fields: &mut FieldReader) -> Result<Self::Owned, FieldError> {
                Ok(($(fields.read_part($part::decode)?,)*))
            }
        }
    };
}

parts!([] [A B] (A B));
parts!([] [A B C] (A B C));
parts!([] [A B C D] (A B C D));
parts!([] [A B C D E] (A B C D E));
parts!([] [A B C D E F] (A B C D E F));

impl<R: EnvelopeRecord> Keys<R>
where
    R::Key: OwnedKey,
{
    /// The values of the key's fields, to load, update or delete the record.
    #[must_use]
    pub fn into_key(self) -> <R::Key as OwnedKey>::Owned {
        self.0
    }
}

impl<R: EnvelopeRecord> Readable for Keys<R>
where
    R::Key: OwnedKey,
{
    type Key = R::Key;
    type Attributes = R::Attributes;
    type Of = R;
    type Needs = NoKey;

    const SCHEMA: RecordSchema = R::SCHEMA.keys_only();
    const ATTRIBUTES: R::Attributes = R::ATTRIBUTES;

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        R::Key::read(fields).map(Self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: EnvelopeRecord> ProjectionOf<R> for Keys<R> where R::Key: OwnedKey {}

impl<R: EnvelopeRecord> fmt::Debug for Keys<R>
where
    R::Key: OwnedKey,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([REDACTED])")
    }
}
