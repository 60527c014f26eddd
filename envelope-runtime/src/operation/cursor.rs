//! Cursors: the place between two records of a query, and their sealed text.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;

use super::error::{CursorError, CursorErrorKind};
use crate::attribute::{AttributeValue, Plaintext, decode_plaintext, write_lp};
use crate::crypto::{self, NONCE_LEN, Prk, Salt, SealKey, Secret32, TAG_LEN};
use crate::record::Now;

const VERSION: u8 = 1;
const SALT_LEN: usize = 16;
/// The length of a sealed cursor is a multiple of this, so that it tells less of the key's.
const PADDED_TO: usize = 64;
/// The keys of a table have at most 3,072 bytes, and those of an index four times as many. Their
/// text is longer by a third.
const MAX_TEXT: usize = 24 * 1024;

/// The place behind the last record that a query or a scan gave out: go on there with
/// [`after`](super::Query::after).
///
/// It belongs to one query: the same table, record type, partition, conditions, direction, filter
/// and scope. It has no text of its own, because its text would show a key, and a client could
/// write another one. [`Cursors`] seals it. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Cursor {
    /// The key attributes of the last record, of the table and then of the index.
    keys: Vec<AttributeValue>,
    binding: Arc<[u8]>,
    /// In seconds since 1970.
    made: u64,
}

/// 32 secret bytes of an application, with which it seals its cursors. It is not a key of KMS, and
/// opens no record. Wiped on drop; `Debug` hides it.
pub struct CursorKey(Prk);

/// Turns the cursors of an application into text for its clients, and back.
///
/// The text is sealed with AES-256-GCM: a client sees neither key nor query in it, and cannot
/// change it. It is accepted only by the same query, for the same user, until it expires (24 hours
/// by default). Whoever has the text of a cursor can use it as often as they like until then.
///
/// Layout, in unpadded base64url ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648), section 5):
/// `version:u8 ‖ salt[16] ‖ ciphertext ‖ tag[16]`. The ciphertext is padded to a multiple of 64
/// bytes.
///
/// ```no_run
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// use envelope_runtime::{CursorKey, Cursors};
///
/// # async fn example(store: Store, asked: Option<String>, key: &str) -> Result<(), Error> {
/// let cursors = Cursors::new(CursorKey::from_hex(key)?).bound_to("user-7");
///
/// let after = asked.map(|text| cursors.open(text));
/// let page = store.query::<Order>("t-1").after(after).take(20).page().await?;
/// let next: Option<String> = page.next.map(|cursor| cursors.seal(&cursor)).transpose()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cursors {
    /// The first one seals.
    keys: Vec<Arc<CursorKey>>,
    user: Option<String>,
    at_most: Duration,
}

/// The text of a cursor that came back, before it is opened.
#[derive(Clone)]
pub struct SealedCursor {
    cursors: Cursors,
    text: String,
}

/// An argument of [`after`](super::Query::after): a [`Cursor`], a [`SealedCursor`], or an `Option`
/// of one, since a first request has none. The text of a client is none, until it is
/// [opened](Cursors::open):
///
/// ```compile_fail,E0277
/// # fn main() {} include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/examples.rs"));
/// # fn example(store: Store, text: String) {
/// let query = store.query::<Order>("t-1").after(text);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cursor",
    label = "needs a cursor, or an `Option` of one",
    note = "text that came back from a client is opened with `cursors.open(text)`: see `Cursors`"
)]
pub trait IntoCursor {
    #[doc(hidden)]
    fn into_cursor(self) -> After;
}

/// The beginning of a query.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum After {
    #[default]
    Nothing,
    Cursor(Cursor),
    Sealed(SealedCursor),
}

impl IntoCursor for Cursor {
    fn into_cursor(self) -> After {
        After::Cursor(self)
    }
}

impl IntoCursor for SealedCursor {
    fn into_cursor(self) -> After {
        After::Sealed(self)
    }
}

impl IntoCursor for Option<Cursor> {
    fn into_cursor(self) -> After {
        self.map_or(After::Nothing, After::Cursor)
    }
}

impl IntoCursor for Option<SealedCursor> {
    fn into_cursor(self) -> After {
        self.map_or(After::Nothing, After::Sealed)
    }
}

impl After {
    /// The key attributes to go on behind; `None` at the beginning.
    pub(super) fn keys(
        self,
        binding: &Arc<[u8]>,
        number: usize,
        now: Now,
    ) -> Result<Option<Vec<AttributeValue>>, CursorError> {
        let cursor = match self {
            Self::Nothing => return Ok(None),
            Self::Cursor(cursor) => cursor,
            Self::Sealed(sealed) => sealed.opened(binding, now)?,
        };
        // A cursor that was opened was bound to this query.
        if cursor.binding != *binding || cursor.keys.len() != number {
            return Err(CursorError::new(CursorErrorKind::OtherQuery));
        }
        Ok(Some(cursor.keys))
    }
}

impl Cursor {
    pub(super) fn new(keys: Vec<AttributeValue>, binding: &Arc<[u8]>, now: Now) -> Self {
        Self { keys, binding: Arc::clone(binding), made: seconds(now) }
    }

    /// `made:u64 ‖ per key: lp(type ‖ value)`, then 0x80 and zeros.
    fn encode(&self) -> Plaintext {
        let lengths = self.keys.iter().map(|key| 4 + key.plaintext_len());
        let length = 8 + lengths.sum::<usize>() + 1;
        let mut bytes = Vec::with_capacity(length.next_multiple_of(PADDED_TO) + TAG_LEN);
        bytes.extend_from_slice(&self.made.to_be_bytes());
        for key in &self.keys {
            write_lp(&key.to_plaintext(), &mut bytes);
        }
        bytes.push(0x80);
        bytes.resize(bytes.len().next_multiple_of(PADDED_TO), 0);
        bytes.into()
    }

    fn decode(bytes: &[u8], binding: &Arc<[u8]>) -> Option<Self> {
        let (made, mut rest) = bytes.split_first_chunk::<8>()?;
        let end = rest.iter().rposition(|&byte| byte != 0)?;
        rest = rest.get(..end)?;
        let mut keys = Vec::new();
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (key, behind) = behind.split_at_checked(length)?;
            keys.push(decode_plaintext(key).ok()??);
            rest = behind;
        }
        let binding = Arc::clone(binding);
        rest.is_empty().then(|| Self { keys, binding, made: u64::from_be_bytes(*made) })
    }
}

impl CursorKey {
    /// Reads a key from 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    ///
    /// [`CursorErrorKind::KeyNotHex`].
    pub fn from_hex(text: &str) -> Result<Self, CursorError> {
        let key = Secret32::from_hex(text);
        let key = key.ok_or(CursorError::new(CursorErrorKind::KeyNotHex))?;
        Ok(Self(Prk::extract(&Salt::new(b"envelope/1 cursor"), &key)))
    }

    /// The key of one text, which is used once.
    fn of(&self, salt: &[u8; SALT_LEN]) -> SealKey {
        SealKey::new(&self.0.expand(&[b"envelope/1 cursor ", &[VERSION], salt]))
    }
}

impl Cursors {
    /// Seals cursors with `key`.
    #[must_use]
    pub fn new(key: CursorKey) -> Self {
        Self { keys: vec![Arc::new(key)], user: None, at_most: Duration::from_hours(24) }
    }

    /// Also opens cursors that were sealed with another key, while an application changes its key.
    #[must_use]
    pub fn accepting(mut self, key: CursorKey) -> Self {
        self.keys.push(Arc::new(key));
        self
    }

    /// Accepts only cursors that are at most this old.
    #[must_use]
    pub fn for_at_most(mut self, age: Duration) -> Self {
        self.at_most = age;
        self
    }

    /// The cursors of one user, or of whoever the application names so: a text that one user got is
    /// refused from another.
    #[must_use]
    pub fn bound_to(&self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self.clone() }
    }

    /// Seals a cursor.
    ///
    /// # Errors
    ///
    /// [`CursorErrorKind::Random`] if the operating system gives no random bytes.
    pub fn seal(&self, cursor: &Cursor) -> Result<String, CursorError> {
        let random = || CursorError::new(CursorErrorKind::Random);
        let mut salt = [0; SALT_LEN];
        crypto::fill(&mut salt).map_err(|_| random())?;
        let key = self.keys.first().ok_or_else(random)?.of(&salt);
        let mut sealed = cursor.encode();
        let aad = self.aad(&cursor.binding);
        key.seal([0; NONCE_LEN], &aad, &mut sealed).map_err(|_| random())?;
        let mut text = vec![VERSION];
        text.extend_from_slice(&salt);
        text.extend_from_slice(&sealed);
        Ok(BASE64URL_NOPAD.encode(&text))
    }

    /// The text of a cursor that came back. The query that it is given to opens it.
    #[must_use]
    pub fn open(&self, text: impl Into<String>) -> SealedCursor {
        SealedCursor { cursors: self.clone(), text: text.into() }
    }

    fn aad(&self, binding: &[u8]) -> Vec<u8> {
        let mut aad = b"envelope/1 cursor".to_vec();
        write_lp(binding, &mut aad);
        match &self.user {
            None => aad.push(0),
            Some(user) => {
                aad.push(1);
                write_lp(user.as_bytes(), &mut aad);
            }
        }
        aad
    }
}

impl SealedCursor {
    fn opened(&self, binding: &Arc<[u8]>, now: Now) -> Result<Cursor, CursorError> {
        let refused = || CursorError::new(CursorErrorKind::Refused);
        if self.text.len() > MAX_TEXT {
            return Err(refused());
        }
        let bytes = BASE64URL_NOPAD.decode(self.text.as_bytes()).map_err(|_| refused())?;
        let Some((&VERSION, bytes)) = bytes.split_first() else { return Err(refused()) };
        let (salt, sealed) = bytes.split_first_chunk::<SALT_LEN>().ok_or_else(refused)?;
        let aad = self.cursors.aad(binding);
        let opened = self.cursors.keys.iter().find_map(|key| {
            let mut bytes = Plaintext::from(sealed.to_vec());
            key.of(salt).open([0; NONCE_LEN], &aad, &mut bytes).ok()?;
            Cursor::decode(&bytes, binding)
        });
        let cursor = opened.ok_or_else(refused)?;
        if seconds(now).saturating_sub(cursor.made) > self.cursors.at_most.as_secs() {
            return Err(CursorError::new(CursorErrorKind::Expired));
        }
        Ok(cursor)
    }
}

fn seconds(now: Now) -> u64 {
    let since = now.system_time().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([REDACTED])"))
            }
        }
    )*};
}

hidden!(Cursor, CursorKey, Cursors, SealedCursor);
