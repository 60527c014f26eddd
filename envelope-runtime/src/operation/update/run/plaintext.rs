//! An update of plaintext attributes alone: one request, or a read before it if the key of an index
//! is made of one of them.

use std::mem;

use super::moved::{stay, stayed};
use super::{Nulls, Running, Sent};
use crate::attribute::{AttributeValue, Number};
use crate::envelope::{
    FIRST_BYTES, Item, OpenError, OpenErrorKind, listed, protection, refuse_protected,
};
use crate::expression::{Clauses, Node, Placeholders};
use crate::key::{Allows, CanEncrypt};
use crate::operation::error::UpdateError;
use crate::operation::patience::Patience;
use crate::operation::returned::Returned;
use crate::operation::write::Answer;
use crate::record::{EnvelopeRecord, FieldSchema};

/// A guard that keeps a write from attributes that the stored envelope protects.
enum Guard {
    /// The envelope does not seem to list any of them.
    Unlisted,
    /// This envelope lists none of them, and must stay until the write.
    Envelope(AttributeValue),
    /// There is no envelope, and there must be none at the write.
    NoEnvelope,
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<'_, R, C> {
    /// Attributes that the stored envelope protects are left alone, although this struct treats
    /// them as plaintext: another version of the program knows better.
    pub(super) async fn plaintext(&self, mut patience: Patience) -> Result<Answer, UpdateError> {
        let schema = &self.schema;
        let mut guard = self.first_guard()?;
        let mut nulls = Nulls::new();
        let mut may_ask_again = true;
        let mut read = None;
        if self.moves() {
            let item = self.live(Some(self.read().await?))?;
            guard = self.next_guard(&guard, &item, true)?;
            nulls = self.nulls(&item);
            read = Some(item);
        }
        loop {
            let mut to = Placeholders::default();
            let mut clauses = Clauses::default();
            self.write_plaintext(&mut clauses, &mut to, &nulls);
            let node = Node::both(Node::present(schema, self.now), self.in_context());
            let mut node = Node::both(node, self.guarded(&guard));
            if let Some(item) = &read {
                if let Some(moved) = self.moved(item)? {
                    moved.write(&mut clauses, &mut to);
                }
                node = Node::both(node, stay(&self.parts, item));
            }
            let stored = match self.send(clauses, to, node, &nulls, None).await? {
                // The request was sent again, and found its own write.
                Sent::Written(_)
                    if self.returned == Returned::Old && self.meter.lost_an_answer() =>
                {
                    return Ok(None);
                }
                Sent::Written(answer) => return Ok(answer),
                Sent::Refused(stored) => self.live(stored)?,
            };
            let found = self.nulls(&stored);
            let has_moved = read.as_ref().is_some_and(|read| !stayed(&self.parts, read, &stored));
            let has_told = matches!(guard, Guard::Unlisted) || found != nulls;
            guard = self.next_guard(&guard, &stored, found != nulls || has_moved)?;
            nulls = found;
            read = read.map(|_| stored);
            if has_told && mem::replace(&mut may_ask_again, false) {
                // No other writer was involved: DynamoDB is asked again, with what it returned.
                continue;
            }
            if !patience.wait(self.store).await {
                return Err(self.contended());
            }
        }
    }

    fn guarded(&self, guard: &Guard) -> Option<Node> {
        match guard {
            Guard::Unlisted => self.unlisted(),
            Guard::NoEnvelope => Some(Node::NotExists(self.schema.envelope())),
            Guard::Envelope(envelope) => Some(self.envelope_is(envelope)),
        }
    }

    /// The guard before the first request.
    fn first_guard(&self) -> Result<Guard, UpdateError> {
        match &self.based_on {
            _ if self.schema.is_plaintext_only() => Ok(Guard::NoEnvelope),
            Some(read) => {
                self.check_protection(read)?;
                Ok(Guard::Envelope(read.clone()))
            }
            None => Ok(Guard::Unlisted),
        }
    }

    fn check_protection(&self, envelope: &AttributeValue) -> Result<(), UpdateError> {
        let mut fields = self.plaintext_fields().copied().chain(self.moved_fields());
        fields
            .try_for_each(|field| protection(&self.schema, envelope, &field))
            .map_err(UpdateError::Open)
    }

    /// The guard for the next attempt: the stored item tells what DynamoDB could not. `other` means
    /// that the request was refused for another reason.
    fn next_guard(&self, guard: &Guard, stored: &Item, other: bool) -> Result<Guard, UpdateError> {
        let schema = &self.schema;
        if self.meter.lost_an_answer() && !self.may_be_repeated() {
            return Err(self.unknown());
        }
        refuse_protected(schema, stored).map_err(UpdateError::Open)?;
        self.check_based_on(stored)?;
        if let Some(name) = self.target.context.differs(|name| stored.attribute(name)) {
            let place = schema.place().attribute(name);
            return Err(UpdateError::Open(OpenError::new(place, OpenErrorKind::OtherContext)));
        }
        self.check_older_names(stored)?;
        self.check_maps(stored)?;
        let envelope = stored.attribute(schema.envelope());
        if let Some(envelope) = envelope {
            self.check_protection(envelope)?;
        }
        let holds = match (guard, envelope) {
            (Guard::Envelope(guard), Some(envelope)) => guard == envelope,
            (Guard::NoEnvelope, None) => true,
            _ => false,
        };
        match (guard, envelope) {
            _ if holds && !other && self.meter.lost_an_answer() => Err(self.unknown()),
            _ if (holds && !other) || self.has_another_version(stored) => {
                Err(self.refused(stored.clone()))
            }
            (_, Some(envelope)) => Ok(Guard::Envelope(envelope.clone())),
            (_, None) => Ok(Guard::NoEnvelope),
        }
    }

    /// The condition that the record is of this context. A load would reject another one first.
    fn in_context(&self) -> Option<Node> {
        let fields = self.target.context.outside_key(&self.target.key).map(|(name, text)| {
            let as_text = Ok(AttributeValue::S(text.to_owned()));
            let as_number = Number::parse(text).ok().filter(|number| number.as_str() == text);
            let as_number = as_number.map(|number| Ok(AttributeValue::N(number)));
            Node::In(name, std::iter::once(as_text).chain(as_number).collect())
        });
        fields.fold(None, |all, node| Node::both(all, Some(node)))
    }

    pub(super) fn plaintext_fields(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let version = self.schema.version().filter(|version| !version.is_protected());
        self.plan.plain.iter().map(|(field, _)| *field).chain(version)
    }

    /// The condition that none of the attributes is protected in storage: no list in an envelope of
    /// this version contains its name. It may fail for bytes that only look like a name, and fails
    /// if DynamoDB's `contains` does not look into a Binary.
    fn unlisted(&self) -> Option<Node> {
        let envelope = self.schema.envelope();
        let bytes = |bytes| Ok(AttributeValue::B(bytes));
        let names = self.plaintext_fields().flat_map(FieldSchema::names);
        let listed = names.map(|name| Node::Contains(envelope, bytes(listed(name))));
        let listed = listed.reduce(Node::either)?;
        let known = Node::both(
            Some(Node::BeginsWith(envelope, bytes(FIRST_BYTES.to_vec()))),
            Some(Node::Contains(envelope, bytes(FIRST_BYTES.to_vec()))),
        )?;
        let known = Node::either(Node::NotExists(envelope), known);
        Node::both(Some(known), Some(listed.negated()))
    }
}
