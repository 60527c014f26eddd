//! The roles of the guide, each under its policies: what it needs is allowed, and nothing else.

mod account;
mod page;
mod policy;

use std::time::Duration;

use envelope_runtime::key::{Cache, KeyProvider, Reuse};
use envelope_runtime::{
    EnvelopeRecord, Error, IndexSecret, Item, KmsKeyProvider, Opener, Sealer, Store,
};
use envelope_tests::Backend;

use self::account::{Account, Patient, Role, patient};
use self::policy::{Decision, Effect, Request};
use crate::support::string;

/// A record of another table under the same key.
#[derive(EnvelopeRecord)]
#[envelope(table = "staff")]
struct Staff {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[encrypted]
    name: String,
}

/// A record of the same table that has no tenant.
#[derive(EnvelopeRecord)]
#[envelope(table = "patients")]
struct Stray {
    #[partition_key]
    tenant: String,
    #[encrypted]
    name: String,
}

/// A record of the same table with one context field more.
#[derive(EnvelopeRecord)]
#[envelope(table = "patients")]
struct Regional {
    #[partition_key]
    #[envelope(context)]
    tenant: String,
    #[envelope(context)]
    region: String,
    #[encrypted]
    name: String,
}

fn reuse() -> Reuse {
    Reuse::records(1_000).for_at_most(Duration::from_mins(5))
}

fn cache() -> Cache {
    Cache::entries(10_000).for_at_most(Duration::from_mins(5))
}

impl Account {
    fn provider(&self, role: &Role) -> KmsKeyProvider {
        KmsKeyProvider::new(role.kms.clone(), &self.key)
    }

    fn store<P: KeyProvider>(&self, role: &Role, provider: P) -> Store<P::Capability> {
        Store::new(role.dynamodb.clone(), provider).map_table::<Patient>(&self.table)
    }

    async fn stored(&self, tenant: &str) -> Item {
        let id = aws_sdk_dynamodb::types::AttributeValue::N("1".into());
        let call = self.backend.dynamodb.get_item().table_name(&self.table);
        let answer = call.key("tenant", string(tenant)).key("id", id).send().await.unwrap();
        Item::try_from(answer.item.unwrap()).unwrap()
    }

    /// The operations on a tenant's records that AWS allows a role, whatever its program does.
    async fn allowed(&self, role: &Role, tenant: &str) -> Vec<&'static str> {
        let (sealer, opener) = (Sealer::new(self.provider(role)), Opener::new(self.provider(role)));
        let opener = opener.scoped([("tenant", tenant)]);
        let store = self.store(role, self.provider(role));
        let (one, two, three) = ((tenant, 1), patient(tenant, 2), patient(tenant, 3));
        let mut allowed = Vec::new();
        macro_rules! tried {
            ($($name:literal: $operation:expr,)+) => {$(
                match $operation.await.map_err(Error::from) {
                    Ok(_) => allowed.push($name),
                    Err(error) => assert!(error.is_access_denied(), "{}: {error}", $name),
                }
            )+};
        }
        tried! {
            "seal": sealer.seal(&two),
            "open": opener.open::<Patient>(self.stored(tenant).await),
            "put": store.put(&two),
            "create": store.create(&three),
            "get": store.get::<Patient>(one),
            "get many": store.batch_get::<Patient>([one]),
            "query": store.query::<Patient>(tenant).all(),
            "scan": store.scan::<Patient>().every_context().page(),
            "set": store.update::<Patient>(one).set(|f| f.ward, "south"),
            "update": store.update::<Patient>(one).seal(|f| f.diagnosis, "cold"),
            "put many": store.bulk_put([patient(tenant, 4)]),
            "delete": store.delete::<Patient>((tenant, 3)),
            "look at the table": store.verify_table::<Patient>(),
        }
        allowed
    }
}

const SERVICE: [&str; 9] =
    ["seal", "open", "put", "create", "get", "query", "set", "update", "delete"];

#[tokio::test]
async fn a_writer_puts_and_creates_records_and_opens_none() {
    let account = Account::new().await;
    let role = account.role("patients-writer", "Writer");
    let store = account.store(&role, account.provider(&role).encrypt_only().reuse(reuse()));

    for id in 10..15 {
        store.put(&patient("clinic-7", id)).await.unwrap();
    }
    // A read shows that the record was created.
    role.lose_an_answer();
    store.create(&patient("clinic-8", 10)).await.unwrap();
    role.assert_used(&[]);

    let loaded = account.owner().get::<Patient>(("clinic-8", 10)).await.unwrap();
    assert_eq!(loaded, Some(patient("clinic-8", 10)));
    assert_eq!(account.allowed(&role, "clinic-7").await, ["seal", "put", "create"]);
}

#[tokio::test]
async fn a_reader_loads_records_and_writes_none() {
    let account = Account::new().await;
    let role = account.role("patients-reader", "Reader");
    let store = account.store(&role, account.provider(&role).decrypt_only().cached(cache()));
    let one = patient("clinic-7", 1);

    assert_eq!(store.get(("clinic-7", 1)).await.unwrap(), Some(one.clone()));
    let found = store.batch_get::<Patient>([("clinic-7", 1), ("clinic-8", 1)]).await.unwrap();
    assert_eq!(found, [Some(one.clone()), Some(patient("clinic-8", 1))]);
    assert_eq!(store.query::<Patient>("clinic-7").all().await.unwrap(), [one]);
    assert_eq!(store.scan::<Patient>().every_context().page().await.unwrap().items.len(), 2);
    role.assert_used(&[]);

    let allowed = ["open", "get", "get many", "query", "scan"];
    assert_eq!(account.allowed(&role, "clinic-7").await, allowed);
}

#[tokio::test]
async fn a_service_does_everything_for_every_tenant_of_its_table() {
    let account = Account::new().await;
    let role = account.role("patients-service", "Service");
    let keys = account.provider(&role).reuse(reuse()).cached(cache());
    let store = account.store(&role, keys);

    for tenant in ["clinic-7", "clinic-8"] {
        store.put(&patient(tenant, 2)).await.unwrap();
        store.update::<Patient>((tenant, 1)).seal(|f| f.diagnosis, "cold").await.unwrap();
        store.update::<Patient>((tenant, 1)).set(|f| f.ward, "south").await.unwrap();
        store.delete::<Patient>((tenant, 2)).await.unwrap();
        let found = store.query::<Patient>(tenant).all().await.unwrap();
        assert_eq!((found.len(), found[0].diagnosis.as_str()), (1, "cold"));
    }
    role.assert_used(&[]);

    assert_eq!(account.allowed(&role, "clinic-8").await, SERVICE);
    // The key is for records of patients that have a tenant.
    let sealer = Sealer::new(account.provider(&role));
    let (tenant, name) = ("clinic-7".to_owned(), "Zoë".to_owned());
    let staff = Staff { tenant: tenant.clone(), name: name.clone() };
    assert!(sealer.seal(&staff).await.unwrap_err().is_access_denied());
    assert!(sealer.seal(&Stray { tenant, name }).await.unwrap_err().is_access_denied());
}

#[tokio::test]
async fn a_service_of_one_tenant_reaches_no_record_of_another() {
    let account = Account::new().await;
    let role = account.role("patients-clinic-7", "Service of one tenant");
    let keys = account.provider(&role).reuse(reuse()).cached(cache());
    let store = account.store(&role, keys).scoped([("tenant", "clinic-7")]);

    store.put(&patient("clinic-7", 2)).await.unwrap();
    store.update::<Patient>(("clinic-7", 1)).seal(|f| f.diagnosis, "cold").await.unwrap();
    store.delete::<Patient>(("clinic-7", 2)).await.unwrap();
    assert_eq!(store.query::<Patient>("clinic-7").all().await.unwrap().len(), 1);
    role.assert_used(&[]);

    assert_eq!(account.allowed(&role, "clinic-7").await, SERVICE);
    assert!(account.allowed(&role, "clinic-8").await.is_empty());
    // Nor does the key have another use.
    let sealer = Sealer::new(account.provider(&role));
    let (tenant, name, region) = ("clinic-7".to_owned(), "Zoë".to_owned(), "north".to_owned());
    let regional = Regional { tenant: tenant.clone(), region, name: name.clone() };
    assert!(sealer.seal(&regional).await.unwrap_err().is_access_denied());
    assert!(sealer.seal(&Staff { tenant, name }).await.unwrap_err().is_access_denied());
}

#[tokio::test]
async fn a_loader_fills_a_table_and_opens_nothing() {
    let account = Account::new().await;
    let role = account.role("patients-loader", "Loader");
    let store = account.store(&role, account.provider(&role).encrypt_only().reuse(reuse()));

    let records: Vec<_> = (10..60).map(|id| patient("clinic-7", id)).collect();
    assert_eq!(store.bulk_put(records).await.unwrap(), 50);
    role.assert_used(&[]);

    let found = account.owner().query::<Patient>("clinic-7").all().await.unwrap();
    assert_eq!(found.len(), 51);
    assert_eq!(account.allowed(&role, "clinic-7").await, ["seal", "put many"]);
}

#[tokio::test]
async fn an_auditor_sees_settings_and_no_data() {
    let account = Account::new().await;
    let role = account.role("patients-auditor", "Auditor");
    let provider = KmsKeyProvider::new(role.kms.clone(), &account.alias).decrypt_only();

    assert_eq!(provider.resolve().await.unwrap(), account.key);
    let store = account.store(&role, provider);
    // An emulator need not know the setting.
    let _ = store.verify_table::<Patient>().point_in_time_recovery().await;
    role.assert_used(&[
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "kms:ListKeyPolicies",
        "kms:ListResourceTags",
    ]);

    assert_eq!(account.allowed(&role, "clinic-7").await, ["look at the table"]);
}

/// A request to the key of the page.
fn asked(role: &str, action: &str) -> Request {
    let principal = format!("arn:aws:iam::111122223333:role/{role}");
    let (action, resource) = (action.into(), account::KEY.into());
    Request { principal, action, resource, keys: [].into() }
}

#[tokio::test]
async fn the_policy_of_an_index_secret_allows_its_decryption_and_nothing_of_records() {
    let policy = page::policy_of("hashed-keys.md", "The secret");
    let backend = Backend::in_process().await;
    let (kms, requests) = backend.recorded_kms();
    let provider = KmsKeyProvider::new(kms, backend.create_kms_key().await);
    let request = |action: &str| {
        let mut request = asked("patients-service", action);
        let sent = requests.take().pop().unwrap();
        for (name, value) in sent.context().unwrap() {
            let name = format!("kms:encryptioncontext:{name}");
            request.keys.insert(name, vec![value.clone()]);
        }
        request
    };

    let text = IndexSecret::generate(&provider, "users-prod").await.unwrap();
    let made = request("kms:GenerateDataKey");
    IndexSecret::unwrap(&provider, &text).await.unwrap();
    let unwrapped = request("kms:Decrypt");
    let text = IndexSecret::generate(&provider, "users-test").await.unwrap();
    IndexSecret::unwrap(&provider, &text).await.unwrap();
    let other = request("kms:Decrypt");
    Sealer::new(provider).seal(&patient("clinic-7", 1)).await.unwrap();
    let record = request("kms:Decrypt");

    assert_eq!(policy.decide(&unwrapped), Decision::Allowed);
    for request in [&made, &other, &record] {
        assert_eq!(policy.decide(request), Decision::NotAllowed, "{request:?}");
    }
    let service = page::policy("Service");
    assert_eq!(service.decide(&unwrapped), Decision::NotAllowed);
    assert_eq!(service.decide(&record), Decision::Allowed);
}

#[tokio::test]
async fn a_key_administrator_manages_the_key_and_cannot_use_it() {
    let account = Account::new().await;
    let role = account.role("key-administrator", "Key administrator");

    assert!(account.allowed(&role, "clinic-7").await.is_empty());

    let (own, of_key) = (page::policy("Key administrator"), page::policy("The key policy"));
    for action in ["kms:PutKeyPolicy", "kms:DisableKey", "kms:RevokeGrant", "kms:DescribeKey"] {
        let request = asked("key-administrator", action);
        assert_eq!(own.decide(&request), Decision::Allowed, "{action}");
        assert_eq!(of_key.decide(&request), Decision::Allowed, "{action}");
        let request = asked("patients-service", action);
        assert_eq!(of_key.decide(&request), Decision::NotAllowed, "{action}");
    }
    let grant = asked("key-administrator", "kms:CreateGrant");
    assert_eq!(own.decide(&grant), Decision::NotAllowed);
    assert_eq!(of_key.decide(&grant), Decision::Denied);
}

#[tokio::test]
async fn a_tenant_that_is_shut_out_stays_readable_only_from_kept_data_keys() {
    let account = Account::new().await;
    let key_policy = page::policy("The key policy");
    let role = account.role("patients-service", "Service");
    let keys = account.provider(&role).reuse(reuse()).cached(cache());
    let store = account.store(&role, keys.clone());
    let (one, other) = (patient("clinic-9", 1), patient("clinic-8", 1));
    let is_shut = |statement: &policy::Statement| statement.sid.as_deref() == Some("ShutOut");
    account.change(|policy| policy.statement.retain(|statement| !is_shut(statement)));
    store.put(&one).await.unwrap();
    assert_eq!(store.get(("clinic-9", 1)).await.unwrap(), Some(one.clone()));

    account.change(|policy| *policy = key_policy.clone());
    // Kept data keys know nothing of it.
    assert_eq!(store.get(("clinic-9", 1)).await.unwrap(), Some(one.clone()));
    store.put(&one).await.unwrap();

    keys.clear();
    assert!(store.get::<Patient>(("clinic-9", 1)).await.unwrap_err().is_access_denied());
    assert!(store.put(&one).await.unwrap_err().is_access_denied());
    assert_eq!(store.get(("clinic-8", 1)).await.unwrap(), Some(other));
    // It shuts out every role, and takes nothing from the others' tenants.
    let denies = key_policy.statement.iter().filter(|statement| is_shut(statement));
    assert!(denies.map(|statement| statement.effect).eq([Effect::Deny]));
    let reader = account.role("patients-reader", "Reader");
    assert!(account.allowed(&reader, "clinic-9").await.is_empty());
}
