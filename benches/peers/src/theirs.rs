//! The peer: the item encryptor of `aws-db-esdk`.

use std::collections::HashMap;
use std::hint::black_box;

use aws_db_esdk::CryptoAction;
use aws_db_esdk::item_encryptor::client::Client;
use aws_db_esdk::item_encryptor::operation::decrypt_item::DecryptItemOutput;
use aws_db_esdk::item_encryptor::types::DynamoDbItemEncryptorConfig;
use aws_db_esdk::material_providers;
use aws_db_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_db_esdk::material_providers::types::{
    AesWrappingAlg, DbeAlgorithmSuiteId, EncryptedDataKey,
};
use aws_sdk_dynamodb::types::AttributeValue;
use envelope_benches::given::ready;

use crate::library::Library;

type Attributes = HashMap<String, AttributeValue>;

/// The peer with a record.
pub struct Theirs {
    client: Client,
    plaintext: Attributes,
    encrypted: Attributes,
}

impl Theirs {
    /// Encrypts the record, whose attribute of that name is encrypted and whose others are signed,
    /// and checks that it decrypts. Without a suite, the peer takes its default.
    pub fn new(
        key: &[u8],
        suite: Option<DbeAlgorithmSuiteId>,
        record: &[(&str, &str)],
        encrypted: &str,
    ) -> Self {
        let client = client(key, suite, record, encrypted);
        let plaintext: Attributes = record
            .iter()
            .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
            .collect();
        let encrypted = encrypt(&client, &plaintext);
        let theirs = Self { client, plaintext, encrypted };
        let decrypted = theirs.output().plaintext_item;
        assert!(decrypted.as_ref() == Some(&theirs.plaintext), "an item decrypts as it was");
        theirs
    }

    /// The size of the item before encryption.
    pub fn plaintext_size(&self) -> usize {
        size(&self.plaintext)
    }

    fn output(&self) -> DecryptItemOutput {
        let item = black_box(&self.encrypted).clone();
        let output = ready(self.client.decrypt_item().encrypted_item(item).send());
        output.unwrap_or_else(|error| unreachable!("{error}"))
    }
}

impl Library for Theirs {
    fn encrypt(&self) {
        black_box(encrypt(&self.client, &self.plaintext));
    }

    fn decrypt(&self) {
        black_box(self.output());
    }

    fn size(&self) -> usize {
        size(&self.encrypted)
    }

    fn wrapped_key(&self) -> usize {
        let header = self.output().parsed_header;
        let keys = header.and_then(|header| header.encrypted_data_keys).unwrap_or_default();
        keys.iter().map(len).sum()
    }
}

/// An item encryptor over a raw AES keyring.
fn client(
    key: &[u8],
    suite: Option<DbeAlgorithmSuiteId>,
    record: &[(&str, &str)],
    encrypted: &str,
) -> Client {
    let action = |name: &str| {
        if name == encrypted { CryptoAction::EncryptAndSign } else { CryptoAction::SignOnly }
    };
    let actions = record.iter().map(|(name, _)| ((*name).to_owned(), action(name)));
    let actions: HashMap<_, _> = actions.collect();
    let providers = MaterialProvidersConfig::builder().build();
    let providers = providers.unwrap_or_else(|error| unreachable!("{error}"));
    let providers = material_providers::client::Client::from_conf(providers);
    let providers = providers.unwrap_or_else(|error| unreachable!("{error}"));
    let keyring = providers
        .create_raw_aes_keyring()
        .key_namespace("peers")
        .key_name("key")
        .wrapping_key(key.to_vec())
        .wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16)
        .send();
    let keyring = ready(keyring).unwrap_or_else(|error| unreachable!("{error}"));
    let config = DynamoDbItemEncryptorConfig::builder()
        .logical_table_name("peers")
        .partition_key_name("id")
        .attribute_actions_on_encrypt(actions)
        .keyring(keyring)
        .set_algorithm_suite_id(suite)
        .build();
    let config = config.unwrap_or_else(|error| unreachable!("{error}"));
    Client::from_conf(config).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Encrypts a clone, since the encryptor consumes the item.
fn encrypt(client: &Client, plaintext: &Attributes) -> Attributes {
    let output = ready(client.encrypt_item().plaintext_item(black_box(plaintext).clone()).send());
    let output = output.unwrap_or_else(|error| unreachable!("{error}"));
    output.encrypted_item.unwrap_or_else(|| unreachable!("an encrypted item"))
}

/// Counts the bytes of the names and values, as DynamoDB does.
fn size(item: &Attributes) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => unreachable!("strings and their ciphertexts"),
    };
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

fn len(key: &EncryptedDataKey) -> usize {
    let provider = key.key_provider_id.as_ref().map_or(0, String::len);
    let blobs = [&key.key_provider_info, &key.ciphertext];
    let blobs = blobs.into_iter().flatten().map(|blob| blob.as_ref().len());
    provider + blobs.sum::<usize>()
}
