//! A pattern of one name, as `CODEOWNERS` has them: `*` stands for any characters, `?` for one, and `\` takes what follows as it
//! is. In GitLab's `[a-z]` stands for one of those, `[!a-z]` for another.

/// The pattern.
#[derive(Clone, Debug)]
pub struct NamePattern(Vec<Sign>);

#[derive(Clone, Debug)]
enum Sign {
    Any,
    One,
    Just(char),
    Of { ranges: Vec<(char, char)>, is_negated: bool },
}

impl NamePattern {
    /// As it is written. None where it means no name: a class that is not closed.
    pub fn new(text: &str, has_classes: bool) -> Option<Self> {
        let (mut signs, mut rest) = (Vec::new(), text.chars());
        while let Some(sign) = rest.next() {
            signs.push(match sign {
                '*' => Sign::Any,
                '?' => Sign::One,
                '\\' => Sign::Just(rest.next().unwrap_or('\\')),
                '[' if has_classes => {
                    let (class, behind) = rest.as_str().split_once(']')?;
                    rest = behind.chars();
                    class_of(class)
                }
                sign => Sign::Just(sign),
            });
        }
        Some(Self(signs))
    }

    /// Whether it means this name.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut signs, mut rest) = (&self.0[..], &name[..]);
        // What is behind the last star, and what it does not stand for yet.
        let mut star: Option<(&[Sign], &[char])> = None;
        loop {
            match (signs.split_first(), rest.split_first()) {
                (Some((Sign::Any, behind)), _) => {
                    star = Some((behind, rest));
                    signs = behind;
                }
                (Some((sign, behind)), Some((found, after))) if sign.is(*found) => (signs, rest) = (behind, after),
                (None, None) => return true,
                _ => {
                    let Some((behind, [_, shorter @ ..])) = star else { return false };
                    star = Some((behind, shorter));
                    (signs, rest) = (behind, shorter);
                }
            }
        }
    }
}

impl Sign {
    fn is(&self, found: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Just(sign) => *sign == found,
            Self::Of { ranges, is_negated } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&found)) != *is_negated
            }
        }
    }
}

fn class_of(class: &str) -> Sign {
    let negated = class.strip_prefix(['!', '^']);
    let signs: Vec<char> = negated.unwrap_or(class).chars().collect();
    let (mut ranges, mut signs) = (Vec::new(), &signs[..]);
    loop {
        signs = match signs {
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                rest
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                rest
            }
            [] => return Sign::Of { ranges, is_negated: negated.is_some() },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_its_pattern_says() {
        for (pattern, yes, no) in [
            ("*.rb", &["a.rb", ".rb"][..], &["a.rbx", "a"][..]),
            ("a?c", &["abc", "a?c"], &["ac", "abbc"]),
            ("a*b*c", &["abc", "axbxbxc"], &["acb"]),
            (r"\#a\ b\*", &["#a b*"], &["#a bc"]),
            ("x[a-cz].md", &["xb.md", "xz.md"], &["xd.md", "x.md"]),
            ("x[!a-c]", &["xd"], &["xa", "x"]),
            ("x[^a]", &["xb"], &["xa"]),
            ("x[a-]", &["x-", "xa"], &["xb"]),
        ] {
            let pattern_of = NamePattern::new(pattern, true).unwrap();
            yes.iter().for_each(|name| assert!(pattern_of.matches(name), "{pattern} {name}"));
            no.iter().for_each(|name| assert!(!pattern_of.matches(name), "{pattern} {name}"));
        }
        assert!(NamePattern::new("a[b", true).is_none());
        assert!(NamePattern::new("a[b]", false).unwrap().matches("a[b]"));
    }
}
