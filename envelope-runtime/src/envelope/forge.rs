//! Items whose writer knows the data key: for vectors, and for fuzzing past the record tag.

use super::header::{Header, SealedEntry};
use super::identity::Identity;
use super::{Item, RecordKeys};
use crate::attribute::AttributeValue;
use crate::key::{DataKey, KeyReference};

/// The content of a forged item. Its salt and nonces are always the same.
pub struct Forgery<'a> {
    /// The logical table.
    pub table: &'a str,
    /// The names of the key attributes, which `item` holds.
    pub keys: &'a [&'a str],
    /// The data key.
    pub data_key: [u8; 32],
    /// The attributes that are not sealed.
    pub item: Item,
    /// Names, sorted, and the bytes to seal verbatim.
    pub plaintexts: &'a [(&'a str, &'a [u8])],
    /// The authenticated names, sorted.
    pub authenticated: &'a [&'a str],
    /// The reference to the data key.
    pub reference: KeyReference,
}

impl Forgery<'_> {
    /// The item, with its envelope under the name `_envelope` and a valid record tag; `None` if its
    /// header would exceed a limit, or a key is missing.
    pub fn item(mut self) -> Option<Item> {
        let salt = [0x55; 16];
        let keys = RecordKeys::derive(&DataKey::new(self.data_key), &salt);
        let identity = self.keys.iter().map(|name| Some((*name, self.item.attribute(name)?)));
        let identity = Identity::new(self.table, &identity.collect::<Option<Vec<_>>>()?);

        let mut sealed = Vec::new();
        for (nonce, (name, plaintext)) in (0xB0..=u8::MAX).zip(self.plaintexts) {
            let mut buffer = plaintext.to_vec();
            keys.content.seal([nonce; 12], identity.aad().of(name), &mut buffer).ok()?;
            self.item.insert(*name, AttributeValue::B(buffer));
            sealed.push(SealedEntry { name: (*name).to_owned().into(), nonce: [nonce; 12] });
        }
        let header = Header {
            salt,
            tag: [0; 32],
            sealed,
            authenticated: self
                .authenticated
                .iter()
                .map(|name| (*name).to_owned().into())
                .collect(),
            reference: self.reference,
        };
        let envelope = header.tagged(&identity, &keys, |name| self.item.attribute(name))?;
        self.item.insert("_envelope", AttributeValue::B(envelope));
        Some(self.item)
    }
}
