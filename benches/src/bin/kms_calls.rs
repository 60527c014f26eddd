//! The calls to KMS, counted: those that the store reports as its usage, and those that leave the
//! SDK's client. The two must agree.

use std::process::ExitCode;

use envelope_benches::records::Eleven;
use envelope_benches::report;
use envelope_runtime::key::{Cache, Full, KeyProvider, Reuse};
use envelope_runtime::{KmsKeyProvider, Store, Usage};
use envelope_tests::{Backend, KmsRequest, KmsRequests};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(count()) {
        Ok([default, reuse, cached]) => {
            report("kms_calls_per_1000_default", default);
            report("kms_calls_per_1000_reuse", reuse);
            report("kms_calls_per_1000_cached", cached);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The calls of 1,000 saves without and with a data key for 1,000 records, and of 1,000 loads of
/// records under ten data keys by a provider that keeps them.
async fn count() -> Result<[f64; 3], String> {
    let [default, _] = verbs("a data key for each record", |kms| kms).await?;
    let reuse = |kms: KmsKeyProvider| kms.reuse(Reuse::records(1_000));
    let [reuse, _] = verbs("a data key for 1,000 records", reuse).await?;
    let both = |kms: KmsKeyProvider| kms.reuse(Reuse::records(100)).cached(Cache::entries(100));
    let [_, cached] = verbs("a data key for 100 records, and kept", both).await?;
    Ok([default, reuse, cached])
}

/// Prints a line for each verb, and returns the calls of 1,000 saves and of 1,000 loads.
async fn verbs<P: KeyProvider<Capability = Full>>(
    policy: &str,
    provider: impl Fn(KmsKeyProvider) -> P,
) -> Result<[f64; 2], String> {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let (kms, requests) = backend.recorded_kms();
    let store = Store::new(backend.dynamodb.clone(), provider(KmsKeyProvider::new(kms, &key)));
    store.create_table::<Eleven>().await.map_err(|error| error.to_string())?;
    let counted = Counted { store, requests };

    println!("calls to KMS per 1,000 operations: {policy}");
    println!(
        "  {:<36} {:>15} {:>8} {:>8} {:>8} {:>8}",
        "", "GenerateDataKey", "Decrypt", "others", "all", "usage"
    );
    let saves = counted
        .times(1_000, "save", async |store, number| {
            let record = Eleven { id: id(number), ..Eleven::example() };
            store.put(&record).await.expect("a save");
        })
        .await?;
    let loads = counted
        .times(1_000, "load", async |store, number| {
            let record = store.get::<Eleven>(id(number)).consistent().await.expect("a load");
            assert!(record.is_some_and(|record| record.ssn == Eleven::example().ssn));
        })
        .await?;
    counted
        .times(100, "update of an encrypted attribute", async |store, number| {
            let update = store.update::<Eleven>(id(number)).seal(|f| f.email, "z@example.com");
            update.await.expect("an update");
        })
        .await?;
    counted
        .times(100, "update of an authenticated attribute", async |store, number| {
            let update = store.update::<Eleven>(id(number)).set(|f| f.role, "doctor");
            update.await.expect("an update");
        })
        .await?;
    counted
        .times(100, "update of a plaintext attribute", async |store, number| {
            let update = store.update::<Eleven>(id(number)).add(|f| f.logins, 1);
            update.await.expect("an update");
        })
        .await?;
    counted
        .times(100, "delete", async |store, number| {
            store.delete::<Eleven>(id(number)).await.expect("a deletion");
        })
        .await?;
    Ok([saves, loads])
}

fn id(number: u32) -> String {
    format!("r-{number}")
}

/// A store, and the requests of its KMS client.
struct Counted {
    store: Store,
    requests: KmsRequests,
}

impl Counted {
    /// Does an operation so many times, and returns all its calls per 1,000 operations.
    async fn times(
        &self,
        operations: u32,
        verb: &str,
        operation: impl AsyncFn(&Store, u32),
    ) -> Result<f64, String> {
        let usage = Usage::default();
        let store = self.store.measured(&usage);
        for number in 0..operations {
            operation(&store, number).await;
        }

        let [mut generate, mut decrypt, mut others] = [0_u32; 3];
        for request in self.requests.take() {
            match request {
                KmsRequest::GenerateDataKey { .. } => generate += 1,
                KmsRequest::Decrypt { .. } => decrypt += 1,
                KmsRequest::Other => others += 1,
            }
        }
        let all = generate + decrypt + others;
        let used = u32::try_from(usage.kms_calls()).unwrap_or(u32::MAX);
        let [generate, decrypt, others, all, used] = [generate, decrypt, others, all, used]
            .map(|calls| f64::from(calls) * 1_000.0 / f64::from(operations));
        println!("  {verb:<36} {generate:>15} {decrypt:>8} {others:>8} {all:>8} {used:>8}");
        if all.total_cmp(&used).is_ne() {
            return Err(format!("{verb}: the usage differs from the requests"));
        }
        Ok(all)
    }
}
