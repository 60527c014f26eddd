//! Needs a KMS that answers `IncorrectKeyException` when another key is named, as AWS does: moto
//! answers `AccessDeniedException`.

use envelope_runtime::error::DataKeyErrorKind;
use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, LoadError};

use crate::support::{User, World};

#[tokio::test]
async fn a_record_from_before_an_alias_was_repointed_says_what_to_accept() {
    let world = World::new().await;
    let other = world.backend.create_kms_key().await;
    let alias = world.backend.create_alias(&other).await;
    User::new("foobar").save(&world.store).await.unwrap();
    let store = world.store_with(KmsKeyProvider::new(world.backend.kms.clone(), &alias));

    let error = User::load(&store, "foobar").await.unwrap_err();

    assert!(error.to_string().contains("add its ARN with `accept`"), "{error}");
    let LoadError::DecryptDataKey(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), DataKeyErrorKind::UnknownKey);
    assert_eq!(error.key(), alias);
}
