//! Which line of which template wrote each line of a rendered text: by the marks of a second rendering, line beside line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use engine::manifest::{SourcePlace, Span};

use super::template::{literals, unmarked};

/// A template of a chart.
#[derive(Debug)]
pub struct Template {
    /// From the root of the stage.
    path: PathBuf,
    /// Its number among the texts of the rendering.
    text: usize,
    /// By line, what it writes literally.
    literals: Vec<String>,
    /// Where each line begins and ends, in bytes.
    lines: Vec<(u32, u32)>,
}

impl Template {
    pub fn new(path: &Path, text: &str, number: usize) -> Self {
        let mut lines = Vec::new();
        let mut at = 0_usize;
        for line in text.split('\n') {
            let bytes = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            lines.push((bytes(at), bytes(at + line.trim_end_matches('\r').len())));
            at += line.len() + 1;
        }
        Self { path: path.to_owned(), text: number, literals: literals(text), lines }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A line from 1 as a whole, without the white space around it.
    fn line(&self, row: u32) -> Option<SourcePlace> {
        let at = usize::try_from(row).ok()?.checked_sub(1)?;
        let (start, end) = *self.lines.get(at)?;
        let literal = self.literals.get(at)?;
        let indent = u32::try_from(literal.len() - literal.trim_start().len()).ok()?;
        Some(self.place(start + indent.min(end - start), end))
    }

    fn place(&self, start: u32, end: u32) -> SourcePlace {
        SourcePlace { text: self.text, span: Span { start, end: end.max(start) }, name: None }
    }

    /// A text that a line from 1 writes literally, and behind it the rest of the line.
    fn literal(&self, row: u32, wanted: &Wanted<'_>) -> Option<Found> {
        let at = usize::try_from(row).ok()?.checked_sub(1)?;
        let (literal, (start, end)) = (self.literals.get(at)?, *self.lines.get(at)?);
        let begin = wanted.find(literal)?;
        let is_literal_behind = !literal.get(begin..).unwrap_or_default().contains('\u{0}');
        // Blanks stand for actions, character for character; offsets are those of the text unless it is not ASCII.
        let begin = start + u32::try_from(begin).ok()?.min(end - start);
        let behind = (begin + wanted.length()).min(end);
        let rest = literal.get(usize::try_from(behind - start).ok()?..).unwrap_or_default();
        let colon = rest.len() - rest.trim_start_matches(['"', '\'', ':', ' ']).len();
        let value = (behind + u32::try_from(colon).ok()?).min(end);
        let (place, rest) = (self.place(begin, behind.max(begin)), self.place(value, end));
        Some(Found { place, behind: rest, is_literal: true, is_literal_behind })
    }
}

/// What is looked for in a template.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// A key, with its colon.
    Key(&'a str),
    /// A scalar that is an item of a list.
    Item(&'a str),
}

impl Wanted<'_> {
    fn find(&self, literal: &str) -> Option<usize> {
        match self {
            Self::Key(key) => literal.match_indices(key).map(|(at, _)| at).find(|at| {
                let (before, behind) = literal.split_at(*at);
                let behind = behind.get(key.len()..).unwrap_or_default();
                let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind);
                behind.starts_with(':') && !before.ends_with(|it: char| it.is_alphanumeric() || "_-./".contains(it))
            }),
            Self::Item(text) => literal.trim_start().strip_prefix("- ").and_then(|item| {
                let item = item.trim().trim_matches(['"', '\'']);
                (item == *text).then(|| literal.find(item))?
            }),
        }
    }

    fn length(&self) -> u32 {
        let text = match self {
            Self::Key(text) | Self::Item(text) => text,
        };
        u32::try_from(text.len()).unwrap_or_default()
    }
}

/// Where a line of a rendered text comes from.
#[derive(Debug)]
pub struct Found {
    /// Where the key or the item is; of what an action writes, the line with the action.
    pub place: SourcePlace,
    /// What stands behind it on the line.
    pub behind: SourcePlace,
    /// Whether the template writes it literally.
    pub is_literal: bool,
    /// Whether it writes what stands behind it literally too.
    pub is_literal_behind: bool,
}

/// Where all lines of a rendered text come from.
#[derive(Debug, Default)]
pub struct Lines<'t> {
    templates: &'t [Template],
    /// By line from 0, the marks on it.
    marks: Vec<Vec<(usize, u32)>>,
    /// By line from 0, the line behind the last one of its document.
    ends: Vec<usize>,
    /// By line from 0, its document's template as helm names it.
    sources: Vec<String>,
    /// By line from 0, what the second rendering has in place of a line: part of it is made anew every time.
    anew: HashMap<usize, String>,
}

impl<'t> Lines<'t> {
    /// Of the rendered text and the marked one, each document beside the same one. Where they differ but for the marks, no
    /// line is known.
    pub fn new(real: &str, marked: Option<&str>, templates: &'t [Template]) -> Self {
        let real: Vec<&str> = real.split('\n').collect();
        let marked: Vec<(String, Vec<(usize, u32)>)> = marked.unwrap_or_default().split('\n').map(unmarked).collect();
        let blocks = blocks(&real.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        let others = blocks_of(&marked);
        let mut lines = Self {
            templates,
            marks: vec![Vec::new(); real.len()],
            ends: vec![real.len(); real.len()],
            sources: vec![String::new(); real.len()],
            anew: HashMap::new(),
        };
        let mut taken = vec![false; others.len()];
        for Block { source, start, end } in blocks {
            for line in start..end {
                lines.ends.get_mut(line).into_iter().for_each(|it| *it = end);
                lines.sources.get_mut(line).into_iter().for_each(|it| source.clone_into(it));
            }
            // Helm takes the white space off a document's end, but not a mark that stands behind it.
            let text_of = |at: usize| marked.get(at).map(|(text, _)| text.as_str());
            let length = trimmed(start, end, |at| real.get(at).copied()) - start;
            let is_same = |other: &Block| {
                other.source == source && trimmed(other.start, other.end, text_of) - other.start == length && {
                    let differing = (0..length).filter(|at| real.get(start + at).copied() != text_of(other.start + at));
                    // What is made anew every time, such as a password, is another every time.
                    differing.count() * 10 <= end - start
                }
            };
            let found = others.iter().enumerate().find(|(at, other)| taken.get(*at) == Some(&false) && is_same(other));
            let Some((at, other)) = found else { continue };
            taken.get_mut(at).into_iter().for_each(|it| *it = true);
            for offset in 0..length {
                let Some((text, marks)) = marked.get(other.start + offset) else { continue };
                if real.get(start + offset).is_some_and(|line| line == text) {
                    lines.marks.get_mut(start + offset).into_iter().for_each(|it| it.clone_from(marks));
                } else {
                    lines.anew.insert(start + offset, text.clone());
                }
            }
            let behind = marked.get(other.start + length..other.end).unwrap_or_default().iter();
            let behind: Vec<(usize, u32)> = behind.flat_map(|(_, marks)| marks.iter().copied()).collect();
            if let Some(offset) = length.checked_sub(1)
                && let Some(last) = lines.marks.get_mut(start + offset)
            {
                last.extend(&behind);
            }
        }
        lines
    }

    /// Where what stands on a line from 1 comes from.
    pub fn find(&self, line: u32, wanted: &Wanted<'_>) -> Option<Found> {
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        let template = |file: &usize| self.templates.get(*file);
        let literal = self.marks.get(at)?.iter().find_map(|(file, row)| template(file)?.literal(*row, wanted));
        literal.or_else(|| {
            // The mark of the action stands behind the last line that it wrote.
            let end = *self.ends.get(at)?;
            let (file, row) = self.marks.get(at..end)?.iter().find_map(|marks| marks.first())?;
            // What stands before the action on its line is written first.
            let is_first = at.checked_sub(1).and_then(|before| self.marks.get(before)).is_some_and(|it| !it.is_empty());
            if let Some(found) = template(file)?.literal(*row, wanted).filter(|_| is_first) {
                return Some(found);
            }
            let place = template(file)?.line(*row)?;
            Some(Found { behind: place.clone(), place, is_literal: false, is_literal_behind: false })
        })
    }

    /// How many bytes at the end of a name, with which a line from 1 ends, are made anew every time.
    pub fn anew(&self, line: u32, name: &str) -> usize {
        let other = usize::try_from(line).ok().and_then(|line| self.anew.get(&line.checked_sub(1)?));
        let parts = other.map_or("", String::as_str).rsplit(|it: char| it.is_whitespace() || matches!(it, '"' | '\''));
        let Some(other) = parts.into_iter().find(|it| !it.is_empty()) else { return 0 };
        let same = name.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
        // By chance more may be the same: what is made anew begins with a hyphen or a dot.
        name.len() - name.get(..same).and_then(|same| same.rfind(['-', '.'])).unwrap_or_default()
    }

    /// The first line that is known of the document at a line from 1, or else of its template.
    pub fn document(&self, line: u32) -> Option<SourcePlace> {
        let at = usize::try_from(line).ok()?.checked_sub(1)?;
        let end = *self.ends.get(at)?;
        let known = self.marks.get(at..end)?.iter().find_map(|marks| marks.first());
        let known = known.and_then(|(file, row)| self.templates.get(*file)?.line(*row));
        known.or_else(|| {
            let (_, path) = self.sources.get(at)?.split_once('/')?;
            let template = self.templates.iter().find(|it| it.path == Path::new("chart").join(path))?;
            template.line(1)
        })
    }
}

/// Where lines end that have something on them, of those from `start` to `end`.
fn trimmed<'l>(start: usize, end: usize, line: impl Fn(usize) -> Option<&'l str>) -> usize {
    let is_there = |at: &usize| line(*at).is_some_and(|line| !line.trim().is_empty());
    (start..end).rev().find(is_there).map_or(start, |at| at + 1)
}

/// Lines from one `# Source:` to the next.
#[derive(Debug)]
struct Block {
    source: String,
    start: usize,
    end: usize,
}

fn blocks(lines: &[String]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut begin = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.trim_end() == "---" {
            if let Some(last) = blocks.last_mut() {
                last.end = at;
            }
            begin = at;
        } else if let Some(source) = line.strip_prefix("# Source: ").filter(|_| at == begin + 1) {
            blocks.push(Block { source: source.trim().to_owned(), start: begin, end: lines.len() });
        }
    }
    blocks
}

fn blocks_of(marked: &[(String, Vec<(usize, u32)>)]) -> Vec<Block> {
    let lines: Vec<String> = marked.iter().map(|(text, _)| text.clone()).collect();
    // What was nothing but a mark is nothing to helm, and no document.
    let is_there = |block: &Block| {
        let body = lines.get(block.start + 2..block.end).unwrap_or_default();
        body.iter().any(|line| !line.trim().is_empty())
    };
    let mut found = blocks(&lines);
    found.retain(is_there);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "---\n# Source: web/templates/a.yaml\nkind: Pod\nspec:\n  limits:\n    cpu: 1\n  image: a:1\n";

    fn template(text: &str) -> Vec<Template> {
        vec![Template::new(Path::new("chart/templates/a.yaml"), text, 0)]
    }

    #[test]
    fn a_line_is_found_by_its_own_mark_or_by_that_of_the_action_that_wrote_it() {
        let templates = template("kind: Pod\nspec:\n  {{- toYaml .x | nindent 2 }}\n  image: {{ .image }}\n");
        let marked = "---\n# Source: web/templates/a.yaml\nkind: Pod #@0:1@\nspec: #@0:2@\n  limits:\n    cpu: 1 #@0:3@\n  \
                      image: a:1 #@0:4@\n";
        let lines = Lines::new(REAL, Some(marked), &templates);
        let find = |line, key| {
            let found = lines.find(line, &Wanted::Key(key)).unwrap();
            (found.place.span.start, found.is_literal)
        };
        assert_eq!(find(3, "kind"), (0, true));
        assert_eq!(find(5, "limits"), (18, false), "the action's line");
        assert_eq!(find(6, "cpu"), (18, false));
        assert_eq!(find(7, "image"), (49, true));
    }

    #[test]
    fn a_name_lasts_but_for_what_is_made_anew() {
        let document = |name: &str| {
            format!(
                "---\n# Source: web/templates/a.yaml\nkind: Pod\nmetadata:\n  name: {name}\n{}",
                "  # one of many lines\n".repeat(12)
            )
        };
        for (name, other, expected) in [
            ("web-test-ab1cd", "web-test-ax9yz", 6),
            ("\"web.ab1cd\"", "\"web.xy9yz\"", 6),
            ("ab1cd", "xy9yz", 5),
            ("web-test", "web-test", 0),
        ] {
            let lines = Lines::new(&document(name), Some(&document(other)), &[]);
            assert_eq!(lines.anew(5, name.trim_matches('"')), expected, "{name}");
        }
    }

    #[test]
    fn a_document_that_is_another_one_with_marks_is_not_believed() {
        let templates = template("kind: Pod\n");
        let marked =
            "---\n# Source: web/templates/a.yaml\nkind: Job #@0:1@\nspec: #@0:1@\n  limits:\n    cpu: 2\n  image: b\n";
        let lines = Lines::new(REAL, Some(marked), &templates);
        assert!(lines.find(3, &Wanted::Key("kind")).is_none());
        assert_eq!(lines.document(3).unwrap().span.start, 0, "the template is known by its name");
    }

    #[test]
    fn a_mark_behind_the_end_of_a_document_is_that_of_its_last_line() {
        let templates = template("kind: Pod\n{{ .more }}\n");
        let real = "---\n# Source: web/templates/a.yaml\nkind: Pod\nspec: {}\n---\n# Source: b\n";
        let marked = "---\n# Source: web/templates/a.yaml\nkind: Pod #@0:1@\nspec: {}\n   #@0:2@\n---\n# Source: b\n";
        let lines = Lines::new(real, Some(marked), &templates);
        assert_eq!(lines.find(3, &Wanted::Key("kind")).unwrap().place.span.start, 0);
        assert_eq!(lines.find(4, &Wanted::Key("spec")).unwrap().place.span.start, 10);
    }
}
