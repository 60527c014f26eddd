//! `Debug` of all that holds a secret.

use std::collections::BTreeMap;

use envelope_runtime::Readable;
use envelope_runtime::error::FieldError;
use envelope_runtime::key::{DataKey, Decrypt, EncryptedDataKey, GeneratedDataKey, ProviderId};
use envelope_runtime::schema::{
    FieldReader, FieldRole, FieldSchema, FieldWriter, IntoKey, RecordSchema, Simple,
};
use envelope_runtime::{
    AttributeValue, EnvelopeRecord, Item, LocalKeyProvider, Number, Opener, OtherAttributes, Sealer,
};
use serde::Deserialize;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::{LOCAL_KEY, NUMBER, Said, canary, chart};

/// Implemented by hand, to look at the values that the traits pass to it.
struct ByHand {
    text: String,
    said: Said,
}

impl Readable for ByHand {
    type Key = Simple<String>;

    type Attributes = ();
    type Of = Self;
    type Needs = Decrypt;

    const SCHEMA: RecordSchema = RecordSchema::new(
        "users",
        &[
            FieldSchema::new("id", FieldRole::PartitionKey),
            FieldSchema::new("text", FieldRole::Encrypted),
            FieldSchema::new("parts", FieldRole::Encrypted),
        ],
    );

    const ATTRIBUTES: () = ();

    fn read_fields(fields: &mut FieldReader) -> Result<Self, FieldError> {
        let said = Said::default();
        said.debug(fields);
        fields.read(String::deserialize)?;
        let text = fields.read(|from| {
            said.debug(&from);
            String::deserialize(from)
        })?;
        said.debug(fields);
        fields.read(BTreeMap::<String, Option<String>>::deserialize)?;
        Ok(Self { text, said })
    }
}

impl EnvelopeRecord for ByHand {
    type Saved = ();

    fn key(&self) -> impl IntoKey<<Self as Readable>::Key> {
        "c-1"
    }

    fn write_fields(&self, fields: &mut FieldWriter) -> Result<(), FieldError> {
        fields.write("c-1", Serialize::serialize)?;
        fields.write(&self.text, Serialize::serialize)?;
        self.said.debug(fields);
        fields.write(&(), |(), to| {
            self.said.debug(&to);
            let mut list = to.serialize_seq(None)?;
            list.serialize_element(&self.text)?;
            self.said.debug(&list);
            let list = SerializeSeq::end(list)?;
            self.said.debug(&list);
            let mut map = to.serialize_map(None)?;
            map.serialize_entry(&self.text, &self.text)?;
            map.serialize_key(&self.text)?;
            self.said.debug(&map);
            map.serialize_value(&())
                .map_or_else(|error| self.said.error(&error), |()| panic!("one key twice"));
            SerializeMap::end(map)
        })?;
        self.said.debug(fields);
        Ok(())
    }

    fn saved(&self, _: envelope_runtime::schema::Now) -> Result<(), FieldError> {
        Ok(())
    }
}

#[tokio::test]
async fn t21_debug_of_what_holds_secrets_is_silent() {
    let said = Said::default();
    let local = || {
        let digits = data_encoding::HEXLOWER.encode(&LOCAL_KEY);
        LocalKeyProvider::from_hex(&digits).unwrap()
    };
    said.debug(&local());
    said.debug(&DataKey::new(LOCAL_KEY));
    let wrapped = EncryptedDataKey::new(ProviderId::LOCAL, [0; 8], *b"wrapped").unwrap();
    said.debug(&GeneratedDataKey::new(DataKey::new(LOCAL_KEY), wrapped));

    let by_hand = ByHand { text: canary("text"), said: said.clone() };
    let item = Sealer::new(local()).seal(&by_hand).await.unwrap();
    let opened = Opener::new(local()).open::<ByHand>(item).await.unwrap().into_record();
    assert_eq!(opened.text, canary("text"));
    said.write(&opened.said.take());

    said.debug(&chart());
    said.debug(&Some(vec![chart()]));
    let text = || AttributeValue::S(canary("text"));
    let number = || Number::parse(&NUMBER.to_string()).unwrap();
    let values = [
        text(),
        AttributeValue::B(canary("bytes").into()),
        AttributeValue::N(number()),
        AttributeValue::M([(canary("map key"), text())].into()),
        AttributeValue::L(vec![text()]),
        AttributeValue::Ss([canary("text")].into()),
        AttributeValue::Ns([number()].into()),
        AttributeValue::Bs([canary("bytes").into()].into()),
    ];
    said.debug(&number());
    let mut others = OtherAttributes::default();
    for (index, value) in values.into_iter().enumerate() {
        said.debug(&value);
        others.insert_encrypted(format!("a{index}"), value.clone());
        said.debug(&[(format!("a{index}"), value)].into_iter().collect::<Item>());
    }
    said.debug(&others);

    let said = said.take();
    assert_eq!(super::values().find(&said), [""; 0]);
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("text: [REDACTED]") && said.contains("country: \"NL\""));
}
