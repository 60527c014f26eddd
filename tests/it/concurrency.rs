//! Operations never block the executor.

use std::time::{Duration, Instant};

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider};
use envelope_tests::Backend;

use crate::support::{User, World};

#[test]
fn concurrent_loads_on_one_worker_thread_finish_while_kms_is_slow() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        for by_alias in [false, true] {
            let (backend, faults) = Backend::with_kms_faults().await;
            let world = World::over(backend, &[("id", "S".into())]).await;
            User::new("foobar").save(&world.store).await.unwrap();
            let alias = world.backend.create_alias(&world.key).await;
            let (kms, requests) = world.backend.recorded_kms();
            let key = if by_alias { &alias } else { &world.key };
            let store = world.store_with(KmsKeyProvider::new(kms, key));
            faults.delay(Duration::from_millis(50));

            let start = Instant::now();
            let loads: Vec<_> = (0..256)
                .map(|_| {
                    let load = User::load(&store, "foobar");
                    tokio::spawn(async move { load.await })
                })
                .collect();
            for load in loads {
                assert!(load.await.unwrap().unwrap().is_some());
            }

            let elapsed = start.elapsed();
            assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
            assert_eq!(requests.take().len(), 256);
        }
    });
}
