//! Records of many tenants in one index.

use envelope_runtime::{EnvelopeRecord, Keys, QueryError};

use super::{Design, is_text, texts};
use crate::support::string;

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "tickets",
    partition_key = "TENANT#{tenant}",
    sort_key = "TICKET#{number:06}",
    index(by_status(
        name = "GSI1",
        partition_key = "TENANT#{tenant}#{status}",
        sort_key = "{priority:01}#{number:06}"
    )),
    index(by_agent(partition = "agent", sort = "number", project = keys))
)]
struct Ticket {
    #[envelope(context)]
    tenant: String,
    number: u32,
    #[authenticated]
    status: String,
    priority: u8,
    #[authenticated]
    agent: String,
    #[encrypted]
    text: String,
}

fn ticket(tenant: &str, number: u32) -> Ticket {
    Ticket {
        tenant: tenant.into(),
        number,
        status: "open".into(),
        priority: u8::from(number > 1),
        agent: "eve".into(),
        text: format!("{tenant} {number}"),
    }
}

/// The partition says the context.
#[tokio::test]
async fn tickets_of_a_tenant_and_a_status() {
    let design = Design::new::<Ticket>().await;
    let tickets = [("t-1", 2), ("t-2", 1), ("t-1", 1)];
    design.save(tickets.map(|(tenant, number)| ticket(tenant, number))).await;

    let open = design.store.query_index(Ticket::INDEXES.by_status, ("t-1", "open"));
    assert_eq!(open.all().await.unwrap(), [ticket("t-1", 1), ticket("t-1", 2)]);
    let urgent = design.store.query_index(Ticket::INDEXES.by_status, ("t-1", "open"));
    assert_eq!(urgent.sort(|s| s.eq((1,))).all().await.unwrap(), [ticket("t-1", 2)]);
    let condition = [is_text("GSI1PK", "TENANT#t-1#open"), ("GSI1SK", "<", string("1#"))];
    assert_eq!(design.found("GSI1", condition, "GSI1SK").await, ["0#000001"]);
}

/// The partition holds records of several contexts.
#[tokio::test]
async fn tickets_of_an_agent_in_one_scope_or_in_every_context() {
    let design = Design::new::<Ticket>().await;
    let tickets = [("t-1", 3), ("t-2", 2), ("t-1", 1)];
    design.save(tickets.map(|(tenant, number)| ticket(tenant, number))).await;

    let scoped = design.store.scoped([("tenant", "t-1")]);
    let own = || scoped.query_index(Ticket::INDEXES.by_agent, "eve");
    let keys: Vec<_> = own().all().await.unwrap().into_iter().map(Keys::into_key).collect();
    assert_eq!(keys, [("t-1".to_owned(), 1), ("t-1".to_owned(), 3)]);
    assert_eq!(own().load().all().await.unwrap(), [ticket("t-1", 1), ticket("t-1", 3)]);
    assert_eq!(own().count().await.unwrap(), 2);
    assert_eq!(design.usage.skipped_items(), 3);

    let every = || design.store.query_index(Ticket::INDEXES.by_agent, "eve").every_context();
    assert_eq!(every().count().await.unwrap(), 3);
    let all = every().load().all().await.unwrap();
    assert_eq!(all, [ticket("t-1", 1), ticket("t-2", 2), ticket("t-1", 3)]);
    let found = design.found("by_agent", [is_text("agent", "eve")], "PK").await;
    assert_eq!(found, ["TENANT#t-1", "TENANT#t-2", "TENANT#t-1"]);
}

#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(
    table = "contracts",
    index(by_kind(partition = "kind", sort = "signed", unprotected_partition))
)]
struct Contract {
    #[partition_key]
    id: String,
    #[envelope(context)]
    firm: String,
    kind: String,
    signed: String,
    #[encrypted]
    terms: String,
}

/// The context is in no key.
#[tokio::test]
async fn contracts_of_a_kind_in_the_scope_of_a_firm() {
    let design = Design::new::<Contract>().await;
    let contract = |id: &str, firm: &str| Contract {
        id: id.into(),
        firm: firm.into(),
        kind: "lease".into(),
        signed: format!("2026-{id}"),
        terms: format!("terms of {id}"),
    };
    design.save([contract("03", "f-1"), contract("02", "f-2"), contract("01", "f-1")]).await;

    let scoped = design.store.scoped([("firm", "f-1")]);
    let leases = scoped.query_index(Contract::INDEXES.by_kind, "lease").all().await.unwrap();
    assert_eq!(leases, [contract("01", "f-1"), contract("03", "f-1")]);
    let given = design.store.query_index(Contract::INDEXES.by_kind, "lease");
    let given = given.context([("firm", "f-2")]).all().await.unwrap();
    assert_eq!(texts(&given, |contract| contract.id.clone()), ["02"]);
    let unscoped = design.store.query_index(Contract::INDEXES.by_kind, "lease").all().await;
    assert!(matches!(unscoped, Err(QueryError::Context(_))));
    let found = design.found("by_kind", [is_text("kind", "lease")], "firm").await;
    assert_eq!(found, ["f-1", "f-2", "f-1"]);
}
