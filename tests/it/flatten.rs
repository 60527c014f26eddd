//! Structs whose fields become attributes of a record.

use aws_sdk_dynamodb::types::AttributeValue;
use envelope_runtime::{EnvelopeFields, EnvelopeRecord, LoadError};
use serde::{Deserialize, Serialize};

use crate::support::{World, string};

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Contact {
    home_country: String,
    #[encrypted]
    phone_number: Option<String>,
    #[envelope(flatten)]
    address: Address,
}

#[derive(EnvelopeFields, Clone, Debug, PartialEq)]
struct Address {
    #[encrypted]
    street: String,
    #[authenticated]
    city: String,
    #[envelope(alias = "zip_code")]
    zip: Option<u32>,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct Member {
    #[partition_key]
    id: String,
    #[envelope(flatten)]
    contact: Contact,
    #[encrypted]
    born: u16,
}

/// One key for many kinds of content, given by a type parameter.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct Entity<T> {
    #[partition_key]
    id: String,
    kind: String,
    #[envelope(flatten)]
    content: T,
}

fn address() -> Address {
    Address { street: "1 Main St".into(), city: "Ulm".into(), zip: Some(89_073) }
}

fn member() -> Member {
    let phone_number = Some("+49 731 1".into());
    let contact = Contact { home_country: "DE".into(), phone_number, address: address() };
    Member { id: "m".into(), contact, born: 1970 }
}

#[tokio::test]
async fn fields_of_flattened_structs_are_attributes_with_roles_of_their_own() {
    let world = World::new().await;

    member().save(&world.store).await.unwrap();

    let item = world.stored("m").await;
    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected =
        ["_envelope", "born", "city", "homeCountry", "id", "phoneNumber", "street", "zip"];
    assert_eq!(names, expected);
    assert_eq!(item["homeCountry"], string("DE"));
    assert!(item["phoneNumber"].is_b() && item["street"].is_b() && item["born"].is_b());
    let loaded = world.store.get::<Member>("m").with_envelope().await.unwrap().unwrap();
    assert_eq!(*loaded, member());
    let envelope = loaded.envelope().unwrap();
    assert_eq!(envelope.sealed().collect::<Vec<_>>(), ["born", "phoneNumber", "street"]);
    assert_eq!(envelope.authenticated().collect::<Vec<_>>(), ["city"]);
}

#[tokio::test]
async fn what_is_protected_in_a_flattened_struct_cannot_be_altered() {
    let world = World::new().await;
    member().save(&world.store).await.unwrap();
    let original = world.stored("m").await;

    for (name, planted) in [
        ("city", string("Bonn")),
        ("street", original["phoneNumber"].clone()),
        ("street", string("2 Main St")),
    ] {
        let mut item = original.clone();
        item.insert(name.into(), planted);
        world.write(item).await;
        let error = Member::load(&world.store, "m").await.unwrap_err();
        assert!(error.is_tampered(), "{name}: {error}");
    }
}

#[tokio::test]
async fn aliases_absences_and_errors_are_those_of_the_inner_fields() {
    let world = World::new().await;
    let mut member = member();
    member.contact.phone_number = None;
    member.save(&world.store).await.unwrap();

    let mut item = world.stored("m").await;
    assert!(!item.contains_key("phoneNumber"));
    let zip = item.remove("zip").unwrap();
    item.insert("zip_code".into(), zip);
    world.write(item.clone()).await;
    assert_eq!(Member::load(&world.store, "m").await.unwrap(), Some(member));

    item.insert("homeCountry".into(), AttributeValue::Bool(true));
    world.write(item).await;
    let error = Member::load(&world.store, "m").await.unwrap_err();
    assert!(matches!(&error, LoadError::Field(field) if field.attribute() == "homeCountry"));
    assert!(error.to_string().contains("expected a string, found type BOOL"), "{error}");
}

#[tokio::test]
async fn a_type_parameter_is_flattened() {
    #[derive(EnvelopeFields, Clone, Debug, PartialEq)]
    struct Note {
        #[encrypted]
        text: String,
    }
    let world = World::new().await;
    let note = Entity { id: "n".into(), kind: "note".into(), content: Note { text: "x".into() } };
    let place = Entity { id: "p".into(), kind: "place".into(), content: address() };

    note.save(&world.store).await.unwrap();
    place.save(&world.store).await.unwrap();

    assert!(world.stored("n").await["text"].is_b() && world.stored("p").await["street"].is_b());
    assert_eq!(Entity::load(&world.store, "n").await.unwrap(), Some(note));
    assert_eq!(Entity::load(&world.store, "p").await.unwrap(), Some(place));
}

#[tokio::test]
async fn a_struct_that_serde_flattens_is_stored_as_serde_would() {
    #[derive(Serialize, Deserialize, EnvelopeFields, Clone, Debug, PartialEq)]
    struct Audit {
        by: String,
        at: u64,
    }
    #[derive(Serialize, Deserialize, EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "gallery", plaintext_only)]
    struct Entry {
        #[partition_key]
        id: String,
        #[serde(flatten)]
        #[envelope(flatten)]
        audit: Audit,
    }
    let world = World::new().await;
    let entry = Entry { id: "e".into(), audit: Audit { by: "zoë".into(), at: 7 } };

    entry.save(&world.store).await.unwrap();

    let stored = world.stored("e").await;
    assert_eq!(stored, serde_dynamo::to_item::<_, crate::support::Stored>(&entry).unwrap());
    assert_eq!(Entry::load(&world.store, "e").await.unwrap(), Some(entry));
}
