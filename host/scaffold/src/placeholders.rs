//! Fills in placeholders. They are written `[[ name ]]`, with `[% if ... %]` and `[# comments #]`, since `{{ }}` is Helm's and
//! `${{ }}` is GitHub's and Backstage's. A name that nobody gave is an error.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Why a template cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A placeholder or an expression is wrong.
    #[error("{place}{line}: {cause}", line = .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Placeholder {
        /// The file, or the part of the declaration.
        place: String,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong.
        cause: String,
    },
    /// A file would lie outside.
    #[error("the template writes to `{0}`, which is not a path below the folder")]
    Outside(String),
    /// Two files have one place.
    #[error("the template writes {0} twice")]
    Twice(String),
}

/// Names and what stands for them.
pub type Values = BTreeMap<String, String>;

/// Fills in placeholders.
pub struct Engine(Environment<'static>);

impl Engine {
    /// One without any values.
    pub fn new() -> Self {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .variable_delimiters("[[", "]]")
            .block_delimiters("[%", "%]")
            .comment_delimiters("[#", "#]")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        // The delimiters differ, which is all that can be wrong with them.
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        Self(environment)
    }

    /// The text with all placeholders filled in.
    pub fn text(&self, place: &str, text: &str, values: &Values) -> Result<String, RenderError> {
        self.0.render_named_str(place, text, values).map_err(|cause| error(place, &cause))
    }

    /// Whether an expression holds.
    pub fn is_true(&self, expression: &str, values: &Values) -> Result<bool, RenderError> {
        let value = self.0.compile_expression(expression).and_then(|expression| expression.eval(values));
        value.map(|value| value.is_true()).map_err(|cause| error(&format!("`when: {expression}`"), &cause))
    }
}

fn error(place: &str, cause: &minijinja::Error) -> RenderError {
    let text = cause.detail().map_or_else(|| cause.kind().to_string(), |detail| format!("{}: {detail}", cause.kind()));
    RenderError::Placeholder { place: place.to_owned(), line: cause.line(), cause: text }
}
