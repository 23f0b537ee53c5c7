//! Texts and tables in lines that a terminal does not break.

use anstream::adapter::strip_str;
use unicode_width::UnicodeWidthStr as _;

/// Columns of a line: what every terminal has, whatever its size is now.
pub const WIDTH: usize = 80;

/// Between two columns of a table.
const GAP: usize = 2;

/// The text in lines of at most so many columns. A word that is wider than a line is alone on it, and whole.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A text with colours in lines of at most so many columns. What continues a line begins at the column that `hang` says of
/// it. A word that is wider than a line stays whole.
pub fn folded(text: &str, width: usize, hang: impl Fn(&str) -> usize) -> String {
    text.split_inclusive('\n').map(|line| fold(line, width, hang(line))).collect()
}

fn fold(line: &str, width: usize, hang: usize) -> String {
    let mut text = String::with_capacity(line.len());
    let mut column = 0;
    for (index, word) in line.split(' ').enumerate() {
        let wide = strip_str(word.trim_end()).to_string().width();
        if index > 0 && wide > 0 && column > hang && column + 1 + wide > width {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', hang));
            column = hang;
        } else if index > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += wide;
    }
    text
}

/// A table without lines between its cells; the first row is its head. Where it is too wide, the widest columns wrap, and
/// where their words are too wide for that, each row is a list of its own.
pub fn table(rows: &[Vec<String>], width: usize, head: impl Fn(&str) -> String) -> String {
    let Some(widths) = widths(rows, width) else { return lists(rows, width, head) };
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<Vec<String>> =
            widths.iter().enumerate().map(|(column, width)| cell(row, column, *width)).collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
            let mut shown = String::new();
            for (cell, width) in cells.iter().zip(&widths) {
                let part = cell.get(line).map_or("", String::as_str);
                shown.push_str(part);
                shown.extend(std::iter::repeat_n(' ', (width + GAP).saturating_sub(part.width())));
            }
            let shown = shown.trim_end();
            text.push_str(&if index == 0 { head(shown) } else { shown.to_owned() });
            text.push('\n');
        }
    }
    text
}

fn cell(row: &[String], column: usize, width: usize) -> Vec<String> {
    wrapped(row.get(column).map_or("", String::as_str), width)
}

/// Each row under its first cell, the others behind their heads.
fn lists(rows: &[Vec<String>], width: usize, head: impl Fn(&str) -> String) -> String {
    let Some((heads, rows)) = rows.split_first() else { return String::new() };
    let mut text = String::new();
    for row in rows {
        let Some((first, others)) = row.split_first() else { continue };
        text += &format!("{}\n", head(first));
        for (head, cell) in heads.iter().skip(1).zip(others) {
            text += &folded(&format!("  {head}: {cell}\n"), width, |_| 4);
        }
    }
    text
}

/// What each column gets: what it needs, and where that is too much, the widest give. None if words are in the way.
fn widths(rows: &[Vec<String>], width: usize) -> Option<Vec<usize>> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let needs = |column: usize| cells(column).map(|cell| cell.width()).max().unwrap_or_default();
    let words = |column: usize| cells(column).flat_map(|cell| cell.split_whitespace()).map(|word| word.width()).max();
    let least: Vec<usize> = (0..columns).map(|column| words(column).unwrap_or_default()).collect();
    let mut widths: Vec<usize> = (0..columns).map(needs).collect();
    let room = width.saturating_sub(GAP * columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let may_give = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least);
        let (widest, _) = may_give.max_by_key(|(width, _)| **width)?;
        *widest -= 1;
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_it_may_be_and_nothing_is_lost() {
        let long = "what somebody has to say about it in a sentence that does not fit in one line of a terminal";
        let rows = [["condition", "holds if"], ["exists", long], ["one-of", "船 船 船"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let text = table(&rows, 40, str::to_uppercase);
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert!(text.starts_with("CONDITION  HOLDS IF\n"), "{text}");
        let kept = text.split_whitespace().filter(|word| long.split(' ').any(|of| of == *word));
        assert_eq!(kept.count(), long.split(' ').count());
    }

    #[test]
    fn a_table_whose_words_are_too_wide_is_a_list_for_each_row() {
        let rows =
            [["entry", "allows", "does not allow"], ["registry.example.com", "registry.example.com/shop", "a b"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let expected = "REGISTRY.EXAMPLE.COM\n  allows: registry.example.com/shop\n  does not allow: a b\n";
        assert_eq!(table(&rows, 40, str::to_uppercase), expected);
    }

    #[test]
    fn colours_take_no_room_and_what_continues_a_line_hangs() {
        let text = "  [ ]     \u{1b}[1mone two\u{1b}[0m three  four\nfive six seven eight nine ten\n\n";
        let expected =
            "  [ ]     \u{1b}[1mone two\u{1b}[0m\n          three  four\nfive six seven eight\n          nine ten\n\n";
        assert_eq!(folded(text, 22, |_| 10), expected);
        assert_eq!(folded("alpha spec.template.spec b", 10, |_| 2), "alpha\n  spec.template.spec\n  b");
    }

    #[test]
    fn a_word_that_is_too_wide_stays_whole() {
        assert_eq!(wrapped("a spec.template.spec.containers b", 10), ["a", "spec.template.spec.containers", "b"]);
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(table(&[], 10, str::to_owned), "");
    }
}
