//! The items of a page that are given out, and the opening of each.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;

use super::super::batch_get::DEADLINE;
use super::super::error::{ItemError, LoadError, QueryError};
use super::super::open::Reading;
use super::super::patience::Patience;
use super::super::read::batch::{Batch, Wanted};
use super::super::read::complete;
use super::super::sdk::from_sdk_item;
use super::reads::{Contexts, Gives, Reads, Source};
use crate::attribute::AttributeValue;
use crate::envelope::{
    Asked, Item, Loaded, OpenError, OpenErrorKind, expected_context, makes_its_key, parts_of_key,
};
use crate::key::{Allows, Capability};
use crate::record::{Carries, KeyAttribute, Now, Readable};

/// An item that is to be given out.
pub(super) struct Candidate {
    /// The key attributes of the table, and of the index.
    pub(super) key: Item,
    pub(super) item: Result<Item, OpenError>,
    /// The record, read from the table by the key that the index gives.
    loaded: Option<HashMap<String, SdkValue>>,
}

impl Candidate {
    pub(super) fn key(&self) -> &Item {
        &self.key
    }
}

impl<C: Capability> Reads<C> {
    /// An item that is to be given out: one whose key is of this record type and in the range, that
    /// is of the store's scope and has not expired. Nothing of that is verified, and nothing else
    /// is concluded from it.
    pub(super) fn candidate(&self, item: HashMap<String, SdkValue>, now: Now) -> Option<Candidate> {
        let key = self.position_from_sdk(&item);
        let is_made = |attribute: KeyAttribute| {
            let value = key.attribute(attribute.name());
            self.gives == Gives::Cleared || value.is_none_or(|value| attribute.makes(value))
        };
        let mut is_of_type = self.schema.keys().all(is_made);
        if let Source::Partition { key: own, condition, .. } = &self.source {
            is_of_type &= own.all().all(is_made);
            let mut sort = own.sort.iter().filter_map(|own| key.attribute(own.name()));
            if is_of_type && sort.any(|value| condition.leaves_out(value)) {
                return None;
            }
        }
        if !is_of_type {
            self.meter.has_skipped();
            return None;
        }
        let item = from_sdk_item(&self.schema, item);
        if let Ok(item) = &item {
            // The index may not hold what decides the rest.
            if !self.loads() && self.is_of_another_context(item) {
                self.meter.has_skipped();
                return None;
            }
            if !self.gives.is_deleted() && self.schema.is_expired(now, |name| item.attribute(name))
            {
                self.meter.has_expired();
                return None;
            }
            if self.holds_parts() && self.is_stale(item) {
                return None;
            }
        }
        Some(Candidate { key, item, loaded: None })
    }

    /// Returns whether the entries of the index hold the fields of which its keys are made.
    fn holds_parts(&self) -> bool {
        let Source::Partition { index: Some(index), .. } = &self.source else { return false };
        !matches!(index.carries(), Carries::Keys)
    }

    /// Returns whether entries of keys are counted, which hold no fields beside them.
    fn counts_keys(&self) -> bool {
        let Source::Partition { index: Some(index), .. } = &self.source else { return false };
        !self.loads() && matches!(index.carries(), Carries::Keys)
    }

    /// Returns whether a record's own fields do not make the keys of the index, and counts it.
    fn is_stale(&self, item: &Item) -> bool {
        let Source::Partition { index: Some(_), key, .. } = &self.source else { return false };
        let is_stale = !key.is_made_by(&self.schema, |name| item.attribute(name));
        if is_stale {
            self.meter.has_gone_stale();
        }
        is_stale
    }

    /// Returns whether an item is openly of another context than that of the operation. One whose
    /// attributes do not make its key, or of another partition, is not skipped but refused.
    fn is_of_another_context(&self, item: &Item) -> bool {
        let Contexts::One(context) = &self.context else { return false };
        if self.gives == Gives::Cleared {
            // Items of other types need not have the attributes.
            return context.contradicts(|name| item.attribute(name));
        }
        let (parts, is_whole) = if self.schema.is_key_alone() || self.counts_keys() {
            let parts = parts_of_key(&self.schema, item);
            let is_whole = parts.is_ok();
            (parts.unwrap_or_default(), is_whole)
        } else {
            (BTreeMap::new(), makes_its_key(&self.schema, item))
        };
        let value = |name: &str| parts.get(name).or_else(|| item.attribute(name));
        context.differs(value).is_some() && is_whole && self.elsewhere(item).is_none()
    }

    /// The key attribute by which an item is not in the partition that was asked for, or has no
    /// place in the table or the index.
    fn elsewhere(&self, item: &Item) -> Option<&'static str> {
        let Source::Partition { key, condition, .. } = &self.source else { return None };
        let mut partition = condition.partition().iter();
        let other = partition.find(|(name, value)| item.attribute(name) != Some(value));
        let mut all = key.all().chain(self.schema.keys());
        let mut absent = || all.find(|key| item.attribute(key.name()).is_none());
        other.map(|(name, _)| *name).or_else(|| absent().map(|key| key.name()))
    }

    /// Reads the records of some entries of an index from the table. An entry that is refused in
    /// any case is not looked up.
    pub(super) async fn load(&self, entries: &mut [Candidate]) -> Result<(), QueryError> {
        let Self { store, meter, schema, table, .. } = self;
        let is_here = |entry: &Candidate| {
            entry.item.as_ref().is_ok_and(|item| self.elsewhere(item).is_none())
        };
        let places = entries.iter().enumerate().filter(|(_, entry)| is_here(entry));
        let keys: Vec<_> = places.map(|(place, entry)| (place, self.key_of(&entry.key))).collect();
        let wanted = Wanted::distinct(keys.iter().map(|(place, key)| (*place, key.as_slice())));
        // An older state would hide a record that is there.
        let batch = Batch { store, meter, schema: &schema.whole(), table, consistent: true };
        let mut patience = Patience::of_capacity(store.ticks(), DEADLINE);
        let found = batch.read(&wanted, &mut patience).await;
        for (place, item) in found.map_err(|unread| unread.into_error(schema, 0, wanted.len()))? {
            if let Some(entry) = entries.get_mut(place) {
                entry.loaded = Some(item);
            }
        }
        Ok(())
    }

    /// Refuses an item that is not in the partition that was asked for.
    pub(super) fn refuse_elsewhere(&self, item: &Item) -> Result<(), LoadError> {
        let Some(name) = self.elsewhere(item) else { return Ok(()) };
        let place = self.schema.place().attribute(name);
        Err(LoadError::Open(OpenError::new(place, OpenErrorKind::Tampered)))
    }

    /// Opens an item. `None` if it had to be read again, and was gone, elsewhere or has expired.
    pub(super) async fn open<P: Readable>(
        &self,
        candidate: Candidate,
    ) -> Result<Option<P>, ItemError>
    where
        C: Allows<P::Needs>,
    {
        let Candidate { key, item, loaded } = candidate;
        match self.opened(&key, item, loaded).await {
            Ok(record) => Ok(record),
            Err(error) => Err(ItemError::new(self.own_key(&key), error)),
        }
    }

    /// The key of the table.
    pub(super) fn own_key(&self, key: &Item) -> Item {
        let own = self.key_of(key).into_iter();
        own.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn key_of(&self, key: &Item) -> Vec<(&'static str, AttributeValue)> {
        let names = self.schema.key_names();
        names.filter_map(|name| Some((name, key.attribute(name)?.clone()))).collect()
    }

    async fn opened<P: Readable>(
        &self,
        place: &Item,
        item: Result<Item, OpenError>,
        loaded: Option<HashMap<String, SdkValue>>,
    ) -> Result<Option<P>, LoadError>
    where
        C: Allows<P::Needs>,
    {
        let item = item.map_err(LoadError::Open)?;
        let key = self.key_of(place);
        let Some(item) = self.whole(&key, place, item, loaded).await? else { return Ok(None) };
        if self.schema.is_expired(self.store.now(), |name| item.attribute(name)) {
            self.meter.has_expired();
            return Ok(None);
        }
        let of_key;
        let context = match &self.context {
            Contexts::One(context) => context,
            Contexts::OfKey(caller) => {
                let parts = if self.schema.is_key_alone() {
                    parts_of_key(&self.schema, &item).map_err(LoadError::Open)?
                } else {
                    BTreeMap::new()
                };
                let names = self.schema.key_parts();
                let in_key = |name: &str| {
                    let value = parts.get(name).or_else(|| item.attribute(name));
                    value.filter(|_| names.contains(&name))
                };
                let expected = expected_context(&self.schema, in_key, caller);
                of_key = expected.map_err(LoadError::Context)?;
                &of_key
            }
        };
        let asked = match &self.source {
            Source::Partition { .. } if self.loads() => Asked::Key(&key),
            Source::Partition { index: None, condition, .. } => match condition.partition() {
                [(_, partition)] => Asked::Partition(partition),
                _ => Asked::Table,
            },
            Source::Partition { .. } | Source::Table { .. } => Asked::Table,
        };
        let (provider, counts) = (self.store.provider(), self.meter.key_counts());
        let windows = self.store.windows::<P>();
        let reading = Reading { provider, asked, context, windows, counts };
        let loaded: Loaded<P> = reading.open(item, false).await?;
        self.meter.has_opened(&loaded);
        Ok(Some(loaded.into_record()))
    }

    /// The item, read from the table if the page does not hold all that is needed of it. `None` if
    /// it is gone, or not at this place any more.
    async fn whole(
        &self,
        key: &[(&'static str, AttributeValue)],
        place: &Item,
        item: Item,
        loaded: Option<HashMap<String, SdkValue>>,
    ) -> Result<Option<Item>, LoadError> {
        let Self { store, meter, schema, table, .. } = self;
        self.refuse_elsewhere(&item)?;
        let item = if self.loads() {
            loaded.map(|item| from_sdk_item(schema, item)).transpose().map_err(LoadError::Open)?
        } else {
            complete(store, meter, schema, table, key, item).await?
        };
        let Some(item) = item else { return Ok(None) };
        let is_here = place.iter().all(|(name, value)| item.attribute(name) == Some(value));
        if !is_here && matches!(self.source, Source::Partition { index: Some(_), .. }) {
            return Ok(None);
        }
        if (self.loads() || self.holds_parts()) && self.is_stale(&item) {
            return Ok(None);
        }
        if self.loads() && self.is_of_another_context(&item) {
            meter.has_skipped();
            return Ok(None);
        }
        Ok(Some(item))
    }
}
