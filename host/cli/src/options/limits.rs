//! How much is read.

use engine::config::suggestion;
use engine::manifest::Bounds;
use sources::Reading;

/// The longest file: places in it are 32 bits.
const LONGEST: u64 = 2 << 30;

/// How much is read: what is not said is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    documents: Option<u64>,
    bytes: Option<u64>,
    total: Option<u64>,
}

impl Limits {
    const NAMES: [&str; 3] = ["bytes", "documents", "total"];

    /// Reads `bytes=1Gi,documents=500000`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',') {
            let (name, number) = part.split_once('=').ok_or_else(|| format!("expected NAME=NUMBER, found `{part}`"))?;
            let slot = match name {
                "bytes" => &mut limits.bytes,
                "documents" => &mut limits.documents,
                "total" => &mut limits.total,
                _ => {
                    let names = Self::NAMES.join(", ");
                    return Err(format!("expected {names}{}", suggestion(name, &Self::NAMES)));
                }
            };
            let number = count(number)
                .ok_or_else(|| format!("`{number}` is not a number above 0: write one such as 100000 or 512Mi"))?;
            if slot.replace(number).is_some() {
                return Err(format!("`{name}` is given twice"));
            }
        }
        match limits.bytes {
            Some(bytes) if bytes > LONGEST => Err("no file above 2Gi can be read: give at most bytes=2Gi".into()),
            _ => Ok(limits),
        }
    }

    /// The usual reading with these limits.
    pub fn apply(self, reading: &mut Reading<'_>) {
        let Reading { bounds: Bounds { bytes, documents, .. }, total, .. } = reading;
        *bytes = self.bytes.unwrap_or(*bytes);
        *documents = self.documents.map_or(*documents, |number| usize::try_from(number).unwrap_or(usize::MAX));
        *total = self.total.unwrap_or(*total);
    }
}

/// A whole number above 0, in units of 1,024 where it says so.
fn count(text: &str) -> Option<u64> {
    let units = [("Ki", 10), ("Mi", 20), ("Gi", 30)];
    let (digits, shift) =
        units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift))).unwrap_or((text, 0));
    let number: u64 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    number.checked_mul(1 << shift).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_with_their_units() {
        let all = Limits { bytes: Some(1 << 30), documents: Some(500_000), total: Some(10 << 20) };
        assert_eq!(Limits::parse("bytes=1Gi,documents=500000,total=10240Ki"), Ok(all));
        let mut reading = Reading::default();
        let usual = reading.bounds.documents;
        Limits::parse("bytes=7").unwrap_or_default().apply(&mut reading);
        assert_eq!((reading.bounds.bytes, reading.bounds.documents), (7, usual));
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for (text, expected) in [
            ("documnets=1", "expected bytes, documents, total; did you mean `documents`?"),
            ("bytes", "expected NAME=NUMBER, found `bytes`"),
            ("bytes=0", "`0` is not a number above 0: write one such as 100000 or 512Mi"),
            ("bytes=-1", "`-1` is not a number above 0: write one such as 100000 or 512Mi"),
            ("bytes=+1", "`+1` is not a number above 0: write one such as 100000 or 512Mi"),
            ("total=99999999999Gi", "`99999999999Gi` is not a number above 0: write one such as 100000 or 512Mi"),
            ("bytes=1,bytes=2", "`bytes` is given twice"),
            ("bytes=3Gi", "no file above 2Gi can be read: give at most bytes=2Gi"),
            ("", "expected NAME=NUMBER, found ``"),
        ] {
            assert_eq!(Limits::parse(text), Err(expected.to_owned()), "{text}");
        }
    }
}
