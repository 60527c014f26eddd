//! Item → record: nothing is opened before the record tag is verified.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use zeroize::Zeroizing;

use super::context::ExpectedContext;
use super::header::{Header, HeaderError, SealedEntry};
use super::identity::Identity;
use super::verified::Verified;
use super::{Envelope, Item, Loaded, OpenError, OpenErrorKind, RecordKeys};
use crate::attribute::{AttributeValue, Wiped, decode_plaintext, unwiped};
use crate::crypto::{NONCE_LEN, Rejected};
use crate::error::LoadError;
use crate::key::{CanDecrypt, DataKey, DataKeyRequest, KeyProvider};
use crate::record::{
    EnvelopeRecord, FieldReader, FieldRole, FieldSchema, KeyAttribute, OtherAttributes,
    RecordSchema, Values,
};

/// Opens an item: one call to the provider, and none if the item is refused without a key.
///
/// `asked` is the key that was asked for; without it the item's own key is taken. With `keep`, what an update
/// starts from is kept.
pub(crate) async fn open_item<R: EnvelopeRecord, C: CanDecrypt>(
    provider: &dyn KeyProvider<Capability = C>,
    item: Item,
    asked: Option<&[(&'static str, AttributeValue)]>,
    expected: &ExpectedContext,
    calls: Arc<AtomicU64>,
    keep: bool,
) -> Result<Loaded<R>, LoadError> {
    let schema = R::SCHEMA;
    let (values, envelope, core) = if schema.is_plaintext_only() {
        let core = keep.then(|| plain_core(&schema, &item));
        (plaintext_values(schema, item, asked).map_err(LoadError::Open)?, None, core)
    } else {
        let opening = Opening::new(schema, item, asked, expected).map_err(LoadError::Open)?;
        let core = keep.then(|| opening.core());
        let request = DataKeyRequest::counting(expected.encryption_context(&schema), calls);
        let data_key = provider
            .decrypt(&opening.header.reference, &request)
            .await
            .map_err(|error| LoadError::DecryptDataKey(error.at(schema.place())))?;
        let (values, envelope) = opening.open(&data_key).map_err(LoadError::Open)?;
        (values, Some(envelope), core)
    };
    let record = R::read_fields(&mut FieldReader::new(schema, values)).map_err(LoadError::Field)?;
    Ok(Loaded::new(record, envelope, core.unwrap_or_default()))
}

/// An item whose envelope could be read, before its data key is asked for.
pub(crate) struct Opening {
    pub(super) schema: RecordSchema,
    pub(super) item: Item,
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
    pub(super) identity: Identity,
    /// It was read by its key, and with all its attributes.
    is_whole: bool,
}

impl Opening {
    pub(crate) fn new(
        schema: RecordSchema,
        mut item: Item,
        asked: Option<&[(&'static str, AttributeValue)]>,
        expected: &ExpectedContext,
    ) -> Result<Self, OpenError> {
        let stored = item.remove(schema.envelope());
        let stored = stored.ok_or_else(|| at_envelope(&schema, OpenErrorKind::NoEnvelope))?;
        let (header, bytes) = decode_envelope(&schema, stored)?;

        // Bounds the recursion over what an item without DynamoDB's own limit may hold.
        let too_deep = |name: &str| item.attribute(name).is_some_and(AttributeValue::is_too_deep);
        let mut fields = schema.fields().flat_map(FieldSchema::names);
        if let Some(name) = fields.find(|name| too_deep(name)) {
            return Err(at(&schema, name, OpenErrorKind::TooDeep));
        }
        let others = schema.catches_all() && item.iter().any(|(name, _)| too_deep(name));
        if others || header.authenticated.iter().any(|name| too_deep(name)) {
            return Err(OpenError::new(schema.place(), OpenErrorKind::TooDeep));
        }

        let identity = Identity::new(schema.table(), &own_keys(&schema, &item, asked)?);
        if let Some(name) = expected.differs(|name| item.attribute(name)) {
            return Err(at(&schema, name, OpenErrorKind::OtherContext));
        }
        let is_whole = asked.is_some();
        Ok(Self { schema, item, header, bytes, identity, is_whole })
    }

    /// What the record tag covers of the item, and the envelope.
    pub(super) fn core(&self) -> Item {
        let mut core = plain_core(&self.schema, &self.item);
        for name in &self.header.authenticated {
            copy(&self.item, name, &mut core);
        }
        core.insert(self.schema.envelope(), AttributeValue::B(self.bytes.clone()));
        core
    }

    /// Verifies the record tag, then opens what the schema knows, field by field.
    pub(super) fn open(self, data_key: &DataKey) -> Result<(Values, Envelope), OpenError> {
        let Verified { opening: mut this, keys } = self.verified(data_key)?;
        let fields = this.schema.fields();
        let fields = fields.map(|field| this.field(field, &keys)).collect::<Result<_, _>>()?;
        let others = if this.schema.catches_all() {
            this.others(&keys)?
        } else {
            OtherAttributes::default()
        };
        let values = Values { fields, others, version: None };
        Ok((values, Envelope::new(this.header, this.bytes)))
    }

    /// Under which of its names an attribute is stored.
    ///
    /// A program that knows a newer name removes the older ones with each write. So of several values that the
    /// envelope lists, an older program has written the one under the oldest name since. Beside a listed name,
    /// a value that is not listed was planted.
    fn stored_name(&self, field: &FieldSchema) -> Result<&'static str, OpenError> {
        let is_sealed = |name: &&str| self.header.nonce(name).is_some();
        let is_listed = |name: &&str| is_sealed(name) || self.header.authenticates(name);
        let is_there = |name: &&str| self.item.attribute(name).is_some();
        if let Some(name) = field.names().find(|name| is_sealed(name) && !is_there(name)) {
            return Err(at(&self.schema, name, self.absence()));
        }
        let listed = field.names().filter(is_listed).last();
        if listed.is_some() && field.names().any(|name| is_there(&name) && !is_listed(&name)) {
            return Err(at(&self.schema, field.name(), OpenErrorKind::Ambiguous));
        }
        Ok(oldest(field, |name| is_there(&name)).or(listed).unwrap_or(field.name()))
    }

    /// What it means that a listed attribute is not there.
    fn absence(&self) -> OpenErrorKind {
        if self.is_whole { OpenErrorKind::Tampered } else { OpenErrorKind::Incomplete }
    }

    /// What a record tag means that does not fit.
    pub(super) fn refusal(&self) -> OpenErrorKind {
        let is_absent = |name: &String| self.item.attribute(name).is_none();
        if self.header.authenticated.iter().any(is_absent) {
            self.absence()
        } else {
            OpenErrorKind::Tampered
        }
    }

    /// The list in the envelope decides what a value is, never the look of the value.
    fn field(
        &mut self,
        field: &FieldSchema,
        keys: &RecordKeys,
    ) -> Result<Option<Wiped>, OpenError> {
        let name = self.stored_name(field)?;
        let stored = self.item.remove(name);
        let refused = |kind| at(&self.schema, name, kind);
        match (field.role(), self.header.nonce(name)) {
            (FieldRole::Encrypted, Some(nonce)) => self.unseal(name, nonce, stored, keys),
            (FieldRole::Encrypted, None) => match stored {
                Some(_) => Err(refused(OpenErrorKind::NotSealed)),
                None => Ok(None),
            },
            (_, Some(_)) => Err(refused(OpenErrorKind::Sealed)),
            (_, None) => {
                let covered = self.header.authenticates(name) || field.is_window_open();
                if field.is_authenticated() && !covered {
                    return Err(refused(OpenErrorKind::NotAuthenticated));
                }
                Ok(stored.map(Zeroizing::new))
            }
        }
    }

    fn unseal(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
        stored: Option<AttributeValue>,
        keys: &RecordKeys,
    ) -> Result<Option<Wiped>, OpenError> {
        let plaintext = self.plaintext(name, nonce, stored, keys)?;
        let value = decode_plaintext(&plaintext)
            .map_err(|_| at(&self.schema, name, OpenErrorKind::Tampered))?;
        Ok(value.map(Zeroizing::new))
    }

    pub(super) fn plaintext(
        &self,
        name: &str,
        nonce: [u8; NONCE_LEN],
        stored: Option<AttributeValue>,
        keys: &RecordKeys,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let tampered = || at(&self.schema, name, OpenErrorKind::Tampered);
        let stored = stored.ok_or_else(|| at(&self.schema, name, self.absence()))?;
        let AttributeValue::B(sealed) = stored else { return Err(tampered()) };
        let mut buffer = Zeroizing::new(sealed);
        keys.content
            .open(nonce, &self.identity.aad(name), &mut buffer)
            .map_err(|Rejected| tampered())?;
        Ok(buffer)
    }

    /// What is left of the item when the fields are taken out, with the protection that it had.
    fn others(&mut self, keys: &RecordKeys) -> Result<OtherAttributes, OpenError> {
        let mut others = OtherAttributes::default();
        for SealedEntry { name, nonce } in &self.header.sealed {
            if !self.schema.knows(name) {
                let stored = self.item.remove(name);
                let value = self.unseal(name, *nonce, stored, keys)?;
                others.add(name.clone(), FieldRole::Encrypted, value.map(unwiped));
            }
        }
        for name in &self.header.authenticated {
            if !self.schema.knows(name) {
                let value = self.item.remove(name);
                others.add(name.clone(), FieldRole::Authenticated, value);
            }
        }
        add_plain(&self.schema, std::mem::take(&mut self.item), &mut others);
        Ok(others)
    }
}

/// The oldest of a field's names that has a value: they are declared from the newest to the oldest.
fn oldest(field: &FieldSchema, is_there: impl Fn(&str) -> bool) -> Option<&'static str> {
    field.names().filter(|name| is_there(name)).last()
}

/// The item's keys and what they are made of, what the schema authenticates, its version and its time to
/// live.
fn plain_core(schema: &RecordSchema, item: &Item) -> Item {
    let mut core = Item::default();
    for name in schema.key_names().chain(schema.key_parts()) {
        copy(item, name, &mut core);
    }
    let kept =
        |field: &&FieldSchema| field.is_authenticated() || field.is_version() || field.is_ttl();
    for name in schema.fields().filter(kept).flat_map(FieldSchema::names) {
        copy(item, name, &mut core);
    }
    core
}

fn copy(from: &Item, name: &str, to: &mut Item) {
    if let Some(value) = from.attribute(name) {
        to.insert(name, value.clone());
    }
}

fn add_plain(schema: &RecordSchema, item: Item, others: &mut OtherAttributes) {
    for (name, value) in item {
        if !schema.knows(&name) {
            others.add(name, FieldRole::Plain, Some(value));
        }
    }
}

/// The item's own key, which must be the one that was asked for, and the one that the templates make
/// of the item's attributes, or a field would lie.
fn own_keys<'a>(
    schema: &RecordSchema,
    item: &'a Item,
    asked: Option<&[(&'static str, AttributeValue)]>,
) -> Result<Vec<(&'static str, &'a AttributeValue)>, OpenError> {
    let keys = schema.keys().map(|key| {
        let name = key.name();
        let wanted = asked.into_iter().flatten().find(|(key, _)| *key == name);
        let stored = match (item.attribute(name), wanted) {
            (Some(stored), Some((_, wanted))) if stored == wanted => stored,
            (Some(stored), None) if asked.is_none() => stored,
            (None, None) if asked.is_none() => {
                return Err(at(schema, name, OpenErrorKind::Incomplete));
            }
            _ => return Err(at(schema, name, OpenErrorKind::Tampered)),
        };
        if let KeyAttribute::Template(template) = key
            && template.render(|part| item.attribute(part)).ok().as_ref() != Some(stored)
        {
            return Err(at(schema, name, OpenErrorKind::KeyTemplate));
        }
        Ok((name, stored))
    });
    keys.collect()
}

pub(super) fn decode_envelope(
    schema: &RecordSchema,
    stored: AttributeValue,
) -> Result<(Header, Vec<u8>), OpenError> {
    let AttributeValue::B(bytes) = stored else {
        return Err(at_envelope(schema, OpenErrorKind::MalformedEnvelope));
    };
    match Header::decode(&bytes) {
        Ok(header) => Ok((header, bytes)),
        Err(error) => {
            let kind = match error {
                HeaderError::Malformed => OpenErrorKind::MalformedEnvelope,
                HeaderError::Version(version) => OpenErrorKind::UnsupportedVersion(version),
                HeaderError::Suite(suite) => OpenErrorKind::UnsupportedSuite(suite),
            };
            Err(at_envelope(schema, kind))
        }
    }
}

/// The values of a record that has nothing to protect. Another record type may have sealed some of
/// the item's attributes: their bytes are never given out.
fn plaintext_values(
    schema: RecordSchema,
    mut item: Item,
    asked: Option<&[(&'static str, AttributeValue)]>,
) -> Result<Values, OpenError> {
    own_keys(&schema, &item, asked)?;
    let header = match item.remove(schema.envelope()) {
        Some(_) if schema.catches_all() => {
            return Err(at_envelope(&schema, OpenErrorKind::HasEnvelope));
        }
        Some(stored) => Some(decode_envelope(&schema, stored)?.0),
        None => None,
    };
    let is_sealed = |name: &str| header.as_ref().is_some_and(|header| header.nonce(name).is_some());
    let fields = schema.fields().map(|field| {
        if field.names().any(is_sealed) {
            return Err(at(&schema, field.name(), OpenErrorKind::Sealed));
        }
        let value = oldest(field, |name| item.attribute(name).is_some());
        let value = value.and_then(|name| item.remove(name));
        if value.as_ref().is_some_and(AttributeValue::is_too_deep) {
            return Err(at(&schema, field.name(), OpenErrorKind::TooDeep));
        }
        Ok(value.map(Zeroizing::new))
    });
    let fields = fields.collect::<Result<_, _>>()?;
    let mut others = OtherAttributes::default();
    if schema.catches_all() {
        add_plain(&schema, item, &mut others);
        if let Some((name, _)) = others.iter().find(|(_, value)| value.is_too_deep()) {
            return Err(at(&schema, name, OpenErrorKind::TooDeep));
        }
    }
    Ok(Values { fields, others, version: None })
}

/// Refuses an item that a `plaintext_only` record must not write over.
#[cfg(feature = "aws")]
pub(crate) fn refuse_protected(schema: &RecordSchema, stored: &Item) -> Result<(), OpenError> {
    match stored.attribute(schema.envelope()) {
        Some(_) if schema.is_plaintext_only() => {
            Err(at_envelope(schema, OpenErrorKind::HasEnvelope))
        }
        _ => Ok(()),
    }
}

pub(super) fn at(schema: &RecordSchema, name: &str, kind: OpenErrorKind) -> OpenError {
    OpenError::new(schema.place().attribute(name), kind)
}

fn at_envelope(schema: &RecordSchema, kind: OpenErrorKind) -> OpenError {
    at(schema, schema.envelope(), kind)
}
