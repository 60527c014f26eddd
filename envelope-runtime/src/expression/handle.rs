//! Typed handles of a record's attributes, for conditions and updates.

use std::fmt;
use std::marker::PhantomData;

use zeroize::Zeroizing;

use super::kind::Comparable;
use super::owned::Owned;
use super::{Comparison, Condition, Contained, Node};
use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, ValueSerializer, Wiped, unwiped,
};
use crate::record::{Decode, Encode, FieldError, FieldReader, SameAs, checked};

/// An attribute of the record `R`, of a [`kind`](crate::kind) `K`, that holds a field of type `T`.
///
/// The derive creates one for each field, and passes them to the closures that build conditions and
/// updates: `store.put(&user).condition(|f| f.status.eq("new"))`. Names and values go to DynamoDB
/// through placeholders, so no name is reserved.
pub struct Attribute<R, K, T> {
    name: &'static str,
    encode: Encode<T>,
    decode: Decode<T>,
    /// The value of an absent attribute, if `decode` must not see one.
    default: Option<fn() -> T>,
    /// True if the field's `with` function writes it.
    is_converted: bool,
    marker: PhantomData<fn() -> (R, K)>,
}

/// A value for an attribute of a field of type `T`, to compare with or to write: a `T`, a `&T`, the
/// value in an `Option`, a `&str` for a `String`, or a byte slice for a `Vec<u8>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of this attribute, whose field is of type `{T}`",
    label = "needs a value of the field's type"
)]
pub trait Operand<T> {
    /// Encodes the value as the field encodes its own.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if DynamoDB cannot store it.
    #[doc(hidden)]
    fn encode(self, encode: Encode<T>, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError>;
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Operand<T> for T {
    fn encode(self, encode: Encode<T>, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        encode(&Owned(self).0, to)
    }
}

#[diagnostic::do_not_recommend]
impl<T> Operand<T> for &T {
    fn encode(self, encode: Encode<T>, to: ValueSerializer) -> Result<Option<Wiped>, ConvertError> {
        encode(self, to)
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static> Operand<Option<T>> for T {
    fn encode(
        self,
        encode: Encode<Option<T>>,
        to: ValueSerializer,
    ) -> Result<Option<Wiped>, ConvertError> {
        encode(&Owned(Some(self)).0, to)
    }
}

macro_rules! borrowed {
    ($($borrowed:ty => $owned:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Operand<$owned> for $borrowed {
            fn encode(
                self,
                encode: Encode<$owned>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                encode(&Zeroizing::new(self.to_owned()), to)
            }
        }

        #[diagnostic::do_not_recommend]
        impl Operand<Option<$owned>> for $borrowed {
            fn encode(
                self,
                encode: Encode<Option<$owned>>,
                to: ValueSerializer,
            ) -> Result<Option<Wiped>, ConvertError> {
                encode(&Zeroizing::new(Some(self.to_owned())), to)
            }
        }
    )*};
}

borrowed!(&str => String, &[u8] => Vec<u8>);

impl<R, K, T> Attribute<R, K, T> {
    /// The attribute `name`, whose values `encode` creates and `decode` reads. Generated code calls
    /// it.
    #[must_use]
    pub const fn new(name: &'static str, encode: Encode<T>, decode: Decode<T>) -> Self {
        Self { name, encode, decode, default: None, is_converted: false, marker: PhantomData }
    }

    /// Reads an absent attribute as the value that `default` returns. Otherwise `decode` gets an
    /// absent value.
    #[must_use]
    pub const fn or_else(mut self, default: fn() -> T) -> Self {
        self.default = Some(default);
        self
    }

    /// Marks a field whose `with` function writes it: the stored names of a map's entries are then
    /// known to that function alone.
    #[must_use]
    pub const fn converted(mut self) -> Self {
        self.is_converted = true;
        self
    }

    pub(crate) const fn is_converted(&self) -> bool {
        self.is_converted
    }

    /// Reads the next field of a reader, as the record reads this one.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the stored value does not fit the type, or is absent and required.
    pub fn read(&self, fields: &mut FieldReader) -> Result<T, FieldError> {
        match self.default {
            Some(default) => fields.read_or(self.decode, default),
            None => fields.read(self.decode),
        }
    }

    /// Reads the next field of a projection, whose type the derive writes out.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    #[doc(hidden)]
    pub fn read_as<P>(&self, fields: &mut FieldReader) -> Result<P, FieldError>
    where
        T: SameAs<P>,
    {
        self.read(fields).map(T::same)
    }

    /// The attribute's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The condition that the item has the attribute, whatever its value.
    #[doc(alias = "attribute_exists")]
    pub fn exists(self) -> Condition<R> {
        Condition::new(Node::Exists(self.name))
    }

    /// The condition that the item does not have the attribute.
    #[doc(alias = "attribute_not_exists")]
    pub fn not_exists(self) -> Condition<R> {
        Condition::new(Node::NotExists(self.name))
    }

    /// The value that an update writes; `None` if it is absent.
    pub(crate) fn written(
        &self,
        value: impl Operand<T>,
        sealed: bool,
    ) -> Result<Option<Wiped>, ConvertError> {
        checked(value.encode(self.encode, ValueSerializer::new(sealed))?)
    }

    fn value(&self, value: impl Operand<T>) -> Result<AttributeValue, ConvertError> {
        storable(self.written(value, false)?)
    }

    fn compare(self, comparison: Comparison, value: impl Operand<T>) -> Condition<R> {
        Condition::new(Node::Compare(self.name, comparison, self.value(value)))
    }
}

/// Comparisons follow DynamoDB's rules: both sides must have the same type, and a missing attribute
/// satisfies only [`ne`](Self::ne).
impl<R, K, T> Attribute<R, K, T> {
    /// Equal to `value`.
    pub fn eq(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::Equal, value)
    }

    /// Not equal to `value`, or absent.
    pub fn ne(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::NotEqual, value)
    }

    /// Less than `value`: numbers by size, strings and bytes by their bytes.
    pub fn lt(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::Less, value)
    }

    /// Less than or equal to `value`.
    pub fn le(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// Greater than `value`.
    pub fn gt(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::Greater, value)
    }

    /// Greater than or equal to `value`.
    pub fn ge(self, value: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        self.compare(Comparison::GreaterOrEqual, value)
    }

    /// Between `low` and `high`, both inclusive.
    pub fn between(self, low: impl Operand<T>, high: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        Condition::new(Node::Between(self.name, self.value(low), self.value(high)))
    }

    /// Equal to one of up to 100 values.
    pub fn is_in<O: Operand<T>>(self, values: impl IntoIterator<Item = O>) -> Condition<R>
    where
        K: Comparable,
    {
        let values = values.into_iter().map(|value| self.value(value)).collect();
        Condition::new(Node::In(self.name, values))
    }

    /// A string or bytes that start with `prefix`.
    pub fn begins_with(self, prefix: impl Operand<T>) -> Condition<R>
    where
        K: Comparable,
    {
        Condition::new(Node::BeginsWith(self.name, self.value(prefix)))
    }

    /// A string or bytes that contain `part`, or a list or set with the element `part`.
    pub fn contains(self, part: impl Contained<T>) -> Condition<R>
    where
        K: Comparable,
    {
        let part = part.encode_part(self.encode, ValueSerializer::new(false));
        Condition::new(Node::Contains(self.name, part.and_then(checked).and_then(storable)))
    }
}

impl<R, K, T> Clone for Attribute<R, K, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, K, T> Copy for Attribute<R, K, T> {}

impl<R, K, T> fmt::Debug for Attribute<R, K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attribute").field(&self.name).finish()
    }
}

/// A value to compare with, which must not be absent.
fn storable(value: Option<Wiped>) -> Result<AttributeValue, ConvertError> {
    value.map(unwiped).ok_or(ConvertError::new(ConvertErrorKind::AbsentOperand))
}
