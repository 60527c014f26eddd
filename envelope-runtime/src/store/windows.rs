//! The windows in which a store accepts items without an envelope, and the warnings before they
//! close.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Store;
use crate::envelope::Windows;
use crate::key::{Capability, Decrypt};
use crate::record::{EnvelopeRecord, Readable, Until};

const DAY: Duration = Duration::from_hours(24);
/// The time before the end of a window in which its users are warned.
const LAST_DAYS: Duration = Duration::from_hours(14 * 24);

/// A window: the table, the attribute, and the end. Several record types may be of one table.
type Window = (&'static str, &'static str, Until);

/// The number of days that were left of each window when its users were last warned.
#[derive(Default)]
pub(super) struct Warned(Mutex<HashMap<Window, u64>>);

impl Warned {
    /// Returns whether this is the first time on this day.
    fn is_first(&self, window: Window, days_left: u64) -> bool {
        let mut warned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        warned.insert(window, days_left) != Some(days_left)
    }
}

impl<C: Capability> Store<C> {
    /// Accepts items of the record `R` that have no envelope until a date, while a table that holds
    /// data is migrated: `store.accept_unsealed::<User>(Until::date(2027, 3, 1))`. Projections of
    /// `R` accept them too.
    ///
    /// **Until then, whoever can write the table can plant a record**: they take an item's envelope
    /// away, and with it the protection of all its fields. So the window is for one record type,
    /// and closes by itself at 00:00 UTC of that day. Each load or update that let such items in
    /// says so at `WARN`, [`Usage`](crate::Usage::unsealed_records) counts them, and
    /// [`Loaded::was_unsealed`](crate::Loaded::was_unsealed) tells of each. In the last 14 days, a
    /// store warns once a day that the window is about to close.
    ///
    /// The next save seals such an item, and so does the next update of a protected field. That
    /// update depends on every protected attribute being as it was read. An update of other fields
    /// leaves the item unsealed.
    ///
    /// A record whose key is `#[envelope(hashed)]` has no window, and this does not compile for it:
    /// no program without this library makes its keys.
    ///
    /// A window that would be open for more than 366 days is an error of the first record that is
    /// read: [`WindowTooLong`](crate::error::OpenErrorKind::WindowTooLong). A date in the past is a
    /// window that is closed.
    ///
    /// ```no_run
    /// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
    /// use envelope_runtime::{Loaded, Until};
    ///
    /// # async fn example(store: Store) -> Result<(), Error> {
    /// let store = store.accept_unsealed::<User>(Until::date(2027, 3, 1));
    ///
    /// let user: Option<Loaded<User>> = store.get("foobar").with_envelope().await?;
    /// if user.is_some_and(|user| user.was_unsealed()) {
    ///     println!("nobody has sealed this record yet");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn accept_unsealed<R: EnvelopeRecord<Needs = Decrypt>>(mut self, until: Until) -> Self {
        self.accepted.accept::<R>(until);
        self
    }

    /// The windows of a record, or of the record that a projection is of. Warns of those that are
    /// about to close.
    pub(crate) fn windows<P: Readable>(&self) -> Windows {
        let windows = self.accepted.windows::<P>(self.now());
        let schema = P::SCHEMA;
        for (attribute, until, left) in windows.open(&schema) {
            let days_left = left.as_secs().div_ceil(DAY.as_secs());
            let table = schema.table();
            let window = (table, attribute, until);
            if left <= LAST_DAYS && self.warned.is_first(window, days_left) {
                tracing::warn!(
                    table,
                    attribute,
                    %until,
                    days_left,
                    "the window for values that are not sealed is about to close: migrate the rest"
                );
            }
        }
        windows
    }
}
