//! Ranges of sort keys that have a hash before other parts.

use envelope_runtime::schema::{Sort, SortCondition};
use envelope_runtime::{EnvelopeRecord, QueryError, Readable};

use super::{CANARY, World};

/// A hash before other parts of a sort key.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "app",
    partition_key = "T#{tenant}",
    sort_key = "VISIT#{email_hash}#{number:04}"
)]
struct Visit {
    tenant: String,
    #[encrypted]
    #[envelope(hashed)]
    email: String,
    number: u16,
}

type Key = <Visit as Readable>::Key;
type Condition = fn(Sort<Key>) -> SortCondition<Key>;

#[tokio::test]
async fn t17_a_range_behind_a_hash_is_of_the_hash() {
    let world = World::new().await;
    let store = world.store.clone().map_table::<Visit>(&world.tables[2]);
    let visit = |email: &str, number| Visit { tenant: "t-1".into(), email: email.into(), number };
    for number in [1, 2, 30] {
        store.create(&visit(CANARY, number)).await.unwrap();
        store.create(&visit("adam@example.com", number)).await.unwrap();
    }
    let without = world.without_secret().map_table::<Visit>(&world.tables[2]);
    let conditions: [Condition; 7] = [
        |s| s.eq((CANARY,)),
        |s| s.eq((CANARY, 2)),
        |s| s.ge((CANARY, 2)),
        |s| s.gt((CANARY, 2)),
        |s| s.le((CANARY, 2)),
        |s| s.lt((CANARY, 2)),
        |s| s.between((CANARY, 2), (CANARY, 30)),
    ];
    let expected = [&[1, 2, 30][..], &[2], &[2, 30], &[30], &[1, 2], &[1], &[2, 30]];
    for (condition, expected) in conditions.into_iter().zip(expected) {
        let query = || store.query::<Visit>("t-1").sort(condition);
        assert!(!format!("{:?}", query().into_request().unwrap()).contains("canary"));
        let found = query().all().await.unwrap();
        assert!(found.iter().all(|visit| visit.email == CANARY));
        assert_eq!(found.iter().map(|visit| visit.number).collect::<Vec<_>>(), expected);

        let refused = without.query::<Visit>("t-1").sort(condition).into_request();
        assert!(matches!(refused, Err(QueryError::Key(_))), "a request without a secret");
    }
}
