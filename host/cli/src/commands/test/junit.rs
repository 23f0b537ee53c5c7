//! Results as JUnit's XML, which every CI server reads.

use std::fmt::Write as _;

use super::Result;

/// The results of all files.
pub fn render(results: &[Result]) -> String {
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites tests=\"{}\" failures=\"{failed}\">", results.len());
    let mut files: Vec<&str> = results.iter().map(|result| result.file.as_str()).collect();
    files.dedup();
    for file in files {
        let of_file: Vec<&Result> = results.iter().filter(|result| result.file == file).collect();
        let failed = of_file.iter().filter(|result| result.failure.is_some()).count();
        let (name, count) = (escaped(file), of_file.len());
        let _ = writeln!(text, "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\">");
        for Result { policy, name, line, failure, .. } in of_file {
            let (policy, name, file) = (escaped(policy), escaped(name), escaped(file));
            let head = format!("    <testcase classname=\"{policy}\" name=\"{name}\" file=\"{file}\" line=\"{line}\"");
            let _ = match failure {
                None => writeln!(text, "{head}/>"),
                Some(cause) => {
                    writeln!(text, "{head}>\n      <failure message=\"{}\"/>\n    </testcase>", escaped(cause))
                }
            };
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            // XML has no other control characters, however they are written.
            control if control.is_control() => escaped.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
