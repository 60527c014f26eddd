//! The attributes of an item beyond the fields of its struct.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroize;

use super::FieldRole;
use crate::attribute::AttributeValue;

/// The attributes of an item that its struct does not know, in a field with
/// `#[envelope(catch_all)]`.
///
/// Each keeps its type and its stored protection: an attribute that another version of the struct
/// has sealed is opened here, and sealed again when the record is saved. So an older program does
/// not drop the attributes that a newer one has added. `Debug` prints names and types, never a
/// value.
///
/// ```
/// use envelope_runtime::{
///     AttributeValue, EnvelopeRecord, LocalKeyProvider, Opener, OtherAttributes, Sealer,
/// };
///
/// #[derive(EnvelopeRecord)]
/// #[envelope(table = "users")]
/// struct User {
///     #[partition_key]
///     id: String,
///     #[encrypted]
///     ssn: String,
///     #[envelope(catch_all)]
///     others: OtherAttributes,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// let mut others = OtherAttributes::default();
/// others.insert("theme", AttributeValue::S("dark".into()));
/// let user = User { id: "foobar".into(), ssn: "078-05-1120".into(), others };
///
/// let item = Sealer::new(LocalKeyProvider::from_hex(key)?).seal(&user).await?;
/// assert_eq!(item.attribute("theme"), Some(&AttributeValue::S("dark".into())));
///
/// let user = Opener::new(LocalKeyProvider::from_hex(key)?).open::<User>(item).await?;
/// assert_eq!(user.others.get("theme"), Some(&AttributeValue::S("dark".into())));
/// # Ok(())
/// # }
/// ```
///
/// Attributes that are not protected were not protected in the table either: anyone who may write
/// to the table can add attributes that appear here. Sealed values are wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtherAttributes(BTreeMap<String, Other>);

/// One attribute. An authenticated attribute without a value is known to have none.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) role: FieldRole,
    pub(crate) value: Option<AttributeValue>,
}

impl Drop for Other {
    fn drop(&mut self) {
        if self.role == FieldRole::Encrypted {
            self.value.zeroize();
        }
    }
}

impl OtherAttributes {
    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.0.get(name)?.value.as_ref()
    }

    /// Inserts a value under a name and returns the previous one, which is not wiped automatically.
    /// An attribute that was there, or was removed, keeps its protection; a new one is plaintext:
    /// see [`insert_encrypted`](Self::insert_encrypted).
    ///
    /// A name that belongs to the struct is refused when the record is saved.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: AttributeValue,
    ) -> Option<AttributeValue> {
        let new = || Other { role: FieldRole::Plain, value: None };
        self.0.entry(name.into()).or_insert_with(new).value.replace(value)
    }

    /// Like [`insert`](Self::insert), but the attribute is sealed when the record is saved.
    pub fn insert_encrypted(
        &mut self,
        name: impl Into<String>,
        value: AttributeValue,
    ) -> Option<AttributeValue> {
        let sealed = Other { role: FieldRole::Encrypted, value: Some(value) };
        self.0.insert(name.into(), sealed)?.value.take()
    }

    /// Removes an attribute and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<AttributeValue> {
        let other = self.0.get_mut(name)?;
        let value = other.value.take();
        // The protection stays: a reader that authenticates the attribute needs to know that it is
        // absent, and a value that is inserted again must not become plaintext.
        if other.role == FieldRole::Plain {
            self.0.remove(name);
        }
        value
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.0.iter().filter_map(|(name, other)| Some((name.as_str(), other.value.as_ref()?)))
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(crate) fn add(&mut self, name: String, role: FieldRole, value: Option<AttributeValue>) {
        self.0.insert(name, Other { role, value });
    }

    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &Other)> {
        self.0.iter().map(|(name, other)| (name.as_str(), other))
    }

    pub(crate) fn into_others(self) -> impl Iterator<Item = (String, Other)> {
        self.0.into_iter()
    }
}

impl fmt::Debug for OtherAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
