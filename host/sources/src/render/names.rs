//! Which texts of files may become arguments of a tool.
//!
//! A name like `--post-renderer=./x.sh` is a flag to helm. So a name is held against Kubernetes' own grammar before any
//! tool starts, and what is no name is refused. The module must not know where the names stand.

/// The longest name of a release.
const RELEASE: usize = 53;

/// A DNS label, as the name of a namespace is one.
pub fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// The name of a release, as helm has it: labels with dots between them.
pub fn is_release(text: &str) -> bool {
    text.len() <= RELEASE && text.split('.').all(is_label)
}

/// The name of a chart: letters, digits, `.`, `_` and `-`, and no path.
pub fn is_chart(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=250).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with(['-', '.'])
}

/// A version, or a range of versions.
pub fn is_version(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b".+~^<>=|*, -".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with('-')
}

/// Whether the text is a Kubernetes version: `1.36`, `v1.36.2`.
#[must_use]
pub fn is_kube_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    is_version(text) && digits.starts_with(|first: char| first.is_ascii_digit()) && !text.contains([' ', ',', '|', '*'])
}

/// Whether the text is an API version that a chart may ask for: `policy/v1`, `monitoring.coreos.com/v1/ServiceMonitor`.
#[must_use]
pub fn is_api_version(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"./-".contains(&byte);
    (1..=250).contains(&text.len()) && text.bytes().all(is_inner) && !text.starts_with(['-', '/', '.'])
}

/// Groups of Kubernetes' own that end as those of its extensions do.
const BUILT_IN: [&str; 16] = [
    "admissionregistration",
    "apiextensions",
    "apiregistration",
    "authentication",
    "authorization",
    "certificates",
    "coordination",
    "discovery",
    "events",
    "flowcontrol.apiserver",
    "networking",
    "node",
    "rbac.authorization",
    "resource",
    "scheduling",
    "storage",
];

/// Whether an API version is one of Kubernetes' own, which helm knows by itself.
pub fn is_built_in(version: &str) -> bool {
    let group = version.split('/').next().unwrap_or_default();
    let own = group.strip_suffix(".k8s.io");
    !group.contains('.') || own.is_some_and(|own| BUILT_IN.contains(&own))
}

/// A name that a release may have, made of any text.
pub fn release_of(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let made: String =
        lower.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).take(RELEASE).collect();
    let made = made.trim_matches('-');
    if is_release(made) { made.to_owned() } else { "release".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_paths_are_no_names() {
        for hostile in
            ["--post-renderer=./x.sh", "-n", "", "a b", "../web", "/web", "Web", "a\nb", "a,b", "web-", ".a", "a..b"]
        {
            assert!(!is_release(hostile) && !is_label(hostile), "{hostile}");
        }
        for hostile in ["--repo", "../web", "/etc", "", ".", "a/b", "a b"] {
            assert!(!is_chart(hostile), "{hostile}");
        }
        for hostile in ["--version", "", "1.2\n", "$(x)", "1;2"] {
            assert!(!is_version(hostile) && !is_kube_version(hostile), "{hostile}");
        }
        for hostile in ["--x", "/v1", "", "a b"] {
            assert!(!is_api_version(hostile), "{hostile}");
        }
    }

    #[test]
    fn names_of_real_releases_are_names() {
        assert!(is_release("web") && is_release("kube-prometheus-stack") && is_release("web.eu-1"));
        assert!(is_label("shop-dev") && !is_label("shop.dev"));
        assert!(is_chart("kube-state-metrics") && is_chart("my_chart") && is_version(">=1.2.0 <2.0.0"));
        assert!(is_kube_version("1.36.0") && is_kube_version("v1.30") && !is_kube_version("latest"));
        assert!(is_api_version("policy/v1") && is_api_version("monitoring.coreos.com/v1/ServiceMonitor"));
    }

    #[test]
    fn extensions_are_not_built_in() {
        for own in ["v1", "apps/v1/Deployment", "policy/v1", "networking.k8s.io/v1/Ingress", "storage.k8s.io/v1"] {
            assert!(is_built_in(own), "{own}");
        }
        for other in ["monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1", "cert-manager.io/v1/Issuer"] {
            assert!(!is_built_in(other), "{other}");
        }
    }

    #[test]
    fn any_chart_gives_a_name_for_its_release() {
        for (chart, release) in [("web", "web"), ("My_Chart", "my-chart"), ("-", "release"), ("", "release")] {
            assert_eq!(release_of(chart), release);
        }
        assert!(is_release(&release_of(&"a-".repeat(60))));
    }
}
