//! This library.

use std::hint::black_box;

use envelope_benches::given::ready;
use envelope_runtime::key::KeyReference;
use envelope_runtime::{Envelope, EnvelopeRecord, Item, LocalKeyProvider, Opener, Sealer};

use crate::library::Library;

/// One encrypted attribute among two that are as the peer stores them: plain, but authenticated.
#[derive(EnvelopeRecord, PartialEq)]
#[envelope(table = "peers")]
pub struct Small {
    #[partition_key]
    pub id: String,
    #[authenticated]
    pub a: String,
    #[authenticated]
    pub b: String,
    #[encrypted]
    pub c: String,
}

/// The same, with two attributes that are not protected.
#[derive(EnvelopeRecord, PartialEq)]
#[envelope(table = "peers")]
pub struct SmallWithPlain {
    #[partition_key]
    pub id: String,
    pub a: String,
    pub b: String,
    #[encrypted]
    pub c: String,
}

#[derive(EnvelopeRecord, PartialEq)]
#[envelope(table = "peers")]
pub struct Large {
    #[partition_key]
    pub id: String,
    #[encrypted]
    pub text: String,
}

/// This library with a record.
pub struct Ours<R> {
    sealer: Sealer,
    opener: Opener,
    record: R,
    item: Item,
}

impl<R: EnvelopeRecord + PartialEq> Ours<R> {
    /// Seals the record, and checks that it opens.
    pub fn new(key: &str, record: R) -> Self {
        let provider =
            || LocalKeyProvider::from_hex(key).unwrap_or_else(|error| unreachable!("{error}"));
        let (sealer, opener) = (Sealer::new(provider()), Opener::new(provider()));
        let item = ready(sealer.seal(&record)).unwrap_or_else(|error| unreachable!("{error}"));
        let ours = Self { sealer, opener, record, item };
        assert!(ours.open() == ours.record, "a record opens as it was sealed");
        ours
    }

    fn open(&self) -> R {
        let record = ready(self.opener.open::<R>(black_box(&self.item).clone()));
        record.unwrap_or_else(|error| unreachable!("{error}")).into_record()
    }
}

impl<R: EnvelopeRecord + PartialEq> Library for Ours<R> {
    fn encrypt(&self) {
        let item = ready(self.sealer.seal(black_box(&self.record)));
        black_box(item.unwrap_or_else(|error| unreachable!("{error}")));
    }

    fn decrypt(&self) {
        black_box(self.open());
    }

    fn size(&self) -> usize {
        self.item.size()
    }

    fn wrapped_key(&self) -> usize {
        let loaded = ready(self.opener.open::<R>(self.item.clone()));
        let loaded = loaded.unwrap_or_else(|error| unreachable!("{error}"));
        match loaded.envelope().map(Envelope::key_reference) {
            Some(KeyReference::Wrapped(copies)) => {
                copies.iter().map(|copy| copy.hint().len() + copy.wrapped().len()).sum()
            }
            _ => unreachable!("sealed under a local key"),
        }
    }
}
