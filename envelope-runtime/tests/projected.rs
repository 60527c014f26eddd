//! Projections of all kinds of records, opened without AWS.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::marker::PhantomData;

use envelope_runtime::schema::Attribute;
use envelope_runtime::{
    EnvelopeFields, EnvelopeProjection, EnvelopeRecord, Item, LoadError, LocalKeyProvider, Opener,
    Readable, Sealer, kind,
};
use serde::{Deserialize, Serialize};

fn local() -> LocalKeyProvider {
    LocalKeyProvider::from_hex(&"07".repeat(32)).unwrap()
}

async fn sealed<R: EnvelopeRecord>(record: &R) -> Item {
    Sealer::new(local()).seal(record).await.unwrap()
}

async fn opened<P: Readable<Needs: Sized>>(item: Item) -> Result<P, LoadError> {
    Ok(Opener::new(local()).open::<P>(item).await?.into_record())
}

mod upper {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text.to_uppercase())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        Ok(String::deserialize(from)?.to_lowercase())
    }
}

#[derive(EnvelopeFields, Clone, PartialEq)]
#[envelope(debug)]
struct Contact<T> {
    #[encrypted]
    phone: T,
    city: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "documents", debug)]
#[serde(rename_all = "camelCase", default)]
struct Document<T: Default> {
    #[partition_key]
    id: String,
    #[encrypted]
    full_text: Vec<T>,
    #[encrypted]
    #[envelope(set)]
    tags: BTreeSet<String>,
    #[authenticated]
    #[envelope(with = upper)]
    state: String,
    #[encrypted]
    r#type: Option<Vec<u8>>,
    #[envelope(version)]
    version: u32,
    #[envelope(flatten)]
    contact: Contact<T>,
    #[envelope(skip)]
    cached: u8,
}

impl<T: Default> Default for Document<T> {
    fn default() -> Self {
        Self {
            id: "d".into(),
            full_text: vec![T::default()],
            tags: ["x".to_owned()].into(),
            state: "draft".into(),
            r#type: Some(vec![7]),
            version: 0,
            contact: Contact { phone: T::default(), city: "Ulm".into() },
            cached: 0,
        }
    }
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Document<T>)]
struct Body<T: Default + Serialize + for<'de> Deserialize<'de> + Clone> {
    full_text: Vec<T>,
    tags: BTreeSet<String>,
    state: String,
    r#type: Option<Vec<u8>>,
    version: u32,
    #[envelope(flatten)]
    contact: Contact<T>,
}

/// Has names of its own in JSON, and shows no secret.
#[derive(EnvelopeProjection, Serialize)]
#[envelope(of = Document<u8>, debug)]
#[serde(rename_all = "UPPERCASE")]
struct Card {
    id: String,
    #[serde(rename = "body", skip_serializing_if = "Vec::is_empty")]
    full_text: Vec<u8>,
    state: String,
    #[envelope(flatten)]
    #[serde(skip)]
    contact: Contact<u8>,
}

#[tokio::test]
async fn a_projection_of_a_generic_record_reads_what_was_sealed() {
    let document = Document::<u16>::default();
    let item = sealed(&document).await;

    let body: Body<u16> = opened(item.clone()).await.unwrap();

    let Document { full_text, tags, state, r#type, contact, .. } = document;
    assert_eq!(body, Body { full_text, tags, state, r#type, version: 1, contact });
    let other: Result<Body<bool>, _> = opened(item).await;
    assert!(matches!(other, Err(LoadError::Field(error)) if error.attribute() == "fullText"));
}

#[tokio::test]
async fn an_absent_attribute_has_the_default_of_its_record() {
    let mut item = sealed(&Document::<u16>::default()).await;
    item.remove("version").unwrap();

    assert_eq!(opened::<Body<u16>>(item).await.unwrap().version, 0);
}

#[tokio::test]
async fn the_serde_attributes_of_a_projection_are_for_its_own_json() {
    let card: Card = opened(sealed(&Document::<u8>::default()).await).await.unwrap();

    let json = serde_json::to_string(&card).unwrap();
    assert_eq!(json, r#"{"ID":"d","body":[0],"STATE":"draft"}"#);
}

#[tokio::test]
async fn the_debug_of_a_projection_hides_what_its_record_encrypts() {
    let card: Card = opened(sealed(&Document::<u8>::default()).await).await.unwrap();

    let expected = r#"Card { id: "d", full_text: [REDACTED], state: "draft", contact: Contact { phone: [REDACTED], city: "Ulm" } }"#;
    assert_eq!(format!("{card:?}"), expected);
    assert_eq!(card.contact, Document::default().contact);
}

#[derive(EnvelopeRecord)]
#[envelope(table = "notes", partition_key = "N#{id:0}")]
struct Note<'a> {
    id: u64,
    #[envelope(default = unknown)]
    author: String,
    #[encrypted]
    text: String,
    #[envelope(skip)]
    by: PhantomData<&'a str>,
}

fn unknown() -> String {
    "unknown".into()
}

#[derive(EnvelopeProjection, Debug, PartialEq)]
#[envelope(of = Note<'static>, plaintext_only)]
struct Line {
    author: String,
    id: u64,
}

/// A field of a projection may have a key's role: the partition key is made of it.
#[tokio::test]
async fn a_projection_of_plaintext_is_opened_without_a_key_that_fits() {
    let note = Note { id: 7, author: String::new(), text: "t".into(), by: PhantomData };
    let mut item = sealed(&note).await;
    let other = Opener::new(LocalKeyProvider::insecure_ephemeral().unwrap());

    let line = other.open::<Line>(item.clone()).await.unwrap().into_record();
    assert_eq!(line, Line { author: String::new(), id: 7 });
    assert!(matches!(
        other.open::<Note<'_>>(item.clone()).await,
        Err(LoadError::DecryptDataKey(_))
    ));

    item.remove("author").unwrap();
    assert_eq!(other.open::<Line>(item.clone()).await.unwrap().author, "unknown");
    item.remove("id").unwrap();
    assert!(matches!(other.open::<Line>(item).await, Err(LoadError::Open(_))));
}

/// Handles are constants, of a generic record too.
const STATE: Attribute<Document<u8>, kind::Authenticated, String> = Document::ATTRIBUTES.state;
const PHONE: &str = Document::<u8>::ATTRIBUTES.contact.phone.name();

#[test]
fn the_handles_of_a_record_are_constants() {
    assert_eq!((STATE.name(), PHONE), ("state", "phone"));
    assert_eq!(Card::ATTRIBUTES.state.name(), "state");
}
