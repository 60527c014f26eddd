//! Generic code keeps any record without mentioning lifetimes.

use std::any::Any;

use envelope_runtime::{EnvelopeRecord, Item, Opener};
use envelope_runtime::key::Full;

#[allow(dead_code)]
async fn open<R: EnvelopeRecord>(opener: Opener<Full>, item: Item) -> Option<Box<dyn Any>> {
    let loaded = opener.open::<R>(item).await.ok()?;
    Some(Box::new(loaded.into_record()))
}

fn main() {}
