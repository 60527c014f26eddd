//! Users whose e-mail addresses are unique, though the table holds each address sealed and as a
//! hash only. The guide's page about hashed keys shows this code.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "read in the guide")]

use envelope_runtime::error::TransactionLimitErrorKind;
use envelope_runtime::{EnvelopeRecord, Error, LoadError, Store, TransactionError};

/// Claims an e-mail address for one user. Two spellings of an address have one key.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "claims")]
pub struct Claim {
    #[partition_key]
    #[envelope(hashed(trim, lowercase, nfc))]
    pub email: String,
    #[encrypted] // sealed, so that the table does not say whose address it is
    pub user: String,
}

/// A user. The id is random, is chosen once for each sign-up, and is never used again.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "users")]
pub struct User {
    #[partition_key]
    pub id: String,
    #[encrypted]
    pub email: String,
    #[envelope(version)]
    pub version: u64,
}

/// The answer to a sign-up or a change.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The user has the address.
    Done,
    /// Another user has it, and nothing was written.
    Taken,
}

/// Creates a user together with the claim to the address.
pub async fn sign_up(store: &Store, user: &User) -> Result<Answer, Error> {
    let claim = Claim { email: user.email.clone(), user: user.id.clone() };
    let written = store.transaction().create(&claim).create(user).await;
    answer(store, &claim, written).await
}

/// Changes the address of a user, as loaded.
pub async fn change(store: &Store, user: &User, email: &str) -> Result<Answer, Error> {
    let claim = Claim { email: email.into(), user: user.id.clone() };
    let changed = User { email: email.into(), ..user.clone() };
    // Saved only over the version that was loaded, so the old claim is still this user's.
    let both = store.transaction().create(&claim).delete::<Claim>(&user.email).put(&changed);
    let written = match both.await {
        // Another spelling of the same address: the claim stays, and holds the new one.
        Err(TransactionError::Limit(error))
            if error.kind() == TransactionLimitErrorKind::SameKey(0, 1) =>
        {
            store.transaction().put(&claim).put(&changed).await
        }
        written => written,
    };
    answer(store, &claim, written).await
}

/// Deletes a user, as loaded, and frees the address.
pub async fn delete(store: &Store, user: &User) -> Result<(), Error> {
    let both = store.transaction().delete::<Claim>(&user.email);
    match both.delete_version::<User>(&user.id, user.version).await {
        // An earlier request, whose answer was lost, may have deleted both.
        Err(error) if store.get::<User>(&user.id).consistent().await?.is_some() => {
            Err(error.into())
        }
        _ => Ok(()),
    }
}

/// The user who has an address: for signing in.
pub async fn find(store: &Store, email: &str) -> Result<Option<User>, LoadError> {
    let Some(claim) = store.get::<Claim>(email).consistent().await? else { return Ok(None) };
    store.get::<User>(&claim.user).consistent().await
}

/// Whose claim stands tells what happened.
async fn answer(
    store: &Store,
    claim: &Claim,
    written: Result<(), TransactionError>,
) -> Result<Answer, Error> {
    let Err(error) = written else { return Ok(Answer::Done) };
    if !error.is_conflict() && !error.is_unknown_outcome() {
        return Err(error.into());
    }
    // The claim may be another user's, or made by an earlier request whose answer was lost.
    match store.get::<Claim>(&claim.email).consistent().await? {
        Some(found) if found == *claim => Ok(Answer::Done),
        Some(found) if found.user != claim.user => Ok(Answer::Taken),
        _ => Err(error.into()), // freed meanwhile, or nothing was written: load and try again
    }
}
