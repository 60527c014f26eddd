//! Values where they do not belong: T01 to T03.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError};

use super::{assert_refused, load_of, saved, with};
use crate::support::{Stored, User, World, string};

#[tokio::test]
async fn t01_anything_moved_to_another_item_is_refused() {
    let (world, good) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let other = world.stored("other").await;

    let value = load_of(&world, &good, with(&good, "ssn", other["ssn"].clone())).await;
    assert_refused(value, OpenErrorKind::Tampered, Some("ssn"));

    let envelope =
        load_of(&world, &good, with(&good, "_envelope", other["_envelope"].clone())).await;
    assert_refused(envelope, OpenErrorKind::Tampered, None);

    let whole = load_of(&world, &good, with(&other, "id", string("foobar"))).await;
    assert_refused(whole, OpenErrorKind::Tampered, None);
}

/// Every choice of attributes that an attacker can take over from another item of the same shape.
#[tokio::test]
async fn t01_no_part_of_an_item_is_at_home_in_another() {
    let (world, good) = saved().await;
    User::new("other").save(&world.store).await.unwrap();
    let other = world.stored("other").await;
    let names = ["ssn", "email", "_envelope", "role"];

    let mut refused = 0;
    for chosen in 1_u8..1 << names.len() {
        let mut item = good.clone();
        for (bit, name) in names.into_iter().enumerate() {
            if chosen & 1 << bit != 0 {
                item.insert(name.to_owned(), other[name].clone());
            }
        }
        if item == good {
            continue;
        }
        match load_of(&world, &good, item).await {
            Err(LoadError::Open(error)) => {
                assert_eq!(error.kind(), OpenErrorKind::Tampered, "{chosen:b}");
                refused += 1;
            }
            loaded => panic!("{chosen:b}: {loaded:?}"),
        }
    }
    // Only the role is the same in both items.
    assert_eq!(refused, 14);
}

#[tokio::test]
async fn t01_an_item_moved_to_another_sort_key_is_refused() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "orders")]
    struct Order {
        #[partition_key]
        customer: String,
        #[sort_key]
        number: u64,
        #[encrypted]
        note: String,
    }
    let keys = [("customer", ScalarAttributeType::S), ("number", ScalarAttributeType::N)];
    let world = World::with_keys(&keys).await;
    let order = Order { customer: "c".into(), number: 1, note: "n".into() };
    order.save(&world.store).await.unwrap();
    let number = |number: &str| ("number".to_owned(), AttributeValue::N(number.into()));
    let mut item = world.stored_at([("customer".to_owned(), string("c")), number("1")]).await;

    item.extend([number("2")]);
    world.write(item).await;

    assert!(Order::load(&world.store, ("c", 2)).await.unwrap_err().is_tampered());
    assert!(Order::load(&world.store, ("c", 1)).await.unwrap().is_some());
}

#[tokio::test]
async fn t01_an_item_of_another_table_is_refused() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
    }
    let (world, good) = saved().await;

    // Both logical tables lie in one physical table, so the very same item is read as the other.
    let error = Person::load(&world.store, "foobar").await.unwrap_err();

    // The encryption context names the table, so KMS itself refuses.
    assert!(matches!(error, LoadError::DecryptDataKey(_)), "{error}");
    // It would also refuse after a rename of the logical table. That is the likelier cause, and no
    // tampering.
    assert!(!error.is_tampered() && error.to_string().contains("another logical table"), "{error}");
    assert!(load_of(&world, &good, good.clone()).await.unwrap().is_some());
}

/// The attacker takes the whole item to another tenant, under the same key and with the label
/// changed.
#[tokio::test]
async fn t01_an_item_of_another_tenant_is_refused() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[envelope(context)]
        tenant: String,
        #[encrypted]
        ssn: String,
    }
    let world = World::new().await;
    let store = world.store.scoped([("tenant", "clinic-8")]);
    for tenant in ["clinic-7", "clinic-8"] {
        let id = format!("of-{tenant}");
        let person = Person { id, tenant: tenant.into(), ssn: tenant.into() };
        person.save(&world.store).await.unwrap();
    }
    let mut stolen = world.stored("of-clinic-7").await;
    let own = world.stored("of-clinic-8").await;

    stolen.insert("tenant".into(), string("clinic-8"));
    world.write(stolen.clone()).await;
    let relabelled = Person::load(&store, "of-clinic-7").await.unwrap_err();
    stolen.insert("id".into(), string("of-clinic-8"));
    world.write(stolen.clone()).await;
    let moved = Person::load(&store, "of-clinic-8").await.unwrap_err();
    stolen.insert("_envelope".into(), own["_envelope"].clone());
    world.write(stolen).await;
    let under_own_envelope = Person::load(&store, "of-clinic-8").await.unwrap_err();

    for error in [relabelled, moved] {
        assert!(matches!(error, LoadError::DecryptDataKey(_)), "{error}");
    }
    assert!(under_own_envelope.is_tampered(), "{under_own_envelope}");
    world.write(own).await;
    assert_eq!(Person::load(&store, "of-clinic-8").await.unwrap().unwrap().ssn, "clinic-8");
}

#[tokio::test]
async fn t02_a_sealed_value_moved_to_another_attribute_is_refused() {
    let (world, good) = saved().await;

    let moved = with(&good, "email", good["ssn"].clone());

    let loaded = load_of(&world, &good, moved).await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("email"));
}

#[tokio::test]
async fn t02_sealed_values_exchanged_between_attributes_are_refused() {
    let (world, good) = saved().await;

    let mut exchanged = with(&good, "email", good["ssn"].clone());
    exchanged.insert("ssn".into(), good["email"].clone());

    let loaded = load_of(&world, &good, exchanged).await;
    assert_refused(loaded, OpenErrorKind::Tampered, Some("ssn"));
}

#[tokio::test]
async fn t02_no_sealed_value_is_at_home_in_another_attribute() {
    #[derive(EnvelopeRecord, Debug, PartialEq)]
    #[envelope(table = "people")]
    struct Person {
        #[partition_key]
        id: String,
        #[encrypted]
        a: String,
        #[encrypted]
        b: String,
        #[encrypted]
        c: Option<String>,
        #[encrypted]
        list: Vec<String>,
        #[encrypted]
        #[envelope(rename = "a.b")]
        dotted: String,
        plain: Vec<u8>,
    }
    let world = World::new().await;
    let same = || "the same text".to_owned();
    let person = Person {
        id: "p".into(),
        a: same(),
        b: same(),
        c: Some(same()),
        list: vec![same()],
        dotted: same(),
        plain: vec![],
    };
    person.save(&world.store).await.unwrap();
    let good = world.stored("p").await;
    let sealed = ["a", "b", "c", "list", "a.b"];

    for from in sealed {
        for to in sealed.into_iter().filter(|to| *to != from) {
            world.write(with(&good, to, good[from].clone())).await;
            let error = Person::load(&world.store, "p").await.unwrap_err();
            assert!(error.is_tampered(), "{from} as {to}: {error}");
        }
    }
    world.write(good).await;
    assert_eq!(Person::load(&world.store, "p").await.unwrap(), Some(person));
}

/// Keys whose parts look the same when joined, with or without a separator.
#[tokio::test]
async fn t03_keys_that_join_to_one_text_are_two_records() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "orders")]
    struct Order {
        #[partition_key]
        customer: String,
        #[sort_key]
        number: String,
        #[encrypted]
        note: String,
    }
    let keys = [("customer", ScalarAttributeType::S), ("number", ScalarAttributeType::S)];
    let world = World::with_keys(&keys).await;
    let pairs = [
        ("ab", "c"),
        ("a", "bc"),
        ("a/b", "c"),
        ("a", "b/c"),
        ("a#b", "c"),
        ("a", "b#c"),
        ("a\0b", "c"),
        ("a", "b\0c"),
        ("c", "ab"),
        ("\u{2}ab", "c"),
    ];
    let key = |(customer, number): (&str, &str)| {
        [("customer".to_owned(), string(customer)), ("number".to_owned(), string(number))]
    };
    for (customer, number) in pairs {
        let order = Order { customer: customer.into(), number: number.into(), note: "n".into() };
        order.save(&world.store).await.unwrap();
    }

    for from in pairs {
        let item = world.stored_at(key(from)).await;
        for to in pairs.into_iter().filter(|to| *to != from) {
            let good = world.stored_at(key(to)).await;
            let mut moved = item.clone();
            moved.extend(key(to));
            world.write(moved).await;
            let loaded = Order::load(&world.store, to).await;
            assert!(loaded.unwrap_err().is_tampered(), "{from:?} as {to:?}");
            world.write(good).await;
        }
    }
}

/// The same text as a string, as a number and as bytes.
#[tokio::test]
async fn t03_a_key_of_another_type_is_another_record() {
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct ByText {
        #[partition_key]
        id: String,
        #[encrypted]
        ssn: String,
    }
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "people")]
    struct ByNumber {
        #[partition_key]
        id: u64,
        #[encrypted]
        ssn: String,
    }
    let by_text = World::new().await;
    let id = [("id", ScalarAttributeType::N)];
    let number_table = by_text.backend.create_table(&id).await;
    let by_number = by_text.store.clone().map_table::<ByNumber>(&number_table);
    ByText { id: "1".into(), ssn: "s".into() }.save(&by_text.store).await.unwrap();
    let mut item: Stored = by_text.stored("1").await;

    item.insert("id".into(), AttributeValue::N("1".into()));
    let put = by_text.backend.dynamodb.put_item().table_name(&number_table);
    put.set_item(Some(item)).send().await.unwrap();

    assert!(ByNumber::load(&by_number, 1).await.unwrap_err().is_tampered());
    assert_eq!(ByText::load(&by_text.store, "1").await.unwrap().unwrap().ssn, "s");
}
