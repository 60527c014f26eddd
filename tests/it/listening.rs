//! Listeners to the tracing output of the library and the SDK, one per test.

use std::sync::LazyLock;

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};

/// With a single subscriber in the process, tracing asks only the first thread that reaches a
/// callsite. If that thread has no listener, the listener of another thread misses the callsite.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Listens on this thread, beside other tests on other threads.
pub(crate) fn listen<S: Subscriber + Send + Sync + 'static>(subscriber: S) -> DefaultGuard {
    LazyLock::force(&SECOND);
    set_default(subscriber)
}
