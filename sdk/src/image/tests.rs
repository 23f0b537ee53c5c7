//! The cases of `reference_test.go` and `normalize_test.go`, and what real manifests get wrong.

use alloc::format;
use alloc::string::{String, ToString};

use super::{ImageReference, ImageReferenceError as Error};

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Text, domain, path, normalised repository, tag.
type Case = (&'static str, Option<&'static str>, &'static str, &'static str, Option<&'static str>);

/// Each is read bare, and once more with a digest behind it.
#[rustfmt::skip]
const ACCEPTED: &[Case] = &[
    // Names without a domain, and those that only look like one.
    ("nginx", None, "nginx", "docker.io/library/nginx", None),
    ("nginx:1.27", None, "nginx", "docker.io/library/nginx", Some("1.27")),
    ("n", None, "n", "docker.io/library/n", None),
    ("test_com", None, "test_com", "docker.io/library/test_com", None),
    ("test.com:tag", None, "test.com", "docker.io/library/test.com", Some("tag")),
    ("test.com:5000", None, "test.com", "docker.io/library/test.com", Some("5000")),
    ("192.168.1.1", None, "192.168.1.1", "docker.io/library/192.168.1.1", None),
    ("192.168.1.1:5000", None, "192.168.1.1", "docker.io/library/192.168.1.1", Some("5000")),
    ("localhost", None, "localhost", "docker.io/library/localhost", None),
    ("localhost:5000", None, "localhost", "docker.io/library/localhost", Some("5000")),
    ("foo_bar.com:8080", None, "foo_bar.com", "docker.io/library/foo_bar.com", Some("8080")),
    ("library/ubuntu", None, "library/ubuntu", "docker.io/library/ubuntu", None),
    ("library/foo/bar", None, "library/foo/bar", "docker.io/library/foo/bar", None),
    ("foo/foo_bar.com:8080", None, "foo/foo_bar.com", "docker.io/foo/foo_bar.com", Some("8080")),
    ("test_com/foo", None, "test_com/foo", "docker.io/test_com/foo", None),
    ("docker/migrator", None, "docker/migrator", "docker.io/docker/migrator", None),
    ("sub/localhost/app", None, "sub/localhost/app", "docker.io/sub/localhost/app", None),
    ("team/registry.io/app", None, "team/registry.io/app", "docker.io/team/registry.io/app", None),

    // A domain: a dot, a port, a capital, or localhost.
    ("test.com/foo", Some("test.com"), "foo", "test.com/foo", None),
    ("test:5000/repo", Some("test:5000"), "repo", "test:5000/repo", None),
    ("test:5000/repo:tag", Some("test:5000"), "repo", "test:5000/repo", Some("tag")),
    ("registry:5000/app:5000", Some("registry:5000"), "app", "registry:5000/app", Some("5000")),
    ("test-com:8080/foo", Some("test-com:8080"), "foo", "test-com:8080/foo", None),
    ("192.168.1.1/repo", Some("192.168.1.1"), "repo", "192.168.1.1/repo", None),
    ("192.168.1.1:5000/a/b:5050", Some("192.168.1.1:5000"), "a/b", "192.168.1.1:5000/a/b", Some("5050")),
    ("localhost/app", Some("localhost"), "app", "localhost/app", None),
    ("localhost:5000/app:v1", Some("localhost:5000"), "app", "localhost:5000/app", Some("v1")),
    ("Foo/bar", Some("Foo"), "bar", "Foo/bar", None),
    ("FOO/bar:Baz", Some("FOO"), "bar", "FOO/bar", Some("Baz")),
    ("Registry.Example.COM:443/a", Some("Registry.Example.COM:443"), "a", "Registry.Example.COM:443/a", None),
    ("sub-dom1.foo.com/bar/baz/quux", Some("sub-dom1.foo.com"), "bar/baz/quux", "sub-dom1.foo.com/bar/baz/quux", None),
    ("b.gcr.io/test.example.com/my-app:test.example.com", Some("b.gcr.io"), "test.example.com/my-app", "b.gcr.io/test.example.com/my-app", Some("test.example.com")),
    ("xn--n3h.com:18080/foo:xn--n3h.com", Some("xn--n3h.com:18080"), "foo", "xn--n3h.com:18080/foo", Some("xn--n3h.com")),
    ("0.0:0/0:0", Some("0.0:0"), "0", "0.0:0/0", Some("0")),
    ("foo_bar.com/app", Some("foo_bar.com"), "app", "foo_bar.com/app", None),

    // IPv6.
    ("[2001:db8::1]/repo", Some("[2001:db8::1]"), "repo", "[2001:db8::1]/repo", None),
    ("[2001:db8:1:2:3:4:5:6]/repo:tag", Some("[2001:db8:1:2:3:4:5:6]"), "repo", "[2001:db8:1:2:3:4:5:6]/repo", Some("tag")),
    ("[::1]:5000/a/b:1", Some("[::1]:5000"), "a/b", "[::1]:5000/a/b", Some("1")),
    ("[FC00::1]:5000/docker", Some("[FC00::1]:5000"), "docker", "[FC00::1]:5000/docker", None),

    // Docker Hub under all its names.
    ("docker.io/foo", Some("docker.io"), "foo", "docker.io/library/foo", None),
    ("docker.io/library/foo", Some("docker.io"), "library/foo", "docker.io/library/foo", None),
    ("docker.io/fooo/bar", Some("docker.io"), "fooo/bar", "docker.io/fooo/bar", None),
    ("index.docker.io/debian", Some("index.docker.io"), "debian", "docker.io/library/debian", None),
    ("index.docker.io/fooo/bar:1", Some("index.docker.io"), "fooo/bar", "docker.io/fooo/bar", Some("1")),
    ("docker.io:443/foo", Some("docker.io:443"), "foo", "docker.io:443/foo", None),
    ("Docker.io/foo", Some("Docker.io"), "foo", "Docker.io/foo", None),
    ("quay.io/foo", Some("quay.io"), "foo", "quay.io/foo", None),

    // Separators.
    ("docker---rules/docker", None, "docker---rules/docker", "docker.io/docker---rules/docker", None),
    ("dock__er/do_ck.er-x", None, "dock__er/do_ck.er-x", "docker.io/dock__er/do_ck.er-x", None),

    // Tags.
    ("lowercase:Uppercase", None, "lowercase", "docker.io/library/lowercase", Some("Uppercase")),
    ("a:_", None, "a", "docker.io/library/a", Some("_")),
    ("a:_-..-", None, "a", "docker.io/library/a", Some("_-..-")),

    // What is nearly the id of a local image.
    ("dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9", None, "dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9", "docker.io/library/dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9", None),
    ("thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev", None, "thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev", "docker.io/library/thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev", None),
    ("docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a", Some("docker.io"), "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a", "docker.io/library/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a", None),
    ("sha256:dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9c", None, "sha256", "docker.io/library/sha256", Some("dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9c")),
];

#[test]
fn a_reference_comes_apart_as_the_runtimes_take_it_apart() {
    for &(text, domain, path, normalized, tag) in ACCEPTED {
        let bare = ImageReference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((bare.digest(), bare.is_pinned()), (None, false), "{text}");
        assert_eq!(bare.to_string(), text);

        let digest = format!("sha256:{HEX}");
        let pinned_text = format!("{text}@{digest}");
        let pinned = ImageReference::parse(&pinned_text).unwrap_or_else(|error| panic!("{pinned_text}: {error}"));
        assert_eq!((pinned.digest(), pinned.is_pinned()), (Some(digest.as_str()), true), "{text}");
        assert_eq!(pinned.to_string(), pinned_text);

        for reference in [bare, pinned] {
            assert_eq!((reference.domain(), reference.path(), reference.tag()), (domain, path, tag), "{reference}");
            assert_eq!(reference.normalized_repository(), normalized, "{reference}");
            let written = tag.map_or(text, |tag| text.strip_suffix(tag).unwrap().strip_suffix(':').unwrap());
            assert_eq!(reference.repository(), written, "{reference}");
        }
    }
}

#[test]
fn a_normalised_repository_is_its_own_normal_form() {
    for (text, ..) in ACCEPTED {
        let normalized = ImageReference::parse(text).unwrap().normalized_repository();
        assert_eq!(ImageReference::parse(&normalized).unwrap().normalized_repository(), normalized);
    }
}

fn domain(text: &str) -> Error {
    Error::BadDomain { domain: text.into() }
}

fn separator(text: &str) -> Error {
    Error::BadSeparator { component: text.into() }
}

fn uppercase(text: &str) -> Error {
    Error::Uppercase { path: text.into() }
}

fn tag(text: &str) -> Error {
    Error::BadTag { tag: text.into() }
}

fn digest(text: &str) -> Error {
    Error::BadDigest { digest: text.into() }
}

#[test]
fn what_the_runtimes_refuse_is_refused_with_its_reason() {
    let sha256 = Error::BadDigestValue { algorithm: "sha256", digits: 64 };
    let cases = [
        ("", Error::Empty),
        // Characters.
        ("ngínx", Error::NonAscii { character: 'í' }),
        ("nginх:1.2", Error::NonAscii { character: 'х' }),
        ("nginx:١", Error::NonAscii { character: '١' }),
        ("nginx\u{200b}", Error::NonAscii { character: '\u{200b}' }),
        ("☃.com/foo", Error::NonAscii { character: '☃' }),
        (" nginx", Error::Whitespace),
        ("nginx ", Error::Whitespace),
        ("nginx: 1.2", Error::Whitespace),
        ("nginx:1.2\n", Error::Whitespace),
        ("nginx\u{0}", Error::BadCharacter { character: '\u{0}' }),
        ("aa/asdf$$^/aa", Error::BadCharacter { character: '$' }),
        ("${IMAGE}", Error::BadCharacter { character: '$' }),
        ("a\\b", Error::BadCharacter { character: '\\' }),
        // Names that are not valid.
        (":justtag", Error::NoRepository),
        ("@sha256:0123", Error::NoRepository),
        ("@", Error::NoRepository),
        ("docker.io/", Error::NoRepository),
        ("docker.io/:1.2", Error::NoRepository),
        ("/nginx", Error::EmptyComponent),
        ("docker/", Error::EmptyComponent),
        ("docker///docker", Error::EmptyComponent),
        ("docker.io/docker///docker", Error::EmptyComponent),
        ("docker.io//docker", Error::EmptyComponent),
        ("/", Error::EmptyComponent),
        (HEX, Error::Identifier),
        // Capitals.
        ("Nginx", uppercase("Nginx")),
        ("Uppercase:tag", uppercase("Uppercase")),
        ("docker/Docker", uppercase("docker/Docker")),
        ("docker.io/docker/Docker", uppercase("docker/Docker")),
        ("test:5000/Uppercase/lowercase:tag", uppercase("Uppercase/lowercase")),
        ("Team/App:1", uppercase("App")),
        // Separators.
        ("-docker", separator("-docker")),
        ("-docker/docker", separator("-docker")),
        ("docker-/docker", separator("docker-")),
        ("docker/-", separator("-")),
        ("____/____", separator("____")),
        ("_docker/_docker", separator("_docker")),
        ("docker/docker_:1", separator("docker_")),
        ("docker/.docker", separator(".docker")),
        ("docker/docker.", separator("docker.")),
        ("docker/dock..er", separator("dock..er")),
        ("docker/dock_.er", separator("dock_.er")),
        ("docker/dock-.er", separator("dock-.er")),
        ("docker/dock-_er", separator("dock-_er")),
        ("docker/dock___er", separator("dock___er")),
        // Hosts.
        ("https://github.com/docker/docker", Error::Scheme { scheme: "https".into() }),
        ("docker://nginx:1.2", Error::Scheme { scheme: "docker".into() }),
        ("-docker.io/docker/docker", domain("-docker.io")),
        ("docker-.io/docker", domain("docker-.io")),
        ("docker..io/docker", domain("docker..io")),
        (".docker.io/docker", domain(".docker.io")),
        ("docker.io./docker", domain("docker.io.")),
        ("nginx:1.2/app", domain("nginx:1.2")),
        ("registry:/app", domain("registry:")),
        ("registry:5000:1/app", domain("registry:5000:1")),
        ("registry:five/app", domain("registry:five")),
        (":5000/app", domain(":5000")),
        ("Foo_bar/app", domain("Foo_bar")),
        ("foo_bar:5000/app", domain("foo_bar:5000")),
        ("fc00::1:5000/debian", domain("fc00::1:5000")),
        ("[fe80::1%eth0]:5000/debian", domain("[fe80::1%eth0]:5000")),
        ("[2001:db8:3:4::192.0.2.33]:5000/debian", domain("[2001:db8:3:4::192.0.2.33]:5000")),
        ("[::1/app", domain("[::1")),
        ("[]:5000/app", domain("[]:5000")),
        ("[::1]5000/app", domain("[::1]5000")),
        ("[::1]:/app", domain("[::1]:")),
        ("[fe80::1%@invalidzone]:5000/repo", Error::BadCharacter { character: '[' }),
        ("[2001:db8::1]", Error::BadCharacter { character: '[' }),
        // Tags.
        ("nginx:", tag("")),
        ("nginx:@sha256:0123", tag("")),
        ("nginx:-1", tag("-1")),
        ("nginx:.1", tag(".1")),
        ("nginx:1:2", tag("1:2")),
        ("nginx:1+2", tag("1+2")),
        ("nginx:v1/app", domain("nginx:v1")),
        // Digests.
        ("nginx@", digest("")),
        ("nginx@latest", digest("latest")),
        ("nginx@sha256", digest("sha256")),
        ("nginx@sha256:", sha256.clone()),
        ("nginx@sha256:ffffffffffffffffffffffffffffffffff", sha256.clone()),
        ("nginx@md5:d41d8cd98f00b204e9800998ecf8427e", digest("md5:d41d8cd98f00b204e9800998ecf8427e")),
        ("nginx@:d41d8cd98f00b204e9800998ecf8427e", digest(":d41d8cd98f00b204e9800998ecf8427e")),
    ];
    for (text, error) in cases {
        assert_eq!(ImageReference::parse(text), Err(error), "{text}");
    }
    for (digest, error) in [
        (format!("sha256:{HEX}0"), &sha256),
        (format!("sha256:{}", HEX.to_uppercase()), &sha256),
        (format!("sha256:{}", HEX.replace('f', "g")), &sha256),
        (format!("sha256:{HEX}@sha256:{HEX}"), &sha256),
        (format!("sha256:{HEX}:1.2"), &sha256),
        (format!("sha512:{HEX}"), &Error::BadDigestValue { algorithm: "sha512", digits: 128 }),
        (format!("sha384:{HEX}"), &Error::BadDigestValue { algorithm: "sha384", digits: 96 }),
    ] {
        assert_eq!(ImageReference::parse(&format!("nginx:1.2@{digest}")).as_ref(), Err(error), "{digest}");
    }
    let algorithm = format!("SHA256:{HEX}");
    assert!(matches!(ImageReference::parse(&format!("nginx@{algorithm}")), Err(Error::BadDigest { .. })));
}

#[test]
fn every_registered_algorithm_pins() {
    for digest in
        [format!("sha256:{HEX}"), format!("sha384:{}", HEX.repeat(2).split_at(96).0), format!("sha512:{HEX}{HEX}")]
    {
        let text = format!("[::1]:5000/repo:tag@{digest}");
        let reference = ImageReference::parse(&text).unwrap();
        assert_eq!((reference.digest(), reference.tag()), (Some(digest.as_str()), Some("tag")));
    }
}

#[test]
fn lengths_are_refused_at_the_first_character_too_many() {
    let accepts = |text: String| ImageReference::parse(&text).is_ok();
    assert!(accepts(format!("a:{}", "t".repeat(128))));
    assert!(!accepts(format!("a:{}", "t".repeat(129))));
    // The limit is the path's. A domain and a tag come on top, `library/` counts.
    let path = |length: usize| "a/".repeat(length / 2) + if length % 2 == 1 { "a" } else { "aa" };
    assert_eq!(ImageReference::parse(&format!("example.com/{}:tag", path(255))).unwrap().path().len(), 255);
    assert_eq!(ImageReference::parse(&format!("example.com/{}", "a".repeat(256))), Err(Error::RepositoryTooLong));
    assert!(accepts(path(255)));
    assert_eq!(ImageReference::parse(&path(257)), Err(Error::RepositoryTooLong));
    for hub in ["", "docker.io/", "index.docker.io/"] {
        assert!(accepts(format!("{hub}{}", "a".repeat(247))), "{hub}");
        assert!(!accepts(format!("{hub}{}", "a".repeat(248))), "{hub}");
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_to_write() {
    for (text, message) in [
        ("nginх", "the image reference holds `\\u{445}`, which is no ASCII character; replace it"),
        ("Team/App:1", "the repository `App` has capitals; write `app`"),
        ("https://example.com/app", "an image reference has no scheme; remove `https://`"),
        ("nginx:", "`` is no tag; write 1 to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`"),
        (
            "a\u{1b}[31m",
            "the repository holds `\\u{1b}`; write lower-case letters and digits, parted by `.`, `_`, `__` or dashes",
        ),
        (
            "a@sha512:0",
            "the digest is incomplete or misspelt; after `sha512:`, write its 128 lower-case hexadecimal digits",
        ),
    ] {
        assert_eq!(ImageReference::parse(text).unwrap_err().to_string(), message);
    }
    let endless = format!("nginx:-{}", "x".repeat(1_000_000));
    assert!(ImageReference::parse(&endless).unwrap_err().to_string().len() < 200);
}
