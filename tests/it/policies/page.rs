//! The policies of the guide, and the rules that each of them follows.

use std::fs;
use std::path::{Path, PathBuf};

use super::policy::{Effect, Operator, Policy, Statement};

/// The actions of the roles, spelt as AWS spells them.
const ACTIONS: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GenerateDataKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
];

/// The calls of KMS that have an encryption context.
const WITH_CONTEXT: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];

/// The policy under a heading of the page about roles.
pub(crate) fn policy(heading: &str) -> Policy {
    policy_of("roles.md", heading)
}

/// The policy under a heading of a page.
pub(crate) fn policy_of(page: &str, heading: &str) -> Policy {
    let blocks = json_blocks(&guide().join(page));
    let mut under = blocks.iter().filter(|(found, _)| found == heading);
    let (_, text) = under.next().unwrap_or_else(|| panic!("no policy under `{heading}`"));
    assert!(under.next().is_none(), "two policies under `{heading}`");
    parse(text)
}

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/src")
}

fn parse(text: &str) -> Policy {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The JSON of a page, each with the heading above it.
fn json_blocks(page: &Path) -> Vec<(String, String)> {
    let (mut blocks, mut heading, mut json) = (Vec::new(), "", None);
    let text = fs::read_to_string(page).unwrap();
    for line in text.lines() {
        match &mut json {
            Some(_) if line == "```" => blocks.extend(json.take()),
            Some((_, text)) => *text += line,
            None if line == "```json" => json = Some((heading.to_owned(), String::new())),
            None => heading = line.strip_prefix("## ").unwrap_or(heading),
        }
    }
    blocks
}

#[test]
fn every_json_of_the_guide_is_a_policy_that_spells_out_what_it_allows() {
    let mut policies = 0;
    let mut pages: Vec<_> =
        fs::read_dir(guide()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"));
    pages.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../SECURITY.md"));
    for (heading, text) in pages.iter().flat_map(|page| json_blocks(page)) {
        let policy = parse(&text);
        assert_eq!(policy.version, "2012-10-17", "{heading}");
        assert!(!policy.statement.is_empty(), "{heading}");
        let is_key_policy = policy.statement[0].principal.is_some();
        for statement in &policy.statement {
            check(statement, is_key_policy);
        }
        policies += 1;
    }
    assert_eq!(policies, 10);
}

fn check(statement: &Statement, is_key_policy: bool) {
    let actions = &statement.action;
    assert!(!actions.is_empty(), "{statement:?}");
    for action in actions {
        assert!(ACTIONS.contains(&action.as_str()), "unknown action {action}");
    }
    let service = actions[0].split(':').next().unwrap();
    assert!(actions.iter().all(|action| action.starts_with(service)), "two services: {actions:?}");

    if is_key_policy {
        assert_eq!((service, statement.resource.as_str()), ("kms", "*"));
        let principals = statement.principal.as_ref().expect("a principal").aws.all();
        for principal in principals {
            // Nobody is allowed what nobody is named for.
            let everyone = principal == "*" && statement.effect == Effect::Deny;
            assert!(everyone || is_arn(principal, "iam", "role/"), "{principal}");
        }
    } else {
        assert!(statement.principal.is_none() && statement.effect == Effect::Allow);
        let kind = if service == "kms" { "key/" } else { "table/" };
        assert!(is_arn(&statement.resource, service, kind), "{}", statement.resource);
    }

    check_conditions(statement);
}

/// A condition on a key that the requests lack never holds, or always does.
fn check_conditions(statement: &Statement) {
    let all = |known: &[&str]| statement.action.iter().all(|action| known.contains(&&**action));
    let mut demanded = Vec::new();
    for (operator, tests) in &statement.condition {
        for (key, values) in tests {
            assert!(!values.all().is_empty());
            if key.starts_with("kms:EncryptionContext:") || key == "kms:EncryptionContextKeys" {
                assert!(all(WITH_CONTEXT), "no context: {statement:?}");
            } else {
                assert_eq!(key, "dynamodb:LeadingKeys");
                assert!(statement.action.iter().all(|action| action.starts_with("dynamodb:")));
            }
            let several = ["kms:EncryptionContextKeys", "dynamodb:LeadingKeys"];
            match operator {
                Operator::StringEquals => assert!(!several.contains(&key.as_str()), "{key}"),
                Operator::ForAllValuesStringEquals => assert!(several.contains(&key.as_str())),
                Operator::Null => assert_eq!(values.all(), ["false"]),
            }
            if *operator != Operator::ForAllValuesStringEquals {
                demanded.push(key.split(':').next());
            }
        }
    }
    // `ForAllValues` is true of a request without the key: something else must demand one.
    for key in statement.condition.get(&Operator::ForAllValuesStringEquals).into_iter().flatten() {
        assert!(demanded.contains(&key.0.split(':').next()), "ForAllValues alone: {statement:?}");
    }
}

/// Returns whether a text is an ARN of the guide's account and Regions, without wildcards.
fn is_arn(text: &str, service: &str, kind: &str) -> bool {
    let regions: &[_] = if service == "iam" { &[""] } else { &["eu-west-1", "us-east-1"] };
    regions.iter().any(|region| {
        let prefix = format!("arn:aws:{service}:{region}:111122223333:{kind}");
        text.strip_prefix(&prefix).is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
    })
}
