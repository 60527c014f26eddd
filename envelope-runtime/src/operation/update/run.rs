//! Running an update against DynamoDB and KMS.

mod entries;
mod moved;
mod plaintext;
mod protected;
mod unsealed;

use std::collections::{BTreeSet, HashMap};
use std::marker::PhantomData;

use crate::attribute::{AttributeValue, ConvertError, ConvertErrorKind};
use crate::envelope::{Item, OpenError, OpenErrorKind};
use crate::expression::{Changes, Clauses, Comparison, Node, Placeholders, UpdatePlan};
use crate::key::{Allows, CanEncrypt, Scope};
use crate::operation::error::{
    ConditionError, ContendedError, Presence, PresenceError, UnknownOutcomeError, UpdateError,
    VersionError,
};
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::operation::prepared::{Prepared, Twice, Write};
use crate::operation::read::read;
use crate::operation::returned::{Returned, open_returned};
use crate::operation::sdk::from_sdk_item;
use crate::operation::target::Target;
use crate::operation::write::{Answer, Outcome};
use crate::record::{
    EnvelopeRecord, FieldError, FieldSchema, KeyError, KeyValues, Now, RecordSchema, stored_version,
};
use crate::store::Store;
pub(in crate::operation) use moved::stays;
use plaintext::Seen;
pub(in crate::operation) use protected::Held;
use protected::Over;

/// The options of an update, apart from its changes.
pub(in crate::operation) struct Options {
    pub(in crate::operation) key: Result<KeyValues, ConvertError>,
    pub(in crate::operation) given: Scope,
    pub(in crate::operation) known: Option<Item>,
    pub(in crate::operation) version: Option<Result<u64, ConvertError>>,
    pub(in crate::operation) returned: Returned,
}

/// Names of attributes that are stored as NULL, and of maps that are absent.
type Nulls = BTreeSet<&'static str>;

/// The state of the stored item that a prepared update depends on.
pub(in crate::operation) enum Basis {
    Plaintext(Seen),
    Protected(Over),
}

/// One attempt at an update. Without a text, it changes nothing.
pub(in crate::operation) type Attempt = Prepared<Option<String>>;

/// The outcome of one `UpdateItem`.
enum Sent {
    Written(Answer),
    /// The condition does not hold for the stored item; nothing was written by the last attempt.
    Refused(Option<Item>),
}

/// An update, and everything that is known before its first request.
pub(in crate::operation) struct Running<R, C> {
    store: Store<C>,
    schema: RecordSchema,
    target: Target,
    plan: UpdatePlan,
    /// The attributes of which the keys of indexes are made, if one of them changes.
    parts: Vec<&'static str>,
    /// The part of the item that was read earlier.
    known: Option<Item>,
    returned: Returned,
    now: Now,
    record: PhantomData<fn() -> R>,
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<R::Needs>> Running<R, C> {
    pub(in crate::operation) fn new(
        store: &Store<C>,
        now: Now,
        changes: Changes,
        options: Options,
    ) -> Result<Self, UpdateError> {
        let schema = R::SCHEMA;
        let Options { key, given, known, version, returned } = options;
        let caller = store.caller_context(&schema, given).map_err(UpdateError::Context)?;
        let target = Target::of_key(&schema, &caller, key)?;
        let version = version.transpose().map_err(|error| {
            let name = schema.version().map_or("", FieldSchema::name);
            UpdateError::Field(FieldError::new(&schema, name, error))
        })?;
        let is_other = |(name, value): &(&str, AttributeValue)| {
            known.as_ref().is_some_and(|known| known.attribute(name) != Some(value))
        };
        if target.key.attributes().iter().any(is_other) {
            return Err(UpdateError::Key(KeyError::of_another(&schema)));
        }
        let plan = changes.plan(&schema, version, now).map_err(UpdateError::Field)?;
        plan.check_index_keys(&schema).map_err(UpdateError::Key)?;

        let (store, record) = (store.clone(), PhantomData::<fn() -> R>);
        let parts = moved::parts(&schema, &plan);
        Ok(Self { store, schema, target, plan, parts, known, returned, now, record })
    }

    /// Updates the record, and returns it if that was requested.
    pub(in crate::operation) async fn run(
        &self,
        meter: &Meter,
        patience: &mut Patience,
    ) -> Result<Option<R>, UpdateError> {
        let answer = if self.plan.protects(&self.schema) {
            self.protected(meter, patience).await?
        } else {
            self.plaintext(meter, patience).await?
        };
        let opened = open_returned(&self.store, meter, answer, &self.target).await;
        opened.map_err(|error| UpdateError::Unreadable(Box::new(error)))
    }

    /// Prepares the update over the item that is stored now, and returns the item's size too.
    pub(in crate::operation) async fn over_stored(
        &self,
        meter: &Meter,
        held: &mut Held,
    ) -> Result<(Attempt, Basis, usize), UpdateError> {
        let depends_on_nothing = !self.moves() && self.nulls_are(&Nulls::new()).is_none();
        if self.schema.is_plaintext_only() && depends_on_nothing {
            let seen = self.nothing_seen()?;
            return Ok((self.prepare_plaintext(&seen)?, Basis::Plaintext(seen), 0));
        }
        let item = self.read(meter).await?;
        let size = item.size();
        if self.plan.protects(&self.schema) {
            let over = self.over(meter, item, true, held).await?;
            let (prepared, over) = over.ok_or_else(|| self.contended())?;
            Ok((prepared, Basis::Protected(over), size))
        } else {
            let seen = self.seen(meter, item)?;
            Ok((self.prepare_plaintext(&seen)?, Basis::Plaintext(seen), size))
        }
    }

    /// The stored item, if a write was refused because that has changed since it was prepared.
    pub(in crate::operation) fn changed(
        &self,
        meter: &Meter,
        basis: &Basis,
        stored: Option<Item>,
    ) -> Result<Item, UpdateError> {
        let stored = self.live(meter, stored)?;
        match basis {
            Basis::Plaintext(seen) => {
                self.seen_after(meter, seen, Some(stored.clone()))?;
            }
            Basis::Protected(over) => self.changed_since(meter, over, Some(stored.clone()))?,
        }
        Ok(stored)
    }

    /// The changes of plaintext attributes, some of which are stored as NULL, and the version.
    fn write_plaintext(&self, clauses: &mut Clauses, to: &mut Placeholders, nulls: &Nulls) {
        for (field, change) in &self.plan.plain {
            clauses.change(to, field, change, nulls.contains(&field.name()));
        }
        if let Some(version) = self.schema.version()
            && !version.is_protected()
        {
            clauses.count_up(to, version.name());
        }
    }

    /// The write of these clauses, on the condition `node` and those that every update has. It
    /// leaves the envelope `ours`.
    fn prepare(
        &self,
        clauses: Clauses,
        to: Placeholders,
        node: Option<Node>,
        nulls: &Nulls,
        ours: Option<AttributeValue>,
    ) -> Result<Attempt, UpdateError> {
        let schema = self.schema;
        let version = self.plan.version;
        let at_version = version.and_then(|version| Node::version(&schema, version, self.now));
        let node = Node::both(Node::both(node, at_version), self.no_older_names());
        let node = Node::both(node, self.nulls_are(nulls));
        let node = Node::both(node, Node::countable(&schema));
        let node = Node::both(node, self.plan.condition.clone());
        let condition = to.expression(&schema, node).map_err(UpdateError::Field)?;
        Ok(Prepared {
            schema,
            table: self.table().to_owned(),
            key: self.target.key.clone(),
            write: clauses.text(),
            condition,
            twice: match ours {
                _ if self.may_be_repeated() => Twice::Same,
                // The envelope that it depends on is gone.
                Some(_) => Twice::Refused,
                None => Twice::Else,
            },
            ours,
        })
    }

    /// Makes one `UpdateItem`.
    async fn send(&self, meter: &Meter, attempt: Attempt) -> Result<Sent, UpdateError> {
        match attempt.map(Write::Update).send(&self.store, meter, self.returned).await {
            Outcome::Written(answer) => Ok(Sent::Written(answer)),
            Outcome::Recognised(new) => {
                let new = Some(new).filter(|_| self.returned == Returned::New);
                Ok(Sent::Written(new.map(HashMap::from)))
            }
            Outcome::Refused(refused) => {
                Ok(Sent::Refused(refused.stored.map_err(UpdateError::Open)?))
            }
            Outcome::Unknown => Err(self.unknown()),
            Outcome::Failed(error) => Err(UpdateError::Request(error)),
        }
    }

    pub(in crate::operation) fn key(&self) -> &[(&'static str, AttributeValue)] {
        self.target.key.attributes()
    }

    fn table(&self) -> &str {
        self.store.physical_table::<R>()
    }

    /// The stored item, by a strongly consistent read.
    async fn read(&self, meter: &Meter) -> Result<Item, UpdateError> {
        let key = self.target.key.attributes();
        let item = read(&self.store, meter, &self.schema, self.table(), key, true).await;
        let item = item.map_err(UpdateError::Request)?.ok_or_else(|| self.not_found())?;
        from_sdk_item(&self.schema, item).map_err(UpdateError::Open)
    }

    fn envelope_is(&self, bytes: &AttributeValue) -> Node {
        Node::Compare(self.schema.envelope(), Comparison::Equal, Ok(bytes.clone()))
    }

    /// Returns whether the update can be repeated although it may already have been done before
    /// another write.
    fn may_be_repeated(&self) -> bool {
        self.plan.may_be_repeated() && self.based_on().is_none()
    }

    /// Rejects a record that is not the one that the update is based on.
    fn check_based_on(&self, stored: &Item) -> Result<(), UpdateError> {
        if self.is_as_loaded(stored) {
            return Ok(());
        }
        if let Some(expected) = self.plan.version
            && let Some(field) = self.schema.version()
            && let found = stored_version(stored.attribute(field.name()))
            && found != Some(expected)
        {
            return Err(self.other_version(expected, found, stored));
        }
        let error = ConditionError::not_as_loaded(self.schema.place(), stored.clone());
        Err(UpdateError::Condition(error))
    }

    /// Of the attributes that DynamoDB adds to, those stored as NULL; of the maps whose entries it
    /// changes, also those that are absent.
    fn nulls(&self, stored: &Item) -> Nulls {
        let names = self.plan.summed().map(FieldSchema::name);
        let nulls = names.filter(|name| stored.attribute(name) == Some(&AttributeValue::Null));
        nulls.chain(self.missing_maps(stored)).collect()
    }

    /// The condition that exactly `nulls` are NULL. If another one were, DynamoDB would reject the
    /// whole request as malformed.
    fn nulls_are(&self, nulls: &Nulls) -> Option<Node> {
        let nodes = self.plan.summed().map(FieldSchema::name).map(|name| {
            let null = |is| Node::Compare(name, is, Ok(AttributeValue::Null));
            if nulls.contains(&name) {
                null(Comparison::Equal)
            } else {
                Node::either(Node::NotExists(name), null(Comparison::NotEqual))
            }
        });
        nodes.chain(self.maps_are(nulls)).fold(None, |all, node| Node::both(all, Some(node)))
    }

    /// The condition that no attribute that DynamoDB adds to, or leaves alone, is stored under an
    /// alias.
    fn no_older_names(&self) -> Option<Node> {
        let names = self.plan.added().flat_map(|field| field.names().skip(1));
        names.map(Node::NotExists).fold(None, |all, node| Node::both(all, Some(node)))
    }

    fn check_older_names(&self, stored: &Item) -> Result<(), UpdateError> {
        let is_older = |field: &&FieldSchema| {
            field.names().skip(1).any(|name| stored.attribute(name).is_some())
        };
        match self.plan.added().find(is_older) {
            Some(field) => {
                let place = self.schema.place().attribute(field.name());
                Err(UpdateError::Open(OpenError::new(place, OpenErrorKind::OlderName)))
            }
            None => Ok(()),
        }
    }

    /// The stored item, if there is one that has not expired.
    fn live(&self, meter: &Meter, stored: Option<Item>) -> Result<Item, UpdateError> {
        let expired = |item: &Item| self.schema.is_expired(self.now, |name| item.attribute(name));
        match stored.filter(|item| !expired(item)) {
            Some(stored) => Ok(stored),
            // The item may have been live until this very update expired it.
            None if meter.lost_an_answer() => Err(self.unknown()),
            None => Err(self.not_found()),
        }
    }

    /// The error for a stored item that has another version or does not satisfy the caller's
    /// condition.
    fn refused(&self, stored: Item) -> UpdateError {
        if let Some(field) = self.schema.version() {
            let found = stored_version(stored.attribute(field.name()));
            if let Some(expected) = self.plan.version
                && found != Some(expected)
            {
                return self.other_version(expected, found, &stored);
            }
            if found >= field.last_version() {
                return self.no_next_version(field);
            }
        }
        UpdateError::Condition(ConditionError::new(self.schema.place(), Some(stored)))
    }

    fn has_another_version(&self, stored: &Item) -> bool {
        let found = |field: &FieldSchema| stored_version(stored.attribute(field.name()));
        let wanted = self.plan.version.zip(self.schema.version());
        wanted.is_some_and(|(expected, field)| found(field) != Some(expected))
    }

    fn other_version(&self, expected: u64, found: Option<u64>, stored: &Item) -> UpdateError {
        let (place, stored) = (self.schema.place(), Some(stored.clone()));
        UpdateError::Version(VersionError::new(place, expected, found, stored))
    }

    fn no_next_version(&self, field: &FieldSchema) -> UpdateError {
        let problem = ConvertError::new(ConvertErrorKind::Version);
        UpdateError::Field(FieldError::new(&self.schema, field.name(), problem))
    }

    fn not_found(&self) -> UpdateError {
        UpdateError::NotFound(PresenceError::new(self.schema.place(), Presence::Absent))
    }

    fn contended(&self) -> UpdateError {
        UpdateError::Contended(ContendedError::new(self.schema.place()))
    }

    fn unknown(&self) -> UpdateError {
        UpdateError::UnknownOutcome(UnknownOutcomeError::new(self.schema.place()))
    }
}
