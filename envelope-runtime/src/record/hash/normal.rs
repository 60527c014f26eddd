//! The normal form of a text before it is hashed.

#[cfg(feature = "unicode")]
use icu_casemap::CaseMapperBorrowed;
#[cfg(feature = "unicode")]
use icu_normalizer::ComposingNormalizerBorrowed;
#[cfg(feature = "unicode")]
use icu_properties::CodePointMapData;
#[cfg(feature = "unicode")]
use icu_properties::props::GeneralCategory;
#[cfg(feature = "unicode")]
use zeroize::Zeroizing;

use crate::record::KeyErrorKind;

/// The version of the rules, which is part of the sub-key. Another order of the steps, or another
/// meaning of one, is another version.
const RULES: u8 = 1;

/// The characters with Unicode's property `White_Space`. Unicode does not promise that they stay,
/// so this list does.
#[cfg(feature = "unicode")]
const WHITE_SPACE: [char; 25] = [
    '\t', '\n', '\u{b}', '\u{c}', '\r', ' ', '\u{85}', '\u{a0}', '\u{1680}', '\u{2000}',
    '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}',
    '\u{2009}', '\u{200a}', '\u{2028}', '\u{2029}', '\u{202f}', '\u{205f}', '\u{3000}',
];

/// The steps that make texts equal before they are hashed: `#[envelope(hashed(trim, lowercase,
/// nfc))]`. Saves and lookups share them. The value that is sealed stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Normalization {
    trim: bool,
    lowercase: bool,
    nfc: bool,
}

impl Normalization {
    /// No step: texts are equal if their bytes are.
    pub const NONE: Self = Self { trim: false, lowercase: false, nfc: false };

    pub(super) const fn is_none(self) -> bool {
        !(self.trim || self.lowercase || self.nfc)
    }

    /// The normal form of a text.
    ///
    /// A character that Unicode has not assigned is refused, because a later version may give it
    /// another form. Unicode's stability policies keep those of the assigned ones.
    pub(super) fn apply(self, text: &str) -> Result<String, KeyErrorKind> {
        if self.is_none() { Ok(text.to_owned()) } else { self.steps(text) }
    }

    /// The bytes of the sub-key: which steps, and the version of their rules.
    pub(super) fn code(self) -> [u8; 2] {
        let bit = |step: bool, bit: u8| if step { bit } else { 0 };
        [RULES, bit(self.trim, 1) | bit(self.lowercase, 2) | bit(self.nfc, 4)]
    }
}

#[cfg(feature = "unicode")]
impl Normalization {
    /// Removes white space at both ends (Unicode's `White_Space`).
    #[must_use]
    pub const fn trim(mut self) -> Self {
        self.trim = true;
        self
    }

    /// Makes upper and lower case equal, by Unicode's full case folding, which no language changes:
    /// `STRASSE` and `straße` are equal.
    #[must_use]
    pub const fn lowercase(mut self) -> Self {
        self.lowercase = true;
        self
    }

    /// Makes composed and decomposed characters equal, by Unicode's Normalization Form C
    /// ([UAX #15](https://www.unicode.org/reports/tr15/)).
    #[must_use]
    pub const fn nfc(mut self) -> Self {
        self.nfc = true;
        self
    }

    fn steps(self, text: &str) -> Result<String, KeyErrorKind> {
        let category = CodePointMapData::<GeneralCategory>::new();
        let is_unassigned = |character| category.get(character) == GeneralCategory::Unassigned;
        if text.chars().any(is_unassigned) {
            return Err(KeyErrorKind::Unassigned);
        }
        let text = if self.trim { text.trim_matches(WHITE_SPACE) } else { text };
        let mut text = Zeroizing::new(text.to_owned());
        if self.nfc {
            text = composed(&text);
        }
        if self.lowercase {
            text = Zeroizing::new(CaseMapperBorrowed::new().fold_string(&text).into_owned());
            // Folding may decompose.
            if self.nfc {
                text = composed(&text);
            }
        }
        Ok(std::mem::take(&mut *text))
    }
}

#[cfg(feature = "unicode")]
fn composed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned())
}

#[cfg(not(feature = "unicode"))]
impl Normalization {
    /// Needs the feature `unicode`, without which it does not compile in a constant.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub const fn trim(self) -> Self {
        needs_unicode()
    }

    /// Needs the feature `unicode`, without which it does not compile in a constant.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub const fn lowercase(self) -> Self {
        needs_unicode()
    }

    /// Needs the feature `unicode`, without which it does not compile in a constant.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub const fn nfc(self) -> Self {
        needs_unicode()
    }

    #[expect(clippy::unused_self, reason = "used with the feature `unicode`")]
    fn steps(self, _: &str) -> Result<String, KeyErrorKind> {
        Err(KeyErrorKind::Unassigned)
    }
}

#[cfg(not(feature = "unicode"))]
#[expect(clippy::panic, reason = "the derive calls it in a constant: a compile error")]
const fn needs_unicode() -> Normalization {
    panic!("`trim`, `lowercase` and `nfc` need the feature `unicode` of envelope-runtime")
}

#[cfg(all(test, feature = "unicode"))]
mod tests {
    use super::*;

    const NONE: Normalization = Normalization::NONE;
    const ALL: Normalization = NONE.trim().lowercase().nfc();

    #[track_caller]
    fn assert_normal(steps: Normalization, text: &str, normal: &str) {
        assert_eq!(steps.apply(text).as_deref(), Ok(normal), "{text:?}");
        assert_eq!(steps.apply(normal).as_deref(), Ok(normal), "{normal:?} is normal");
    }

    #[test]
    fn without_steps_a_text_stays_as_it_is() {
        for text in ["", " Zoë ", "ZOE\u{308}", "\u{10fffd}", "\u{378}"] {
            assert_normal(NONE, text, text);
        }
    }

    #[test]
    fn each_step_changes_what_it_says() {
        assert_normal(NONE.trim(), "\u{a0}\t Zoe\u{308} a \u{3000}\n", "Zoe\u{308} a");
        assert_normal(NONE.trim(), "\u{200b}zoe\u{feff}", "\u{200b}zoe\u{feff}");
        assert_normal(NONE.lowercase(), " ZOE\u{308} ", " zoe\u{308} ");
        assert_normal(NONE.lowercase(), "Straße ΣΑΣ ς", "strasse σασ σ");
        assert_normal(NONE.nfc(), "ZOE\u{308} \u{212b}", "ZOË Å");
    }

    #[test]
    fn t19_together_they_make_one_form() {
        let forms = ["zoë@example.com", " ZOË@Example.COM ", "Zoe\u{308}@example.com\u{2003}"];
        for form in forms {
            assert_normal(ALL, form, "zoë@example.com");
        }
        // Folding decomposes these.
        assert_normal(ALL, "\u{1f0}", "\u{1f0}");
        assert_normal(ALL, "\u{390}", "\u{390}");
        assert_normal(ALL, "İ", "i\u{307}");
        assert_normal(ALL, " \u{2003}", "");
    }

    #[test]
    fn t19_a_character_that_has_no_form_yet_is_refused() {
        for text in ["\u{378}", "a\u{e0080}b", "\u{ffff}"] {
            for steps in [NONE.trim(), NONE.lowercase(), NONE.nfc(), ALL] {
                assert_eq!(steps.apply(text), Err(KeyErrorKind::Unassigned), "{text:?}");
            }
        }
        // For private use, which is no character of Unicode's either, but never will be.
        assert_normal(ALL, "\u{e000}", "\u{e000}");
    }

    #[test]
    fn white_space_is_what_unicode_calls_so() {
        let unicode = icu_properties::CodePointSetData::new::<icu_properties::props::WhiteSpace>();
        let characters = ('\0'..=char::MAX).filter(|character| unicode.contains(*character));
        assert!(characters.eq(WHITE_SPACE));
    }

    #[test]
    fn the_sub_key_tells_the_steps_apart() {
        let steps = [NONE, NONE.trim(), NONE.lowercase(), NONE.nfc(), NONE.trim().nfc(), ALL];
        let codes = steps.map(Normalization::code);
        assert_eq!(codes, [[1, 0], [1, 1], [1, 2], [1, 4], [1, 5], [1, 7]]);
    }
}
