//! No error, and no `Debug`, holds a plaintext value or key bytes.

use std::error::Error;
use std::fmt::Debug;

use envelope_runtime::{
    AttributeValue, EnvelopeRecord, KmsKeyProvider, LocalKeyProvider, Number, Opener, Sealer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::{World, string};

const CANARY: &str = "canary-7f3a";

/// Refuses every value with a message that repeats it, as many types do.
#[derive(Clone)]
struct Chatty(String);

impl Serialize for Chatty {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.starts_with("refuse") {
            return Err(serde::ser::Error::custom(format!("cannot store {}", self.0)));
        }
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Chatty {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Err(serde::de::Error::custom(format!("cannot read {text}")))
    }
}

#[derive(Serialize, Deserialize, Clone)]
enum Kind {
    Known,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Noisy {
    #[partition_key]
    id: String,
    #[encrypted]
    chatty: Option<Chatty>,
    #[encrypted]
    text: Option<String>,
    kind: Option<Kind>,
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

fn noisy(chatty: Option<&str>, text: Option<&str>) -> Noisy {
    Noisy {
        id: "n".into(),
        chatty: chatty.map(|text| Chatty(text.into())),
        text: text.map(Into::into),
        kind: None,
    }
}

#[tokio::test]
async fn t21_errors_of_saving_and_loading_hold_no_value() {
    let world = World::new().await;

    let refused = noisy(Some(&format!("refuse {CANARY}")), None);
    assert_silent(&refused.save(&world.store).await.unwrap_err());

    noisy(Some(CANARY), Some(CANARY)).save(&world.store).await.unwrap();
    assert_silent(&Noisy::load(&world.store, "n").await.err().unwrap());

    noisy(None, Some(CANARY)).save(&world.store).await.unwrap();
    let good = world.stored("n").await;
    for (name, value) in [("kind", string(CANARY)), ("text", string(CANARY)), ("id", string("n"))] {
        let mut item = good.clone();
        item.insert(name.into(), value);
        if name == "id" {
            item.remove("text");
        }
        world.write(item).await;
        assert_silent(&Noisy::load(&world.store, "n").await.err().unwrap());
    }
}

#[tokio::test]
async fn t21_the_key_is_named_by_its_attribute_and_never_by_its_value() {
    let world = World::new().await;
    let mut record = noisy(None, Some("text"));
    record.id = CANARY.into();
    record.save(&world.store).await.unwrap();
    let mut item = world.stored(CANARY).await;
    item.remove("_envelope");
    world.write(item).await;

    let error = Noisy::load(&world.store, CANARY).await.err().unwrap();

    assert_silent(&error);
    assert_eq!(
        error.to_string(),
        "cannot load record of table `users`, key `id`, attribute `_envelope`: the item has no \
         envelope; it was not written by this library, or it was stripped: write it anew, or \
         restore it from a backup"
    );
}

#[tokio::test]
async fn t21_debug_of_what_holds_values_or_keys_is_silent() {
    let world = World::new().await;
    let record = noisy(None, Some(CANARY));
    let key = "ca11ab1e00000000000000000000000000000000000000000000000000ca11ab";
    let provider = LocalKeyProvider::from_hex(key).unwrap();
    let mut texts = vec![format!("{provider:?}")];
    let sealer = Sealer::new(provider);

    let item = sealer.seal(&record).await.unwrap();

    texts.push(format!("{item:?} {sealer:?}"));
    let canary = || AttributeValue::S(CANARY.into());
    for value in [
        canary(),
        AttributeValue::B(CANARY.into()),
        AttributeValue::M([(CANARY.to_owned(), canary())].into()),
        AttributeValue::L(vec![canary()]),
        AttributeValue::Ss([CANARY.to_owned()].into()),
        AttributeValue::Bs([CANARY.into()].into()),
    ] {
        texts.push(format!("{value:?} {value:#?}"));
    }
    let digits = Number::parse("7012345678").unwrap();
    let numbers = AttributeValue::Ns([digits.clone()].into());
    let shown = format!("{digits:?} {numbers:?} {:?}", AttributeValue::N(digits.clone()));
    assert!(!shown.contains("7012345678"), "{shown}");
    texts.push(format!("{:?} {:?}", world.store, record.save(&world.store)));
    texts.push(format!("{:?}", Noisy::load(&world.store, CANARY)));
    texts.push(format!("{:?}", Noisy::delete(&world.store, CANARY)));
    texts.push(format!("{:?}", KmsKeyProvider::new(world.backend.kms.clone(), "alias/users")));
    for text in texts {
        assert!(!text.contains(CANARY) && !text.to_lowercase().contains("ca11ab"), "{text}");
    }
}

#[tokio::test]
async fn t25_wrong_key_wrong_record_and_wrong_tag_give_the_same_error() {
    let world = World::new().await;
    noisy(None, Some("a")).save(&world.store).await.unwrap();
    let good = world.stored("n").await;
    let other = Noisy { id: "m".into(), ..noisy(None, Some("a")) };
    other.save(&world.store).await.unwrap();

    let mut messages = Vec::new();
    let envelope = crate::support::bytes(&good, "_envelope");
    // A byte of the salt (so other keys), of the tag, of a nonce; another record's envelope.
    for changed in [2, 18, 50 + 1 + 1 + "text".len()] {
        let mut flipped = envelope.clone();
        flipped[changed] ^= 1;
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
