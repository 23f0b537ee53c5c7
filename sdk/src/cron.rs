//! Schedules and time zones of a CronJob, read as the API server reads them.
//!
//! The grammar is that of `robfig/cron` v3 (`ParseStandard`), which the API server calls, with all that it takes and other
//! tools refuse: `@every 1h30m`, `+5`, `,`, `*-99`. A test reads thousands of schedules beside it. Sunday is `0` and never
//! `7`; a schedule holds no `TZ=`. The module must not know a CronJob: [`Schedule::parse`] and [`is_time_zone`] take texts.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

/// Minutes, hours, days of a month, months and days of a week in which a schedule comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule(When);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Bit `n` of a field is its number `n`; the highest one says that the field is a star.
    Fields([u64; 5]),
    /// After each interval.
    Every,
}

/// The bit of a field that a star sets: then both days must match, and not one of them.
const STAR: u64 = 1 << 63;

/// A field of a schedule.
struct Bounds {
    noun: &'static str,
    least: u64,
    most: u64,
    /// Names of the numbers from `least` on.
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Days of each month, of a leap year.
const DAYS: [u64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: [Bounds; 5] = [
    Bounds { noun: "minute", least: 0, most: 59, names: &[] },
    Bounds { noun: "hour", least: 0, most: 23, names: &[] },
    Bounds { noun: "day of the month", least: 1, most: 31, names: &[] },
    Bounds { noun: "month", least: 1, most: 12, names: MONTHS },
    Bounds { noun: "day of the week", least: 0, most: 6, names: WEEKDAYS },
];

/// Why the API server refuses a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// Nothing is written.
    Empty,
    /// It holds `TZ`, which belongs in `timeZone`.
    TimeZone,
    /// It begins with `@`, and is not one of the known names.
    Descriptor(String),
    /// What follows `@every` is no duration.
    Duration(String),
    /// It has another number of fields than five.
    Fields(usize),
    /// A part of a field is wrong: what the field is, the part, and why.
    Part(&'static str, String, &'static str),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the schedule is empty"),
            Self::TimeZone => formatter.write_str("a schedule holds no time zone: write it into `timeZone`"),
            Self::Descriptor(text) => write!(
                formatter,
                "`{text}` is no schedule: there are @yearly, @monthly, @weekly, @daily, @hourly and @every 1h30m"
            ),
            Self::Duration(text) => write!(formatter, "`{text}` is no duration such as 1h30m"),
            Self::Fields(number) => write!(
                formatter,
                "a schedule has 5 fields (minute, hour, day of the month, month, day of the week), and this has {number}"
            ),
            Self::Part(noun, part, why) => write!(formatter, "{noun} `{part}`: {why}"),
        }
    }
}

impl core::error::Error for ScheduleError {}

impl Schedule {
    /// Reads a schedule as the API server does when a CronJob is made.
    ///
    /// # Errors
    /// What the API server refuses.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        if text.is_empty() {
            return Err(ScheduleError::Empty);
        }
        if text.contains("TZ") {
            return Err(ScheduleError::TimeZone);
        }
        if text.starts_with('@') {
            return descriptor(text).map(Self);
        }
        // The same characters are white space to Go and to Rust.
        let number = text.split_whitespace().count();
        if number != FIELDS.len() {
            return Err(ScheduleError::Fields(number));
        }
        let mut fields = [0; 5];
        for ((bits, bounds), text) in fields.iter_mut().zip(&FIELDS).zip(text.split_whitespace()) {
            *bits = bounds.field(text)?;
        }
        Ok(Self(When::Fields(fields)))
    }

    /// Whether it ever comes: `0 0 31 2 *` does not.
    #[must_use]
    pub fn ever_comes(&self) -> bool {
        let When::Fields([minutes, hours, days, months, weekdays]) = self.0 else { return true };
        let months_of = |day: u64| (1..).zip(DAYS).any(|(month, days)| months & (1 << month) != 0 && day <= days);
        let a_day_comes = (1..=31).any(|day| days & (1 << day) != 0 && months_of(day));
        let a_weekday_comes = weekdays & !STAR != 0 && months & !STAR != 0;
        let comes =
            if (days | weekdays) & STAR != 0 { a_day_comes && a_weekday_comes } else { a_day_comes || a_weekday_comes };
        minutes != 0 && hours != 0 && comes
    }
}

impl Bounds {
    /// `1,15-20,*/5`. What stands between two commas may be nothing.
    fn field(&self, text: &str) -> Result<u64, ScheduleError> {
        let mut bits = 0;
        for part in text.split(',').filter(|part| !part.is_empty()) {
            bits |= self.part(part).map_err(|why| ScheduleError::Part(self.noun, part.to_owned(), why))?;
        }
        Ok(bits)
    }

    /// A number, a range of them or a star, each with a step or without.
    fn part(&self, part: &str) -> Result<u64, &'static str> {
        let mut range_and_step = part.split('/');
        let mut ends = range_and_step.next().unwrap_or_default().split('-');
        let (first, second, is_more) = (ends.next().unwrap_or_default(), ends.next(), ends.next().is_some());
        // Whatever follows a star and a hyphen is not looked at.
        let is_star = matches!(first, "*" | "?");
        let (start, mut end) = if is_star {
            (self.least, self.most)
        } else {
            let start = self.number(first)?;
            (start, second.map_or(Ok(start), |second| self.number(second))?)
        };
        if is_more && !is_star {
            return Err("a range has two ends");
        }
        let step = range_and_step.next().map(whole_number).transpose()?;
        if range_and_step.next().is_some() {
            return Err("there is one step at most");
        }
        if step.is_some() && second.is_none() {
            end = self.most;
        }
        let step = step.unwrap_or(1);
        if start < self.least || end > self.most || start > self.most {
            return Err(self.out_of_bounds());
        }
        if start > end {
            return Err("the range ends before it begins");
        }
        if step == 0 {
            return Err("a step is at least 1");
        }
        let step_by = usize::try_from(step).unwrap_or(usize::MAX);
        let bits = (start..=end).step_by(step_by).fold(0, |bits, number| bits | (1 << number));
        Ok(if is_star && step == 1 { bits | STAR } else { bits })
    }

    fn number(&self, text: &str) -> Result<u64, &'static str> {
        let named = (self.least..).zip(self.names).find(|(_, name)| name.eq_ignore_ascii_case(text));
        named.map_or_else(|| whole_number(text), |(number, _)| Ok(number))
    }

    const fn out_of_bounds(&self) -> &'static str {
        match self.most {
            59 => "it is 0 to 59",
            23 => "it is 0 to 23",
            31 => "it is 1 to 31",
            12 => "it is 1 to 12",
            _ => "it is 0 to 6, and Sunday is 0",
        }
    }
}

/// A number as Go's `strconv.Atoi` reads it, which takes a sign.
fn whole_number(text: &str) -> Result<u64, &'static str> {
    text.parse::<i64>().ok().and_then(|number| number.try_into().ok()).ok_or("this is no whole number")
}

/// A schedule with a name.
fn descriptor(text: &str) -> Result<When, ScheduleError> {
    let fields = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(duration) = text.strip_prefix("@every ") else {
                return Err(ScheduleError::Descriptor(text.to_owned()));
            };
            let is_duration = is_duration(duration);
            return is_duration.then_some(When::Every).ok_or_else(|| ScheduleError::Duration(duration.to_owned()));
        }
    };
    Schedule::parse(fields).map(|schedule| schedule.0)
}

/// Nanoseconds of each unit of time, as Go writes them.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Whether Go's `time.ParseDuration` reads it: `1h30m`, `-1.5h`, `0`. It holds 2^63 nanoseconds at most.
fn is_duration(text: &str) -> bool {
    const MOST: u128 = 1 << 63;
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return true;
    }
    let (mut rest, mut nanos) = (unsigned, 0_u128);
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !matches!(c, '0'..='9' | '.')).unwrap_or(rest.len()));
        let (unit, after) =
            after.split_at(after.find(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).unwrap_or(after.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else { return false };
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return false;
        }
        let Ok(whole) = (if whole.is_empty() { Ok(0) } else { whole.parse::<u128>() }) else { return false };
        // Of a fraction no more than its first digits count in nanoseconds.
        let digits = fraction.get(..fraction.len().min(18)).unwrap_or_default();
        let part =
            digits.parse::<u128>().unwrap_or(0) * u128::from(*size) / 10_u128.pow(digits.len().try_into().unwrap_or(0));
        nanos = whole.saturating_mul((*size).into()).saturating_add(part).saturating_add(nanos);
        if nanos > MOST {
            return false;
        }
        rest = after;
    }
    !unsigned.is_empty() && (nanos < MOST || text.starts_with('-'))
}

/// The names of the IANA time zone database by the part before their last `/`, a line each.
const ZONES: &str = include_str!("cron/zones.txt");

/// Whether the API server knows the time zone: an exact name of the IANA database. Case counts, and `Local` is refused.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    zones().any(|(area, place)| is_zone(name, area, place, |a, b| a == b))
}

/// The time zone that differs from this name by its case alone, or by spaces for `_`: what somebody meant.
#[must_use]
pub fn time_zone_like(name: &str) -> Option<String> {
    let alike = |a: &str, b: &str| {
        a.len() == b.len()
            && a.bytes().zip(b.bytes()).all(|(a, b)| a.eq_ignore_ascii_case(&b) || (a == b' ' && b == b'_'))
    };
    let (area, place) = zones().find(|(area, place)| is_zone(name.trim(), area, place, alike))?;
    Some(if area.is_empty() { place.to_owned() } else { [area, "/", place].concat() })
}

fn is_zone(name: &str, area: &str, place: &str, same: impl Fn(&str, &str) -> bool) -> bool {
    let (of, at) = name.rsplit_once('/').unwrap_or(("", name));
    !name.starts_with('/') && same(of, area) && same(at, place)
}

/// Each zone: what stands before its last `/`, and what after it. `UTC` has nothing before.
fn zones() -> impl Iterator<Item = (&'static str, &'static str)> {
    ZONES.lines().filter(|line| !line.starts_with('#')).flat_map(|line| {
        let (area, places) = line.split_once(':').unwrap_or_default();
        places.split_ascii_whitespace().map(move |place| (area, place))
    })
}

#[cfg(test)]
mod tests;
