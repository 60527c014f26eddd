//! Partitions: the part of a key that a query gives.

use super::{Composite, EnvelopeRecord, IntoKeyPart, KeyValues, Parts, Simple};
use crate::attribute::ConvertError;

/// A value that can be used as the partition of the key `K` of a table or an index: that of a
/// [`Composite`] key's first field, or the parts of a template's partition key, one alone or
/// several in a tuple.
///
/// ```
/// use envelope_runtime::schema::{Composite, IntoPartition, Parts};
///
/// fn orders_of(partition: impl IntoPartition<Composite<String, u64>>) {}
/// fn lines_of(partition: impl IntoPartition<Parts<(String, u64), (u8,)>>) {}
/// fn settings(partition: impl IntoPartition<Parts<(), (String,)>>) {}
///
/// orders_of("t-1");
/// lines_of(("t-1", 42));
/// settings(());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a partition of the key `{K}`",
    label = "the key of the table or index is `{K}`",
    note = "a partition of `Composite<P, _>` is a `P`; of `Parts<(…), _>` the parts in its first \
            parentheses, as a tuple unless there is one"
)]
pub trait IntoPartition<K> {
    /// The attribute values that make the partition key.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if a part cannot be stored.
    fn into_partition(self) -> Result<KeyValues, ConvertError>;
}

/// A key with a sort key, so that a partition can hold several records.
#[diagnostic::on_unimplemented(
    message = "a record with the key `{Self}` cannot be queried: it has no sort key, so a partition \
               holds one record",
    label = "has no sort key",
    note = "use `store.get(key)`"
)]
pub trait SortedKey {}

#[diagnostic::do_not_recommend]
impl<P, S> SortedKey for Composite<P, S> {}
#[diagnostic::do_not_recommend]
impl<P, S> SortedKey for Parts<P, S> {}

/// A record whose sort key says of which type it is: a template that begins with a text. The derive
/// implements it.
#[diagnostic::on_unimplemented(
    message = "the sort keys of `{Self}` do not tell its records from those of other types",
    label = "its sort key is no template that begins with a text",
    note = "use `store.delete_whole_partition::<{Self}>(…)`, which deletes every item in the partition"
)]
pub trait OwnSortKey: EnvelopeRecord {}

/// A record whose context fields are all part of its key, so that each stored key says which
/// context its record belongs to. The derive implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read in every context",
    label = "a context field is not part of the key",
    note = "use a store that is `scoped` to one context; a record without context fields needs neither"
)]
pub trait ContextInKey {}

// Not needed for a query of `Simple` keys, which `SortedKey` refuses, but for one message and not
// two.
macro_rules! one_part {
    ($([$($sort:ident)?] $key:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<P, $($sort,)? T: IntoKeyPart<P>> IntoPartition<$key> for T {
            fn into_partition(self) -> Result<KeyValues, ConvertError> {
                KeyValues::of_part(self)
            }
        }
    )*};
}

one_part!([] Simple<P>, [S] Composite<P, S>, [S] Parts<(P,), S>);

#[diagnostic::do_not_recommend]
impl<S> IntoPartition<Parts<(), S>> for () {
    fn into_partition(self) -> Result<KeyValues, ConvertError> {
        Ok(KeyValues::default())
    }
}

macro_rules! several_parts {
    ($(($($part:ident $given:ident $index:tt),*)),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<S, $($part, $given: IntoKeyPart<$part>),*> IntoPartition<Parts<($($part,)*), S>>
            for ($($given,)*)
        {
            fn into_partition(self) -> Result<KeyValues, ConvertError> {
                let mut values = KeyValues::default();
                $(values.push(self.$index)?;)*
                Ok(values)
            }
        }
    )*};
}

several_parts!(
    (A T 0, B U 1),
    (A T 0, B U 1, C V 2),
    (A T 0, B U 1, C V 2, D W 3),
    (A T 0, B U 1, C V 2, D W 3, E X 4),
    (A T 0, B U 1, C V 2, D W 3, E X 4, F Y 5)
);
