//! What a template was told: each answer given or by default, and fit to stand in a file.

use std::collections::BTreeMap;

use engine::config::suggestion;
use regex_lite::Regex;

use crate::declaration::Answer;
use crate::placeholders::{Engine, RenderError};
use crate::template::Template;

/// All answers of a template, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers(pub(crate) BTreeMap<String, String>);

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nobody asked.
    #[error("the template asks for no `{name}`{hint}")]
    NotAsked {
        /// The answer.
        name: String,
        /// The one that was meant, in words, or nothing.
        hint: String,
    },
    /// It has no default.
    #[error("`{name}` is missing: {about}{example}")]
    Missing {
        /// The answer.
        name: String,
        /// What it is.
        about: String,
        /// An example, in words, or nothing.
        example: String,
    },
    /// It is not one of the few values that are allowed.
    #[error("`{name}` is `{value}`: expected {known}{hint}")]
    NotOneOf {
        /// The answer.
        name: String,
        /// What was given.
        value: String,
        /// What there is.
        known: String,
        /// The one that was meant, in words, or nothing.
        hint: String,
    },
    /// It has characters that it must not have.
    #[error("`{name}` is `{value}`, which does not fit `{pattern}`{hint}")]
    Misfit {
        /// The answer.
        name: String,
        /// What was given.
        value: String,
        /// What it must match.
        pattern: String,
        /// What fits, in words.
        hint: String,
    },
    /// YAML would read it as something else than a text.
    #[error("`{name}` is `{value}`, which YAML does not read as a text: choose another one")]
    NotText {
        /// The answer.
        name: String,
        /// What was given.
        value: String,
    },
    /// Its default cannot be made.
    #[error(transparent)]
    Default(#[from] RenderError),
}

impl Answers {
    /// Fills in the defaults, and checks all.
    ///
    /// # Errors
    /// All that cannot be used.
    pub fn new(template: &Template, given: &BTreeMap<String, String>) -> Result<Self, Vec<AnswerError>> {
        Self::with(template, given, &BTreeMap::new())
    }

    /// The same, where some answers stand for themselves and are not checked.
    pub(crate) fn with(
        template: &Template,
        given: &BTreeMap<String, String>,
        unchecked: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<AnswerError>> {
        let asked = &template.declaration.answers;
        let names: Vec<&str> = asked.iter().map(|answer| answer.name.as_str()).collect();
        let not_asked = given.keys().filter(|name| !names.contains(&name.as_str())).map(|name| {
            let hint = match suggestion(name, &names) {
                hint if hint.is_empty() => format!(", but for {}", names.join(", ")),
                hint => hint,
            };
            AnswerError::NotAsked { name: name.clone(), hint }
        });
        let mut errors: Vec<AnswerError> = not_asked.collect();
        let (mut answers, engine) = (unchecked.clone(), Engine::new());
        for answer in asked.iter().filter(|answer| !unchecked.contains_key(&answer.name)) {
            let value = match given.get(&answer.name) {
                Some(value) => check(answer, value).map(|()| value.clone()),
                // What the default is made of is wrong itself, and was said.
                None if !errors.is_empty() && answer.default.is_some() => continue,
                None => engine.default(answer, &answers),
            };
            match value {
                Ok(value) => {
                    answers.insert(answer.name.clone(), value);
                }
                Err(cause) => errors.push(cause),
            }
        }
        if errors.is_empty() { Ok(Self(answers)) } else { Err(errors) }
    }

    /// The answer of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Engine {
    fn default(&self, answer: &Answer, answers: &BTreeMap<String, String>) -> Result<String, AnswerError> {
        let Some(default) = &answer.default else {
            let example = answer.example.as_ref().map(|example| format!(", such as {example}"));
            return Err(AnswerError::Missing {
                name: answer.name.clone(),
                about: answer.about.clone(),
                example: example.unwrap_or_default(),
            });
        };
        Ok(self.text(&format!("the default of `{}`", answer.name), default, answers)?)
    }
}

/// Words that YAML 1.1 reads as something else than a text.
const NOT_TEXT: [&str; 10] = ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"];

fn check(answer: &Answer, value: &str) -> Result<(), AnswerError> {
    let (name, value) = (answer.name.clone(), value.to_owned());
    if !answer.one_of.is_empty() {
        if answer.one_of.contains(&value) {
            return Ok(());
        }
        let known: Vec<&str> = answer.one_of.iter().map(String::as_str).collect();
        let hint = suggestion(&value, &known);
        return Err(AnswerError::NotOneOf { name, value, known: known.join(", "), hint });
    }
    if NOT_TEXT.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        return Err(AnswerError::NotText { name, value });
    }
    // Whatever the template asks, an answer is one line.
    let pattern = answer.pattern.as_deref().unwrap_or("[^\\x00-\\x1f\\x7f]*");
    if fits(pattern, &value) {
        return Ok(());
    }
    let near = named(&value);
    let hint = match &answer.example {
        _ if fits(pattern, &near) => format!(": did you mean `{near}`?"),
        Some(example) => format!(": such as {example}"),
        None => String::new(),
    };
    Err(AnswerError::Misfit { name, value, pattern: pattern.to_owned(), hint })
}

fn fits(pattern: &str, value: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(value))
}

/// The nearest text that is a name in Kubernetes: `Payments_API` is `payments-api`.
fn named(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}
