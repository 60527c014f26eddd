//! An update's way through DynamoDB and KMS.

mod patience;
mod plaintext;
mod protected;

use std::collections::{BTreeSet, HashMap};
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::ReturnValue;

use super::AtKey;
use crate::attribute::{AttributeValue, ConvertError, Problem};
use crate::envelope::{ExpectedContext, Item, OpenError, OpenErrorKind, expected_context};
use crate::error::{
    ConditionError, ContendedError, Presence, PresenceError, UnknownOutcomeError, UpdateError,
    VersionError,
};
use crate::expression::{Clauses, Comparison, Node, Placeholders};
use crate::key::{CanDecrypt, CanEncrypt};
use crate::operation::meter::Meter;
use crate::operation::returned::open_returned;
use crate::operation::sdk::WriteCondition;
use crate::operation::write::{Answer, Outcome, Request, Twice, Write};
use crate::record::{
    EnvelopeRecord, FieldError, FieldSchema, InvalidKey, Now, RecordSchema, RequestKey, Update,
    UpdatePlan, stored_version,
};
use crate::store::Store;
use patience::Patience;

/// What the caller wants back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Nothing,
    Old,
    New,
}

/// Names of attributes that are stored as NULL.
type Nulls = BTreeSet<&'static str>;

/// What came of one `UpdateItem`.
enum Sent {
    Written(Answer),
    /// The condition does not hold for the stored item; nothing was written by the last attempt.
    Refused(Option<Item>),
}

/// What is known before the first request.
struct Running<'a, R, C> {
    store: &'a Store<C>,
    meter: &'a Meter,
    schema: RecordSchema,
    key: RequestKey,
    plan: UpdatePlan,
    /// The envelope of the record that the update is based on; it must still be there.
    based_on: Option<AttributeValue>,
    expected: ExpectedContext,
    returned: Returned,
    now: Now,
    record: PhantomData<fn() -> R>,
}

pub(super) async fn run<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt>(
    update: Update<R, AtKey<C>>,
    meter: &Meter,
    returned: Returned,
) -> Result<Option<R>, UpdateError> {
    let schema = R::SCHEMA;
    let AtKey { store, key, given, known, version, within } = update.target;
    let now = store.now();
    let key = key.map_err(|error| InvalidKey::convert(&schema, error));
    let key = key.and_then(|key| key.checked(&schema)).map_err(UpdateError::Key)?;
    let caller = store.caller_context(&schema, given).map_err(UpdateError::Context)?;
    let expected =
        expected_context(&schema, |name| key.part(name), &caller).map_err(UpdateError::Context)?;
    let version = version.transpose().map_err(|error| {
        let name = schema.version().map_or("", FieldSchema::name);
        UpdateError::Field(FieldError::new(&schema, name, error))
    })?;
    if let Some(known) = &known
        && key.attributes().iter().any(|(name, value)| known.attribute(name) != Some(value))
    {
        return Err(UpdateError::Key(InvalidKey::of_another(&schema)));
    }
    let plan = update.changes.plan(&schema, version, now).map_err(UpdateError::Field)?;

    let (store, record) = (&store, PhantomData::<fn() -> R>);
    let based_on = known.as_ref().and_then(|known| known.attribute(schema.envelope()).cloned());
    let running =
        Running { store, meter, schema, key, plan, based_on, expected, returned, now, record };
    let patience = Patience::new(within);
    let answer = if running.plan.protects(&schema) {
        running.protected(known, patience).await?
    } else {
        running.plaintext(patience).await?
    };
    let Running { key, expected, .. } = running;
    let opened = open_returned(store, meter, answer, Some(key.attributes()), expected).await;
    opened.map_err(|error| UpdateError::Unreadable(Box::new(error)))
}

/// What both ways have in common.
impl<R: EnvelopeRecord, C: CanEncrypt + CanDecrypt> Running<'_, R, C> {
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

    /// One `UpdateItem`, on a condition and on those that every update has. It leaves the envelope `ours`.
    async fn send(
        &self,
        clauses: Clauses,
        to: Placeholders,
        node: Option<Node>,
        nulls: &Nulls,
        ours: Option<AttributeValue>,
    ) -> Result<Sent, UpdateError> {
        let (schema, meter) = (self.schema, self.meter);
        let version = self.plan.version;
        let at_version = version.and_then(|version| Node::version(&schema, version, self.now));
        let node = Node::both(Node::both(node, at_version), self.no_older_names());
        let node = Node::both(node, self.nulls_are(nulls));
        let node = Node::both(node, Node::countable(&schema));
        let node = Node::both(node, self.plan.condition.clone());
        let condition = WriteCondition::beside(to, &schema, node).map_err(UpdateError::Field)?;

        let write = Write {
            schema,
            table: self.store.physical_table::<R>().to_owned(),
            key: self.key.attributes().to_vec(),
            request: Request::Update(clauses.text()),
            condition,
            returned: match self.returned {
                Returned::Nothing => None,
                Returned::Old => Some(ReturnValue::AllOld),
                Returned::New => Some(ReturnValue::AllNew),
            },
            twice: match ours {
                _ if self.may_be_repeated() => Twice::Same,
                // The envelope that it depends on is gone.
                Some(_) => Twice::Refused,
                None => Twice::Else,
            },
            ours,
        };
        match write.send(self.store, meter).await {
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

    fn envelope_is(&self, bytes: &AttributeValue) -> Node {
        Node::Compare(self.schema.envelope(), Comparison::Equal, Ok(bytes.clone()))
    }

    /// Whether it can be done anew when it may have been done before another write.
    fn may_be_repeated(&self) -> bool {
        self.plan.may_be_repeated() && self.based_on.is_none()
    }

    /// Refuses a record that is not the one that the update is based on.
    fn check_based_on(&self, stored: &Item) -> Result<(), UpdateError> {
        match &self.based_on {
            Some(read) if stored.attribute(self.schema.envelope()) != Some(read) => {
                if let Some(expected) = self.plan.version
                    && let Some(field) = self.schema.version()
                    && let found = stored_version(stored.attribute(field.name()))
                    && found != Some(expected)
                {
                    return Err(self.other_version(expected, found, stored));
                }
                let place = self.schema.place();
                let error = ConditionError::not_as_loaded(place, stored.clone());
                Err(UpdateError::Condition(error))
            }
            _ => Ok(()),
        }
    }

    /// Those of the attributes that DynamoDB adds to which are stored as NULL.
    fn nulls(&self, stored: &Item) -> Nulls {
        let names = self.plan.summed().map(FieldSchema::name);
        names.filter(|name| stored.attribute(name) == Some(&AttributeValue::Null)).collect()
    }

    /// The others are not, or DynamoDB would refuse the whole request as malformed.
    fn nulls_are(&self, nulls: &Nulls) -> Option<Node> {
        let nodes = self.plan.summed().map(FieldSchema::name).map(|name| {
            let null = |is| Node::Compare(name, is, Ok(AttributeValue::Null));
            if nulls.contains(&name) {
                null(Comparison::Equal)
            } else {
                Node::either(Node::NotExists(name), null(Comparison::NotEqual))
            }
        });
        nodes.fold(None, |all, node| Node::both(all, Some(node)))
    }

    /// What DynamoDB adds to, or leaves as it is, must not lie under an alias.
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
    fn live(&self, stored: Option<Item>) -> Result<Item, UpdateError> {
        let expired = |item: &Item| self.schema.is_expired(self.now, |name| item.attribute(name));
        match stored.filter(|item| !expired(item)) {
            Some(stored) => Ok(stored),
            // It may have been there, and expired by this very update.
            None if self.meter.lost_an_answer() => Err(self.unknown()),
            None => Err(self.not_found()),
        }
    }

    /// The stored item has another version, or does not fulfil the caller's condition.
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
        let problem = ConvertError::new(Problem::Version);
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
