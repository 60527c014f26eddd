//! Structs as services have them, with types from the crates that they use. `GALLERY.md` lists what
//! each of them exercises.

mod commerce;
mod finance;
mod generics;
mod health;
mod identity;
mod indexed;
mod single_table;
mod telemetry;

use std::fmt::Debug;

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::schema::{FieldRole, HasTable};
use envelope_runtime::{EnvelopeRecord, Store};
use envelope_tests::unique_table;
use serde::Serialize;

use crate::support::{Stored, World};

/// Saves a model to its own table, loads it by its own key and compares, tries to create it
/// again, and deletes it.
async fn check<R: HasTable + PartialEq + Debug + 'static>(model: R) {
    check_in_scope(model, []).await;
}

/// As [`check`], through a store with the context fields that are not in the key.
async fn check_in_scope<R, const N: usize>(model: R, scope: [(&str, &str); N])
where
    R: HasTable + PartialEq + Debug + 'static,
{
    let world = World::new().await;
    let table = table::<R>(&world).await;
    save_and_load(&world, &table, &model, scope).await;
}

/// As [`check`]; then puts every plaintext attribute in the form in which `serde_dynamo` writes it,
/// and loads the model again.
async fn check_with_serde<R>(model: R)
where
    R: HasTable + Serialize + PartialEq + Debug + 'static,
{
    let world = World::new().await;
    let table = table::<R>(&world).await;
    check_with_serde_in(&world, &table, model).await;
}

/// As [`check_with_serde`], for a model whose derive does not know the type of its key.
async fn check_with_serde_in<R>(world: &World, table: &str, model: R)
where
    R: EnvelopeRecord + Serialize + PartialEq + Debug + 'static,
{
    let store = save_and_load(world, table, &model, []).await;
    model.save(&store).await.unwrap();
    let scan = world.backend.dynamodb.scan().table_name(table).consistent_read(true);
    let mut items = scan.send().await.unwrap().items.unwrap();
    let mut item = items.pop().unwrap();

    let serdes: Stored = serde_dynamo::to_item(&model).unwrap();
    for field in R::SCHEMA.fields().filter(|field| field.role() == FieldRole::Plain) {
        let value = serdes.get(field.name()).cloned();
        item.insert(field.name().to_owned(), value.unwrap_or(Sdk::Null(true)));
    }
    let put = world.backend.dynamodb.put_item().table_name(table).set_item(Some(item));
    put.send().await.unwrap();

    assert_eq!(R::load(&store, model.key()).consistent().await.unwrap(), Some(model));
}

/// Creates a table for a model, and returns its name.
async fn table<R: HasTable>(world: &World) -> String {
    let table = unique_table();
    let store = world.store.clone().map_table::<R>(&table);
    assert!(store.create_table::<R>().await.unwrap().is_new());
    table
}

async fn save_and_load<R, const N: usize>(
    world: &World,
    table: &str,
    model: &R,
    scope: [(&str, &str); N],
) -> Store
where
    R: EnvelopeRecord + PartialEq + Debug + 'static,
{
    let store: Store = world.store.clone().map_table::<R>(table).scoped(scope);

    model.save(&store).await.unwrap();

    let loaded = R::load(&store, model.key()).consistent().await.unwrap();
    assert_eq!(loaded.as_ref(), Some(model));
    assert!(store.create(model).await.err().unwrap().is_conflict());
    store.replace(model).await.unwrap();
    assert_eq!(store.get::<R>(model.key()).consistent().await.unwrap().as_ref(), Some(model));
    store.delete_any_version::<R>(model.key()).await.unwrap();
    assert_eq!(R::load(&store, model.key()).consistent().await.unwrap(), None);
    store
}

/// Every record of these files has a row in the table, and every row is a record.
#[test]
fn the_table_lists_every_model() {
    let sources = [
        include_str!("gallery/commerce.rs"),
        include_str!("gallery/finance.rs"),
        include_str!("gallery/generics.rs"),
        include_str!("gallery/health.rs"),
        include_str!("gallery/identity.rs"),
        include_str!("gallery/indexed/finding.rs"),
        include_str!("gallery/indexed/lists.rs"),
        include_str!("gallery/indexed/moved.rs"),
        include_str!("gallery/indexed/people.rs"),
        include_str!("gallery/indexed/shared.rs"),
        include_str!("gallery/indexed/shop.rs"),
        include_str!("gallery/indexed/tenants.rs"),
        include_str!("gallery/indexed/time.rs"),
        include_str!("gallery/single_table.rs"),
        include_str!("gallery/telemetry.rs"),
    ];
    let records = sources.iter().flat_map(|source| source.split("derive(EnvelopeRecord").skip(1));
    let name = |text: &str| {
        let name = text.split_once("struct ")?.1;
        name.split(|letter: char| !letter.is_alphanumeric()).next().map(str::to_owned)
    };
    let derives = records.filter(|text| text.starts_with(", ") || text.starts_with(")]"));
    let mut models: Vec<_> = derives.filter_map(name).collect();
    let rows = include_str!("gallery/GALLERY.md").lines().filter_map(|line| {
        let row = line.strip_prefix("| `")?;
        row.split_once('`').map(|(name, _)| name.to_owned())
    });
    let mut rows: Vec<_> = rows.collect();
    models.sort();
    rows.sort();
    assert_eq!(rows, models);
    assert!(models.len() >= 30, "{}", models.len());
}
