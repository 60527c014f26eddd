//! Accounts on their way from a table whose key is the e-mail address into one whose key is its
//! hash. The guide's page about copying shows this code.

#![allow(missing_docs, clippy::missing_errors_doc, reason = "read in the guide")]

use envelope_runtime::{EnvelopeRecord, Error, Store};

pub mod old {
    /// As the programs have it that know the old table alone.
    #[derive(envelope_runtime::EnvelopeRecord, Clone, Debug, PartialEq)]
    #[envelope(table = "accounts")]
    pub struct Account {
        #[partition_key]
        pub email: String,
        #[encrypted]
        pub name: String,
        pub visits: u32,
    }
}

/// Another logical table, so both can be in one store.
#[derive(EnvelopeRecord, Clone, Debug, PartialEq)]
#[envelope(table = "accounts-by-hash")]
pub struct Account {
    #[partition_key]
    #[envelope(hashed(trim, lowercase, nfc))]
    pub email: String,
    #[encrypted]
    pub name: String,
    pub visits: u32,
}

impl From<old::Account> for Account {
    fn from(old: old::Account) -> Self {
        Self { email: old.email, name: old.name, visits: old.visits }
    }
}

/// Copies one account if that has not been done yet. Before each write.
async fn copied(store: &Store, email: &str) -> Result<(), Error> {
    store.migrate_one_into::<old::Account, Account>(email, store, Account::from).await?;
    Ok(())
}

pub async fn find(store: &Store, email: &str) -> Result<Option<Account>, Error> {
    // The new table first: what is there is newer.
    if let Some(account) = store.get::<Account>(email).consistent().await? {
        return Ok(Some(account));
    }
    let old = store.get::<old::Account>(email).consistent().await?;
    Ok(old.map(Account::from))
}

pub async fn create(store: &Store, account: &Account) -> Result<(), Error> {
    copied(store, &account.email).await?; // then it is a conflict
    store.create(account).await?;
    Ok(())
}

pub async fn rename(store: &Store, email: &str, name: &str) -> Result<(), Error> {
    copied(store, email).await?;
    store.update::<Account>(email).seal(|f| f.name, name).await?;
    Ok(())
}

pub async fn delete(store: &Store, email: &str) -> Result<(), Error> {
    copied(store, email).await?;
    let Some(account) = store.get::<Account>(email).consistent().await? else { return Ok(()) };
    // Both, or it is copied again. The new one says how the old one is spelled.
    let both = store.transaction().delete::<old::Account>(&account.email).delete::<Account>(email);
    both.await?;
    Ok(())
}
