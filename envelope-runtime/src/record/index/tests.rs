use super::*;
use crate::attribute::Number;
use crate::record::{FieldRole, KeyErrorKind, KeyPiece, KeyTemplate};

const SHELF: KeyTemplate = KeyTemplate::new(
    "GSI1SK",
    &[KeyPiece::part("shelf"), KeyPiece::text("#"), KeyPiece::number("rank", 4)],
);
const HALL: KeyTemplate =
    KeyTemplate::new("GSI1PK", &[KeyPiece::text("HALL#"), KeyPiece::part("hall")]);
const OWN: KeyTemplate = KeyTemplate::new("SK", &[KeyPiece::text("O#"), KeyPiece::part("number")]);
const INDEXES: &[IndexSchema] = &[
    IndexSchema::global("GSI1", &[KeyAttribute::Template(HALL)], &[KeyAttribute::Template(SHELF)]),
    IndexSchema::global(
        "by_status",
        &[KeyAttribute::Field("status")],
        &[KeyAttribute::Template(SHELF)],
    )
    .including(&["total", "status"]),
    IndexSchema::global("inverted", &[KeyAttribute::Template(OWN)], &[]).keys_only(),
    IndexSchema::local("by_total", &[KeyAttribute::Field("total")]),
];
const SCHEMA: RecordSchema = RecordSchema::new(
    "orders",
    &[
        FieldSchema::new("id", FieldRole::PartitionKey).context(),
        FieldSchema::new("number", FieldRole::Plain),
        FieldSchema::new("hall", FieldRole::Authenticated).aliases(&["room"]),
        FieldSchema::new("shelf", FieldRole::Plain),
        FieldSchema::new("rank", FieldRole::Plain),
        FieldSchema::new("status", FieldRole::Plain),
        FieldSchema::new("total", FieldRole::Plain),
        FieldSchema::new("until", FieldRole::Plain).ttl(),
        FieldSchema::new("address", FieldRole::Encrypted),
    ],
)
.sort_key(OWN)
.indexes(INDEXES);

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn order() -> BTreeMap<&'static str, AttributeValue> {
    let rank = AttributeValue::N(Number::from(12_u8));
    [("hall", s("north")), ("shelf", s("s-1")), ("rank", rank), ("status", s("open"))].into()
}

fn made(order: &BTreeMap<&'static str, AttributeValue>) -> Vec<(&'static str, AttributeValue)> {
    SCHEMA.index_values(|name| order.get(name), |_| true).unwrap().into_iter().collect()
}

#[test]
fn templates_make_the_keys_of_indexes_and_leave_out_what_has_no_value() {
    assert!(SCHEMA.made_names().into_iter().eq(["GSI1PK", "GSI1SK"]));
    assert_eq!(SCHEMA.made_parts(), ["hall", "shelf", "rank", "number"]);
    assert_eq!(made(&order()), [("GSI1PK", s("HALL#north")), ("GSI1SK", s("s-1#0012"))]);

    // Another index still has a use for the attribute that both have.
    let mut order = order();
    order.remove("hall");
    assert_eq!(made(&order), [("GSI1SK", s("s-1#0012"))]);
    order.insert("hall", AttributeValue::Null);
    assert_eq!(made(&order), [("GSI1SK", s("s-1#0012"))]);
    order.remove("rank");
    assert_eq!(made(&order), []);
}

#[test]
fn a_value_that_no_key_can_have_is_refused() {
    let refusal = |name, value: AttributeValue| {
        let mut order = order();
        order.insert(name, value);
        let error = SCHEMA.index_values(|name| order.get(name), |_| true).unwrap_err();
        (error.attribute().unwrap_or_default().to_owned(), error.kind().clone())
    };
    let of = |name: &str, kind| (name.to_owned(), kind);
    assert_eq!(refusal("hall", s("")), of("hall", KeyErrorKind::Empty));
    assert_eq!(refusal("hall", s(&"x".repeat(2044))), of("GSI1PK", KeyErrorKind::TooLong(2048)));
    assert_eq!(refusal("shelf", s(&"x".repeat(1020))), of("GSI1SK", KeyErrorKind::TooLong(1024)));
    assert_eq!(refusal("status", s("")), of("status", KeyErrorKind::Empty));
    assert_eq!(refusal("status", AttributeValue::Null), of("status", KeyErrorKind::Absent));
    let list = AttributeValue::L(Vec::new());
    assert_eq!(refusal("status", list), of("status", KeyErrorKind::Type("L")));
    assert_eq!(refusal("total", s(&"x".repeat(1025))), of("total", KeyErrorKind::TooLong(1024)));
}

#[test]
fn what_an_older_program_wrote_stops_no_update_of_another_field() {
    let mut order = order();
    order.insert("hall", s("a#"));
    order.insert("hall", s(""));
    order.insert("status", s(""));
    let made = |name: &'static str| {
        SCHEMA.index_values(|name| order.get(name), move |changed| changed == name)
    };
    // The index of halls has no key, and the other one is not asked.
    assert!(made("rank").unwrap().is_empty());
    assert_eq!(made("hall").unwrap_err().attribute(), Some("hall"));
    assert_eq!(made("status").unwrap_err().attribute(), Some("status"));
}

#[test]
fn an_index_of_some_attributes_also_holds_what_decides() {
    let [all, some, keys, local] = INDEXES else { panic!("four indexes") };
    assert!(SCHEMA.included(all).is_none() && SCHEMA.included(local).is_none());
    assert!(SCHEMA.included(keys).unwrap().is_empty());
    // Neither the keys nor what is sealed.
    let held = ["_envelope", "number", "rank", "shelf", "total", "until"];
    assert!(SCHEMA.included(some).unwrap().into_iter().eq(held));
}

#[test]
fn a_record_is_where_its_own_fields_say() {
    let key = SCHEMA.query_key(INDEXES.first());
    let is_made = |change: &dyn Fn(&mut BTreeMap<&'static str, AttributeValue>)| {
        let mut stored = order();
        stored.extend(made(&order()));
        change(&mut stored);
        key.is_made_by(&SCHEMA, |name| stored.get(name))
    };
    assert!(is_made(&|_| {}));
    assert!(!is_made(&|stored| drop(stored.insert("GSI1PK", s("HALL#south")))));
    assert!(!is_made(&|stored| drop(stored.remove("GSI1SK"))));
    assert!(!is_made(&|stored| drop(stored.remove("shelf"))));
    // A value under an older name is the one that a load uses.
    assert!(!is_made(&|stored| drop(stored.insert("room", s("south")))));
    assert!(is_made(&|stored| {
        stored.insert("room", s("north"));
        stored.remove("hall");
    }));

    let by_total = SCHEMA.query_key(INDEXES.last());
    let names = |key: &QueryKey| key.all().map(|key| key.name()).collect::<Vec<_>>();
    assert_eq!(names(&by_total), ["id", "total"]);
    assert_eq!(by_total.partition_parts(), ["id"]);
    assert_eq!(names(&SCHEMA.query_key(None)), ["id", "SK"]);
    assert_eq!(SCHEMA.query_key(None).parts(), ["id", "number"]);
}
