//! Hostile YAML: manifests written in every way that YAML has, and then broken a little.

/// The same texts for the same seed.
pub struct Generator {
    state: u64,
    out: String,
    anchors: usize,
}

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "a", "b", "kind", "apiVersion", "metadata", "spec", "name", "privileged", "runAsNonRoot", "items", "containers",
    "\"q\"", "'s'", "\"e\\u0061\"", "1", "010", "yes", "~", "1.5", "é", "<<", "? x", "k:", "-x", "!t k", "&k k",
    "! 1", "securityContext", "on", "null", "\"\"", "a b", "a#b", ":b", "?c", "{{k}}", "x y", "!!int 7", "!!str 8",
    "*a",
];

#[rustfmt::skip]
const SCALARS: &[&str] = &[
    "a", "v1", "Pod", "true", "false", "yes", "no", "off", "~", "null", "", "0", "8", "010", "0x1F", "0b11", "-1",
    "1.0", "1e3", ".5", ".inf", ".nan", "1_000", "0o17", "+12", "1:30", "2001-01-01", "100m", "1Gi", "! true",
    "! 8", "! null", "!!str 5", "!!int '7'", "!!float 3", "!!bool on", "!!null ''", "!!binary aGVsbG8=", "!x y",
    "!a, b", "!<tag:yaml.org,2002:str> 5", "'it''s'", "\"a\\nb\"", "\"\\x41\\u00e9\\U0001F600\"", "\"tr\\\n  ue\"",
    "'a\n\n  b'", "\"a \n  b\"", "a\n  b", "a:b", "a: b", "a #c", "a#c", "- a", "-a", "?a", ":a", "@a", "`a`", "%a",
    "*a", "*b", "&a x", "&b [1]", "&a", "!", "!!", "!!str", "{{ x }}", "\"{{ x }}\"", "{% if x %}", "{# c #}",
    "[a, b]", "{a: b}", "{a}", "[a: b]", "[]", "{}", "{a:b}", "{a: }", "{?a: b}", "[?a]", "{a, b: c}",
    "[a, [b, {c: d}]]", "|\n  x", "|-\n  x\n\n", ">\n  x\n  y", "|+\n  x\n\n", "|2\n    x", ">-\n  a\n\n   b\n  c",
    "18446744073709551615", "9223372036854775808", "1e400", "0x", "08", "é€😀", "<<", "=", "a, b", "a]", "}", "1.",
    "-.inf", "\"\\/\"", "\"\\ \"", "\"\\\ta\"", "0b-1", "-0b11", "._1", "1__0", "- - a", "? a", "\"a\":b", "'a':b",
];

/// What is written most of the time, for texts to be read.
const PLAIN_KEYS: &[&str] =
    &["a", "b", "c", "kind", "metadata", "spec", "name", "privileged", "items", "\"q\"", "'s'", "1", "yes", "é", "on"];

#[rustfmt::skip]
const PLAIN_SCALARS: &[&str] = &[
    "a", "true", "yes", "~", "", "8", "010", "1.0", "'it''s'", "\"a\\nb\"", "a b", "a\n  b", "|\n  x", "\"x\n  y\"",
    "*a",
];

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "\n", "\n", "\n  ", "\n- ", " ", "  ", "\t", ": ", ":", "? ", "?", "- ", "-", ", ", ",", "[", "]", "{", "}",
    "#", " # c\n", "\"", "'", "|", "|\n", ">", "&a ", "*a", "&a", "! ", "!", "!!str ", "!!int ", "!x ", "!<a>",
    "---\n", "--- ", "...\n", "%YAML 1.1\n", "%TAG !y! tag:yaml.org,2002:\n", "!y!int ", "<<: ", "<<", "*b", "&b ",
    "\\", "é", "{{ x }}", "{{", "}}", "{%", "a", "b: c", "kind: Pod\n", "apiVersion: v1\n", "true", "~", "0", "1.5",
    "@", "`", "%", "=", "\r\n", "\r", "a: 1\n", "x", "securityContext", "privileged: true", "\"a\\", "\n\n", "\n ",
    "    ", "]: ", "}: ", "\": ", "': ", "[]", "{}", "[]: ", "? [", "|+", ">-",
];

impl Generator {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03, out: String::new(), anchors: 0 }
    }

    /// xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 11) % limit.max(1) as u64).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    pub fn text(&mut self) -> String {
        self.out = String::new();
        self.anchors = 0;
        match self.below(10) {
            0 => self.soup(),
            1 | 2 => {
                self.flow(0);
                if self.chance(50) {
                    self.out.push('\n');
                }
            }
            _ => {
                if self.chance(50) {
                    self.out.push_str("apiVersion: v1\nkind: Pod\n");
                }
                let indent = if self.chance(10) { 1 + self.below(3) } else { 0 };
                self.block(0, indent);
                if self.chance(10) {
                    let piece = self.pick(&["{{ end }}", "---\nb: 2\n", "...\nc: 3\n", "# c\n", "x: y\n", "- z\n"]);
                    self.out.push_str(piece);
                }
            }
        }
        if self.chance(30) {
            for _ in 0..=self.below(2) {
                self.mutate();
            }
        }
        std::mem::take(&mut self.out)
    }

    fn soup(&mut self) {
        for _ in 0..2 + self.below(24) {
            let piece = self.pick(PIECES);
            self.out.push_str(piece);
        }
    }

    /// An anchor, a tag, both, or nothing.
    fn properties(&mut self) {
        if self.chance(6) {
            self.anchors += 1;
            let name = self.pick(&["&a ", "&a ", "&b ", "&b ", "&a:b ", "&a\n "]);
            self.out.push_str(name);
        }
        if self.chance(5) {
            let tag =
                self.pick(&["! ", "!!map ", "!!seq ", "!!str ", "!x ", "!x\n ", "!<tag:yaml.org,2002:int> ", "!!int "]);
            self.out.push_str(tag);
        }
    }

    fn scalar(&mut self, indent: usize) {
        let scalar = if self.chance(75) { self.pick(PLAIN_SCALARS) } else { self.pick(SCALARS) };
        let scalar = if scalar == "*a" && self.anchors == 0 { "a" } else { scalar };
        // What has lines is indented.
        let scalar = scalar.replace('\n', &format!("\n{:indent$}", ""));
        self.out.push_str(&scalar);
    }

    fn key(&mut self) {
        let key = if self.chance(85) { self.pick(PLAIN_KEYS) } else { self.pick(KEYS) };
        self.out.push_str(key);
    }

    fn end_line(&mut self) {
        let end = match self.below(20) {
            0 => " # c\n",
            1 => "\n\n",
            2 => " \n",
            3 => "\t\n",
            4 => "\n# c\n",
            5 => "\n   # c\n",
            _ => "\n",
        };
        self.out.push_str(end);
    }

    /// A block mapping or list at that indentation.
    fn block(&mut self, depth: usize, indent: usize) {
        let is_list = self.chance(30);
        let members = 1 + self.below(4);
        for member in 0..members {
            if member > 0 || self.out.ends_with('\n') || self.out.is_empty() {
                let odd = if self.chance(1) { self.below(3) } else { 0 };
                let width = if self.chance(1) { indent.saturating_sub(1) } else { indent + odd };
                self.out.push_str(&" ".repeat(width));
            }
            if is_list {
                self.out.push_str("- ");
                if self.chance(40) && depth < 4 {
                    self.properties();
                    self.block(depth + 1, indent + 2);
                    continue;
                }
            } else {
                if self.chance(5) {
                    self.out.push_str("<<: ");
                } else {
                    self.key();
                    let colon = self.pick(&[": ", ": ", ": ", ": ", ": ", ": ", ": ", ": ", ":  ", " : ", ":\t", ":"]);
                    self.out.push_str(colon);
                }
                if self.chance(30) && depth < 4 {
                    self.properties();
                    self.out.push('\n');
                    let step = self.below(4);
                    self.block(depth + 1, indent + step);
                    continue;
                }
            }
            self.properties();
            if self.chance(25) {
                self.flow(depth + 1);
            } else {
                self.scalar(indent);
            }
            self.end_line();
        }
    }

    fn flow(&mut self, depth: usize) {
        self.properties();
        if depth > 4 || self.chance(30) {
            return self.scalar(1);
        }
        let is_list = self.chance(40);
        self.out.push(if is_list { '[' } else { '{' });
        let members = self.below(4);
        for member in 0..members {
            if member > 0 {
                let comma = self.pick(&[", ", ",", ",\n ", " ,", ", # c\n ", ","]);
                self.out.push_str(comma);
            }
            if !is_list || self.chance(10) {
                let mark = self.pick(&["", "", "", "", "", "", "", "? ", "?"]);
                self.out.push_str(mark);
                self.key();
                let colon = self.pick(&[": ", ": ", ": ", ": ", ": ", ": ", ": ", ":", " : ", ":\n  ", "", " "]);
                self.out.push_str(colon);
            }
            self.flow(depth + 1);
        }
        if self.chance(6) {
            self.out.push(',');
        }
        if self.chance(98) {
            self.out.push(if is_list { ']' } else { '}' });
        }
    }

    fn boundary(&mut self) -> usize {
        let at = self.below(self.out.len() + 1);
        self.out.floor_char_boundary(at)
    }

    fn mutate(&mut self) {
        let at = self.boundary();
        match self.below(5) {
            0 => {
                let end = at + self.below(5);
                let end = self.out.floor_char_boundary(end).max(at);
                self.out.replace_range(at..end, "");
            }
            1 => {
                let end = at + self.below(24);
                let end = self.out.floor_char_boundary(end).max(at);
                let copied = self.out[at..end].to_owned();
                let to = self.boundary();
                self.out.insert_str(to, &copied);
            }
            2 => {
                let scalar = self.pick(SCALARS);
                self.out.insert_str(at, scalar);
            }
            _ => {
                let piece = self.pick(PIECES);
                self.out.insert_str(at, piece);
            }
        }
    }
}
