//! Versions if the answer to a write is lost.

use envelope_runtime::{DeleteError, EnvelopeRecord, SaveError};

use super::{Document, document};
use crate::support::World;

#[tokio::test]
async fn a_saved_version_whose_answer_was_lost_is_recognised() {
    let world = World::new().await;

    let first = world.store_losing_answers().put(&document()).await.unwrap().into_inner();
    let second = world.store_losing_answers().put(&first).await.unwrap().into_inner();

    assert_eq!(second.version, 2);
    assert_eq!(world.store.get("d-1").await.unwrap(), Some(second));
}

/// Nothing is left to show who deleted the record.
#[tokio::test]
async fn a_deletion_of_a_version_whose_answer_was_lost_has_an_unknown_outcome() {
    let world = World::new().await;
    let first = world.store.put(&document()).await.unwrap().into_inner();
    let _ = world.store.put(&first).await.unwrap();

    let deletion = world.store_losing_answers().delete_version::<Document>("d-1", 2).await;

    assert!(matches!(deletion.unwrap_err(), DeleteError::UnknownOutcome(_)));
    assert_eq!(world.store.get::<Document>("d-1").await.unwrap(), None);
}

/// A record without an envelope cannot be told from that of another writer.
#[tokio::test]
async fn a_version_without_an_envelope_whose_answer_was_lost_has_an_unknown_outcome() {
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "users", plaintext_only)]
    struct Plain {
        #[partition_key]
        id: String,
        #[envelope(version)]
        version: u64,
    }
    let world = World::new().await;

    let plain = Plain { id: "p-1".into(), version: 0 };
    for save in [
        world.store_losing_answers().create(&plain),
        world.store_losing_answers().put(&Plain { version: 1, ..plain }),
    ] {
        let error = save.await.unwrap_err();
        assert!(matches!(error, SaveError::UnknownOutcome(_)), "{error}");
        assert!(!error.is_retryable() && !error.is_conflict());
    }
    assert_eq!(world.store.get::<Plain>("p-1").await.unwrap().unwrap().version, 2);
}
