//! `seaworthy report merge`: the audits of all shards as one.
//!
//! Each file is read twice. First what stands behind its results, so that nothing is printed of parts that do not make a
//! whole; then its results, one by one, so that memory does not grow with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use engine::report::{Conclusion, to_json};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit;
use crate::failure::Failure;
use crate::present::output::{self, one_line, shown};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy audit --shard 0/2 --format json > shard-0.json
  seaworthy audit --shard 1/2 --format json > shard-1.json
  seaworthy report merge shard-0.json shard-1.json > audit.json

Exit codes: those of one audit. A shard that is missing, or there twice, is 2.";

/// The format that is merged.
const FORMAT: &str = "seaworthy.dev/audit/v1";

/// Problems that are told one by one, as in one audit.
const TOLD: usize = 200;

#[derive(clap::Args)]
pub struct Args {
    /// What `seaworthy audit --shard INDEX/COUNT --format json` printed, of every shard.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What kind of document it is.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// An audit, its results aside.
#[derive(Deserialize)]
struct Part {
    format: String,
    version: String,
    namespaces: Vec<String>,
    shard: Option<Shard>,
    rules: Vec<Rule>,
    unseen: Vec<Unseen>,
    problems: Vec<String>,
    summary: Summary,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Shard {
    index: u32,
    of: u32,
}

/// A rule: what it is, and how often it gave each verdict.
#[derive(Clone, Deserialize, Serialize)]
struct Rule {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
    verdicts: BTreeMap<String, usize>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Unseen {
    kind: String,
    reason: String,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct Summary {
    outcome: String,
    objects: usize,
    owned: usize,
    broken: usize,
    problems: usize,
    verdicts: BTreeMap<String, usize>,
}

/// What stands behind the results of the whole.
#[derive(Serialize)]
struct Tail {
    rules: Vec<Rule>,
    unseen: BTreeSet<Unseen>,
    problems: Vec<String>,
    summary: Summary,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let mut parts = Vec::new();
    for path in &options.files {
        parts.push(read(path)?);
    }
    let [first, ..] = parts.as_slice() else { return Err(Failure::Usage("there is nothing to merge".into())) };
    let (version, namespaces) = (first.version.clone(), first.namespaces.clone());
    are_whole(&options.files, &parts)?;
    let (tail, conclusion) = merged(parts);
    let mut written = Ok(());
    output::stream_json(|out| {
        let head = to_json(&namespaces).replace('\n', "\n  ");
        write!(
            out,
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {},\n  \"namespaces\": {head},\n  \"results\": [",
            to_json(&version)
        )?;
        let mut number = 0;
        for path in &options.files {
            let mut each = |result: &Value| {
                number += 1;
                let comma = if number > 1 { "," } else { "" };
                write!(out, "{comma}\n    {}", to_json(result).replace('\n', "\n    "))
            };
            written = results(path, &mut each);
            if written.is_err() {
                return Ok(());
            }
        }
        let (end, tail) = (if number > 0 { "\n  " } else { "" }, to_json(&tail));
        writeln!(out, "{end}],{}", tail.strip_prefix('{').unwrap_or(&tail))
    })?;
    written.map(|()| exit::code(conclusion))
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path).map(BufReader::new).map_err(|cause| Failure::File(format!("{}: {cause}", shown(path))))
}

fn read(path: &Path) -> Result<Part, Failure> {
    let cause = match serde_json::from_reader::<_, Part>(open(path)?) {
        Ok(part) if part.format == FORMAT => return Ok(part),
        Ok(part) => return Err(other(path, &part.format)),
        Err(cause) => cause,
    };
    // What another document is says more than what it lacks.
    match serde_json::from_reader::<_, Head>(open(path)?) {
        Ok(Head { format }) if format != FORMAT => Err(other(path, &format)),
        _ => Err(unreadable(path, &cause)),
    }
}

fn other(path: &Path, format: &str) -> Failure {
    let (path, format) = (shown(path), one_line(format));
    Failure::Usage(format!("{path} has the format {format}; only {FORMAT} can be merged"))
}

fn unreadable(path: &Path, cause: &serde_json::Error) -> Failure {
    Failure::File(format!("{} is not an audit as JSON: {}", shown(path), one_line(&cause.to_string())))
}

/// Each shard is there once, and all were checked by the same rules.
fn are_whole(files: &[PathBuf], parts: &[Part]) -> Result<(), Failure> {
    let mut seen: BTreeMap<Shard, &PathBuf> = BTreeMap::new();
    let names = |part: &Part| part.rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
    let first = parts.first();
    for (path, part) in files.iter().zip(parts) {
        let Some(shard) = part.shard else {
            return Err(Failure::Usage(format!("{} is not from a shard: it needs no merging", shown(path))));
        };
        let Shard { index, of } = shard;
        if let Some(other) = seen.insert(shard, path) {
            return Err(Failure::Usage(format!(
                "shard {index}/{of} is there twice: {} and {}",
                shown(other),
                shown(path)
            )));
        }
        let is_alike = |first: &Part| {
            first.shard.is_some_and(|shard| shard.of == of)
                && (&first.version, &first.namespaces) == (&part.version, &part.namespaces)
                && names(first) == names(part)
        };
        if !first.is_some_and(is_alike) {
            let message = format!(
                "{} is from another audit than the file before: version, namespaces, rules and the number of shards must be the same",
                shown(path)
            );
            return Err(Failure::Usage(message));
        }
    }
    let of = first.and_then(|part| part.shard).map_or(0, |shard| shard.of);
    match (0..of).find(|index| !seen.contains_key(&Shard { index: *index, of })) {
        Some(index) => Err(Failure::Usage(format!("shard {index}/{of} is missing: give its file too"))),
        None => Ok(()),
    }
}

fn add(sums: &mut BTreeMap<String, usize>, more: BTreeMap<String, usize>) {
    more.into_iter().for_each(|(verdict, count)| *sums.entry(verdict).or_default() += count);
}

fn merged(parts: Vec<Part>) -> (Tail, Conclusion) {
    let mut tail =
        Tail { rules: Vec::new(), unseen: BTreeSet::new(), problems: Vec::new(), summary: Summary::default() };
    let (mut is_complete, mut is_broken) = (true, false);
    for part in parts {
        is_complete &= part.summary.outcome != Conclusion::Incomplete.name();
        is_broken |= part.summary.outcome == Conclusion::Broken.name();
        if tail.rules.is_empty() {
            tail.rules = part.rules;
        } else {
            tail.rules.iter_mut().zip(part.rules).for_each(|(rule, more)| add(&mut rule.verdicts, more.verdicts));
        }
        tail.unseen.extend(part.unseen);
        // What no shard could read, each of them says, and one audit says once.
        let (said, told) = (tail.problems.len(), part.problems.len());
        let known: BTreeSet<String> = tail.problems.iter().cloned().collect();
        tail.problems.extend(part.problems.into_iter().filter(|problem| !known.contains(problem)));
        let repeated = said + told - tail.problems.len();
        tail.summary.objects += part.summary.objects;
        tail.summary.owned += part.summary.owned;
        tail.summary.broken += part.summary.broken;
        tail.summary.problems += part.summary.problems.saturating_sub(repeated);
        add(&mut tail.summary.verdicts, part.summary.verdicts);
    }
    tail.problems.truncate(TOLD);
    let conclusion = Conclusion::of(is_complete && tail.summary.objects > 0, is_broken);
    tail.summary.outcome = conclusion.name().to_owned();
    (tail, conclusion)
}

/// Hands each result of a file on.
fn results(path: &Path, each: &mut dyn FnMut(&Value) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut deserializer = serde_json::Deserializer::from_reader(open(path)?);
    Document(each).deserialize(&mut deserializer).map_err(|cause| unreadable(path, &cause))
}

type Each<'a> = &'a mut dyn FnMut(&Value) -> std::io::Result<()>;

/// A document, of which the results are wanted.
struct Document<'a>(Each<'a>);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an audit")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            match key.as_str() {
                "results" => members.next_value_seed(Results(&mut *self.0))?,
                _ => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// The results, one by one.
struct Results<'a>(Each<'a>);

impl<'de> DeserializeSeed<'de> for Results<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Results<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the results of an audit")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut results: A) -> Result<(), A::Error> {
        while let Some(result) = results.next_element::<Value>()? {
            (self.0)(&result).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}
