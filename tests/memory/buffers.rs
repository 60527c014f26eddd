//! Buffers with spare capacity, and those that a type shrinks.

use std::mem;

use envelope_runtime::{
    AttributeValue, EnvelopeRecord, LocalKeyProvider, Opener, OtherAttributes, Sealer,
};
use envelope_tests::Secrets;

use crate::assert_wiped;
use crate::core::poll;
use crate::spy::freed_by;

#[test]
fn t22_what_lies_behind_the_end_of_a_value_is_wiped() {
    const SECRET: &str = "a secret that was longer once";
    let shortened = || {
        let (mut text, mut bytes) = (SECRET.to_owned(), SECRET.as_bytes().to_vec());
        text.truncate(1);
        bytes.clear();
        [AttributeValue::S(text), AttributeValue::B(bytes)]
    };
    for index in 0..2 {
        let ((), freed) = freed_by(|| {
            let [text, bytes] = shortened();
            let (wiped, kept) = if index == 0 { (text, bytes) } else { (bytes, text) };
            mem::forget(kept);
            let mut others = OtherAttributes::default();
            others.insert_encrypted("value", wiped);
        });

        assert_wiped(&freed, &Secrets::default().with("secret", SECRET.as_bytes()));
    }
}

#[derive(EnvelopeRecord)]
#[envelope(table = "scans")]
struct Scan {
    #[partition_key]
    id: String,
    #[encrypted]
    photo: Box<[u8]>,
    #[encrypted]
    note: Box<str>,
}

/// A box takes over the buffer of a vector or a string, if that has no spare capacity to give back.
#[test]
fn t22_boxed_bytes_and_text_leave_no_copy_when_they_are_opened() {
    const PHOTO: &[u8] = b"a photo that nobody may see";
    const NOTE: &str = "a note that nobody may read";
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let local = || LocalKeyProvider::from_hex(key).unwrap();
    let scan = Scan { id: "s-1".into(), photo: PHOTO.into(), note: NOTE.into() };
    let item = poll(Sealer::new(local()).seal(&scan)).unwrap().unwrap();

    let ((), freed) = freed_by(|| {
        let loaded = poll(Opener::new(local()).open::<Scan>(item)).unwrap().unwrap();
        // The struct's own memory is the user's to wipe.
        mem::forget(loaded.into_record());
    });

    assert_wiped(&freed, &Secrets::default().with("photo", PHOTO).with("note", NOTE.as_bytes()));
}
