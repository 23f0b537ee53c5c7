//! The same files as a software template of Backstage: what it asks stands in them as `${{ values.name }}`.
//!
//! Backstage fills in with Nunjucks, which reads `${{`, `{%` and `{#`. Where a file has these for somebody else, such as a
//! workflow of GitHub, they are escaped.

use std::collections::BTreeMap;

use crate::answers::{AnswerError, Answers};
use crate::placeholders::{Engine, RenderError};
use crate::render::{File, render};
use crate::template::Template;

/// Around what Backstage asks, while our own placeholders are filled in: characters that no template has.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// Backstage's `template.yaml` and the `skeleton/` beside it, made of a template and the answers that Backstage does not ask.
///
/// # Errors
/// All answers that cannot be used; or a placeholder is wrong.
pub fn software_template(template: &Template, given: &BTreeMap<String, String>) -> Result<Vec<File>, Vec<AnswerError>> {
    let one = |cause: RenderError| vec![AnswerError::Default(cause)];
    let Some(backstage) = &template.declaration.backstage else {
        return Err(one(RenderError::Placeholder {
            place: format!("the template `{}`", template.declaration.name),
            line: None,
            cause: "says nothing of Backstage: `backstage: {template: FILE, asks: [...]}`".into(),
        }));
    };
    let [start, end] = MARKS;
    let asked = backstage.asks.iter().map(|name| (name.clone(), format!("{start}{name}{end}")));
    let answers = Answers::with(template, given, &asked.collect())?;
    let rendered = render(template, &answers).map_err(one)?;
    let mut files: Vec<File> = Vec::new();
    for file in rendered.files {
        let path = format!("skeleton/{}", filled(&file.path, "${{values.", "}}"));
        let text = filled(&escaped(&file.text), "${{ values.", " }}");
        files.push(File { path, text, is_shared: file.is_shared });
    }
    let text = template.files.get(&backstage.template).map(String::as_str).unwrap_or_default();
    let patterns = template.declaration.answers.iter();
    let patterns = patterns.filter_map(|answer| Some((format!("{}_pattern", answer.name), answer.pattern.clone()?)));
    let mut values = answers.0;
    values.extend(patterns);
    let text = Engine::new().text(&backstage.template, text, &values).map_err(one)?;
    files.push(File { path: "template.yaml".into(), text: filled(&text, "${{ parameters.", " }}"), is_shared: false });
    Ok(files)
}

fn filled(text: &str, before: &str, after: &str) -> String {
    let [start, end] = MARKS;
    text.replace(start, before).replace(end, after)
}

/// What Nunjucks makes the text of again.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, mark)) = ["${{", "{%", "{#"].iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min() {
        let (before, behind) = rest.split_at(at);
        escaped.push_str(before);
        escaped.push_str(&format!("${{{{ '{mark}' }}}}"));
        rest = behind.get(mark.len()..).unwrap_or_default();
    }
    escaped + rest
}
