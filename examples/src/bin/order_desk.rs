//! A small order desk, on emulators in this process: customers, orders and their lines in one table
//! with an index, a bulk load with a progress bar, a listing in pages, a transaction that takes an
//! order, and a sealed update that ships it.

use std::error::Error;

use envelope_runtime::error::PositionedError;
use envelope_runtime::{
    CursorKey, Cursors, EnvelopeProjection, EnvelopeRecord, KmsKeyProvider, Store,
    TransactionError, Usage,
};
use envelope_tests::Backend;
use indicatif::ProgressBar;

#[derive(EnvelopeRecord, Clone)]
#[envelope(table = "desk", partition_key = "CUSTOMER#{id}", sort_key = "PROFILE")]
struct Customer {
    id: String,
    orders: u64,
    #[encrypted]
    name: String,
    #[encrypted]
    email: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(
    table = "desk",
    partition_key = "CUSTOMER#{customer}",
    sort_key = "ORDER#{number:06}",
    index(by_status(
        name = "GSI1",
        partition_key = "STATUS#{status}",
        sort_key = "{number:06}",
        unprotected_partition
    ))
)]
struct Order {
    customer: String,
    number: u64,
    status: String,
    total: u64,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord, Clone)]
#[envelope(
    table = "desk",
    partition_key = "CUSTOMER#{customer}",
    sort_key = "LINE#{order:06}#{sku}"
)]
struct Line {
    customer: String,
    order: u64,
    sku: String,
    quantity: u64,
    #[encrypted]
    engraving: Option<String>,
}

/// A line of the listing. It needs no call to KMS.
#[derive(EnvelopeProjection)]
#[envelope(of = Order, plaintext_only)]
struct OrderCard {
    customer: String,
    number: u64,
}

const CUSTOMERS: u64 = 10;
const ORDERS: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let store = Store::new(backend.dynamodb, KmsKeyProvider::new(backend.kms, key));
    store.create_table::<Order>().shared_with::<Customer>().shared_with::<Line>().await?;

    load(&store).await?;
    list(&store).await?;
    order(&store).await?;
    ship(&store).await?;
    look(&store).await?;
    close(&store).await
}

/// Loads what an older system left: ten customers in one batch, and a thousand orders as they come.
async fn load(store: &Store) -> Result<(), Box<dyn Error>> {
    let customers: Vec<_> = (0..CUSTOMERS).map(customer).collect();
    store.batch_write().put_all(&customers).await?;

    let usage = Usage::default();
    let bar = ProgressBar::new(ORDERS);
    let progress = bar.clone();
    let orders = (0..ORDERS).map(|number| Order {
        customer: format!("c-{}", number % CUSTOMERS),
        number,
        status: if number % 101 == 0 { "open" } else { "shipped" }.into(),
        total: 10 + number,
        address: format!("{number} Main St"),
    });
    let load = store.measured(&usage).bulk_put(orders);
    let written = load.on_progress(move |written| progress.set_position(written)).await?;
    bar.finish();
    println!("Loaded {written} orders with {} calls to KMS.", usage.kms_calls());
    Ok(())
}

fn customer(number: u64) -> Customer {
    Customer {
        id: format!("c-{number}"),
        orders: ORDERS / CUSTOMERS,
        name: format!("Customer {number}"),
        email: format!("c-{number}@example.com"),
    }
}

/// The open orders of all customers, four a page. The text of a cursor may go to a browser and come
/// back.
async fn list(store: &Store) -> Result<(), Box<dyn Error>> {
    let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"; // your own
    let cursors = Cursors::new(CursorKey::from_hex(secret)?).bound_to("clerk-7");
    let mut text = None;
    loop {
        let after = text.map(|text: String| cursors.open(text));
        let open = store.query_index(Order::INDEXES.by_status, "open").project::<OrderCard>();
        let page = open.after(after).take(4).page().await?;
        let cards = page.items.iter();
        let cards = cards.map(|card| format!("{} of {}", card.number, card.customer));
        println!("Open: {}", cards.collect::<Vec<_>>().join(", "));
        text = page.next.map(|cursor| cursors.seal(&cursor)).transpose()?;
        if text.is_none() {
            return Ok(());
        }
    }
}

/// An order, its lines and the customer's count: all of it or nothing.
async fn order(store: &Store) -> Result<(), Box<dyn Error>> {
    let order = Order {
        customer: "c-3".into(),
        number: ORDERS,
        status: "open".into(),
        total: 42,
        address: "3 Elm St".into(),
    };
    let line = |sku: &str, engraving: Option<&str>| Line {
        customer: order.customer.clone(),
        order: order.number,
        sku: sku.into(),
        quantity: 1,
        engraving: engraving.map(str::to_owned),
    };
    let order_with = |lines: [Line; 2]| {
        let all = store.transaction().create(&order).create_all(&lines);
        all.update::<Customer>("c-3", |u| u.add(|f| f.orders, 1))
    };
    order_with([line("ring", Some("forever")), line("box", None)]).await?;
    println!("Ordered: {} for {}", order.number, order.customer);

    // A second click.
    match order_with([line("ring", Some("forever")), line("box", None)]).await {
        Err(TransactionError::Cancelled(error)) => {
            let positions: Vec<_> = error.actions().map(PositionedError::position).collect();
            println!("Refused, and nothing was written: actions {positions:?} exist already");
            Ok(())
        }
        other => Err(format!("not refused: {other:?}").into()),
    }
}

/// Ships the order to another address. The index's key moves with the status, and the new address
/// is sealed, in one write.
async fn ship(store: &Store) -> Result<(), Box<dyn Error>> {
    let usage = Usage::default();
    let order = store.measured(&usage).update::<Order>(("c-3", ORDERS));
    let order = order.set(|f| f.status, "shipped").seal(|f| f.address, "4 Oak St");
    let order = order.condition(|f| f.status.eq("open")).return_new().await?;
    println!(
        "Shipped to {} with {} requests to DynamoDB and {} calls to KMS",
        order.address,
        usage.requests(),
        usage.kms_calls()
    );
    Ok(())
}

/// What a screen shows of the order: the order and its customer as of one moment, and its lines.
async fn look(store: &Store) -> Result<(), Box<dyn Error>> {
    let (order, customer) =
        store.read_transaction().get::<Order>(("c-3", ORDERS)).get::<Customer>("c-3").await?;
    let lines: Vec<Line> = store.query("c-3").sort(|s| s.eq((ORDERS,))).all().await?;
    let (Some(order), Some(customer)) = (order, customer) else { return Err("gone".into()) };
    println!("{}, order {} of {}, {}", customer.name, order.number, customer.orders, order.status);
    for line in lines {
        let engraving = line.engraving.as_deref().unwrap_or("none");
        println!("  {} x {}, engraving: {engraving}", line.quantity, line.sku);
    }
    Ok(())
}

/// A customer who leaves takes the orders along. Another one comes back, and is counted.
async fn close(store: &Store) -> Result<(), Box<dyn Error>> {
    let orders = store.delete_partition::<Order>("c-3").await?;
    let lines = store.delete_partition::<Line>("c-3").await?;
    store.delete::<Customer>("c-3").await?;
    println!("Deleted {} orders and {} lines", orders.deleted, lines.deleted);

    let back = Customer { orders: 1, ..customer(3) };
    for _ in 0..2 {
        let done = store.update::<Customer>("c-3").add(|f| f.orders, 1).or_create(&back).await?;
        println!("Customer c-3: {done:?}");
    }
    Ok(())
}
