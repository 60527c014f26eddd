//! T21: secrets go through every operation and every failure while a subscriber at TRACE and a
//! panic hook listen, and neither hears one.

mod hashed;
mod said;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::primitives::Blob;
use envelope_runtime::key::KeyReference;
use envelope_runtime::operation::AtKey;
use envelope_runtime::{
    AttributeValue, EnvelopeFields, EnvelopeRecord, KmsKeyProvider, OtherAttributes, Store, Update,
};
use envelope_tests::{
    Backend, KmsFaults, Secrets, dynamodb_without_credentials, failing_dynamodb,
    unreachable_dynamodb, unreachable_kms,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::said::{Said, listen, listen_to_panics};
use crate::support::{Stored, World, binary, string};

const NUMBER: u64 = 7_316_905_428_113_377_021;
const LOCAL_KEY: [u8; 32] = *b"a local key that the test knows.";

/// Refuses with a message that repeats the value, as many types do.
#[derive(Clone)]
struct Chatty {
    text: String,
    stored: bool,
}

impl Serialize for Chatty {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.stored {
            return to.serialize_str(&self.text);
        }
        Err(serde::ser::Error::custom(format!("cannot store {}", self.text)))
    }
}

impl<'de> Deserialize<'de> for Chatty {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Err(serde::de::Error::custom(format!("cannot read {text}")))
    }
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users", debug)]
struct Chart {
    #[partition_key]
    id: String,
    #[encrypted]
    text: String,
    #[encrypted]
    bytes: Vec<u8>,
    #[encrypted]
    number: u64,
    #[encrypted]
    map: BTreeMap<String, String>,
    #[encrypted]
    chatty: Option<Chatty>,
    #[authenticated]
    role: String,
    #[envelope(flatten)]
    contact: Contact,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeFields, Clone)]
#[envelope(debug)]
struct Contact {
    country: String,
    #[encrypted]
    phone: String,
}

/// In capitals, as no attribute's name is: a name in an envelope, followed by a random byte, could
/// be taken for a piece of a canary that begins with it.
fn canary(place: &str) -> String {
    format!("{}|", place.to_uppercase()).repeat(7)
}

fn chart() -> Chart {
    let mut others = OtherAttributes::default();
    others.insert_encrypted("later", AttributeValue::S(canary("catch-all")));
    Chart {
        id: "c-1".into(),
        text: canary("text"),
        bytes: canary("bytes").into(),
        number: NUMBER,
        map: [(canary("map key"), canary("map value"))].into(),
        chatty: None,
        role: "patient".into(),
        contact: Contact { country: "NL".into(), phone: canary("phone") },
        others,
    }
}

fn values() -> Secrets {
    let places = ["text", "bytes", "map key", "map value", "phone", "catch-all", "chatty"];
    let secrets = places
        .iter()
        .fold(Secrets::default(), |secrets, place| secrets.with(place, canary(place).as_bytes()));
    secrets.with("number", NUMBER.to_string().as_bytes()).with("local key", &LOCAL_KEY)
}

/// Reads the fields of a `Chart` as other types, each of which refuses.
macro_rules! misfits {
    ($said:ident, $store:ident: $($name:literal as $ty:ty),*) => {$({
        #[derive(EnvelopeRecord)]
        #[envelope(table = "users", debug)]
        struct Misfit {
            #[partition_key]
            id: String,
            #[encrypted]
            #[envelope(rename = $name)]
            value: $ty,
        }
        $said.failure(Misfit::load(&$store, "c-1").await);
    })*};
}

#[derive(Serialize, Deserialize)]
struct Whole {
    first: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Known {
    One,
}

/// The data key of a stored record, as KMS returns it to an authorised program.
async fn data_key(world: &World, store: &Store) -> Vec<u8> {
    let loaded = store.get::<Chart>("c-1").with_envelope().await.unwrap().unwrap();
    let KeyReference::Wrapped(copies) = loaded.envelope().unwrap().key_reference() else {
        panic!("not wrapped")
    };
    let context = world.requests.take().iter().rev().find_map(|call| call.context().cloned());
    let call = world.backend.kms.decrypt().ciphertext_blob(Blob::new(copies[0].wrapped()));
    let answer =
        call.set_encryption_context(context.map(|pairs| pairs.into_iter().collect())).send().await;
    answer.unwrap().plaintext.unwrap().into_inner()
}

/// A stored chart, and everything that is said from the time it is saved.
struct Scene {
    said: Said,
    world: World,
    faults: Arc<KmsFaults>,
    listening: tracing::subscriber::DefaultGuard,
}

impl Scene {
    async fn new() -> Self {
        let said = Said::default();
        let (backend, faults) = Backend::with_kms_faults().await;
        let world = World::over(backend, &[("id", "S".into())]).await;
        listen_to_panics(&said);
        let listening = listen(&said);
        chart().save(&world.store).await.unwrap();
        Self { said, world, faults, listening }
    }
}

#[tokio::test]
async fn t21_operations_that_succeed_say_no_secret() {
    let scene = Scene::new().await;
    let Scene { said, world, .. } = &scene;
    let store = &world.store;

    said.debug(&chart().save(store));
    chart().save(store).await.unwrap();
    said.debug(&store.get::<Chart>("c-1").with_envelope());
    said.debug(&store.get::<Chart>("c-1").with_envelope().await.unwrap());
    said.debug(&Chart::load(store, "c-1"));
    said.debug(&Chart::load(store, "c-1").consistent().await.unwrap());
    said.debug(&Chart::delete(store, "c-2"));
    Chart::delete(store, "c-2").await.unwrap();
    said.debug(store);
    said.debug(&update(store));
    update(store).await.unwrap();
    said.debug(&update(store).return_new().await.unwrap());

    said.assert_silent(&values(), 20_000);
}

#[tokio::test]
async fn t21_refused_updates_say_no_secret() {
    let scene = Scene::new().await;
    let Scene { said, world, .. } = &scene;
    let store = &world.store;

    said.failure(update(store).seal(|f| f.contact.phone, canary("phone")).await);
    said.failure(update(store).condition(|f| f.text.not_exists()).await);
    said.failure(update(store).deadline(Duration::ZERO).seal(|f| f.chatty, Some(chatty())).await);
    said.failure(store.update::<Chart>("c-3").seal(|f| f.text, canary("text").as_str()).await);

    said.assert_silent(&values(), 20_000);
}

/// Refused for its presence, its types and its size.
#[tokio::test]
async fn t21_a_record_that_is_not_stored_says_no_secret() {
    let scene = Scene::new().await;
    let Scene { said, world, .. } = &scene;
    let store = &world.store;

    said.failure(store.create(&chart()).await);
    said.failure(store.replace(&Chart { id: "c-2".into(), ..chart() }).await);
    said.failure(Chart { chatty: Some(chatty()), ..chart() }.save(store).await);
    said.failure(Chart { text: canary("text").repeat(20_000), ..chart() }.save(store).await);
    let mut wrong = chart();
    wrong.others.insert_encrypted("text", AttributeValue::S(canary("catch-all")));
    said.failure(wrong.save(store).await);

    said.assert_silent(&values(), 20_000);
}

#[tokio::test]
async fn t21_failures_of_kms_say_no_secret() {
    let scene = Scene::new().await;
    let Scene { said, world, faults, .. } = &scene;
    let store = &world.store;

    for code in ["AccessDeniedException", "DisabledException", "SomethingNewException"] {
        faults.fail(code, "");
        said.failure(chart().save(store).await);
        said.failure(Chart::load(store, "c-1").await);
        faults.behave();
    }
    let provider = KmsKeyProvider::new(unreachable_kms(), &world.key);
    let unreachable = Store::new(world.backend.dynamodb.clone(), provider);
    let unreachable = unreachable.map_table::<Chart>(&world.table);
    said.failure(chart().save(&unreachable).await);
    said.failure(Chart::load(&unreachable, "c-1").await);

    said.assert_silent(&values(), 20_000);
}

#[tokio::test]
async fn t21_failures_of_dynamodb_say_no_secret() {
    let scene = Scene::new().await;
    let Scene { said, world, .. } = &scene;
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    let without_a_table = Store::new(world.backend.dynamodb.clone(), provider);

    for dynamodb in [
        without_a_table,
        over(unreachable_dynamodb(), world),
        over(dynamodb_without_credentials(), world),
        over(failing_dynamodb("ThrottlingException"), world),
        over(failing_dynamodb("ValidationException"), world),
    ] {
        said.failure(chart().save(&dynamodb).await);
        said.failure(update(&dynamodb).await);
        said.failure(Chart::load(&dynamodb, "c-1").await);
        said.failure(Chart::delete(&dynamodb, "c-1").await);
    }

    said.assert_silent(&values(), 20_000);
}

#[tokio::test]
async fn t21_stored_values_that_do_not_fit_are_not_said() {
    let scene = Scene::new().await;
    let Scene { said, world, .. } = &scene;
    let store = &world.store;

    misfits!(said, store:
        "text" as u64, "text" as Known, "text" as Chatty, "text" as Whole, "text" as char,
        "number" as u8, "number" as String, "number" as bool, "bytes" as [u8; 3],
        "bytes" as String, "map" as BTreeMap<u64, String>, "map" as BTreeMap<String, bool>,
        "map" as Known, "map" as (String, String), "phone" as i64, "later" as u8
    );

    said.assert_silent(&values(), 20_000);
}

/// An attacker with write access to the table may put plaintext there, and the SDK logs it. That is
/// not our leak, so only errors and panics count.
#[tokio::test]
async fn t21_errors_about_altered_items_say_no_secret() {
    let Scene { said, world, listening, .. } = Scene::new().await;
    let store = &world.store;
    drop(listening);
    drop(said.take());

    for item in altered(&world.stored("c-1").await) {
        world.write(item).await;
        said.failure(Chart::load(store, "c-1").await);
        // An update refuses only values that it reads.
        if let Err(error) = update(store).await {
            said.error(&error);
        }
    }

    said.assert_silent(&values(), 2_000);
}

/// The SDK logs KMS's answers at TRACE, and leaves out the data key.
#[tokio::test]
async fn t21_operations_say_no_data_key() {
    let Scene { said, world, listening, .. } = Scene::new().await;
    Chart::load(&world.store, "c-1").consistent().await.unwrap();
    drop(listening);

    let secrets = values().with("data key", &data_key(&world, &world.store).await);
    said.assert_silent(&secrets, 10_000);
}

fn chatty() -> Chatty {
    Chatty { text: canary("chatty"), stored: false }
}

fn update(store: &Store) -> Update<Chart, AtKey> {
    let update = store.update::<Chart>("c-1").seal(|f| f.number, NUMBER).set(|f| f.role, "patient");
    update.seal(|f| f.contact.phone, canary("phone"))
}

fn over(dynamodb: aws_sdk_dynamodb::Client, world: &World) -> Store {
    let provider = KmsKeyProvider::new(world.backend.kms.clone(), &world.key);
    Store::new(dynamodb, provider).map_table::<Chart>(&world.table)
}

/// Items that an attacker with write access to the table may leave there, with plaintext in place
/// of a sealed value.
fn altered(good: &Stored) -> Vec<Stored> {
    let changed = |name: &str, value| {
        let mut item = good.clone();
        item.insert(name.into(), value);
        item
    };
    let mut stripped = good.clone();
    stripped.remove("_envelope");
    stripped.insert("text".into(), string(&canary("text")));
    vec![
        stripped,
        changed("text", string(&canary("text"))),
        changed("text", binary(canary("text"))),
        changed("text", good["phone"].clone()),
        changed("_envelope", string(&canary("text"))),
        changed("_envelope", binary(canary("text"))),
        changed("role", string(&canary("text"))),
    ]
}
