//! The size of a value that has none. moto fails with an internal error for it.

use envelope_runtime::{Condition, EnvelopeRecord, Readable};

use crate::support::World;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "users")]
struct Account {
    #[partition_key]
    id: String,
    logins: u64,
    is_new: bool,
    comment: Option<String>,
    #[encrypted]
    ssn: String,
}

type Build = fn(<Account as Readable>::Attributes) -> Condition<Account>;

#[tokio::test]
async fn what_has_no_size_satisfies_no_comparison_of_it() {
    let world = World::new().await;
    let account = Account {
        id: "a-1".into(),
        logins: 42,
        is_new: true,
        comment: None,
        ssn: "078-05-1120".into(),
    };
    account.save(&world.store).await.unwrap();
    let comparisons: [Build; 6] = [
        |f| f.comment.size().ge(0),
        |f| f.comment.size().ne(3),
        |f| f.comment.size().between(0, 9),
        |f| f.logins.size().ge(0),
        |f| f.logins.size().ne(3),
        |f| f.is_new.size().le(9),
    ];

    for (number, comparison) in comparisons.into_iter().enumerate() {
        let error = world.store.put(&account).condition(comparison).await.unwrap_err();
        assert!(error.is_conflict(), "{number}: {error}");
        world.store.put(&account).condition(|f| !comparison(f)).await.unwrap();
    }
}
