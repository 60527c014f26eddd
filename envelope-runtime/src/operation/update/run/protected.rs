//! An update of protected attributes: read, verify, seal, and write over the envelope just read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::moved::{Moved, stay, stayed};
use super::{Attempt, Nulls, Running, Sent};
use crate::attribute::{AttributeValue, Number, Wiped};
use crate::crypto;
use crate::envelope::{
    Asked, Item, Opening, Rewrite, RewriteError, SealError, SealErrorKind, Verified,
};
use crate::expression::{Change, Clauses, Node, Placeholders};
use crate::key::{Allows, CanEncrypt, DataKey, DataKeyRequest, GeneratedDataKey, KeyReference};
use crate::operation::error::UpdateError;
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::returned::Returned;
use crate::operation::write::Answer;
use crate::record::{EnvelopeRecord, FieldRole, FieldSchema, stored_version};

/// The data key of the record, kept for another attempt.
pub(in crate::operation) type Held = Option<(KeyReference, Arc<DataKey>)>;

/// The state, of an item that was read, on which a write over it depends.
pub(in crate::operation) struct Over {
    /// `None` if there is none.
    envelope: Option<AttributeValue>,
    /// Attributes that must be as they were read, and that the record tag does not cover.
    uncovered: Vec<&'static str>,
    before: Item,
    nulls: Nulls,
    /// A window let in the item, or a value of it.
    lets_in: bool,
}

impl Over {
    pub(super) fn lets_in(&self) -> bool {
        self.lets_in
    }
}

impl From<RewriteError> for UpdateError {
    fn from(error: RewriteError) -> Self {
        match error {
            RewriteError::Open(error) => Self::Open(error),
            RewriteError::Seal(error) => Self::Seal(error),
            RewriteError::Field(error) => Self::Field(error),
        }
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    pub(super) async fn protected(
        &self,
        meter: &Meter,
        patience: &mut Patience,
    ) -> Result<Answer, UpdateError> {
        let mut known = self.known.clone();
        let mut held = Held::None;
        loop {
            let (item, is_whole) = match known.take() {
                Some(item) => (item, false),
                None => (self.read(meter).await?, true),
            };
            // The known part is not enough: the item is read.
            let attempt = self.over(meter, item, is_whole, &mut held).await?;
            let Some((attempt, over)) = attempt else { continue };
            let stored = match self.send(meter, attempt).await? {
                Sent::Written(answer) => {
                    // The old record is counted when it is opened.
                    if over.lets_in && self.returned != Returned::Old {
                        meter.has_let_in(&self.schema);
                    }
                    return Ok(answer);
                }
                Sent::Refused(stored) => stored,
            };
            self.changed_since(meter, &over, stored)?;
            if !patience.wait(&self.store).await {
                return Err(self.contended());
            }
        }
    }

    /// Verifies the item, and seals the changes. `None` if the item that the update is based on
    /// does not hold enough or may be stale.
    pub(super) async fn over(
        &self,
        meter: &Meter,
        item: Item,
        is_whole: bool,
        held: &mut Held,
    ) -> Result<Option<(Attempt, Over)>, UpdateError> {
        let schema = self.schema;
        let request = self.target.context.encryption_context(&schema);
        let request = DataKeyRequest::counting(request, 0, meter.key_counts());
        let item = match self.live(meter, Some(item)) {
            Ok(item) => item,
            Err(_) if !is_whole => return Ok(None),
            Err(error) => return Err(error),
        };
        if is_whole {
            self.check_based_on(&item)?;
        }
        let windows = self.store.windows::<R>();
        if windows.let_in(&schema, &item) {
            return self.over_unsealed(meter, item, windows).await.map(Some);
        }
        let asked = Asked::Key(self.target.key.attributes());
        let opening = Opening::new(schema, item, asked, &self.target.context, windows);
        let opening = opening.map_err(UpdateError::Open)?;
        let data_key = match held.take() {
            Some((reference, data_key)) if reference == *opening.reference() => data_key,
            _ => match self.decrypt(opening.reference(), &request).await {
                Ok(data_key) => data_key,
                Err(_) if !is_whole => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        let verified = opening.verified(&data_key).map_err(UpdateError::Open)?;
        // The known part of the item has no plaintext attributes.
        let nulls = if is_whole { self.nulls(verified.item()) } else { Nulls::new() };
        let moved = if is_whole { self.moved(verified.item())? } else { None };
        let rewrite = self.rewrite(&verified, &data_key, &request, is_whole).await?;
        *held = Some((verified.reference().clone(), data_key));
        let Some(rewrite) = rewrite else { return Ok(None) };

        let envelope = AttributeValue::B(verified.envelope().to_vec());
        let uncovered = self.uncovered(&verified).collect();
        let (lets_in, item) = (verified.lets_in_any(), verified.item());
        let attempt =
            self.attempt_over(&rewrite, moved.as_ref(), Some(envelope), uncovered, item, nulls);
        let (attempt, over) = attempt?;
        Ok(Some((attempt, Over { lets_in, ..over })))
    }

    /// The write over an item with this envelope, or without one. The attributes `uncovered` must
    /// stay as they are in the item.
    pub(super) fn attempt_over(
        &self,
        rewrite: &Rewrite,
        moved: Option<&Moved>,
        envelope: Option<AttributeValue>,
        uncovered: Vec<&'static str>,
        item: &Item,
        nulls: Nulls,
    ) -> Result<(Attempt, Over), UpdateError> {
        let schema = self.schema;
        // An attribute may have to stay for more than one reason.
        let mut once = BTreeSet::new();
        let uncovered: Vec<_> = uncovered.into_iter().filter(|name| once.insert(*name)).collect();
        let mut to = Placeholders::default();
        let mut clauses = Clauses::default();
        for (name, value) in rewrite.set.iter() {
            clauses.set(&mut to, name, value.clone());
        }
        for name in &rewrite.remove {
            clauses.remove(&mut to, name);
        }
        self.write_plaintext(&mut clauses, &mut to, &nulls);
        if let Some(moved) = moved {
            moved.write(&mut clauses, &mut to);
        }
        let node = Some(match &envelope {
            Some(envelope) => self.envelope_is(envelope),
            None => Node::NotExists(schema.envelope()),
        });
        let node = Node::both(node, stay(&uncovered, item));
        let node = Node::both(node, Node::present(&schema, self.now));
        let ours = rewrite.set.attribute(schema.envelope()).cloned();
        let attempt = self.prepare(clauses, to, node, &nulls, ours)?;
        if envelope.is_none() && attempt.condition.is_too_long(attempt.write.as_deref()) {
            let kind = SealErrorKind::TooManyAttributes;
            return Err(UpdateError::Seal(SealError::new(schema.place(), kind)));
        }
        let before = item.iter().filter(|(name, _)| uncovered.contains(name));
        let before = before.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let lets_in = envelope.is_none();
        Ok((attempt, Over { envelope, uncovered, before, nulls, lets_in }))
    }

    /// Fails unless a refused write was refused because the item has changed since it was read.
    pub(super) fn changed_since(
        &self,
        meter: &Meter,
        over: &Over,
        stored: Option<Item>,
    ) -> Result<(), UpdateError> {
        let stored = self.live(meter, stored)?;
        if stored.attribute(self.schema.envelope()) == over.envelope.as_ref() {
            // Nothing was written, by this update or by another writer.
            let has_stayed = stayed(&over.uncovered, &over.before, &stored);
            if has_stayed && self.nulls(&stored) == over.nulls {
                self.check_older_names(&stored)?;
                self.check_maps(&stored)?;
                return Err(self.refused(stored));
            }
        } else if meter.lost_an_answer() {
            return Err(self.unknown());
        }
        self.check_based_on(&stored)
    }

    async fn decrypt(
        &self,
        reference: &KeyReference,
        request: &DataKeyRequest,
    ) -> Result<Arc<DataKey>, UpdateError> {
        let data_key = self.store.provider().decrypt(reference, request).await;
        data_key.map_err(|error| UpdateError::DecryptDataKey(error.at(self.schema.place())))
    }

    /// The rewrite; `None` if the item must be read as a whole first.
    async fn rewrite(
        &self,
        verified: &Verified,
        data_key: &DataKey,
        request: &DataKeyRequest,
        is_whole: bool,
    ) -> Result<Option<Rewrite>, UpdateError> {
        for field in self.plaintext_fields().copied().chain(self.moved_fields()) {
            verified.protection(&field).map_err(UpdateError::Open)?;
        }
        // The known part of the item may lack what the keys of indexes are made of, and the maps
        // whose entries change.
        if (self.moves() || self.plan.opens_maps()) && !is_whole {
            return Ok(None);
        }
        if is_whole {
            self.check_older_names(verified.item())?;
            self.check_maps(verified.item())?;
        }
        if let Some(version) = self.schema.version().filter(|version| version.is_protected()) {
            match verified.covered(version) {
                // The known item may be stale.
                Err(_) if !is_whole => return Ok(None),
                covered => covered.map_err(UpdateError::Open)?,
            }
        }
        let counted = match self.counted(verified.item()) {
            Err(_) if !is_whole => return Ok(None),
            counted => counted?,
        };
        let changes = self.plan.protected.iter().chain(&counted);
        let changes: Vec<_> = changes.map(|(field, change)| (*field, change)).collect();
        let provider = self.store.provider();
        let request = request.sealing(verified.plaintext_len(&changes));
        let rewrite = if provider.is_current(verified.reference(), &request) {
            verified.rewrite(&changes, data_key, is_whole, crypto::fill)
        } else if is_whole {
            let (data_key, reference) = self.generate(&request).await?.into_parts();
            verified.reseal(&changes, &data_key, reference, crypto::fill).map(Some)
        } else {
            Ok(None)
        };
        let is_plaintext = |name: &str| self.is_plaintext(name);
        let rewrite = rewrite?;
        rewrite.iter().try_for_each(|rewrite| verified.check_size(rewrite, is_plaintext))?;
        Ok(rewrite)
    }

    pub(super) async fn generate(
        &self,
        request: &DataKeyRequest,
    ) -> Result<GeneratedDataKey, UpdateError> {
        let generated = self.store.provider().generate(request).await;
        generated.map_err(|error| UpdateError::GenerateDataKey(error.at(self.schema.place())))
    }

    /// Returns whether the update changes an attribute that nothing protects.
    pub(super) fn is_plaintext(&self, name: &str) -> bool {
        self.plaintext_fields().flat_map(FieldSchema::names).any(|other| other == name)
    }

    /// The attributes that the update depends on and that the verified record tag does not cover:
    /// the version that is counted up, attributes that are set if they are absent, maps of which
    /// entries change, attributes of which the keys of indexes are made, and those that a window
    /// has let in or that it lists from now on. They must stay as they were read.
    fn uncovered(&self, verified: &Verified) -> impl Iterator<Item = &'static str> {
        let decides = |(field, change): &(&'static FieldSchema, Change)| {
            matches!(change, Change::SetIfAbsent(_) | Change::Entries(_)).then_some(*field)
        };
        let version = self.schema.version().filter(|version| version.is_protected());
        let fields = self.plan.protected.iter().filter_map(decides).chain(version);
        let fields = fields
            .filter(|field| field.role() != FieldRole::Encrypted && !verified.authenticates(field));
        let fields = fields.chain(verified.unlisted());
        fields.flat_map(FieldSchema::names).chain(self.parts.iter().copied())
    }

    /// The next version, if a record tag is to cover it. The stored version must be the expected
    /// one.
    pub(super) fn counted(
        &self,
        stored: &Item,
    ) -> Result<Option<(&'static FieldSchema, Change)>, UpdateError> {
        let Some(field) = self.schema.version() else { return Ok(None) };
        let found = stored_version(stored.attribute(field.name()));
        if let Some(expected) = self.plan.version
            && found != Some(expected)
        {
            return Err(self.other_version(expected, found, stored));
        }
        if !field.is_protected() {
            return Ok(None);
        }
        let Some(next) = found.filter(|found| Some(*found) < field.last_version()) else {
            return Err(self.no_next_version(field));
        };
        let next = next + 1;
        let next = Wiped::new(AttributeValue::N(Number::from(next)));
        Ok(Some((field, Change::Set(Some(next)))))
    }
}
