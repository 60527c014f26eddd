//! The plaintext of a sealed attribute: it is refused, or has the one form of its value.

#![no_main]

use envelope_fuzz::in_linear_memory;
use envelope_runtime::fuzzing::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let decoded = in_linear_memory(bytes.len(), 1 << 10, || decode(bytes));
    let Some((value, encoded)) = decoded else { return };
    let padded = bytes[0] & 0x80 != 0;
    if !padded {
        assert_eq!(encoded, bytes);
    }
    assert!(decode(&encoded) == Some((value, encoded)));
});
