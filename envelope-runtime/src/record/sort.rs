//! Conditions on the sort key, as a query's closure writes them.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;

use super::{Bytes, Composite, IntoKeyPart, KeyValues, Parts};
use crate::attribute::{AttributeValue, ConvertError};

/// Stands for a part of a sort key's template by which keys do not sort: a text with more behind
/// it, or a number that is not padded. `P` is the field's type.
#[derive(Debug)]
pub struct Unsorted<P>(PhantomData<fn() -> P>);

#[diagnostic::do_not_recommend]
impl<P, T: IntoKeyPart<P>> IntoKeyPart<Unsorted<P>> for T {
    fn into_part(self) -> Result<Option<AttributeValue>, ConvertError> {
        IntoKeyPart::<P>::into_part(self)
    }

    fn is_hash(&self) -> bool {
        IntoKeyPart::<P>::is_hash(self)
    }
}

/// The sort key of records with the key `K`, in the closure of
/// [`Query::sort`](crate::operation::Query::sort).
///
/// The sort key is a field of its own ([`Composite`]), or made by a template ([`Parts`]). Of a
/// template, a condition takes the first parts or all of them. The only part of a template stands
/// alone; of several, the first ones stand in a tuple, even if it is one: `("book",)`. The parts
/// before the last one given are equal to those of the records.
pub struct Sort<K>(PhantomData<fn() -> K>);

/// A condition on the sort key of records with the key `K`. `Debug` shows no value.
#[must_use = "a condition does nothing by itself"]
pub struct SortCondition<K> {
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "queries are DynamoDB's"))]
    values: Result<SortValues, ConvertError>,
    key: PhantomData<fn() -> K>,
}

/// The parts of a sort key, and the condition on the last one.
#[derive(Clone)]
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "queries are DynamoDB's"))]
pub(crate) enum SortValues {
    Equal(KeyValues),
    Greater(KeyValues),
    GreaterOrEqual(KeyValues),
    Less(KeyValues),
    LessOrEqual(KeyValues),
    Between(KeyValues, KeyValues),
    BeginsWith(KeyValues),
}

/// What can be equal to a sort key, or to the first parts of one: see [`Sort`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sort key of the key `{K}`, nor its first parts",
    label = "not a sort key",
    note = "a sort key of `Composite<_, S>` is an `S`; of `Parts<_, (A, B)>` the first parts or all, as a \
            tuple: `(a,)`, `(a, b)`"
)]
pub trait IntoSortKey<K> {
    /// The attribute values of the parts.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if a part cannot be stored.
    fn into_sort_key(self) -> Result<KeyValues, ConvertError>;
}

/// What can bound a range of sort keys: see [`Sort`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not bound the sort key of `{K}`",
    label = "not a bound of the sort key",
    note = "a bound of `Composite<_, S>` is an `S`; of `Parts<_, (A, B)>` the first parts or all, as a \
            tuple: `(a,)`, `(a, b)`",
    note = "keys do not sort by an `Unsorted` part, which is a text with more behind it or a number \
            without padding: use `begins_with`, or `eq`",
    note = "keys do not sort by a `Hashed` part: use `eq`"
)]
pub trait IntoBound<K>: IntoSortKey<K> {
    /// The parts that it bounds. Both bounds of `between` have the same.
    type Parts;
}

/// What can be the beginning of a sort key: see [`Sort`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a beginning of the sort key of `{K}`",
    label = "not a beginning of the sort key",
    note = "a beginning of `Composite<_, String>` is text, of `Composite<_, Bytes>` bytes; of \
            `Parts<_, (A, B)>` the first parts, as a tuple of which the last is text: `(a,)`, `(a, b)`",
    note = "a number has no beginning: use `ge`, `le`, `between` or `eq`",
    note = "a `Hashed` part has no beginning: use `eq`"
)]
pub trait IntoPrefix<K> {
    /// The attribute values of the parts, of which the last is a beginning.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if a part cannot be stored.
    fn into_prefix(self) -> Result<KeyValues, ConvertError>;
}

/// A part of a key by which keys sort.
#[diagnostic::on_unimplemented(message = "keys do not sort by a part of the type `{Self}`")]
pub trait Ordered {}

impl<P: Serialize> Ordered for P {}
impl Ordered for Bytes {}

/// The beginning of a part of the type `P`, which is stored as text or bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a beginning of a `{P}`",
    label = "needs text, or bytes for a Binary"
)]
pub trait IntoPrefixPart<P>: IntoKeyPart<P> {}

#[diagnostic::do_not_recommend]
impl<T: IntoKeyPart<String> + AsRef<str>> IntoPrefixPart<String> for T {}
#[diagnostic::do_not_recommend]
impl<T: IntoKeyPart<Bytes>> IntoPrefixPart<Bytes> for T {}
#[diagnostic::do_not_recommend]
impl<P, T: IntoPrefixPart<P>> IntoPrefixPart<Unsorted<P>> for T {}

macro_rules! one_part {
    ($($key:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<P, S, T: IntoKeyPart<S>> IntoSortKey<$key> for T {
            fn into_sort_key(self) -> Result<KeyValues, ConvertError> {
                KeyValues::of_part(self)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<P, S: Ordered, T: IntoKeyPart<S>> IntoBound<$key> for T {
            type Parts = (S,);
        }

        #[diagnostic::do_not_recommend]
        impl<P, S, T: IntoPrefixPart<S>> IntoPrefix<$key> for T {
            fn into_prefix(self) -> Result<KeyValues, ConvertError> {
                KeyValues::of_part(self)
            }
        }
    )*};
}

one_part!(Composite<P, S>, Parts<P, (S,)>);

/// Implements the conditions on the first parts of all: those before the last one, the last one,
/// and the rest.
macro_rules! first_parts {
    ($([$($part:ident $given:ident $index:tt),*] $last:ident $end:ident $at:tt [$($rest:ident)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<P, $($part, $given: IntoKeyPart<$part>,)* $last, $end: IntoKeyPart<$last>, $($rest),*>
            IntoSortKey<Parts<P, ($($part,)* $last, $($rest,)*)>> for ($($given,)* $end,)
        {
            fn into_sort_key(self) -> Result<KeyValues, ConvertError> {
                let mut values = KeyValues::default();
                $(values.push(self.$index)?;)*
                values.push(self.$at)?;
                Ok(values)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<
            P,
            $($part, $given: IntoKeyPart<$part>,)*
            $last: Ordered,
            $end: IntoKeyPart<$last>,
            $($rest),*
        > IntoBound<Parts<P, ($($part,)* $last, $($rest,)*)>> for ($($given,)* $end,)
        {
            type Parts = ($($part,)* $last,);
        }

        #[diagnostic::do_not_recommend]
        impl<P, $($part, $given: IntoKeyPart<$part>,)* $last, $end: IntoPrefixPart<$last>, $($rest),*>
            IntoPrefix<Parts<P, ($($part,)* $last, $($rest,)*)>> for ($($given,)* $end,)
        {
            fn into_prefix(self) -> Result<KeyValues, ConvertError> {
                let mut values = KeyValues::default();
                $(values.push(self.$index)?;)*
                values.push(self.$at)?;
                Ok(values)
            }
        }
    )*};
}

first_parts!(
    [] A T 0 [B];
    [A T 0] B U 1 [];
    [] A T 0 [B C];
    [A T 0] B U 1 [C];
    [A T 0, B U 1] C V 2 [];
    [] A T 0 [B C D];
    [A T 0] B U 1 [C D];
    [A T 0, B U 1] C V 2 [D];
    [A T 0, B U 1, C V 2] D W 3 [];
    [] A T 0 [B C D E];
    [A T 0] B U 1 [C D E];
    [A T 0, B U 1] C V 2 [D E];
    [A T 0, B U 1, C V 2] D W 3 [E];
    [A T 0, B U 1, C V 2, D W 3] E X 4 [];
    [] A T 0 [B C D E F];
    [A T 0] B U 1 [C D E F];
    [A T 0, B U 1] C V 2 [D E F];
    [A T 0, B U 1, C V 2] D W 3 [E F];
    [A T 0, B U 1, C V 2, D W 3] E X 4 [F];
    [A T 0, B U 1, C V 2, D W 3, E X 4] F Y 5 [];
);

#[cfg(feature = "aws")]
impl SortValues {
    /// Changes the values of each bound.
    pub(crate) fn map<E>(
        self,
        change: impl Fn(KeyValues) -> Result<KeyValues, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::Equal(values) => Self::Equal(change(values)?),
            Self::Greater(values) => Self::Greater(change(values)?),
            Self::GreaterOrEqual(values) => Self::GreaterOrEqual(change(values)?),
            Self::Less(values) => Self::Less(change(values)?),
            Self::LessOrEqual(values) => Self::LessOrEqual(change(values)?),
            Self::Between(low, high) => Self::Between(change(low)?, change(high)?),
            Self::BeginsWith(values) => Self::BeginsWith(change(values)?),
        })
    }
}

impl<K> Sort<K> {
    #[cfg(feature = "aws")]
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }

    /// Equal to `key`, or with these first parts. One record at most has a whole key.
    pub fn eq(self, key: impl IntoSortKey<K>) -> SortCondition<K> {
        SortCondition::new(key.into_sort_key().map(SortValues::Equal))
    }

    /// Greater than or equal to `bound`.
    pub fn ge(self, bound: impl IntoBound<K>) -> SortCondition<K> {
        SortCondition::new(bound.into_sort_key().map(SortValues::GreaterOrEqual))
    }

    /// Greater than `bound`.
    pub fn gt(self, bound: impl IntoBound<K>) -> SortCondition<K> {
        SortCondition::new(bound.into_sort_key().map(SortValues::Greater))
    }

    /// Less than or equal to `bound`.
    pub fn le(self, bound: impl IntoBound<K>) -> SortCondition<K> {
        SortCondition::new(bound.into_sort_key().map(SortValues::LessOrEqual))
    }

    /// Less than `bound`.
    pub fn lt(self, bound: impl IntoBound<K>) -> SortCondition<K> {
        SortCondition::new(bound.into_sort_key().map(SortValues::Less))
    }

    /// From `low` to `high`, both included. Of a template, the parts before the last are the same
    /// in both.
    pub fn between<B: IntoBound<K>>(
        self,
        low: B,
        high: impl IntoBound<K, Parts = B::Parts>,
    ) -> SortCondition<K> {
        let both = || Ok(SortValues::Between(low.into_sort_key()?, high.into_sort_key()?));
        SortCondition::new(both())
    }

    /// Beginning with `prefix`: `book` also begins `bookcase`. An empty text begins all.
    pub fn begins_with(self, prefix: impl IntoPrefix<K>) -> SortCondition<K> {
        SortCondition::new(prefix.into_prefix().map(SortValues::BeginsWith))
    }
}

impl<K> SortCondition<K> {
    fn new(values: Result<SortValues, ConvertError>) -> Self {
        Self { values, key: PhantomData }
    }

    #[cfg(feature = "aws")]
    pub(crate) fn into_values(self) -> Result<SortValues, ConvertError> {
        self.values
    }
}

impl<K> fmt::Debug for Sort<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sort")
    }
}

impl<K> fmt::Debug for SortCondition<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SortCondition")
    }
}
