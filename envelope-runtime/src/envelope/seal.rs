//! Record → item.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use zeroize::Zeroizing;

use super::context::context_of_record;
use super::header::{Header, SealedEntry};
use super::identity::Identity;
use super::{Item, RecordKeys, SALT_LEN, SealError, SealErrorKind};
use crate::attribute::{AttributeValue, Wiped, unwiped};
use crate::crypto::{self, MAC_LEN, NONCE_LEN, Rejected, TAG_LEN};
use crate::error::SaveError;
use crate::key::{
    CanEncrypt, ContextPairs, DataKey, DataKeyRequest, EncryptionContext, KeyProvider, KeyReference,
};
use crate::record::{FieldRole, RecordSchema, Values};

/// Seals a record's values under a fresh data key: one call to the provider, and none if the record
/// cannot be stored.
pub(crate) async fn seal_record<C: CanEncrypt>(
    provider: &dyn KeyProvider<Capability = C>,
    schema: RecordSchema,
    values: Values,
    caller: &ContextPairs,
    calls: Arc<AtomicU64>,
) -> Result<Item, SaveError> {
    let (plan, context) = Plan::new(schema, values, caller)?;
    if schema.is_plaintext_only() {
        return Ok(plan.item);
    }
    let request = DataKeyRequest::counting(context, calls).sealing(plan.plaintext_len());
    let generated = provider
        .generate(&request)
        .await
        .map_err(|error| SaveError::GenerateDataKey(error.at(schema.place())))?;
    let (data_key, reference) = generated.into_parts();

    let mut random = vec![0; plan.random_len()];
    crypto::fill(&mut random)
        .map_err(|_| SaveError::Seal(SealError::new(schema.place(), SealErrorKind::Random)))?;
    let item = plan.seal(&data_key, reference, &random).map_err(SaveError::Seal)?;
    check_size(&schema, item.size())?;
    Ok(item)
}

fn check_size(schema: &RecordSchema, size: usize) -> Result<(), SaveError> {
    if size <= Item::MAX_SIZE {
        return Ok(());
    }
    let kind = SealErrorKind::ItemTooLarge(size);
    Err(SaveError::Seal(SealError::new(schema.place(), kind)))
}

/// A record whose keys, values and context were checked, before a data key is asked for.
pub(super) struct Plan {
    schema: RecordSchema,
    /// The plaintext attributes, keys included.
    item: Item,
    /// Name and plaintext of the attributes to seal, sorted by name.
    sealed: Vec<(Cow<'static, str>, Wiped)>,
    /// The names of authenticated attributes, sorted.
    authenticated: Vec<String>,
}

impl Plan {
    pub(super) fn new(
        schema: RecordSchema,
        values: Values,
        caller: &ContextPairs,
    ) -> Result<(Self, EncryptionContext), SaveError> {
        let mut plan =
            Self { schema, item: Item::default(), sealed: Vec::new(), authenticated: Vec::new() };
        if values.fields.len() != schema.fields().count() {
            let error = SealError::new(schema.place(), SealErrorKind::Schema);
            return Err(SaveError::Seal(error));
        }
        for (field, value) in schema.fields().zip(values.fields) {
            if field.is_authenticated() {
                // Under older names as well, so that an older program sees that they have no value.
                plan.authenticated.extend(field.names().map(str::to_owned));
            }
            if let Some(value) = value {
                plan.add(field.name().into(), field.role(), value);
            }
        }
        for (name, mut other) in values.others.into_others() {
            if other.role == FieldRole::Authenticated {
                plan.authenticated.push(name.clone());
            }
            if let Some(value) = other.value.take() {
                plan.add(name.into(), other.role, Zeroizing::new(value));
            }
        }
        for key in schema.keys() {
            let value = key.value(&schema, |name| plan.item.attribute(name));
            plan.item.insert(key.name(), value.map_err(SaveError::Key)?);
        }
        plan.sealed.sort_by(|(left, _), (right, _)| left.cmp(right));
        plan.authenticated.sort();
        plan.check_least_size()?;
        let context = context_of_record(&schema, caller, |name| plan.item.attribute(name))
            .map_err(SaveError::Context)?;
        let context = context.encryption_context(&schema);
        Ok((plan, context))
    }

    fn add(&mut self, name: Cow<'static, str>, role: FieldRole, value: Wiped) {
        if role == FieldRole::Encrypted {
            self.sealed.push((name, value));
        } else {
            self.item.insert(name, unwiped(value));
        }
    }

    fn check_least_size(&self) -> Result<(), SaveError> {
        let sealed = self.sealed.iter().map(|(name, value)| (&**name, &**value));
        let mut all = self.item.iter().chain(sealed);
        let checked = check_size(&self.schema, self.least_size());
        let Err(SaveError::Seal(error)) = &checked else { return checked };
        match (error.kind(), all.find(|(_, value)| value.holds_bytes_as_numbers())) {
            (SealErrorKind::ItemTooLarge(size), Some((name, _))) => {
                let place = self.schema.place().attribute(name);
                Err(SaveError::Seal(SealError::new(place, SealErrorKind::BytesAsNumbers(size))))
            }
            _ => checked,
        }
    }

    /// The size of the sealed item without what only the provider knows: its wrapped key.
    pub(super) fn least_size(&self) -> usize {
        if self.schema.is_plaintext_only() {
            return self.item.size();
        }
        let sealed = self
            .sealed
            .iter()
            .map(|(name, value)| 2 * name.len() + 1 + NONCE_LEN + value.plaintext_len() + TAG_LEN);
        let authenticated = self.authenticated.iter().map(|name| 1 + name.len());
        let fixed = self.schema.envelope().len() + 2 + SALT_LEN + MAC_LEN + 3;
        self.item.size() + fixed + sealed.sum::<usize>() + authenticated.sum::<usize>()
    }

    /// The bytes that are sealed.
    fn plaintext_len(&self) -> u64 {
        let lengths = self.sealed.iter().map(|(_, value)| value.plaintext_len());
        u64::try_from(lengths.sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// One draw for a record: its salt, then a nonce for each sealed attribute.
    pub(super) fn random_len(&self) -> usize {
        SALT_LEN + self.sealed.len() * NONCE_LEN
    }

    pub(super) fn seal(
        mut self,
        data_key: &DataKey,
        reference: KeyReference,
        random: &[u8],
    ) -> Result<Item, SealError> {
        let error = |kind| SealError::new(self.schema.place(), kind);
        let short = || error(SealErrorKind::Random);
        let (salt, nonces) = random.split_first_chunk::<SALT_LEN>().ok_or_else(short)?;
        let (nonces, _) = nonces.as_chunks::<NONCE_LEN>();
        let keys = RecordKeys::derive(data_key, salt);
        let identity = self.identity();

        let mut entries = Vec::with_capacity(self.sealed.len());
        for (index, (name, value)) in self.sealed.drain(..).enumerate() {
            let nonce = *nonces.get(index).ok_or_else(short)?;
            // The ciphertext takes the plaintext's place, so no copy of it stays behind.
            let mut buffer = Zeroizing::new(value.to_plaintext(TAG_LEN));
            keys.content
                .seal(nonce, &identity.aad(&name), &mut buffer)
                .map_err(|Rejected| error(SealErrorKind::EnvelopeTooLarge))?;
            let name = name.into_owned();
            self.item.insert(name.clone(), AttributeValue::B(mem::take(&mut *buffer)));
            entries.push(SealedEntry { name, nonce });
        }

        let mut header = Header {
            salt: *salt,
            tag: [0; MAC_LEN],
            sealed: entries,
            authenticated: self.authenticated,
            reference,
        };
        let input = identity.tag_input(&header, |name| self.item.attribute(name));
        header.tag = keys.mac.tag(&input);
        let bytes = header.encode().ok_or_else(|| error(SealErrorKind::EnvelopeTooLarge))?;
        self.item.insert(self.schema.envelope(), AttributeValue::B(bytes));
        Ok(self.item)
    }

    fn identity(&self) -> Identity {
        let keys: Vec<_> = self
            .schema
            .keys()
            .filter_map(|key| Some((key.name(), self.item.attribute(key.name())?)))
            .collect();
        Identity::new(self.schema.table(), &keys)
    }
}
