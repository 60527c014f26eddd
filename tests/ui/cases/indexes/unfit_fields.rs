use envelope_runtime::{EnvelopeRecord, OtherAttributes};

mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        u64::deserialize(from)
    }
}

fn nobody() -> Option<String> {
    None
}

#[derive(EnvelopeRecord)]
#[envelope(
    table = "orders",
    index(by_paid(partition = "tenant", sort = "paid")),
    index(by_tags(partition = "tenant", sort = "tags")),
    index(by_time(partition = "tenant", sort = "placed_at")),
    index(by_courier(partition = "tenant", sort = "courier")),
    index(by_note(partition = "tenant", sort = "note")),
    index(by_others(partition = "tenant", sort = "others")),
    index(made_of_time(partition_key = "T#{tenant}", sort_key = "{placed_at:020}"))
)]
struct Order {
    #[partition_key]
    tenant: String,
    paid: bool,
    #[envelope(set)]
    tags: Vec<String>,
    #[envelope(with = seconds)]
    placed_at: u64,
    #[envelope(default = nobody)]
    courier: Option<String>,
    #[envelope(skip)]
    note: String,
    #[encrypted]
    address: String,
    #[envelope(catch_all)]
    others: OtherAttributes,
}

fn main() {}
