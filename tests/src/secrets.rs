//! Secrets, and the search for them.

use std::collections::HashMap;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

/// The number of consecutive bytes of a secret that count as a find.
const WINDOW: usize = 12;

/// Secrets to look for, each under a name.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Pieces by their first bytes.
    pieces: HashMap<[u8; WINDOW], Vec<Piece>>,
}

#[derive(Clone, Debug)]
struct Piece {
    bytes: Vec<u8>,
    name: String,
}

impl Secrets {
    /// Adds a secret: verbatim, in hexadecimal, in base64, and as `Debug` prints bytes.
    ///
    /// # Panics
    ///
    /// If it is shorter than 12 bytes.
    #[must_use]
    pub fn with(mut self, name: &str, secret: &[u8]) -> Self {
        assert!(secret.len() >= WINDOW, "{name} is too short");
        let mut forms = vec![
            secret.to_vec(),
            HEXLOWER.encode(secret).into_bytes(),
            HEXUPPER.encode(secret).into_bytes(),
        ];
        // Base64 looks different at each of three offsets within the encoded bytes.
        forms.extend((0..3).map(|start| {
            let whole = (secret.len() - start) / 3 * 3;
            BASE64.encode(&secret[start..start + whole]).into_bytes()
        }));
        for window in forms.iter().flat_map(|form| form.windows(WINDOW)) {
            self.add(name, window.to_vec());
        }
        for window in secret.windows(WINDOW) {
            let list: Vec<_> = window.iter().map(u8::to_string).collect();
            self.add(name, list.join(", ").into_bytes());
        }
        self
    }

    /// All secrets but one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        for pieces in self.pieces.values_mut() {
            pieces.retain(|piece| piece.name != name);
        }
        self
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        if let Some(&start) = bytes.first_chunk() {
            self.pieces.entry(start).or_default().push(Piece { bytes, name: name.to_owned() });
        }
    }

    /// The sorted names of the secrets of which `bytes` contains a piece.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Vec<&str> {
        let first = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        let mut starts = vec![false; 1 << 16];
        for start in self.pieces.keys() {
            starts[first(start)] = true;
        }
        let mut found = Vec::new();
        for (place, start) in bytes.windows(WINDOW).enumerate() {
            if starts[first(start)] {
                let pieces = self.pieces.get(start).into_iter().flatten();
                let there = pieces.filter(|piece| bytes[place..].starts_with(&piece.bytes));
                found.extend(there.map(|piece| piece.name.as_str()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
