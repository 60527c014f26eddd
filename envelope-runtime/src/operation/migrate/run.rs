//! The two passes over a table: the first one changes records, the second one looks at all of them
//! again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{io, mem};

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::checkpoint::{Checkpoint, Selection};
use super::engine::{Engine, Fate, Work};
use super::report::{Listed, MAX_FAILED};
use super::{MigrationProgress, MigrationReport, Options};
use crate::envelope::Item;
use crate::expression::{Expression, Placeholders};
use crate::key::Capability;
use crate::operation::error::{
    CheckpointError, CheckpointErrorKind, MigrateError, MigrationProblem, ProblemReason,
    ServiceError,
};
use crate::operation::fetched::CONCURRENCY;
use crate::operation::meter::Meter;
use crate::record::RecordSchema;
use crate::store::Store;

/// The first pass changes what is not done. The second one looks whether all of it has stayed so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    First,
    Second,
}

/// A segment of the table after a pass.
struct Segment {
    number: u32,
    /// No record of it has failed for a reason that may go away.
    is_done: bool,
}

/// The state that the segments share.
struct Shared<'a, C, W> {
    engine: &'a Engine<C, W>,
    options: &'a Options,
    filter: &'a Expression,
    pass: Pass,
    segments: u32,
    /// The first records that failed in the pass before. They have not reappeared.
    failed: Vec<MigrationProblem>,
    state: Mutex<State>,
}

struct State {
    report: MigrationReport,
    /// Items that the pass has read.
    items: u64,
    segments_done: u32,
    about: u64,
}

impl<C: Capability, W: Work<C>> Engine<C, W> {
    pub(super) async fn run(self, options: &Options) -> Result<MigrationReport, MigrateError> {
        let segments = options.segments.get();
        let filter = Placeholders::default().expression(&self.schema, options.filter.clone());
        let filter = filter.map_err(MigrateError::Filter)?;
        let (table, about) = describe(&self.store, &self.meter, &self.schema, &self.table).await?;
        let selection = Selection {
            work: self.work.verb(),
            schema: &self.schema,
            scope: self.store.scope(),
            filter: &filter,
            destination: &W::destination(&self, &table).await?,
        };
        let mut journal = Checkpoint::new(table, &selection, segments);
        let path = options.checkpoint.as_ref().filter(|_| !self.is_dry);
        if let Some(path) = path {
            // A file that cannot be written is no surprise after hours.
            let resumed = move |path: &Path| {
                let journal = journal.resume(path)?;
                journal.write(path).map(|()| journal)
            };
            journal = blocking(path, resumed).await?;
        }
        let waiting: Vec<_> = (0..segments).filter(|part| !journal.is_done(*part)).collect();
        let segments_done = journal.number_done();
        let report = MigrationReport::new(&self.schema);
        let state = State { report, items: 0, segments_done, about };
        let shared = |pass, failed, state| Shared {
            engine: &self,
            options,
            filter: &filter,
            pass,
            segments,
            failed,
            state: Mutex::new(state),
        };

        let first = shared(Pass::First, Vec::new(), state);
        let mut done = first.segments(waiting);
        while let Some(segment) = done.try_next().await? {
            if !segment.is_done {
                continue;
            }
            journal.add(segment.number);
            if let Some(path) = path {
                journal = blocking(path, |path| journal.write(path).map(|()| journal)).await?;
            }
        }
        drop(done);
        let mut state = first.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.is_dry {
            return Ok(state.report);
        }

        let failed = mem::take(&mut state.report.problems);
        state.report.begin_second_pass(&self.schema);
        (state.items, state.segments_done) = (0, 0);
        let second = shared(Pass::Second, failed, state);
        let mut done = second.segments((0..segments).collect());
        while done.try_next().await?.is_some() {}
        drop(done);
        Ok(second.state.into_inner().unwrap_or_else(PoisonError::into_inner).report)
    }
}

/// DynamoDB's own id of a table, and the number of its items.
pub(super) async fn describe<C: Capability>(
    store: &Store<C>,
    meter: &Meter,
    schema: &RecordSchema,
    table: &str,
) -> Result<(String, u64), MigrateError> {
    let request = store.client().describe_table().table_name(table);
    let answer = request.customize().interceptor(meter.reads()).send().await;
    let answer = answer
        .map_err(|error| MigrateError::Request(ServiceError::new(schema.place(), table, &error)))?;
    let described = answer.table();
    let count = described.and_then(|table| u64::try_from(table.item_count()?).ok());
    let id = described.and_then(|table| table.table_id().or(table.table_arn()));
    Ok((id.unwrap_or(table).to_owned(), count.unwrap_or_default()))
}

/// Does something with a file that may take long.
async fn blocking(
    path: &Path,
    run: impl FnOnce(&Path) -> Result<Checkpoint, CheckpointError> + Send + 'static,
) -> Result<Checkpoint, MigrateError> {
    let own = path.to_owned();
    let done = tokio::task::spawn_blocking(move || run(&own)).await;
    // It fails while the runtime shuts down.
    let interrupted = CheckpointErrorKind::Io(io::ErrorKind::Interrupted);
    let done = done.unwrap_or_else(|_| Err(CheckpointError::new(path, interrupted)));
    done.map_err(MigrateError::Checkpoint)
}

impl<C: Capability, W: Work<C>> Shared<'_, C, W> {
    /// Does these segments, several at the same time, and gives out each that is done.
    fn segments(
        &self,
        segments: Vec<u32>,
    ) -> impl Stream<Item = Result<Segment, MigrateError>> + Unpin {
        let segments = segments.into_iter();
        let runs = segments.map(|segment| self.segment(segment));
        Box::pin(stream::iter(runs).buffer_unordered(self.options.parallel))
    }

    async fn segment(&self, number: u32) -> Result<Segment, MigrateError> {
        let engine = self.engine;
        let mut is_done = true;
        let share = CONCURRENCY.div_ceil(self.options.parallel);
        let mut after = None;
        let (filter, names, values) = self.filter.clone().into_sdk();
        loop {
            let request = engine.store.client().scan();
            let request = request
                .table_name(&engine.table)
                .segment(i32::try_from(number).unwrap_or(i32::MAX))
                .total_segments(i32::try_from(self.segments).unwrap_or(i32::MAX))
                // A write of the first pass depends on what is stored. The second one depends on
                // what it reads.
                .consistent_read(self.pass == Pass::Second)
                .set_exclusive_start_key(after)
                .set_filter_expression(filter.clone())
                .set_expression_attribute_names(names.clone())
                .set_expression_attribute_values(values.clone())
                .set_return_consumed_capacity(engine.meter.capacity());
            let answer = request.customize().interceptor(engine.meter.reads()).send().await;
            let page = answer.map_err(|error| {
                let place = engine.schema.place();
                MigrateError::Request(ServiceError::new(place, &engine.table, &error))
            })?;
            engine.meter.has_read(page.consumed_capacity());
            let items = page.items.unwrap_or_default();
            let read = u64::try_from(items.len()).unwrap_or(u64::MAX);
            let processed = items.into_iter().map(|item| self.item(item));
            let mut processed = stream::iter(processed).buffer_unordered(share);
            while let Some(processed) = processed.next().await {
                is_done &= processed?;
            }
            drop(processed);
            after = page.last_evaluated_key;
            self.report(read, after.is_none());
            if after.is_none() {
                return Ok(Segment { number, is_done });
            }
        }
    }

    /// Returns whether it is done.
    async fn item(&self, item: HashMap<String, SdkValue>) -> Result<bool, MigrateError> {
        let Self { engine, options, .. } = self;
        if let Some(pace) = &engine.items {
            engine.store.wait(pace.reserve(engine.store.ticks().monotonic())).await;
        }
        let key = engine.key_of(&item);
        let is_second = self.pass == Pass::Second;
        // A record that reappears after every writer seals may have been planted.
        let is_open = !is_second || options.accept_reappeared || engine.work.is_repeated();
        let fate = W::process(engine, item, is_open && !engine.is_dry).await;
        let problem = |reason| MigrationProblem::new(key.clone(), reason);
        let fate = fate.map_err(|reason| MigrateError::Item(problem(reason)))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let report = &mut state.report;
        match fate {
            Fate::Gone => {}
            Fate::Other => report.other_items += 1,
            Fate::Done { item, changed } => {
                report.changed += u64::from(changed);
                report.reappeared += u64::from(changed && is_second);
                self.count(report, &item);
            }
            Fate::Differs { item } => {
                report.add_difference(problem(ProblemReason::Differs(engine.schema.place())));
                self.count(report, &item);
            }
            Fate::Left { item } => {
                let failed = self.failed.iter().find(|failed| *failed.key() == key);
                if let Some(failed) = failed {
                    report.failed += 1;
                    report.add_item(failed.clone());
                } else {
                    report.remaining += 1;
                    // Of more failures, nobody knows the keys.
                    if is_second && self.failed.len() < MAX_FAILED {
                        report.reappeared += 1;
                        let place = engine.schema.place();
                        let reason = ProblemReason::Reappeared(place);
                        report.add_item(problem(reason));
                    }
                }
                self.count(report, &item);
            }
            Fate::Failed { item, reason, is_final } => {
                report.failed += 1;
                self.count(report, &item.unwrap_or_default());
                report.add_item(problem(reason));
                return Ok(is_final);
            }
        }
        Ok(true)
    }

    /// Counts a record as it is stored.
    fn count(&self, report: &mut MigrationReport, item: &Item) {
        let schema = &self.engine.schema;
        let listed = Listed::of(schema, item).unwrap_or_default();
        report.add_record(schema, item, &listed);
    }

    /// Adds a page to the progress, and tells whoever wants to know.
    fn report(&self, read: u64, segment_is_done: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.items = state.items.saturating_add(read);
        state.segments_done += u32::from(segment_is_done);
        let progress = MigrationProgress {
            pass: if self.pass == Pass::First { 1 } else { 2 },
            segments_done: state.segments_done,
            segments: self.segments,
            items_read: state.items,
            changed: state.report.changed,
            estimated_items: state.about,
        };
        drop(state);
        if let Some(tell) = &self.options.on_progress {
            tell(progress);
        }
    }
}
