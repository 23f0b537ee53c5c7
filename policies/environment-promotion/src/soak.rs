//! Whether staging named a version before production did, and for how long.
//!
//! All times are in the document. The module must not know where they come from.

use sdk::image::is_mutable;
use sdk::prelude::*;

use crate::EnvironmentPromotion;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub fn check(rule: &EnvironmentPromotion, spec: Field<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let versions: Vec<Promoted<'_>> = spec.get("versions").items().map(Promoted::read).collect();
    if versions.iter().all(Promoted::is_of_no_image) {
        return not_applicable("it names no image yet");
    }
    if let Some(reason) = spec.get("unknown").str() {
        return Err(Undecided::Unknown(format!("what staging had is not known: {reason}")));
    }
    let now = spec.get("time").integer().unwrap_or_default();
    let mut unknown = None;
    for version in versions.iter().filter(|version| !version.is_of_no_image()) {
        match version.judge(rule, now) {
            Ok(()) => {}
            Err(Problem::Unknown(reason)) => unknown = unknown.or(Some(reason)),
            Err(Problem::Wrong(message, fix)) => findings.fail(version.place(), message, fix),
        }
    }
    unknown.map_or(Ok(()), |reason| Err(Undecided::Unknown(reason)))
}

enum Problem {
    Unknown(String),
    Wrong(String, String),
}

/// A version that production names.
struct Promoted<'a> {
    field: Field<'a>,
    /// What it is a version of.
    of: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// What staging named for some time.
struct Staged<'a> {
    tag: Option<&'a str>,
    digest: Option<&'a str>,
    from: Option<i64>,
    until: Option<i64>,
    file: &'a str,
}

impl<'a> Promoted<'a> {
    fn read(field: Field<'a>) -> Self {
        let text = |key| field.get(key).str();
        let of = text("of").or_else(|| text("at")).unwrap_or_default();
        Self { field, of, tag: text("tag"), digest: text("digest") }
    }

    /// What a finding points at.
    fn place(&self) -> Field<'a> {
        let key = if self.tag.is_some() { "tag" } else { "digest" };
        self.field.get(if self.is_open() { "of" } else { key })
    }

    /// Whether something else names the version of its image.
    fn is_open(&self) -> bool {
        self.tag.is_none() && self.digest.is_none()
    }

    fn staged(&self) -> impl Iterator<Item = Staged<'a>> {
        self.field.get("staging").items().map(|field| Staged {
            tag: field.get("tag").str(),
            digest: field.get("digest").str(),
            from: field.get("from").integer(),
            until: field.get("until").integer(),
            file: field.get("file").str().unwrap_or_default(),
        })
    }

    /// Whether it is what stands in a new service before the first image is built: the commit of zeros.
    fn is_of_no_image(&self) -> bool {
        let commit = self.tag.map(|tag| tag.strip_prefix("sha-").unwrap_or(tag));
        self.digest.is_none() && commit.is_some_and(|it| it.len() >= 7 && it.bytes().all(|byte| byte == b'0'))
    }

    fn shown(&self) -> String {
        shown(self.of, self.tag, self.digest)
    }

    fn judge(&self, rule: &EnvironmentPromotion, now: i64) -> Result<(), Problem> {
        let name = self.shown();
        if let (Some(tag), None) = (self.tag, self.digest) {
            if is_range(tag) {
                return Err(Problem::Unknown(format!(
                    "`{tag}` is a range of versions: files do not say which one runs"
                )));
            }
            if is_mutable(tag, &rule.moving) {
                return Err(Problem::Unknown(format!("`{tag}` moves: files do not say which {} runs", self.of)));
            }
        }
        let same: Vec<Staged<'_>> = self.staged().filter(|staged| self.is(staged) == Some(true)).collect();
        if same.is_empty() {
            let unseen =
                || format!("production names {name} without a version, and staging does not: what runs is not known");
            return Err(if self.is_open() { Problem::Unknown(unseen()) } else { self.missing(&name) });
        }
        // Nothing was there that it could take the place of.
        if self.field.get("earlier").integer() == Some(0) {
            return Ok(());
        }
        let taken = self.field.get("written").integer().unwrap_or(now);
        let stood = stood(&same, taken);
        let needed = i64::from(rule.soak_hours) * HOUR;
        let is_first = |staged: &Staged<'_>| staged.from.is_some_and(|from| from < taken);
        if !same.iter().any(is_first) {
            let message = format!("production names {name} no later than staging, so nobody has tried it before");
            return Err(Problem::Wrong(
                message,
                format!("{name} in staging first, and in production {}", after(needed)),
            ));
        }
        if stood < needed {
            let message = format!(
                "staging had {name} for {} when production took it, and {} are required (by the commits that wrote it: \
                 they do not say when it ran)",
                time(stood),
                time(needed)
            );
            return Err(Problem::Wrong(message, format!("promote it {}", after(needed))));
        }
        Ok(())
    }

    /// Whether staging named the same; none where a tag and a digest cannot be compared.
    fn is(&self, staged: &Staged<'_>) -> Option<bool> {
        match (self.digest, staged.digest) {
            (Some(one), Some(other)) => Some(one == other),
            // The tag of another digest may be the same image, and a tag of the same name may not be.
            (Some(_), None) => None,
            (None, Some(_)) if self.tag.is_none() || staged.tag.is_none() => None,
            (None, _) => self.is_tag(staged.tag),
        }
    }

    /// Whether a tag of staging is this one. Before a tag of another image stands that image, `?` if its name is not known.
    fn is_tag(&self, staged: Option<&str>) -> Option<bool> {
        let other = staged.and_then(|staged| staged.rsplit_once(':')).filter(|(_, tag)| Some(*tag) == self.tag);
        let own = self.field.get("of").str().map(name);
        match other {
            // A registry may be a mirror of the other.
            Some((image, _)) if image == "?" || own.is_none_or(|own| own == name(image)) => None,
            _ => Some(self.tag == staged),
        }
    }

    fn missing(&self, name: &str) -> Problem {
        if let Some(staged) = self.staged().find(|staged| self.is(staged).is_none()) {
            let other = shown("", staged.tag, staged.digest);
            return Problem::Unknown(format!(
                "production names {name} and staging `{other}`, which cannot be compared"
            ));
        }
        let now: Vec<Staged<'_>> = self.staged().filter(|staged| staged.until.is_none()).collect();
        let message = match now.as_slice() {
            [] => format!("production names {name}, which staging never had: no file of staging names this service"),
            [first, ..] => format!(
                "production names {name}, which staging never had: it has `{}` ({})",
                shown("", first.tag, first.digest),
                first.file
            ),
        };
        Problem::Wrong(message, format!("{name} in staging first"))
    }
}

/// For how long it stood anywhere until then. An hour in two regions at once is one hour.
fn stood(all: &[Staged<'_>], until: i64) -> i64 {
    let end = |staged: &Staged<'_>| staged.until.map_or(until, |gone| gone.min(until));
    let mut times: Vec<(i64, i64)> = all.iter().filter_map(|staged| Some((staged.from?, end(staged)))).collect();
    times.sort_unstable();
    let (mut stood, mut counted) = (0, i64::MIN);
    for (from, end) in times {
        stood += (end - from.max(counted)).max(0);
        counted = counted.max(end);
    }
    stood
}

/// The name of an image or a chart, without where it is kept.
fn name(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or_default()
}

/// A range of semantic versions, as Helm and Flux take one.
fn is_range(tag: &str) -> bool {
    let is_wild = |part: &str| matches!(part, "x" | "X");
    tag.contains(['*', '^', '~', '<', '>', ' ', '|', ',']) || tag.trim_start_matches('v').split('.').any(is_wild)
}

fn shown(of: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let mut text = String::from(of);
    for (sign, part) in [(":", tag), ("@", digest)] {
        if let Some(part) = part {
            text.push_str(if text.is_empty() { "" } else { sign });
            text.push_str(part);
        }
    }
    text
}

fn after(needed: i64) -> String {
    if needed == 0 { "afterwards".into() } else { format!("after {}", time(needed)) }
}

/// `3 days`, `1 hour`, `12 minutes`: the largest unit that is in it, rounded down.
fn time(seconds: i64) -> String {
    // 24 hours are what people call the time to wait, and not a day.
    let (count, unit) = if seconds < MINUTE {
        (seconds, "second")
    } else if seconds < HOUR {
        (seconds / MINUTE, "minute")
    } else if seconds <= 2 * DAY {
        (seconds / HOUR, "hour")
    } else {
        (seconds / DAY, "day")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
