//! Bombs: small texts that mean much, and large ones that mean nothing.

use engine::manifest::{Bounds, Content, Limits, Manifest, Node, Value, read};

use crate::support::Folder;
use crate::{POD, check, refused};

/// What a run takes that judges one small Pod, and 64 MiB.
fn bound() -> u64 {
    let run = check(&Folder::of("a.yaml", POD), &["a.yaml"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.peak + (64 << 10)
}

fn alias_bomb(levels: usize) -> String {
    let level = |level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(","));
    format!("a0: &a0 [x]\n{}", (1..levels).map(level).collect::<String>())
}

/// 100 MiB of one value, behind a line of anything.
fn long_scalar() -> Vec<u8> {
    let mut text = b"apiVersion: v1\nkind: ConfigMap\ndata: {a: \"".to_vec();
    text.resize(100 << 20, b'x');
    text.extend_from_slice(b"\"}\n");
    text
}

#[test]
fn bombs_are_refused_with_a_place_in_little_memory() {
    let bound = bound();
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let closed = [&long_scalar()[..(3 << 20) + 42], b"\"}\n"].concat();
    let indented: String = (0..3000).map(|level| format!("{:level$}a:\n", "")).collect();
    let Limits { bytes, lines, nodes, depth, alias_bytes, scalar_bytes, .. } = Limits::default();
    let Bounds { documents, .. } = Bounds::default();
    let too_deep = |place| format!("{place}: error: nested more than {depth} levels deep");
    for (name, content, message) in [
        (
            "aliases",
            alias_bomb(30).into_bytes(),
            format!("6:38: error: anchors and aliases expand to more than {alias_bytes} bytes"),
        ),
        ("brackets", deep.into_bytes(), too_deep("1:101")),
        ("dashes", "- ".repeat(100_000).into_bytes(), too_deep("1:201")),
        ("indents", indented.into_bytes(), too_deep("101:101")),
        ("file", long_scalar(), format!("1:1: error: one document, or an item of it, has more than the {bytes} bytes")),
        ("scalar", long_scalar()[..bytes - 1].to_vec(), "3:11: error: ".to_owned()),
        ("closed scalar", closed, format!("3:11: error: a value of 3145728 bytes, more than the {scalar_bytes}")),
        ("lines", vec![b'\n'; lines + 1], format!("{}:1: error: more than {lines} lines in one file", lines + 1)),
        (
            "documents",
            b"---\n".repeat(documents + 10),
            format!("{}:1: error: more than {documents} documents", documents + 1),
        ),
        ("values", b"- a\n".repeat(2 * nodes), format!("{nodes}:3: error: more than {nodes} values in one file")),
    ] {
        let run = refused(content, &message);
        assert!(run.peak < bound, "{name}: {} KiB, where {bound} are allowed", run.peak);
    }
}

fn values(node: &Node) -> usize {
    1 + match &node.value {
        Value::Sequence(items) => items.iter().map(values).sum(),
        Value::Mapping(entries) => entries.iter().map(|entry| values(&entry.value)).sum(),
        _ => 0,
    }
}

fn read_with(text: &str, limits: &Limits) -> Manifest {
    read("a.yaml", text.as_bytes().to_vec(), limits)
}

/// The defence is off here: the limits are raised, and the bomb goes off as far as one can afford to watch.
#[test]
fn without_the_limits_the_bombs_go_off() {
    let limits = Limits { alias_bytes: usize::MAX, nodes: usize::MAX, ..Limits::default() };
    let size = |levels| {
        let manifest = read_with(&alias_bomb(levels), &limits);
        let Content::Other(node) = &manifest.documents[0].content else { panic!("{:?}", manifest.problems) };
        values(node)
    };
    // Ten times as much for each line of 40 bytes.
    assert!(size(5) > 9 * size(4), "{} {}", size(5), size(4));

    let deep = "[".repeat(150) + &"]".repeat(150);
    assert_eq!(read_with(&deep, &Limits { depth: 1000, ..Limits::default() }).problems, []);

    let long = format!("a: {}\n", "x".repeat(3 << 20));
    let limits = Limits { scalar_bytes: usize::MAX, ..Limits::default() };
    assert_eq!(read_with(&long, &limits).problems, []);
    assert!(read_with(&long, &limits).source.text().len() > 3 << 20);
}
