//! Changes of single entries of maps: the requests that are sent, and what is made of a map that is
//! not there.

mod protected;

use std::collections::BTreeMap;
use std::time::Duration;

use envelope_runtime::error::{ConvertErrorKind, OpenErrorKind};
use envelope_runtime::{EnvelopeRecord, Update, UpdateError};
use serde_json::json;

use crate::dynamodb::{Dynamodb, Fault, done, lost, refused};
use crate::request::Request;
use crate::table::Stored;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Cart {
    #[partition_key]
    id: String,
    #[envelope(default)]
    lines: BTreeMap<String, u32>,
    #[envelope(default)]
    others: BTreeMap<String, u32>,
    #[envelope(default, with = as_it_is)]
    converted: BTreeMap<String, u32>,
    note: Option<String>,
    #[authenticated]
    limits: Option<BTreeMap<String, u32>>,
    #[encrypted]
    secrets: Option<BTreeMap<String, String>>,
}

mod as_it_is {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<String, u32>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        map.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, u32>, D::Error> {
        BTreeMap::deserialize(from)
    }
}

fn cart() -> Cart {
    Cart {
        id: "c-1".into(),
        lines: BTreeMap::from([("a".into(), 1)]),
        others: BTreeMap::new(),
        converted: BTreeMap::new(),
        note: None,
        limits: Some(BTreeMap::from([("day".into(), 9)])),
        secrets: Some(BTreeMap::from([("first".into(), "x".into())])),
    }
}

async fn loaded(dynamodb: &Dynamodb) -> Cart {
    dynamodb.expect([done("GetItem")]);
    let cart = dynamodb.store().get::<Cart>("c-1").await.unwrap().unwrap();
    dynamodb.requests();
    cart
}

#[tokio::test]
async fn entries_of_a_plaintext_map_are_paths_on_the_condition_that_it_is_a_map() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([done("UpdateItem")]);

    let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    let update = update.set_entry(|f| f.lines, "b.c #d[0]", 3).remove_entry(|f| f.others, "a");
    update.await.unwrap();

    let request = dynamodb.request();
    let text = "SET lines.a = 2, lines.b.c #d[0] = 3 REMOVE others.a";
    assert_eq!(request.update(), text);
    let names = request.body["ExpressionAttributeNames"].as_object().unwrap();
    assert!(names.values().any(|name| name == "b.c #d[0]"), "{names:?}");
    let end = " AND attribute_type(lines, 'M') AND attribute_type(others, 'M')";
    assert!(request.condition().ends_with(end), "{}", request.condition());
}

#[tokio::test]
async fn a_map_that_is_absent_or_null_is_set_whole_and_one_that_loses_entries_is_left_alone() {
    for null in [false, true] {
        let dynamodb = Dynamodb::holding(&cart()).await;
        dynamodb.alter(|item| {
            for name in ["lines", "others"] {
                item.remove(name);
                if null {
                    item.insert(name.into(), json!({"NULL": true}));
                }
            }
        });
        dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

        let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
        let update = update.remove_entry(|f| f.lines, "z").remove_entry(|f| f.others, "z");
        update.await.unwrap();

        let second = &dynamodb.requests()[1];
        assert_eq!(second.update(), "SET lines = M(1)");
        let end = " AND (attribute_not_exists(lines) OR lines = NULL) AND \
                   (attribute_not_exists(others) OR others = NULL)";
        assert!(second.condition().ends_with(end), "{}", second.condition());
        assert_eq!(dynamodb.item().unwrap()["lines"], json!({"M": {"a": {"N": "2"}}}));
    }
}

/// Such an update writes nothing, and still fails if there is no record.
#[tokio::test]
async fn where_no_map_has_the_entry_nothing_is_written() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.alter(|item| drop(item.remove("lines")));
    let before = dynamodb.item();
    dynamodb.expect([refused("UpdateItem"), done("UpdateItem")]);

    dynamodb.store().update::<Cart>("c-1").remove_entry(|f| f.lines, "a").await.unwrap();

    let second = &dynamodb.requests()[1];
    assert_eq!(second.update(), "");
    let start = "attribute_exists(id) AND ";
    assert!(second.condition().starts_with(start), "{}", second.condition());
    assert_eq!(dynamodb.item(), before);
}

#[tokio::test]
async fn a_map_that_another_writer_makes_meanwhile_keeps_its_entries() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.alter(|item| drop(item.remove("lines")));
    let theirs = json!({"M": {"theirs": {"N": "1"}}});
    dynamodb.expect([
        refused("UpdateItem"),
        refused("UpdateItem").after(|item| drop(item.insert("lines".into(), theirs))),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2).await.unwrap();

    let third = &dynamodb.requests()[2];
    assert_eq!(third.update(), "SET lines.a = 2");
    let cart = loaded(&dynamodb).await;
    assert_eq!(cart.lines, BTreeMap::from([("a".into(), 2), ("theirs".into(), 1)]));
}

#[tokio::test]
async fn a_map_that_another_writer_removes_meanwhile_is_set_whole() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([
        refused("UpdateItem").after(|item| drop(item.remove("lines"))),
        refused("UpdateItem").after(|item| drop(item.insert("lines".into(), json!({"M": {}})))),
        refused("UpdateItem").after(|item| drop(item.remove("lines"))),
        done("UpdateItem"),
    ]);

    dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2).await.unwrap();

    let requests = dynamodb.requests();
    let texts: Vec<_> = requests.iter().map(Request::update).collect();
    let [path, whole] = ["SET lines.a = 2", "SET lines = M(1)"];
    assert_eq!(texts, [path, whole, path, whole]);
}

#[tokio::test]
async fn a_stored_value_that_is_no_map_is_an_error_of_the_field() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.alter(|item| drop(item.insert("lines".into(), json!({"S": "x"}))));
    let store = dynamodb.store();
    let update = || store.update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    for (update, requests) in [
        (update(), vec![refused("UpdateItem")]),
        (update().seal_entry(|f| f.secrets, "second", "y"), vec![done("GetItem")]),
    ] {
        dynamodb.expect(requests);

        let error = update.await.unwrap_err();

        dynamodb.requests();
        let UpdateError::Field(field) = &error else { panic!("{error}") };
        let kind = ConvertErrorKind::Type { expected: "a map", found: "S" };
        assert_eq!((field.attribute(), field.kind()), ("lines", kind));
    }
}

/// The envelope is the one that was read, and the map is not.
#[tokio::test]
async fn a_map_that_another_writer_replaces_by_a_text_is_an_error_of_the_field() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    let replaced = |item: &mut Stored| drop(item.insert("lines".into(), json!({"S": "x"})));
    dynamodb.expect([done("GetItem"), refused("UpdateItem").after(replaced)]);

    let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    let error = update.seal_entry(|f| f.secrets, "second", "y").await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(&error, UpdateError::Field(error) if error.attribute() == "lines"), "{error}");
}

#[tokio::test]
async fn the_callers_condition_is_told_from_a_map_that_is_not_there() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.alter(|item| drop(item.remove("lines")));
    dynamodb.expect([refused("UpdateItem"), refused("UpdateItem")]);

    let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    let update = update.condition(|f| f.note.exists()).deadline(Duration::ZERO);
    let error = update.await.unwrap_err();

    dynamodb.requests();
    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

/// The same map is set to the same entries.
#[tokio::test]
async fn a_lost_answer_is_repeated() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([lost("UpdateItem", Fault::ConnectionReset), done("UpdateItem")]);

    let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    update.remove_entry(|f| f.lines, "b").await.unwrap();

    let [first, second] = &dynamodb.requests()[..] else { panic!() };
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn an_entry_is_changed_once_and_not_beside_its_map() {
    let store = Dynamodb::new().store();
    let update = || store.update::<Cart>("c-1").set_entry(|f| f.lines, "a", 2);
    let replaced = || store.update::<Cart>("c-1").set(|f| f.lines, BTreeMap::new());
    let sealed = || store.update::<Cart>("c-1").seal_entry(|f| f.secrets, "a", "x");
    for (update, name) in [
        (update().set_entry(|f| f.lines, "a", 2), "lines"),
        (update().set_entry(|f| f.lines, "b", 2).remove_entry(|f| f.lines, "a"), "lines"),
        (update().set(|f| f.lines, BTreeMap::new()), "lines"),
        (replaced().remove_entry(|f| f.lines, "a"), "lines"),
        (sealed().remove_entry(|f| f.secrets, "a"), "secrets"),
        (sealed().remove(|f| f.secrets), "secrets"),
    ] {
        let error = update.await.unwrap_err();

        let UpdateError::Field(field) = &error else { panic!("{error}") };
        assert_eq!((field.attribute(), field.kind()), (name, ConvertErrorKind::ChangedTwice));
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_sent_is_refused_before_any_request() {
    let store = Dynamodb::new().store();
    let update = || store.update::<Cart>("c-1");
    for (update, kind) in [
        (update().set_entry(|f| f.lines, "", 2), ConvertErrorKind::EmptyName),
        (update().remove_entry(|f| f.lines, ""), ConvertErrorKind::EmptyName),
        (update().seal_entry(|f| f.secrets, "", "x"), ConvertErrorKind::EmptyName),
        (update().remove_entry(|f| f.converted, "a"), ConvertErrorKind::EntryName),
    ] {
        let UpdateError::Field(field) = update.await.unwrap_err() else { panic!() };
        assert_eq!(field.kind(), kind);
    }
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Renamed {
    #[partition_key]
    id: String,
    #[envelope(alias = "lines", default)]
    rows: BTreeMap<String, u32>,
    #[encrypted]
    #[envelope(alias = "secrets")]
    hidden: Option<BTreeMap<String, String>>,
}

/// DynamoDB would make a second map under the newer name.
#[tokio::test]
async fn a_plaintext_map_under_an_older_name_is_left_alone() {
    let dynamodb = Dynamodb::holding(&cart()).await;
    dynamodb.expect([refused("UpdateItem")]);

    let update = dynamodb.store().update::<Renamed>("c-1").set_entry(|f| f.rows, "a", 2);
    let error = update.await.unwrap_err();

    let condition = dynamodb.request().condition();
    let end = " AND attribute_not_exists(lines) AND attribute_type(rows, 'M')";
    assert!(condition.ends_with(end), "{condition}");
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::OlderName, Some("rows")));
}

/// Names of entries are data.
#[test]
fn an_update_shows_the_names_of_attributes_alone() {
    let update = Update::<Cart>::of().seal_entry(|f| f.secrets, "canary", "canary");
    let shown = format!("{:?}", update.set_entry(|f| f.lines, "canary", 1));
    assert_eq!(shown, r#"Update { changes: ["secrets", "lines"], .. }"#);
}

/// A newer program has sealed the map.
#[tokio::test]
async fn a_map_that_is_sealed_by_now_is_told_as_sealed() {
    #[derive(EnvelopeRecord)]
    #[envelope(table = "users")]
    struct Newer {
        #[partition_key]
        id: String,
        #[encrypted]
        lines: BTreeMap<String, u32>,
    }
    let newer = Newer { id: "c-1".into(), lines: BTreeMap::from([("a".into(), 1)]) };
    let dynamodb = Dynamodb::holding(&newer).await;
    dynamodb.expect([refused("UpdateItem")]);

    let update = dynamodb.store().update::<Cart>("c-1").set_entry(|f| f.lines, "b", 2);
    let error = update.await.unwrap_err();

    let UpdateError::Open(error) = error else { panic!("{error}") };
    assert_eq!((error.kind(), error.attribute()), (OpenErrorKind::Sealed, Some("lines")));
    dynamodb.requests();
}
