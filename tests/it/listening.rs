//! Listeners to what the library and the SDK say through tracing, one a test.

use std::sync::LazyLock;

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};

/// With one subscriber in the process, tracing asks only the thread that comes to a callsite first, and
/// there may be none: the listener of another thread would be deaf to that callsite.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Listens on this thread, beside other tests on other threads.
pub(crate) fn listen<S: Subscriber + Send + Sync + 'static>(subscriber: S) -> DefaultGuard {
    LazyLock::force(&SECOND);
    set_default(subscriber)
}
