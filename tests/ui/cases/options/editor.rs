use envelope_runtime::{EnvelopeRecord, Sealer};

// One mistake, one message: the record keeps its key, its fields and its methods, so that nothing
// else turns red in an editor.
#[derive(EnvelopeRecord)]
#[envelope(table = "orders")]
struct Order<T: Clone> {
    #[partition_key]
    customer: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    #[envelope(renam = "x")]
    content: T,
}

async fn use_it(sealer: Sealer, order: Order<u8>) {
    let _ = sealer.seal(&order).await;
    let (customer, number): (&String, &u64) = (&order.customer, &order.number);
    is_key::<Order<u8>>((customer, number));
    is_key::<Order<u8>>(("c-1", 4));
    is_key::<Order<u8>>(order.key());
}

fn is_key<R: EnvelopeRecord>(_: impl envelope_runtime::schema::IntoKey<R::Key>) {}

fn main() {}
