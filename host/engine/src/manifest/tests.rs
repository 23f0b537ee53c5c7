//! The reader as a whole: bytes in, JSON or the place of a problem out.

use protocol::FieldMask;

use super::*;

fn read_bytes(bytes: &[u8]) -> Manifest {
    read("test.yaml", bytes.to_vec(), &Limits::default())
}

pub(super) fn read_text(text: &str) -> Manifest {
    read_bytes(text.as_bytes())
}

pub(super) fn json_of(node: &Node) -> String {
    let mut out = Vec::new();
    node.write_json(&FieldMask::whole(), &mut out);
    String::from_utf8(out).unwrap()
}

/// What the documents are: the JSON of each object and of what is no object, or a word.
fn contents(manifest: &Manifest) -> Vec<String> {
    let content = |document: &Document| match &document.content {
        Content::Objects(objects) => objects.iter().map(|object| json_of(&object.node)).collect(),
        Content::Other(node) => vec![json_of(node)],
        Content::Empty => vec!["empty".into()],
        Content::Template => vec!["template".into()],
        Content::Broken | Content::Foreign(_) => vec!["broken".into()],
    };
    manifest.documents.iter().flat_map(content).collect()
}

fn assert_reads(bytes: &[u8], expected: &[&str]) {
    let manifest = read_bytes(bytes);
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(manifest.problems, [], "{text}");
    assert_eq!(contents(&manifest), expected, "{text}");
}

/// The place and the wording of each problem, the second place in brackets.
fn problems(manifest: &Manifest) -> Vec<String> {
    let place = |Position { line, column }: Position| format!("{line}:{column}");
    let tell = |problem: &Problem| match &problem.related {
        None => problem.to_string(),
        Some(related) => format!("{problem} [{}]", place(related.position)),
    };
    manifest.problems.iter().map(tell).collect()
}

fn first_problem(text: &str) -> String {
    problems(&read_text(text)).into_iter().next().unwrap_or_default()
}

#[test]
fn a_line_of_three_dashes_separates_documents_whatever_follows_the_space() {
    assert_reads(b"a: 1\n---\nb: 2\n", &[r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_reads(b"---   \na: 1\n--- # comment\nb: 2\n---\t\nc: 3", &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
    assert_reads(b"--- {a: 1}\n--- |\n x\n", &[r#"{"a":1}"#, r#""x\n""#]);
    assert_reads(b"a: 1\r\n---\r\nb: 2\r\n", &[r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_reads(b"a: 1\r---\rb: 2\r", &[r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_reads(b"a: |\n  ---\n  x\nb: ---\n", &[r#"{"a":"---\nx\n","b":"---"}"#]);
}

#[test]
fn three_dots_end_a_document_and_what_follows_is_read() {
    assert_reads(b"a: 1\n...\nb: 2\n", &[r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_reads(b"a: 1\n... # comment\n---\nb: 2\n...\n...\n", &[r#"{"a":1}"#, r#"{"b":2}"#]);
}

#[test]
fn directives_belong_to_the_document_behind_them() {
    assert_reads(b"%YAML 1.1\n---\na: 1\n", &[r#"{"a":1}"#]);
    assert_reads(b"a: 1\n...\n# b\n%TAG !y! tag:yaml.org,2002:\n---\nb: !y!str 2\n", &[r#"{"a":1}"#, r#"{"b":"2"}"#]);
    assert_eq!(first_problem("%YAML 1.1\n"), "2:1: not valid YAML: did not find expected <document start>");
}

#[test]
fn documents_of_comments_are_counted_as_empty() {
    assert_reads(b"# licence\n---\na: 1\n---\n# nothing\n--- ~\n---\n", &[r#"{"a":1}"#, "empty", "empty", "empty"]);
    assert_reads(b"", &["empty"]);
    assert_reads(b"# only\n\n", &["empty"]);
    let manifest = read_text("a: 1\n---\n");
    let skipped: Vec<_> = manifest.skipped().map(|(document, reason)| (document.span.start, reason)).collect();
    assert_eq!(skipped, [(0, SkipReason::NotKubernetes), (5, SkipReason::Empty)]);
}

#[test]
fn one_broken_document_leaves_the_others() {
    let manifest = read_text("a: 1\n---\nb: [\n---\nc: 3\n---\nd: \u{1}\n---\ne: 5\n");
    assert_eq!(contents(&manifest), [r#"{"a":1}"#, "broken", r#"{"c":3}"#, "broken", r#"{"e":5}"#]);
    assert_eq!(
        problems(&manifest),
        ["3:4: not valid YAML: unclosed bracket '['", "7:4: the control character U+0001 is not allowed"]
    );
}

#[test]
fn every_encoding_of_a_manifest_is_read() {
    let text = "é: \"𝄞\"\n---\nb: 2\n";
    let expected = [r#"{"é":"𝄞"}"#, r#"{"b":2}"#];
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: &[u8]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect()
    };
    assert_reads(text.as_bytes(), &expected);
    assert_reads(&[b"\xEF\xBB\xBF", text.as_bytes()].concat(), &expected);
    assert_reads(&utf16(u16::to_le_bytes, b"\xFF\xFE"), &expected);
    assert_reads(&utf16(u16::to_be_bytes, b"\xFE\xFF"), &expected);
    let plain: Vec<u8> = "a: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_reads(&plain, &[r#"{"a":1}"#]);
    let plain: Vec<u8> = "a: 1\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_reads(&plain, &[r#"{"a":1}"#]);
}

#[test]
fn what_is_no_text_is_refused_as_a_whole_with_its_place() {
    for (bytes, expected) in [
        (b"a: 1\n---\nb: \xFF\n".as_slice(), "3:4: the file is not valid UTF-8 from here on"),
        (b"\xFF\xFEa\0:\0\n\0\x00\xD8", "2:1: the file is not valid UTF-16 from here on"),
        (b"\xFF\xFEa\0:", "1:2: the file is not valid UTF-16 from here on"),
    ] {
        let manifest = read_bytes(bytes);
        assert_eq!(problems(&manifest), [expected]);
        assert!(manifest.documents.is_empty(), "a document cut short means something else");
    }
}

#[test]
fn characters_that_hide_something_are_refused() {
    for (text, expected) in [
        ("a: 1\nb: x\0y\n", "2:5: the control character U+0000 is not allowed"),
        ("a: \"\u{7f}\"\n", "1:5: the control character U+007F is not allowed"),
        ("a: \u{9b}1m\n", "1:4: the control character U+009B is not allowed"),
        ("# c\u{2028}privileged: true\n", "1:4: U+2028 is a line break to Kubernetes"),
        ("a: 1\n...\n# c\u{2028}privileged: true\n", "3:4: U+2028 is a line break to Kubernetes"),
        ("# c\u{2029}privileged: true\n", "1:4: U+2029 is a line break to Kubernetes"),
        ("# c\u{85}privileged: true\n", "1:4: U+0085 is a line break to Kubernetes"),
        ("a: 1\n\u{feff}b: 2\n", "2:1: not valid YAML: a BOM must not appear inside a document"),
    ] {
        assert_eq!(first_problem(text), expected);
    }
    assert_reads("{\"a\": \"\u{2028}\u{85}\"}".as_bytes(), &["{\"a\":\"\u{2028}\u{85}\"}"]);
    assert_reads("a: ä€\u{a0}😀\n".as_bytes(), &["{\"a\":\"ä€\u{a0}😀\"}"]);
}

#[test]
fn json_is_read_also_value_behind_value() {
    assert_reads(b"{\n\t\"a\": [1, {\"b\": \"\\u00e9\\/\"}]\n}\n", &[r#"{"a":[1,{"b":"é/"}]}"#]);
    assert_reads(br#"{"a": "}{"} {"b": "\"]"}[3]"#, &[r#"{"a":"}{"}"#, r#"{"b":"\"]"}"#, "[3]"]);
    assert_reads(b"{\"a\": 1}\n{\"a\": 2}\n", &[r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_reads(b"{a: b} # YAML\n---\n[c, 'd}{']\n", &[r#"{"a":"b"}"#, r#"["c","d}{"]"#]);
    assert_reads(br#"{"a": "\ud834\udd1e"}"#, &[r#"{"a":"𝄞"}"#]);
    assert_eq!(first_problem("{\"a\": 1}\n{\"a\": 1, \"a\": 2}"), "2:10: the key `a` is there twice [2:2]");
    let lines = "{\"a\": \"b\nc\"} {\"d\": 1}";
    assert_eq!(contents(&read_text(lines)), [r#"{"a":"b c"}"#], "a string of JSON is on one line");
    assert!(first_problem(lines).starts_with("2:5: Kubernetes reads no further"));
    assert_reads(
        br#"{"a": 1.0, "b": -0, "c": 1e400, "d": 18446744073709551615, "e": 1e3}"#,
        &[r#"{"a":1,"b":0,"c":"1e400","d":18446744073709551615,"e":1000}"#],
    );
    // YAML, though it looks like JSON.
    for (text, expected) in [
        (r#"{"a": 010}"#, r#"{"a":8}"#),
        (r#"{"a": 1,}"#, r#"{"a":1}"#),
        (r#"{"a": tru}"#, r#"{"a":"tru"}"#),
        (r#"["a": 1]"#, r#"[{"a":1}]"#),
    ] {
        assert_reads(text.as_bytes(), &[expected]);
    }
    assert_eq!(first_problem("a: \"\\/\"\n"), "1:5: not valid YAML: only JSON knows this escape");
}

#[test]
fn block_scalars_keep_the_line_breaks_that_they_ask_for() {
    for (yaml, expected) in [
        ("a: |\n  x\n   y\n\n\nb: 1", r#"{"a":"x\n y\n","b":1}"#),
        ("a: |-\n  x\n\nb: 1", r#"{"a":"x","b":1}"#),
        ("a: |+\n  x\n\nb: 1", r#"{"a":"x\n\n","b":1}"#),
        ("a: >\n  x\n  y\n\n  z\n", r#"{"a":"x y\nz\n"}"#),
        ("a: |2\n   x\n", r#"{"a":" x\n"}"#),
        ("a: |\r\n  x\r\n  y\r\n", r#"{"a":"x\ny\n"}"#),
        // `kubectl` ends the last line that has no end.
        ("a: |\n  x", r#"{"a":"x\n"}"#),
        ("a: |\n  yes", r#"{"a":"yes\n"}"#),
    ] {
        assert_reads(yaml.as_bytes(), &[expected]);
    }
}

#[test]
fn merge_keys_do_what_they_do_in_kubernetes() {
    let base = "b: &b {x: 1, w: 2}\nc: &c {x: 3, z: 4}\n";
    for (yaml, expected) in [
        ("m:\n  <<: *b\n  x: 9", r#"{"w":2,"x":9}"#),
        ("m:\n  <<: [*b, *c]", r#"{"z":4,"x":1,"w":2}"#),
        ("m:\n  <<: {x: 5}\n  k: 6", r#"{"x":5,"k":6}"#),
        // go-yaml v2 goes from top to bottom: what is merged later wins, even over an explicit key.
        ("m:\n  x: 9\n  <<: *b", r#"{"x":1,"w":2}"#),
        ("m:\n  <<: *b\n  <<: *c", r#"{"w":2,"x":3,"z":4}"#),
        ("m:\n  '<<': 1", r#"{"<<":1}"#),
        ("m:\n  !!merge <<: *b", r#"{"x":1,"w":2}"#),
    ] {
        let manifest = read_text(&format!("{base}{yaml}\n"));
        assert_eq!(manifest.problems, [], "{yaml}");
        let Content::Other(node) = &manifest.documents[0].content else { panic!("{yaml}") };
        assert_eq!(json_of(node.get("m").unwrap()), expected, "{yaml}");
    }
    for yaml in ["m:\n  <<: 1", "m:\n  <<: [1]", "m:\n  <<:", "l: &l [*b]\nm:\n  <<: *l"] {
        let problem = first_problem(&format!("{base}{yaml}\n"));
        assert!(problem.ends_with("`<<` merges mappings only"), "{yaml}: {problem}");
    }
}

#[test]
fn a_duplicate_key_is_told_with_both_lines() {
    let many = |last: &str| (0..40).map(|key| format!("k{key}: 1\n")).chain([last.to_owned()]).collect::<String>();
    for (yaml, expected) in [
        ("a: 1\nb:\n  c: 2\n  d: 3\n  c: 4\n".to_owned(), "5:3: the key `c` is there twice [3:3]"),
        ("a: 1\n'a': 2\n".to_owned(), "2:1: the key `a` is there twice [1:1]"),
        ("8: 1\n010: 2\n".to_owned(), "2:1: the key `8` is there twice [1:1]"),
        ("{a: 1, b: 2, a: 3}".to_owned(), "1:14: the key `a` is there twice [1:2]"),
        ("<<: {1: a}\n\"1\": b\n".to_owned(), "2:1: the key `1` is there twice [1:6]"),
        ("<<: {a: 0}\na: 1\na: 2\n".to_owned(), "3:1: the key `a` is there twice [2:1]"),
        (many("k7: 2\n"), "41:1: the key `k7` is there twice [8:1]"),
    ] {
        assert_eq!(problems(&read_text(&yaml)), [expected], "{yaml}");
    }
    assert_eq!(read_text(&many("k40: 2\n")).problems, []);
    assert_eq!(read_text("<<: {a: 1}\na: 2\n").problems, []);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (yaml, expected) in [
        ("a:\n\tb: 1\n", "2:2: a tab indents this line"),
        ("a: 1\n b: 2\n", "2:3: not valid YAML: mapping values are not allowed in this context"),
        ("a: *b\n", "1:4: no anchor of this name comes before"),
        ("a: &a [*a]\n", "1:8: the alias is inside its own anchor"),
        ("[a]: 1\n", "1:1: a list cannot be a key"),
        ("{a: b}: 1\n", "1:1: a mapping cannot be a key"),
        ("~: 1\n", "1:1: null cannot be a key"),
        ("a: &m {}\n*m : 1\n", "2:1: a mapping cannot be a key"),
        ("a: [.inf]\n", "1:5: JSON cannot carry this number"),
        ("a: !!int x\n", "1:10: the value is no !!int"),
        ("a: !!binary '*'\n", "1:13: the value is no !!binary"),
        ("a: 1\n---b: 2\n", "2:1: a document separator has text glued to it"),
        ("a: 1\n... b\n", "2:5: Kubernetes reads no further: the document's value has ended before this text"),
        ("a: 'x\n", "1:4: not valid YAML: unclosed quote"),
        ("a: \"x {{y}}\n", "1:4: not valid YAML: unclosed quote"),
        ("a: |\n  {{x}}\nb: [\n", "3:4: not valid YAML: unclosed bracket '['"),
    ] {
        assert_eq!(first_problem(yaml), expected, "{yaml}");
    }
}

#[test]
fn flow_collections_anchors_and_tags_are_kubernetes_own() {
    for (yaml, expected) in [
        ("{runAsNonRoot: true, ?privileged: true}\n", r#"{"runAsNonRoot":true,"privileged":true}"#),
        ("a: &a:b c\n", r#"{"a":":b c"}"#),
        ("a: [{b:, c}]\n", r#"{"a":[{"b:":null,"c":null}]}"#),
        ("a: [!b, c]\n", r#"{"a":["c"]}"#),
        ("args: [\n\"{{ x }}\", !a, b ]\n", r#"{"args":["{{ x }}","b"]}"#),
        ("! true: ! 8\n", r#"{"true":"8"}"#),
        ("a: &x [&x b, *x]\n", r#"{"a":["b","b"]}"#),
        ("a: &k 1\n*k: 2\n", r#"{"a":1,"1":2}"#),
    ] {
        assert_reads(yaml.as_bytes(), &[expected]);
    }
}

#[test]
fn text_behind_a_documents_value_is_told_and_the_value_read() {
    for (yaml, place) in [
        ("  apiVersion: v1\n  kind: Pod\n{{ end }}\n", "3:1"),
        ("{apiVersion: v1, kind: Pod} {a: b}\n", "1:29"),
        ("apiVersion: v1\nkind: Pod\n... # end\n# c\n%YAML 1.1\nx\n", ""),
        ("apiVersion: v1\nkind: Pod\n... x\n", "3:5"),
    ] {
        let manifest = read_text(yaml);
        assert_eq!(manifest.objects().count(), 1, "{yaml}");
        let told = first_problem(yaml);
        assert!(!told.is_empty() && told.starts_with(place), "{yaml}: {told}");
    }
}

#[test]
fn what_is_no_manifest_is_skipped_whatever_its_syntax() {
    for (text, reason) in [
        ("{\n  // c\n  \"a\": 1\n}\n", SkipReason::JsonWithComments),
        ("// c\n{\n  \"a\": \"//\",\n  /* d */\n  \"b\": [],\n}\n", SkipReason::JsonWithComments),
        ("a: 1\na: 2\n", SkipReason::NotReadable),
        ("a: [\n", SkipReason::NotReadable),
        ("\0GITCRYPT\0abc", SkipReason::Encrypted),
    ] {
        let mut manifest = read_text(text);
        assert_eq!(manifest.problems.len(), 1, "{text}");
        manifest.skip_foreign();
        assert_eq!(manifest.problems, [], "{text}");
        assert_eq!(manifest.skipped().map(|(_, reason)| reason).collect::<Vec<_>>(), [reason], "{text}");
    }
    let mut jinja = read_text("{\n{# c #}\n  \"a\": \"{{ b }}\"\n  \"c\": 1}\n");
    jinja.skip_foreign();
    assert!(matches!(jinja.documents[0].content, Content::Foreign(SkipReason::Template)));
    for text in ["a: {{ b }}\n{{ include \"c\" . }}\n", "apiVersion: {{ v }}\nkind: Pod\n"] {
        let mut manifest = read_text(text);
        manifest.skip_foreign();
        assert!(matches!(manifest.documents[0].content, Content::Template), "{text}");
    }
    for text in [
        "apiVersion: v1\nkind: Pod\na: [\n",
        "APIVERSION: v1\na: [\n",
        "a: 1\n---\nb: [\n---\n# apiVersion\n",
        "? \"api\\x56ersion\"\n: v1\nkind: Pod\nkind: Pod\n",
        "# web\rkind: Pod\ra: [\r",
    ] {
        let mut manifest = read_text(text);
        manifest.skip_foreign();
        assert_eq!(manifest.problems.len(), 1, "{text}");
    }
    let mut kustomization = read("a/kustomization.yml", b"resources: [\n".to_vec(), &Limits::default());
    kustomization.skip_foreign();
    assert_eq!(kustomization.problems.len(), 1, "its name says what it is");
    let mut nested = read_text("group:\n  kind: build\na: [\n");
    nested.skip_foreign();
    assert_eq!(nested.problems, []);
}

#[test]
fn templates_are_skipped_and_counted() {
    for yaml in [
        "{{- if .Values.enabled }}\nkind: Pod\n{{- end }}\n",
        "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
        "kind: Pod\nspec:\n  {{- toYaml . | nindent 2 }}\n",
        "containers:\n- {{ include \"x\" . }}\n- b: {{ c }}\n",
        "{% for x in y %}\nkind: Pod\n{% endfor %}\n",
        "kind: Pod\nmetadata:\n  name: \"{{ include \"x\" . }}\"\n",
        "{\n{# c #}\n  \"a\": \"b\"\n  \"c\": 1}\n",
        "apiVersion: v1\nkind: \"{{ .Values.kind }}\"\n",
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: '{{ x }}', kind: Pod}]\n",
    ] {
        assert_reads(yaml.as_bytes(), &["template"]);
    }
    let overridden = "  kind: Pod\n  spec: {~: 1}\n  spec: {}\n{{ end }}\n";
    assert!(!read_text(overridden).problems.is_empty(), "kubectl reads the second spec");
    let quoted = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {b: '{{ $labels.pod }}'}}\n";
    assert_eq!(read_text(quoted).objects().count(), 1);
}

#[test]
fn a_template_hides_nothing_that_can_be_judged() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: '{{ x }}', namespace: '{{ y }}'}}";
    assert_eq!(read_text(pod).objects().count(), 1);
    let list = "apiVersion: v1\nkind: List\nmetadata: {name: '{{ x }}'}\nitems:\n";
    let manifest = read_text(&format!("{list}- {pod}\n- {{apiVersion: v1, kind: '{{{{ z }}}}'}}\n"));
    assert_eq!(manifest.objects().count(), 1);
    assert_eq!(problems(&manifest), ["6:20: the kind of this item is left to a template"]);
}

/// Hostile texts and what stops each. That the place is near the start shows that the rest was not read.
#[test]
fn hostile_texts_meet_a_limit_with_a_place() {
    let limits = Limits::default();
    let bomb: String = (1..30)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(",")))
        .collect();
    let merges: String =
        (1..100_000).map(|level| format!("a{level}: &a{level} {{<<: *a{}, k{level}: v}}\n", level - 1)).collect();
    let nested_anchors: String = (0..90).map(|level| format!("&a{level} [")).collect();
    let keys: String = (0..160_000).map(|key| format!("k{key}: v\n")).collect();
    let indents: String = (0..2000).map(|level| format!("{:level$}a:\n", "")).collect();
    for (name, text, expected) in [
        ("alias bomb", format!("a0: &a0 [x]\n{bomb}"), "6:38: anchors and aliases expand to more than 8388608 bytes"),
        ("merge chain", format!("a0: &a0 {{k: v}}\n{merges}"), "350:18: anchors and aliases expand to"),
        ("long alias", format!("a: &a \"{}\"\nb: [{}]", "x".repeat(1 << 20), "*a,".repeat(100)), "2:23: anchors and"),
        ("nested anchors", format!("{nested_anchors}{}", "x,".repeat(140_000)), "1:530: not valid YAML: unclosed"),
        ("large file", " ".repeat(100 << 20), "1:1: the file has more than the 8388608"),
        ("large scalar", format!("a: {}", "x".repeat(3 << 20)), "1:4: a value of 3145728 bytes, more than the 2097152"),
        ("large block", format!("a: |\n  {}", "x".repeat(3 << 20)), "2:3: a value of 3145729 bytes"),
        ("large key", format!("? {}\n", "x".repeat(3 << 20)), "1:3: a value of 3145728 bytes"),
        ("lines", "\n".repeat(600_000), "500001:1: more than 500000 lines in one file"),
        ("lines of Windows", "\r\n".repeat(500_000), "500001:1: more than 500000 lines in one file"),
        ("documents", "--- a\n".repeat(20_000), "10001:1: more than 10000 documents in one file"),
        ("documents of JSON", "{}".repeat(20_000), "1:20001: more than 10000 documents in one file"),
        ("keys", keys, "150000:10: more than 150000 values in one file"),
        ("items", format!("[{}", "a,".repeat(300_000)), "1:300000: more than 150000 values in one file"),
        (
            "values of all documents",
            "--- [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u]\n".repeat(9999),
            "6819:12: more than",
        ),
        ("flow depth", "[".repeat(100_000), "1:102: nested more than 100 levels deep"),
        ("closed flow depth", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "1:101: nested more than 100"),
        ("flow mappings", "{a: ".repeat(100_000), "1:405: nested more than 100 levels deep"),
        ("block depth", "- ".repeat(100_000), "1:201: nested more than 100 levels deep"),
        ("indentation", indents, "101:101: nested more than 100 levels deep"),
        ("keys of keys", "? ".repeat(100_000), "1:3: a mapping cannot be a key"),
        ("anchors of nothing", "&a ".repeat(100_000), "1:4: Kubernetes reads no further"),
        ("long anchor", format!("a: *{}", "x".repeat(1 << 20)), "1:4: no anchor of this name comes before"),
        ("bad items", format!("apiVersion: v1\nkind: List\nitems:\n{}", "- x\n".repeat(50_000)), "4:3: `items[]` is a"),
    ] {
        let manifest = read("hostile.yaml", text.into_bytes(), &limits);
        let problem = problems(&manifest).into_iter().next().unwrap_or_default();
        assert!(problem.starts_with(expected), "{name}: {problem}");
        assert!(manifest.problems.len() <= 32, "{name}");
    }
}

#[test]
fn depth_counts_what_aliases_bring() {
    let nest = |levels: usize, core: &str| format!("{}{core}{}", "[".repeat(levels), "]".repeat(levels));
    // The mapping at the top is a level too.
    assert_eq!(first_problem(&format!("a: {}\n", nest(99, "x"))), "");
    assert_eq!(first_problem(&format!("a: {}\n", nest(100, "x"))), "1:103: nested more than 100 levels deep");
    assert_eq!(first_problem(&format!("a: &a {}\nb: {}\n", nest(60, "x"), nest(39, "*a"))), "");
    let problem = first_problem(&format!("a: &a {}\nb: {}\n", nest(60, "x"), nest(40, "*a")));
    assert_eq!(problem, "2:44: nested more than 100 levels deep");
}

#[test]
fn a_great_many_keys_are_compared_without_comparing_all_pairs() {
    let keys: String = (0..140_000).map(|key| format!("k{key}: v\n")).chain(["k5: w\n".into()]).collect();
    assert_eq!(problems(&read_text(&keys)), ["140001:1: the key `k5` is there twice [6:1]"]);
}

/// All spans of a tree lie within the text and do not cut characters.
fn check_spans(node: &Node, text: &str) {
    let check =
        |span: Span| assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
    check(node.span);
    check(node.locate(&[]));
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| check_spans(item, text)),
        Value::Mapping(entries) => entries.iter().for_each(|entry| {
            check(entry.key_span);
            check_spans(&entry.value, text);
        }),
        _ => {}
    }
}

fn check_manifest(bytes: &[u8]) {
    let manifest = read_bytes(bytes);
    let text = &*manifest.source.text();
    for document in &manifest.documents {
        assert!(text.get(document.span.start as usize..document.span.end as usize).is_some(), "{text:?}");
        match &document.content {
            Content::Objects(objects) => objects.iter().for_each(|object| check_spans(&object.node, text)),
            Content::Other(node) => check_spans(node, text),
            _ => {}
        }
    }
    for problem in &manifest.problems {
        assert!(text.get(problem.span.start as usize..problem.span.end as usize).is_some(), "{problem:?} of {text:?}");
        assert!(!problem.to_string().is_empty() && !problem.kind.help().is_empty());
        let _ = manifest.source.excerpt(problem.position.line);
    }
}

#[test]
fn mutated_texts_are_read_or_refused_and_spans_stay_within() {
    const FIXTURES: &[&str] = &[
        "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: {name: a, labels: {\"b/c\": 'd'}}\n",
        "a: &x {b: [1, 2.5, ~, yes]}\nc:\n  <<: *x\n  d: |\n    é\n\n   z\n# c\n--- >-\n f\n g\n...\n%YAML 1.1\n---\n? h\n: !!str 5\n",
        "{\"apiVersion\": \"apps/v1\", \"kind\": \"DeploymentList\",\t\"items\": [{\"metadata\": {\"name\": \"\\u00e9\"}}]}\n{}",
        "a: {{ .Values.x }}\r\n- b\r- [c, {d: e}, f]\n\u{feff}\u{2028}g: \"h\\n\n i\"\n",
    ];
    const PIECES: &[&str] = &[
        "\n", "\r\n", "\r", "\t", " ", "  ", "- ", ": ", ":", "? ", "#", "{", "}", "[", "]", ",", "\"", "'", "|", ">",
        "&x ", "*x", "!!int ", "!", "---", "\n---\n", "...", "%", "<<: ", "\\", "é", "😀", "\0", "\u{85}", "\u{feff}",
        "0x", "~", "{{", "@",
    ];
    // xorshift, seeded: the same texts every time.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..6000 {
        let mut bytes = FIXTURES[random(FIXTURES.len())].as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len() + 1);
            match random(4) {
                0 => drop(bytes.drain(at..(at + random(4)).min(bytes.len()))),
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let copied = bytes[at..(at + random(20)).min(bytes.len())].to_vec();
                    let to = random(bytes.len() + 1);
                    drop(bytes.splice(to..to, copied));
                }
                _ => drop(bytes.splice(at..at, PIECES[random(PIECES.len())].bytes())),
            }
        }
        check_manifest(&bytes);
    }
}
