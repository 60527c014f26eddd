//! Attributes that a struct does not know: kept unchanged, and with their protection.

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::error::{ConvertErrorKind, OpenErrorKind};
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, LoadError, LocalKeyProvider, Opener, OtherAttributes,
    SaveError, Sealer,
};

use crate::support::{World, binary, string};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct Old {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "former")]
    name: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

/// The same record, in a newer program.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery")]
struct New {
    #[partition_key]
    id: String,
    #[encrypted]
    name: String,
    #[encrypted]
    ssn: Option<String>,
    #[authenticated]
    role: Option<String>,
    visits: u32,
}

fn new() -> New {
    let (ssn, role) = (Some("078-05-1120".into()), Some("admin".into()));
    New { id: "n".into(), name: "zoë".into(), ssn, role, visits: 3 }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

async fn loaded(world: &World) -> Old {
    Old::load(&world.store, "n").await.unwrap().unwrap()
}

#[tokio::test]
async fn plaintext_attributes_of_every_type_survive() {
    let world = World::new().await;
    let old = Old { id: "n".into(), name: "zoë".into(), others: OtherAttributes::default() };
    old.save(&world.store).await.unwrap();
    let mut item = world.stored("n").await;
    let list = Sdk::L(vec![Sdk::Null(true), Sdk::N("1.5".into())]);
    let added = [
        ("list", list.clone()),
        ("map", Sdk::M([("x".to_owned(), list)].into())),
        ("bytes", binary([0, 255])),
        ("set", Sdk::Ss(vec!["a".into(), "b".into()])),
        ("flag", Sdk::Bool(false)),
        ("number", Sdk::N("12345678901234567890123456789012345678".into())),
    ];
    item.extend(added.map(|(name, value)| (name.to_owned(), value)));
    world.write(item.clone()).await;

    let mut old = loaded(&world).await;
    let names: Vec<_> = old.others.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["bytes", "flag", "list", "map", "number", "set"]);
    old.others.insert("theme", text("dark"));
    old.others.remove("flag");
    old.save(&world.store).await.unwrap();

    let mut saved = world.stored("n").await;
    assert_eq!(saved.remove("theme"), Some(string("dark")));
    item.remove("flag");
    for name in ["_envelope", "name"] {
        assert!(saved.remove(name).is_some() && item.remove(name).is_some());
    }
    assert_eq!(saved, item);
    assert_eq!(loaded(&world).await, old);
}

#[tokio::test]
async fn t13_an_older_program_keeps_what_a_newer_one_has_sealed() {
    let world = World::new().await;
    new().save(&world.store).await.unwrap();

    let mut old = loaded(&world).await;
    assert_eq!(old.others.get("ssn"), Some(&text("078-05-1120")));
    assert_eq!(old.others.get("role"), Some(&text("admin")));
    assert_eq!(old.others.get("id"), None);
    old.name = "Zoë".into();
    old.save(&world.store).await.unwrap();

    let item = world.stored("n").await;
    assert!(item["ssn"].is_b() && item["name"].is_b());
    let expected = New { name: "Zoë".into(), ..new() };
    assert_eq!(New::load(&world.store, "n").await.unwrap(), Some(expected));
}

#[tokio::test]
async fn a_change_or_a_removal_keeps_the_protection() {
    let world = World::new().await;
    new().save(&world.store).await.unwrap();
    let mut old = loaded(&world).await;

    assert_eq!(old.others.insert("ssn", text("111")), Some(text("078-05-1120")));
    assert_eq!(old.others.remove("ssn"), Some(text("111")));
    assert_eq!(old.others.insert("ssn", text("000")), None);
    assert_eq!(old.others.remove("role"), Some(text("admin")));
    assert_eq!(old.others.remove("role"), None);
    old.save(&world.store).await.unwrap();

    assert!(world.stored("n").await["ssn"].is_b());
    let expected = New { ssn: Some("000".into()), role: None, ..new() };
    assert_eq!(New::load(&world.store, "n").await.unwrap(), Some(expected));

    let mut old = loaded(&world).await;
    old.others.remove("ssn");
    old.save(&world.store).await.unwrap();
    assert_eq!(New::load(&world.store, "n").await.unwrap().unwrap().ssn, None);
}

#[tokio::test]
async fn an_attribute_can_be_added_sealed() {
    let world = World::new().await;
    let mut others = OtherAttributes::default();
    assert_eq!(others.insert_encrypted("ssn", text("000")), None);
    Old { id: "n".into(), name: "zoë".into(), others }.save(&world.store).await.unwrap();

    assert!(world.stored("n").await["ssn"].is_b());
    assert_eq!(loaded(&world).await.others.get("ssn"), Some(&text("000")));
}

#[tokio::test]
async fn an_unknown_sealed_attribute_that_was_altered_is_refused() {
    let world = World::new().await;
    new().save(&world.store).await.unwrap();
    let original = world.stored("n").await;

    for (name, planted) in [
        ("ssn", Some(original["name"].clone())),
        ("ssn", Some(string("plaintext"))),
        ("ssn", None),
        ("role", Some(string("root"))),
        ("role", None),
    ] {
        let mut item = original.clone();
        item.remove(name);
        item.extend(planted.map(|value| (name.to_owned(), value)));
        world.write(item).await;
        let error = Old::load(&world.store, "n").await.unwrap_err();
        assert!(error.is_tampered(), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_name_of_the_records_own_is_refused_before_any_request() {
    let world = World::new().await;
    for (name, value, problem) in [
        ("name", text("canary"), ConvertErrorKind::OwnName),
        ("former", text("canary"), ConvertErrorKind::OwnName),
        ("_envelope", text("canary"), ConvertErrorKind::OwnName),
        ("", text("canary"), ConvertErrorKind::EmptyName),
        ("set", AttributeValue::Ss([].into()), ConvertErrorKind::EmptySet),
    ] {
        let mut others = OtherAttributes::default();
        others.insert(name, value);
        let old = Old { id: "n".into(), name: String::new(), others };
        let error = old.save(&world.store).await.unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
        assert!(matches!(error, SaveError::Field(field) if field.kind() == problem), "{name}");
    }
    assert_eq!(world.requests.take(), []);
}

#[derive(EnvelopeRecord, Debug)]
#[envelope(table = "gallery")]
struct Narrow {
    #[partition_key]
    #[allow(dead_code, reason = "only opened")]
    id: String,
    #[encrypted]
    #[allow(dead_code, reason = "only opened")]
    name: String,
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "gallery", plaintext_only)]
struct Plain {
    #[partition_key]
    id: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[tokio::test]
async fn a_plaintext_record_neither_takes_nor_writes_what_was_sealed() {
    let world = World::new().await;
    let plain = Plain { id: "n".into(), others: OtherAttributes::default() };
    plain.save(&world.store).await.unwrap();
    assert_eq!(Plain::load(&world.store, "n").await.unwrap(), Some(plain));

    new().save(&world.store).await.unwrap();
    let refused = Plain::load(&world.store, "n").await.unwrap_err();
    assert!(
        matches!(refused, LoadError::Open(error) if error.kind() == OpenErrorKind::HasEnvelope)
    );

    let borrowed = Plain { id: "p".into(), others: loaded(&world).await.others };
    let refused = borrowed.save(&world.store).await.unwrap_err();
    assert!(
        matches!(refused, SaveError::Field(error) if error.kind() == ConvertErrorKind::Protected)
    );
}

#[tokio::test]
async fn debug_of_a_catch_all_shows_names_and_types() {
    let world = World::new().await;
    new().save(&world.store).await.unwrap();

    let shown = format!("{:?}", loaded(&world).await.others);

    assert_eq!(shown, r#"{"role": S(5 bytes), "ssn": S(11 bytes), "visits": N}"#);
}

#[tokio::test]
async fn hostile_names_and_values_beside_the_fields_are_refused_or_escaped() {
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let provider = || LocalKeyProvider::from_hex(KEY).unwrap();
    let deep = || (0..200).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
    let old = Old { id: "n".into(), name: "zoë".into(), others: OtherAttributes::default() };
    let plain = Plain { id: "n".into(), others: OtherAttributes::default() };
    let open = Opener::new(provider());

    let mut item = Sealer::new(provider()).seal(&old).await.unwrap();
    item.insert("deep", deep());
    let error = open.open::<Old>(item).await.unwrap_err();
    assert!(matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::TooDeep));

    // The tag covers what the envelope lists, known or not.
    let mut item = Sealer::new(provider()).seal(&new()).await.unwrap();
    item.insert("role", deep());
    let error = open.open::<Narrow>(item).await.unwrap_err();
    assert!(matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::TooDeep));

    let mut item = Sealer::new(provider()).seal(&plain).await.unwrap();
    item.insert("line\nbreak", deep());
    let error = open.open::<Plain>(item).await.unwrap_err();
    assert!(error.to_string().contains(r"attribute `line\nbreak`"), "{error}");
    assert!(matches!(error, LoadError::Open(error) if error.kind() == OpenErrorKind::TooDeep));
}
