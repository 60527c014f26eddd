//! The example `migrate` seals its users, and says in a dry run that it would.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_migrate")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, text)
}

#[test]
fn it_seals_a_thousand_users() {
    let (output, text) = run(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("1000 users, 1000 sealed by this run.\n0 remain"), "{text}");
    assert!(text.contains("ssn: 1000 sealed, 0 not sealed, 0 absent"), "{text}");
}

#[test]
fn a_dry_run_seals_nobody_and_fails() {
    let (output, text) = run(&["--dry-run"]);
    assert!(!output.status.success());
    assert!(text.starts_with("1000 users, 0 sealed by this run.\n1000 remain"), "{text}");
    assert!(text.contains("ssn: 0 sealed, 1000 not sealed, 0 absent"), "{text}");
}
