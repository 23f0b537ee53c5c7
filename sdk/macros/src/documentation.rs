//! The doc comment: the text, its title, and the fenced examples in it.

use proc_macro2::Span;
use protocol::{Example, Expectation};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// What a doc comment says.
pub struct Documentation {
    /// The first sentence, without its full stop.
    pub title: String,
    /// Markdown; the fences of examples say `yaml`, as any renderer expects.
    pub markdown: String,
    /// The examples, in order.
    pub examples: Vec<Example>,
}

/// The lines of all `///` among the attributes, each without its first space.
pub fn text(attributes: &[Attribute]) -> String {
    let lines =
        attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| match &attribute
            .meta
        {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n")
}

/// Reads a rule's documentation. It must have a title, say why and how to fix, and show a pass and a fail.
pub fn read(attributes: &[Attribute], span: Span) -> syn::Result<Documentation> {
    let error = |message: String| syn::Error::new(span, message);
    let text = text(attributes);
    let title = text.lines().next().unwrap_or_default().trim();
    let Some(title) = title.strip_suffix('.') else {
        return Err(error("the documentation begins with one sentence on a line of its own: what is required".into()));
    };
    for heading in ["## Why", "## Fix"] {
        if !text.lines().any(|line| line.trim() == heading) {
            return Err(error(format!("the documentation lacks a section `{heading}`")));
        }
    }
    let mut markdown = String::new();
    let mut examples = Vec::new();
    let mut settings = None;
    let mut open: Option<(Option<Fence>, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, expectation) = info.split_once(',').unwrap_or((info, ""));
                open = Some((fence(expectation).map_err(error)?, String::new()));
                markdown.push_str("```");
                markdown.push_str(language);
            }
            (Some((fence, yaml)), Some(_)) => {
                let yaml = std::mem::take(yaml);
                match fence.take() {
                    Some(Fence::Example(expect)) => {
                        examples.push(Example { expect, settings: settings.clone(), yaml });
                    }
                    Some(Fence::Settings) => settings = Some(yaml),
                    None => {}
                }
                open = None;
                markdown.push_str("```");
            }
            (Some((_, yaml)), None) => {
                yaml.push_str(line);
                yaml.push('\n');
                markdown.push_str(line);
            }
            (None, None) => markdown.push_str(line),
        }
        markdown.push('\n');
    }
    let shows = |wanted: fn(&Expectation) -> bool| examples.iter().any(|example| wanted(&example.expect));
    if !shows(|expect| matches!(expect, Expectation::Pass))
        || !shows(|expect| matches!(expect, Expectation::Fail { .. }))
    {
        return Err(error(
            "the documentation shows an example that passes (```yaml,pass) and one that fails (```yaml,fail)".into(),
        ));
    }
    Ok(Documentation { title: title.to_owned(), markdown, examples })
}

/// What a fenced block is, beside something to read.
enum Fence {
    /// An object, its world, and what the rule says.
    Example(Expectation),
    /// The settings of all examples that follow.
    Settings,
}

fn fence(word: &str) -> Result<Option<Fence>, String> {
    Ok(Some(Fence::Example(match word.split_once('=').unwrap_or((word, "")) {
        ("", _) => return Ok(None),
        ("settings", "") => return Ok(Some(Fence::Settings)),
        ("pass", "") => Expectation::Pass,
        ("fail", "") => Expectation::Fail { container: None },
        ("fail", container) => Expectation::Fail { container: Some(container.to_owned()) },
        ("not-applicable", "") => Expectation::NotApplicable,
        ("unknown", "") => Expectation::Unknown,
        _ => {
            return Err(format!(
                "`{word}`: a block is `settings`, or an example: pass, fail, fail=<container>, not-applicable or unknown"
            ));
        }
    })))
}
