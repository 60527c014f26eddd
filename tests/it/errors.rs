//! Errors name the place and the cure, and no secret; see also `threats::silent`.

use std::error::Error;
use std::fmt::Debug;

use envelope_runtime::{EnvelopeRecord, LocalKeyProvider, Opener, Sealer};
use envelope_tests::Layout;

use crate::support::World;

const CANARY: &str = "canary-7f3a";

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Noisy {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
}

#[track_caller]
fn assert_silent<E: Error + Debug>(error: &E) {
    let mut texts = vec![format!("{error:?}"), format!("{error:#?}")];
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
}

fn noisy(id: &str) -> Noisy {
    Noisy { id: id.into(), text: "text".into() }
}

#[tokio::test]
async fn t21_the_key_is_named_by_its_attribute_and_never_by_its_value() {
    let world = World::new().await;
    noisy(CANARY).save(&world.store).await.unwrap();
    let mut item = world.stored(CANARY).await;
    item.remove("_envelope");
    world.write(item).await;

    let error = Noisy::load(&world.store, CANARY).await.err().unwrap();

    assert_silent(&error);
    assert_eq!(
        error.to_string(),
        "cannot load record of table `users`, key `id`, attribute `_envelope`: the item has no \
         envelope; it was not written by this library, or it was stripped: write it again, or \
         restore it from a backup; to migrate a table that has data, accept such items until a date \
         with `Store::accept_unsealed`"
    );
}

#[tokio::test]
async fn t25_wrong_key_wrong_record_and_wrong_tag_give_the_same_error() {
    let world = World::new().await;
    noisy("n").save(&world.store).await.unwrap();
    let good = world.stored("n").await;
    noisy("m").save(&world.store).await.unwrap();

    let mut messages = Vec::new();
    let envelope = crate::support::bytes(&good, "_envelope");
    // A byte of the salt (so other keys), of the tag, of a nonce; another record's envelope.
    let layout = Layout::of(&envelope);
    for changed in [&layout.salt, &layout.tag, &layout.sealed("text").nonce] {
        let mut flipped = envelope.clone();
        flipped[changed.start] ^= 1;
        let mut item = good.clone();
        item.insert("_envelope".into(), crate::support::binary(flipped));
        world.write(item).await;
        messages.push(Noisy::load(&world.store, "n").await.err().unwrap().to_string());
    }
    let mut item = good.clone();
    item.insert("_envelope".into(), world.stored("m").await["_envelope"].clone());
    world.write(item).await;
    messages.push(Noisy::load(&world.store, "n").await.err().unwrap().to_string());

    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[tokio::test]
async fn an_opener_takes_the_context_from_its_scope_only() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "users")]
    struct Note {
        #[partition_key]
        id: String,
        #[envelope(context)]
        tenant: String,
        #[encrypted]
        text: String,
    }
    let key = "ca11ab1e00000000000000000000000000000000000000000000000000ca11ab";
    let local = || LocalKeyProvider::from_hex(key).unwrap();
    let note = Note { id: "n".into(), tenant: "t-1".into(), text: "x".into() };
    let item = Sealer::new(local()).seal(&note).await.unwrap();

    let unscoped = Opener::new(local()).open::<Note>(item.clone()).await;
    let elsewhere =
        Opener::new(local()).scoped([("tenant", "t-2")]).open::<Note>(item.clone()).await;
    let opened = Opener::new(local()).scoped([("tenant", "t-1")]).open::<Note>(item).await;

    assert!(matches!(unscoped, Err(envelope_runtime::LoadError::Context(_))));
    assert!(matches!(elsewhere, Err(envelope_runtime::LoadError::Open(_))));
    assert_eq!(opened.unwrap().into_record(), note);
}
