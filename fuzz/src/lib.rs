//! Code that the fuzz targets share.

/// Runs `decode` on an input of `length` bytes, and panics if its peak memory use is out of
/// proportion to them.
pub fn in_linear_memory<T>(length: usize, fixed: u64, decode: impl FnOnce() -> T) -> T {
    let mut decoded = None;
    let used = allocation_counter::measure(|| decoded = Some(decode())).bytes_max;
    let bound = fixed + 64 * u64::try_from(length).unwrap();
    assert!(used <= bound, "{used} bytes in use for an input of {length}");
    decoded.unwrap()
}
