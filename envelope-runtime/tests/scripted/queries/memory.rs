//! A stream holds one page, however many there are.

use allocation_counter::measure;
use futures_util::StreamExt;
use tokio::runtime::Builder;

use super::{Order, key, orders};
use crate::dynamodb::{Dynamodb, page};
use crate::table::Stored;

/// The most bytes that are held at a time while a stream of that many pages is read.
fn peak(items: &[Stored], pages: usize, operation: &'static str) -> u64 {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let dynamodb = Dynamodb::new();
    let store = dynamodb.store();
    let script = |number| {
        let last = (number < pages).then(|| key(1));
        dynamodb.expect([page(operation, items.to_vec(), last.as_ref())]);
    };
    let mut records = match operation {
        "Query" => store.query::<Order>("t-1").stream(),
        _ => store.scan::<Order>().stream(),
    };
    let mut count = 0;
    let measured = measure(|| {
        runtime.block_on(async {
            for number in 1..=pages {
                // What is made before the measure and freed in it would hide a growth.
                script(number);
                for _ in items {
                    let record = records.next().await.unwrap();
                    count += record.unwrap().address.len().min(1);
                    // What the script keeps of requests is not the stream's.
                    dynamodb.forget();
                }
            }
            assert!(records.next().await.is_none());
        });
    });
    assert_eq!(count, pages * items.len());
    measured.bytes_max
}

#[test]
fn the_memory_of_a_stream_does_not_grow_with_its_pages() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let items = runtime.block_on(orders(0..50));

    for operation in ["Query", "Scan"] {
        let few = peak(&items, 3, operation);
        let many = peak(&items, 60, operation);

        // In 60 pages there are 3,000 records.
        assert!(many < few + few / 4, "{operation}: {few} and {many} bytes");
    }
}
