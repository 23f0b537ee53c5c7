//! This program as helm to kustomize: it runs the real one, with arguments that it knows, and fetches nothing.

use std::ffi::OsString;

use super::names;

/// Why nothing is run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Charts are fetched only where that is allowed.
    #[error("charts are fetched only with `--allow-network`")]
    Network,
    /// Whatever is not known could do anything.
    #[error("`{0}` is not passed on to helm")]
    Argument(String),
}

/// Flags of `helm template` that kustomize sets with a value of ours or of its own.
const WITH_VALUE: [&str; 8] =
    ["--namespace", "-n", "--values", "-f", "--kube-version", "--api-versions", "--name-template", "--version"];

/// Flags without a value.
const ALONE: [&str; 7] =
    ["--include-crds", "--skip-tests", "--no-hooks", "--skip-hooks", "--generate-name", "--debug", "--short"];

/// The arguments for the real helm, of those that kustomize has for it.
///
/// # Errors
/// What is not passed on.
pub fn helm_arguments(arguments: &[String], kube_version: &str, allow_network: bool) -> Result<Vec<OsString>, Refused> {
    let refused = |argument: &str| Err(Refused::Argument(argument.to_owned()));
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => return refused(""),
    };
    match command {
        "version" => return Ok(["version", "--short"].map(OsString::from).to_vec()),
        "pull" if allow_network => return Ok(arguments.iter().map(OsString::from).collect()),
        "pull" | "fetch" => return Err(Refused::Network),
        "template" => {}
        other => return refused(other),
    }
    let mut passed: Vec<OsString> = vec!["template".into()];
    let (mut at, mut has_version) = (rest.iter(), false);
    while let Some(argument) = at.next() {
        let (flag, value) = argument.split_once('=').map_or((argument.as_str(), None), |(flag, it)| (flag, Some(it)));
        if ALONE.contains(&flag) && value.is_none() {
            passed.push(argument.into());
        } else if WITH_VALUE.contains(&flag) {
            let Some(value) = value.or_else(|| at.next().map(String::as_str)) else { return refused(argument) };
            let is_right = match flag {
                "--namespace" | "-n" => names::is_label(value),
                "--kube-version" => names::is_kube_version(value),
                "--api-versions" => value.split(',').all(names::is_api_version),
                "--name-template" => names::is_release(value),
                "--version" => names::is_version(value),
                _ => !value.starts_with('-') && !value.contains("://"),
            };
            if !is_right {
                return refused(value);
            }
            has_version |= flag == "--kube-version";
            passed.extend([flag.into(), value.into()]);
        } else if argument.starts_with('-') || argument.contains("://") {
            return refused(argument);
        } else {
            passed.push(argument.into());
        }
    }
    if !has_version {
        passed.extend(["--kube-version".into(), kube_version.into()]);
    }
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(arguments: &[&str]) -> Result<Vec<String>, Refused> {
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let passed = helm_arguments(&arguments, "1.36.0", false)?;
        Ok(passed.into_iter().map(|it| it.into_string().unwrap()).collect())
    }

    #[test]
    fn a_template_is_rendered_for_a_version() {
        let passed =
            ask(&["template", "web", "/tmp/charts/web", "-f", "/tmp/v.yaml", "--namespace=shop", "--include-crds"]);
        let expected = [
            "template",
            "web",
            "/tmp/charts/web",
            "-f",
            "/tmp/v.yaml",
            "--namespace",
            "shop",
            "--include-crds",
            "--kube-version",
            "1.36.0",
        ];
        assert_eq!(passed.unwrap(), expected);
        assert_eq!(ask(&["version", "-c", "--short"]).unwrap(), ["version", "--short"]);
    }

    #[test]
    fn nothing_is_fetched_and_no_unknown_flag_is_passed_on() {
        assert_eq!(ask(&["pull", "--repo", "https://x", "web"]), Err(Refused::Network));
        for hostile in [
            vec!["template", "--post-renderer=./x.sh", "web"],
            vec!["template", "web", "c", "--post-renderer", "./x.sh"],
            vec!["template", "web", "https://example.com/c.tgz"],
            vec!["template", "web", "oci://example.com/c"],
            vec!["template", "web", "c", "--namespace", "--post-renderer=x"],
            vec!["template", "web", "c", "--repo", "https://x"],
            vec!["template", "web", "c", "-f", "https://x/values.yaml"],
            vec!["template", "web", "c", "--values"],
            vec!["plugin", "install", "x"],
            vec![],
        ] {
            assert!(matches!(ask(&hostile), Err(Refused::Argument(_))), "{hostile:?}");
        }
    }
}
