//! The bytes of `_envelope`: they are refused, or are the bytes that the library would write.

#![no_main]

use envelope_fuzz::in_linear_memory;
use envelope_runtime::fuzzing::reencode_header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(encoded) = in_linear_memory(bytes.len(), 1 << 10, || reencode_header(bytes)) {
        assert_eq!(encoded, bytes);
    }
});
