use super::*;
use crate::attribute::AttributeValue;
use crate::expression::{Comparison, Node, Placeholders};
use crate::record::{FieldRole, FieldSchema, Until};

const FIELDS: &[FieldSchema] = &[
    FieldSchema::new("id", FieldRole::PartitionKey),
    FieldSchema::new("plan", FieldRole::Plain),
    FieldSchema::new("ssn", FieldRole::Encrypted),
];
const SCHEMA: RecordSchema = RecordSchema::new("users", FIELDS);

fn digest_of(schema: &RecordSchema) -> String {
    digest_with(schema, "migrate", &[], None)
}

fn digest_with(
    schema: &RecordSchema,
    work: &'static str,
    scope: &[(&str, &str)],
    filter: Option<Node>,
) -> String {
    let scope = Scope::new(scope.iter().copied());
    let filter = Placeholders::default().expression(schema, filter).unwrap();
    digest(&Selection { work, schema, scope: &scope, filter: &filter, destination: "" })
}

#[test]
fn a_checkpoint_is_of_what_is_protected_and_of_the_keys() {
    const WITH_PHONE: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("plan", FieldRole::Encrypted),
        FieldSchema::new("ssn", FieldRole::Encrypted),
    ];
    const RENAMED: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("ssn", FieldRole::Encrypted).aliases(&["older"]),
    ];
    const OPENED: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("ssn", FieldRole::Encrypted).unsealed_until(Until::date(2027, 3, 1)),
    ];
    const CONTEXT: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("ssn", FieldRole::Authenticated).context(),
    ];
    const SORTED: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("plan", FieldRole::SortKey),
        FieldSchema::new("ssn", FieldRole::Encrypted),
    ];
    let mut digests = vec![digest_with(&SCHEMA, "unseal", &[], None), digest_of(&SCHEMA)];
    for scope in [[("ssn", "a")], [("ssn", "b")]] {
        digests.push(digest_with(&RecordSchema::new("users", CONTEXT), "migrate", &scope, None));
    }
    for node in [
        Node::Exists("plan"),
        Node::NotExists("plan"),
        Node::Exists("other"),
        Node::Compare("plan", Comparison::Equal, Ok(AttributeValue::S("a".into()))),
        Node::Compare("plan", Comparison::Equal, Ok(AttributeValue::S("b".into()))),
    ] {
        digests.push(digest_with(&SCHEMA, "migrate", &[], Some(node)));
    }
    digests.push(digest_of(&SCHEMA.envelope_name("_other")));
    digests.push(digest_of(&RecordSchema::new("people", FIELDS)));
    for fields in [WITH_PHONE, RENAMED, OPENED, CONTEXT, SORTED] {
        digests.push(digest_of(&RecordSchema::new("users", fields)));
    }
    let different: BTreeSet<_> = digests.iter().collect();
    assert_eq!(different.len(), digests.len());
}

#[test]
fn a_checkpoint_is_of_where_the_records_go() {
    let (scope, filter) = (Scope::default(), Expression::default());
    let digests = ["", "here", "there"].map(|destination| {
        let selection = Selection {
            work: "migrate_into",
            schema: &SCHEMA,
            scope: &scope,
            filter: &filter,
            destination,
        };
        digest(&selection)
    });
    assert_eq!(BTreeSet::from(digests).len(), 3);
}

#[test]
fn what_is_stored_in_plaintext_and_the_date_of_a_window_decide_nothing() {
    const LATER: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("ssn", FieldRole::Encrypted).unsealed_until(Until::date(2027, 3, 1)),
    ];
    const LATEST: &[FieldSchema] = &[
        FieldSchema::new("id", FieldRole::PartitionKey),
        FieldSchema::new("nickname", FieldRole::Plain),
        FieldSchema::new("ssn", FieldRole::Encrypted).unsealed_until(Until::date(2027, 4, 1)),
    ];
    let digests = [LATER, LATEST].map(|fields| digest_of(&RecordSchema::new("users", fields)));
    assert_eq!(digests[0], digests[1]);
}
