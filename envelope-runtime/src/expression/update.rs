//! The changes of an update: typed, and checked against the schema before any request.

mod changed;
mod entries;
mod plan;

use std::collections::{BTreeSet, HashSet, LinkedList, VecDeque};
use std::fmt;
use std::marker::PhantomData;

use super::handle::{Attribute, Operand};
use super::kind::{
    NotContext, NotIndexPart, NotKey, NotVersion, Removable, Sealable, Settable, Summable, Untagged,
};
use super::{Condition, Node};
use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind, Wiped};
use crate::record::EnvelopeRecord;

pub(crate) use changed::EntryChanges;
#[cfg(feature = "aws")]
pub(crate) use changed::not_a_map;
pub use entries::{Entries, EntryOperand};
#[cfg(feature = "aws")]
pub(crate) use plan::UpdatePlan;
pub(crate) use plan::{Change, Changes};

/// An update of single attributes of the record `R`, ready to be awaited if `T` says which record
/// it is. Created by [`Store::update`](crate::Store::update) and [`EnvelopeRecord::update`].
///
/// Attributes are named through typed handles, and each can be changed once. An update never
/// creates a record: if there is none, it fails.
///
/// - Changes of plaintext attributes alone are one
///   [UpdateItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html),
///   without a read and without a call to KMS.
/// - A change of an `#[encrypted]` or `#[authenticated]` attribute reads the item, verifies it,
///   seals the new value under the record's data key (one KMS call), or under the running one if
///   data keys are [reused](crate::key::KeyProvider::reuse), and writes on the condition that the
///   envelope is still the one that was read. If it is not, the update starts over. Every update of
///   a record whose version or `updated_at` is `#[authenticated]` works this way too.
///
/// Both kinds together are one write. The type is `Update<User, AtKey>` in a store that can encrypt
/// and decrypt.
#[must_use = "an update does nothing until it is awaited"]
#[doc(alias = "update_expression")]
pub struct Update<R, T = ()> {
    pub(crate) changes: Changes,
    pub(crate) target: T,
    record: PhantomData<fn() -> R>,
}

impl<R: EnvelopeRecord> Update<R> {
    /// Changes of no record in particular.
    #[doc(hidden)]
    pub fn of() -> Self {
        Self::at(())
    }
}

impl<R: EnvelopeRecord, T> Update<R, T> {
    pub(crate) fn at(target: T) -> Self {
        Self { changes: Changes::default(), target, record: PhantomData }
    }

    #[cfg(feature = "aws")]
    pub(crate) fn at_other<U>(self, other: impl FnOnce(T) -> U) -> Update<R, U> {
        let Self { changes, target, record } = self;
        Update { changes, target: other(target), record }
    }

    /// Sets a plaintext attribute. A value that is stored as no attribute (`None`, an empty set)
    /// removes the attribute. If the field's default is another value, `None` is stored as NULL.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").set(|f| f.status, "active").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        value: impl Operand<F>,
    ) -> Self
    where
        K: Settable + NotKey + NotContext + NotVersion,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = attribute.written(value, false);
        self.change(attribute.name(), value.map(Change::Set))
    }

    /// Sets a plaintext attribute if the item does not have it. NULL counts as having it.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").set_if_absent(|f| f.first_seen, 1_800_000_000).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "if_not_exists")]
    pub fn set_if_absent<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        value: impl Operand<F>,
    ) -> Self
    where
        K: Settable + NotKey + NotContext + NotVersion,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = there(attribute.written(value, false));
        self.change(attribute.name(), value.map(Change::SetIfAbsent))
    }

    /// Seals a value into an `#[encrypted]` attribute, under a fresh nonce. `None` removes the
    /// attribute.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").seal(|f| f.email, "zoe@example.com").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn seal<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        value: impl Operand<F>,
    ) -> Self
    where
        K: Sealable + NotKey,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = attribute.written(value, true);
        self.change(attribute.name(), value.map(Change::Set))
    }

    /// Removes an attribute, plaintext or encrypted, whose field is an `Option`. The field then has
    /// its default.
    ///
    /// A field that is read through a `with` module and has no default cannot be removed: set it to
    /// `None`.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").remove(|f| f.nickname).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove<K, F>(self, attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>) -> Self
    where
        K: Removable + NotKey + NotContext + NotVersion,
        F: CanBeAbsent,
    {
        let attribute = attribute(R::ATTRIBUTES);
        self.change(attribute.name(), Ok(Change::Remove))
    }

    /// Adds to a number, or adds elements to a set. An absent number or NULL counts as 0, an absent
    /// set or NULL as empty.
    ///
    /// DynamoDB computes the sum, so concurrent additions are never lost. But DynamoDB does not
    /// know the field's type: a sum that it cannot hold makes the record unreadable. Guard against
    /// that with a [`condition`](Self::condition).
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").add(|f| f.logins, 1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        value: impl Operand<F>,
    ) -> Self
    where
        K: Summable + Untagged + NotIndexPart + NotKey + NotContext + NotVersion,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = there(attribute.written(value, false)).and_then(|value| match &*value {
            AttributeValue::N(_)
            | AttributeValue::Ss(_)
            | AttributeValue::Ns(_)
            | AttributeValue::Bs(_) => Ok(Change::Add(value)),
            other => Err(ConvertError::new(ConvertErrorKind::NotAddable(other.type_name()))),
        });
        self.change(attribute.name(), value)
    }

    /// Subtracts from a number, or takes elements out of a set; the opposite of [`add`](Self::add).
    ///
    /// A set without elements is an absent attribute. So elements cannot be taken out of a field
    /// that is read through a `with` module and has no default: store it with `#[envelope(set)]`.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # use envelope_runtime::{EnvelopeRecord, Store, UpdateError};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "products")]
    /// # struct Product {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     stock: u32,
    /// #     #[encrypted]
    /// #     supplier: String,
    /// # }
    /// # async fn example(store: Store) -> Result<(), UpdateError> {
    /// let sale = store.update::<Product>("p-1").subtract(|f| f.stock, 1);
    /// sale.condition(|f| f.stock.ge(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn subtract<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        value: impl Operand<F>,
    ) -> Self
    where
        K: Summable + Untagged + NotIndexPart + NotKey + NotContext + NotVersion,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = there(attribute.written(value, false)).and_then(|value| match &*value {
            AttributeValue::N(number) => {
                Ok(Change::Add(Wiped::new(AttributeValue::N(number.negated()))))
            }
            // Without its last element, the attribute is absent, which the field's `with` may not
            // accept.
            AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_)
                if K::IS_CONVERTED =>
            {
                Err(ConvertError::new(ConvertErrorKind::NotEmptied))
            }
            AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => {
                Ok(Change::Delete(value))
            }
            other => Err(ConvertError::new(ConvertErrorKind::NotAddable(other.type_name()))),
        });
        self.change(attribute.name(), value)
    }

    /// Appends elements to a list. An absent list or NULL counts as empty.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").append(|f| f.tags, vec!["beta".to_owned()]).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "list_append")]
    pub fn append<K, F>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        elements: impl Operand<F>,
    ) -> Self
    where
        K: Summable + Untagged + NotIndexPart + NotKey + NotContext + NotVersion,
        F: CanGrow,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let value = there(attribute.written(elements, false)).and_then(|value| match &*value {
            AttributeValue::L(_) => Ok(Change::Append(value)),
            other => Err(ConvertError::new(ConvertErrorKind::NotAppendable(other.type_name()))),
        });
        self.change(attribute.name(), value)
    }

    /// Changes the record only if it satisfies a condition. If called again, both conditions must
    /// hold. Otherwise nothing is changed, and the error is
    /// [`UpdateError::Condition`](crate::UpdateError::Condition), which holds the stored item.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.update::<User>("foobar").add(|f| f.logins, 1).condition(|f| f.ssn.exists()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "condition_expression")]
    pub fn condition(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self {
        let condition = condition(R::ATTRIBUTES).into_node();
        self.changes.condition = Node::both(self.changes.condition, Some(condition));
        self
    }

    fn change(mut self, name: &'static str, change: Result<Change, ConvertError>) -> Self {
        self.changes.list.push((name, change));
        self
    }
}

/// A field whose attribute can be absent: an `Option`.
#[diagnostic::on_unimplemented(
    message = "`.remove()` needs a field that can be absent, and this one is a `{Self}`",
    label = "without the attribute the record could not be loaded",
    note = "make the field an Option, or `.set()` another value"
)]
pub trait CanBeAbsent {}

impl<T> CanBeAbsent for Option<T> {}

/// A field that holds a list of any length. Implement it for your own type that is stored as one.
#[diagnostic::on_unimplemented(
    message = "`.append()` needs a list of any length, and this field is a `{Self}`",
    label = "with one more element the record could not be loaded",
    note = "use a Vec, or `.set()` the whole value; if your own type is stored as a list of any length, \
            implement `CanGrow` for it"
)]
pub trait CanGrow {}

impl<T> CanGrow for Vec<T> {}
impl<T> CanGrow for VecDeque<T> {}
impl<T> CanGrow for LinkedList<T> {}
impl<T> CanGrow for BTreeSet<T> {}
impl<T, S> CanGrow for HashSet<T, S> {}
impl<T> CanGrow for Box<[T]> {}
impl<T: CanGrow> CanGrow for Option<T> {}

fn there(value: Result<Option<Wiped>, ConvertError>) -> Result<Wiped, ConvertError> {
    value?.ok_or(ConvertError::new(ConvertErrorKind::NothingToAdd))
}

impl<R, T> fmt::Debug for Update<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.changes.list.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Update").field("changes", &names).finish_non_exhaustive()
    }
}
