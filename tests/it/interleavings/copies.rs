//! Every order of the requests of a copy into another table and of another program, on one record:
//! nothing that was acknowledged is lost, and nothing that was deleted comes back.

use std::pin::Pin;

use aws_sdk_dynamodb::Client;
use envelope_runtime::{Error, IndexSecret, LocalKeyProvider, Store};
use envelope_tests::{Schedules, Turns};

use crate::two_tables::code::{Account, create, delete, find, old, rename};

const EMAIL: &str = "Zoe@Example.com";
const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The action of a program beside the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Of a program that knows the new table alone.
    Put,
    /// Of one that knows both.
    Rename,
    Delete,
    Create,
    /// Another copy.
    Copy,
    /// Of a program that should have been stopped: it writes the old table.
    OldUpdate,
    OldDelete,
}

const ACTS: [Act; 7] =
    [Act::Put, Act::Rename, Act::Delete, Act::Create, Act::Copy, Act::OldUpdate, Act::OldDelete];

fn store(client: Client) -> Store {
    let store = Store::new(client, LocalKeyProvider::from_hex(DIGITS).unwrap());
    store.index_secret(IndexSecret::from_hex("tests", DIGITS).unwrap())
}

fn account(name: &str) -> Account {
    Account { email: EMAIL.into(), name: name.into(), visits: 1 }
}

type Writer = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// What a run does with each record.
async fn copy(store: &Store) -> Result<(), Error> {
    store.migrate_one_into::<old::Account, Account>(EMAIL, store, Account::from).await?;
    Ok(())
}

fn act(act: Act, client: Client) -> Writer {
    Box::pin(async move {
        let store = store(client.clone());
        match act {
            Act::Put => drop(store.put(&account("other")).await?),
            Act::Rename => rename(&store, EMAIL, "other").await?,
            Act::Delete => delete(&store, EMAIL).await?,
            Act::Create => create(&store, &account("other")).await?,
            Act::Copy => copy(&store).await?,
            Act::OldUpdate => {
                let update = store.update::<old::Account>(EMAIL).add(|f| f.visits, 1);
                update.seal(|f| f.name, "other").await?;
            }
            Act::OldDelete => store.delete::<old::Account>(EMAIL).await?,
        }
        Ok(())
    })
}

/// Plays all orders, and returns their number.
async fn play(other: Act, loses: [bool; 2]) -> usize {
    let mut schedules = Schedules::default();
    let mut played = 0;
    loop {
        played += 1;
        let turns = Turns::new();
        let onlooker = store(turns.onlooker());
        onlooker.create_table::<old::Account>().await.unwrap();
        onlooker.create_table::<Account>().await.unwrap();
        let start = old::Account { email: EMAIL.into(), name: "start".into(), visits: 1 };
        onlooker.put(&start).await.unwrap();
        let copying = store(turns.writer(0));
        let copying: Writer = Box::pin(async move { copy(&copying).await });
        let writers = vec![copying, act(other, turns.writer(1))];
        // Whoever looks finds the record, unless it is being deleted.
        let look = async || {
            let found = find(&onlooker, EMAIL).await;
            assert!(found.is_ok(), "{other:?}: {found:?}");
            let may_be_gone = matches!(other, Act::Delete | Act::OldDelete);
            assert!(may_be_gone || found.unwrap().is_some(), "{other:?}");
        };

        let outcome = turns.play(&mut schedules, loses.to_vec(), writers, look).await;

        let context = format!("{other:?} {loses:?} {outcome:?}");
        assert!(outcome.outcomes[0].is_ok(), "{context}");
        // A second run finds nothing to do.
        copy(&onlooker).await.unwrap();
        let found = onlooker.get::<Account>(EMAIL).consistent().await.unwrap();
        let answer = &outcome.outcomes[1];
        let name = found.as_ref().map(|account| (&*account.name, account.visits));
        match other {
            Act::Create => {
                assert!(answer.as_ref().is_err_and(Error::is_conflict), "{context}");
                assert_eq!(name, Some(("start", 1)), "{context}");
            }
            Act::Copy => assert_eq!(name, Some(("start", 1)), "{context}"),
            Act::Delete => assert_eq!((answer.is_ok(), name), (true, None), "{context}"),
            // As it was before or after: never a mixture.
            Act::OldUpdate => {
                assert!([("start", 1), ("other", 2)].contains(&name.unwrap()), "{context}");
            }
            Act::OldDelete => {
                assert!(name.is_none_or(|name| name == ("start", 1)), "{context}");
            }
            Act::Put | Act::Rename => {
                assert!(answer.is_ok(), "{context}");
                assert_eq!(name, Some(("other", 1)), "{context}");
            }
        }
        if !schedules.advance() {
            return played;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_and_another_program_in_every_order() {
    let mut played = 0;
    for other in ACTS {
        played += play(other, [false, false]).await;
        // With lost answers, a deletion has too many orders.
        if other != Act::Delete {
            played += play(other, [true, false]).await;
        }
    }
    println!("{played} orders");
    assert!(played > 100, "{played}");
}
