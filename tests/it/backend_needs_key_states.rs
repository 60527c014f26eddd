//! Needs a KMS whose disabled keys do not work: moto's still do.

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError};

use crate::support::{User, World};

#[tokio::test]
async fn t26_a_disabled_and_a_doomed_key_are_told_apart() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let kms = &world.backend.kms;

    kms.disable_key().key_id(&world.key).send().await.unwrap();
    let error = User::load(&world.store, "foobar").await.unwrap_err();
    assert!(
        matches!(&error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::Disabled)
    );

    kms.enable_key().key_id(&world.key).send().await.unwrap();
    assert!(User::load(&world.store, "foobar").await.unwrap().is_some());

    kms.schedule_key_deletion().key_id(&world.key).pending_window_in_days(7).send().await.unwrap();
    let error = User::load(&world.store, "foobar").await.unwrap_err();
    assert!(
        matches!(&error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::PendingDeletion),
        "{error}"
    );
}
