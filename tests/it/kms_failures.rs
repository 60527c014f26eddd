//! What KMS can answer, told apart, and never a fallback to plaintext.

use envelope_runtime::{DataKeyErrorKind, EnvelopeRecord, KmsKeyProvider, LoadError, SaveError};
use envelope_tests::{Backend, unreachable_kms};

use crate::support::{User, World};

#[tokio::test]
async fn t33_each_failure_of_kms_is_told_apart_and_writes_nothing() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();

    let state = "arn:aws:kms:us-east-1:1:key/k is pending deletion.";
    for (code, message, kind, retryable) in [
        ("AccessDeniedException", "", DataKeyErrorKind::AccessDenied, false),
        ("DisabledException", "", DataKeyErrorKind::Disabled, false),
        ("NotFoundException", "", DataKeyErrorKind::NotFound, false),
        ("KMSInvalidStateException", state, DataKeyErrorKind::PendingDeletion, false),
        ("KMSInvalidStateException", "unavailable", DataKeyErrorKind::InvalidState, false),
        ("InvalidCiphertextException", "", DataKeyErrorKind::Mismatch, false),
        ("ThrottlingException", "", DataKeyErrorKind::Throttled, true),
        ("KMSInternalException", "", DataKeyErrorKind::Service, true),
        ("SomethingNewException", "", DataKeyErrorKind::Other, false),
    ] {
        faults.fail(code, message);
        let loaded = User::load(&world.store, "foobar").await.unwrap_err();
        let saved = User::new("second").save(&world.store).await.unwrap_err();
        faults.behave();

        assert_eq!((loaded.is_retryable(), saved.is_retryable()), (retryable, retryable), "{code}");
        let denied = code == "AccessDeniedException";
        assert_eq!(
            (loaded.is_access_denied(), saved.is_access_denied()),
            (denied, denied),
            "{code}"
        );
        let LoadError::DecryptDataKey(loaded) = loaded else { panic!("{loaded:?}") };
        let SaveError::GenerateDataKey(saved) = saved else { panic!("{saved:?}") };
        assert_eq!((loaded.kind(), loaded.code()), (kind, Some(code)));
        assert_eq!(saved.kind(), kind);
        let message = loaded.to_string();
        assert!(message.contains("key `id`") && message.contains(&world.key), "{message}");
        assert_eq!(User::load(&world.store, "second").await.unwrap(), None, "{code}");
    }
    assert!(User::load(&world.store, "foobar").await.unwrap().is_some());
}

#[tokio::test]
async fn an_answer_without_a_data_key_is_refused() {
    let (backend, faults) = Backend::with_kms_faults().await;
    let world = World::over(backend, &[("id", "S".into())]).await;
    User::new("foobar").save(&world.store).await.unwrap();

    faults.replace("\"Plaintext\"", "\"Elsewhere\"");
    let loaded = User::load(&world.store, "foobar").await.unwrap_err();
    let saved = User::new("second").save(&world.store).await.unwrap_err();

    assert!(
        matches!(loaded, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::InvalidAnswer)
    );
    assert!(
        matches!(saved, SaveError::GenerateDataKey(error) if error.kind() == DataKeyErrorKind::InvalidAnswer)
    );
}

#[tokio::test]
async fn a_kms_that_cannot_be_reached_is_a_network_failure() {
    let world = World::new().await;
    User::new("foobar").save(&world.store).await.unwrap();
    let store = world.store_with(KmsKeyProvider::new(unreachable_kms(), &world.key));

    let error = User::load(&store, "foobar").await.unwrap_err();

    assert!(error.is_retryable(), "{error}");
    assert!(
        matches!(error, LoadError::DecryptDataKey(error) if error.kind() == DataKeyErrorKind::Network)
    );
}
