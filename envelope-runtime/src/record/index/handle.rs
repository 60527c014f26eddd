//! Handles of indexes. Record, key and output of a query are in their types, so that no type of its
//! own is generated for an index.

use std::fmt;
use std::marker::PhantomData;

use super::IndexSchema;
use crate::record::{EnvelopeRecord, Readable};

/// A global index of the record `R` with the key `K`. A query of it gives out `P`: `R`, or
/// [`Keys<R>`](crate::Keys) if the index does not hold whole records.
///
/// The derive makes one for each `index(…)` of a record: `Order::INDEXES.by_status`.
pub struct Index<R, K, P = R>(&'static IndexSchema, Types<R, K, P>);

/// A local index, which shares the partition key of its table, and has strongly consistent reads.
pub struct LocalIndex<R, K, P = R>(&'static IndexSchema, Types<R, K, P>);

type Types<R, K, P> = PhantomData<fn() -> (R, K, P)>;

/// What a query reads: the table, or one of its indexes.
pub trait Place {
    /// The shape of the key.
    type Key;
}

/// The table, whose key is `K`.
#[derive(Debug)]
pub struct OnTable<K>(PhantomData<fn() -> K>);

/// A global index, whose key is `K`.
#[derive(Debug)]
pub struct OnIndex<K>(PhantomData<fn() -> K>);

/// A local index, whose key is `K`.
#[derive(Debug)]
pub struct OnLocalIndex<K>(PhantomData<fn() -> K>);

/// A place that has strongly consistent reads.
#[diagnostic::on_unimplemented(
    message = "a global index has no strongly consistent reads",
    label = "`consistent()` needs the table, or a local index",
    note = "DynamoDB copies a write to a global index a moment later; load a record by its key to see its \
            last write"
)]
pub trait Consistent: Place {}

/// The handle of an index.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an index",
    label = "needs the handle of an index",
    note = "the handles are in a constant of the record: `Order::INDEXES.by_status`"
)]
pub trait IndexHandle: Copy {
    /// The output of a query.
    type Reads: Readable;
    /// The kind of the index, with its key.
    type Place: Place;

    #[doc(hidden)]
    fn schema(self) -> &'static IndexSchema;
}

macro_rules! handles {
    ($($handle:ident $place:ident;)*) => {$(
        impl<R: EnvelopeRecord, K, P> $handle<R, K, P> {
            /// The index `name` of the record's schema. Generated code calls it.
            ///
            /// # Panics
            ///
            /// If the record has no such index. In a constant, that is a compile error.
            #[must_use]
            #[track_caller]
            pub const fn new(name: &str) -> Self {
                Self(R::SCHEMA.index(name), PhantomData)
            }
        }

        impl<R, K, P: Readable> IndexHandle for $handle<R, K, P> {
            type Reads = P;
            type Place = $place<K>;

            fn schema(self) -> &'static IndexSchema {
                self.0
            }
        }

        impl<R, K, P> Clone for $handle<R, K, P> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R, K, P> Copy for $handle<R, K, P> {}

        impl<R, K, P> fmt::Debug for $handle<R, K, P> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($handle)).field(&self.0.name()).finish()
            }
        }

        impl<K> Place for $place<K> {
            type Key = K;
        }
    )*};
}

handles!(Index OnIndex; LocalIndex OnLocalIndex;);

impl<K> Place for OnTable<K> {
    type Key = K;
}

impl<K> Consistent for OnTable<K> {}
impl<K> Consistent for OnLocalIndex<K> {}
