//! The identity of a record: table and key, framed so that no two records share their bytes.

use super::header::Header;
use super::{SALT_LEN, SUITE, VERSION};
use crate::attribute::{AttributeValue, write_lp, write_type_and_value};
use crate::limits::MAX_NAME;

/// `lp(logical table) ‖ u8 number of keys ‖ per key: lp(name) ‖ type ‖ lp(canonical value)`, the
/// partition key first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity(Vec<u8>);

impl Identity {
    pub(super) fn new(table: &str, keys: &[(&str, &AttributeValue)]) -> Self {
        let lengths = keys.iter().map(|(name, value)| 8 + name.len() + value.plaintext_len());
        let mut bytes = Vec::with_capacity(5 + table.len() + lengths.sum::<usize>());
        write_lp(table.as_bytes(), &mut bytes);
        bytes.push(if keys.len() == 1 { 1 } else { 2 });
        for (name, value) in keys {
            write_lp(name.as_bytes(), &mut bytes);
            write_type_and_value(value, &mut bytes);
        }
        Self(bytes)
    }

    /// The AAD of sealed attributes.
    pub(super) fn aad(&self) -> Aad {
        const START: &[u8] = b"envelope/1 attribute";
        let length = START.len() + 2 + self.0.len();
        let mut bytes = Vec::with_capacity(length + 4 + MAX_NAME);
        bytes.extend_from_slice(START);
        bytes.extend_from_slice(&[VERSION, SUITE]);
        bytes.extend_from_slice(&self.0);
        Aad { bytes, length }
    }

    /// The bytes that the record tag covers. `envelope` is the encoded header, and `value` returns
    /// the stored value of an authenticated attribute.
    ///
    /// `None` if the envelope is not that of the header.
    pub(super) fn tagged<'a, 'v>(
        &'a self,
        header: &'a Header,
        envelope: &'a [u8],
        value: impl Fn(&str) -> Option<&'v AttributeValue>,
    ) -> Option<Tagged<'a>> {
        let lengths = header.authenticated.iter().map(|name| match value(name) {
            None => 1,
            Some(value) => 5 + value.plaintext_len(),
        });
        let mut values = Vec::with_capacity(lengths.sum());
        for name in &header.authenticated {
            match value(name) {
                None => values.push(0),
                Some(value) => {
                    values.push(1);
                    write_type_and_value(value, &mut values);
                }
            }
        }
        let lists = header.lists(envelope)?;
        Some(Tagged { salt: &header.salt, lists, identity: &self.0, values })
    }
}

/// The AAD of one sealed attribute after another, in one buffer.
pub(super) struct Aad {
    bytes: Vec<u8>,
    /// The length of what is the same for all attributes.
    length: usize,
}

impl Aad {
    /// The AAD of one sealed attribute.
    pub(super) fn of(&mut self, attribute: &str) -> &[u8] {
        self.bytes.truncate(self.length);
        write_lp(attribute.as_bytes(), &mut self.bytes);
        &self.bytes
    }
}

/// The bytes that a record tag covers.
pub(super) struct Tagged<'a> {
    salt: &'a [u8; SALT_LEN],
    /// As in the envelope.
    lists: &'a [u8],
    identity: &'a [u8],
    values: Vec<u8>,
}

impl Tagged<'_> {
    /// The parts whose concatenation is covered.
    pub(super) fn parts(&self) -> [&[u8]; 6] {
        let Self { salt, lists, identity, values } = self;
        [b"envelope/1 record", &[VERSION, SUITE], *salt, lists, identity, values]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{MAC_LEN, NONCE_LEN};
    use crate::envelope::header::SealedEntry;
    use crate::key::KeyReference;

    #[test]
    fn buffers_have_the_capacity_that_they_need() {
        let exact = |bytes: &Vec<u8>| assert_eq!(bytes.capacity(), bytes.len());
        let key = AttributeValue::S("u-1".into());
        let identity = Identity::new("users", &[("id", &key), ("at", &key)]);
        exact(&identity.0);

        let mut aad = identity.aad();
        aad.of(&"n".repeat(MAX_NAME));
        exact(&aad.bytes);

        let header = Header {
            salt: [1; SALT_LEN],
            tag: [2; MAC_LEN],
            sealed: vec![SealedEntry { name: "ssn".into(), nonce: [3; NONCE_LEN] }],
            authenticated: vec!["role".into(), "ward".into()],
            reference: KeyReference::KeyTable(vec![4; 8]),
        };
        let envelope = header.encode().unwrap();
        exact(&envelope);
        let value = |name: &str| (name == "role").then_some(&key);
        exact(&identity.tagged(&header, &envelope, value).unwrap().values);
    }
}
