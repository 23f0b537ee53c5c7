use super::Reference;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Written with `DIGEST` for a digest of SHA-256, and `LONG(n)` for n times the letter a.
fn expand(text: &str) -> String {
    let mut text = text.replace("DIGEST", &format!("sha256:{HEX}"));
    while let Some((before, rest)) = text.split_once("LONG(") {
        let (number, after) = rest.split_once(')').unwrap();
        text = format!("{before}{}{after}", "a".repeat(number.parse().unwrap()));
    }
    text
}

/// What is given, and how it is written in full.
const READ: &[(&str, &str)] = &[
    // Docker's short forms.
    ("busybox", "docker.io/library/busybox:latest"),
    ("busybox:1.36", "docker.io/library/busybox:1.36"),
    ("busybox@DIGEST", "docker.io/library/busybox@DIGEST"),
    ("busybox:1.36@DIGEST", "docker.io/library/busybox:1.36@DIGEST"),
    ("opensuse/leap:15.3", "docker.io/opensuse/leap:15.3"),
    ("docker.io/busybox", "docker.io/library/busybox:latest"),
    ("docker.io/library/busybox", "docker.io/library/busybox:latest"),
    ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
    ("library/busybox", "docker.io/library/busybox:latest"),
    // A first component is a host if it has a dot or a port, or is localhost.
    ("localhost/a", "localhost/a:latest"),
    ("localhost:5000/a", "localhost:5000/a:latest"),
    ("localhost:5000", "docker.io/library/localhost:5000"),
    ("registry:5000/a", "registry:5000/a:latest"),
    ("registry/a", "docker.io/registry/a:latest"),
    ("registry.example/a", "registry.example/a:latest"),
    ("registry.example:443/a:1", "registry.example:443/a:1"),
    ("registry.example:tag", "docker.io/library/registry.example:tag"),
    ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
    ("10.0.0.1/a", "10.0.0.1/a:latest"),
    ("r.example:65535/a", "r.example:65535/a:latest"),
    ("a-b.c-d.example/e", "a-b.c-d.example/e:latest"),
    ("xn--n3h.com/image:xn--n3h.com", "xn--n3h.com/image:xn--n3h.com"),
    // A host may be written in any case, and is the same host.
    ("Registry.Example/a", "registry.example/a:latest"),
    ("GHCR.IO/shop/web:V1", "ghcr.io/shop/web:V1"),
    // Repositories.
    ("ghcr.io/a/b/c/d/e:1", "ghcr.io/a/b/c/d/e:1"),
    ("ghcr.io/a.b/c_d/e__f/g-h/i--j/k---l:1", "ghcr.io/a.b/c_d/e__f/g-h/i--j/k---l:1"),
    ("ghcr.io/0/1", "ghcr.io/0/1:latest"),
    ("b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io/test.example.com/my-app:test.example.com"),
    ("r.example/LONG(255)", "r.example/LONG(255):latest"),
    // Tags.
    ("r.example/a:_", "r.example/a:_"),
    ("r.example/a:1.2.3-rc.1_x", "r.example/a:1.2.3-rc.1_x"),
    ("r.example/a:Latest", "r.example/a:Latest"),
    ("r.example/a:LONG(128)", "r.example/a:LONG(128)"),
    ("r.example/a:5000@DIGEST", "r.example/a:5000@DIGEST"),
    // Kubewarden's and Helm's schemes.
    ("registry://ghcr.io/kubewarden/policies/safe-labels:v1", "ghcr.io/kubewarden/policies/safe-labels:v1"),
    ("oci://ghcr.io/shop/chart:1", "ghcr.io/shop/chart:1"),
];

/// What is no reference, and what is said of it.
const REFUSED: &[(&str, &str)] = &[
    ("", "at least one component"),
    (" ", "invalid reference format"),
    ("a b", "invalid reference format"),
    (" busybox", "invalid reference format"),
    ("busybox\n", "invalid reference format"),
    ("busybox\0", "invalid reference format"),
    (":tag", "invalid reference format"),
    ("@DIGEST", "invalid reference format"),
    ("a:", "invalid reference format"),
    ("a@", "invalid reference format"),
    ("a:tag:tag", "invalid reference format"),
    ("/a", "invalid reference format"),
    ("a/", "invalid reference format"),
    ("r.example//a", "invalid reference format"),
    ("r.example/../a", "invalid reference format"),
    ("r.example/./a", "invalid reference format"),
    ("r.example/a/..", "invalid reference format"),
    ("r.example/.a", "invalid reference format"),
    ("r.example/a.", "invalid reference format"),
    ("r.example/a..b", "invalid reference format"),
    ("r.example/a___b", "invalid reference format"),
    ("r.example/A", "invalid reference format"),
    ("Busybox", "invalid reference format"),
    ("r.example/a%2fb", "invalid reference format"),
    ("r.example/a?b=c", "invalid reference format"),
    ("r.example/a#b", "invalid reference format"),
    ("user:secret@r.example/a", "invalid reference format"),
    ("https://r.example/a", "invalid reference format"),
    ("file:///etc/passwd", "invalid reference format"),
    ("registry://registry://r.example/a", "invalid reference format"),
    ("-r.example/a", "invalid reference format"),
    ("r.example-/a", "invalid reference format"),
    ("r.example:/a", "invalid reference format"),
    ("r.example:a/b", "invalid reference format"),
    ("[::1]:5000/a", "invalid reference format"),
    ("r.example:65536/a", "65536 is not a port"),
    ("r.example:0/a", "0 is not a port"),
    ("r.example:99999999999/a", "is not a port"),
    ("r.example/a:.b", "invalid reference format"),
    ("r.example/a:-b", "invalid reference format"),
    ("r.example/a:LONG(129)", "invalid reference format"),
    ("r.example/LONG(256)", "more than 255"),
    ("r.example/a@sha256:e3b0", "invalid reference format"),
    ("r.example/a@sha256:LONG(63)", "invalid checksum digest length"),
    ("r.example/a@sha256:LONG(65)", "invalid checksum digest length"),
    ("r.example/a@sha512:LONG(128)", "is not a digest"),
    ("r.example/a@md5:LONG(32)", "unsupported digest algorithm"),
    ("r.example/a@SHA256:LONG(64)", "unsupported digest algorithm"),
    ("r.example/a@DIGEST@DIGEST", "invalid reference format"),
    // A letter that looks like another is another repository.
    ("ghcr.io/kubewаrden/a", "character 14 is `а`; only ASCII"),
    ("r.example/a:v1\u{200b}", "character 15"),
    ("r.example/a:٣", "character 13"),
    ("☃.example/a", "character 1 is `☃`"),
    ("r.example\u{2215}a/b", "character 10"),
];

#[test]
fn references_are_read_by_the_distribution_grammar() {
    assert!(READ.len() + REFUSED.len() >= 60);
    for (given, full) in READ {
        let (given, full) = (expand(given), expand(full));
        let read: Reference = given.parse().unwrap_or_else(|cause| panic!("{cause}"));
        assert_eq!(read.to_string(), full, "{given}");
        assert_eq!(full.parse::<Reference>().unwrap(), read, "{given}: what is written is read as the same");
    }
}

#[test]
fn what_is_no_reference_is_said_to_be_none() {
    for (given, cause) in REFUSED {
        let given = expand(given);
        match given.parse::<Reference>() {
            Ok(read) => panic!("{given:?} was read as {read}"),
            Err(error) => assert!(error.to_string().contains(cause), "{given:?}: {error}"),
        }
    }
}

#[test]
fn a_digest_in_upper_case_is_no_digest() {
    let upper = format!("r.example/a@sha256:{}", HEX.to_uppercase());
    assert!(upper.parse::<Reference>().unwrap_err().to_string().contains("lower-case"));
}

#[test]
fn only_this_machine_is_this_machine() {
    for (text, is_loopback) in [
        ("localhost/a", true),
        ("localhost:5000/a", true),
        ("127.0.0.1:5000/a", true),
        ("127.9.9.9/a", true),
        ("localhost.example/a", false),
        ("127.0.0.1.example/a", false),
        ("128.0.0.1/a", false),
        ("a", false),
    ] {
        assert_eq!(text.parse::<Reference>().unwrap().is_loopback(), is_loopback, "{text}");
    }
}

#[test]
fn an_address_begins_with_a_scheme() {
    for address in ["registry://ghcr.io/shop/web:1", "oci://ghcr.io/shop/web:1"] {
        assert_eq!(Reference::of_address(address).unwrap().unwrap().to_string(), "ghcr.io/shop/web:1");
    }
    for path in ["ghcr.io/shop/web:1", "./web.wasm", "https://ghcr.io/shop/web:1", "Registry://ghcr.io/a", ""] {
        assert_eq!(Reference::of_address(path), None, "{path}");
    }
    assert!(Reference::of_address("registry://ghcr.io/Shop").unwrap().is_err());
}
