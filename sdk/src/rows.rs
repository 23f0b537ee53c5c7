//! Rows of a table that a module carries as text: a line each, sorted, with a tab behind each column. Lines that begin with
//! `#` at its head say what it is.
//!
//! A module is new for each object and would read the table each time; this looks at a few of its lines.

/// What stands behind this beginning in each line that has it: the columns that are left.
pub fn rows<'t>(table: &'t str, beginning: &str) -> impl Iterator<Item = &'t str> {
    let (mut from, mut to) = (0, table.len());
    // Lines before `from` come before those that are looked for, lines from `to` on do not.
    while from < to {
        let middle = from + (to - from) / 2;
        let before = table.as_bytes().get(from..middle).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(from, |at| from + at + 1);
        let line = table.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        if line.is_empty() || line.starts_with('#') || line < beginning {
            from = start + line.len() + 1;
        } else {
            to = start;
        }
    }
    let first = table.get(from..).unwrap_or_default();
    first.lines().map_while(move |line| line.strip_prefix(beginning))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn each_row_is_found_by_each_of_its_beginnings() {
        let table = "# What\tthis is\n# about.\n\n\tPod\tv1\n\tPod\tv2\n\tService\tv1\na\tPod\tv1\na.b\tPod\tv1\n";
        for line in table.lines().skip(3) {
            for (end, _) in line.match_indices('\t') {
                let beginning = &line[..=end];
                let all = table.lines().filter_map(|line| line.strip_prefix(beginning)).collect::<Vec<_>>();
                assert_eq!(rows(table, beginning).collect::<Vec<_>>(), all, "{beginning}");
            }
        }
        for missing in ["\tNode\t", "\tZ\t", "a\tNode\t", "a.a\tPod\t", "b\tPod\t", "A\tPod\t"] {
            assert_eq!(rows(table, missing).next(), None, "{missing}");
        }
        assert_eq!(rows("", "a").next(), None);
    }
}
