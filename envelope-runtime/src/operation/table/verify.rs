//! Comparing a table with what is expected of it.

use std::fmt;
use std::marker::PhantomData;

use tracing::Instrument;

use super::drift::{Drift, Unknown, UnknownReason};
use super::report::TableReport;
use super::requests::{Requests, Ttl};
use super::settings::{AtRest, Billing, Settings, StreamView};
use crate::key::{Capability, Full};
use crate::operation::OperationFuture;
use crate::operation::error::{ServiceError, ServiceErrorKind, TableError};
use crate::operation::meter::Meter;
use crate::record::{HasTable, Readable, RecordSchema};
use crate::store::Store;

/// The comparison of a record's table with what is expected of it, ready to be awaited. Created by
/// [`Store::verify_table`].
#[must_use = "a comparison does nothing until it is awaited"]
pub struct VerifyTable<R, C = Full> {
    store: Store<C>,
    settings: Settings,
    schemas: Vec<RecordSchema>,
    record: PhantomData<fn() -> R>,
}

impl<C: Capability> Store<C> {
    /// Compares the table of the record `R` with what production needs, and changes nothing.
    ///
    /// Expected without any option: the key attributes and the indexes of the record, of which no
    /// key is an attribute that the record seals; encryption at rest under a
    /// KMS key of the account (managed by AWS or by you), protection from deletion, and the TTL if
    /// the record has an `#[envelope(ttl)]`. The options say what else is expected, or what is not.
    ///
    /// Needs `dynamodb:DescribeTable`, and asks no more unless there is more to know: with
    /// `DescribeTimeToLive` and `DescribeContinuousBackups` it compares TTL and point-in-time
    /// recovery. What the caller may not ask is listed as unknown, and never as fine.
    ///
    /// # Errors
    ///
    /// [`TableError::Request`] if DynamoDB refuses `DescribeTable`, or does not answer. A table
    /// that differs is no error, and neither is one that does not exist: the report says so.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let report = store.verify_table::<User>().point_in_time_recovery().await?;
    /// for drift in report.drift() {
    ///     println!("{drift}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "describe_table")]
    pub fn verify_table<R: HasTable>(&self) -> VerifyTable<R, C> {
        const { R::SCHEMA.assert_key_types() };
        VerifyTable {
            store: self.clone(),
            settings: Settings {
                at_rest: None,
                billing: None,
                deletion_protection: true,
                point_in_time_recovery: false,
                stream: None,
            },
            schemas: vec![R::SCHEMA],
            record: PhantomData,
        }
    }
}

impl<R: Readable, C: Capability> VerifyTable<R, C> {
    /// Expects that the table also holds records of the type `O`: their key, indexes and TTL.
    pub fn shared_with<O: HasTable>(mut self) -> Self {
        const { O::SCHEMA.assert_key_types() };
        self.schemas.push(O::SCHEMA);
        self
    }

    /// Expects this key of the encryption at rest instead of any KMS key.
    #[doc(alias = "sse_specification")]
    pub fn encrypted_at_rest(mut self, at_rest: AtRest) -> Self {
        self.settings.at_rest = Some(at_rest);
        self
    }

    /// Does not expect protection from deletion, as for the tables of tests.
    pub fn without_deletion_protection(mut self) -> Self {
        self.settings.deletion_protection = false;
        self
    }

    /// Expects a stream with this content.
    #[doc(alias = "stream_specification")]
    pub fn stream(mut self, view: StreamView) -> Self {
        self.settings.stream = Some(view);
        self
    }

    /// Expects point-in-time recovery.
    #[doc(alias = "describe_continuous_backups")]
    pub fn point_in_time_recovery(mut self) -> Self {
        self.settings.point_in_time_recovery = true;
        self
    }

    /// Expects this billing mode. Without it, either will do.
    #[doc(alias = "billing_mode")]
    pub fn billing(mut self, billing: Billing) -> Self {
        self.settings.billing = Some(billing);
        self
    }
}

async fn run<C: Capability>(
    requests: &Requests<'_, C>,
    settings: &Settings,
) -> Result<TableReport, ServiceError> {
    let mut report = TableReport::new();
    report.drift = requests.contradictions();
    let Some(table) = requests.describe().await? else {
        report.drift.push(Drift::Absent);
        return Ok(report);
    };
    report.compare(&table, requests.schemas, settings);
    if let Some(field) = requests.ttl_field() {
        let expected = field.name();
        let found = match known(requests.ttl().await)? {
            Ok(Ttl::On(found)) => Ok(Some(found)),
            Ok(Ttl::Off | Ttl::TurningOff) => Ok(None),
            Err(reason) => Err(reason),
        };
        match found {
            Ok(Some(found)) if found == expected => {}
            Ok(found) => report.drift.push(Drift::Ttl { expected: expected.to_owned(), found }),
            Err(reason) => report.unknown.push(Unknown::Ttl(reason)),
        }
    }
    if settings.point_in_time_recovery {
        match known(requests.has_recovery().await)? {
            Ok(true) => {}
            Ok(false) => report.drift.push(Drift::PointInTimeRecovery),
            Err(reason) => report.unknown.push(Unknown::PointInTimeRecovery(reason)),
        }
    }
    Ok(report)
}

/// An answer, or the reason why there is none and will not be one.
fn known<T>(answer: Result<T, ServiceError>) -> Result<Result<T, UnknownReason>, ServiceError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) if error.kind() == ServiceErrorKind::AccessDenied => {
            Ok(Err(UnknownReason::AccessDenied))
        }
        Err(error) if error.is_unsupported() => Ok(Err(UnknownReason::Unsupported)),
        Err(error) => Err(error),
    }
}

impl<R: Readable, C: Capability> IntoFuture for VerifyTable<R, C> {
    type Output = Result<TableReport, TableError>;
    type IntoFuture = OperationFuture<TableReport, TableError>;

    fn into_future(self) -> Self::IntoFuture {
        let meter = Meter::new(&self.store, "verify_table", self.store.physical_table::<R>());
        let span = meter.span();
        let run = async move {
            let Self { store, settings, schemas, record: _ } = self;
            let table = store.physical_table::<R>();
            let (store, meter, schemas) = (&store, &meter, schemas.as_slice());
            let requests = Requests { store, meter, schema: R::SCHEMA, schemas, table };
            run(&requests, &settings).await.map_err(TableError::Request)
        };
        Box::pin(run.instrument(span))
    }
}

impl<R, C> fmt::Debug for VerifyTable<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyTable").finish_non_exhaustive()
    }
}
