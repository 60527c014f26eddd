//! Attributes under two names: values of an older program beside those of a newer one.

#![expect(clippy::unwrap_used, reason = "a test")]

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LoadError, LocalKeyProvider, Opener, OtherAttributes,
    Sealer,
};

/// The older program's record, which keeps the attributes that it does not know.
#[derive(EnvelopeRecord)]
#[envelope(table = "users")]
struct Older {
    #[partition_key]
    id: String,
    #[encrypted]
    email: Option<String>,
    #[authenticated]
    role: Option<String>,
    status: Option<String>,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

#[derive(EnvelopeRecord, Debug, PartialEq)]
#[envelope(table = "users")]
struct Newer {
    #[partition_key]
    id: String,
    #[encrypted]
    #[envelope(alias = "email", alias = "address")]
    mail: Option<String>,
    #[authenticated]
    #[envelope(alias = "role")]
    function: Option<String>,
    #[envelope(alias = "status", alias = "condition")]
    state: Option<String>,
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn provider() -> LocalKeyProvider {
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    LocalKeyProvider::from_hex(key).unwrap()
}

async fn both() -> Item {
    let mut others = OtherAttributes::default();
    others.insert_encrypted("mail", text("newer@x"));
    others.insert("state", text("newer"));
    let older = Older {
        id: "u-1".into(),
        email: Some("later@x".into()),
        role: Some("nurse".into()),
        status: Some("later".into()),
        others,
    };
    Sealer::new(provider()).seal(&older).await.unwrap()
}

async fn open(item: Item) -> Result<Newer, OpenErrorKind> {
    match Opener::new(provider()).open::<Newer>(item).await {
        Ok(loaded) => Ok(loaded.into_record()),
        Err(LoadError::Open(error)) => Err(error.kind()),
        Err(other) => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn of_two_values_the_one_under_the_older_name_was_written_later() {
    let mut item = both().await;
    let expected = Newer {
        id: "u-1".into(),
        mail: Some("later@x".into()),
        function: Some("nurse".into()),
        state: Some("later".into()),
    };
    assert_eq!(open(item.clone()).await, Ok(expected));

    item.insert("condition", text("oldest"));
    assert_eq!(open(item).await.unwrap().state.as_deref(), Some("oldest"));
}

#[tokio::test]
async fn t11_a_listed_value_that_is_gone_is_missed_under_every_name() {
    for name in ["mail", "email", "role"] {
        let mut item = both().await;
        item.remove(name);

        assert_eq!(open(item).await, Err(OpenErrorKind::Incomplete), "{name}");
    }
}

#[tokio::test]
async fn t09_beside_a_listed_value_one_that_is_not_listed_was_planted() {
    for (name, kind) in
        [("address", OpenErrorKind::Ambiguous), ("function", OpenErrorKind::Ambiguous)]
    {
        let mut item = both().await;
        item.insert(name, text("planted"));

        assert_eq!(open(item).await, Err(kind), "{name}");
    }
}

#[tokio::test]
async fn a_newer_program_lists_the_older_names_of_what_it_authenticates() {
    let newer = Newer { id: "u-1".into(), mail: None, function: None, state: None };
    let item = Sealer::new(provider()).seal(&newer).await.unwrap();

    let older = Opener::new(provider()).open::<Older>(item).await.unwrap();

    let names: Vec<_> = older.envelope().unwrap().authenticated().collect();
    assert_eq!(names, ["function", "role"]);
    assert_eq!(older.role, None);
}
