//! A global allocator that keeps a copy of every freed block of the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::{ptr, slice};

use envelope_tests::Secrets;

use crate::PATIENT;

/// The size of the log in bytes. The system provides pages only where it is written.
const CAPACITY: usize = 1 << 30;
const LAYOUT: Layout = Layout::new::<[u8; CAPACITY]>();

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

// SAFETY: the system's allocator does the work. `realloc` is the trait's own: it moves every block
// that grows, so that the old block is seen.
unsafe impl GlobalAlloc for Spy {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeros, so that `dealloc` reads what was written, or zeros.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if IS_ON.get() {
            let start = USED.fetch_add(layout.size(), Ordering::SeqCst);
            if start + layout.size() <= CAPACITY {
                // SAFETY: `block` has `layout.size()` bytes, and no other thread has this part of
                // the log.
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

/// The memory that a thread freed.
pub(crate) struct Freed {
    bytes: &'static [u8],
    _turn: MutexGuard<'static, ()>,
}

/// Runs `action` and returns what this thread freed meanwhile. One at a time.
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
    // SAFETY: these bytes are initialised, and are not written again before the turn ends.
    let bytes = unsafe { slice::from_raw_parts(LOG.load(Ordering::SeqCst), used) };
    (result, Freed { bytes, _turn: turn })
}

impl Freed {
    /// The sorted names of the secrets of which a piece was freed.
    pub(crate) fn find<'a>(&self, secrets: &'a Secrets) -> Vec<&'a str> {
        secrets.find(self.bytes)
    }
}
