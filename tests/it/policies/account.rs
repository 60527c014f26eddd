//! A DynamoDB and a KMS that obey the policies of the guide.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use envelope_runtime::{EnvelopeRecord, KmsKeyProvider, Store};
use envelope_tests::{Attempt, Backend, Reaction, unique_table};
use serde_json::Value;

use super::page;
use super::policy::{Decision, Policy, Request};

pub(crate) const KEY: &str =
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const TABLES: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table";

/// The record of the page, with a plaintext attribute.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "patients")]
pub(crate) struct Patient {
    #[partition_key]
    #[envelope(context)]
    pub(crate) tenant: String,
    #[sort_key]
    pub(crate) id: u64,
    pub(crate) ward: String,
    #[encrypted]
    pub(crate) diagnosis: String,
}

pub(crate) fn patient(tenant: &str, id: u64) -> Patient {
    Patient { tenant: tenant.into(), id, ward: "north".into(), diagnosis: "flu".into() }
}

pub(crate) struct Account {
    pub(crate) backend: Backend,
    /// The KMS key, which the page calls [`KEY`].
    pub(crate) key: String,
    pub(crate) alias: String,
    /// The table, which the page calls `prod-patients`.
    pub(crate) table: String,
    key_policy: Arc<RwLock<Policy>>,
}

/// The clients of a program that runs under a role.
pub(crate) struct Role {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    policy: Policy,
    used: Arc<Mutex<BTreeSet<String>>>,
    loses: Arc<AtomicBool>,
}

impl Account {
    /// An account with the page's key policy, and one patient in each of two clinics.
    pub(crate) async fn new() -> Self {
        let (backend, table) = (Backend::in_process().await, unique_table());
        let key = backend.create_kms_key().await;
        let alias = backend.create_alias(&key).await;
        let key_policy = Arc::new(RwLock::new(page::policy("The key policy")));
        let account = Self { backend, key, alias, table, key_policy };
        let store = account.owner();
        store.create_table::<Patient>().await.unwrap();
        store.put(&patient("clinic-7", 1)).await.unwrap();
        store.put(&patient("clinic-8", 1)).await.unwrap();
        account
    }

    /// A store for which no policy is asked.
    pub(crate) fn owner(&self) -> Store {
        let provider = KmsKeyProvider::new(self.backend.kms.clone(), &self.key);
        Store::new(self.backend.dynamodb.clone(), provider).map_table::<Patient>(&self.table)
    }

    /// Changes the key policy.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.key_policy.write().unwrap());
    }

    /// The clients of a role of the page, with the policy under its heading.
    pub(crate) fn role(&self, name: &str, heading: &str) -> Role {
        let policy = page::policy(heading);
        let (used, loses) =
            (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicBool::new(false)));
        let requests = Requests {
            principal: format!("arn:aws:iam::111122223333:role/{name}"),
            key: [self.key.clone(), self.alias.clone()],
            table: self.table.clone(),
        };
        let requests = Arc::new(requests);

        let (of, own, seen, lost) =
            (Arc::clone(&requests), policy.clone(), Arc::clone(&used), Arc::clone(&loses));
        let (dynamodb, _) = self.backend.scripted_dynamodb(move |attempt| {
            for request in of.to_dynamodb(attempt) {
                if own.decide(&request) != Decision::Allowed {
                    return denied();
                }
                seen.lock().unwrap().insert(request.action);
            }
            let is_lost = attempt.operation == "PutItem" && lost.swap(false, Ordering::Relaxed);
            if is_lost { Reaction::Lost } else { Reaction::Pass }
        });

        let (own, seen, of_key) = (policy.clone(), Arc::clone(&used), Arc::clone(&self.key_policy));
        let (kms, _) = self.backend.scripted_kms(move |attempt| {
            let request = requests.to_kms(attempt);
            let decision = of_key.read().unwrap().decide(&request);
            let alike = own.decide(&request) == decision || decision == Decision::Denied;
            assert!(alike, "the role's own policy says something else: {request:?}");
            if decision != Decision::Allowed {
                return denied();
            }
            seen.lock().unwrap().insert(request.action);
            Reaction::Pass
        });
        Role { dynamodb, kms, policy, used, loses }
    }
}

impl Role {
    /// Loses the answer to the next put, though it happens.
    pub(crate) fn lose_an_answer(&self) {
        self.loses.store(true, Ordering::Relaxed);
    }

    /// Asserts that the requests so far were allowed by each action of the role's policy, so that
    /// none is too many. `beside` are actions that this library does not use.
    pub(crate) fn assert_used(&self, beside: &[&str]) {
        let actions = self.policy.statement.iter().flat_map(|statement| &statement.action);
        let granted: BTreeSet<_> = actions.cloned().collect();
        let used = self.used.lock().unwrap().clone().into_iter();
        let used: BTreeSet<_> = used.chain(beside.iter().map(|&action| action.into())).collect();
        assert_eq!(granted, used);
    }
}

fn denied() -> Reaction {
    Reaction::error("AccessDeniedException")
}

/// The meaning of a role's requests, with the names of the page.
struct Requests {
    principal: String,
    key: [String; 2],
    table: String,
}

impl Requests {
    fn to_kms(&self, attempt: &Attempt) -> Request {
        let body: Value = serde_json::from_str(&attempt.body).unwrap();
        let named = body["KeyId"].as_str().unwrap();
        // The key behind an alias is the resource of DescribeKey, and of no other call here.
        let is_key = named == self.key[0] || named == self.key[1];
        let resource = if is_key { KEY } else { named };
        let mut keys = BTreeMap::new();
        for (name, value) in body["EncryptionContext"].as_object().into_iter().flatten() {
            let all = keys.entry("kms:encryptioncontextkeys".to_owned()).or_insert_with(Vec::new);
            all.push(name.clone());
            let value = vec![value.as_str().unwrap().to_owned()];
            keys.insert(format!("kms:encryptioncontext:{}", name.to_lowercase()), value);
        }
        self.request(format!("kms:{}", attempt.operation), resource.into(), keys)
    }

    /// One request for each table.
    fn to_dynamodb(&self, attempt: &Attempt) -> Vec<Request> {
        let body: Value = serde_json::from_str(&attempt.body).unwrap();
        let tables: Vec<(&str, Vec<String>)> = match body["RequestItems"].as_object() {
            Some(tables) => {
                tables.iter().map(|(table, of)| (table.as_str(), leading(of))).collect()
            }
            None => vec![(body["TableName"].as_str().unwrap(), leading(&body))],
        };
        let request = |(table, leading): (&str, Vec<String>)| {
            let table = if table == self.table { "prod-patients" } else { table };
            let keys = [("dynamodb:leadingkeys".to_owned(), leading)].into_iter();
            let keys = keys.filter(|(_, values)| !values.is_empty()).collect();
            let action = format!("dynamodb:{}", attempt.operation);
            self.request(action, format!("{TABLES}/{table}"), keys)
        };
        tables.into_iter().map(request).collect()
    }

    fn request(
        &self,
        action: String,
        resource: String,
        keys: BTreeMap<String, Vec<String>>,
    ) -> Request {
        Request { principal: self.principal.clone(), action, resource, keys }
    }
}

/// The partition keys of a request on patients, wherever it has them.
fn leading(body: &Value) -> Vec<String> {
    match body {
        Value::Object(fields) if fields.contains_key("KeyConditionExpression") => {
            let text = body["KeyConditionExpression"].as_str().unwrap();
            let words: Vec<_> = text.split(' ').collect();
            assert_eq!(body["ExpressionAttributeNames"][words[0]], "tenant", "{text}");
            assert_eq!(words[1], "=", "{text}");
            let value = &body["ExpressionAttributeValues"][words[2]]["S"];
            vec![value.as_str().unwrap().into()]
        }
        Value::Object(fields) => match fields.get("tenant").and_then(|value| value["S"].as_str()) {
            Some(tenant) => vec![tenant.into()],
            None => fields.values().flat_map(leading).collect(),
        },
        Value::Array(values) => values.iter().flat_map(leading).collect(),
        _ => Vec::new(),
    }
}
