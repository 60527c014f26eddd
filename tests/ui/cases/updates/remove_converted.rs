use envelope_runtime::{EnvelopeRecord, Update};

#[derive(EnvelopeRecord)]
#[envelope(table = "people")]
struct Person {
    #[partition_key]
    id: String,
    #[envelope(with = dash)]
    nickname: Option<String>,
    #[encrypted]
    #[envelope(with = dash)]
    email: Option<String>,
    #[envelope(with = dash, default)]
    title: Option<String>,
}

/// Stores `None` as a dash.
mod dash {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        value.as_deref().unwrap_or("-").serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let text = String::deserialize(from)?;
        Ok((text != "-").then_some(text))
    }
}

fn main() {
    let _ = Update::<Person>::of().remove(|f| f.title);
    let _ = Update::<Person>::of().set(|f| f.nickname, None);
    let _ = Update::<Person>::of().remove(|f| f.nickname);
    let _ = Update::<Person>::of().remove(|f| f.email);
}
