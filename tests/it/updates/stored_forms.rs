//! Updates of items that another version of the struct wrote, of items with nothing sealed, and of
//! items whose key is made by templates.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, OtherAttributes, Store, UpdateError};
use envelope_tests::Layout;

use super::world;
use crate::support::{World, bytes};

/// After a rename.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Renamed {
    #[partition_key]
    id: String,
    #[envelope(alias = "status")]
    state: String,
    #[envelope(alias = "logins")]
    visits: u64,
    #[authenticated]
    #[envelope(alias = "role")]
    function: String,
    #[encrypted]
    #[envelope(alias = "email")]
    mail: Option<String>,
}

#[tokio::test]
async fn a_number_under_an_older_name_is_not_added_to() {
    let world = world().await;
    let update = || world.store.update::<Renamed>("a-1");

    for update in
        [update().add(|f| f.visits, 1), update().seal(|f| f.mail, "x").add(|f| f.visits, 1)]
    {
        let error = update.await.unwrap_err();
        let UpdateError::Open(open) = &error else { panic!("{error}") };
        assert_eq!((open.kind(), open.attribute()), (OpenErrorKind::OlderName, Some("visits")));
    }
}

#[tokio::test]
async fn a_value_under_an_older_name_moves_to_the_new_one() {
    let world = world().await;
    let update = || world.store.update::<Renamed>("a-1");

    update().set(|f| f.state, "active").set(|f| f.visits, 9).await.unwrap();
    update().set(|f| f.function, "nurse").seal(|f| f.mail, "x").add(|f| f.visits, 1).await.unwrap();

    let item = world.stored("a-1").await;
    for older in ["status", "logins", "role", "email"] {
        assert!(!item.contains_key(older), "{older}");
    }
    let expected = Renamed {
        id: "a-1".into(),
        state: "active".into(),
        visits: 10,
        function: "nurse".into(),
        mail: Some("x".into()),
    };
    assert_eq!(world.store.get("a-1").await.unwrap(), Some(expected));
}

/// A record with only authenticated attributes, if it has no note.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Grant {
    #[partition_key]
    id: String,
    #[authenticated]
    role: String,
    #[encrypted]
    note: Option<String>,
}

async fn granted() -> (World, Grant) {
    let world = World::new().await;
    let grant = Grant { id: "g-1".into(), role: "nurse".into(), note: None };
    world.store.put(&grant).await.unwrap();
    (world, grant)
}

/// Nothing is sealed, so only the salt can tell one envelope from another.
#[tokio::test]
async fn a_record_with_authenticated_attributes_alone_is_updated_under_a_fresh_salt() {
    let (world, grant) = granted().await;
    let before = bytes(&world.stored("g-1").await, "_envelope");
    let Layout { salt, tag, .. } = Layout::of(&before);
    let fresh = salt.start..tag.end;
    let mut envelopes = BTreeSet::from([before[fresh.clone()].to_vec()]);

    for _ in 0..3 {
        // The value is the stored one.
        world.store.update::<Grant>("g-1").set(|f| f.role, "nurse").await.unwrap();
        let after = bytes(&world.stored("g-1").await, "_envelope");
        assert_eq!(after[fresh.end..], before[fresh.end..]);
        envelopes.insert(after[fresh.clone()].to_vec());
    }

    assert_eq!(envelopes.len(), 4);
    assert_eq!(world.store.get("g-1").await.unwrap(), Some(grant));
}

#[tokio::test]
async fn a_record_with_authenticated_attributes_alone_takes_a_sealed_one() {
    let (world, _) = granted().await;

    world.store.update::<Grant>("g-1").seal(|f| f.note, "x").set(|f| f.role, "y").await.unwrap();

    let grant: Grant = world.store.get("g-1").await.unwrap().unwrap();
    assert_eq!((grant.role.as_str(), grant.note.as_deref()), ("y", Some("x")));
}

/// Authenticates an attribute that older programs did not.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
struct Window {
    #[partition_key]
    id: String,
    #[authenticated]
    #[envelope(since = 2)]
    status: String,
    #[encrypted]
    ssn: String,
}

/// An older program wrote the value, and no tag covers it.
#[tokio::test]
async fn a_value_from_before_a_window_is_not_taken_for_absent() {
    let world = world().await;
    let known = world.store.get::<Window>("a-1").with_envelope().await.unwrap().unwrap();

    let update = world.store.update("a-1").based_on(&known).set_if_absent(|f| f.status, "other");
    update.seal(|f| f.ssn, "219-09-9999").await.unwrap();

    let window: Window = world.store.get("a-1").await.unwrap().unwrap();
    assert_eq!((window.status.as_str(), window.ssn.as_str()), ("new", "219-09-9999"));
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_told_from_a_value_that_has_changed_meanwhile() {
    let world = world().await;

    let update = world.store.update::<Window>("a-1").set_if_absent(|f| f.status, "other");
    let error = update.condition(|f| f.ssn.not_exists()).await.unwrap_err();

    assert!(matches!(error, UpdateError::Condition(_)), "{error}");
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "app", partition_key = "TENANT#{tenant_id}", sort_key = "ORDER#{number:04}")]
struct Order<T: Clone> {
    tenant_id: String,
    number: u32,
    state: T,
    #[authenticated]
    total: u64,
    #[encrypted]
    address: T,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

/// A store with one order.
async fn ordered() -> (Store, Order<String>) {
    let keys = [("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let store = world.store.clone().map_table::<Order<String>>(&world.table);
    let mut others = OtherAttributes::default();
    others.insert_encrypted("later", envelope_runtime::AttributeValue::S("kept".into()));
    let order = Order {
        tenant_id: "t-1".into(),
        number: 7,
        state: "new".to_owned(),
        total: 3,
        address: "here".to_owned(),
        others,
    };
    store.put(&order).await.unwrap();
    (store, order)
}

#[tokio::test]
async fn a_record_with_a_key_template_and_a_catch_all_is_updated_by_its_parts() {
    let (store, order) = ordered().await;
    let known = store.get::<Order<String>>(("t-1", 7)).with_envelope().await.unwrap().unwrap();

    let update = || store.update::<Order<String>>(("t-1", 7));
    update().set(|f| f.state, "paid").await.unwrap();
    update().based_on(&known).seal(|f| f.address, "there").set(|f| f.total, 4).await.unwrap();

    let expected = Order { state: "paid".into(), address: "there".into(), total: 4, ..order };
    assert_eq!(store.get(("t-1", 7)).await.unwrap(), Some(expected));
}

#[tokio::test]
async fn an_update_by_the_parts_of_a_key_makes_no_record() {
    let (store, _) = ordered().await;

    let update = store.update::<Order<String>>(("t-1", 8)).set(|f| f.state, "x");
    let error = update.await.unwrap_err();

    assert!(error.is_not_found(), "{error}");
}
