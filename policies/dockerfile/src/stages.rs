//! The stages of a Dockerfile: which builds on which, and what variables in their names stand for.

use sdk::prelude::*;

/// One instruction.
pub struct Instruction<'a> {
    /// In capitals.
    pub keyword: &'a str,
    /// Where a finding about it as a whole belongs.
    pub place: Field<'a>,
    /// Before the first `FROM`, none.
    pub stage: Option<i64>,
    /// Whether its arguments are a JSON list.
    pub is_exec: bool,
    field: Field<'a>,
}

impl<'a> Instruction<'a> {
    pub fn new(field: Field<'a>) -> Self {
        let place = field.get("keyword");
        let (stage, form) = (field.get("stage").integer(), field.get("form").str());
        Self { keyword: place.str().unwrap_or_default(), place, stage, is_exec: form == Some("exec"), field }
    }

    pub fn arguments(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.field.get("arguments").items()
    }

    pub fn flags(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.field.get("flags").items()
    }

    /// The arguments as texts.
    pub fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.arguments().filter_map(Field::str)
    }
}

/// All stages.
pub struct Stages<'a> {
    all: &'a [Instruction<'a>],
}

impl<'a> Stages<'a> {
    pub const fn new(all: &'a [Instruction<'a>]) -> Self {
        Self { all }
    }

    fn froms(&self) -> impl DoubleEndedIterator<Item = &'a Instruction<'a>> + use<'a> {
        self.all.iter().filter(|instruction| instruction.keyword == "FROM")
    }

    /// The `FROM` of the last stage.
    pub fn last(&self) -> Option<&'a Instruction<'a>> {
        self.froms().next_back()
    }

    /// The stage of that name in front of another one.
    pub fn earlier(&self, name: &str, before: Option<i64>) -> Option<&'a Instruction<'a>> {
        self.froms().filter(|from| from.stage < before).rfind(|from| stage_name(from).eq_ignore_ascii_case(name))
    }

    /// The stage of that name, wherever it is.
    pub fn named(&self, name: &str) -> Option<&'a Instruction<'a>> {
        self.froms().find(|from| stage_name(from).eq_ignore_ascii_case(name))
    }

    /// The stage that a number means, whether it is there or not.
    pub fn at(&self, number: &str) -> Option<i64> {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| number.parse().unwrap_or(i64::MAX))
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        self.froms().count() as i64
    }

    /// Whether the text in front of a variable begins the name of a stage.
    pub fn begins_a_stage(&self, text: &str) -> bool {
        let start = text.split('$').next().unwrap_or_default();
        !start.is_empty() && self.froms().any(|from| stage_name(from).starts_with(start))
    }

    /// The last such instruction of the last stage, or else of the stage that it builds on, and so on.
    pub fn inherited(&self, is_meant: impl Fn(&Instruction<'_>) -> bool) -> Option<&'a Instruction<'a>> {
        let of = |from: &Instruction<'_>| {
            self.all.iter().rfind(|instruction| instruction.stage == from.stage && is_meant(instruction))
        };
        self.lineage().find_map(of)
    }

    /// The image that the last stage rests on in the end, as it is written.
    pub fn base(&self) -> Option<&'a str> {
        self.lineage().last()?.words().next()
    }

    /// The last stage, the stage that it builds on, and so on.
    fn lineage(&self) -> impl Iterator<Item = &'a Instruction<'a>> {
        core::iter::successors(self.last(), |from| self.earlier(&self.resolve(from.words().next()?)?, from.stage))
    }

    /// A name with its variables replaced by the defaults of `ARG`s before the first `FROM`, and by those that it states
    /// itself (`${TAG:-1.2}`); `None` where one has no value here.
    pub fn resolve(&self, text: &str) -> Option<String> {
        let text = text.trim_matches(['"', '\'']);
        let mut parts = text.split('$');
        let mut resolved = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (variable, rest) = match part.strip_prefix('{') {
                Some(part) => part.split_once('}')?,
                None => {
                    let is_end = |character: char| !character.is_ascii_alphanumeric() && character != '_';
                    part.split_at(part.find(is_end).unwrap_or(part.len()))
                }
            };
            let (name, default) = match variable.split_once(":-").or_else(|| variable.split_once('-')) {
                Some((name, default)) => (name, Some(default)),
                None => (variable, None),
            };
            resolved += self.global(name).or(default)?;
            resolved += rest;
        }
        Some(resolved)
    }

    /// The default of an `ARG` before the first `FROM`.
    fn global(&self, name: &str) -> Option<&'a str> {
        let args = self.all.iter().filter(|instruction| instruction.stage.is_none() && instruction.keyword == "ARG");
        let values = args.flat_map(Instruction::words).filter_map(|word| word.split_once('='));
        let value = values.filter(|(known, _)| *known == name).last().map(|(_, value)| value.trim_matches(['"', '\'']));
        // A default may rest on another one, which is rare enough to be nobody's here.
        value.filter(|value| !value.is_empty() && !value.contains('$'))
    }
}

/// What a stage is called: `FROM image AS name`.
fn stage_name<'a>(from: &Instruction<'a>) -> &'a str {
    let mut words = from.words().skip(1);
    match (words.next(), words.next()) {
        (Some(word), Some(name)) if word.eq_ignore_ascii_case("as") => name,
        _ => "",
    }
}
