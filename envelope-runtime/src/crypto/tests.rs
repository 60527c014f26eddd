//! Requirements on both back ends, checked through the functions that sealing and opening call.

use super::{MAC_LEN, MacKey, NONCE_LEN, Prk, Rejected, Salt, SealKey, Secret32, fill, hex};

#[test]
fn sealing_matches_test_case_16_of_the_gcm_specification() {
    let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    let key = SealKey::new(&Secret32::new(key.try_into().unwrap()));
    let mut buffer = plaintext.clone();

    key.seal(nonce, &aad, &mut buffer).unwrap();

    assert_eq!(
        buffer,
        hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b")
    );
    key.open(nonce, &aad, &mut buffer).unwrap();
    assert_eq!(buffer, plaintext);
}

#[test]
fn every_flipped_bit_and_every_truncation_is_rejected() {
    let key = SealKey::new(&Secret32::new([7; 32]));
    let mut sealed = b"078-05-1120".to_vec();
    key.seal([1; NONCE_LEN], b"aad", &mut sealed).unwrap();

    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.open([1; NONCE_LEN], b"aad", &mut flipped), Err(Rejected));
    }
    for length in 0..sealed.len() {
        let mut short = sealed[..length].to_vec();
        assert_eq!(key.open([1; NONCE_LEN], b"aad", &mut short), Err(Rejected));
    }
    assert_eq!(key.open([1; NONCE_LEN], b"aae", &mut sealed.clone()), Err(Rejected));
    assert_eq!(key.open([2; NONCE_LEN], b"aad", &mut sealed.clone()), Err(Rejected));
    assert_eq!(key.open([1; NONCE_LEN], b"aad", &mut sealed), Ok(()));
    assert_eq!(sealed, b"078-05-1120");
}

#[test]
fn expansion_matches_hmac_by_definition() {
    // For one block RFC 5869 defines T(1) = HMAC(PRK, info ‖ 0x01), PRK = HMAC(salt, key).
    let key = Secret32::new([0x0b; 32]);
    let mut salt = [0; 32];
    salt[..4].copy_from_slice(b"salt");
    let prk = MacKey::new(&Secret32::new(salt)).tag(&[key.bytes()]);

    let expected = MacKey::new(&Secret32::new(prk)).tag(&[b"some info", b"\x01"]);

    let expanded = Prk::extract(&Salt::new(b"salt"), &key).expand(&[b"some", b" info"]);
    assert_eq!(expanded.bytes(), &expected);
}

/// The RFC's input keys are not 32 bytes long, so the test starts from its PRKs.
#[test]
fn expansion_matches_rfc_5869() {
    let second: Vec<u8> = (0xb0..=0xff).collect();
    for (prk, info, okm) in [
        (
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            hex("f0f1f2f3f4f5f6f7f8f9"),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            second,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
        ),
        (
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ] {
        let prk = Prk::from_bytes(&hex(prk));
        assert_eq!(prk.expand(&[&info]).bytes().as_slice(), hex(okm));
    }
}

#[test]
fn a_tag_that_differs_in_one_bit_is_rejected() {
    let key = MacKey::new(&Secret32::new([3; 32]));
    let tag = key.tag(&[b"message"]);

    assert_eq!(key.verify(&[b"mess", b"age"], &tag), Ok(()));
    for bit in 0..MAC_LEN * 8 {
        let mut flipped = tag;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.verify(&[b"mess", b"age"], &flipped), Err(Rejected));
    }
}

#[test]
fn random_bytes_are_never_the_same() {
    let draw = || {
        let mut bytes = [0; 32];
        fill(&mut bytes).unwrap();
        bytes
    };
    let seen: std::collections::BTreeSet<_> = (0..100).map(|_| draw()).collect();
    assert!(seen.len() == 100 && !seen.contains(&[0; 32]));
}

/// Whatever the length, either back end opens an item that the other sealed.
#[cfg(feature = "aws-lc")]
#[test]
fn both_back_ends_give_the_same_bytes() {
    use super::rust_crypto;

    for length in 0..200_u8 {
        let bytes: Vec<u8> = (0..length).collect();
        let key = || Secret32::new([length; 32]);
        let nonce = [length; NONCE_LEN];
        let (mut left, mut right) = (bytes.clone(), bytes.clone());

        SealKey::new(&key()).seal(nonce, &bytes, &mut left).unwrap();
        rust_crypto::SealKey::new(&key()).seal(nonce, &bytes, &mut right).unwrap();

        assert_eq!(left, right);
        let derive = |expand: &dyn Fn(&[&[u8]]) -> Secret32| *expand(&[&bytes, b"info"]).bytes();
        let (left, right) = (
            Prk::extract(&Salt::new(&bytes), &key()),
            rust_crypto::Prk::extract(&rust_crypto::Salt::new(&bytes), &key()),
        );
        assert_eq!(derive(&|info| left.expand(info)), derive(&|info| right.expand(info)));
        let parts: [&[u8]; 2] = [&bytes, b"x"];
        assert_eq!(MacKey::new(&key()).tag(&parts), rust_crypto::MacKey::new(&key()).tag(&parts));
        #[cfg(feature = "aws")]
        assert_eq!(super::sha256(&[&bytes, b"x"]), rust_crypto::sha256(&[&bytes, b"x"]));
    }
}
