//! `CODEOWNERS`, as GitHub reads it, or as GitLab does.
//!
//! Of GitHub's file the last pattern that matches counts, and a line without owners takes them away. GitLab's has sections
//! (`[Docs]`, `^[Docs]` for an optional one, `[Docs][2]` for two approvals, owners behind it for lines without), and in each
//! the last pattern counts for itself. Only GitLab knows sections and the folder `.gitlab`: by these the file is one of its own.

use super::name_pattern::NamePattern;
use crate::documents::{Owned, Section};

/// Where it may lie, the first of these that is there.
pub const CODEOWNERS: [&str; 4] = [OF_GITHUB, "CODEOWNERS", "docs/CODEOWNERS", OF_GITLAB];

const OF_GITHUB: &str = ".github/CODEOWNERS";
const OF_GITLAB: &str = ".gitlab/CODEOWNERS";

/// The file.
#[derive(Clone, Debug, Default)]
pub struct Codeowners {
    sections: Vec<Part>,
    is_of_gitlab: bool,
}

/// A section, or what stands before the first one.
#[derive(Clone, Debug, Default)]
struct Part {
    name: String,
    is_optional: bool,
    approvals: u32,
    lines: Vec<Line>,
}

/// A pattern with its owners. A file that an exclusion means has no owner in its section, whatever follows.
#[derive(Clone, Debug)]
struct Line {
    pattern: Pattern,
    owners: Vec<String>,
    is_exclusion: bool,
}

impl Codeowners {
    /// The file of this path.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        let has_sections = || text.lines().any(|line| header(line.trim()).is_some());
        let is_of_gitlab = path == OF_GITLAB || path != OF_GITHUB && has_sections();
        let mut sections = vec![Part { approvals: 1, ..Part::default() }];
        let (mut current, mut defaults) = (0, Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((section, owners)) = header(line) {
                // To GitHub it is a line that means nothing.
                if !is_of_gitlab {
                    continue;
                }
                // Of two of a name, the stricter is both.
                let is_it = |part: &Part| part.name.eq_ignore_ascii_case(&section.name);
                current = sections.iter().skip(1).position(is_it).map_or(sections.len(), |at| at + 1);
                match sections.get_mut(current) {
                    Some(known) => {
                        known.is_optional &= section.is_optional;
                        known.approvals = known.approvals.max(section.approvals);
                    }
                    None => sections.push(section),
                }
                defaults = owners;
            } else if let Some(part) = sections.get_mut(current) {
                part.lines.extend(Line::new(line, &defaults, is_of_gitlab));
            }
        }
        Self { sections, is_of_gitlab }
    }

    /// The owners of a file. None where no line names it.
    pub fn of(&self, path: &str) -> Option<Owned> {
        let matching = self.sections.iter().filter_map(|part| Some((part, part.owners(path)?)));
        let matching: Vec<(&Part, Vec<String>)> = matching.collect();
        if !self.is_of_gitlab {
            return matching.into_iter().next().map(|(_, owners)| Owned { owners, sections: Vec::new() });
        }
        if matching.is_empty() {
            return None;
        }
        // Nobody can approve for a section without owners, so GitLab does not ask for it.
        let (optional, required): (Vec<_>, Vec<_>) =
            matching.into_iter().filter(|(_, owners)| !owners.is_empty()).partition(|(part, _)| part.is_optional);
        // Those of optional sections are responsible where others are not.
        let owners = if required.is_empty() { &optional } else { &required };
        let mut all: Vec<String> = Vec::new();
        for owner in owners.iter().flat_map(|(_, owners)| owners) {
            if !all.contains(owner) {
                all.push(owner.clone());
            }
        }
        let section =
            |(part, owners): (&Part, _)| Section { name: part.name.clone(), owners, approvals: part.approvals };
        Some(Owned { owners: all, sections: required.into_iter().map(section).collect() })
    }
}

impl Part {
    /// The owners of a file: `None` if no line names it, empty if it is excluded.
    fn owners(&self, path: &str) -> Option<Vec<String>> {
        let mut matching = self.lines.iter().filter(|line| line.pattern.matches(path));
        let last = matching.clone().next_back()?;
        Some(if matching.any(|line| line.is_exclusion) { Vec::new() } else { last.owners.clone() })
    }
}

impl Line {
    fn new(line: &str, defaults: &[String], is_of_gitlab: bool) -> Option<Self> {
        let (pattern, rest) = cut(line);
        if !is_of_gitlab {
            let words = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
            let pattern = Pattern::of_github(pattern)?;
            return Some(Self { pattern, owners: words.map(str::to_owned).collect(), is_exclusion: false });
        }
        // GitLab knows no comments behind a line.
        let owners = if rest.trim().is_empty() { defaults.to_vec() } else { owners_in(rest) };
        let excluded = pattern.strip_prefix('!');
        let pattern = Pattern::of_gitlab(excluded.unwrap_or(pattern))?;
        Some(Self { pattern, owners, is_exclusion: excluded.is_some() })
    }
}

/// A line cut at its first space that is not escaped.
fn cut(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|sign: char| {
        let is_end = sign.is_whitespace() && !is_escaped;
        is_escaped = sign == '\\' && !is_escaped;
        is_end
    });
    line.split_at(end.unwrap_or(line.len()))
}

/// What GitLab takes for owners: names behind `@`, and addresses.
fn owners_in(text: &str) -> Vec<String> {
    let words = text.split(|sign: char| sign.is_whitespace() || sign == ',');
    words.filter(|word| word.split_once('@').is_some_and(|(_, name)| !name.is_empty())).map(str::to_owned).collect()
}

/// The heading of a section with the owners of its lines. A heading that is not closed is a pattern.
fn header(line: &str) -> Option<(Part, Vec<String>)> {
    let (is_optional, rest) = line.strip_prefix('^').map_or((false, line), |rest| (true, rest));
    let (name, rest) = rest.strip_prefix('[')?.split_once(']')?;
    let (count, rest) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).unwrap_or(("", rest));
    let approvals = count.trim().parse().unwrap_or(1).max(1);
    let part = Part { name: name.trim().to_owned(), is_optional, approvals, lines: Vec::new() };
    Some((part, owners_in(rest)))
}

/// Which files are meant.
#[derive(Clone, Debug)]
struct Pattern {
    steps: Vec<Step>,
    is_rooted: bool,
    /// Whether it means what lies in the folder, and no file.
    is_folder: bool,
    /// Whether a name is that of a file or of a folder, which is all that is in it.
    takes_folders: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Folders,
    /// All files directly in a folder.
    Files,
    Name(NamePattern),
}

impl Pattern {
    /// A pattern with a slash anywhere but at its end begins at the root, another anywhere; a folder is all that is in it, and
    /// `folder/*` only the files directly in it.
    fn of_github(text: &str) -> Option<Self> {
        let is_folder = text.ends_with('/');
        let is_rooted = text.trim_end_matches('/').contains('/');
        let (steps, count) = (text.trim_matches('/').split('/'), text.trim_matches('/').split('/').count());
        let steps = steps.enumerate().map(|(at, step)| match step {
            "**" => Some(Step::Folders),
            "*" if at + 1 == count => Some(Step::Files),
            step => NamePattern::new(step, false).map(Step::Name),
        });
        Some(Self { steps: steps.collect::<Option<_>>()?, is_rooted, is_folder, takes_folders: true })
    }

    /// A pattern begins at the root only behind a slash, and a folder is what ends with one. None where it means no file.
    fn of_gitlab(text: &str) -> Option<Self> {
        let is_rooted = text.starts_with('/');
        let text = text.strip_prefix('/').unwrap_or(text);
        let (text, is_folder) = text.strip_suffix('/').map_or((text, false), |text| (text, true));
        let count = text.split('/').count();
        let steps = text.split('/').enumerate().map(|(at, step)| match step {
            // At its end it is a star like others.
            "**" if is_folder || at + 1 < count => Some(Step::Folders),
            step => NamePattern::new(step, true).map(Step::Name),
        });
        Some(Self { steps: steps.collect::<Option<_>>()?, is_rooted, is_folder, takes_folders: false })
    }

    fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        let starts = if self.is_rooted { 0..1 } else { 0..path.len() };
        starts.into_iter().any(|start| self.is_here(&self.steps, path.get(start..).unwrap_or_default()))
    }

    fn is_here(&self, steps: &[Step], path: &[&str]) -> bool {
        match (steps.split_first(), path.split_first()) {
            (None, None) => !self.is_folder,
            (None, Some(_)) => self.is_folder || self.takes_folders,
            (Some((Step::Folders, [])), _) => !path.is_empty(),
            (Some((Step::Folders, rest)), Some((_, below))) => self.is_here(rest, path) || self.is_here(steps, below),
            (Some((Step::Files, _)), Some((_, below))) => below.is_empty() != self.is_folder,
            (Some((Step::Name(step), rest)), Some((name, below))) => step.matches(name) && self.is_here(rest, below),
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn matches(pattern: Option<Pattern>, text: &str, yes: &[&str], no: &[&str]) {
        let pattern = pattern.unwrap();
        yes.iter().for_each(|path| assert!(pattern.matches(path), "{text} {path}"));
        no.iter().for_each(|path| assert!(!pattern.matches(path), "{text} {path}"));
    }

    #[test]
    fn patterns_mean_what_they_mean_to_github() {
        for (pattern, yes, no) in [
            ("*", &["a", "a/b"][..], &[][..]),
            ("*.js", &["a.js", "x/a.js"], &["a.ts"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a", "docs"]),
            ("apps/", &["apps/a", "x/apps/b"], &["apps"]),
            ("docs/*", &["docs/a.md"], &["docs/b/a.md"]),
            ("/docs", &["docs", "docs/a"], &["x/docs"]),
            ("**/logs", &["logs/a", "x/y/logs/a"], &["logsx/a"]),
            ("services/**/base", &["services/web/base/a.yaml", "services/base"], &["x/services/web/base"]),
            ("/clusters/*/infra/", &["clusters/production/infra/a/b"], &["clusters/infra/a"]),
            ("web.yaml", &["web.yaml", "a/b/web.yaml"], &["web.yml"]),
        ] {
            matches(Pattern::of_github(pattern), pattern, yes, no);
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_to_gitlab() {
        for (pattern, yes, no) in [
            ("*", &["a", "a/b", "a/.env"][..], &[][..]),
            ("README.md", &["README.md", "app/lib/README.md"], &["README.md/a"]),
            ("internal/README.md", &["internal/README.md", "docs/api/internal/README.md"], &["README.md"]),
            ("/README.md", &["README.md"], &["docs/README.md"]),
            // A name without a slash at its end is no folder.
            ("docs", &["docs", "a/docs"], &["docs/a"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["docs", "x/docs/a"]),
            ("lib/", &["lib/a", "x/lib/a/b"], &["lib"]),
            ("/docs/*", &["docs/a.md"], &["docs/b/a.md"]),
            ("/docs/**", &["docs/a.md"], &["docs/b/a.md"]),
            ("/docs/**/*.md", &["docs/a.md", "docs/b/c/a.md"], &["docs/a.txt"]),
            ("/docs/*/README.md", &["docs/api/README.md"], &["docs/README.md"]),
            ("a//b", &[], &["a/b"]),
        ] {
            matches(Pattern::of_gitlab(pattern), pattern, yes, no);
        }
    }

    fn told(path: &str, text: &str, file: &str) -> Option<(String, Vec<String>)> {
        let owned = Codeowners::new(path, text).of(file)?;
        let section = |it: &Section| format!("{} {}: {}", it.name, it.approvals, it.owners.join(" "));
        Some((owned.owners.join(" "), owned.sections.iter().map(section).collect()))
    }

    #[test]
    fn of_github_the_last_line_counts_and_one_without_owners_takes_them_away() {
        let text = "# all\n* @acme/all\n/a/ @acme/a ana@example.com # why\n/a/b/\n/with\\ space/ @acme/s\n[Docs] @acme/d\n/d/\n";
        for (file, owners) in [
            ("x", "@acme/all"),
            ("a/x", "@acme/a ana@example.com"),
            ("a/b/x", ""),
            ("with space/x", "@acme/s"),
            // A section means nothing to GitHub.
            ("d/x", ""),
        ] {
            assert_eq!(told(OF_GITHUB, text, file), Some((owners.into(), vec![])), "{file}");
        }
        assert!(Codeowners::default().of("x").is_none());
    }

    #[test]
    fn of_gitlab_the_last_line_of_each_section_counts() {
        let text = "\
* @all
/pom.xml
[Documentation][2] @docs-team
docs/
*.txt @writers # @more, none
^[Database] @database-team
model/db/
[DOCUMENTATION]
README.md @docs
!/docs/draft/
^[Tests]
*_test.go @testers
[Security][x] @acme/security @@maintainer
[Open
/model/
[Empty]
/model/ nobody
";
        for (file, owners, sections) in [
            ("a.go", "@all", &[" 1: @all"][..]),
            // A line without owners takes them away in its section alone.
            ("pom.xml", "", &[]),
            ("docs/a/b.md", "@all @docs-team", &[" 1: @all", "Documentation 2: @docs-team"]),
            ("docs/a.txt", "@all @writers @more", &[" 1: @all", "Documentation 2: @writers @more"]),
            ("docs/draft/a.md", "@all", &[" 1: @all"]),
            ("docs/README.md", "@all @docs", &[" 1: @all", "Documentation 2: @docs"]),
            // An optional section asks for no approval.
            ("a_test.go", "@all", &[" 1: @all"]),
            (
                "model/db/a.sql",
                "@all @acme/security @@maintainer",
                &[" 1: @all", "Security 1: @acme/security @@maintainer"],
            ),
        ] {
            let wanted = (owners.to_owned(), sections.iter().map(ToString::to_string).collect());
            assert_eq!(told("CODEOWNERS", text, file), Some(wanted), "{file}");
        }
        let optional = "^[Go]\n*.go @root\n";
        assert_eq!(told("CODEOWNERS", optional, "a.go"), Some(("@root".into(), vec![])));
        assert_eq!(told("CODEOWNERS", optional, "a.rb"), None);
        let both = "^[Go]\n*.go @root\n[go][3]\n*.mod @root\n";
        assert_eq!(told("CODEOWNERS", both, "a.go"), Some(("@root".into(), vec!["Go 3: @root".into()])));
        // Its folder makes the file GitLab's.
        assert_eq!(told(OF_GITLAB, "/docs @a\n", "docs/a"), None);
        assert_eq!(told("CODEOWNERS", "/docs @a\n", "docs/a"), Some(("@a".into(), vec![])));
    }
}
