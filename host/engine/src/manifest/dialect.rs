//! Where YAML 1.2, which the parser reads, and go-yaml v2, which Kubernetes reads with, make different things of the same
//! text. Such text is refused: a rule must not judge what nobody runs.
//!
//! Found by giving both readers thousands of mutated texts. It must not know what a text is for.

/// Whether go-yaml takes that for the name of an anchor. YAML 1.2 takes more: of `&a:b` go-yaml makes `:b` with the
/// anchor `a`.
pub(super) fn is_anchor_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether a key without a value ends at `end` and its colon touches what follows: of `{a:, b}` go-yaml makes the key
/// `a:`, YAML 1.2 the key `a`.
pub(super) fn is_colon_glued(text: &str, end: usize) -> bool {
    let (key, behind) = text.as_bytes().split_at_checked(end).unwrap_or_default();
    matches!(behind, [b':', b',' | b']' | b'}', ..]) && !key.ends_with(b"\"") && !key.ends_with(b"'")
}

/// Whether a tag without a value ends at `end` and touches a comma: of `[!a, b]` go-yaml makes one item with the tag
/// `!a,`, YAML 1.2 makes two.
pub(super) fn is_tag_glued(text: &str, end: usize) -> bool {
    text.as_bytes().get(end) == Some(&b',')
}

/// The first escape in a double-quoted scalar that JSON and YAML 1.2 have and go-yaml refuses: `\/`, and half of a
/// surrogate pair.
pub(super) fn json_escape(raw: &str) -> Option<usize> {
    let bytes = raw.as_bytes();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        let at = from + at;
        match bytes.get(at + 1..).unwrap_or_default() {
            [b'/', ..] | [b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => return Some(at),
            _ => from = at + 2,
        }
    }
    None
}
