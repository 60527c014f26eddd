//! Ways into a table that already holds data: items that `serde_dynamo`, a mapping by hand or
//! `dynomite` wrote in plaintext are loaded while a window is open, and are sealed by the next
//! save.
//!
//! The models are shaped like those of public applications. Each test also says which plaintext
//! attributes the save stores in another form than the mapper did.

mod by_hand;
mod dynomite;
mod from_item;
mod keys;
mod machines;
mod other_forms;
mod people;
mod trade;

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::key::Decrypt;
use envelope_runtime::schema::{FieldRole, HasTable};
use envelope_runtime::{AttributeValue, EnvelopeRecord, Item, Readable, Store, Until};
use envelope_tests::unique_table;
use serde::Serialize;

use crate::support::{Stored, World};
use dynomite::Attribute;

/// In November 2026. Items that are stored expire later, if at all.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

trait Model: HasTable + Readable<Needs = Decrypt> + PartialEq + Debug + 'static {}

impl<R: HasTable + Readable<Needs = Decrypt> + PartialEq + Debug + 'static> Model for R {}

/// A table with plaintext items of the record `R`.
struct Table<R> {
    name: String,
    world: World,
    /// Without a window.
    store: Store,
    /// With a window.
    open: Store,
    model: R,
}

impl<R: Model> Table<R> {
    async fn of(model: R) -> Self {
        let world = World::new().await;
        let name = unique_table();
        let store = world.store.clone().clock(now).map_table::<R>(&name);
        assert!(store.create_table::<R>().await.unwrap().is_new());
        let open = store.clone().accept_unsealed::<R>(Until::date(2027, 3, 1));
        Self { name, world, store, open, model }
    }

    async fn write(&self, item: Stored) {
        let call = self.world.backend.dynamodb.put_item().table_name(&self.name);
        call.set_item(Some(item)).send().await.unwrap();
    }

    /// The only item.
    async fn stored(&self) -> Item {
        let call = self.world.backend.dynamodb.scan().table_name(&self.name);
        let mut items = call.consistent_read(true).send().await.unwrap().items.unwrap();
        let item = items.pop().unwrap();
        assert!(items.is_empty(), "{} more", items.len());
        item.try_into().unwrap()
    }

    /// Loads an old item through the window, saves it, and loads it without the window. `changed`
    /// lists the plaintext attributes that the save stores in another form.
    async fn adopts(&self, mapper: &str, item: Stored, changed: &[&str]) {
        self.write(item).await;
        let old = self.stored().await;

        let refused = self.store.get::<R>(self.model.key()).consistent().await.err().unwrap();
        assert!(refused.is_unsealed(), "{mapper}: {refused}");
        let call = self.open.get::<R>(self.model.key()).consistent().with_envelope();
        let loaded = call.await.unwrap_or_else(|error| panic!("{mapper}: {error}")).unwrap();
        assert!(loaded.was_unsealed(), "{mapper}");
        let record = loaded.into_record();
        assert_eq!(record, self.model, "{mapper}");
        self.open.put(&record).await.unwrap();

        let loaded = self.store.get::<R>(self.model.key()).consistent().with_envelope().await;
        let loaded = loaded.unwrap_or_else(|error| panic!("{mapper}: {error}")).unwrap();
        assert!(!loaded.was_unsealed(), "{mapper}");
        assert_eq!(*loaded, self.model, "{mapper}");
        let new = self.stored().await;
        assert_eq!(changes::<R>(&old, &new), changed, "{mapper}");
    }

    async fn adopts_from_hand(&self, item: Stored, changed: &[&str]) {
        self.adopts("by hand", item, changed).await;
    }
}

impl<R: Model + Serialize> Table<R> {
    async fn adopts_from_serde_dynamo(&self, changed: &[&str]) {
        let item = serde_dynamo::to_item(&self.model).unwrap();
        self.adopts("serde_dynamo", item, changed).await;
    }
}

impl<R: Model + Attribute> Table<R> {
    async fn adopts_from_dynomite(&self, changed: &[&str]) {
        let Sdk::M(item) = self.model.to_attr() else { panic!("not an item") };
        self.adopts("dynomite", item, changed).await;
    }
}

/// The plaintext attributes that changed with the save, in order: `tags: L to SS`. Checks that
/// every encrypted value is sealed, and that no other attribute is there.
fn changes<R: EnvelopeRecord>(old: &Item, new: &Item) -> Vec<String> {
    let form = |value: Option<&AttributeValue>| value.map_or("absent", AttributeValue::type_name);
    let mut changes = Vec::new();
    for field in R::SCHEMA.fields() {
        let name = field.name();
        let (old, new) = (old.attribute(name), new.attribute(name));
        if field.role() == FieldRole::Encrypted {
            assert!(
                new.is_none_or(|value| value.type_name() == "B" && Some(value) != old),
                "{name}"
            );
        } else if old != new {
            changes.push(format!("{name}: {} to {}", form(old), form(new)));
        }
    }
    let is_own = |name: &str| ["PK", "SK", R::SCHEMA.envelope()].contains(&name);
    let known = |name: &str| is_own(name) || R::SCHEMA.fields().any(|field| field.name() == name);
    let unknown: Vec<_> = new.iter().map(|(name, _)| name).filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    changes.sort();
    changes
}
