//! The identity of a record: table and key, framed so that no two records share their bytes.

use super::header::Header;
use super::{SALT_LEN, SUITE, VERSION};
use crate::attribute::{AttributeValue, write_lp, write_type_and_value};

/// `lp(logical table) ‖ u8 number of keys ‖ per key: lp(name) ‖ type ‖ lp(canonical value)`, the
/// partition key first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity(Vec<u8>);

impl Identity {
    pub(super) fn new(table: &str, keys: &[(&str, &AttributeValue)]) -> Self {
        let names = keys.iter().map(|(name, value)| 8 + name.len() + value.plaintext_len());
        let mut bytes = Vec::with_capacity(5 + table.len() + names.sum::<usize>());
        write_lp(table.as_bytes(), &mut bytes);
        bytes.push(if keys.len() == 1 { 1 } else { 2 });
        for (name, value) in keys {
            write_lp(name.as_bytes(), &mut bytes);
            write_type_and_value(value, &mut bytes);
        }
        Self(bytes)
    }

    /// The AAD of one sealed attribute.
    pub(super) fn aad(&self, attribute: &str) -> Vec<u8> {
        const START: &[u8] = b"envelope/1 attribute";
        let mut aad = Vec::with_capacity(START.len() + 6 + self.0.len() + attribute.len());
        aad.extend_from_slice(START);
        aad.extend_from_slice(&[VERSION, SUITE]);
        aad.extend_from_slice(&self.0);
        write_lp(attribute.as_bytes(), &mut aad);
        aad
    }

    /// The bytes that the record tag covers. `value` returns the stored value of an authenticated
    /// attribute.
    pub(super) fn tag_input<'a>(
        &self,
        header: &Header,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Vec<u8> {
        const START: &[u8] = b"envelope/1 record";
        let salt: &[u8; SALT_LEN] = &header.salt;
        let lengths = header.authenticated.iter().filter_map(|name| value(name));
        let values: usize = lengths.map(|value| 4 + value.plaintext_len()).sum();
        let fixed = START.len() + 2 + SALT_LEN + header.lists_len() + self.0.len();
        let mut input = Vec::with_capacity(fixed + header.authenticated.len() + values);
        input.extend_from_slice(START);
        input.extend_from_slice(&[VERSION, SUITE]);
        input.extend_from_slice(salt);
        header.write_lists(&mut input);
        input.extend_from_slice(&self.0);
        for name in &header.authenticated {
            match value(name) {
                None => input.push(0),
                Some(value) => {
                    input.push(1);
                    write_type_and_value(value, &mut input);
                }
            }
        }
        input
    }
}
