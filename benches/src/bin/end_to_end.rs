//! Tasks that save and load while KMS takes its time: throughput, latencies, and the calls to KMS
//! in flight. A task that waits for KMS holds no worker.
//!
//! The emulators work on the same threads as the tasks and without sockets, so the throughput is
//! bounded by their CPU time, and the latencies of many tasks are waits for a worker.

use std::time::{Duration, Instant};

use envelope_benches::delayed::delayed;
use envelope_benches::records::Eleven;
use envelope_benches::report;
use envelope_runtime::{KmsKeyProvider, Store};
use envelope_tests::{Backend, Turns};
use tokio::runtime::Builder;

const KMS_DELAY: Duration = Duration::from_millis(10);
/// Numbers of tasks, and how often each of them saves and loads.
const TASKS: [(u32, u32); 4] = [(1, 100), (10, 50), (100, 20), (1_000, 5)];

fn main() {
    println!("KMS answers after {} ms; latencies in ms", KMS_DELAY.as_millis());
    println!(
        "  {:>7} {:>6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "workers", "tasks", "ops/s", "save p50", "save p99", "load p50", "load p99", "most in KMS"
    );
    let [one_worker, _] = [1, 2].map(|workers| {
        TASKS.map(|(tasks, rounds)| {
            let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
            let runtime = runtime.expect("a runtime");
            // On a worker, since the thread of `block_on` would be one more.
            let run = runtime.spawn(run(tasks, rounds));
            let run = runtime.block_on(run).expect("no panic");
            println!("  {workers:>7} {tasks:>6} {run}");
            run.throughput()
        })
    });
    let [one_task, .., many_tasks] = one_worker;
    report("end_to_end_1000_tasks_1_worker_vs_1_task", many_tasks / one_task);
}

/// Starts the tasks together and waits for all of them.
async fn run(tasks: u32, rounds: u32) -> Run {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let (kms, in_flight) = delayed(&backend.kms, KMS_DELAY);
    let store = Store::new(Turns::new().onlooker(), KmsKeyProvider::new(kms, key));
    let store = store.map_table::<Eleven>("table");

    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|number| tokio::spawn(save_and_load(store.clone(), number, rounds)))
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.expect("no panic"));
    }
    let wall = start.elapsed();

    let (saves, loads) = latencies.into_iter().unzip();
    Run { wall, saves: Sorted::new(saves), loads: Sorted::new(loads), in_flight: in_flight.most() }
}

/// The latencies of each save and load.
async fn save_and_load(store: Store, number: u32, rounds: u32) -> Vec<(Duration, Duration)> {
    let record = Eleven { id: format!("r-{number}"), ..Eleven::example() };
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        store.put(&record).await.expect("a save");
        let saved = Instant::now();
        let loaded = store.get::<Eleven>(&record.id).consistent().await.expect("a load");
        latencies.push((saved.duration_since(start), saved.elapsed()));
        assert!(loaded.is_some_and(|loaded| loaded.ssn == record.ssn));
    }
    latencies
}

struct Run {
    wall: Duration,
    saves: Sorted,
    loads: Sorted,
    in_flight: usize,
}

impl Run {
    /// Operations per second.
    fn throughput(&self) -> f64 {
        let operations = self.saves.0.len() + self.loads.0.len();
        u32::try_from(operations).map_or(f64::NAN, f64::from) / self.wall.as_secs_f64()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>10.0}", self.throughput())?;
        for sorted in [&self.saves, &self.loads] {
            write!(f, " {:>9.1} {:>9.1}", sorted.percentile(50), sorted.percentile(99))?;
        }
        write!(f, " {:>11}", self.in_flight)
    }
}

/// Latencies in ascending order.
struct Sorted(Vec<Duration>);

impl Sorted {
    fn new(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self(latencies)
    }

    /// In milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
    }
}
