//! Creating the table of a record.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use tracing::Instrument;

use super::report::TableCreated;
use super::requests::Requests;
use super::settings::{AtRest, Billing, Settings, StreamView, Units};
use super::setup::Setup;
use crate::key::{Capability, Full};
use crate::operation::OperationFuture;
use crate::operation::error::TableError;
use crate::operation::meter::Meter;
use crate::operation::patience::Patience;
use crate::record::{HasTable, Readable, RecordSchema};
use crate::store::Store;

/// The time that a table has to become active, which takes DynamoDB some ten seconds.
const DEADLINE: Duration = Duration::from_mins(5);

/// The creation of a record's table, ready to be awaited. Created by [`Store::create_table`].
#[must_use = "a creation does nothing until it is awaited"]
pub struct CreateTable<R, C = Full> {
    store: Store<C>,
    settings: Settings,
    units: Option<Units>,
    within: Duration,
    schemas: Vec<RecordSchema>,
    record: PhantomData<fn() -> R>,
}

impl<C: Capability> Store<C> {
    /// Creates the table of the record `R`, unless it is there, and waits until it can be used. No
    /// other operation creates a table.
    ///
    /// The table has the key attributes and the indexes of the record, is paid for on demand, and
    /// is encrypted at rest under the KMS key `aws/dynamodb`, so that `CloudTrail` shows the uses
    /// of the key. If the record has an `#[envelope(ttl)]`, DynamoDB deletes its expired items. The
    /// options add the rest.
    ///
    /// It works in steps, and each step looks first: the table, then TTL, then point-in-time
    /// recovery. After a failure, or if another process creates the table at the same time, a call
    /// only does what is still missing.
    ///
    /// A table that is there is never changed in its key, its indexes, its encryption at rest, its
    /// protection from deletion, its stream or its billing mode. If one of these differs from what
    /// is asked for, the error lists each difference. What is not asked for may be on: other
    /// indexes, deletion protection, a stream, point-in-time recovery, or the TTL of another record
    /// type in the same table.
    ///
    /// Needs `dynamodb:DescribeTable` and `CreateTable`; `DescribeTimeToLive` and
    /// `UpdateTimeToLive` for a TTL.
    ///
    /// # Errors
    ///
    /// - [`TableError::Drift`] if the table is there and differs, or the record types that
    ///   [share](CreateTable::shared_with) it contradict each other; nothing was changed.
    /// - [`TableError::NotReady`] if it did not become active before the
    ///   [`deadline`](CreateTable::deadline), or is being deleted.
    /// - [`TableError::Request`] if DynamoDB refuses a request, or does not answer.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// store.create_table::<User>().deletion_protection().point_in_time_recovery().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_table<R: HasTable>(&self) -> CreateTable<R, C> {
        const { R::SCHEMA.assert_key_types() };
        CreateTable {
            store: self.clone(),
            settings: Settings {
                at_rest: Some(AtRest::AwsManaged),
                billing: Some(Billing::OnDemand),
                deletion_protection: false,
                point_in_time_recovery: false,
                stream: None,
            },
            units: None,
            within: DEADLINE,
            schemas: vec![R::SCHEMA],
            record: PhantomData,
        }
    }
}

impl<R: Readable, C: Capability> CreateTable<R, C> {
    /// The table also holds records of the type `O`: their indexes are made too, and their TTL. The
    /// key of the table is that of both.
    ///
    /// ```no_run
    /// # use envelope_runtime::{EnvelopeRecord, Store, error::TableError};
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "app", partition_key = "USER#{id}", sort_key = "PROFILE")]
    /// # struct User { id: String, #[encrypted] ssn: String }
    /// # #[derive(EnvelopeRecord)]
    /// # #[envelope(table = "app", partition_key = "USER#{user}", sort_key = "NOTE#{id}")]
    /// # struct Note { user: String, id: String, #[encrypted] text: String }
    /// # async fn example(store: Store) -> Result<(), TableError> {
    /// store.create_table::<User>().shared_with::<Note>().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn shared_with<O: HasTable>(mut self) -> Self {
        const { O::SCHEMA.assert_key_types() };
        self.schemas.push(O::SCHEMA);
        self
    }

    /// Pays for units per second instead of requests. Of a table that is there, only the billing
    /// mode is compared, since autoscaling changes the units.
    #[doc(alias = "provisioned_throughput")]
    pub fn provisioned(mut self, read_units: u32, write_units: u32) -> Self {
        self.settings.billing = Some(Billing::Provisioned);
        self.units = Some(Units { read: read_units, write: write_units });
        self
    }

    /// Encrypts the table at rest under another key than [`AtRest::AwsManaged`].
    ///
    /// A key of yours needs `kms:DescribeKey` and `kms:CreateGrant`, through DynamoDB. Of a table
    /// that is there, the key may not be known: see [`TableCreated::unknown`].
    #[doc(alias = "sse_specification")]
    pub fn encrypted_at_rest(mut self, at_rest: AtRest) -> Self {
        self.settings.at_rest = Some(at_rest);
        self
    }

    /// Protects the table from deletion: it must be switched off before the table can be deleted.
    #[doc(alias = "deletion_protection_enabled")]
    pub fn deletion_protection(mut self) -> Self {
        self.settings.deletion_protection = true;
        self
    }

    /// Gives the table a stream of its changes.
    #[doc(alias = "stream_specification")]
    pub fn stream(mut self, view: StreamView) -> Self {
        self.settings.stream = Some(view);
        self
    }

    /// Keeps backups for a recovery to any second of the last 35 days. Needs
    /// `dynamodb:DescribeContinuousBackups` and `UpdateContinuousBackups`.
    #[doc(alias = "update_continuous_backups")]
    pub fn point_in_time_recovery(mut self) -> Self {
        self.settings.point_in_time_recovery = true;
        self
    }

    /// Limits the time of all waits for the table, 5 minutes by default. It bounds no request: the
    /// SDK client's timeouts do.
    pub fn deadline(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }
}

impl<R: Readable, C: Capability> IntoFuture for CreateTable<R, C> {
    type Output = Result<TableCreated, TableError>;
    type IntoFuture = OperationFuture<TableCreated, TableError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = Meter::new(&self.store, "create_table", self.store.physical_table::<R>());
        let span = meter.span();
        let run = async move {
            let Self { store, settings, units, within, schemas, record: _ } = self;
            let table = store.physical_table::<R>();
            let patience = Patience::of_a_table(store.ticks(), within);
            let (store, meter, schemas) = (&store, &meter, schemas.as_slice());
            let requests = Requests { store, meter, schema: R::SCHEMA, schemas, table };
            Setup { requests, settings: &settings, units, patience }.run().await
        };
        Box::pin(run.instrument(span))
    }
}

impl<R, C> fmt::Debug for CreateTable<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateTable").finish_non_exhaustive()
    }
}
