//! A ciphertext that AES-GCM opens under two keys: GCM does not commit to its key (Grubbs, Lu and
//! Ristenpart, "Message Franking via Committing Authenticated Encryption", CRYPTO 2017).

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyInit};

use super::{NONCE_LEN, Secret32};

/// Two blocks and a tag that open under both keys, each time to a plaintext that starts with
/// `first`; `None` if the keys do not allow that first byte.
pub(crate) fn colliding(
    keys: [&Secret32; 2],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    first: u8,
) -> Option<Vec<u8>> {
    let [left, right] = keys.map(|key| Aes256::new(key.bytes().into()));
    let counter = |number: u32| {
        u128::from_be_bytes([&nonce[..], &number.to_be_bytes()].concat().try_into().unwrap())
    };
    let first_of = |key| encrypt(key, counter(2)).to_be_bytes()[0];
    if first_of(&left) != first_of(&right) {
        return None;
    }
    let mut block = [0; 16];
    block[0] = first ^ first_of(&left);

    // The tag without the second block, and the factor of the second block.
    let terms = [&left, &right].map(|key| {
        let hash = encrypt(key, 0);
        let lengths = (u128::try_from(aad.len() * 8).unwrap() << 64) | (32 * 8);
        let padded = aad.chunks(16).map(|chunk| {
            let mut block = [0; 16];
            block[..chunk.len()].copy_from_slice(chunk);
            u128::from_be_bytes(block)
        });
        let blocks = padded.chain([u128::from_be_bytes(block), 0, lengths]);
        let sum = blocks.fold(0, |sum, block| multiply(sum ^ block, hash));
        (sum ^ encrypt(key, counter(1)), multiply(hash, hash))
    });
    let [(left_sum, left_square), (right_sum, right_square)] = terms;
    let second = multiply(left_sum ^ right_sum, inverse(left_square ^ right_square));
    let tag = left_sum ^ multiply(second, left_square);
    Some([block, second.to_be_bytes(), tag.to_be_bytes()].concat())
}

fn encrypt(key: &Aes256, block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    key.encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// Multiplies in GF(2^128), by NIST SP 800-38D, section 6.3.
fn multiply(left: u128, right: u128) -> u128 {
    let (mut product, mut shifted) = (0, right);
    for bit in (0..128).rev() {
        if left >> bit & 1 == 1 {
            product ^= shifted;
        }
        let carry = shifted & 1;
        shifted = (shifted >> 1) ^ (carry * (0xe1 << 120));
    }
    product
}

/// `value` to the power of 2^128 - 2.
fn inverse(value: u128) -> u128 {
    let one = 1 << 127;
    let mut power = value;
    (1..128).fold(one, |product, _| {
        power = multiply(power, power);
        multiply(product, power)
    })
}
