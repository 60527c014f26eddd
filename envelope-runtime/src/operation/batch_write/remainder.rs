//! The writes that a batch has left, sent again.

use tracing::Instrument;

use super::super::OperationFuture;
use super::super::batched::{Remainder, RemainingWrite};
use super::super::error::BatchError;
use super::super::meter::{Meter, table_names};
use super::super::patience::Patience;
use super::send::send;
use crate::key::Capability;
use crate::store::Store;

impl Remainder {
    /// Sends the writes again: the same bytes, to the same tables, for as long as the deadline of
    /// their batch allows. Makes no KMS call.
    ///
    /// **It overwrites what others wrote in between**: the later it is sent, the likelier. Load the
    /// records and decide again if others write them.
    ///
    /// # Errors
    ///
    /// [`BatchError::Unfinished`] with those that remain then.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// # async fn example(store: Store, users: Vec<User>) -> Result<(), Error> {
    /// match store.batch_write().put_all(&users).await {
    ///     Err(BatchError::Unfinished(error)) if error.error().is_none() => {
    ///         error.remainder().send(&store).await?;
    ///     }
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "the writes are not sent until the future is awaited"]
    pub fn send<C: Capability>(&self, store: &Store<C>) -> OperationFuture<(), BatchError> {
        let (store, remainder) = (store.clone(), self.clone());
        let tables = table_names(self.iter().map(|write| write.write().table.as_str()));
        let meter = Meter::new(&store, "batch_write", &tables);
        let span = meter.span();
        let run = async move {
            let (writes, within): (Vec<RemainingWrite>, _) =
                (remainder.iter().cloned().collect(), remainder.within());
            let taken = u64::try_from(writes.len()).unwrap_or(u64::MAX);
            let patience = Patience::of_capacity(store.ticks(), within);
            send(&store, &meter, writes, patience).await.finished(taken, within)
        };
        Box::pin(run.instrument(span))
    }
}
