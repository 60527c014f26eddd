//! An update of plaintext attributes alone: one request.

use super::patience::Patience;
use super::{Answer, Running, Sent};
use crate::attribute::AttributeValue;
use crate::envelope::{Item, listed, protection};
use crate::error::UpdateError;
use crate::expression::{Clauses, Node, Placeholders};
use crate::key::{CanDecrypt, CanEncrypt};
use crate::record::{Change, EnvelopeRecord, FieldSchema};

impl<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt> Running<'_, R, C> {
    /// Attributes that the stored envelope protects are not touched, although this struct takes them for
    /// plaintext: another version of the program knows better.
    pub(super) async fn plaintext(&self, mut patience: Patience) -> Result<Answer, UpdateError> {
        let schema = &self.schema;
        // The envelope of an item that only looks as if it protected an attribute.
        let mut pinned: Option<Option<AttributeValue>> = None;
        loop {
            let mut to = Placeholders::default();
            let mut clauses = Clauses::default();
            self.write_plaintext(&mut clauses, &mut to);
            let guard = match &pinned {
                None => self.guard(),
                Some(None) => Some(Node::NotExists(schema.envelope())),
                Some(Some(envelope)) => Some(self.envelope_is(envelope)),
            };
            let node = Node::both(Node::present(schema, self.now), guard);
            let stored = match self.send(clauses, to, node, !self.plan.is_idempotent()).await? {
                Sent::Written(answer) => return Ok(answer),
                Sent::Refused(stored) => Some(self.live(stored)?),
                Sent::Throttled => None,
            };
            if let Some(stored) = stored {
                self.check_older_names(&stored)?;
                let envelope = stored.attribute(schema.envelope());
                for field in self.plaintext_fields() {
                    let protection =
                        envelope.map_or(Ok(()), |envelope| protection(schema, envelope, field));
                    protection.map_err(UpdateError::Open)?;
                }
                let looks_protected = self.looks_protected(&stored);
                let held = match &pinned {
                    None => !looks_protected,
                    Some(pinned) => pinned.as_ref() == envelope,
                };
                if held {
                    return Err(self.refused(stored));
                }
                pinned = looks_protected.then(|| envelope.cloned());
            }
            if !patience.wait(self.store).await {
                return Err(self.contended());
            }
        }
    }

    pub(super) fn plaintext_fields(&self) -> impl Iterator<Item = &'static FieldSchema> {
        let version = self.schema.version().filter(|version| !version.is_protected());
        self.plan.plain.iter().map(|(field, _)| *field).chain(version)
    }

    /// No attribute is, in storage, a protected one: its name stands in no list of the envelope, and what is
    /// no Binary in plaintext is none. The first may fail for bytes that only look like a name.
    fn guard(&self) -> Option<Node> {
        let envelope = self.schema.envelope();
        let names = self.plaintext_fields().flat_map(FieldSchema::names);
        let unlisted = names
            .map(|name| Node::Contains(envelope, Ok(AttributeValue::B(listed(name)))).negated());
        let no_binary = self.textual().map(|name| Node::IsBinary(name).negated());
        unlisted.chain(no_binary).fold(None, |all, node| Node::both(all, Some(node)))
    }

    /// The names of attributes whose new value is no Binary.
    fn textual(&self) -> impl Iterator<Item = &'static str> {
        let textual = |(field, change): &(&'static FieldSchema, Change)| match change {
            Change::Set(Some(value)) | Change::SetIfAbsent(value) => {
                (!matches!(**value, AttributeValue::B(_))).then(|| field.name())
            }
            Change::Add(_) | Change::Append(_) => Some(field.name()),
            Change::Set(None) | Change::Remove => None,
        };
        self.plan.plain.iter().filter_map(textual)
    }

    fn looks_protected(&self, stored: &Item) -> bool {
        let binary = |name: &str| match stored.attribute(name) {
            Some(AttributeValue::B(bytes)) => Some(bytes),
            _ => None,
        };
        let envelope = binary(self.schema.envelope());
        let is_listed = |name: &str| {
            let entry = listed(name);
            envelope.is_some_and(|bytes| bytes.windows(entry.len()).any(|part| part == entry))
        };
        let mut names = self.plaintext_fields().flat_map(FieldSchema::names);
        names.any(is_listed) || self.textual().any(|name| binary(name).is_some())
    }
}
