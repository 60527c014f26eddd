//! Serves customers with sealed fields over HTTP, until it is stopped. Emulators run in this
//! process.

use std::collections::HashMap;
use std::error::Error;

use clap::Parser;
use envelope_examples::web::{App, Caller, Customer};
use envelope_runtime::{CursorKey, Cursors, KmsKeyProvider, Store};
use envelope_tests::Backend;
use tokio::net::TcpListener;

/// Serves customers with sealed fields over HTTP, on emulators in this process.
#[derive(Parser)]
struct Arguments {
    /// The port on 127.0.0.1; 0 is any free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let backend = Backend::in_process().await;
    let key = backend.create_kms_key().await;
    let store = Store::new(backend.dynamodb, KmsKeyProvider::new(backend.kms, key));
    store.create_table::<Customer>().await?;

    let caller = |tenant: &str, user: &str| Caller { tenant: tenant.into(), user: user.into() };
    let callers = HashMap::from([
        ("token-of-ann".to_owned(), caller("acme", "ann")),
        ("token-of-bob".to_owned(), caller("globex", "bob")),
    ]);
    let app = App::new(store, Cursors::new(cursor_key()?), callers);

    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    print_manual(&format!("http://{}/customers", listener.local_addr()?));
    axum::serve(listener, app.router()).await?;
    Ok(())
}

/// A key for this run, because the records last no longer. A service takes its key from where its
/// other secrets are: all of its processes need the same one.
fn cursor_key() -> Result<CursorKey, Box<dyn Error>> {
    let mut halves = [[0; 16]; 2];
    for half in &mut halves {
        getrandom::fill(half).map_err(|error| error.to_string())?;
    }
    let [high, low] = halves.map(u128::from_be_bytes);
    Ok(CursorKey::from_hex(&format!("{high:032x}{low:032x}"))?)
}

fn print_manual(url: &str) {
    println!("Emulators of DynamoDB and KMS run in this process. Stop it with Ctrl-C. Try:\n");
    println!(
        "  for number in 1 2 3; do curl -i {url} -H 'Authorization: Bearer token-of-ann' \\\n    \
         --json '{{\"number\": '$number', \"name\": \"Zoe\", \"plan\": \"free\", \
         \"ssn\": \"078-05-1120\", \"email\": \"zoe@example.com\"}}'; done"
    );
    println!("  curl '{url}?limit=2' -H 'Authorization: Bearer token-of-ann'");
    println!("  curl '{url}?limit=2&after=NEXT' -H 'Authorization: Bearer token-of-ann'");
    println!("  curl {url}/1 -H 'Authorization: Bearer token-of-ann'");
    println!("  curl -i {url}/1 -H 'Authorization: Bearer token-of-bob'");
}
