//! Operations never block the executor.

use std::panic;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider};
use envelope_tests::Backend;

use crate::support::{User, World};

const LOADS: usize = 256;

/// After which nothing is expected any more. It passes no judgement on speed.
const HANGS: Duration = Duration::from_mins(10);

/// KMS answers none of the loads before all have asked, so they end only if none keeps another from
/// asking.
#[test]
fn concurrent_loads_on_one_worker_thread_wait_for_kms_together() {
    let (ends, ended) = channel();
    // A blocked worker thread would hold up the runtime's own timers too.
    let loads = thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(loads_that_wait_together());
        ends.send(()).unwrap();
    });
    let end = ended.recv_timeout(HANGS);
    assert!(
        end != Err(RecvTimeoutError::Timeout),
        "the loads hang: some wait for an answer of KMS and keep others from asking"
    );
    if let Err(failure) = loads.join() {
        panic::resume_unwind(failure);
    }
}

async fn loads_that_wait_together() {
    for by_alias in [false, true] {
        let (backend, faults) = Backend::with_kms_faults().await;
        let world = World::over(backend, &[("id", "S".into())]).await;
        User::new("foobar").save(&world.store).await.unwrap();
        let alias = world.backend.create_alias(&world.key).await;
        let (kms, requests) = world.backend.recorded_kms();
        let key = if by_alias { &alias } else { &world.key };
        let store = world.store_with(KmsKeyProvider::new(kms, key));
        // What an alias leads to is learnt from the first answer, for which the others wait.
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
    }
}
