//! Days of the calendar, as waivers have them. There is no clock: today is given.

/// A calendar day, `YYYY-MM-DD`; compares as it sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// After every day that counts.
    pub const LAST: Self = Self { year: 9999, month: 12, day: 31 };

    /// Reads `YYYY-MM-DD`; `None` where that is no day of the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u16>().ok() } else { None }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let exists = parts.next().is_none() && (1..=days).contains(&day);
        exists.then(|| Some(Self { year, month: month.try_into().ok()?, day: day.try_into().ok()? }))?
    }

    /// How many days it is from that day to this one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.number() - earlier.number()
    }

    /// The day that comes so many days after this one.
    #[must_use]
    pub fn after(self, days: u16) -> Self {
        (0..days).fold(self, |day, _| day.next())
    }

    fn next(self) -> Self {
        let tomorrow = Self { day: self.day + 1, ..self };
        let next_month = Self { month: self.month + 1, day: 1, ..self };
        let days = [tomorrow, next_month].into_iter();
        days.filter_map(|day| Self::parse(&day.to_string())).next().unwrap_or(Self {
            year: self.year + 1,
            month: 1,
            day: 1,
        })
    }

    /// Days since 1 March of the year 0. Years that begin in March end with the day that leap years add.
    fn number(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for text in ["2026-01-31", "2024-02-29", "2000-02-29"] {
            assert_eq!(day(text).to_string(), text);
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-1-01",
            "2026-01-01-01",
            "soon",
            "+026-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        for (earlier, later, days) in [
            ("2026-11-29", "2026-11-29", 0),
            ("2026-11-29", "2026-12-01", 2),
            ("2026-12-31", "2027-01-01", 1),
            ("2024-02-28", "2024-03-01", 2),
            ("2026-02-28", "2026-03-01", 1),
            ("1900-02-28", "1900-03-01", 1),
            ("2000-01-01", "2001-01-01", 366),
            ("2026-03-01", "2026-02-28", -1),
            ("1970-01-01", "2026-11-29", 20_786),
        ] {
            if let Ok(days) = u16::try_from(days) {
                assert_eq!(day(earlier).after(days), day(later), "{earlier}");
            }
            assert_eq!(day(later).days_since(day(earlier)), days, "{earlier} to {later}");
        }
    }
}
