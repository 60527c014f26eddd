//! Readers whose key is given by ARN, by id or by alias, among foreign and forged records: their
//! own records always load, and the cost of the others is bounded.
//!
//! Nothing here waits: the clock is tokio's, and it is paused. The KMS is always in-process.

mod aliases;
mod foreign;
mod kept;
mod outages;

use envelope_runtime::error::{DataKeyError, DataKeyErrorKind};
use envelope_runtime::key::{
    DataKeyRequest, EncryptedDataKey, EncryptionContext, KeyProvider, KeyReference, ProviderId,
};
use envelope_runtime::{KmsKeyProvider, Opener, Sealer};
use envelope_tests::{Attempt, Backend, Reaction, Script};
use tokio::time::pause;

use crate::support::User;

/// A KMS with a key, another one that is not configured, and an alias of the first.
pub(crate) struct Keys {
    pub(crate) backend: Backend,
    pub(crate) own: String,
    pub(crate) foreign: String,
    pub(crate) alias: String,
}

impl Keys {
    pub(crate) async fn new() -> Self {
        let backend = Backend::in_process().await;
        let own = backend.create_kms_key().await;
        let foreign = backend.create_kms_key().await;
        let alias = backend.create_alias(&own).await;
        pause();
        Self { backend, own, foreign, alias }
    }

    /// The configured names of one key: its ARN, id and alias.
    fn names(&self) -> [String; 3] {
        let id = self.own.rsplit_once('/').unwrap().1;
        [self.own.clone(), id.to_owned(), self.alias.clone()]
    }

    /// The wrapped key of a fresh record of the key `arn`.
    pub(crate) async fn copy(&self, arn: &str) -> EncryptedDataKey {
        let provider = || KmsKeyProvider::new(self.backend.kms.clone(), arn);
        let item = Sealer::new(provider()).seal(&User::new("u")).await.unwrap();
        let opened = Opener::new(provider()).open::<User>(item).await.unwrap();
        match opened.envelope().unwrap().key_reference() {
            KeyReference::Wrapped(copies) => copies[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    async fn foreign_copies(&self, number: usize) -> Vec<EncryptedDataKey> {
        let mut copies = Vec::new();
        for _ in 0..number {
            copies.push(self.copy(&self.foreign).await);
        }
        copies
    }

    pub(crate) fn reader(
        &self,
        name: &str,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (KmsKeyProvider, Script) {
        let (kms, script) = self.backend.scripted_kms(react);
        (KmsKeyProvider::new(kms, name), script)
    }

    async fn repoint(&self, key: &str) {
        let call = self.backend.kms.update_alias().alias_name(&self.alias).target_key_id(key);
        call.send().await.unwrap();
    }
}

pub(crate) fn pass(_: &Attempt) -> Reaction {
    Reaction::Pass
}

fn without_describe(attempt: &Attempt) -> Reaction {
    match attempt.operation.as_str() {
        "DescribeKey" => Reaction::error("AccessDeniedException"),
        _ => Reaction::Pass,
    }
}

/// A request for a record of a table.
pub(crate) fn request(table: &str) -> DataKeyRequest {
    DataKeyRequest::new(EncryptionContext::new(table, []))
}

pub(crate) async fn load(
    provider: &KmsKeyProvider,
    copies: impl IntoIterator<Item = EncryptedDataKey>,
) -> Result<(), DataKeyError> {
    let reference = KeyReference::Wrapped(copies.into_iter().collect());
    provider.decrypt(&reference, &request("users")).await.map(drop)
}

pub(crate) async fn kind(
    provider: &KmsKeyProvider,
    copies: impl IntoIterator<Item = EncryptedDataKey>,
) -> Option<DataKeyErrorKind> {
    load(provider, copies).await.err().map(|error| error.kind())
}

fn hinted(hint: [u8; 8], wrapped: &[u8]) -> EncryptedDataKey {
    EncryptedDataKey::new(ProviderId::KMS, hint, wrapped).unwrap()
}

fn counts(script: &Script) -> (usize, usize) {
    let seen = script.take();
    let of = |name: &str| seen.iter().filter(|operation| *operation == name).count();
    let (decrypts, describes) = (of("Decrypt"), of("DescribeKey"));
    assert_eq!(decrypts + describes, seen.len(), "{seen:?}");
    (decrypts, describes)
}

const UNKNOWN: Option<DataKeyErrorKind> = Some(DataKeyErrorKind::UnknownKey);
const NOT_ASKED: Option<DataKeyErrorKind> = Some(DataKeyErrorKind::NotAsked);
