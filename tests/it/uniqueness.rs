//! E-mail addresses that are unique: the code that the guide shows, under concurrency, crashes and
//! lost answers.

#[path = "../../examples/src/uniqueness.rs"]
mod code;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use envelope_runtime::{Clock, Error, IndexSecret, LocalKeyProvider, Store};
use envelope_tests::{Attempt, Backend, Reaction, Script, unique_table};
use futures_util::TryStreamExt as _;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::code::{Answer, Claim, User, change, delete, find, sign_up};

const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SPELLINGS: [&str; 5] = [
    "zoë@example.com",
    "Zoë@Example.com",
    " ZOË@EXAMPLE.COM\n",
    "zoe\u{308}@example.com",
    "\u{2003}ZOE\u{308}@example.com",
];

struct World {
    backend: Backend,
    claims: String,
    users: String,
    store: Store,
    clock: Still,
}

/// A clock that stands still: the machine may be busy, and no deadline passes.
#[derive(Clone)]
struct Still(Arc<Mutex<Instant>>);

impl Clock for Still {
    fn monotonic(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

impl World {
    async fn new() -> Self {
        let world = Self::on(Backend::in_process().await);
        world.store.create_table::<Claim>().await.unwrap();
        world.store.create_table::<User>().await.unwrap();
        world
    }

    fn on(backend: Backend) -> Self {
        let (claims, users) = (unique_table(), unique_table());
        let clock = Still(Arc::new(Mutex::new(Instant::now())));
        let store = store(backend.dynamodb.clone(), &claims, &users).clock(clock.clone());
        Self { backend, claims, users, store, clock }
    }

    /// A store over the same tables, each of whose attempts the script decides.
    fn scripted(
        &self,
        react: impl FnMut(&Attempt) -> Reaction + Send + 'static,
    ) -> (Store, Script) {
        let (client, script) = self.backend.scripted_dynamodb(react);
        (store(client, &self.claims, &self.users).clock(self.clock.clone()), script)
    }

    /// A store whose transactions are done, and whose answers to them never come.
    fn without_answers(&self) -> Store {
        let clock = self.clock.clone();
        let (client, _) = self.backend.scripted_dynamodb(move |attempt| {
            if attempt.operation != "TransactWriteItems" {
                return Reaction::Pass;
            }
            *clock.0.lock().unwrap() += Duration::from_mins(1);
            Reaction::Lost
        });
        // The waits of the SDK's later retries are real.
        let config = client.config().to_builder().retry_config(RetryConfig::disabled());
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        store(client, &self.claims, &self.users).clock(self.clock.clone())
    }

    /// Asserts that the tables hold these users, and one claim for each.
    async fn assert_users(&self, expected: &[(&str, &str)]) {
        let claims: Vec<Claim> = self.store.scan().stream().try_collect().await.unwrap();
        let users: Vec<User> = self.store.scan().stream().try_collect().await.unwrap();
        let mut claims: Vec<_> =
            claims.iter().map(|claim| (claim.user.as_str(), claim.email.as_str())).collect();
        let mut users: Vec<_> =
            users.iter().map(|user| (user.id.as_str(), user.email.as_str())).collect();
        claims.sort_unstable();
        users.sort_unstable();
        assert_eq!((&*claims, &*users), (expected, expected));
    }

    async fn signed_up(&self, id: &str, email: &str) -> User {
        assert_eq!(sign_up(&self.store, &user(id, email)).await.unwrap(), Answer::Done);
        self.user(id).await.unwrap()
    }

    async fn user(&self, id: &str) -> Option<User> {
        self.store.get::<User>(id).consistent().await.unwrap()
    }
}

fn store(client: aws_sdk_dynamodb::Client, claims: &str, users: &str) -> Store {
    let store = Store::new(client, LocalKeyProvider::from_hex(DIGITS).unwrap());
    let store = store.index_secret(IndexSecret::from_hex("tests", DIGITS).unwrap());
    store.map_table::<Claim>(claims).map_table::<User>(users)
}

fn user(id: &str, email: &str) -> User {
    User { id: id.into(), email: email.into(), version: 0 }
}

#[test]
fn the_guide_shows_the_code_that_is_tested_here() {
    let read = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
    };
    let code = read("examples/src/uniqueness.rs");
    let (_, code) = code.split_once("reason = \"read in the guide\")]\n\n").unwrap();

    assert!(read("docs/guide/src/hashed-keys.md").contains(code));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_sign_ups_with_one_address_one_wins() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let store = world.store.clone();
        let user = user(&format!("u-{number}"), SPELLINGS[number % SPELLINGS.len()]);
        tasks.spawn(async move { (sign_up(&store, &user).await.unwrap(), user) });
    }

    let answers = tasks.join_all().await;

    let winners: Vec<_> = answers.iter().filter(|(answer, _)| *answer == Answer::Done).collect();
    let [(_, winner)] = &*winners else { panic!("{winners:?}") };
    assert_eq!(answers.len(), 50);
    world.assert_users(&[(&winner.id, &winner.email)]).await;
}

#[tokio::test]
async fn a_user_is_found_by_every_spelling_of_the_address_until_it_is_changed_or_deleted() {
    let world = World::new().await;
    let zoe = world.signed_up("u-1", "Zoë@example.com").await;
    for spelling in SPELLINGS {
        assert_eq!(find(&world.store, spelling).await.unwrap().as_ref(), Some(&zoe));
        let other = sign_up(&world.store, &user("u-2", spelling)).await.unwrap();
        assert_eq!(other, Answer::Taken);
    }

    let answer = change(&world.store, &zoe, "zoe@example.org").await.unwrap();

    assert_eq!(answer, Answer::Done);
    world.assert_users(&[("u-1", "zoe@example.org")]).await;
    assert_eq!(find(&world.store, SPELLINGS[0]).await.unwrap(), None);
    let max = world.signed_up("u-2", SPELLINGS[1]).await;

    delete(&world.store, &max).await.unwrap();

    world.assert_users(&[("u-1", "zoe@example.org")]).await;
    world.signed_up("u-3", SPELLINGS[2]).await;
}

#[tokio::test]
async fn a_user_changes_to_another_spelling_of_the_same_address() {
    let world = World::new().await;
    for spelling in SPELLINGS {
        if spelling == SPELLINGS[0] {
            world.signed_up("u-1", spelling).await;
        }
        let zoe = world.user("u-1").await.unwrap();
        assert_eq!(change(&world.store, &zoe, spelling).await.unwrap(), Answer::Done);
        world.assert_users(&[("u-1", spelling)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_users_who_change_to_one_address_at_the_same_time_one_gets_it() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let email = format!("old-{number}@example.com");
        let user = world.signed_up(&format!("u-{number}"), &email).await;
        let store = world.store.clone();
        tasks.spawn(async move {
            let answer = change(&store, &user, SPELLINGS[number % SPELLINGS.len()]).await.unwrap();
            (user.id, answer)
        });
    }

    let answers = tasks.join_all().await;

    let mut expected = Vec::new();
    for (number, id) in (0..10).map(|number| (number, format!("u-{number}"))) {
        let has_it = answers.contains(&(id.clone(), Answer::Done));
        let old = format!("old-{number}@example.com");
        let email = if has_it { SPELLINGS[number % SPELLINGS.len()].to_owned() } else { old };
        expected.push((id, email));
    }
    let expected: Vec<_> = expected.iter().map(|(id, email)| (&**id, &**email)).collect();
    assert_eq!(answers.iter().filter(|(_, answer)| *answer == Answer::Done).count(), 1);
    world.assert_users(&expected).await;
}

#[tokio::test]
async fn what_was_decided_from_an_older_version_of_the_user_is_a_conflict() {
    let world = World::new().await;
    let loaded = world.signed_up("u-1", "a@example.com").await;
    change(&world.store, &loaded, "b@example.com").await.unwrap();
    // Free again, and another user's by now.
    world.signed_up("u-2", "a@example.com").await;

    let changed = change(&world.store, &loaded, "c@example.com").await.unwrap_err();
    let respelt = change(&world.store, &loaded, "A@example.com").await.unwrap();
    let deleted = delete(&world.store, &loaded).await.unwrap_err();

    for error in [changed, deleted] {
        assert!(error.is_version_conflict(), "{error}");
    }
    assert_eq!(respelt, Answer::Taken);
    world.assert_users(&[("u-1", "b@example.com"), ("u-2", "a@example.com")]).await;
}

#[tokio::test]
async fn a_user_who_was_deleted_gets_no_new_address() {
    let world = World::new().await;
    let loaded = world.signed_up("u-1", "a@example.com").await;
    delete(&world.store, &loaded).await.unwrap();

    let error = change(&world.store, &loaded, "b@example.com").await.unwrap_err();

    assert!(error.is_conflict(), "{error}");
    world.assert_users(&[]).await;
    delete(&world.store, &loaded).await.unwrap();
}

#[derive(Clone, Copy, Debug)]
enum Act {
    SignUp,
    Change(&'static str),
    Delete,
}

const ACTS: [Act; 4] =
    [Act::SignUp, Act::Change("b@example.com"), Act::Change("A@example.com"), Act::Delete];

impl Act {
    /// The user that the act is done to.
    async fn prepare(self, world: &World) -> User {
        match self {
            Self::SignUp => user("u-1", "a@example.com"),
            _ => world.signed_up("u-1", "a@example.com").await,
        }
    }

    async fn run(self, store: &Store, user: &User) -> Result<(), Error> {
        let answer = match self {
            Self::SignUp => sign_up(store, user).await?,
            Self::Change(email) => change(store, user, email).await?,
            Self::Delete => delete(store, user).await.map(|()| Answer::Done)?,
        };
        assert_eq!(answer, Answer::Done, "{self:?}");
        Ok(())
    }

    fn after(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::SignUp => vec![("u-1", "a@example.com")],
            Self::Change(email) => vec![("u-1", email)],
            Self::Delete => Vec::new(),
        }
    }
}

/// Each act is one request: whatever is written is written by it.
#[tokio::test]
async fn a_crash_before_or_after_the_request_leaves_nothing_or_all_and_a_second_try_succeeds() {
    for (act, is_served) in ACTS.into_iter().flat_map(|act| [(act, false), (act, true)]) {
        let world = World::new().await;
        let loaded = act.prepare(&world).await;
        let crash = Arc::new(Notify::new());
        let crashes = Arc::clone(&crash);
        let (store, script) = world.scripted(move |attempt| {
            if is_served && attempt.number == 0 {
                return Reaction::Lost;
            }
            crashes.notify_one();
            Reaction::Hang
        });

        tokio::select! {
            result = act.run(&store, &loaded) => panic!("{result:?}"),
            () = crash.notified() => {}
        }

        assert!(script.take().iter().all(|operation| operation == "TransactWriteItems"));
        match act {
            _ if is_served => world.assert_users(&act.after()).await,
            Act::SignUp => world.assert_users(&[]).await,
            _ => world.assert_users(&[(&loaded.id, &loaded.email)]).await,
        }
        // With the user as loaded before, or as another process loads it.
        if let Err(error) = act.run(&world.store, &loaded).await {
            assert!(error.is_conflict(), "{act:?}: {error}");
            let loaded = world.user("u-1").await.unwrap();
            act.run(&world.store, &loaded).await.unwrap();
        }
        world.assert_users(&act.after()).await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_out() {
    for act in ACTS {
        let world = World::new().await;
        let loaded = act.prepare(&world).await;
        let (store, script) = world.scripted(|attempt| match attempt.number {
            0 => Reaction::Lost,
            _ => Reaction::Pass,
        });
        act.run(&store, &loaded).await.unwrap();
        assert_eq!(script.take(), ["TransactWriteItems"; 2], "{act:?}");
        world.assert_users(&act.after()).await;
    }
}

#[tokio::test]
async fn answers_that_never_come_are_found_out() {
    for act in ACTS {
        let world = World::new().await;
        let loaded = act.prepare(&world).await;
        act.run(&world.without_answers(), &loaded).await.unwrap();
        world.assert_users(&act.after()).await;
    }
}
