//! Versions that cannot be incremented.

use envelope_runtime::error::{ConvertErrorKind, OpenErrorKind};
use envelope_runtime::{EnvelopeRecord, UpdateError};

use super::{Document, document};
use crate::support::World;

#[tokio::test]
async fn an_update_does_not_count_beyond_what_the_version_holds() {
    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct Small {
        #[partition_key]
        id: String,
        title: String,
        #[encrypted]
        text: String,
        #[envelope(version)]
        version: u8,
    }
    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct SmallCovered {
        #[partition_key]
        id: String,
        title: String,
        #[encrypted]
        text: String,
        #[authenticated]
        #[envelope(version)]
        version: i8,
    }
    let world = World::new().await;
    let text = String::from("t");
    let small = Small { id: "s-1".into(), title: text.clone(), text: text.clone(), version: 254 };
    let covered = SmallCovered { id: "s-2".into(), title: text.clone(), text, version: 126 };
    let _ = world.store.create(&small).await.unwrap();
    let _ = world.store.create(&covered).await.unwrap();

    let plain = world.store.update::<Small>("s-1").set(|f| f.title, "x").await;
    let sealed = world.store.update::<Small>("s-1").seal(|f| f.text, "x").await;
    let covered = world.store.update::<SmallCovered>("s-2").seal(|f| f.text, "x").await;
    for refused in [plain, sealed, covered] {
        let error = refused.unwrap_err();
        assert!(
            matches!(&error, UpdateError::Field(f) if f.kind() == ConvertErrorKind::Version),
            "{error}"
        );
    }
    assert_eq!(world.store.get::<Small>("s-1").await.unwrap().unwrap().version, 255);
    assert_eq!(world.store.get::<SmallCovered>("s-2").await.unwrap().unwrap().version, 127);
}

/// Written before the version was authenticated. No update makes it look authenticated.
#[tokio::test]
async fn a_version_that_no_tag_covers_is_not_counted_into_one() {
    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct Later {
        #[partition_key]
        id: String,
        #[encrypted]
        text: String,
        #[authenticated]
        #[envelope(version)]
        version: u64,
    }
    #[derive(EnvelopeRecord, Clone)]
    #[envelope(table = "users")]
    struct Window {
        #[partition_key]
        id: String,
        #[encrypted]
        text: String,
        #[authenticated]
        #[envelope(version, since = 2)]
        version: u64,
    }
    let world = World::new().await;
    let plain = Document { version: 4, ..document() };
    let _ = world.store.create(&plain).await.unwrap();

    let error = world.store.update::<Later>("d-1").seal(|f| f.text, "x").await.unwrap_err();
    let UpdateError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(open.kind(), OpenErrorKind::NotAuthenticated);
    world.store.update::<Window>("d-1").seal(|f| f.text, "x").await.unwrap();
    assert_eq!(world.store.get::<Later>("d-1").await.unwrap().unwrap().version, 6);
}
