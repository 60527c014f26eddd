//! Fields stored through the functions of a `with` module.

use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use envelope_runtime::EnvelopeRecord;

use crate::support::World;

#[tokio::test]
async fn our_with_goes_before_serdes() {
    mod plus_one {
        use serde::{Deserialize, Deserializer, Serializer};

        #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde requires it")]
        pub(super) fn serialize<S: Serializer>(n: &u8, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_u8(n + 1)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
            Ok(u8::deserialize(from)? - 1)
        }
    }
    #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "gallery")]
    struct Counted {
        #[partition_key]
        id: String,
        #[authenticated]
        #[envelope(with = plus_one)]
        #[serde(with = "no::such::module")]
        count: u8,
    }
    let world = World::new().await;
    let counted = Counted { id: "c".into(), count: 1 };

    counted.save(&world.store).await.unwrap();

    assert_eq!(world.stored("c").await["count"], Sdk::N("2".into()));
    assert_eq!(Counted::load(&world.store, "c").await.unwrap(), Some(counted));
}

/// Through a module and a type with other names, which the derive does not recognise.
#[tokio::test]
async fn a_secret_in_a_plaintext_field_is_refused_before_any_request() {
    use envelope_runtime::error::ConvertErrorKind;
    use envelope_runtime::{SaveError, secret as hidden};

    type Password = secrecy::SecretString;
    #[derive(EnvelopeRecord)]
    #[envelope(table = "gallery", plaintext_only)]
    struct Careless {
        #[partition_key]
        id: String,
        #[envelope(with = hidden)]
        password: Option<Password>,
        #[envelope(with = hidden)]
        pin: Option<Password>,
    }
    let world = World::new().await;
    for (password, pin) in [(Some("hunter2".into()), None), (None, Some("hunter2".into()))] {
        let careless = Careless { id: "c".into(), password, pin };
        let error = careless.save(&world.store).await.unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let SaveError::Field(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ConvertErrorKind::PlaintextSecret);
    }
}
