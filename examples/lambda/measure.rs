//! Measures cold starts: `measure PROGRAM [STARTS]`. The script `measure` builds what it needs.
//!
//! Each start is a new process with one invocation, a save, against a runtime API and emulators of
//! DynamoDB and KMS on the loopback address, in this process.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::ScalarAttributeType;
use envelope_tests::{Backend, KmsServer, LambdaRuntime, Outcome};

/// What one start took.
struct Start {
    /// Until the process asks for its first event.
    init: Duration,
    /// From there until its answer.
    first: Duration,
    /// The most memory that was resident, in MiB.
    memory: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("measure PROGRAM [STARTS]")?;
    let starts = arguments.next().map_or(Ok(100), |starts| starts.parse::<usize>())?;

    let (backend, faults) = Backend::with_kms_faults().await;
    let kms = KmsServer::start(faults).await;
    let table = backend.create_table(&[("id", ScalarAttributeType::S)]).await;
    let key = backend.create_kms_key().await;
    let mut measured = Vec::new();
    for _ in 0..starts {
        measured.push(start(&program, &backend, &kms, &table, &key).await?);
    }

    println!("{starts} starts | median | p90 | max");
    print("init, ms", measured.iter().map(|start| milliseconds(start.init)));
    print("first invocation, ms", measured.iter().map(|start| milliseconds(start.first)));
    print("both, ms", measured.iter().map(|start| milliseconds(start.init + start.first)));
    print("most resident memory, MiB", measured.iter().map(|start| start.memory));
    println!("binary, bytes | {}", fs::metadata(program)?.len());
    Ok(())
}

async fn start(
    program: &str,
    backend: &Backend,
    kms: &KmsServer,
    table: &str,
    key: &str,
) -> Result<Start, Box<dyn Error>> {
    let event = serde_json::from_str(include_str!("events/save.json"))?;
    let runtime = LambdaRuntime::start().await;
    let mut process = runtime.process(program, backend.dynamodb_url(), kms.url());
    process.envs([("TABLE_NAME", table), ("KMS_KEY_ID", key)]);

    let begin = Instant::now();
    let mut process = process.spawn()?;
    runtime.asked(1).await;
    let init = begin.elapsed();
    let given = Instant::now();
    runtime.give(event);
    let outcome = runtime.outcome().await;
    let first = given.elapsed();

    let status = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    process.kill()?;
    process.wait()?;
    if !matches!(outcome, Outcome::Answered(answer) if answer["statusCode"] == 204) {
        return Err("the function did not save".into());
    }
    let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let memory = memory.and_then(|rest| rest.split_whitespace().next()).ok_or("no VmHWM")?;
    Ok(Start { init, first, memory: memory.parse::<f64>()? / 1024.0 })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn print(name: &str, values: impl Iterator<Item = f64>) {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = |tenth: usize| values.get(last * tenth / 10).copied().unwrap_or_default();
    println!("{name} | {:.1} | {:.1} | {:.1}", at(5), at(9), at(10));
}
