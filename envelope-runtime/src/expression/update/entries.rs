//! Changes of single entries of maps.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Change, EntryChanges, Update};
use crate::attribute::{ConvertError, ConvertErrorKind, ValueSerializer, Wiped};
use crate::expression::Attribute;
use crate::expression::kind::{
    EntriesSealable, EntriesSettable, NotContext, NotIndexPart, NotKey, NotVersion,
};
use crate::expression::owned::Owned;
use crate::record::{EnvelopeRecord, checked};

/// A field whose value is stored as a map, so that an update can change single entries of it:
/// `BTreeMap`, `HashMap`, and an `Option` of one. Implement it for your own type that is stored as
/// one.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use envelope_runtime::schema::Entries;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(transparent)]
/// struct Lines(BTreeMap<String, u32>);
///
/// impl Entries for Lines {
///     type Name = String;
///     type Value = u32;
///
///     fn of_entry(name: String, value: u32) -> Self {
///         Self(BTreeMap::of_entry(name, value))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "single entries are changed in maps, and this field is a `{Self}`",
    label = "is not known to be stored as a map",
    note = "use a BTreeMap or HashMap, or `.set()` the whole value; if your own type is stored as a map, \
            implement `Entries` for it"
)]
pub trait Entries: Sized + 'static {
    /// The name of an entry. Its serialized form must be the one that it has as a key of the map.
    type Name: 'static;
    /// The value of an entry.
    type Value: 'static;

    /// A map that has this entry alone.
    fn of_entry(name: Self::Name, value: Self::Value) -> Self;

    /// Takes the entry of such a map out, so that texts and bytes in it are wiped. Without this
    /// method they are not.
    fn into_entry(self) -> Option<(Self::Name, Self::Value)> {
        None
    }
}

impl<K: Ord + 'static, V: 'static> Entries for BTreeMap<K, V> {
    type Name = K;
    type Value = V;

    fn of_entry(name: K, value: V) -> Self {
        Self::from([(name, value)])
    }

    fn into_entry(self) -> Option<(K, V)> {
        self.into_iter().next()
    }
}

impl<K, V, S> Entries for HashMap<K, V, S>
where
    K: Eq + Hash + 'static,
    V: 'static,
    S: BuildHasher + Default + 'static,
{
    type Name = K;
    type Value = V;

    fn of_entry(name: K, value: V) -> Self {
        Self::from_iter([(name, value)])
    }

    fn into_entry(self) -> Option<(K, V)> {
        self.into_iter().next()
    }
}

impl<T: Entries> Entries for Option<T> {
    type Name = T::Name;
    type Value = T::Value;

    fn of_entry(name: T::Name, value: T::Value) -> Self {
        Some(T::of_entry(name, value))
    }

    fn into_entry(self) -> Option<(T::Name, T::Value)> {
        self?.into_entry()
    }
}

/// A name or a value of an entry, of type `T`: a `T`, a `&T` that can be cloned, the value in an
/// `Option`, a `&str` for a `String`, or a byte slice for a `Vec<u8>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit into this map, whose names or values are of type `{T}`",
    label = "needs the type of the map's names or values"
)]
pub trait EntryOperand<T> {
    /// The value as the map owns it.
    #[doc(hidden)]
    fn into_operand(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> EntryOperand<T> for T {
    fn into_operand(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone> EntryOperand<T> for &T {
    fn into_operand(self) -> T {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T> EntryOperand<Option<T>> for T {
    fn into_operand(self) -> Option<T> {
        Some(self)
    }
}

macro_rules! borrowed {
    ($($borrowed:ty => $owned:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl EntryOperand<$owned> for $borrowed {
            fn into_operand(self) -> $owned {
                self.to_owned()
            }
        }

        #[diagnostic::do_not_recommend]
        impl EntryOperand<Option<$owned>> for $borrowed {
            fn into_operand(self) -> Option<$owned> {
                Some(self.to_owned())
            }
        }
    )*};
}

borrowed!(&str => String, &[u8] => Vec<u8>);

impl<R: EnvelopeRecord, T> Update<R, T> {
    /// Sets an entry of a map, plaintext or `#[authenticated]`, and leaves its other entries alone.
    /// An absent map or NULL counts as empty.
    ///
    /// Several entries of one map can be changed in one update, each once. Entries of a plaintext
    /// map that two writers set at the same time are both kept. If the map is absent, DynamoDB
    /// refuses to set an entry, and the update sends a second request, which sets the map.
    ///
    /// DynamoDB limits an
    /// [update expression](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html)
    /// to 4 KB, which is enough for about 200 entries of a plaintext map.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # use std::collections::BTreeMap;
    /// # use envelope_runtime::{EnvelopeRecord, Store, UpdateError};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "carts")]
    /// # struct Cart {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     lines: BTreeMap<String, u32>,
    /// #     #[encrypted]
    /// #     address: String,
    /// # }
    /// # async fn example(store: Store) -> Result<(), UpdateError> {
    /// let update = store.update::<Cart>("c-1").set_entry(|f| f.lines, "sku-1", 2);
    /// update.remove_entry(|f| f.lines, "sku-2").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_entry<K, F: Entries>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        name: impl EntryOperand<F::Name>,
        value: impl EntryOperand<F::Value>,
    ) -> Self
    where
        K: EntriesSettable + NotIndexPart + NotKey + NotContext + NotVersion,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let change = entry_set(attribute, name.into_operand(), value.into_operand(), false);
        self.change(attribute.name(), change)
    }

    /// Sets an entry of an `#[encrypted]` map, and leaves its other entries alone. The map is read,
    /// verified, and sealed again under a fresh nonce. An absent map counts as empty.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # use std::collections::BTreeMap;
    /// # use envelope_runtime::{EnvelopeRecord, Store, UpdateError};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "patients")]
    /// # struct Patient {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     #[encrypted]
    /// #     findings: BTreeMap<String, String>,
    /// # }
    /// # async fn example(store: Store) -> Result<(), UpdateError> {
    /// store.update::<Patient>("p-1").seal_entry(|f| f.findings, "x-ray", "clear").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn seal_entry<K, F: Entries>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        name: impl EntryOperand<F::Name>,
        value: impl EntryOperand<F::Value>,
    ) -> Self
    where
        K: EntriesSealable + NotKey,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let change = entry_set(attribute, name.into_operand(), value.into_operand(), true);
        self.change(attribute.name(), change)
    }

    /// Removes an entry of a map, plaintext, `#[authenticated]` or `#[encrypted]`, and leaves its
    /// other entries alone. The update succeeds if there is no such entry, or no map. Without its
    /// last entry, a map is empty and not absent.
    ///
    /// A `with` module may store a name in its own way. So the entries of a field that has one
    /// cannot be removed by name, and the update fails without a request.
    ///
    #[cfg_attr(feature = "aws", doc = "```no_run")]
    #[cfg_attr(not(feature = "aws"), doc = "```text")]
    /// # use std::collections::BTreeMap;
    /// # use envelope_runtime::{EnvelopeRecord, Store, UpdateError};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "patients")]
    /// # struct Patient {
    /// #     #[partition_key]
    /// #     id: String,
    /// #     #[encrypted]
    /// #     findings: BTreeMap<String, String>,
    /// # }
    /// # async fn example(store: Store) -> Result<(), UpdateError> {
    /// store.update::<Patient>("p-1").remove_entry(|f| f.findings, "x-ray").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove_entry<K, F: Entries>(
        self,
        attribute: impl FnOnce(R::Attributes) -> Attribute<R, K, F>,
        name: impl EntryOperand<F::Name>,
    ) -> Self
    where
        K: NotIndexPart + NotKey + NotContext + NotVersion,
        F::Name: Serialize,
    {
        let attribute = attribute(R::ATTRIBUTES);
        let name = Owned(name.into_operand());
        let change = attribute.entry_name(&name.0).and_then(EntryChanges::removed);
        self.change(attribute.name(), change.map(Change::Entries))
    }
}

fn entry_set<R, K, F: Entries>(
    attribute: Attribute<R, K, F>,
    name: F::Name,
    value: F::Value,
    sealed: bool,
) -> Result<Change, ConvertError> {
    let map = F::of_entry(name, value);
    let written = attribute.written(&map, sealed);
    let _wiped = map.into_entry().map(|(name, value)| (Owned(name), Owned(value)));
    EntryChanges::set(written?).map(Change::Entries)
}

impl<R, K, F: Entries> Attribute<R, K, F> {
    /// A map that has this name alone.
    fn entry_name(&self, name: &F::Name) -> Result<Option<Wiped>, ConvertError>
    where
        F::Name: Serialize,
    {
        if self.is_converted() {
            return Err(ConvertError::new(ConvertErrorKind::EntryName));
        }
        checked(Named(name).serialize(ValueSerializer::new(false))?)
    }
}

/// A map that has this name alone.
struct Named<'a, N>(&'a N);

impl<N: Serialize> Serialize for Named<'_, N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &())?;
        map.end()
    }
}
