use envelope_runtime::{EnvelopeFields, EnvelopeRecord};

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition = "stats")))]
struct Order {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(partition_key = "STATUS#{state}")))]
struct Parcel {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_day(partition = "tenant", sort = "zzz")))]
struct Letter {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeFields)]
struct Place {
    city: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_city(partition = "city")))]
struct Shop {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[envelope(flatten)]
    place: Place,
    #[encrypted]
    address: String,
}

fn main() {}
