//! What the library says at `WARN`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::listening::listen;

pub(super) type Fields = BTreeMap<&'static str, String>;

/// The fields of the library's events at `WARN`.
#[derive(Clone, Default)]
pub(super) struct Warnings(Arc<Mutex<Vec<Fields>>>);

impl Warnings {
    /// Listens on this thread until the guard is dropped.
    pub(super) fn listen() -> (Self, DefaultGuard) {
        let warnings = Self::default();
        let listening = listen(tracing_subscriber::registry().with(warnings.clone()));
        (warnings, listening)
    }

    /// Takes the warnings so far.
    pub(super) fn take(&self) -> Vec<Fields> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the warnings about records that were let in: their tables and numbers.
    #[track_caller]
    pub(super) fn let_in(&self) -> Vec<(String, u64)> {
        let read = |mut warning: Fields| {
            let message = warning.remove("message").unwrap();
            assert_eq!(message, "a window let in records that are not sealed");
            let names: Vec<_> = warning.keys().copied().collect();
            assert_eq!(names, ["records", "table"], "nothing else may be in it");
            (warning["table"].clone(), warning["records"].parse().unwrap())
        };
        self.take().into_iter().map(read).collect()
    }
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() == Level::WARN && metadata.target().starts_with("envelope_runtime") {
            let mut fields = Fields::new();
            event.record(&mut Collect(&mut fields));
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fields);
        }
    }
}
