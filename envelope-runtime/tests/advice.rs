//! Errors name the likeliest cause first, and the cure.

#![expect(clippy::unwrap_used, reason = "a test")]

use envelope_runtime::error::SealErrorKind;
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LocalKeyProvider, Opener, SaveError, Sealer,
};

fn provider() -> LocalKeyProvider {
    LocalKeyProvider::insecure_ephemeral().unwrap()
}

/// Bytes in a struct, which serde stores as a list of numbers.
#[derive(EnvelopeRecord)]
#[envelope(table = "files")]
struct File {
    #[partition_key]
    id: String,
    #[encrypted]
    content: Vec<Vec<u8>>,
}

#[tokio::test]
async fn bytes_that_became_a_list_of_numbers_are_named_where_they_are_too_many() {
    let file = File { id: "f-1".into(), content: vec![vec![200; 60_000]] };

    let error = Sealer::new(provider()).seal(&file).await.unwrap_err();

    let SaveError::Seal(seal) = &error else { unreachable!("{error}") };
    assert!(matches!(seal.kind(), SealErrorKind::BytesAsNumbers(size) if size > 409_600));
    let text = error.to_string();
    assert!(text.contains("`content`") && text.contains("serde_bytes"), "{text}");
}

#[tokio::test]
async fn a_function_that_borrows_is_told_to_own() {
    mod borrowing {
        use serde::{Deserialize, Deserializer};

        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
            <&str>::deserialize(from).map(str::to_owned)
        }
    }
    #[derive(EnvelopeRecord, Debug)]
    #[envelope(table = "users", plaintext_only)]
    struct Borrowing {
        #[partition_key]
        id: String,
        #[serde(deserialize_with = "borrowing::deserialize")]
        name: String,
    }
    let mut item = Item::default();
    item.insert("id", AttributeValue::S("u-1".into()));
    item.insert("name", AttributeValue::S("zoë".into()));

    let error = Opener::new(provider()).open::<Borrowing>(item).await.unwrap_err();

    assert!(error.to_string().contains("read a String"), "{error}");
}
