use envelope_runtime::EnvelopeRecord;

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_status(local, partition = "tenant", sort = "status")))]
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
#[envelope(table = "orders", index(by_status(local)))]
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
#[envelope(table = "orders", index(by_status(local, sort = "status")))]
struct Letter {
    #[partition_key]
    tenant: String,
    #[authenticated]
    status: String,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(a_1(local, sort = "a")), index(b_2(local, sort = "b")), index(c_3(local, sort = "c")))]
#[envelope(index(d_4(local, sort = "d")), index(e_5(local, sort = "e")), index(f_6(local, sort = "f")))]
struct Many {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    #[encrypted]
    address: String,
}

#[derive(EnvelopeRecord)]
#[envelope(table = "orders", index(by_tenant(local, sort = "tenant")))]
struct Same {
    #[partition_key]
    tenant: String,
    #[sort_key]
    number: u64,
    #[encrypted]
    address: String,
}

fn main() {}
