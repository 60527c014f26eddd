//! Every order in which concurrent callers of a provider, and the answers of the service behind it,
//! can go on.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use super::{
    DataKey, DataKeyError, DataKeyErrorKind, DataKeyRequest, Full, GeneratedDataKey, KeyFuture,
    KeyProvider, KeyReference,
};
use crate::LocalKeyProvider;

/// A provider whose calls wait until the test answers them. Clones share the calls.
#[derive(Clone)]
pub(super) struct Gated {
    pub(super) local: Arc<LocalKeyProvider>,
    calls: Arc<Mutex<Vec<Call>>>,
    refuses: Arc<Mutex<Option<DataKeyErrorKind>>>,
    accepts: Arc<AtomicBool>,
    is_current: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

#[derive(Default)]
struct Call {
    is_answered: bool,
    waker: Option<Waker>,
}

impl Gated {
    pub(super) fn new() -> Self {
        Self {
            local: Arc::new(LocalKeyProvider::insecure_ephemeral().unwrap()),
            calls: Arc::default(),
            refuses: Arc::default(),
            accepts: Arc::new(true.into()),
            is_current: Arc::new(true.into()),
            panics: Arc::default(),
        }
    }

    /// Lets every call panic from now on, or none.
    pub(super) fn panic(&self, panics: bool) {
        self.panics.store(panics, Ordering::Relaxed);
    }

    /// The number of calls so far.
    pub(super) fn calls(&self) -> usize {
        self.locked().len()
    }

    /// Lets every call fail from now on, or none.
    pub(super) fn refuse(&self, kind: impl Into<Option<DataKeyErrorKind>>) {
        *self.refuses.lock().unwrap() = kind.into();
    }

    pub(super) fn accept(&self, accepts: bool) {
        self.accepts.store(accepts, Ordering::Relaxed);
    }

    pub(super) fn current(&self, is_current: bool) {
        self.is_current.store(is_current, Ordering::Relaxed);
    }

    /// Answers all calls.
    pub(super) fn answer_all(&self) {
        for call in self.open() {
            self.answer(call);
        }
    }

    fn open(&self) -> Vec<usize> {
        let calls = self.locked();
        let open = calls.iter().enumerate().filter(|(_, call)| !call.is_answered);
        open.map(|(number, _)| number).collect()
    }

    fn answer(&self, number: usize) {
        let waker = {
            let call = &mut self.locked()[number];
            call.is_answered = true;
            call.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    async fn called(&self, request: &DataKeyRequest) -> Result<(), DataKeyError> {
        request.count_call();
        let number = {
            let mut calls = self.locked();
            calls.push(Call::default());
            calls.len() - 1
        };
        poll_fn(|cx| {
            let call = &mut self.locked()[number];
            call.waker = Some(cx.waker().clone());
            if call.is_answered { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert!(!self.panics.load(Ordering::Relaxed), "a test's own");
        let refuses = *self.refuses.lock().unwrap();
        refuses.map_or(Ok(()), |kind| Err(DataKeyError::new(kind, "gated")))
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap()
    }
}

impl KeyProvider for Gated {
    type Capability = Full;

    fn generate<'a>(&'a self, request: &'a DataKeyRequest) -> KeyFuture<'a, GeneratedDataKey> {
        Box::pin(async {
            self.called(request).await?;
            self.local.generate(request).await
        })
    }

    fn decrypt<'a>(
        &'a self,
        reference: &'a KeyReference,
        request: &'a DataKeyRequest,
    ) -> KeyFuture<'a, Arc<DataKey>> {
        Box::pin(async {
            self.called(request).await?;
            self.local.decrypt(reference, request).await
        })
    }

    fn is_current(&self, _: &KeyReference, _: &DataKeyRequest) -> bool {
        self.is_current.load(Ordering::Relaxed)
    }

    fn accepts(&self, _: &KeyReference) -> bool {
        self.accepts.load(Ordering::Relaxed)
    }
}

/// The choices of one order, and of the next.
#[derive(Default)]
pub(super) struct Order {
    taken: Vec<(usize, usize)>,
    at: usize,
}

impl Order {
    fn choose(&mut self, of: usize) -> usize {
        if self.at == self.taken.len() {
            self.taken.push((0, of));
        }
        let (choice, known) = self.taken[self.at];
        assert_eq!(known, of, "one order plays out in one way");
        self.at += 1;
        choice
    }

    /// Goes to the next order; `false` after the last.
    fn next(&mut self) -> bool {
        self.at = 0;
        while let Some((choice, of)) = self.taken.pop() {
            if choice + 1 < of {
                self.taken.push((choice + 1, of));
                return true;
            }
        }
        false
    }
}

/// Runs a test in every order. Returns their number.
pub(super) fn in_every_order(mut test: impl FnMut(&mut Order)) -> usize {
    let mut order = Order::default();
    let mut number = 0;
    loop {
        test(&mut order);
        number += 1;
        if !order.next() {
            return number;
        }
    }
}

pub(super) type Caller<T> = Pin<Box<dyn Future<Output = T>>>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

enum Step {
    Poll(usize),
    Answer(usize),
    Drop(usize),
}

/// Plays one order: polls callers that were woken, answers calls, and drops the first `may_leave`
/// callers or not. A caller that was dropped has no output.
pub(super) fn play<T>(
    order: &mut Order,
    gated: &Gated,
    callers: Vec<Caller<T>>,
    may_leave: usize,
) -> Vec<Option<T>> {
    let woken: Vec<_> = callers.iter().map(|_| Arc::new(Woken(true.into()))).collect();
    let mut outputs: Vec<Option<T>> = callers.iter().map(|_| None).collect();
    let mut callers: Vec<_> = callers.into_iter().map(Some).collect();
    while callers.iter().any(Option::is_some) {
        let waits = |number: &usize| callers[*number].is_some();
        let is_woken = |number: &usize| woken[*number].0.load(Ordering::Relaxed);
        let numbers = || (0..woken.len()).filter(waits);
        let mut steps: Vec<_> = numbers().filter(is_woken).map(Step::Poll).collect();
        steps.extend(gated.open().into_iter().map(Step::Answer));
        assert!(!steps.is_empty(), "somebody waits for ever");
        steps.extend(numbers().filter(|number| *number < may_leave).map(Step::Drop));
        match steps[order.choose(steps.len())] {
            Step::Answer(call) => gated.answer(call),
            Step::Drop(number) => callers[number] = None,
            Step::Poll(number) => {
                woken[number].0.store(false, Ordering::Relaxed);
                let waker = Waker::from(Arc::clone(&woken[number]));
                let caller = callers[number].as_mut().unwrap();
                if let Poll::Ready(output) = caller.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    outputs[number] = Some(output);
                    callers[number] = None;
                }
            }
        }
    }
    outputs
}

/// Polls a future that waits for nothing but calls, and answers them.
pub(super) fn answered<F: Future>(gated: &Gated, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        gated.answer_all();
    }
    panic!("it waits for something else");
}

/// A clock that a test sets, by both of its times.
#[derive(Clone)]
pub(super) struct TestClock(Arc<Mutex<(std::time::SystemTime, std::time::Instant)>>);

impl TestClock {
    pub(super) fn new() -> Self {
        // Far enough from the beginning that it can be set back.
        let hour = std::time::Duration::from_hours(1);
        let start = (std::time::SystemTime::now(), std::time::Instant::now() + hour);
        Self(Arc::new(Mutex::new(start)))
    }

    pub(super) fn advance(&self, wall: std::time::Duration, monotonic: std::time::Duration) {
        let mut now = self.0.lock().unwrap();
        *now = (now.0 + wall, now.1 + monotonic);
    }

    pub(super) fn set_back(&self, by: std::time::Duration) {
        self.0.lock().unwrap().0 -= by;
    }
}

impl crate::Clock for TestClock {
    fn wall(&self) -> std::time::SystemTime {
        self.0.lock().unwrap().0
    }

    fn monotonic(&self) -> std::time::Instant {
        self.0.lock().unwrap().1
    }
}
