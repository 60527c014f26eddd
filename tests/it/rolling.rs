//! Rolling deployments: binaries that differ in one field read each other's items, or say why not.

use envelope_runtime::error::OpenErrorKind;
use envelope_runtime::{EnvelopeRecord, LoadError};

use crate::support::{World, string};

/// One version of the struct, in a separate module.
macro_rules! version {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty,)* }) => {
        #[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
        #[envelope(table = "users")]
        struct $name {
            #[partition_key]
            id: String,
            #[encrypted]
            ssn: String,
            $($(#[$attribute])* $field: $ty,)*
        }
    };
}

version!(Base {});
version!(WithSealed { #[encrypted] email: Option<String>, });
version!(WithRequiredSealed {
    #[encrypted]
    email: String,
});
version!(WithDefaultedSealed {
    #[encrypted]
    #[envelope(default)]
    email: String,
});
version!(WithPlain { email: Option<String>, });
version!(WithAuthenticated { #[authenticated] email: Option<String>, });
version!(WithWindow { #[authenticated] #[envelope(since = 2)] email: Option<String>, });

version!(Renamed { #[encrypted] #[serde(alias = "email")] mail: Option<String>, });
version!(RenamedAuthenticated {
    #[authenticated] #[envelope(alias = "email", since = 2)] mail: Option<String>,
});

fn base() -> Base {
    Base { id: "foobar".into(), ssn: "078-05-1120".into() }
}

fn email() -> String {
    "zoe@example.com".into()
}

#[track_caller]
fn assert_refused<R: std::fmt::Debug>(loaded: Result<R, LoadError>, kind: OpenErrorKind) {
    match loaded {
        Err(LoadError::Open(error)) => {
            assert_eq!((error.kind(), error.attribute()), (kind, Some("email")), "{error}");
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_binary_with_one_more_sealed_field_reads_older_items() {
    let world = World::new().await;
    base().save(&world.store).await.unwrap();

    let optional = WithSealed::load(&world.store, "foobar").await.unwrap().unwrap();
    let defaulted = WithDefaultedSealed::load(&world.store, "foobar").await.unwrap().unwrap();
    let required = WithRequiredSealed::load(&world.store, "foobar").await.unwrap_err();

    assert_eq!(optional.email, None);
    assert_eq!(defaulted.email, "");
    assert_eq!(
        required.to_string(),
        "cannot load record of table `users`, key `id`, attribute `email`: it is required and absent; \
         make it an Option or give it a default"
    );
}

#[tokio::test]
async fn a_binary_without_the_sealed_field_reads_newer_items() {
    let world = World::new().await;
    let new = WithSealed { id: "foobar".into(), ssn: "078-05-1120".into(), email: Some(email()) };
    new.save(&world.store).await.unwrap();

    let loaded = world.store.get::<Base>("foobar").with_envelope().await.unwrap().unwrap();

    assert_eq!(*loaded, base());
    assert_eq!(loaded.envelope().unwrap().sealed().collect::<Vec<_>>(), ["email", "ssn"]);
    // A newer binary still reads the values that the older one left alone.
    assert_eq!(WithSealed::load(&world.store, "foobar").await.unwrap(), Some(new));
}

#[tokio::test]
async fn a_newly_sealed_field_that_is_still_in_plaintext_is_refused() {
    let world = World::new().await;
    let old = WithPlain { id: "foobar".into(), ssn: "s".into(), email: Some(email()) };
    old.save(&world.store).await.unwrap();

    let loaded = WithSealed::load(&world.store, "foobar").await;

    assert_refused(loaded, OpenErrorKind::NotSealed);
}

#[tokio::test]
async fn a_sealed_field_never_reaches_a_binary_that_takes_it_for_plaintext() {
    let world = World::new().await;
    let new = WithSealed { id: "foobar".into(), ssn: "s".into(), email: Some(email()) };
    new.save(&world.store).await.unwrap();

    assert_refused(WithPlain::load(&world.store, "foobar").await, OpenErrorKind::Sealed);
    assert_refused(WithAuthenticated::load(&world.store, "foobar").await, OpenErrorKind::Sealed);
}

#[tokio::test]
async fn a_newly_authenticated_field_needs_its_window_open() {
    let world = World::new().await;
    for email in [Some(email()), None] {
        let old = WithPlain { id: "foobar".into(), ssn: "s".into(), email: email.clone() };
        old.save(&world.store).await.unwrap();

        let closed = WithAuthenticated::load(&world.store, "foobar").await;
        let open = WithWindow::load(&world.store, "foobar").await.unwrap().unwrap();

        assert_refused(closed, OpenErrorKind::NotAuthenticated);
        assert_eq!(open.email, email);
    }
}

#[tokio::test]
async fn an_open_window_does_not_excuse_items_that_were_authenticated() {
    let world = World::new().await;
    let new = WithWindow { id: "foobar".into(), ssn: "s".into(), email: Some(email()) };
    new.save(&world.store).await.unwrap();
    let mut item = world.stored("foobar").await;

    item.insert("email".into(), string("other@example.com"));
    world.write(item).await;

    assert!(WithWindow::load(&world.store, "foobar").await.unwrap_err().is_tampered());
}

#[tokio::test]
async fn a_binary_without_the_authenticated_field_reads_newer_items_and_still_checks_it() {
    let world = World::new().await;
    let new = WithAuthenticated { id: "foobar".into(), ssn: "s".into(), email: Some(email()) };
    new.save(&world.store).await.unwrap();

    let base = Base::load(&world.store, "foobar").await.unwrap().unwrap();
    let plain = WithPlain::load(&world.store, "foobar").await.unwrap().unwrap();
    assert_eq!(base.ssn, "s");
    assert_eq!(plain.email, Some(email()));

    let mut item = world.stored("foobar").await;
    item.insert("email".into(), string("other@example.com"));
    world.write(item).await;
    assert!(Base::load(&world.store, "foobar").await.unwrap_err().is_tampered());
    assert!(WithPlain::load(&world.store, "foobar").await.unwrap_err().is_tampered());
}

#[tokio::test]
async fn t02_a_renamed_attribute_is_read_under_its_old_name_and_written_under_the_new_one() {
    let world = World::new().await;
    for email in [Some(email()), None] {
        let old = WithSealed { id: "foobar".into(), ssn: "s".into(), email: email.clone() };
        old.save(&world.store).await.unwrap();
        let renamed = Renamed::load(&world.store, "foobar").await.unwrap().unwrap();
        assert_eq!(renamed.mail, email);

        renamed.save(&world.store).await.unwrap();
        assert!(!world.stored("foobar").await.contains_key("email"));
        assert_eq!(Renamed::load(&world.store, "foobar").await.unwrap(), Some(renamed));

        let old = WithAuthenticated { id: "foobar".into(), ssn: "s".into(), email: email.clone() };
        old.save(&world.store).await.unwrap();
        let renamed = RenamedAuthenticated::load(&world.store, "foobar").await.unwrap().unwrap();
        assert_eq!(renamed.mail, email);
    }
}

#[tokio::test]
async fn a_value_planted_under_an_old_name_is_refused() {
    let world = World::new().await;
    for mail in [Some(email()), None] {
        let sealed = Renamed { id: "foobar".into(), ssn: "s".into(), mail: mail.clone() };
        sealed.save(&world.store).await.unwrap();
        let mut item = world.stored("foobar").await;
        item.insert("email".into(), string("planted@example.com"));
        world.write(item).await;
        let error = Renamed::load(&world.store, "foobar").await.unwrap_err();
        assert!(matches!(error, LoadError::Open(_)), "{error}");

        // Even while the window for unauthenticated items is open.
        let open = RenamedAuthenticated { id: "foobar".into(), ssn: "s".into(), mail };
        open.save(&world.store).await.unwrap();
        let mut item = world.stored("foobar").await;
        item.insert("email".into(), string("planted@example.com"));
        world.write(item).await;
        match RenamedAuthenticated::load(&world.store, "foobar").await {
            Err(LoadError::Open(error)) => assert_eq!(error.kind(), OpenErrorKind::Tampered),
            other => panic!("not refused: {other:?}"),
        }
    }
}
