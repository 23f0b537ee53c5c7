//! What is known of a label before the pod that has it exists: what the template says, or what a controller will set.
//!
//! The module must not know which controller sets which label, nor how labels are selected.

/// What is known of the value of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'a> {
    /// It is written down.
    Is(&'a str),
    /// A controller sets it, to anything: a hash, a uid.
    Any,
    /// A controller sets it, to a number.
    Number,
    /// A controller sets it, to this name, a dash and a number: `db-0`.
    Ordinal(&'a str),
    /// A controller sets it, to this name, a dash and more: `backup-28415`.
    Generated(&'a str),
}

impl Label<'_> {
    /// Whether it is this value, or can be.
    #[must_use]
    pub fn may_be(self, value: &str) -> bool {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let behind = |name: &str| value.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        match self {
            Self::Is(own) => own == value,
            Self::Any => true,
            Self::Number => is_number(value),
            Self::Ordinal(name) => behind(name).is_some_and(is_number),
            Self::Generated(name) => behind(name).is_some_and(|rest| !rest.is_empty()),
        }
    }

    /// Whether it is another value than this, or can be.
    #[must_use]
    pub fn may_differ(self, value: &str) -> bool {
        !matches!(self, Self::Is(own) if own == value)
    }
}
