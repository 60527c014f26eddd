//! Copying the records of a table into another one.

use std::sync::Arc;

use tracing::Instrument;

use super::copy::{Convert, Copying};
use super::engine::{Engine, Fate, Work};
use super::{MigrationReport, Options};
use crate::attribute::ConvertError;
use crate::envelope::Item;
use crate::key::{Allows, Capability, Full};
use crate::operation::OperationFuture;
use crate::operation::error::{LoadError, MigrateError, MigrationProblem, ProblemReason};
use crate::operation::read::read;
use crate::operation::target::Target;
use crate::record::{EnvelopeRecord, IntoKey, KeyValues};
use crate::store::Store;

/// The copying of a table's records into another table, ready to be awaited. Created by
/// [`Store::migrate_into`].
#[must_use = "a migration does nothing until it is awaited"]
pub struct MigrationInto<R, B, C = Full> {
    store: Store<C>,
    target: Store,
    convert: Convert<R, B>,
    pub(super) options: Options,
}

impl<C: Capability> Store<C> {
    /// Copies the records of a table into another table, as records of another type or under
    /// another index secret: `store.migrate_into::<Old, User>(&target, User::from)`. So a key
    /// becomes `#[envelope(hashed)]`, and a secret is changed. The table itself is only read.
    ///
    /// Each record is opened, converted, and sealed under a new data key. Then one
    /// [TransactWriteItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html)
    /// puts it into the other table, on two conditions: the record is as it was read, and there is
    /// nothing under the key in the other table. So a record that is changed or deleted meanwhile
    /// is looked at again, and what a program has written in the other table stays. A run that was
    /// interrupted is repeated.
    ///
    /// `convert` may be called several times for a record. It must return the same each time, and
    /// another key for each record: no new ids and no current time. Versions and times are stored
    /// as it returns them. Records that have expired, before or after it, are not copied, nor
    /// counted.
    ///
    /// An item with an attribute that `R` does not know is
    /// [reported](crate::error::MigrationProblemKind::UnknownAttribute), since its copy would lack
    /// it. So is a record whose hashed value is
    /// [another record's](crate::error::MigrationProblemKind::Taken) once it is normalised.
    ///
    /// The second pass reads all records again, strongly consistently, changes nothing, and opens
    /// each copy: its fields must be those of the converted record, or it is counted as
    /// [differing](MigrationReport::differing). A record without a copy was written after the first
    /// pass had read its place, and is [reported](MigrationReport::reappeared) and left. The
    /// [fields](MigrationReport::fields) of the report are those of the table that is read.
    ///
    /// While it runs, programs write the other table only, and copy each record before with
    /// [`migrate_one_into`](Self::migrate_one_into). The guide's page about copying into another
    /// table has the order of the steps.
    ///
    /// Both tables belong to one account and Region. Each record takes up to four calls to the key
    /// service, unless data keys are [reused](crate::key::KeyProvider::reuse): two in the first
    /// pass, and two in the second. Needs `dynamodb:DescribeTable` for both tables, `Scan`,
    /// `GetItem` and `ConditionCheckItem` for the first one, `GetItem` and `PutItem` for the other
    /// one, `kms:Decrypt` and `kms:GenerateDataKey`.
    ///
    /// # Errors
    ///
    /// [`MigrateError`] if it ended early: [`Elsewhere`](MigrateError::Elsewhere) if the other
    /// store has a client of another account or Region. Problems of single records are in the
    /// report.
    ///
    /// ```no_run
    /// # use envelope_runtime::{EnvelopeRecord, Store};
    /// #[derive(EnvelopeRecord)]
    /// #[envelope(table = "users")]
    /// struct Old {
    ///     #[partition_key]
    ///     email: String,
    ///     #[encrypted]
    ///     name: String,
    /// }
    ///
    /// #[derive(EnvelopeRecord)]
    /// #[envelope(table = "users-by-hash")]
    /// struct User {
    ///     #[partition_key]
    ///     #[envelope(hashed(trim, lowercase))]
    ///     email: String,
    ///     #[encrypted]
    ///     name: String,
    /// }
    ///
    /// # async fn example(store: Store) -> Result<(), Box<dyn std::error::Error>> {
    /// let user = |old: Old| User { email: old.email, name: old.name };
    ///
    /// let copying = store.migrate_into::<Old, User>(&store, user).checkpoint("users.copied");
    /// let report = copying.await?;
    /// assert!(report.is_complete() && report.differing == 0, "{:?}", report.problems);
    /// # Ok(())
    /// # }
    /// ```
    pub fn migrate_into<R, B>(
        &self,
        target: &Store,
        convert: impl Fn(R) -> B + Send + Sync + 'static,
    ) -> MigrationInto<R, B, C>
    where
        R: EnvelopeRecord,
        B: EnvelopeRecord,
        C: Allows<R::Needs>,
    {
        let (store, target, convert) = (self.clone(), target.clone(), Arc::new(convert));
        MigrationInto { store, target, convert, options: Options::default() }
    }

    /// Copies one record into another table, as [`migrate_into`](Self::migrate_into) does, and
    /// returns whether there was one to be copied. For programs that write the other table: they
    /// copy a record before they change it there, so that no table that is half copied is in their
    /// way.
    ///
    /// `false` if the record is not there, has expired or was copied before. It does not look where
    /// the other table is: both must be in one account and Region.
    ///
    /// # Errors
    ///
    /// [`MigrateError::Item`], if the record could not be copied.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(old: Store, new: Store) -> Result<(), Error> {
    /// old.migrate_one_into::<User, User>("foobar", &new, |user| user).await?;
    /// new.update::<User>("foobar").add(|f| f.logins, 1).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a migration does nothing until it is awaited"]
    pub fn migrate_one_into<R, B>(
        &self,
        key: impl IntoKey<R::Key>,
        target: &Store,
        convert: impl Fn(R) -> B + Send + Sync + 'static,
    ) -> OperationFuture<bool, MigrateError>
    where
        R: EnvelopeRecord,
        B: EnvelopeRecord,
        C: Allows<R::Needs>,
    {
        let copying = Copying::new(target.clone(), Arc::new(convert), "migrate_one_into");
        let engine = Engine::new::<R>(self.clone(), copying, &Options::default());
        let (span, key) = (engine.meter.span(), key.into_key());
        Box::pin(async move { engine.one(key).await }.instrument(span))
    }
}

impl<R, B, C> MigrationInto<R, B, C> {
    /// Copies what has reappeared too. Only after it is known who wrote it: if the table has a
    /// window, a record that somebody has planted becomes genuine.
    pub fn accept_reappeared(mut self) -> Self {
        self.options.accept_reappeared = true;
        self
    }
}

impl<C: Capability, W: Work<C>> Engine<C, W> {
    /// Changes the record under a key, and returns whether there was something to change.
    async fn one(&self, key: Result<KeyValues, ConvertError>) -> Result<bool, MigrateError> {
        let schema = &self.schema;
        let failed = |key, reason| MigrateError::Item(MigrationProblem::new(key, reason));
        let target = Target::of_key(schema, self.store.scope(), key);
        let target = target.map_err(|error| {
            failed(Item::default(), ProblemReason::Failed(LoadError::from(error).into()))
        })?;
        let own = target.key.attributes();
        let item = read(&self.store, &self.meter, schema, &self.table, own, true).await;
        let own = || own.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let item = item.map_err(|error| {
            failed(own(), ProblemReason::Failed(LoadError::Request(error).into()))
        })?;
        let Some(item) = item else { return Ok(false) };
        match W::process(self, item, true).await {
            Ok(Fate::Done { changed, .. }) => Ok(changed),
            Ok(Fate::Failed { reason, .. }) | Err(reason) => Err(failed(own(), reason)),
            Ok(Fate::Other | Fate::Gone | Fate::Differs { .. } | Fate::Left { .. }) => Ok(false),
        }
    }
}

impl<R, B, C> IntoFuture for MigrationInto<R, B, C>
where
    R: EnvelopeRecord,
    B: EnvelopeRecord,
    C: Allows<R::Needs>,
{
    type Output = Result<MigrationReport, MigrateError>;
    type IntoFuture = OperationFuture<MigrationReport, MigrateError>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { store, target, convert, options } = self;
        let copying = Copying::new(target.for_many(), convert, "migrate_into");
        Engine::new::<R>(store.for_many(), copying, &options).start(options)
    }
}
