//! A listener to everything said: in `Debug`, errors, logs and panics.

use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Write};
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use envelope_tests::Secrets;

use crate::listening;

/// Everything said, by the library or anyone else.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    pub(super) fn write(&self, text: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text);
    }

    pub(super) fn debug(&self, value: &impl Debug) {
        self.write(format!("{value:?}\n{value:#?}\n").as_bytes());
    }

    /// An error with its sources.
    pub(super) fn error<E: Error + Debug>(&self, error: &E) {
        self.debug(error);
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(error) = next {
            self.write(format!("{error}\n{error:#}\n").as_bytes());
            next = error.source();
        }
    }

    /// A failure, which it must be.
    #[track_caller]
    pub(super) fn failure<T, E: Error + Debug>(&self, result: Result<T, E>) {
        self.error(&result.err().expect("a failure"));
    }

    /// Asserts that no secret was said, though much was: the SDK says a lot at TRACE.
    #[track_caller]
    pub(super) fn assert_silent(&self, secrets: &Secrets, at_least: usize) {
        let said = self.take();
        assert!(said.len() >= at_least, "{}", said.len());
        assert_eq!(secrets.find(&said), [""; 0]);
    }

    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Said {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        Self::write(self, text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs of the emulators in this process, which see data keys in plaintext, are not ours.
fn is_ours(target: &str) -> bool {
    !["winterbaume", "dynoxide"].iter().any(|emulator| target.starts_with(emulator))
}

pub(super) fn listen(said: &Said) -> tracing::subscriber::DefaultGuard {
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::{FilterFn, filter_fn};
    use tracing_subscriber::fmt::format::FmtSpan;
    use tracing_subscriber::layer::SubscriberExt;

    let said = said.clone();
    let filter: FilterFn = filter_fn(|metadata| is_ours(metadata.target()));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || said.clone())
        .with_filter(filter);
    listening::listen(tracing_subscriber::registry().with(layer))
}

/// Records the message of every panic, and passes it on.
pub(super) fn listen_to_panics(said: &Said) {
    let (said, before) = (said.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        said.write(format!("{info}\n").as_bytes());
        before(info);
    }));
}
