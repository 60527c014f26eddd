//! Sealing the records of a table that holds data, and the way back.

mod blame;
mod checkpoint;
mod copy;
mod engine;
mod in_place;
mod into;
mod item;
mod report;
mod run;
mod step;

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use super::OperationFuture;
use super::error::MigrateError;
use crate::expression::{Condition, Node};
use crate::key::{Allows, CanEncrypt, Capability, Decrypt, Full};
use crate::record::EnvelopeRecord;
use crate::store::Store;
use engine::Engine;
use in_place::InPlace;
pub use into::MigrationInto;
pub use report::{FieldReport, MigrationProgress, MigrationReport};

const SEGMENTS: u32 = 16;
const PARALLEL: usize = 4;
/// DynamoDB's.
const MAX_SEGMENTS: u32 = 1_000_000;

/// The sealing of a table's records, ready to be awaited. Created by [`Store::migrate`].
#[must_use = "a migration does nothing until it is awaited"]
pub struct Migration<R, C = Full> {
    store: Store<C>,
    options: Options,
    record: PhantomData<fn() -> R>,
}

/// The opposite of a migration, ready to be awaited. Created by [`Store::unseal`].
#[must_use = "nothing is unsealed until it is awaited"]
pub struct Unsealing<R, C = Full> {
    store: Store<C>,
    options: Options,
    unknown: bool,
    record: PhantomData<fn() -> R>,
}

/// The options of all of them.
struct Options {
    is_dry: bool,
    segments: NonZeroU32,
    parallel: usize,
    items_per_second: Option<NonZeroU32>,
    checkpoint: Option<PathBuf>,
    accept_reappeared: bool,
    filter: Option<Node>,
    on_progress: Option<Arc<dyn Fn(MigrationProgress) + Send + Sync>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            is_dry: false,
            segments: NonZeroU32::MIN.saturating_add(SEGMENTS - 1),
            parallel: PARALLEL,
            items_per_second: None,
            checkpoint: None,
            accept_reappeared: false,
            filter: None,
            on_progress: None,
        }
    }
}

impl<C: Capability> Store<C> {
    /// Seals the records of a table that holds data: `store.migrate::<User>()`, through a store
    /// that [accepts](Self::accept_unsealed) items without an envelope.
    ///
    /// **Before it, every program that writes these records must seal them, and no program may be
    /// left that would save a sealed item which it does not understand:** one whose field holds
    /// bytes stores the ciphertext as data, drops the envelope, and the data is gone.
    ///
    /// It reads the table twice. The first pass
    ///
    /// - seals items without an envelope, while the record's window is open;
    /// - seals the fields with a window of their own (`unsealed_until`, `since`), and lists them in
    ///   the envelope;
    /// - writes the keys of indexes that an item does not have yet.
    ///
    /// Each record that is to be sealed takes two calls to the key service, `GenerateDataKey` and
    /// `Decrypt`, unless data keys are [reused](crate::key::KeyProvider::reuse). The second call is
    /// the proof: the sealed item is opened again before it overwrites the plaintext, and must give
    /// the same values. Then one
    /// [UpdateItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html)
    /// of the protected attributes and the envelope is written, on the condition that each of them
    /// is as it was read. Whatever another program writes meanwhile is kept.
    ///
    /// The second pass reads all records again, strongly consistently, and changes nothing. A
    /// record that it finds unsealed was written after the first pass was there, by a program that
    /// does not seal, or by someone who has planted it. It is
    /// [reported](MigrationReport::reappeared) and left, or the migration would make the forgery
    /// genuine. With a [checkpoint](Migration::checkpoint), this holds across runs.
    ///
    /// Sealed records are not opened: a [scan](Self::scan) finds those that cannot be.
    ///
    /// Needs `dynamodb:DescribeTable`, `Scan`, `UpdateItem` and `GetItem`, `kms:GenerateDataKey`
    /// and `kms:Decrypt`.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// use envelope_runtime::Until;
    ///
    /// # async fn example(store: Store) -> Result<(), Box<dyn std::error::Error>> {
    /// let store = store.accept_unsealed::<User>(Until::date(2027, 3, 1));
    ///
    /// let found = store.migrate::<User>().dry_run().await?;
    /// println!("{} of {} records are to be sealed", found.remaining, found.records);
    ///
    /// let report = store.migrate::<User>().checkpoint("users.checkpoint").await?;
    /// assert!(report.is_complete(), "{:?}", report.problems);
    /// # Ok(())
    /// # }
    /// ```
    pub fn migrate<R: EnvelopeRecord<Needs = Decrypt>>(&self) -> Migration<R, C>
    where
        C: CanEncrypt + Allows<Decrypt>,
    {
        let (store, options) = (self.clone(), Options::default());
        Migration { store, options, record: PhantomData }
    }

    /// Stores the records of a table in plaintext again, for who leaves this library. Afterwards,
    /// nothing of them is protected.
    ///
    /// It works as [`migrate`](Self::migrate) does, in two passes, with one Decrypt for each data
    /// key: a record's tag is verified, its sealed attributes are stored as the values that they
    /// hold, and the envelope is removed, on the condition that it is the one that was read.
    /// The second pass changes what it still finds sealed, too. Programs that read the table
    /// meanwhile need a window. Records whose key is `#[envelope(hashed)]` have none: this does not
    /// compile for them.
    pub fn unseal<R: EnvelopeRecord<Needs = Decrypt>>(&self) -> Unsealing<R, C>
    where
        C: Allows<Decrypt>,
    {
        const { assert!(!R::SCHEMA.has_hashes(), "a record with a hashed key stays sealed") };
        let (store, options) = (self.clone(), Options::default());
        Unsealing { store, options, unknown: false, record: PhantomData }
    }
}

/// The options that all of them have. `R` is the record that is read.
macro_rules! options {
    ($($type:ident<$($parameter:ident),*>),*) => {$(
        impl<$($parameter),*> $type<$($parameter),*> {
            /// Divides the table into this many segments, 16 by default and at most 1,000,000. A
            /// run that goes on from a checkpoint begins with the segments that are not done.
            #[doc(alias = "total_segments")]
            pub fn segments(mut self, segments: u32) -> Self {
                let segments = segments.clamp(1, MAX_SEGMENTS);
                self.options.segments = NonZeroU32::MIN.saturating_add(segments - 1);
                self
            }

            /// Reads this many segments at the same time, 4 by default. Of each, one page of at
            /// most 1 MB is in memory. At most 16 records are changed at the same time, or one of
            /// each segment.
            pub fn parallel(mut self, segments: usize) -> Self {
                self.options.parallel = segments.max(1);
                self
            }

            /// Looks at no more than this many items per second, in both passes. Without it, the
            /// capacity of the table is the limit. Calls to the key service keep to
            /// [`kms_rate`](Store::kms_rate).
            pub fn items_per_second(mut self, items: u32) -> Self {
                self.options.items_per_second = NonZeroU32::new(items.max(1));
                self
            }

            /// Keeps the segments that are done in a file, and goes on from it if it is there.
            ///
            /// The file holds the id of the table, the number of segments and a digest of the
            /// record's schema, the store's scope and the filter, and is refused if one of them
            /// differs. It holds no key and no value, and only its owner may read it. One run at a
            /// time uses it.
            ///
            /// It stays when everything is done, as the record of what was done: later runs only
            /// look. A run without it begins anew and seals whatever it finds.
            pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
                self.options.checkpoint = Some(path.into());
                self
            }

            /// Changes nothing, writes no file, and reports what would be changed. Without
            /// [another table](Store::migrate_into), it makes no call to the key service.
            pub fn dry_run(mut self) -> Self {
                self.options.is_dry = true;
                self
            }

            /// Only items whose plaintext attributes satisfy a condition, for a table of several
            /// types whose keys do not tell the type: `.filter(|f| f.kind.eq("user"))`. If called
            /// again, both conditions must hold.
            ///
            /// DynamoDB compares the values before anything is verified. The second pass and the
            /// report see only those items, and a checkpoint belongs to the condition.
            #[doc(alias = "filter_expression")]
            pub fn filter(mut self, condition: impl FnOnce(R::Attributes) -> Condition<R>) -> Self
            where
                R: EnvelopeRecord,
            {
                let node = condition(R::ATTRIBUTES).into_node();
                self.options.filter = Node::both(self.options.filter, Some(node));
                self
            }

            /// Calls a function after each page of the table.
            pub fn on_progress(
                mut self,
                tell: impl Fn(MigrationProgress) + Send + Sync + 'static,
            ) -> Self {
                self.options.on_progress = Some(Arc::new(tell));
                self
            }
        }

        impl<$($parameter),*> fmt::Debug for $type<$($parameter),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let segments = self.options.segments;
                f.debug_struct(stringify!($type)).field("segments", &segments).finish_non_exhaustive()
            }
        }
    )*};
}

options!(Migration<R, C>, Unsealing<R, C>, MigrationInto<R, B, C>);

impl<R, C> Migration<R, C> {
    /// Seals what has reappeared too. Only after it is known who wrote it: a record that somebody
    /// has planted becomes genuine.
    pub fn accept_reappeared(mut self) -> Self {
        self.options.accept_reappeared = true;
        self
    }
}

impl<R, C> Unsealing<R, C> {
    /// Unseals attributes too that this record does not know. Without it, a record that has such
    /// attributes fails: a newer program has sealed them.
    pub fn unknown_attributes(mut self) -> Self {
        self.unknown = true;
        self
    }
}

impl<R: EnvelopeRecord, C: CanEncrypt + Allows<Decrypt>> IntoFuture for Migration<R, C> {
    type Output = Result<MigrationReport, MigrateError>;
    type IntoFuture = OperationFuture<MigrationReport, MigrateError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, options, .. } = self;
        Engine::new::<R>(store.for_many(), InPlace::sealing::<R>(), &options).start(options)
    }
}

impl<R: EnvelopeRecord, C: Allows<Decrypt>> IntoFuture for Unsealing<R, C> {
    type Output = Result<MigrationReport, MigrateError>;
    type IntoFuture = OperationFuture<MigrationReport, MigrateError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, options, unknown, .. } = self;
        Engine::new::<R>(store.for_many(), InPlace::unsealing::<R>(unknown), &options)
            .start(options)
    }
}
