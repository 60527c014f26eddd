//! Hashed keys of records that are sealed and opened without DynamoDB.

use envelope_runtime::error::{KeyErrorKind, LoadError, OpenErrorKind, SaveError};
use envelope_runtime::{AttributeValue, EnvelopeRecord, IndexSecret, Item, Keys, Opener, Sealer};

use super::{local, ready};

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "members")]
struct Member {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[sort_key]
    #[envelope(hashed)]
    email: String,
    #[envelope(context)]
    ward: String,
}

/// A key of a template, and two hashes.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "pairs", partition_key = "P#{left_hash}#{right_hash}")]
struct Pair {
    #[encrypted]
    #[envelope(hashed)]
    left: String,
    #[encrypted]
    #[envelope(hashed(name = "r"))]
    right: u64,
    note: String,
}

fn secret(byte: u8) -> IndexSecret {
    IndexSecret::from_hex("tests", &format!("{byte:02x}").repeat(32)).unwrap()
}

fn member(tenant: &str, ward: &str, email: &str) -> Member {
    Member { tenant: tenant.into(), ward: ward.into(), email: email.into() }
}

fn sealed<R: EnvelopeRecord>(record: &R) -> Item {
    ready(Sealer::new(local()).index_secret(secret(7)).seal(record)).unwrap()
}

fn opener() -> Opener {
    Opener::new(local()).scoped([("tenant", "t-1"), ("ward", "w-1")])
}

#[test]
fn a_hash_depends_on_the_secret_the_value_and_the_context() {
    let hash = |member: &Member| sealed(member).attribute("email_hash").cloned().unwrap();
    let one = hash(&member("t-1", "w-1", "a"));
    let AttributeValue::B(bytes) = &one else { panic!("{one:?}") };
    assert_eq!(bytes.len(), 32);

    assert_eq!(one, hash(&member("t-1", "w-1", "a")));
    for other in [member("t-2", "w-1", "a"), member("t-1", "w-2", "a"), member("t-1", "w-1", "A")] {
        assert_ne!(one, hash(&other), "{other:?}");
    }
    let sealer = Sealer::new(local()).index_secret(secret(8));
    let other = ready(sealer.seal(&member("t-1", "w-1", "a"))).unwrap();
    assert_ne!(Some(&one), other.attribute("email_hash"));
}

#[test]
fn an_opener_compares_the_hash_if_it_has_a_secret() {
    let record = member("t-1", "w-1", "a");
    let item = sealed(&record);
    for opener in [opener(), opener().index_secret(secret(7))] {
        let opened = ready(opener.open::<Member>(item.clone())).unwrap();
        assert_eq!(*opened, record);
    }
    let opened = ready(opener().index_secret(secret(8)).open::<Member>(item));
    let Err(LoadError::Open(error)) = opened else { panic!("opened") };
    assert_eq!(error.kind(), OpenErrorKind::UnknownSecret);
    assert_eq!(error.attribute(), Some("email_hash"));
    assert!(!error.is_tampered() && error.to_string().contains("another index secret"));
}

#[test]
fn templates_are_made_of_hashes_as_text() {
    let pair = Pair { left: "l".into(), right: 7, note: "n".into() };
    let item = sealed(&pair);
    let text = |name: &str| match item.attribute(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(text("PK"), format!("P#{}#{}", text("left_hash"), text("r")));
    assert_ne!(text("left_hash"), text("r"));
    let opener = Opener::new(local()).index_secret(secret(7));
    assert_eq!(*ready(opener.open::<Pair>(item)).unwrap(), pair);
}

#[test]
fn without_a_secret_a_record_is_not_sealed() {
    let refused = ready(Sealer::new(local()).seal(&member("t-1", "w-1", "a"))).unwrap_err();
    let SaveError::Key(error) = &refused else { panic!("{refused}") };
    assert_eq!((error.kind(), error.attribute()), (&KeyErrorKind::NoSecret, Some("email")));

    let sealer = Sealer::new(local()).index_secret(secret(7));
    let empty = ready(sealer.seal(&member("t-1", "w-1", ""))).unwrap_err();
    assert!(matches!(&empty, SaveError::Key(error) if error.kind() == &KeyErrorKind::Empty));
    // The context first: the hash depends on it.
    let scoped = sealer.scoped([("tenant", "t-2"), ("ward", "w-1")]);
    let foreign = ready(scoped.seal(&member("t-1", "w-1", ""))).unwrap_err();
    assert!(matches!(foreign, SaveError::Context(_)), "{foreign}");
}

#[test]
fn a_key_is_read_without_the_value() {
    let item = sealed(&member("t-1", "w-1", "a"));
    for opener in [opener(), opener().index_secret(secret(7)), opener().index_secret(secret(8))] {
        let keys = ready(opener.open::<Keys<Member>>(item.clone())).unwrap().into_record();
        assert_eq!(keys.into_key().0, "t-1");
    }
}
