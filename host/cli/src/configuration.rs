//! The configuration of a run: found, read with what it extends, from the disk or from a revision that is trusted.
//!
//! All paths in a configuration begin in the folder of the one that was found; only what it extends begins in the folder of
//! the file that says so.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};

use engine::Folders;
use engine::baseline::Baseline;
use engine::config::{Config, ConfigError, FILE_NAME, Loader, SignatureConfig};
use engine::manifest::Limits;
use engine::waiver::Date;
use protocol::RuleMetadata;
use registry::Reference;
use sources::{Exclude, Mode, RenderOptions, Revision};

use crate::cache;
use crate::failure::Failure;
use crate::options::configuration::ConfigOptions;
use crate::options::rendering::{Render, Rendering};
use crate::present::output;
use crate::published;

/// The file of a configuration, and where all its files are read from.
pub struct Located {
    path: PathBuf,
    place: Place,
}

/// Where files are read from.
enum Place {
    Disk,
    Revision(Revision),
}

impl Place {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        match self {
            Self::Disk => sources::read_regular(path, Limits::default().bytes).map_err(|cause| cause.to_string()),
            Self::Revision(revision) => revision.read(path).map_err(|cause| cause.to_string()),
        }
    }

    fn has(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.symlink_metadata().is_ok(),
            Self::Revision(revision) => revision.has(path),
        }
    }
}

/// A configuration, and what files it is about.
pub struct Configuration {
    pub config: Config,
    /// The file, as people type it; none where there is no configuration.
    pub shown: Option<String>,
    folder: Option<PathBuf>,
    place: Place,
}

/// The file of the configuration that counts for this input, if there is one.
///
/// # Errors
/// There are several, or the revision that is trusted does not exist.
pub fn locate(options: &ConfigOptions, paths: &[PathBuf]) -> Result<(Option<PathBuf>, Located), Failure> {
    let starts = starts(paths);
    let place = match &options.trusted_config {
        None => Place::Disk,
        Some(name) => {
            let folder = starts.first().cloned().unwrap_or_else(working);
            let revision = Revision::new(&folder, name);
            Place::Revision(revision.map_err(|cause| Failure::Usage(format!("--trusted-config: {cause}")))?)
        }
    };
    let path = match (&options.config, options.no_config) {
        (Some(path), _) => Some(absolute(path)),
        (None, true) => None,
        (None, false) => above(&starts, &place)?,
    };
    let located = Located { path: path.clone().unwrap_or_default(), place };
    Ok((path, located))
}

impl Located {
    /// Reads it for these rules.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(self, rules: &[&RuleMetadata]) -> Result<Configuration, Failure> {
        let Self { path, place } = self;
        if path.as_os_str().is_empty() {
            return Ok(Configuration { config: Config::default(), shown: None, folder: None, place });
        }
        let mut files = Files::new(&place);
        let (name, text) = files.open(&path).map_err(|(name, cause)| Failure::File(format!("{name} {cause}")))?;
        let config = Config::load(&name, text, rules, &mut files).map_err(|cause| refused(&cause))?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let config = config.from_folders(&Folders { working: text(&working()), root: text(&folder) });
        Ok(Configuration { config, shown: Some(name), folder: Some(folder), place })
    }

    /// Hands its name, its text and what reads others to whoever wants no rules.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open<T>(
        &self,
        then: impl FnOnce(&str, Vec<u8>, &mut dyn Loader) -> Result<T, ConfigError>,
    ) -> Result<T, Failure> {
        let mut files = Files::new(&self.place);
        let (name, text) = files.open(&self.path).map_err(|(name, cause)| Failure::File(format!("{name} {cause}")))?;
        then(&name, text, &mut files).map_err(|cause| refused(&cause))
    }
}

impl Configuration {
    /// The same for files that lie elsewhere, such as a copy of a revision: what the configuration's folder leads to.
    pub fn relocated(&self, to: impl Fn(&Path) -> PathBuf) -> Self {
        let folder = self.folder.as_deref().map(to);
        Self { config: self.config.clone(), shown: self.shown.clone(), folder, place: Place::Disk }
    }

    /// What is read and what is not, as the configuration says.
    ///
    /// # Errors
    /// A pattern is not valid.
    pub fn patterns(&self, baseline: Option<&Path>) -> Result<Vec<Exclude>, Failure> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let Config { include, exclude, .. } = &self.config;
        let read = |text: &String| -> Result<Exclude, Failure> {
            let pattern: Exclude = text.parse().map_err(|cause| {
                Failure::Usage(format!("{}: the pattern `{text}`: {cause}", self.shown.as_deref().unwrap_or_default()))
            })?;
            Ok(pattern.within(folder))
        };
        let mut all = Vec::new();
        for pattern in exclude {
            all.push(read(pattern)?.configured());
        }
        for pattern in include {
            all.push(read(pattern)?.configured().included());
        }
        // It lies beside what it is about, and is no manifest.
        let baseline = self.config.baseline.iter().filter(|_| baseline.is_none());
        all.extend(baseline.map(|path| read(&format!("/{path}"))).collect::<Result<Vec<_>, _>>()?);
        Ok(all)
    }

    /// Where CustomResourceDefinitions are that are no part of the input: as the command line says and as this does.
    #[must_use]
    pub fn definitions(&self, given: &[PathBuf]) -> Vec<PathBuf> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        let said = self.config.crds.iter().map(|path| PathBuf::from(shown(&clean(&folder.join(path)))));
        given.iter().cloned().chain(said).collect()
    }

    /// How charts and kustomizations are rendered: as the command line says, and where it says nothing as this does.
    ///
    /// # Errors
    /// A version is not valid, or a file of values that was named does not exist.
    pub fn rendering(&self, given: &Rendering) -> Result<RenderOptions, Failure> {
        let said = &self.config.rendering;
        let within = |path: &String| self.folder.as_deref().unwrap_or(Path::new("")).join(path);
        let refused = |version: &str| {
            Failure::Usage(format!("{}: `{version}` is not a version", self.shown.as_deref().unwrap_or_default()))
        };
        if let Some(path) = given.values.iter().find(|path| !path.exists()) {
            return Err(Failure::File(format!("--values {} does not exist", output::shown(path))));
        }
        let missing = said.values.iter().find(|path| !within(path).exists());
        if let (Some(path), Some(shown)) = (missing, &self.shown) {
            let message =
                format!("{shown}: `rendering.values` names {}, which does not exist", output::shown(Path::new(path)));
            return Err(Failure::File(message));
        }
        let mut options = given.options();
        options.cache = cache::folder().map(|folder| folder.join("renderings"));
        if given.render.is_none() && said.enabled == Some(false) {
            options.mode = Mode::Never;
        }
        options.values.splice(0..0, said.values.iter().map(within));
        options.set.splice(0..0, said.set.iter().cloned());
        options.roots.extend(said.roots.iter().map(within));
        options.repositories.extend(said.repositories.iter().cloned());
        options.generators.clone_from(&said.generators);
        if let Some(version) = said.kube_version.as_ref().filter(|_| given.kube_version.is_none()) {
            if !sources::is_kube_version(version) {
                return Err(refused(version));
            }
            options.kube_version.clone_from(version);
        }
        for version in &said.api_versions {
            if !sources::is_api_version(version) {
                return Err(refused(version));
            }
            options.api_versions.push(version.clone());
        }
        Ok(options)
    }

    /// Who says that nothing is rendered, if somebody does.
    pub fn render_never(&self, given: &Rendering) -> Option<String> {
        if given.render == Some(Render::Never) {
            return Some("`--render never`".to_owned());
        }
        let is_off = given.render.is_none() && self.config.rendering.enabled == Some(false);
        let file = self.shown.as_deref().unwrap_or_default();
        is_off.then(|| format!("`rendering.enabled` is false in {file}"))
    }

    /// The findings that are known: of the file that was named, or else of the one in the configuration.
    ///
    /// # Errors
    /// It cannot be read, or is not a baseline.
    pub fn baseline(&self, given: Option<&Path>) -> Result<Option<Baseline>, Failure> {
        let Some(path) = self.baseline_path(given) else { return Ok(None) };
        read_baseline(&shown(&path), self.place.read(&path)).map(Some)
    }

    /// The files on the disk that say what is expected, as people type them: its own and the baseline.
    pub fn files(&self, baseline: Option<&Path>) -> Vec<PathBuf> {
        if matches!(self.place, Place::Revision(_)) {
            return Vec::new();
        }
        let baseline = self.baseline_path(baseline).map(|path| PathBuf::from(shown(&path)));
        self.shown.iter().map(PathBuf::from).chain(baseline).collect()
    }

    /// The file of the findings that are known.
    pub fn baseline_path(&self, given: Option<&Path>) -> Option<PathBuf> {
        match (given, &self.config.baseline, &self.folder) {
            (Some(path), ..) => Some(absolute(path)),
            (None, Some(path), Some(folder)) => Some(clean(&folder.join(path))),
            _ => None,
        }
    }
}

/// The baseline of that name.
///
/// # Errors
/// It could not be read, or is not a baseline.
pub fn read_baseline(name: &str, text: Result<Vec<u8>, String>) -> Result<Baseline, Failure> {
    let text = text
        .map_err(|cause| Failure::File(format!("the baseline {name} {cause}; `seaworthy baseline write` makes one")))?;
    Baseline::read(name, text).map_err(|cause| Failure::Usage(format!("{name}:{cause}")))
}

/// What is wrong with a configuration.
pub fn refused(cause: &ConfigError) -> Failure {
    Failure::Usage(format!("{}:{cause}", cause.file))
}

/// Reads what configurations extend.
struct Files<'a> {
    place: &'a Place,
    /// Where each that was read lies, by its name.
    folders: HashMap<String, PathBuf>,
}

impl<'a> Files<'a> {
    fn new(place: &'a Place) -> Self {
        Self { place, folders: HashMap::new() }
    }

    /// The name and the text of a file, or the name and why it cannot be read.
    fn open(&mut self, path: &Path) -> Result<(String, Vec<u8>), (String, String)> {
        let name = shown(path);
        let text = self.place.read(path).map_err(|cause| (name.clone(), cause))?;
        self.folders.insert(name.clone(), path.parent().map(Path::to_owned).unwrap_or_default());
        Ok((name, text))
    }
}

impl Loader for Files<'_> {
    fn load(&mut self, reference: &str, from: &str, trusted: &[SignatureConfig]) -> Result<(String, Vec<u8>), String> {
        if let Some(read) = Reference::of_address(reference) {
            let read = read.map_err(|cause| cause.to_string())?;
            return Ok((reference.to_owned(), published::fetch(&read, trusted)?));
        }
        if reference.contains("://") {
            return Err("is not a file, and not registry://HOST/REPOSITORY@sha256:DIGEST".into());
        }
        let Some(folder) = self.folders.get(from) else {
            return Err(NO_FILE.into());
        };
        self.open(&clean(&folder.join(reference))).map_err(|(_, cause)| cause)
    }
}

/// A configuration in a registry cannot extend a file.
const NO_FILE: &str = "is a file, and a configuration in a registry has no files beside it: push this file too, and write its \
                       address here, registry://HOST/REPOSITORY@sha256:DIGEST";

/// The text of a configuration that is to be published: one that holds for these rules, and extends no file.
///
/// # Errors
/// What is wrong with it, and where.
pub fn publishable(path: &Path, rules: &[&RuleMetadata], today: Date) -> Result<Vec<u8>, Failure> {
    let path = absolute(path);
    let mut files = Files::new(&Place::Disk);
    let (name, text) = files.open(&path).map_err(|(name, cause)| Failure::File(format!("{name} {cause}")))?;
    // As for those who extend it, nothing lies beside it.
    files.folders.clear();
    let config = Config::load(&name, text.clone(), rules, &mut files).map_err(|cause| refused(&cause))?;
    config.check_waivers(today).map_err(|cause| refused(&cause))?;
    Ok(text)
}

/// The nearest configuration in these folders or above them, up to the root of the repository.
fn above(starts: &[PathBuf], place: &Place) -> Result<Option<PathBuf>, Failure> {
    let mut found: Option<PathBuf> = None;
    for start in starts {
        let is_root = |folder: &Path| folder.join(".git").symlink_metadata().is_ok();
        let mut folders = start.ancestors();
        let nearest = loop {
            let Some(folder) = folders.next() else { break None };
            let path = folder.join(FILE_NAME);
            if place.has(&path) {
                break Some(path);
            }
            if is_root(folder) {
                break None;
            }
        };
        match (&found, nearest) {
            (_, None) => {}
            (None, nearest) => found = nearest,
            (Some(one), Some(other)) if *one == other => {}
            (Some(one), Some(other)) => {
                return Err(Failure::Usage(format!(
                    "two configurations are for this input: {} and {}; give one with --config",
                    shown(one),
                    shown(&other)
                )));
            }
        }
    }
    Ok(found)
}

/// The folders that the input is in.
fn starts(paths: &[PathBuf]) -> Vec<PathBuf> {
    let start = |path: &PathBuf| {
        if path.as_os_str() == sources::STDIN {
            return Some(working());
        }
        let real = path.canonicalize().ok()?;
        if real.is_dir() { Some(real) } else { real.parent().map(Path::to_owned) }
    };
    paths.iter().filter_map(start).collect()
}

fn working() -> PathBuf {
    env::current_dir().and_then(|folder| folder.canonicalize()).unwrap_or_default()
}

/// Where a path leads that was typed. The folder may be a link, the file may not be there.
fn absolute(path: &Path) -> PathBuf {
    let path = clean(&working().join(path));
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// The path without `.` and `..`.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for step in path.components() {
        match step {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => _ = clean.pop(),
            other => clean.push(other),
        }
    }
    clean
}

/// A path as people type it: from here, where it lies below, or above.
pub fn shown(path: &Path) -> String {
    let here = working();
    if let Ok(below) = path.strip_prefix(&here) {
        return sources::name(below);
    }
    let mut up = PathBuf::new();
    for folder in here.ancestors().skip(1) {
        up.push("..");
        if folder.parent().is_some()
            && let Ok(below) = path.strip_prefix(folder)
        {
            return sources::name(&up.join(below));
        }
    }
    sources::name(path)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        rendering: Rendering,
    }

    #[test]
    fn a_flag_wins_over_the_configuration_even_if_it_says_the_default() {
        let text = "rendering: {enabled: false, kube_version: 1.30.0}\n";
        let config = Config::read("seaworthy.yaml", text.into(), &[]).unwrap();
        let configuration = Configuration { config, shown: None, folder: None, place: Place::Disk };
        let options = |words: &[&str]| {
            let Line { rendering } = Line::parse_from([&["seaworthy"], words].concat());
            let RenderOptions { mode, kube_version, .. } = configuration.rendering(&rendering).unwrap();
            (matches!(mode, Mode::Never), kube_version)
        };
        assert_eq!(options(&[]), (true, "1.30.0".into()));
        let default = sources::KUBE_VERSION;
        assert_eq!(options(&["--render", "auto", "--kube-version", default]), (false, default.into()));
        assert_eq!(options(&["--render", "never"]), (true, "1.30.0".into()));
    }

    #[test]
    fn the_help_names_the_default_version() {
        let help = <Line as clap::CommandFactory>::command().render_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(&format!("The default is {}", sources::KUBE_VERSION)), "{help}");
    }
}
