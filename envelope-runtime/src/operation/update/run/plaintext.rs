//! An update of plaintext attributes alone: one request, or a read before it if the key of an index
//! is made of one of them.

use std::mem;

use super::moved::{stay, stayed};
use super::unsealed::BasedOn;
use super::{Attempt, Nulls, Running, Sent};
use crate::attribute::{AttributeValue, Number};
use crate::envelope::{
    FIRST_BYTES, Item, OpenError, OpenErrorKind, listed, protection, refuse_protected,
};
use crate::expression::{Clauses, Node, Placeholders};
use crate::key::{Allows, CanEncrypt};
use crate::operation::error::UpdateError;
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::returned::Returned;
use crate::operation::write::Answer;
use crate::record::{EnvelopeRecord, FieldSchema};

/// The state of the stored item that an update depends on.
pub(in crate::operation) struct Seen {
    guard: Guard,
    nulls: Nulls,
    /// The item of whose attributes the keys of indexes are made, if one of them changes.
    read: Option<Item>,
}

/// A guard that keeps a write from attributes that the stored envelope protects.
enum Guard {
    /// The envelope does not seem to list any of them.
    Unlisted,
    /// This envelope lists none of them, and must stay until the write.
    Envelope(AttributeValue),
    /// There is no envelope, and there must be none at the write.
    NoEnvelope,
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    /// Attributes that the stored envelope protects are left alone, although this struct treats
    /// them as plaintext: another version of the program knows better.
    pub(super) async fn plaintext(
        &self,
        meter: &Meter,
        patience: &mut Patience,
    ) -> Result<Answer, UpdateError> {
        let mut may_ask_again = true;
        let mut seen = if self.moves() {
            self.seen(meter, self.read(meter).await?)?
        } else {
            self.nothing_seen()?
        };
        loop {
            let attempt = self.prepare_plaintext(&seen)?;
            let stored = match self.send(meter, attempt).await? {
                // The request was sent again, and found its own write.
                Sent::Written(_) if self.returned == Returned::Old && meter.lost_an_answer() => {
                    return Ok(None);
                }
                Sent::Written(answer) => return Ok(answer),
                Sent::Refused(stored) => stored,
            };
            let next = self.seen_after(meter, &seen, stored)?;
            let has_told = matches!(seen.guard, Guard::Unlisted) || next.nulls != seen.nulls;
            seen = next;
            if has_told && mem::replace(&mut may_ask_again, false) {
                // No other writer was involved: DynamoDB is asked again, with what it returned.
                continue;
            }
            if !patience.wait(&self.store).await {
                return Err(self.contended());
            }
        }
    }

    /// The state before the first request, of which nothing is known.
    pub(super) fn nothing_seen(&self) -> Result<Seen, UpdateError> {
        Ok(Seen { guard: self.first_guard()?, nulls: Nulls::new(), read: None })
    }

    /// The state that an update depends on, from an item that was read.
    pub(super) fn seen(&self, meter: &Meter, item: Item) -> Result<Seen, UpdateError> {
        let item = self.live(meter, Some(item))?;
        let guard = self.next_guard(meter, &self.first_guard()?, &item, true)?;
        let nulls = self.nulls(&item);
        Ok(Seen { guard, nulls, read: self.moves().then_some(item) })
    }

    /// The state after a refusal, if that was for another reason than the state seen before.
    pub(super) fn seen_after(
        &self,
        meter: &Meter,
        seen: &Seen,
        stored: Option<Item>,
    ) -> Result<Seen, UpdateError> {
        let stored = self.live(meter, stored)?;
        let nulls = self.nulls(&stored);
        let has_moved = seen.read.as_ref().is_some_and(|read| !stayed(&self.parts, read, &stored));
        let other = nulls != seen.nulls || has_moved;
        let guard = self.next_guard(meter, &seen.guard, &stored, other)?;
        Ok(Seen { guard, nulls, read: seen.read.as_ref().map(|_| stored) })
    }

    pub(super) fn prepare_plaintext(&self, seen: &Seen) -> Result<Attempt, UpdateError> {
        let mut to = Placeholders::default();
        let mut clauses = Clauses::default();
        self.write_plaintext(&mut clauses, &mut to, &seen.nulls);
        let node = Node::both(Node::present(&self.schema, self.now), self.in_context());
        let mut node = Node::both(node, self.guarded(&seen.guard));
        if let Some(known) = &self.known {
            node = Node::both(node, stay(&self.uncovered_when_loaded(), known));
        }
        if let Some(item) = &seen.read {
            if let Some(moved) = self.moved(item)? {
                moved.write(&mut clauses, &mut to);
            }
            node = Node::both(node, stay(&self.parts, item));
        }
        self.prepare(clauses, to, node, &seen.nulls, None)
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
        match self.based_on() {
            _ if self.schema.is_plaintext_only() => Ok(Guard::NoEnvelope),
            Some(BasedOn::Envelope(read)) => {
                self.check_protection(read)?;
                Ok(Guard::Envelope(read.clone()))
            }
            Some(BasedOn::Unsealed) => Ok(Guard::NoEnvelope),
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
    fn next_guard(
        &self,
        meter: &Meter,
        guard: &Guard,
        stored: &Item,
        other: bool,
    ) -> Result<Guard, UpdateError> {
        let schema = &self.schema;
        if meter.lost_an_answer() && !self.may_be_repeated() {
            return Err(self.unknown());
        }
        refuse_protected(schema, stored).map_err(UpdateError::Open)?;
        self.check_based_on(stored)?;
        if let Some(name) = self.target.context.differs(|name| stored.attribute(name)) {
            let place = schema.place().attribute(name);
            return Err(UpdateError::Open(OpenError::new(place, OpenErrorKind::OtherContext)));
        }
        self.check_older_names(stored)?;
        let envelope = stored.attribute(schema.envelope());
        if let Some(envelope) = envelope {
            self.check_protection(envelope)?;
        }
        self.check_maps(stored)?;
        let holds = match (guard, envelope) {
            (Guard::Envelope(guard), Some(envelope)) => guard == envelope,
            (Guard::NoEnvelope, None) => true,
            _ => false,
        };
        match (guard, envelope) {
            _ if holds && !other && meter.lost_an_answer() => Err(self.unknown()),
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
