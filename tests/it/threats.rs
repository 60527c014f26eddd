//! One test or more for each way in which libraries of this kind have failed, named by its number
//! in SECURITY.md. Most are played by an attacker who reads and writes the table and has no KMS
//! rights. After each attack the untouched item still loads.

mod altered;
mod documents;
mod indexed;
mod kept_keys;
mod keys;
mod listed;
mod moved;
mod operated;
mod projected;
mod silent;
mod updated;
mod values;

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError};

use crate::support::{Stored, User, World};

/// The output of a load of `foobar` after `item` has replaced it. Afterwards `good` is put back and
/// must load.
async fn load_of(world: &World, good: &Stored, item: Stored) -> Result<Option<User>, LoadError> {
    world.write(item).await;
    let loaded = User::load(&world.store, "foobar").consistent().await;
    world.write(good.clone()).await;
    let untouched = User::load(&world.store, "foobar").consistent().await.unwrap();
    assert_eq!(untouched, Some(User::new("foobar")));
    loaded
}

/// Puts the untouched item back and loads it.
async fn assert_loads(world: &World, good: &Stored) {
    world.write(good.clone()).await;
    assert!(User::load(&world.store, "foobar").consistent().await.unwrap().is_some());
}

async fn saved() -> (World, Stored) {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let good = world.stored("foobar").await;
    (world, good)
}

fn with(good: &Stored, name: &str, value: AttributeValue) -> Stored {
    let mut item = good.clone();
    item.insert(name.into(), value);
    item
}

fn without(good: &Stored, name: &str) -> Stored {
    let mut item = good.clone();
    item.remove(name).unwrap();
    item
}

#[track_caller]
fn assert_refused(
    loaded: Result<Option<User>, LoadError>,
    kind: OpenErrorKind,
    attribute: Option<&str>,
) {
    match loaded {
        Err(LoadError::Open(error)) => {
            assert_eq!((error.kind(), error.attribute()), (kind, attribute), "{error}");
        }
        other => panic!("not refused by the envelope: {other:?}"),
    }
}
