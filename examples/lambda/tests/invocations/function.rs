//! The function's own binary, between a runtime API and the emulators of DynamoDB and KMS.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use envelope_tests::{
    Backend, FaultyProxy, KmsFaults, KmsServer, LambdaRuntime, Outcome, Secrets, Wire,
};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

pub const SENSITIVE: &str = "swordfish-4711-in-the-safe";

/// What an event file says.
pub fn event(file: &str) -> Value {
    let path = format!("{}/events/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// One environment of Lambda: a process, and what surrounds it.
pub struct Function {
    pub backend: Backend,
    pub faults: Arc<KmsFaults>,
    pub kms: KmsServer,
    pub runtime: LambdaRuntime,
    pub to_dynamodb: Wire,
    pub to_kms: Wire,
    pub table: String,
    child: Child,
}

impl Function {
    pub async fn start() -> Self {
        Self::start_with(|process| process).await
    }

    /// With a change to its process.
    pub async fn start_with(change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let (backend, faults) = Backend::with_kms_faults().await;
        let to_dynamodb = Wire::start(backend.dynamodb_url()).await;
        Self::behind(backend, faults, to_dynamodb, change).await
    }

    /// With a DynamoDB that fails by a script, and without the SDK's retries.
    pub async fn with_faulty_dynamodb() -> (Self, FaultyProxy) {
        let (backend, faults) = Backend::with_kms_faults().await;
        let proxy = backend.faulty_proxy().await;
        let to_dynamodb = Wire::start(proxy.url()).await;
        let function = Self::behind(backend, faults, to_dynamodb, once).await;
        (function, proxy)
    }

    async fn behind(
        backend: Backend,
        faults: Arc<KmsFaults>,
        to_dynamodb: Wire,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let kms = KmsServer::start(Arc::clone(&faults)).await;
        let to_kms = Wire::start(kms.url()).await;
        let runtime = LambdaRuntime::start().await;
        let table = backend.create_table(&[("id", ScalarAttributeType::S)]).await;
        let program = env!("CARGO_BIN_EXE_bootstrap");
        let process = runtime.process(program, to_dynamodb.url(), to_kms.url());
        let mut process = Command::from(process);
        process.env("TABLE_NAME", &table).env("KMS_KEY_ID", backend.create_kms_key().await);
        let child = change(&mut process).kill_on_drop(true).spawn().unwrap();
        Self { backend, faults, kms, runtime, to_dynamodb, to_kms, table, child }
    }

    /// One invocation.
    pub async fn invoke(&mut self, event: Value) -> Outcome {
        self.runtime.give(event);
        self.outcome().await
    }

    pub async fn outcome(&mut self) -> Outcome {
        tokio::select! {
            outcome = self.runtime.outcome() => outcome,
            status = self.child.wait() => panic!("the process has ended: {status:?}"),
        }
    }

    /// The answer to a request.
    pub async fn request(&mut self, event: Value) -> Answer {
        match self.invoke(event).await {
            Outcome::Answered(answer) => Answer(answer),
            other => panic!("{other:?}"),
        }
    }

    /// Freezes the process, as Lambda does between invocations, or thaws it.
    pub async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    /// The operations of KMS since the last time.
    pub fn kms_calls(&self) -> Vec<String> {
        self.kms.take().into_iter().map(|call| call.operation).collect()
    }

    pub async fn stored(&self) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self.backend.dynamodb.scan().table_name(&self.table).consistent_read(true);
        scan.send().await.unwrap().items.unwrap()
    }

    /// Ends the process and returns its log, in which nothing encrypted may be.
    pub async fn log(mut self) -> String {
        self.child.start_kill().unwrap();
        self.end().await.1
    }

    /// The status and the log of a process that ends before it asks for an event.
    pub async fn fail_to_start(&mut self) -> (ExitStatus, String) {
        tokio::select! {
            _ = self.child.wait() => {}
            () = self.runtime.asked(1) => panic!("the process has started"),
        }
        self.end().await
    }

    async fn end(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().await.unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        assert_eq!(secrets().find(log.as_bytes()), [""; 0], "{log}");
        (status, log)
    }
}

/// The SDK makes one attempt, so that nothing waits.
pub fn once(process: &mut Command) -> &mut Command {
    process.env("AWS_MAX_ATTEMPTS", "1")
}

pub fn secrets() -> Secrets {
    Secrets::default().with(SENSITIVE, SENSITIVE.as_bytes())
}

/// An answer of the function, as API Gateway takes it.
#[derive(Debug)]
pub struct Answer(Value);

impl Answer {
    pub fn status(&self) -> u64 {
        self.0["statusCode"].as_u64().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"][name].as_str()
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.0["isBase64Encoded"], false);
        serde_json::from_str(self.0["body"].as_str().unwrap()).unwrap()
    }

    #[track_caller]
    pub fn assert_refused(&self, status: u64, text: &str) {
        assert_eq!((self.status(), self.json()), (status, serde_json::json!({ "error": text })));
    }
}
