//! What can be wrong with a manifest: the kinds, their wording, and what to do about each.
//!
//! It must not know how a problem is found or printed.

use std::fmt;

use super::kinds::KnownKind;
use super::span::{Position, Span};

/// Something that kept a file, a document or an object from being read. Never a verdict: the host could not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where it is.
    pub span: Span,
    /// The start of `span`.
    pub position: Position,
    /// The other place that it takes to understand it, such as the first of two equal keys.
    pub related: Option<Related>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        write!(formatter, "{line}:{column}: {}", self.kind)
    }
}

/// A second place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: &'static str,
    /// Where it is.
    pub span: Span,
    /// The start of `span`.
    pub position: Position,
}

/// What is wrong. Its `Display` is one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file is larger than [`Limits::bytes`](super::Limits::bytes).
    FileTooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// A document or an item of a long file that is itself larger than [`Limits::bytes`](super::Limits::bytes).
    ObjectTooLarge {
        /// The most bytes that are read at once.
        limit: usize,
    },
    /// git-crypt has encrypted the file.
    Encrypted,
    /// The bytes are not the encoding that they appear to be.
    Encoding {
        /// Which one that is.
        encoding: &'static str,
    },
    /// A character that YAML and JSON forbid, such as NUL.
    ControlCharacter(char),
    /// A character that Kubernetes reads as a line break and that looks like none: what hides in a comment here may be
    /// a field there.
    HiddenLineBreak(char),
    /// More lines than [`Limits::lines`](super::Limits::lines).
    TooManyLines {
        /// The most that are read.
        limit: usize,
    },
    /// More documents than [`Limits::documents`](super::Limits::documents).
    TooManyDocuments {
        /// The most that are read.
        limit: usize,
    },
    /// More values than [`Limits::nodes`](super::Limits::nodes).
    TooManyNodes {
        /// The most that are read.
        limit: usize,
    },
    /// Nested deeper than [`Limits::depth`](super::Limits::depth).
    TooDeep {
        /// The most that is read.
        limit: usize,
    },
    /// A scalar longer than [`Limits::scalar_bytes`](super::Limits::scalar_bytes).
    ScalarTooLong {
        /// Its length in bytes.
        size: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Aliases stand for more than [`Limits::alias_bytes`](super::Limits::alias_bytes).
    TooMuchAliasing {
        /// The most that is expanded, in bytes of memory.
        limit: usize,
    },
    /// A line that begins with `---` and goes on without a space.
    InvalidSeparator,
    /// It is not YAML; in the parser's words.
    Syntax(String),
    /// Text behind the value of a document: Kubernetes does not read it.
    Behind,
    /// A tab where YAML wants spaces.
    TabIndentation,
    /// A mapping has a key twice.
    DuplicateKey(Box<str>),
    /// A key that cannot be one in JSON: a mapping, a list, null, or a number too large.
    InvalidKey(&'static str),
    /// `<<` with something else than a mapping or a list of mappings.
    InvalidMerge,
    /// `*name` where no `&name` came before.
    UnknownAnchor,
    /// `*name` inside of `&name`.
    RecursiveAlias,
    /// The value is not what its tag says.
    InvalidTag {
        /// The tag as usually written, `!!int`.
        tag: &'static str,
    },
    /// A number that JSON has not: infinite, or not a number.
    NotJson,
    /// An object of Kubernetes with something else than its type says, where it matters for knowing the object.
    Malformed {
        /// The field, such as `metadata.name`.
        field: &'static str,
        /// What is there.
        found: &'static str,
        /// What must be there.
        expected: &'static str,
    },
    /// A field that says what an object is, in another case than Kubernetes knows it: it says nothing.
    MisspeltField {
        /// As it stands there.
        found: Box<str>,
        /// As it has to be.
        meant: &'static str,
    },
    /// An object without a `kind`.
    NoKind,
    /// Objects in a list that is a document.
    BareList,
    /// A list that has no `items`.
    NoItems,
    /// An object that is no list by its kind, with an empty list of items: `kubectl` takes it for a list and does nothing.
    EmptyItems,
    /// A list whose `apiVersion` or `kind` is a template's action: `kubectl` takes its items as they are.
    TemplatedList,
    /// A list of one kind, read in pieces, whose `apiVersion` comes too late for its items.
    VersionBehindItems,
    /// An item of a list without `kind` or `apiVersion`.
    ItemWithoutKind,
    /// An item of a list whose `apiVersion` or `kind` is a template's action, beside others that are objects.
    TemplatedItem,
    /// An object of a kind of Kubernetes' own without an `apiVersion`.
    NoApiVersion {
        /// What its kind means.
        meant: KnownKind,
    },
    /// A kind under a name that no cluster knows.
    UnknownKind {
        /// `apiVersion` as it stands there.
        api_version: Box<str>,
        /// `kind` as it stands there.
        kind: Box<str>,
        /// What comes near it.
        meant: KnownKind,
    },
}

impl ProblemKind {
    /// Whether a text is larger than is read at once.
    pub(super) const fn is_of_size(&self) -> bool {
        matches!(self, Self::TooManyLines { .. } | Self::TooManyDocuments { .. } | Self::TooManyNodes { .. })
    }

    /// What to do about it, in one sentence without a full stop.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::FileTooLarge { .. } => {
                "split the file, raise `--limits bytes=`, or leave it out if it is not a manifest"
            }
            Self::ObjectTooLarge { .. } => "split it; the API server takes no object of this size",
            Self::Encrypted => "unlock the repository with `git-crypt unlock`, and check it again",
            Self::Encoding { .. } => "save the file as UTF-8",
            Self::ControlCharacter(_) => "delete it, or write it as an escape in a double-quoted string",
            Self::HiddenLineBreak(_) => "delete it, or write it as \\N, \\L or \\P in a double-quoted string",
            Self::TooManyLines { .. } | Self::TooManyNodes { .. } => "split the file",
            Self::TooManyDocuments { .. } => "split the file, or raise `--limits documents=`",
            Self::TooDeep { .. } => "nest it less deep; no object of Kubernetes comes near this depth",
            Self::ScalarTooLong { .. } => "keep it out of the manifest; the API server takes no object of this size",
            Self::TooMuchAliasing { .. } => "write the values out, or use fewer aliases",
            Self::InvalidSeparator => "write `---` alone on its line, or indent this one",
            Self::Syntax(_) => "fix the YAML at or just above this line",
            Self::Behind => "indent it like the lines before it, or write `---` between two documents",
            Self::TabIndentation => "indent with spaces",
            Self::DuplicateKey(_) => "delete one of the two; Kubernetes keeps only the last",
            Self::InvalidKey(_) => "write the key as a quoted string",
            Self::InvalidMerge => "give `<<` a mapping, an alias of one, or a list of those",
            Self::UnknownAnchor => "define the anchor before its alias, in the same document",
            Self::RecursiveAlias => "a value cannot contain itself; write it out",
            Self::InvalidTag { .. } => "delete the tag, or write a value that it fits",
            Self::NotJson => "write a finite number, or quote it",
            Self::Malformed { .. } => "write it as the Kubernetes API has it",
            Self::MisspeltField { .. } => "write the field as Kubernetes has it",
            Self::NoKind => "write `kind` as the cluster serves it",
            Self::BareList => "write `---` between the objects, or put them under `items` of a `List` of `v1`",
            Self::NoItems => "write the objects under `items`",
            Self::EmptyItems => "delete `items`",
            Self::TemplatedList => "fill in the template first",
            Self::VersionBehindItems => "write `apiVersion` and `kind` before `items`",
            Self::ItemWithoutKind => "give each item its own `apiVersion` and `kind`",
            Self::TemplatedItem => "fill in the template first",
            Self::NoApiVersion { .. } => "write `apiVersion` as the cluster serves it",
            Self::UnknownKind { .. } => {
                "write `apiVersion` and `kind` as the cluster serves them, in their very letters"
            }
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileTooLarge { limit } => write!(formatter, "the file has more than the {limit} bytes that are read"),
            Self::ObjectTooLarge { limit } => {
                write!(
                    formatter,
                    "one document, or an item of it, has more than the {limit} bytes that are read at once"
                )
            }
            Self::Encrypted => formatter.write_str("git-crypt has encrypted this file"),
            Self::Encoding { encoding } => write!(formatter, "the file is not valid {encoding} from here on"),
            Self::ControlCharacter(character) => {
                write!(formatter, "the control character U+{:04X} is not allowed", u32::from(*character))
            }
            Self::HiddenLineBreak(character) => {
                write!(formatter, "U+{:04X} is a line break to Kubernetes", u32::from(*character))
            }
            Self::TooManyLines { limit } => write!(formatter, "more than {limit} lines in one file"),
            Self::TooManyDocuments { limit } => write!(formatter, "more than {limit} documents in one file"),
            Self::TooManyNodes { limit } => write!(formatter, "more than {limit} values in one file"),
            Self::TooDeep { limit } => write!(formatter, "nested more than {limit} levels deep"),
            Self::ScalarTooLong { size, limit } => {
                write!(formatter, "a value of {size} bytes, more than the {limit} that are read")
            }
            Self::TooMuchAliasing { limit } => {
                write!(formatter, "anchors and aliases expand to more than {limit} bytes")
            }
            Self::InvalidSeparator => formatter.write_str("a document separator has text glued to it"),
            Self::Syntax(message) => write!(formatter, "not valid YAML: {message}"),
            Self::Behind => {
                formatter.write_str("Kubernetes reads no further: the document's value has ended before this text")
            }
            Self::TabIndentation => formatter.write_str("a tab indents this line"),
            Self::DuplicateKey(key) => write!(formatter, "the key `{key}` is there twice"),
            Self::InvalidKey(what) => write!(formatter, "{what} cannot be a key"),
            Self::InvalidMerge => formatter.write_str("`<<` merges mappings only"),
            Self::UnknownAnchor => formatter.write_str("no anchor of this name comes before"),
            Self::RecursiveAlias => formatter.write_str("the alias is inside its own anchor"),
            // The value may be a secret.
            Self::InvalidTag { tag } => write!(formatter, "the value is no {tag}"),
            Self::NotJson => formatter.write_str("JSON cannot carry this number"),
            Self::Malformed { field, found, expected } => {
                write!(formatter, "`{field}` is {found}, not {expected}")
            }
            Self::MisspeltField { found, meant } => {
                write!(formatter, "`{found}` is not `{meant}`: Kubernetes does not know this field")
            }
            Self::NoKind => formatter.write_str("this object has no `kind`"),
            Self::BareList => formatter.write_str("Kubernetes takes no bare list: a document is one object"),
            Self::NoItems => formatter.write_str("this list has no `items`"),
            Self::EmptyItems => {
                formatter.write_str("kubectl takes an object with `items` for a list, and this one is empty")
            }
            Self::TemplatedList => formatter.write_str("the kind of this list is left to a template"),
            Self::VersionBehindItems => formatter
                .write_str("a list of this length is read in pieces, and its `apiVersion` comes after its items"),
            Self::ItemWithoutKind => formatter.write_str("this item has no `apiVersion` and `kind`"),
            Self::TemplatedItem => formatter.write_str("the kind of this item is left to a template"),
            Self::NoApiVersion { meant } => {
                write!(formatter, "this {} has no `apiVersion`; did you mean `{}`?", meant.kind, meant.api_version())
            }
            Self::UnknownKind { api_version, kind, meant } => {
                let (meant, version) = (meant.kind, meant.api_version());
                write!(formatter, "no `{kind}` is in `{api_version}`; did you mean `{meant}` of `{version}`?")
            }
        }
    }
}
