//! A global allocator that keeps a copy of every block of the heap that is given back.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::{ptr, slice};

use data_encoding::{BASE64, HEXLOWER};

use crate::PATIENT;

/// Bytes of the log; the system gives pages only where it is written.
const CAPACITY: usize = 1 << 30;
const LAYOUT: Layout = Layout::new::<[u8; CAPACITY]>();
/// How much of a secret must lie together to be found.
const WINDOW: usize = 12;

thread_local! {
    /// Constant and without a destructor, so that an allocator may look at it.
    static IS_ON: Cell<bool> = const { Cell::new(false) };
}
static LOG: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static USED: AtomicUsize = AtomicUsize::new(0);
static TURN: Mutex<()> = Mutex::new(());

struct Spy;

#[global_allocator]
static SPY: Spy = Spy;

// SAFETY: the system's allocator does the work. `realloc` is the trait's own: it moves every block that
// grows, so that what is left behind is seen.
unsafe impl GlobalAlloc for Spy {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeros, so that `dealloc` reads what was written, or zeros.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if IS_ON.get() {
            let start = USED.fetch_add(layout.size(), Ordering::SeqCst);
            if start + layout.size() <= CAPACITY {
                // SAFETY: `block` has `layout.size()` bytes, and nobody else has this part of the log.
                unsafe {
                    let log = LOG.load(Ordering::SeqCst).add(start);
                    ptr::copy_nonoverlapping(block, log, layout.size());
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What a thread gave back to the allocator.
pub(crate) struct Freed {
    bytes: &'static [u8],
    _turn: MutexGuard<'static, ()>,
}

/// Runs `action` and gives what this thread freed meanwhile. One at a time.
pub(crate) fn freed_by<T>(action: impl FnOnce() -> T) -> (T, Freed) {
    LazyLock::force(&PATIENT);
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if LOG.load(Ordering::SeqCst).is_null() {
        // SAFETY: the layout is not empty.
        let log = unsafe { System.alloc_zeroed(LAYOUT) };
        assert!(!log.is_null(), "no memory for the log");
        LOG.store(log, Ordering::SeqCst);
    }
    USED.store(0, Ordering::SeqCst);
    IS_ON.set(true);
    let result = action();
    IS_ON.set(false);

    let used = USED.load(Ordering::SeqCst);
    assert!(used <= CAPACITY, "the log is too short for {used} bytes");
    // SAFETY: these bytes are initialised, and are not written again before the turn is over.
    let bytes = unsafe { slice::from_raw_parts(LOG.load(Ordering::SeqCst), used) };
    (result, Freed { bytes, _turn: turn })
}

/// Secrets to look for, each under a name.
#[derive(Clone, Default)]
pub(crate) struct Secrets(HashMap<[u8; WINDOW], String>);

impl Secrets {
    /// Adds a secret of at least `WINDOW` bytes: as it is, in hexadecimal and in base64.
    pub(crate) fn with(mut self, name: &str, secret: &[u8]) -> Self {
        assert!(secret.len() >= WINDOW, "{name} is too short");
        let mut forms = vec![secret.to_vec(), HEXLOWER.encode(secret).into_bytes()];
        // Base64 looks different at each of three places within what is encoded.
        forms.extend((0..3).map(|start| {
            let whole = (secret.len() - start) / 3 * 3;
            BASE64.encode(&secret[start..start + whole]).into_bytes()
        }));
        for form in forms {
            for window in form.windows(WINDOW) {
                self.0.insert(window.try_into().unwrap(), name.to_owned());
            }
        }
        self
    }
}

impl Freed {
    /// The names of the secrets of which a piece was freed, sorted.
    pub(crate) fn find(&self, secrets: &Secrets) -> Vec<String> {
        let mut starts = vec![false; 1 << 16];
        let start = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        for window in secrets.0.keys() {
            starts[start(window)] = true;
        }
        let windows = self.bytes.windows(WINDOW).filter(|window| starts[start(window)]);
        let mut found: Vec<_> =
            windows.filter_map(|window| secrets.0.get(window).cloned()).collect();
        found.sort();
        found.dedup();
        found
    }
}
