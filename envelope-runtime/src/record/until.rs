//! The time at which a window closes.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::Now;

const DAY: Duration = Duration::from_hours(24);

/// The time at which a window closes: see [`Store::accept_unsealed`](crate::Store::accept_unsealed)
/// and `#[envelope(unsealed_until = "…")]`.
#[cfg_attr(not(feature = "aws"), expect(rustdoc::broken_intra_doc_links, reason = "needs `aws`"))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Until {
    /// Since 1970.
    days: u32,
}

impl Until {
    /// The beginning of a day, at 00:00 UTC: `Until::date(2027, 3, 1)`.
    ///
    /// # Panics
    ///
    /// If there is no such day from 1970 to 9999. In a constant, that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn date(year: u16, month: u8, day: u8) -> Self {
        assert!(1970 <= year && year <= 9999, "a year is from 1970 to 9999");
        assert!(1 <= month && month <= 12, "a month is from 1 to 12");
        assert!(1 <= day && day <= days_of_month(year, month), "the month has no such day");
        let mut days = day as u32 - 1;
        let mut earlier = 1970;
        while earlier < year {
            days += if is_leap(earlier) { 366 } else { 365 };
            earlier += 1;
        }
        let mut earlier = 1;
        while earlier < month {
            days += days_of_month(year, earlier) as u32;
            earlier += 1;
        }
        Self { days }
    }

    fn time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * self.days
    }

    /// The time until then; `None` if that is over.
    pub(crate) fn left(self, now: Now) -> Option<Duration> {
        let left = self.time().duration_since(now.system_time()).ok();
        left.filter(|left| !left.is_zero())
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The date, as in `2027-03-01`.
impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut days, mut year, mut month) = (self.days, 1970, 1);
        while let Some(left) = days.checked_sub(if is_leap(year) { 366 } else { 365 }) {
            (days, year) = (left, year + 1);
        }
        while let Some(left) = days.checked_sub(days_of_month(year, month).into()) {
            (days, month) = (left, month + 1);
        }
        write!(f, "{year:04}-{month:02}-{:02}", days + 1)
    }
}

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Until({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn a_window_closes_at_the_beginning_of_its_day() {
        // As `date -ud 2027-03-01 +%s` prints it.
        let (until, end) = (Until::date(2027, 3, 1), 1_803_859_200);

        assert_eq!(until.left(at(end - 1)), Some(Duration::from_secs(1)));
        assert_eq!(until.left(at(end)), None);
        assert_eq!(until.left(at(end + 1)), None);
        assert_eq!(Until::date(1970, 1, 1).left(at(0)), None);
    }

    #[test]
    fn a_date_is_printed_as_it_was_given() {
        for (year, month, day) in [
            (1970, 1, 1),
            (1999, 12, 31),
            (2000, 2, 29),
            (2027, 3, 1),
            (2028, 2, 29),
            (2028, 12, 31),
            (2100, 3, 1),
            (9999, 12, 31),
        ] {
            let text = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(Until::date(year, month, day).to_string(), text);
        }
        assert_eq!(format!("{:?}", Until::date(2027, 3, 1)), "Until(2027-03-01)");
    }

    #[test]
    fn there_is_no_window_until_a_day_that_does_not_exist() {
        for (year, month, day) in [
            (1969, 1, 1),
            (10_000, 1, 1),
            (2027, 0, 1),
            (2027, 13, 1),
            (2027, 1, 0),
            (2027, 2, 29),
            (2100, 2, 29),
            (2027, 4, 31),
            (2027, 12, 32),
        ] {
            let made = std::panic::catch_unwind(|| Until::date(year, month, day));
            assert!(made.is_err(), "{year}-{month}-{day}");
        }
    }
}
