//! Values that an update owns.

use std::any::Any;

use zeroize::Zeroize;

/// A value that is wiped when dropped, if it is text or bytes.
///
/// The contents of another type cannot be wiped: the types of fields need not implement `Zeroize`.
pub(super) struct Owned<T: 'static>(pub(super) T);

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

macro_rules! wipe_if_it_is {
    ($value:expr; $($known:ty),*) => {$(
        if let Some(known) = $value.downcast_mut::<$known>() {
            known.zeroize();
        }
        if let Some(known) = $value.downcast_mut::<Option<$known>>() {
            known.zeroize();
        }
    )*};
}

fn wipe(value: &mut dyn Any) {
    wipe_if_it_is!(value; String, Vec<u8>, Box<str>, Box<[u8]>, Vec<String>, Vec<Vec<u8>>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_bytes_are_wiped() {
        let mut text = "canary".to_owned();
        wipe(&mut text);
        assert_eq!(text, "");
        let mut maybe = Some(vec![7_u8]);
        wipe(&mut maybe);
        assert_eq!(maybe, None);
        let mut boxed: Box<[u8]> = [7, 7].into();
        wipe(&mut boxed);
        assert!(boxed.iter().all(|byte| *byte == 0));
        let mut number = 7;
        wipe(&mut number);
        assert_eq!(number, 7);
    }
}
