use envelope_runtime::schema::{IndexHandle, Narrows};
use envelope_runtime::{EnvelopeProjection, EnvelopeRecord};

fn project<Q, H: IndexHandle>(_index: H)
where
    H::Reads: Narrows<Q>,
{
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_customer(partition = "customer", project = keys)))]
struct Order {
    #[partition_key]
    id: String,
    #[authenticated]
    customer: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeProjection)]
#[envelope(of = Order)]
struct Parcel {
    address: String,
}

fn wrong() {
    project::<Parcel, _>(Order::INDEXES.by_customer);
}

fn main() {}
