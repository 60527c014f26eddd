//! Numbers, normalised as DynamoDB normalises them.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::wipe::Text;

/// The maximum number of significant digits that DynamoDB keeps.
const MAX_DIGITS: usize = 38;
/// The largest power of ten of a number's first digit.
const MAX_MAGNITUDE: i64 = 125;
/// The smallest power of ten of a number's first digit.
const MIN_MAGNITUDE: i64 = -130;

/// A decimal number in DynamoDB's normal form: plain digits, no exponent, no leading or trailing
/// zeros, no negative zero.
///
/// Limits: 38 significant digits, magnitude between 1E-130 and 9.99…E+125
/// ([DynamoDB's number type](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html)).
/// `Debug` hides the digits. Numbers are ordered by their text, as the format sorts the elements of
/// a number set, not by their value.
///
/// ```
/// use envelope_runtime::Number;
///
/// assert_eq!(Number::parse("1.50e3")?.as_str(), "1500");
/// assert_eq!(Number::parse("-0.0")?.as_str(), "0");
/// assert!(Number::parse("NaN").is_err());
/// # Ok::<(), envelope_runtime::error::NumberError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

/// The reason why a text is not a number that DynamoDB can hold. It does not repeat the text.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberError {
    /// It is not a finite decimal number.
    NotANumber,
    /// It has more than 38 significant digits.
    TooManyDigits,
    /// It is beyond 9.99…E+125, or nearer to zero than 1E-130.
    OutOfRange,
}

impl Number {
    /// Parses decimal text, with an optional sign, fraction and exponent, into its normal form.
    ///
    /// # Errors
    ///
    /// [`NumberError`] if the text is not a finite decimal number, or DynamoDB cannot hold it
    /// exactly.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(NumberError::NotANumber);
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::NotANumber);
        }

        let all = Zeroizing::new([whole, fraction].concat());
        let leading = all.len() - all.trim_start_matches('0').len();
        let digits = all.trim_matches('0');
        if digits.is_empty() {
            return Ok(Self("0".to_owned()));
        }
        if digits.len() > MAX_DIGITS {
            return Err(NumberError::TooManyDigits);
        }
        // The power of ten of the first significant digit.
        let magnitude = exponent
            .saturating_add(to_i64(whole.len()))
            .saturating_sub(to_i64(leading))
            .saturating_sub(1);
        if !(MIN_MAGNITUDE..=MAX_MAGNITUDE).contains(&magnitude) {
            return Err(NumberError::OutOfRange);
        }
        Ok(Self(plain(negative, digits, magnitude)))
    }

    /// The same number with the opposite sign.
    pub(crate) fn negated(&self) -> Self {
        match self.0.strip_prefix('-') {
            Some(positive) => Self(positive.to_owned()),
            None if self.0 == "0" => self.clone(),
            None => Self(format!("-{}", self.0)),
        }
    }

    /// Returns whether a 64-bit integer or float holds this number exactly.
    pub(super) fn is_of_64_bits(&self) -> bool {
        let text = self.as_str();
        text.parse::<u64>().is_ok()
            || text.parse::<i64>().is_ok()
            || text.parse::<f64>().is_ok_and(|float| reads_as(&float, text))
    }

    pub(super) fn size(&self) -> usize {
        let digits = self.0.trim_start_matches(['-', '0', '.']).trim_end_matches('0');
        let digits = digits.bytes().filter(u8::is_ascii_digit).count();
        1 + digits.div_ceil(2) + usize::from(self.0.starts_with('-'))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Leaves zero.
impl Zeroize for Number {
    fn zeroize(&mut self) {
        self.0.zeroize();
        self.0.push('0');
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number([REDACTED])")
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a finite decimal number",
            Self::TooManyDigits => "more than 38 significant digits",
            Self::OutOfRange => "outside DynamoDB's range of 1E-130 to 9.99E+125",
        })
    }
}

crate::report::debug_is_display!(NumberError);

impl std::error::Error for NumberError {}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                // At most 20 digits, and an integer's own text is already the normal form.
                Self(value.to_string())
            }
        }
    )*};
}

from_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

/// Returns whether a number or flag is written as `text`.
pub(super) fn reads_as<T: fmt::Display>(value: &T, text: &str) -> bool {
    Text::of(value).is_ok_and(|written| *written == text)
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX);
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

fn to_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The plain text of `digits` (no zeros at either end), whose first digit stands for
/// `10^magnitude`.
fn plain(negative: bool, digits: &str, magnitude: i64) -> String {
    let sign = if negative { "-" } else { "" };
    let zeros = |count| std::iter::repeat_n("0", count);
    let Ok(magnitude) = usize::try_from(magnitude) else {
        let count = usize::try_from(-magnitude - 1).unwrap_or_default();
        return joined([sign, "0."].into_iter().chain(zeros(count)).chain([digits]));
    };
    match digits.split_at_checked(magnitude + 1) {
        Some((whole, "")) => joined([sign, whole]),
        Some((whole, fraction)) => joined([sign, whole, ".", fraction]),
        None => joined([sign, digits].into_iter().chain(zeros(magnitude + 1 - digits.len()))),
    }
}

/// Joins the parts in a buffer of the right length: one that grows would leave digits behind.
fn joined<'a, P: IntoIterator<Item = &'a str, IntoIter: Clone>>(parts: P) -> String {
    let parts = parts.into_iter();
    let mut text = String::with_capacity(parts.clone().map(str::len).sum());
    text.extend(parts);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_normalised_as_dynamodb_does() {
        for (text, normal) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999", "0"),
            ("007", "7"),
            ("+7", "7"),
            ("1.0", "1"),
            ("100", "100"),
            ("1e2", "100"),
            ("1.50e3", "1500"),
            ("120.0340", "120.034"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0.00120", "-0.0012"),
            ("12e-4", "0.0012"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ] {
            assert_eq!(Number::parse(text).unwrap().as_str(), normal, "{text}");
        }
        assert_eq!(Number::parse("1E125").unwrap().as_str().len(), 126);
        assert_eq!(Number::parse("1E-130").unwrap().as_str().len(), 132);
    }

    #[test]
    fn what_dynamodb_cannot_hold_is_refused() {
        for (text, reason) in [
            ("", NumberError::NotANumber),
            ("-", NumberError::NotANumber),
            (".", NumberError::NotANumber),
            ("NaN", NumberError::NotANumber),
            ("inf", NumberError::NotANumber),
            ("1e", NumberError::NotANumber),
            ("1e+-1", NumberError::NotANumber),
            ("1 ", NumberError::NotANumber),
            ("0x10", NumberError::NotANumber),
            ("--1", NumberError::NotANumber),
            ("１", NumberError::NotANumber),
            ("1.2.3", NumberError::NotANumber),
            ("123456789012345678901234567890123456789", NumberError::TooManyDigits),
            ("1e126", NumberError::OutOfRange),
            ("1e-131", NumberError::OutOfRange),
            ("1e99999999999999999999", NumberError::OutOfRange),
            ("1e-99999999999999999999", NumberError::OutOfRange),
        ] {
            assert_eq!(Number::parse(text), Err(reason), "{text}");
        }
    }
}
