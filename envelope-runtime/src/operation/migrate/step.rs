//! The change of one record, and the proof that it can be read again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::engine::Engine;
use super::in_place::{Change, InPlace};
use super::report::Listed;
use crate::attribute::Wiped;
use crate::crypto;
use crate::envelope::{
    Asked, ExpectedContext, Item, OpenError, OpenErrorKind, Opening, Rewrite, SealError,
    SealErrorKind, Unsealed, Verified, Windows, is_of_other_scope,
};
use crate::expression::{Clauses, Comparison, Node, Placeholders};
use crate::key::{Capability, DataKey, DataKeyRequest, GeneratedDataKey};
use crate::operation::error::UpdateError;
use crate::operation::prepared::{Prepared, Twice, Write};
use crate::operation::read::read;
use crate::operation::returned::Returned;
use crate::operation::sdk::from_sdk_item;
use crate::operation::update::stays;
use crate::operation::write::Outcome;
use crate::record::{FieldRole, FieldSchema, RequestKey};

/// The bytes of a sealed attribute beside its name and its value: its entry in the list, and the
/// tag.
const LISTED: usize = 1 + 12 + 16;
/// The bytes that are left for the rest of the envelope, of which the wrapped key is the most.
const ROOM: usize = 1024;

/// The change that an item needs.
pub(super) enum Need {
    /// It is of another context.
    Other,
    Nothing,
    /// It needs a change that may not be made.
    Left,
    Step(Step),
}

/// A change of a record, ready to be written.
#[derive(Default)]
pub(super) struct Step {
    set: Item,
    remove: BTreeSet<String>,
    /// The attributes that must be as they were read, beside the envelope.
    stay: Vec<&'static str>,
}

/// The outcome of one write.
pub(super) enum Sent {
    Written(Item),
    /// Another writer was faster. The item is this now, or is gone.
    Changed(Option<Item>),
}

impl Step {
    fn of(rewrite: Rewrite, read: &Item, stay: Vec<&'static str>) -> Self {
        let Rewrite { set, mut remove } = rewrite;
        remove.retain(|name| read.attribute(name).is_some());
        Self { set, remove, stay }
    }

    /// The item after the write.
    fn applied(&self, read: &Item) -> Item {
        let mut item = read.clone();
        for name in &self.remove {
            item.remove(name);
        }
        for (name, value) in self.set.iter() {
            item.insert(name, value.clone());
        }
        item
    }

    /// Returns whether an item is as the write has left it.
    fn is_done(&self, item: &Item) -> bool {
        self.set.iter().all(|(name, value)| item.attribute(name) == Some(value))
            && self.remove.iter().all(|name| item.attribute(name).is_none())
    }
}

impl<C: Capability> Engine<C, InPlace<C>> {
    /// The next change of an item that was read.
    pub(super) async fn need(&self, item: &Item, may_change: bool) -> Result<Need, UpdateError> {
        let schema = &self.schema;
        if is_of_other_scope(schema, self.store.scope(), item) {
            return Ok(Need::Other);
        }
        let has_envelope = item.attribute(schema.envelope()).is_some();
        match self.work.change {
            Change::Seal if has_envelope => self.to_complete(item, may_change).await,
            Change::Seal => self.to_seal(item, may_change).await,
            Change::Unseal { unknown } if has_envelope => {
                self.to_unseal(item, unknown, may_change).await
            }
            Change::Unseal { .. } => Ok(Need::Nothing),
        }
    }

    /// The change of an item without an envelope. Whoever wrote it chose its context.
    async fn to_seal(&self, item: &Item, may_change: bool) -> Result<Need, UpdateError> {
        let (schema, windows) = (self.schema, self.windows());
        if schema.has_hashes() {
            // A program that writes hashes seals: without an envelope, a key proves nothing.
            return Err(self.at(schema.envelope(), OpenErrorKind::NoEnvelope));
        }
        let context = self.context(item).map_err(UpdateError::Context)?;
        let unsealed = || {
            let item = item.clone();
            Unsealed::new(schema, item, Asked::Table, &context, windows).map_err(UpdateError::Open)
        };
        (self.work.fits)(unsealed()?.into_values()).map_err(UpdateError::Field)?;
        let unsealed = unsealed()?;
        self.check_room(item)?;
        if !may_change {
            return Ok(Need::Left);
        }
        let request = self.request(&context).sealing(unsealed.plaintext_len(&[]));
        let (data_key, reference) = self.generate(&request).await?.into_parts();
        let rewrite = unsealed.seal(&[], &data_key, reference, crypto::fill)?;
        unsealed.check_size(&rewrite, |_| false)?;
        let values = schema.fields().map(|field| unsealed.value(field)).collect();
        let step = Step::of(rewrite, item, schema.protected_names());
        self.proven(step, item, values, &context).await
    }

    /// Refuses an item that may be too large once it is sealed. It is known before a data key is
    /// requested, in a dry run and in each pass.
    fn check_room(&self, item: &Item) -> Result<(), UpdateError> {
        let schema = &self.schema;
        let sealed = schema.fields().filter(|field| field.role() == FieldRole::Encrypted);
        let sealed: BTreeSet<_> = sealed.flat_map(FieldSchema::names).collect();
        let grown = item.iter().map(|(name, value)| {
            name.len() + if sealed.contains(name) { value.plaintext_len() } else { value.size() }
        });
        let listed = schema.protected_names().into_iter().map(|name| name.len() + LISTED);
        let size = grown.chain(listed).chain([ROOM]).sum::<usize>();
        if size <= Item::MAX_SIZE {
            return Ok(());
        }
        let kind = SealErrorKind::ItemTooLarge(size);
        Err(UpdateError::Seal(SealError::new(schema.place(), kind)))
    }

    /// The change of an item with an envelope: of fields with a window that it does not list, and
    /// of the keys of indexes.
    async fn to_complete(&self, item: &Item, may_change: bool) -> Result<Need, UpdateError> {
        let (schema, windows) = (self.schema, self.windows());
        let listed = Listed::of(&schema, item).map_err(UpdateError::Open)?;
        let mut needs_rewrite = false;
        for field in schema.fields().filter(|field| field.is_protected() && !listed.names(field)) {
            let is_stored = field.names().any(|name| item.attribute(name).is_some());
            let is_open = windows.accepts(field);
            needs_rewrite |= is_open || (field.is_listed_if_absent() && !is_stored);
            // A load refuses it: an envelope lists what it authenticates without a value too.
            if !is_open && (is_stored || field.is_authenticated()) {
                let kind = if field.role() == FieldRole::Encrypted {
                    OpenErrorKind::NotSealed
                } else {
                    OpenErrorKind::NotAuthenticated
                };
                return Err(self.at(field.name(), kind));
            }
        }
        if !needs_rewrite {
            let step = self.with_index_keys(Step::default(), item)?;
            if step.set.iter().next().is_none() {
                return Ok(Need::Nothing);
            }
            return Ok(if may_change { Need::Step(step) } else { Need::Left });
        }
        if !may_change {
            return Ok(Need::Left);
        }
        let context = self.context(item).map_err(UpdateError::Context)?;
        let (verified, data_key) = self.verified(item, &context).await?;
        let stay = verified.unlisted().flat_map(FieldSchema::names).collect();
        let values = verified.values().map_err(UpdateError::Open)?;
        let provider = self.store.provider();
        let request = self.request(&context).sealing(verified.plaintext_len(&[]));
        let rewrite = if provider.is_current(verified.reference(), &request) {
            let rewrite = verified.rewrite(&[], &data_key, true, crypto::fill)?;
            // The item is whole.
            rewrite.ok_or_else(|| self.at(schema.envelope(), OpenErrorKind::Incomplete))?
        } else {
            let (data_key, reference) = self.generate(&request).await?.into_parts();
            verified.reseal(&[], &data_key, reference, crypto::fill)?
        };
        verified.check_size(&rewrite, |_| false)?;
        self.proven(Step::of(rewrite, item, stay), item, values, &context).await
    }

    /// The change that takes the envelope away.
    async fn to_unseal(
        &self,
        item: &Item,
        unknown: bool,
        may_change: bool,
    ) -> Result<Need, UpdateError> {
        let schema = self.schema;
        let listed = Listed::of(&schema, item).map_err(UpdateError::Open)?;
        let mut sealed = listed.0.iter().filter(|(_, role)| **role == FieldRole::Encrypted);
        if !unknown && let Some((name, _)) = sealed.find(|(name, _)| !schema.knows(name)) {
            return Err(self.at(name, OpenErrorKind::Sealed));
        }
        if !may_change {
            return Ok(Need::Left);
        }
        let context = self.context(item).map_err(UpdateError::Context)?;
        let (verified, _) = self.verified(item, &context).await?;
        // Refuses what a load refuses: a planted value that the envelope does not list.
        verified.values().map_err(UpdateError::Open)?;
        let mut step = Step { stay: schema.protected_names(), ..Step::default() };
        step.remove.insert(schema.envelope().to_owned());
        for (name, value) in verified.unsealed().map_err(UpdateError::Open)? {
            match value {
                Some(value) => _ = step.set.insert(name, value),
                None => _ = step.remove.insert(name),
            }
        }
        Ok(Need::Step(step))
    }

    /// Opens the new item as a load would, before the old one is overwritten: the data key is
    /// unwrapped again, and the values must be those that were read.
    async fn proven(
        &self,
        step: Step,
        item: &Item,
        values: Vec<Option<Wiped>>,
        context: &ExpectedContext,
    ) -> Result<Need, UpdateError> {
        let step = self.with_index_keys(step, item)?;
        let (verified, _) = self.verified(&step.applied(item), context).await?;
        let sealed = verified.values().map_err(UpdateError::Open)?;
        let is_same = sealed.iter().map(Option::as_deref).eq(values.iter().map(Option::as_deref));
        if !is_same {
            return Err(self.at(self.schema.envelope(), OpenErrorKind::Tampered));
        }
        let (sealed, _) = verified.into_values().map_err(UpdateError::Open)?;
        (self.work.fits)(sealed).map_err(UpdateError::Field)?;
        Ok(Need::Step(step))
    }

    /// Adds the keys of indexes that the item does not have yet. Others stay as they are: they may
    /// be the only place of what they say.
    fn with_index_keys(&self, mut step: Step, item: &Item) -> Result<Step, UpdateError> {
        let schema = &self.schema;
        let value = |name: &str| schema.read_value(name, |name| item.attribute(name));
        let made = schema.index_values(value, |_| false).map_err(UpdateError::Key)?;
        for name in schema.made_names() {
            let (Some(made), None) = (made.get(name), item.attribute(name)) else { continue };
            step.set.insert(name, made.clone());
            step.stay.push(name);
            let parts = schema.made_parts().into_iter().filter_map(|part| schema.field(part));
            let parts = parts.filter(|field| !field.is_key()).flat_map(FieldSchema::names);
            step.stay = step.stay.iter().copied().chain(parts).collect();
        }
        step.stay.sort_unstable();
        step.stay.dedup();
        Ok(step)
    }

    pub(super) async fn send(&self, item: &Item, step: Step) -> Result<Sent, UpdateError> {
        let schema = self.schema;
        let (mut to, mut clauses) = (Placeholders::default(), Clauses::default());
        for (name, value) in step.set.iter() {
            clauses.set(&mut to, name, value.clone());
        }
        for name in &step.remove {
            clauses.remove(&mut to, name);
        }
        let envelope = match item.attribute(schema.envelope()) {
            Some(envelope) => {
                Node::Compare(schema.envelope(), Comparison::Equal, Ok(envelope.clone()))
            }
            None => Node::NotExists(schema.envelope()),
        };
        // An UpdateItem would create an item that is gone.
        let exists = schema.key_names().next().map(Node::Exists);
        let node = step.stay.iter().map(|name| stays(name, item));
        let node =
            node.fold(Node::both(exists, Some(envelope)), |all, node| Node::both(all, Some(node)));
        let ours = step.set.attribute(schema.envelope()).cloned();
        let leaves_keys_only = ours.is_none() && !step.remove.contains(schema.envelope());
        let key = RequestKey::of_record(&schema, |name| item.attribute(name));
        let text = clauses.text();
        let condition = to.expression(&schema, node).map_err(UpdateError::Field)?;
        if condition.is_too_long(text.as_deref()) {
            let kind = SealErrorKind::TooManyAttributes;
            return Err(UpdateError::Seal(SealError::new(schema.place(), kind)));
        }
        let prepared = Prepared {
            schema,
            table: self.table.clone(),
            key: key.map_err(UpdateError::Key)?,
            write: Write::Update(text),
            condition,
            ours,
            twice: if leaves_keys_only { Twice::Same } else { Twice::Refused },
        };
        let key = prepared.key.clone();
        let new = match prepared.send(&self.store, &self.meter, Returned::New).await {
            Outcome::Written(Some(new)) => {
                from_sdk_item(&schema, new).map_err(UpdateError::Open)?
            }
            Outcome::Recognised(new) => new,
            Outcome::Refused(refused) => {
                return refused.stored.map(Sent::Changed).map_err(UpdateError::Open);
            }
            Outcome::Failed(error) => return Err(UpdateError::Request(error)),
            // The item tells what has happened.
            Outcome::Unknown | Outcome::Written(None) => {
                let (meter, table) = (&self.meter, self.table.as_str());
                let now = read(&self.store, meter, &schema, table, key.attributes(), true).await;
                let now = now.map_err(UpdateError::Request)?;
                let now = now.map(|item| from_sdk_item(&schema, item)).transpose();
                return now.map(Sent::Changed).map_err(UpdateError::Open);
            }
        };
        if step.is_done(&new) {
            Ok(Sent::Written(new))
        } else {
            Err(self.at(schema.envelope(), OpenErrorKind::Tampered))
        }
    }

    async fn verified(
        &self,
        item: &Item,
        context: &ExpectedContext,
    ) -> Result<(Verified, Arc<DataKey>), UpdateError> {
        let (schema, windows) = (self.schema, self.windows());
        let opening = Opening::new(schema, item.clone(), Asked::Table, context, windows);
        let opening = opening.map_err(UpdateError::Open)?;
        let request = self.request(context);
        let data_key = self.store.provider().decrypt(opening.reference(), &request).await;
        let data_key =
            data_key.map_err(|error| UpdateError::DecryptDataKey(error.at(schema.place())))?;
        let verified = opening.verified(&data_key).map_err(UpdateError::Open)?;
        Ok((verified, data_key))
    }

    async fn generate(&self, request: &DataKeyRequest) -> Result<GeneratedDataKey, UpdateError> {
        let generated = self.store.provider().generate(request).await;
        generated.map_err(|error| UpdateError::GenerateDataKey(error.at(self.schema.place())))
    }

    fn request(&self, context: &ExpectedContext) -> DataKeyRequest {
        let context = context.encryption_context(&self.schema);
        DataKeyRequest::counting(context, 0, self.meter.key_counts())
    }

    fn windows(&self) -> Windows {
        (self.work.windows)(&self.store)
    }

    fn at(&self, name: &str, kind: OpenErrorKind) -> UpdateError {
        UpdateError::Open(OpenError::new(self.schema.place().attribute(name), kind))
    }
}
