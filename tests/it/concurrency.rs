//! Operations never block the executor.

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::{Backend, Turns};

use crate::support::User;

const LOADS: usize = 256;

/// With one thread and no sockets, each load is ready until it waits for KMS. All of them wait at
/// the same time only if none holds the thread, or a lock, while it waits.
#[tokio::test]
async fn concurrent_loads_on_one_thread_wait_for_kms_together() {
    for by_alias in [false, true] {
        let (backend, faults) = Backend::with_kms_faults().await;
        let dynamodb = Turns::new().onlooker();
        let key = backend.create_kms_key().await;
        let store = |kms, key| {
            let provider = KmsKeyProvider::new(kms, key);
            Store::new(dynamodb.clone(), provider).map_table::<User>("table")
        };
        User::new("foobar").save(&store(backend.kms.clone(), &key)).await.unwrap();
        let alias = backend.create_alias(&key).await;
        let (kms, requests) = backend.recorded_kms();
        let store = store(kms, if by_alias { &alias } else { &key });
        // The first answer names the key behind an alias; the other loads wait for it.
        let first = usize::from(by_alias);
        faults.answer_together(first, LOADS - first);

        let loads: Vec<_> = (0..LOADS)
            .map(|_| {
                let load = User::load(&store, "foobar");
                tokio::spawn(async move { load.await })
            })
            .collect();
        for load in loads {
            assert!(load.await.unwrap().unwrap().is_some());
        }

        assert_eq!(requests.take().len(), LOADS);
        assert_eq!(faults.most_together(), LOADS - first, "by alias: {by_alias}");
    }
}
