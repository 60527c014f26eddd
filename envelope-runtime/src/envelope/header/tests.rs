//! The permitted form of a header, to the byte.

use super::*;
use crate::key::{EncryptedDataKey, HINT_LEN, ProviderId};
use crate::limits::MAX_LISTS;

fn copy(provider: ProviderId, length: usize) -> EncryptedDataKey {
    EncryptedDataKey::new(provider, [5; HINT_LEN], vec![9; length]).unwrap()
}

fn header(reference: KeyReference) -> Header {
    let entry = |name: &str| SealedEntry { name: name.to_owned().into(), nonce: [3; NONCE_LEN] };
    Header {
        salt: [1; SALT_LEN],
        tag: [2; MAC_LEN],
        sealed: vec![entry("email"), entry("ssn")],
        authenticated: vec!["role".into(), "tenant".into()],
        reference,
    }
}

fn references() -> Vec<KeyReference> {
    vec![
        KeyReference::Wrapped(vec![copy(ProviderId::KMS, 184)]),
        KeyReference::Wrapped(vec![
            copy(ProviderId::KMS, 184),
            copy(ProviderId::LOCAL, 60),
            copy(ProviderId::custom(0x40).unwrap(), 1),
            copy(ProviderId::KMS, 6144),
        ]),
        KeyReference::KeyTable(vec![7; 16]),
    ]
}

#[test]
fn every_form_of_reference_comes_back_as_it_was() {
    for reference in references() {
        let header = header(reference);

        let bytes = header.encode().unwrap();

        assert_eq!(bytes.capacity(), bytes.len());
        assert_eq!(Header::decode(&bytes), Ok(header));
    }
}

#[test]
fn every_truncation_and_a_trailing_byte_are_refused() {
    for reference in references() {
        let bytes = header(reference).encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Header::decode(&bytes[..length]).is_err(), "{length}");
        }
        assert_eq!(Header::decode(&[bytes.as_slice(), &[0]].concat()), Err(HeaderError::Malformed));
    }
}

#[test]
fn every_single_bit_reads_as_something_else_or_not_at_all() {
    let header = header(KeyReference::Wrapped(vec![copy(ProviderId::KMS, 184)]));
    let bytes = header.encode().unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Header::decode(&flipped).as_ref(), Ok(&header), "bit {bit}");
    }
}

#[test]
fn other_versions_and_suites_are_named() {
    assert_eq!(Header::decode(&[2, 1]), Err(HeaderError::Version(2)));
    assert_eq!(Header::decode(&[1, 9]), Err(HeaderError::Suite(9)));
    assert_eq!(Header::decode(&[]), Err(HeaderError::Malformed));
    assert_eq!(Header::decode(&[1]), Err(HeaderError::Malformed));
}

#[test]
fn lists_that_no_writer_makes_are_refused() {
    let make = |change: &dyn Fn(&mut Header)| {
        let mut header = header(KeyReference::KeyTable(vec![7; 16]));
        change(&mut header);
        Header::decode(&header.encode().unwrap())
    };
    assert!(make(&|_| {}).is_ok());
    assert!(make(&|header| header.sealed.reverse()).is_err());
    assert!(make(&|header| header.sealed[1] = header.sealed[0].clone()).is_err());
    assert!(make(&|header| header.authenticated.reverse()).is_err());
    assert!(make(&|header| header.authenticated[0] = "email".into()).is_err());
}

#[test]
fn the_longest_header_has_8192_bytes_for_writer_and_reader() {
    let with = |length| {
        let copies = vec![copy(ProviderId::KMS, 6144), copy(ProviderId::LOCAL, length)];
        header(KeyReference::Wrapped(copies))
    };
    let length = 8192 - with(1).encode().unwrap().len() + 1;
    let longest = with(length).encode().unwrap();

    assert_eq!(longest.len(), 8192);
    assert_eq!(Header::decode(&longest), Ok(with(length)));
    assert_eq!(with(length + 1).encode(), None);
    let mut longer = [longest.as_slice(), &[9]].concat();
    let place = longer.len() - length - 3;
    longer[place..place + 2].copy_from_slice(&u16::try_from(length + 1).unwrap().to_be_bytes());
    assert_eq!(Header::decode(&longer), Err(HeaderError::Malformed));
}

/// The lists that `record/check.rs` permits a schema fit next to one KMS key.
#[test]
fn lists_at_their_limit_and_a_key_of_kms_make_the_longest_header() {
    let header = header(KeyReference::Wrapped(vec![copy(ProviderId::KMS, 184)]));
    let mut lists = Vec::new();
    header.write_lists(&mut lists);

    let beside = header.encode().unwrap().len() - (lists.len() - 2);

    assert_eq!(beside + MAX_LISTS, MAX_HEADER);
}

#[test]
fn the_reader_takes_64_authenticated_names_and_no_more() {
    let names = || (0..64).map(|n| format!("{n:03}"));
    let mut header = header(KeyReference::KeyTable(vec![7; 16]));
    header.sealed.clear();
    header.authenticated = names().map(Into::into).collect();
    let bytes = header.encode().unwrap();
    let (count, end) = (51, 52 + 64 * 4);
    assert_eq!((bytes[count], Header::decode(&bytes)), (64, Ok(header)));

    let mut more = [&bytes[..end], b"\x03999", &bytes[end..]].concat();
    more[count] = 65;

    assert_eq!(Header::decode(&more), Err(HeaderError::Malformed));
}

#[test]
fn other_forms_of_reference_are_refused() {
    let bytes = header(KeyReference::KeyTable(vec![7; 16])).encode().unwrap();
    let place = bytes.len() - 18;
    for form in (0..=u8::MAX).filter(|form| *form != 0x80) {
        let mut other = bytes.clone();
        other[place] = form;
        assert_eq!(Header::decode(&other), Err(HeaderError::Malformed), "{form}");
    }
}

#[test]
fn the_writer_stays_within_the_limits_of_the_reader() {
    let make = |change: &dyn Fn(&mut Header)| {
        let mut header = header(KeyReference::KeyTable(vec![7; 16]));
        change(&mut header);
        header.encode()
    };
    let entry = |name: String| SealedEntry { name: name.into(), nonce: [0; NONCE_LEN] };
    let many = |count: usize| (0..count).map(|n| format!("{n:03}"));
    assert!(make(&|header| header.sealed = many(255).map(entry).collect()).is_some());
    assert!(make(&|header| header.sealed = many(256).map(entry).collect()).is_none());
    assert!(make(&|header| header.authenticated = many(64).map(Into::into).collect()).is_some());
    assert!(make(&|header| header.authenticated = many(65).map(Into::into).collect()).is_none());
    assert!(make(&|header| header.authenticated = vec!["n".repeat(255).into()]).is_some());
    assert!(make(&|header| header.authenticated = vec!["n".repeat(256).into()]).is_none());
    assert!(make(&|header| header.authenticated = vec!["".into()]).is_none());
    assert!(make(&|header| header.reference = KeyReference::Wrapped(vec![])).is_none());
    assert!(make(&|header| header.reference = KeyReference::KeyTable(vec![0; 25])).is_none());
    let two = KeyReference::Wrapped(vec![copy(ProviderId::KMS, 6144), copy(ProviderId::KMS, 6144)]);
    assert!(make(&|header| header.reference = two.clone()).is_none());
}
