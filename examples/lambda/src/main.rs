//! The process that Lambda starts.

use std::process::ExitCode;
use std::time::SystemTime;

use envelope_lambda_example::{Settings, app};
use lambda_runtime::{Error, LambdaEvent, service_fn};

// Lambda gives a process one invocation at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the function cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let app = &app(aws_config::load_from_env().await, &settings, SystemTime::now);
    let handler = |event: LambdaEvent<_>| async move { app.invoke(event.payload).await };
    lambda_runtime::run(service_fn(handler)).await
}
