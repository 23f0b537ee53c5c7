//! Markdown on a terminal: headings bold, code in colour, tables in columns, lists as they are written, and paragraphs in
//! lines that fit.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::output::{BOLD, CYAN, DIM, printable};
use super::table::{folded, table};

/// The text with colours, in lines of at most so many columns. Code stays as it is written.
pub fn render(source: &str, width: usize) -> String {
    let mut writer = Writer { width, ..Writer::default() };
    Parser::new_ext(source, Options::ENABLE_TABLES).for_each(|event| writer.event(event));
    writer.fold();
    writer.text.truncate(writer.text.trim_end().len());
    writer.text + "\n"
}

/// A text of a module as a cell of a table, or an item of a list: on one line, and its Markdown kept as it is.
pub fn cell(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    printable(&line.join(" ")).replace('|', "\\|").replace('<', "&lt;")
}

#[derive(Default)]
struct Writer {
    text: String,
    width: usize,
    /// How much of the text has its lines already.
    folded: usize,
    /// The number of the next item, by list; none in a list without numbers.
    lists: Vec<Option<u64>>,
    /// The addresses of the links that are open.
    links: Vec<String>,
    is_code: bool,
    /// The rows of the table that is open; none outside of tables.
    rows: Option<Vec<Vec<String>>>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) if self.rows.is_some() => {
                self.cell(&printable(&text));
            }
            Event::SoftBreak | Event::HardBreak if self.rows.is_some() => self.cell(" "),
            Event::SoftBreak => self.text.push(' '),
            Event::Text(text) if self.is_code => {
                for line in text.lines() {
                    let _ = writeln!(self.text, "    {CYAN}{}{CYAN:#}", printable(line));
                }
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text.push_str(&printable(&text)),
            Event::Code(code) => _ = write!(self.text, "{CYAN}{}{CYAN:#}", printable(&code)),
            Event::HardBreak => self.line(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => _ = write!(self.text, "{BOLD}"),
            Tag::CodeBlock(_) => {
                self.fold();
                self.is_code = true;
            }
            Tag::List(first) => {
                if !self.lists.is_empty() {
                    self.line();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                let indent = self.lists.len().saturating_sub(1) * 2;
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "-".to_owned(),
                };
                self.text.truncate(self.text.trim_end_matches(' ').len());
                let _ = write!(self.text, "{:indent$}{mark} ", "");
            }
            Tag::Table(_) => {
                self.fold();
                self.rows = Some(Vec::new());
            }
            Tag::TableHead | Tag::TableRow => self.rows.iter_mut().for_each(|rows| rows.push(Vec::new())),
            Tag::TableCell => {
                self.rows.iter_mut().filter_map(|rows| rows.last_mut()).for_each(|row| row.push(String::new()))
            }
            // What is in a cell is measured: it has no colours.
            Tag::Strong | Tag::Link { .. } if self.rows.is_some() => {}
            Tag::Strong => _ = write!(self.text, "{BOLD}"),
            Tag::Link { dest_url, .. } => self.links.push(dest_url.into_string()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => _ = write!(self.text, "{BOLD:#}\n\n"),
            TagEnd::Paragraph => self.text.push_str("\n\n"),
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.text.push('\n');
                self.folded = self.text.len();
            }
            TagEnd::Item if !self.text.ends_with('\n') => self.text.push('\n'),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.text.truncate(self.text.trim_end().len());
                    self.folded = self.folded.min(self.text.len());
                    self.text.push_str("\n\n");
                }
            }
            TagEnd::Table => {
                let rows = self.rows.take().unwrap_or_default();
                self.text += &table(&rows, self.width, |head| format!("{BOLD}{head}{BOLD:#}"));
                self.text.push('\n');
                self.folded = self.text.len();
            }
            TagEnd::Strong | TagEnd::Link if self.rows.is_some() => {}
            TagEnd::Strong => _ = write!(self.text, "{BOLD:#}"),
            TagEnd::Link => {
                let url = self.links.pop().unwrap_or_default();
                // An address that is its own text is said once.
                if !self.text.ends_with(url.as_str()) {
                    let _ = write!(self.text, " {DIM}<{}>{DIM:#}", printable(&url));
                }
            }
            _ => {}
        }
    }

    /// Adds to the cell of a table that is open.
    fn cell(&mut self, text: &str) {
        if let Some(cell) = self.rows.iter_mut().filter_map(|rows| rows.last_mut()?.last_mut()).next() {
            cell.push_str(text);
        }
    }

    /// Gives lines to what was written since the last code or table.
    fn fold(&mut self) {
        let text = self.text.split_off(self.folded);
        self.text += &folded(&text, self.width, hang);
        self.folded = self.text.len();
    }

    /// A new line, under the text of the item that it is in.
    fn line(&mut self) {
        let _ = write!(self.text, "\n{:1$}", "", self.lists.len() * 2);
    }
}

/// Where the text of a line begins, behind the mark of an item.
fn hang(line: &str) -> usize {
    let text = line.trim_start_matches(' ');
    let number = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let mark = match (text.strip_prefix("- "), number.strip_prefix(". ")) {
        (Some(_), _) => 2,
        (None, Some(rest)) if number.len() < text.len() => text.len() - rest.len(),
        _ => 0,
    };
    line.len() - text.len() + mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_in_columns() {
        let source = "Before.\n\n| condition | **holds** if |\n|---|---|\n| `exists` | there is a [value](https://a.example) |\n\nAfter.\n";
        let expected = "Before.\n\ncondition  holds if\nexists     there is a value\n\nAfter.\n";
        assert_eq!(anstream::adapter::strip_str(&render(source, 80)).to_string(), expected);
    }

    #[test]
    fn paragraphs_and_items_fit_and_code_stays_as_it_is() {
        let source = "One sentence that is\nlonger than `a line` of it.\n\n- an item that is longer\n  than one\n\n\
                      ```yaml\nkey: one two three four five\n```\n\n10. ten and eleven and twelve\n";
        let expected = "One sentence that is\nlonger than a line of\nit.\n\n- an item that is\n  longer than one\n\n    \
                        key: one two three four five\n\n10. ten and eleven and\n    twelve\n";
        assert_eq!(anstream::adapter::strip_str(&render(source, 22)).to_string(), expected);
    }

    #[test]
    fn what_a_rule_documents_is_shown_as_it_reads_best() {
        let source = "Runs as `nobody`.\nAlways.\n\n# Why\n\nSee [the docs](https://example.com) and <https://a.example>.\n\n\
                      - one\n  more\n- **two**\n  1. in `it`\n  2. x\n\n```yaml fail\na: \u{1b}[31m\n  b: `c`\n```\n\nEnd\n";
        let expected = "Runs as nobody. Always.\n\nWhy\n\nSee the docs <https://example.com> and https://a.example.\n\n\
                        - one more\n- two\n  1. in it\n  2. x\n\n    a: \\u{1b}[31m\n      b: `c`\n\nEnd\n";
        assert_eq!(anstream::adapter::strip_str(&render(source, 80)).to_string(), expected);
    }
}
