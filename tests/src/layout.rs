//! The layout of an envelope, by FORMAT.md and without the library.

use std::ops::Range;

/// The places of an envelope's parts in its bytes.
///
/// ```
/// # fn example(mut envelope: Vec<u8>) {
/// use envelope_tests::Layout;
///
/// let tag = Layout::of(&envelope).tag.start;
/// envelope[tag] ^= 1;
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The byte of the version.
    pub version: usize,
    /// The byte of the suite.
    pub suite: usize,
    /// The salt.
    pub salt: Range<usize>,
    /// The record tag.
    pub tag: Range<usize>,
    /// Both lists, each with its number.
    pub lists: Range<usize>,
    /// The sealed attributes, in order.
    pub sealed: Vec<SealedEntry>,
    /// The authenticated names, in order.
    pub authenticated: Vec<String>,
    /// The key reference, up to the end.
    pub reference: Range<usize>,
    /// The wrapped copies of the data key; none if the reference is a row of a key table.
    pub copies: Vec<WrappedCopy>,
}

/// The place of a sealed attribute in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// The attribute's name.
    pub name: String,
    /// The whole entry: the length, the name and the nonce.
    pub entry: Range<usize>,
    /// The nonce.
    pub nonce: Range<usize>,
}

/// The place of a wrapped copy of the data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedCopy {
    /// The byte of the provider.
    pub provider: usize,
    /// The hint.
    pub hint: Range<usize>,
    /// The length of the wrapped key.
    pub length: Range<usize>,
    /// The wrapped key.
    pub wrapped: Range<usize>,
}

impl Layout {
    /// Parses an envelope of version 1.
    ///
    /// # Panics
    ///
    /// If the bytes are not one.
    #[must_use]
    #[track_caller]
    pub fn of(envelope: &[u8]) -> Self {
        assert_eq!(envelope[..2], [1, 1], "another version or suite");
        let mut rest = Parts { envelope, at: 2 };
        let salt = rest.next(16);
        let tag = rest.next(32);

        let lists = rest.at;
        let sealed = (0..rest.number()).map(|_| {
            let start = rest.at;
            let name = rest.name();
            let nonce = rest.next(12);
            SealedEntry { name, entry: start..nonce.end, nonce }
        });
        let sealed = sealed.collect();
        let authenticated = (0..rest.number()).map(|_| rest.name()).collect();
        let lists = lists..rest.at;

        let copies = match rest.number() {
            0x80 => {
                let id = rest.number();
                rest.next(id);
                Vec::new()
            }
            copies => (0..copies).map(|_| rest.copy()).collect(),
        };
        assert_eq!(rest.at, envelope.len(), "bytes behind the key reference");
        let reference = lists.end..rest.at;
        Self { version: 0, suite: 1, salt, tag, lists, sealed, authenticated, reference, copies }
    }

    /// The entry of a sealed attribute.
    ///
    /// # Panics
    ///
    /// If the envelope does not list it.
    #[must_use]
    #[track_caller]
    pub fn sealed(&self, name: &str) -> &SealedEntry {
        let entry = self.sealed.iter().find(|sealed| sealed.name == name);
        entry.unwrap_or_else(|| panic!("`{name}` is not listed as sealed"))
    }

    /// The only wrapped copy of the data key.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[must_use]
    #[track_caller]
    pub fn copy(&self) -> &WrappedCopy {
        let [copy] = &self.copies[..] else { panic!("not one copy: {:?}", self.copies) };
        copy
    }
}

/// Walks over the parts of an envelope.
struct Parts<'a> {
    envelope: &'a [u8],
    at: usize,
}

impl Parts<'_> {
    fn next(&mut self, length: usize) -> Range<usize> {
        let part = self.at..self.at + length;
        assert!(part.end <= self.envelope.len(), "{part:?} is beyond the envelope");
        self.at = part.end;
        part
    }

    fn number(&mut self) -> usize {
        self.envelope[self.next(1).start].into()
    }

    fn name(&mut self) -> String {
        let length = self.number();
        let name = &self.envelope[self.next(length)];
        String::from_utf8(name.to_vec()).expect("a name in UTF-8")
    }

    fn copy(&mut self) -> WrappedCopy {
        let provider = self.next(1).start;
        let hint = self.next(8);
        let length = self.next(2);
        let [high, low] = [length.start, length.start + 1].map(|at| self.envelope[at]);
        let wrapped = self.next(u16::from_be_bytes([high, low]).into());
        WrappedCopy { provider, hint, length, wrapped }
    }
}
