use engine::documents::{Form, Instruction};

use super::is_dockerfile;
use super::parse::parse;

/// Keyword, stage, form, flags and arguments of each instruction, a line each.
fn read(text: &str) -> String {
    let words =
        |words: &[engine::documents::Word]| words.iter().map(|word| format!("<{}>", word.text)).collect::<String>();
    let show = |instruction: &Instruction| {
        let stage = instruction.stage.map_or("-".to_owned(), |stage| stage.to_string());
        let form = if instruction.form == Form::Exec { "exec" } else { "shell" };
        let (flags, arguments) = (words(&instruction.flags), words(&instruction.arguments));
        format!("{stage} {} {form} {flags}|{arguments}\n", instruction.keyword.text)
    };
    parse(text).unwrap_or_else(|cause| panic!("{cause}\n{text}")).iter().map(show).collect()
}

fn refused(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

#[test]
fn instructions_have_their_stage_form_flags_and_words() {
    let text = "\
# a comment
ARG VERSION=1.26
from --platform=$BUILDPLATFORM golang:${VERSION} as build
RUN go build -o /app .
FROM scratch
COPY --from=build --chown=1000 /app /app
ENV A=1 B=\"two words\" C=with\\ space
ENTRYPOINT [\"/app\", \"--a b\", \"\\u0063\"]
CMD []
";
    assert_eq!(
        read(text),
        "\
- ARG shell |<VERSION=1.26>
0 from shell <--platform=$BUILDPLATFORM>|<golang:${VERSION}><as><build>
0 RUN shell |<go build -o /app .>
1 FROM shell |<scratch>
1 COPY shell <--from=build><--chown=1000>|</app></app>
1 ENV shell |<A=1><B=\"two words\"><C=with\\ space>
1 ENTRYPOINT exec |</app><--a b><c>
1 CMD exec |
"
    );
}

#[test]
fn lines_go_on_over_comments_and_empty_lines() {
    let text = "FROM a\nRUN one \\\n  # said\n\n  two \\  \n\tthree\\\\\nRUN four \\\r\n five\r\nRUN six \\";
    assert_eq!(
        read(text),
        "0 FROM shell |<a>\n0 RUN shell |<one   two \tthree\\\\>\n0 RUN shell |<four  five>\n0 RUN shell |<six>\n"
    );
}

#[test]
fn every_word_knows_where_it_stands() {
    let text = "\u{feff}FROM a\nCOPY --chown=1 x \\\n  # said\n  y z\nCMD [\"é\", \"b\"]\n";
    for instruction in parse(text).unwrap() {
        for word in instruction.flags.iter().chain(&instruction.arguments).chain([&instruction.keyword]) {
            let found = &text[word.range.clone()];
            let found = found.strip_prefix('"').and_then(|found| found.strip_suffix('"')).unwrap_or(found);
            assert_eq!(found, word.text);
        }
        assert!(text[instruction.range.clone()].starts_with(&instruction.keyword.text));
    }
    let copy = &parse(text).unwrap()[1];
    assert!(text[copy.range.clone()].ends_with("y z"), "{:?}", &text[copy.range.clone()]);
}

#[test]
fn the_escape_character_may_be_a_backtick_at_the_top_alone() {
    let text = "# syntax=docker/dockerfile:1\n# Escape = `\nFROM a\nRUN one `\n two\nCOPY c:\\ d:\\\n";
    assert_eq!(read(text), "0 FROM shell |<a>\n0 RUN shell |<one  two>\n0 COPY shell |<c:\\><d:\\>\n");
    for text in ["# said\n# escape=`\nFROM a\nRUN one `\nUSER two\n", "\n# escape=`\nFROM a\nRUN one `\nUSER two\n"] {
        assert_eq!(read(text), "0 FROM shell |<a>\n0 RUN shell |<one `>\n0 USER shell |<two>\n", "{text}");
    }
}

#[test]
fn here_documents_belong_to_their_instruction() {
    let text = "\
FROM a
RUN <<EOF
USER root
EOF
COPY <<-\"one\" <<'two' /to/
\tFROM b
\tone
RUN in the second
 two
two
USER c
RUN echo $((1<<2)) \"<<NO\" <<<text
ONBUILD RUN cat <<E
x
E
USER d
";
    assert_eq!(
        read(text),
        "\
0 FROM shell |<a>
0 RUN shell |<<<EOF>
0 COPY shell |<<<-\"one\"><<<'two'></to/>
0 USER shell |<c>
0 RUN shell |<echo $((1<<2)) \"<<NO\" <<<text>
0 ONBUILD shell |<RUN><cat><<<E>
0 USER shell |<d>
"
    );
    let run = &parse(text).unwrap()[1];
    assert!(text[run.range.clone()].ends_with("USER root\nEOF"));
    assert!(refused("FROM a\nRUN cat <<EOF\n EOF\n").contains("line 2: nothing ends the here-document `EOF`"));
}

#[test]
fn what_looks_like_a_list_and_is_none_is_a_command() {
    let text = "FROM a\nCMD [\"a\", 1]\nCMD ['a']\nCMD [ \"$X\" ] \nVOLUME [\"/a\"]\nLABEL [\"a\"]\nRUN [ -f a ]\n";
    assert_eq!(
        read(text),
        "\
0 FROM shell |<a>
0 CMD shell |<[\"a\", 1]>
0 CMD shell |<['a']>
0 CMD exec |<$X>
0 VOLUME exec |</a>
0 LABEL shell |<[\"a\"]>
0 RUN shell |<[ -f a ]>
"
    );
}

#[test]
fn what_is_no_dockerfile_says_where() {
    for (text, says) in [
        ("", "there is no `FROM`"),
        ("ARG A\n", "there is no `FROM`"),
        ("RUN a\nFROM b\n", "line 1: `RUN` comes before"),
        ("FROM a AS b\n\nFROM --platform=linux/amd64\n", "line 3: `FROM` takes an image, or `IMAGE AS STAGE`"),
        ("FROM a b\n", "line 1: `FROM` takes"),
        ("FROM a # comment\n", "line 1: `FROM` takes"),
        ("FROM a in b\n", "line 1: `FROM` takes"),
        ("FROM a\n\nRUM b\n", "line 3: `RUM` is not an instruction"),
        ("FROM a\n\"RUN\" b\n", "is not an instruction"),
        ("FROM a\nRUN b \\\n\n\nEOF\nUSE c\n", "line 6: `USE`"),
    ] {
        assert!(refused(text).contains(says), "{text}: {}", refused(text));
    }
}

#[test]
fn dockerfiles_are_known_by_name() {
    for name in ["Dockerfile", "dockerfile", "a/Dockerfile.dev", "web.Dockerfile", "Containerfile", "Dockerfile.v1.2"] {
        assert!(is_dockerfile(name.as_ref()), "{name}");
    }
    for name in [
        "Dockerfiles",
        "Dockerfile.dockerignore",
        "Dockerfile.tmpl",
        "dockerfile.yaml",
        "mydockerfile",
        "a.md",
        "Dockerfile/a",
    ] {
        assert!(!is_dockerfile(name.as_ref()), "{name}");
    }
}
