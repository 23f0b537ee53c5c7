//! Templates of Helm as texts: which lines of them write something, and copies of them that say of every such line in the
//! output where it comes from.
//!
//! A mark is a comment at a line's end, ` #@3:12@`: YAML reads over it, and taking the marks out gives the output that
//! there is without them. Where it does not, nobody believes them.

/// One part of a template.
#[derive(Debug, PartialEq, Eq)]
enum Part<'text> {
    Text(&'text str),
    /// With its braces.
    Action(&'text str),
}

/// The parts of a template, in order.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(open) = rest.find("{{") {
        let (before, action) = rest.split_at(open);
        let end = action_end(action);
        let (action, behind) = action.split_at(end);
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        parts.push(Part::Action(action));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// Where an action ends that begins a text: strings in it may hold braces.
fn action_end(text: &str) -> usize {
    let inner = text.get(2..).unwrap_or_default().trim_start_matches('-').trim_start();
    if inner.starts_with("/*") {
        let end = text.find("*/").and_then(|at| Some(at + text.get(at..)?.find("}}")? + 2));
        return end.unwrap_or(text.len());
    }
    let (mut quote, mut escaped) = (None, false);
    for (at, byte) in text.bytes().enumerate().skip(2) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(b'"' | b'\''), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'`' | b'\'') => quote = Some(byte),
            (None, b'}') if text.as_bytes().get(at + 1) == Some(&b'}') => return at + 2,
            (None, _) => {}
        }
    }
    text.len()
}

/// The API versions that a template asks a cluster for, where they stand in it: `.Capabilities.APIVersions.Has "a/v1"`.
pub fn asked_versions(text: &str) -> impl Iterator<Item = &str> {
    text.split("APIVersions.Has").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches([' ', '(']);
        let quote = rest.chars().next().filter(|it| matches!(it, '"' | '`'))?;
        rest.get(1..)?.split_once(quote).map(|(version, _)| version)
    })
}

/// What an action is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It writes something.
    Output,
    /// It begins the definition of a template of its own.
    Define,
    /// It begins a block that ends with `end`.
    Block,
    End,
    /// It writes nothing: a comment, a variable, `else`.
    Quiet,
}

fn kind(action: &str) -> Kind {
    let inner = action.trim_start_matches("{{").trim_start_matches('-').trim_start();
    let word: &str = inner.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').next().unwrap_or_default();
    match word {
        "define" | "block" => Kind::Define,
        "if" | "range" | "with" => Kind::Block,
        "end" => Kind::End,
        "else" | "break" | "continue" => Kind::Quiet,
        _ if inner.starts_with("/*") || inner.starts_with('$') && is_assignment(inner) => Kind::Quiet,
        _ => Kind::Output,
    }
}

/// Whether an action sets a variable: `$x := 1`, `$x = 1`.
fn is_assignment(inner: &str) -> bool {
    let name = inner.trim_start_matches('$');
    let behind = name.trim_start_matches(|it: char| it.is_ascii_alphanumeric() || it == '_').trim_start();
    behind.starts_with(":=") || behind.starts_with('=')
}

/// A line of a template under way.
#[derive(Default)]
struct Line {
    text: String,
    /// Whether an action on it writes something.
    writes: bool,
    is_defined: bool,
    /// What stands behind the last action on it.
    tail: String,
    /// Whether that action takes away the white space behind it.
    tail_is_trimmed: bool,
}

impl Line {
    /// Whether a mark may stand at its end. A line of nothing but white space may be gone in the output. In a definition
    /// only what looks like YAML is marked: names are made there, and compared.
    fn takes_mark(&self) -> bool {
        if self.tail_is_trimmed && self.tail.trim().is_empty() {
            return false;
        }
        let text = self.text.trim();
        let is_yaml = || text.starts_with("- ") || text.ends_with(':') || text.contains(": ");
        if self.is_defined { is_yaml() } else { self.writes || !text.is_empty() && text != "---" }
    }
}

/// How far a line is indented, 0 if it begins with an action; none of an empty one.
fn indent(line: &str) -> Option<usize> {
    let text = line.trim_start();
    let indent = if text.starts_with("{{") { 0 } else { line.len() - text.len() };
    (!text.is_empty()).then_some(indent)
}

/// Whether a value on the line goes on below it, where the next line is indented so far: a mark would end it.
fn continues(line: &str, next: Option<usize>) -> bool {
    let inner = line.trim_start_matches([' ', '-']);
    let column = line.len() - inner.len();
    let value = inner.split_once(": ").map_or(if inner.ends_with(':') { "" } else { inner }, |(_, value)| value).trim();
    let is_open = !value.is_empty() && !value.starts_with(['|', '>', '{', '[', '&', '!', '"', '\'']);
    // What has no key is the rest of a value that has begun above.
    let is_rest = !inner.contains(':') && !line.trim_start().starts_with('-') && !line.trim().is_empty();
    is_open && (next.is_some_and(|next| next > column) || is_rest)
}

/// The template with a mark at the end of every line that writes something; `number` is the file's.
pub fn marked(text: &str, number: usize) -> String {
    let mut marked = String::with_capacity(text.len() * 2);
    let (mut line, mut row, mut depth, mut defines) = (Line::default(), 1, 0_usize, Vec::new());
    let indents: Vec<Option<usize>> = text.lines().map(indent).collect();
    for part in parts(text) {
        match part {
            Part::Action(action) => {
                match kind(action) {
                    Kind::Output => line.writes = true,
                    Kind::Define => {
                        depth += 1;
                        defines.push(depth);
                    }
                    Kind::Block => depth += 1,
                    Kind::End => {
                        if defines.last() == Some(&depth) {
                            defines.pop();
                        }
                        depth = depth.saturating_sub(1);
                    }
                    Kind::Quiet => {}
                }
                marked.push_str(action);
                row += action.matches('\n').count();
                line.is_defined = !defines.is_empty();
                line.tail.clear();
                line.tail_is_trimmed = action.ends_with("-}}");
            }
            Part::Text(text) => {
                for piece in text.split_inclusive('\n') {
                    let content = piece.trim_end_matches(['\n', '\r']);
                    line.text.push_str(content);
                    line.tail.push_str(content);
                    marked.push_str(content);
                    if content.len() < piece.len() {
                        let next = indents.get(row..).unwrap_or_default().iter().find_map(|indent| *indent);
                        if line.takes_mark() && !continues(&line.text, next) {
                            marked.push_str(&format!(" #@{number}:{row}@"));
                        }
                        marked.push_str(piece.get(content.len()..).unwrap_or_default());
                        row += 1;
                        line = Line { is_defined: !defines.is_empty(), ..Line::default() };
                    }
                }
            }
        }
    }
    marked
}

/// A line of output without its marks, and these, each a file's number and a line.
pub fn unmarked(line: &str) -> (String, Vec<(usize, u32)>) {
    let (mut text, mut marks, mut rest) = (String::with_capacity(line.len()), Vec::new(), line);
    while let Some(at) = rest.find(" #@") {
        let (before, behind) = rest.split_at(at);
        text.push_str(before);
        match mark(behind) {
            Some((found, length)) => {
                marks.push(found);
                rest = behind.get(length..).unwrap_or_default();
            }
            None => {
                text.push_str(" #@");
                rest = behind.get(3..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    (text, marks)
}

fn mark(text: &str) -> Option<((usize, u32), usize)> {
    let inner = text.strip_prefix(" #@")?;
    let (inner, _) = inner.split_once('@')?;
    let (file, row) = inner.split_once(':')?;
    Some(((file.parse().ok()?, row.parse().ok()?), inner.len() + 4))
}

/// What a template writes literally, by line from 1: its text with the actions blanked out.
pub fn literals(text: &str) -> Vec<String> {
    let mut blanked = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => blanked.push_str(text),
            Part::Action(action) => blanked.extend(action.chars().map(|it| if it == '\n' { '\n' } else { '\u{0}' })),
        }
    }
    blanked.split('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_asks_a_cluster_for_is_read() {
        let text = "{{ if .Capabilities.APIVersions.Has \"a.io/v1\" }}{{ ($.Capabilities.APIVersions.Has `b/v2`) }}\
                    {{ .Capabilities.APIVersions.Has $x }}";
        assert_eq!(asked_versions(text).collect::<Vec<_>>(), ["a.io/v1", "b/v2"]);
    }

    #[test]
    fn an_action_ends_behind_its_strings_and_comments() {
        let text = "a{{ \"}}\" }}b{{- `}}` -}}c{{/* }} */}}d{{ '\\'' }}e{{ \"\\\"}}\" }}{{ open";
        let expected = [
            Part::Text("a"),
            Part::Action("{{ \"}}\" }}"),
            Part::Text("b"),
            Part::Action("{{- `}}` -}}"),
            Part::Text("c"),
            Part::Action("{{/* }} */}}"),
            Part::Text("d"),
            Part::Action("{{ '\\'' }}"),
            Part::Text("e"),
            Part::Action("{{ \"\\\"}}\" }}"),
            Part::Action("{{ open"),
        ];
        assert_eq!(parts(text), expected);
    }

    #[test]
    fn lines_that_write_something_are_marked_and_no_others() {
        let text = "\
{{- /* one */ -}}
kind: Pod
{{- if .x }}
  a: {{ .a }}
{{- end }}
  {{- toYaml .b | nindent 2 }}
{{ $y := 1 }}

---
{{- define \"name\" -}}
{{ .n | trunc 63 }}
plain
{{- end }}
{{- define \"pod\" -}}
b: c
- d
{{- end }}
long: this goes
  on
list: 
- a: b
  c: d
last: {{ .z -}}
end: 1";
        let expected = "\
{{- /* one */ -}}
kind: Pod #@7:2@
{{- if .x }}
  a: {{ .a }} #@7:4@
{{- end }}
  {{- toYaml .b | nindent 2 }} #@7:6@
{{ $y := 1 }}

---
{{- define \"name\" -}}
{{ .n | trunc 63 }}
plain
{{- end }}
{{- define \"pod\" -}}
b: c #@7:15@
- d #@7:16@
{{- end }}
long: this goes
  on
list:  #@7:20@
- a: b #@7:21@
  c: d #@7:22@
last: {{ .z -}}
end: 1";
        assert_eq!(marked(text, 7), expected);
        let lines: Vec<String> = expected.lines().map(|line| unmarked(line).0).collect();
        assert_eq!(lines.join("\n"), text);
    }

    #[test]
    fn marks_are_read_back_and_what_looks_like_one_stays() {
        let line = "a: b #@x@ #@1:2@ c #@3:4@";
        assert_eq!(unmarked(line), ("a: b #@x@ c".to_owned(), vec![(1, 2), (3, 4)]));
        assert_eq!(unmarked("a #@"), ("a #@".to_owned(), vec![]));
    }
}
