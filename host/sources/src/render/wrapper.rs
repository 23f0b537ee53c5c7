//! This program as helm to kustomize: it runs the real one, with arguments that it knows, and fetches nothing.
//!
//! Kustomize takes the chart's folder and its values files from the repository's own texts, so each path is looked at
//! here: whatever lies outside of what was staged is refused.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path};

use walkdir::WalkDir;

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
    /// A chart or values of another place.
    #[error("`{0}` leaves the input: helm does not read it")]
    Outside(String),
}

/// An API version that every cluster has, and that helm alone does not take for given.
pub const ALWAYS_THERE: &str = "apiregistration.k8s.io/v1";

/// Flags of `helm template` that kustomize sets with a value of ours or of its own.
const WITH_VALUE: [&str; 8] =
    ["--namespace", "-n", "--values", "-f", "--kube-version", "--api-versions", "--name-template", "--version"];

/// Flags without a value.
const ALONE: [&str; 7] =
    ["--include-crds", "--skip-tests", "--no-hooks", "--skip-hooks", "--generate-name", "--debug", "--short"];

/// The arguments for the real helm, of those that kustomize has for it. Helm reads and writes only below `within`, a
/// folder without links on the way to it.
///
/// # Errors
/// What is not passed on.
pub fn helm_arguments(
    arguments: &[OsString],
    kube_version: &str,
    allow_network: bool,
    within: &Path,
) -> Result<Vec<OsString>, Refused> {
    let text = |argument: &OsString| match argument.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Refused::Argument(argument.to_string_lossy().into_owned())),
    };
    let arguments: Vec<String> = arguments.iter().map(text).collect::<Result<_, _>>()?;
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => return Err(Refused::Argument(String::new())),
    };
    match command {
        "version" => Ok(["version", "--short"].map(OsString::from).to_vec()),
        "pull" if allow_network => pull(rest, within),
        "pull" | "fetch" => Err(Refused::Network),
        "template" => template(rest, kube_version, within),
        other => Err(Refused::Argument(other.to_owned())),
    }
}

fn template(arguments: &[String], kube_version: &str, within: &Path) -> Result<Vec<OsString>, Refused> {
    let refused = |argument: &str| Err(Refused::Argument(argument.to_owned()));
    let mut passed: Vec<OsString> = vec!["template".into()];
    let (mut at, mut has_version) = (arguments.iter(), false);
    // The name of the release comes first, unless a flag makes one.
    let mut is_named = !arguments.iter().any(|it| it.starts_with("--generate-name"));
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
            if matches!(flag, "--values" | "-f") {
                inside(value, within)?;
            }
            has_version |= flag == "--kube-version";
            passed.extend([flag.into(), value.into()]);
        } else if argument.starts_with('-') || argument.contains("://") {
            return refused(argument);
        } else if is_named {
            is_named = false;
            if !names::is_release(argument) {
                return refused(argument);
            }
            passed.push(argument.into());
        } else {
            inside(argument, within)?;
            passed.push(argument.into());
        }
    }
    if !has_version {
        passed.extend(["--kube-version".into(), kube_version.into()]);
    }
    passed.extend(["--api-versions".into(), ALWAYS_THERE.into()]);
    Ok(passed)
}

/// A chart from elsewhere, which helm unpacks to a folder.
fn pull(arguments: &[String], within: &Path) -> Result<Vec<OsString>, Refused> {
    let mut passed: Vec<OsString> = vec!["pull".into()];
    let mut at = arguments.iter();
    while let Some(argument) = at.next() {
        passed.push(argument.into());
        match argument.as_str() {
            "--untar" | "--debug" => {}
            "--untardir" | "--repo" | "--version" => {
                let value = at.next().filter(|value| !value.starts_with('-'));
                let Some(value) = value else { return Err(Refused::Argument(argument.clone())) };
                // The folder may have to be made.
                let folder = Path::new(value).ancestors().find_map(|it| fs::canonicalize(it).ok());
                let is_inside = folder.is_some_and(|folder| folder.starts_with(within))
                    && Path::new(value).components().all(|step| step != Component::ParentDir);
                if argument == "--untardir" && !is_inside {
                    return Err(Refused::Outside(value.clone()));
                }
                passed.push(value.into());
            }
            other if other.starts_with('-') => return Err(Refused::Argument(other.to_owned())),
            _ => {}
        }
    }
    Ok(passed)
}

/// Refuses a file or a folder that does not lie below `within`, or that holds a link to elsewhere.
fn inside(path: &str, within: &Path) -> Result<(), Refused> {
    let is_inside = |path: &Path| fs::canonicalize(path).is_ok_and(|real| real.starts_with(within));
    let links = || WalkDir::new(path).into_iter().flatten().filter(|entry| entry.path_is_symlink());
    let is_safe = !within.as_os_str().is_empty() && is_inside(Path::new(path));
    if is_safe && links().all(|link| is_inside(link.path())) { Ok(()) } else { Err(Refused::Outside(path.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn stage() -> TempDir {
        let stage = tempfile::tempdir().unwrap();
        fs::create_dir_all(stage.path().join("charts/web")).unwrap();
        fs::write(stage.path().join("v.yaml"), "a: 1").unwrap();
        stage
    }

    fn ask(stage: &TempDir, arguments: &[&str], allow_network: bool) -> Result<Vec<String>, Refused> {
        let within = fs::canonicalize(stage.path()).unwrap();
        let folder = within.to_str().unwrap();
        let arguments: Vec<OsString> = arguments.iter().map(|it| it.replace("STAGE", folder).into()).collect();
        let passed = helm_arguments(&arguments, "1.36.0", allow_network, &within)?;
        Ok(passed.into_iter().map(|it| it.into_string().unwrap().replace(folder, "STAGE")).collect())
    }

    #[test]
    fn a_template_is_rendered_for_a_version() {
        let stage = stage();
        let given = ["template", "web", "STAGE/charts/web", "-f", "STAGE/v.yaml", "--namespace=shop", "--include-crds"];
        let expected = [
            "template",
            "web",
            "STAGE/charts/web",
            "-f",
            "STAGE/v.yaml",
            "--namespace",
            "shop",
            "--include-crds",
            "--kube-version",
            "1.36.0",
            "--api-versions",
            ALWAYS_THERE,
        ];
        assert_eq!(ask(&stage, &given, false).unwrap(), expected);
        assert_eq!(ask(&stage, &["version", "-c", "--short"], false).unwrap(), ["version", "--short"]);
        assert!(ask(&stage, &["template", "--generate-name", "STAGE/charts/web"], false).is_ok());
    }

    #[test]
    fn nothing_is_fetched_and_no_unknown_flag_is_passed_on() {
        let stage = stage();
        assert_eq!(ask(&stage, &["pull", "--repo", "https://x", "web"], false), Err(Refused::Network));
        for hostile in [
            vec!["template", "--post-renderer=./x.sh", "web"],
            vec!["template", "web", "STAGE/charts/web", "--post-renderer", "./x.sh"],
            vec!["template", "web", "https://example.com/c.tgz"],
            vec!["template", "web", "oci://example.com/c"],
            vec!["template", "web", "STAGE/charts/web", "--namespace", "--post-renderer=x"],
            vec!["template", "web", "STAGE/charts/web", "--repo", "https://x"],
            vec!["template", "web", "STAGE/charts/web", "-f", "https://x/values.yaml"],
            vec!["template", "web", "STAGE/charts/web", "--values"],
            vec!["template", "../web", "STAGE/charts/web"],
            vec!["plugin", "install", "x"],
            vec![],
        ] {
            assert!(matches!(ask(&stage, &hostile, false), Err(Refused::Argument(_))), "{hostile:?}");
        }
        let bytes = OsString::from_vec(vec![b'a', 0xff]);
        let asked = helm_arguments(&["template".into(), "web".into(), bytes], "1.36.0", false, stage.path());
        assert!(matches!(asked, Err(Refused::Argument(_))), "no path is read as another one");
    }

    #[test]
    fn what_lies_outside_of_the_stage_is_not_read() {
        let (stage, outside) = (stage(), stage());
        let elsewhere = outside.path().to_str().unwrap();
        let chart = format!("{elsewhere}/charts/web");
        let values = format!("{elsewhere}/v.yaml");
        for hostile in [
            vec!["template", "web", &chart],
            vec!["template", "--generate-name", &chart],
            vec!["template", "web", "STAGE/charts/web", "-f", &values],
            vec!["template", "web", "STAGE/charts/web", "-f", "STAGE/../v.yaml"],
            vec!["template", "web", "STAGE/charts/gone"],
            vec!["template", "web", "STAGE/charts/web", "/"],
        ] {
            for allow_network in [false, true] {
                assert!(matches!(ask(&stage, &hostile, allow_network), Err(Refused::Outside(_))), "{hostile:?}");
            }
        }
        symlink(&values, stage.path().join("charts/web/a.txt")).unwrap();
        let linked = ask(&stage, &["template", "web", "STAGE/charts/web"], true);
        assert!(matches!(linked, Err(Refused::Outside(_))), "a link in a chart that was fetched");
        assert!(ask(&outside, &["template", "web", "STAGE/charts/web"], true).is_ok());
        let nowhere = helm_arguments(&["template".into(), "web".into(), chart.into()], "1.36.0", false, Path::new(""));
        assert!(matches!(nowhere, Err(Refused::Outside(_))), "nobody has said where the stage is");
    }

    #[test]
    fn a_chart_is_unpacked_only_into_the_stage() {
        let stage = stage();
        let pull =
            |folder: &str| ask(&stage, &["pull", "--untar", "--untardir", folder, "--repo", "https://x", "web"], true);
        assert_eq!(pull("STAGE/charts/new/web").unwrap().len(), 7);
        for hostile in ["/", "STAGE/new/../../x", "/nonexistent/charts"] {
            assert!(matches!(pull(hostile), Err(Refused::Outside(_))), "{hostile}");
        }
        let flag = ask(&stage, &["pull", "--post-renderer", "web"], true);
        assert!(matches!(flag, Err(Refused::Argument(_))));
    }
}
