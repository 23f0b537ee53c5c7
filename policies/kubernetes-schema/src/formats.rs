//! Texts as the API server takes them. A format knows text alone, and not where it stands.
//!
//! The sources are `k8s.io/apimachinery/pkg/util/validation`, `pkg/api/resource` and what Go's own library reads.

use alloc::format;

use crate::addresses;

/// A form that a text must have.
pub struct Format {
    pub is: fn(&str) -> bool,
    /// The same in a minor version, where versions differ.
    in_minor: Option<fn(&str, u8) -> bool>,
    /// What a text of that form is, for a message: "this is not ...".
    pub wanted: &'static str,
}

macro_rules! formats {
    ($($name:ident: $is:expr, $wanted:literal;)*) => {
        $(pub static $name: Format = Format { is: $is, in_minor: None, wanted: $wanted };)*
    };
}

impl Format {
    /// Whether the text has this form, in this minor version.
    pub fn fits(&self, text: &str, minor: u8) -> bool {
        self.in_minor.map_or_else(|| (self.is)(text), |is| is(text, minor))
    }

    const fn by_minor(is: fn(&str, u8) -> bool, wanted: &'static str) -> Self {
        Self { is: |_| false, in_minor: Some(is), wanted }
    }
}

pub static IP: Format = Format::by_minor(addresses::is_ip, "an IP address");
pub static CIDR: Format = Format::by_minor(addresses::is_cidr, "a range of IP addresses such as 10.0.0.0/8");
pub static ENDPOINT_IP: Format = Format::by_minor(addresses::is_endpoint, "an IP address that others can reach");
pub static OTHERS_RESOURCE: Format =
    Format::by_minor(|text, minor| minor < 36 || is_extended(text), "a resource such as example.com/gpu");

formats! {
    DNS_LABEL: is_dns_label, "a DNS label: at most 63 lower-case letters, digits and `-`, a letter or digit at both ends";
    DNS_1035: is_dns_1035, "a DNS label that begins with a letter: at most 63 lower-case letters, digits and `-`";
    DNS_SUBDOMAIN: is_dns_subdomain, "a DNS name: lower-case letters, digits, `-` and `.`, at most 253 characters";
    WILDCARD_DNS: is_host, "a DNS name, or one behind `*.`";
    QUALIFIED_NAME: is_qualified_name, "a name of at most 63 letters, digits, `-`, `_` and `.`, behind a DNS name and `/` or alone";
    LABEL_VALUE: is_label_value, "a label's value: at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends";
    PORT_NAME: is_port_name, "a port's name: at most 15 lower-case letters, digits and `-`, at least one letter";
    ENV_NAME: is_env_name, "a variable's name: any printable ASCII but `=`";
    CONFIG_KEY: is_config_key, "a key of letters, digits, `-`, `_` and `.`, at most 253 characters";
    HTTP_HEADER: is_http_header, "a header's name: letters, digits and `-`";
    PATH_SEGMENT: is_path_segment, "a name without `/` and `%`";
    ABSOLUTE_PATH: |text| text.starts_with('/'), "a path that begins with `/`";
    RELATIVE_PATH: is_relative_path, "a relative path without `..`";
    NO_BACKSTEPS: |text| !text.split('/').any(|part| part == ".."), "a path without `..`";
    TRIMMED: |text| text.trim() == text, "without spaces around it";
    NAME_PREFIX: |text| is_dns_subdomain(text.trim_end_matches('-')), "a name, or the beginning of one";
    LOCAL_PATH: |text| is_relative_path(text) && (!text.starts_with("..") || text.starts_with("../")), "a relative path that does not begin with `..`";
    DNS_SEARCH: |text| text == "." || is_search(text.strip_suffix('.').unwrap_or(text)), "a DNS name";
    SYSCTL: is_sysctl, "a sysctl such as net.ipv4.tcp_syncookies";
    WINDOWS_USER: is_windows_user, "a user of Windows such as ContainerUser or DOMAIN\\user";
    ISCSI_NAME: is_iscsi, "a name that begins with iqn, eui or naa";
    CSI_DRIVER: |text| text.len() <= 63 && is_dns_subdomain(&text.to_ascii_lowercase()), "a driver's name: a DNS name of at most 63 characters";
    FINALIZER: |text| is_qualified_name(text) && (text.contains('/') || matches!(text, "kubernetes" | "orphan" | "foregroundDeletion")), "`kubernetes`, or a name with a domain";
    DOMAIN_PATH: is_domain_path, "a path behind a domain, such as example.com/controller";
    QUALIFIED_NAME_CASELESS: |text| is_qualified_name(&text.to_ascii_lowercase()), "a name behind a domain, such as csi.example.com";
    QUALIFIED_DNS: |text| is_dns_subdomain(text) && text.matches('.').count() >= 2, "a name of at least three labels, such as hook.example.com";
    DNS_1035_CASELESS: |text| is_dns_1035(&text.to_ascii_lowercase()), "a name of letters and digits that begins with a letter";
    HTTPS_URL: |text| text.to_ascii_lowercase().strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['@', '?', '#', ' '])), "an address that begins with https://";
    SERVICE_PATH: is_service_path, "a path that begins with `/`";
    VERB: |text| matches!(text, "*" | "get" | "list" | "create" | "update" | "delete" | "deletecollection" | "patch" | "watch" | "proxy"), "a verb such as get";
    SEMVER: is_semver, "a version such as 1.2.3";
    STRATEGY: |text| text == "OldestEmulationVersion" || (text.contains('/') && is_qualified_name(text)), "OldestEmulationVersion, or a name with a domain";
    CEL_NAME: |text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !text.starts_with(|first: char| first.is_ascii_digit()), "a name of letters, digits and `_`";
    POOL_NAME: |text| text.len() <= 253 && text.split('/').all(is_dns_subdomain), "a name of DNS names with `/` between";
    ATTRIBUTE: |text| is_attribute(text, false), "a name of letters, digits and `_`, alone or behind a domain";
    QUALIFIED_ATTRIBUTE: |text| is_attribute(&text.to_ascii_lowercase(), true), "a name of letters, digits and `_` behind a domain";
    JSON_PATH: |text| text.starts_with('.'), "a path that begins with `.`";
    LEASE_NAME: is_config_key, "a name of letters, digits, `-`, `_` and `.`";
    SPEC_PATH: |text| text.starts_with(".spec."), "a path that begins with .spec";
    STATUS_PATH: |text| text.starts_with(".status."), "a path that begins with .status";
    FINALIZER_NAME: is_qualified_name, "a name, best behind a domain: example.com/finalizer";
    ACCOUNT: |text| text == "*" || is_dns_subdomain(text), "a ServiceAccount, or `*`";
    API_VERSION: is_api_version, "a group and a version such as apps/v1";
}

pub fn is_dns_label(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

pub fn is_dns_1035(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

pub fn is_dns_subdomain(text: &str) -> bool {
    // Its labels may be longer than those of DNS.
    let is_part = |part: &str| {
        let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let bytes = part.as_bytes();
        ends(bytes.first())
            && ends(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

pub fn is_host(text: &str) -> bool {
    match text.strip_prefix("*.") {
        Some(rest) => text.len() <= 253 && is_dns_subdomain(rest),
        None => is_dns_subdomain(text),
    }
}

fn is_name(text: &str, most: usize) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= most
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

pub fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name, 63),
        None => is_name(text, 63),
    }
}

pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text, 63)
}

pub fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_env_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=')
}

pub fn is_config_key(text: &str) -> bool {
    text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && text != "."
        && text != ".."
        && !text.is_empty()
        && !text.starts_with("..")
}

fn is_http_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether this is the name of a resource that somebody else than Kubernetes provides.
pub fn is_extended(name: &str) -> bool {
    let prefix = name.split_once('/').map(|(prefix, _)| prefix);
    prefix.is_some_and(|prefix| prefix != "kubernetes.io" && !prefix.ends_with(".kubernetes.io"))
        && !name.starts_with("requests.")
        && is_qualified_name(&format!("requests.{name}"))
}

pub fn is_path_segment(text: &str) -> bool {
    text != "." && text != ".." && !text.contains(['/', '%'])
}

fn is_relative_path(text: &str) -> bool {
    !text.starts_with('/') && !text.split('/').any(|part| part == "..")
}

fn is_search(text: &str) -> bool {
    let is_part = |part: &str| {
        let ends = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
        };
        let bytes = part.as_bytes();
        ends(bytes.first())
            && bytes.last().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_sysctl(text: &str) -> bool {
    let is_part = |part: &str| {
        let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let bytes = part.as_bytes();
        ends(bytes.first())
            && ends(bytes.last())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split(['.', '/']).all(is_part)
}

fn is_windows_user(text: &str) -> bool {
    let (domain, user) = text.split_once('\\').map_or((None, text), |(domain, user)| (Some(domain), user));
    let is_domain = |domain: &str| {
        let is_netbios = (1..=15).contains(&domain.len())
            && !domain.starts_with('.')
            && !domain.contains(['/', ':', '*', '?', '"', '<', '>', '|']);
        is_netbios || is_dns_subdomain(&domain.to_ascii_lowercase())
    };
    !text.chars().any(char::is_control)
        && domain.is_none_or(|domain| domain.len() < 256 && is_domain(domain))
        && (1..=104).contains(&user.len())
        && !user.bytes().all(|byte| matches!(byte, b'.' | b' '))
        && !user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']'])
}

fn is_iscsi(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(rest) = text.strip_prefix("iqn.") {
        // iqn.2001-04.com.example:storage
        let (date, name) = rest.split_once('.').unwrap_or_default();
        let is_date = date.len() == 7
            && date.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() });
        return is_date
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'_'));
    }
    match (text.strip_prefix("eui."), text.strip_prefix("naa.")) {
        (Some(rest), _) => rest.len() == 16 && is_hex(rest),
        (_, Some(rest)) => rest.len() == 32 && is_hex(rest),
        _ => false,
    }
}

fn is_service_path(text: &str) -> bool {
    let inner = text.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    text == "/" || inner.is_some_and(|inner| inner.split('/').all(is_dns_subdomain))
}

fn is_api_version(text: &str) -> bool {
    match text.split_once('/') {
        Some((group, version)) => is_dns_subdomain(group) && is_dns_1035(version),
        None => is_dns_1035(text),
    }
}

fn is_semver(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    if text.ends_with(['-', '+', '.']) {
        return false;
    }
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    core.split('.').count() == 3 && core.split('.').all(is_number)
}

fn is_attribute(text: &str, needs_domain: bool) -> bool {
    let is_name = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    match text.split_once('/') {
        Some((domain, name)) => domain.len() <= 63 && is_dns_subdomain(domain) && is_name(name),
        None => !needs_domain && is_name(text),
    }
}

fn is_domain_path(text: &str) -> bool {
    let is_path = |path: &str| {
        !path.is_empty()
            && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/:@!$&'()*+,;=-._~%".contains(&byte))
    };
    text.split_once('/').is_some_and(|(domain, path)| is_dns_subdomain(domain) && is_path(path))
}

pub fn is_percent(text: &str) -> bool {
    text.strip_suffix('%').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Standard base64 with padding; line breaks do not count.
pub fn is_base64(text: &str) -> bool {
    let bytes = || text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let count = bytes().count();
    let padding = bytes().filter(|byte| *byte == b'=').count();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    count % 4 == 0 && padding <= 2 && bytes().take(count - padding).all(is_letter)
}

/// What `resource.Quantity` reads: a superset of what anybody should write, such as spaces around it, and a suffix alone.
pub fn is_quantity(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return false;
    }
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.get(digits(text)..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.get(digits(fraction)..).unwrap_or_default();
    }
    match rest {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => true,
        exponent => exponent.strip_prefix(['e', 'E']).is_some_and(|number| {
            let number_digits = number.strip_prefix(['-', '+']).unwrap_or(number);
            !number_digits.is_empty() && number.parse::<i64>().is_ok()
        }),
    }
}

/// As Go reads RFC 3339.
pub fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let Some(end) = time.find(['Z', '+', '-']) else { return false };
    let (time, zone) = time.split_at_checked(end).unwrap_or_default();
    let (time, fraction) = time.split_once(['.', ',']).map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    let is_fraction =
        fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_date(date) && is_clock(time) && is_fraction && is_zone(zone)
}

/// With exactly six digits of a second.
pub fn is_micro_time(text: &str) -> bool {
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    is_time(text) && fraction == 6
}

fn number(text: &str, length: usize, least: u32, most: u32) -> Option<u32> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && (least..=most).contains(number))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut part = |length, most| parts.next().and_then(|part| number(part, length, u32::from(length == 2), most));
    let (Some(year), Some(month), Some(day)) = (part(4, 9999), part(2, 12), part(2, 31)) else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    day <= match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_clock(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let mut part = |most| parts.next().and_then(|part| number(part, 2, 0, most)).is_some();
    part(23) && part(59) && part(59)
}

fn is_zone(text: &str) -> bool {
    let offset = |rest: &str| {
        rest.split_once(':')
            .is_some_and(|(hours, minutes)| number(hours, 2, 0, 24).is_some() && number(minutes, 2, 0, 60).is_some())
    };
    text == "Z" || text.strip_prefix(['+', '-']).is_some_and(offset)
}
