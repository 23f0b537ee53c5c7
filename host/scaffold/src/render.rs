//! A template and answers become files.

use std::collections::BTreeMap;

use crate::answers::Answers;
use crate::declaration::Files;
use crate::placeholders::{Engine, RenderError, Values};
use crate::template::Template;

/// An ending of file names that is dropped: a template of Rust is no Rust yet, and says so to tools.
const ENDING: &str = ".jinja";

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its place, with `/` between the steps.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether others may have written it before.
    pub is_shared: bool,
}

/// What a template makes of answers.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The files, by path.
    pub files: Vec<File>,
    /// The folder of the record.
    pub record: Option<String>,
    /// What to do next.
    pub next: String,
}

/// What the template makes of the answers. A file of which nothing but white space is left is not written.
///
/// # Errors
/// A placeholder, an expression or a path is wrong.
pub fn render(template: &Template, answers: &Answers) -> Result<Rendered, RenderError> {
    let engine = Engine::new();
    let mut values = answers.0.clone();
    for variable in &template.declaration.variables {
        let place = format!("the variable `{}`", variable.name);
        let value = engine.text(&place, &variable.value, &values)?;
        values.insert(variable.name.clone(), value);
    }
    let mut files = BTreeMap::new();
    for part in &template.declaration.files {
        for values in each(part, &values) {
            if part.when.as_ref().map_or(Ok(true), |when| engine.is_true(when, &values))? {
                write(&engine, template, part, &values, &mut files)?;
            }
        }
    }
    let record = template.declaration.record.as_ref();
    let record = record.map(|path| engine.text("`record`", path, &values).and_then(below)).transpose()?;
    let next = engine.text("`next`", &template.declaration.next, &values)?;
    Ok(Rendered { files: files.into_values().collect(), record, next })
}

/// The values for each time that a part is written.
fn each(part: &Files, values: &Values) -> Vec<Values> {
    part.each.iter().fold(vec![values.clone()], |all, (name, choices)| {
        let with = |values: &Values, choice: &String| {
            let mut values = values.clone();
            values.insert(name.clone(), choice.clone());
            values
        };
        all.iter().flat_map(|values| choices.iter().map(move |choice| with(values, choice))).collect()
    })
}

fn write(
    engine: &Engine,
    template: &Template,
    part: &Files,
    values: &Values,
    files: &mut BTreeMap<String, File>,
) -> Result<(), RenderError> {
    let to = engine.text(&format!("`to: {}`", part.to), &part.to, values)?;
    for (from, text) in &template.files {
        let Some(rest) = from.strip_prefix(&part.from).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            continue;
        };
        let text = engine.text(from, text, values)?;
        if text.trim().is_empty() {
            continue;
        }
        let path = below(format!("{to}{}", rest.strip_suffix(ENDING).unwrap_or(rest)))?;
        let file = File { path: path.clone(), text, is_shared: part.shared };
        if files.insert(path.clone(), file).is_some() {
            return Err(RenderError::Twice(path));
        }
    }
    Ok(())
}

/// The path, if it leads to somewhere below.
fn below(path: String) -> Result<String, RenderError> {
    let is_step = |step: &str| !matches!(step, "" | "." | "..") && !step.contains(['\\', '\0', ':']);
    if path.split('/').all(is_step) { Ok(path) } else { Err(RenderError::Outside(path)) }
}
