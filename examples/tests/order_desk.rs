//! The example `order_desk` prints what the guide says.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::process::Command;

#[test]
fn it_prints_what_the_guide_says() {
    let guide = include_str!("../../docs/guide/src/order-desk.md");
    let said = guide.split("```text\n").nth(1).unwrap().split("```").next().unwrap();

    let output = Command::new(env!("CARGO_BIN_EXE_order_desk")).output().unwrap();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), said);
}
