//! Fields that the library fills in: versions and times.

use std::time::{Duration, SystemTime};

use super::{EnvelopeRecord, FieldError, RecordSchema, Saved};
use crate::attribute::{
    AttributeValue, ConvertError, ConvertErrorKind, Number, ValueSerializer, Wiped,
};

/// DynamoDB does not expire an item whose TTL is more than five years in the past.
const NEVER: Duration = Duration::from_hours(5 * 365 * 24);
/// The smallest number that is treated as milliseconds: as seconds, it is in the year 5138.
const MILLISECONDS: u64 = 100_000_000_000;

/// The time of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Now(SystemTime);

impl Now {
    pub(crate) fn new(time: SystemTime) -> Self {
        Self(time)
    }

    /// The time as a [`SystemTime`], from which other crates' time types can be made.
    #[must_use]
    pub fn system_time(self) -> SystemTime {
        self.0
    }

    /// The time in whole seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] if the type cannot hold it.
    pub fn seconds<T: TryFrom<u64>>(self) -> Result<T, ConvertError> {
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        T::try_from(since.as_secs()).map_err(|_| ConvertError::new(ConvertErrorKind::Time))
    }

    /// The range of expired TTLs, exclusive of the first bound and inclusive of the second.
    pub(crate) fn expired(self) -> (Number, Number) {
        let now = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let never = now.saturating_sub(NEVER);
        (Number::from(never.as_secs()), Number::from(now.as_secs()))
    }
}

/// The value of an `#[envelope(updated_at)]` field at a time.
pub type Stamp = fn(Now, ValueSerializer) -> Result<Option<Wiped>, ConvertError>;

/// An integer that can be a version.
pub trait VersionNumber: Copy + TryFrom<u64> + TryInto<u64> {}

impl<T: Copy + TryFrom<u64> + TryInto<u64>> VersionNumber for T {}

/// A record with an `#[envelope(version)]`: every write increments it, and a loaded record is
/// overwritten only if nobody else has written it since. The derive implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no version",
    label = "needs a record with a version",
    note = "mark an integer field `#[envelope(version)]`"
)]
pub trait Versioned: EnvelopeRecord<Saved = Saved<Self>> {}

/// A record without a version. The derive implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has a version, and a deletion must say which one it means",
    label = "needs a version",
    note = "use `store.delete_version(key, n)` with the version that was loaded, or \
            `store.delete_any_version(key)`"
)]
pub trait Unversioned: EnvelopeRecord {}

/// The version that a save writes: one more than the record's.
///
/// # Errors
///
/// [`ConvertError`] if the record's version is negative, or the type cannot hold the next one.
#[doc(hidden)]
pub fn next_version<T: VersionNumber>(version: T) -> Result<T, ConvertError> {
    let next = version_number(version)?.checked_add(1).and_then(|next| T::try_from(next).ok());
    next.ok_or(ConvertError::new(ConvertErrorKind::Version))
}

/// Adds the attribute's name to the error of a filled-in value.
///
/// # Errors
///
/// [`FieldError`] if `value` is an error.
#[doc(hidden)]
pub fn named<R: EnvelopeRecord, T>(
    attribute: &str,
    value: Result<T, ConvertError>,
) -> Result<T, FieldError> {
    value.map_err(|error| FieldError::new(&R::SCHEMA, attribute, error))
}

/// The number of a version.
pub(crate) fn version_number<T: VersionNumber>(version: T) -> Result<u64, ConvertError> {
    version.try_into().map_err(|_| ConvertError::new(ConvertErrorKind::Version))
}

/// The number of a stored version; an absent one is 0.
pub(crate) fn stored_version(value: Option<&AttributeValue>) -> Option<u64> {
    match value {
        None => Some(0),
        Some(AttributeValue::N(number)) => number.as_str().parse().ok(),
        Some(_) => None,
    }
}

/// Refuses a value that is not a TTL in seconds.
pub(crate) fn check_ttl(value: Option<&AttributeValue>) -> Result<(), ConvertError> {
    let problem = match value {
        None => return Ok(()),
        Some(AttributeValue::N(number)) => match number.as_str().parse::<u64>() {
            Ok(seconds) if seconds < MILLISECONDS => return Ok(()),
            _ => ConvertErrorKind::Ttl,
        },
        Some(_) => ConvertErrorKind::Ttl,
    };
    Err(ConvertError::new(problem))
}

impl RecordSchema {
    /// Returns whether the record's TTL has expired. `value` returns stored values by name.
    pub(crate) fn is_expired<'a>(
        &self,
        now: Now,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> bool {
        self.stored_ttl(value).is_some_and(|ttl| is_over(ttl, now))
    }

    /// The stored TTL of a record.
    pub(crate) fn stored_ttl<'a>(
        &self,
        value: impl Fn(&str) -> Option<&'a AttributeValue>,
    ) -> Option<&'a AttributeValue> {
        self.ttl().and_then(|field| field.names().find_map(value))
    }
}

/// Returns whether a TTL has expired.
pub(crate) fn is_over(ttl: &AttributeValue, now: Now) -> bool {
    let AttributeValue::N(ttl) = ttl else { return false };
    let (never, now) = now.expired();
    match (parsed(ttl), parsed(&never), parsed(&now)) {
        (Some(ttl), Some(never), Some(now)) => never < ttl && ttl <= now,
        _ => false,
    }
}

fn parsed(number: &Number) -> Option<f64> {
    number.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn n(text: &str) -> AttributeValue {
        AttributeValue::N(Number::parse(text).unwrap())
    }

    #[test]
    fn a_time_to_live_is_over_in_its_second_and_for_five_years() {
        let now = at(1_800_000_000);
        let five_years = 5 * 365 * 24 * 60 * 60;
        for over in ["1800000000", "1799999999", "1799999999.5"] {
            assert!(is_over(&n(over), now), "{over}");
        }
        assert!(is_over(&n(&(1_800_000_000 - five_years + 1).to_string()), now));
        for kept in ["1800000001", "1800000000.5", "0", "-1", "1E125"] {
            assert!(!is_over(&n(kept), now), "{kept}");
        }
        assert!(!is_over(&n(&(1_800_000_000 - five_years).to_string()), now));
        assert!(!is_over(&AttributeValue::S("1".into()), now));
    }

    #[test]
    fn a_time_to_live_is_in_seconds() {
        for seconds in [None, Some(n("0")), Some(n("1800000000")), Some(n("99999999999"))] {
            assert_eq!(check_ttl(seconds.as_ref()), Ok(()));
        }
        let text = AttributeValue::S("1800000000".into());
        for other in [n("1800000000000"), n("-1"), n("1.5"), text, AttributeValue::Null] {
            assert_eq!(check_ttl(Some(&other)).unwrap_err().kind(), ConvertErrorKind::Ttl);
        }
    }

    #[test]
    fn a_version_counts_up_to_what_its_type_holds() {
        assert_eq!(next_version(0_u8), Ok(1));
        assert_eq!(next_version(254_u8), Ok(255));
        assert_eq!(next_version(255_u8).unwrap_err().kind(), ConvertErrorKind::Version);
        assert_eq!(next_version(i64::MAX).unwrap_err().kind(), ConvertErrorKind::Version);
        assert_eq!(next_version(u64::MAX).unwrap_err().kind(), ConvertErrorKind::Version);
        assert_eq!(next_version(-1_i32).unwrap_err().kind(), ConvertErrorKind::Version);

        assert_eq!(stored_version(None), Some(0));
        assert_eq!(stored_version(Some(&n("7"))), Some(7));
        for other in [n("-1"), n("0.5"), AttributeValue::Null] {
            assert_eq!(stored_version(Some(&other)), None);
        }
    }

    #[test]
    fn seconds_are_as_wide_as_their_type() {
        assert_eq!(at(1_800_000_000).seconds::<i64>(), Ok(1_800_000_000));
        assert_eq!(at(1_800_000_000).seconds::<u16>().unwrap_err().kind(), ConvertErrorKind::Time);
        let early = Now::new(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(early.seconds::<u64>(), Ok(0));
    }
}
