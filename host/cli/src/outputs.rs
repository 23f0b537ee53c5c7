//! Where reports go: standard output and files, each looked at before anything is checked, and written at once at the end.
//!
//! It must not know what is written.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::options::outputs::{Format, Output, Outputs};
use crate::present::output::{self, one_line};
use crate::replace::replace;

/// Where GitHub wants the summary of a step.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Where reports go.
pub struct Destinations {
    /// What is printed, if anything is.
    printed: Option<Format>,
    files: Vec<(Format, PathBuf)>,
    /// What is added to, as others write there, too.
    step_summary: Option<PathBuf>,
}

impl Destinations {
    /// Where the options say, if all of it can be written.
    ///
    /// # Errors
    /// Two go to one place, or a folder is not there.
    pub fn new(options: &Outputs) -> Result<Self, Failure> {
        let mut printed = options.format;
        let (mut files, mut step_summary, mut taken) = (Vec::new(), None, HashSet::new());
        for Output { format, file } in &options.outputs {
            match file {
                Some(file) => {
                    if !taken.insert(place(*format, file)?) {
                        let name = shown(file);
                        return Err(Failure::Usage(format!("two outputs are written to {name}: name another file")));
                    }
                    files.push((*format, file.clone()));
                }
                None if *format == Format::StepSummary => step_summary = Some(summary_file()?),
                None => {
                    if let Some(other) = printed.replace(*format) {
                        let (one, other) = (format.name(), other.name());
                        let message = format!(
                            "standard output is {other} already: write the other one to a file, with --output {one}=FILE"
                        );
                        return Err(Failure::Usage(message));
                    }
                }
            }
        }
        Ok(Self { printed: Some(printed.unwrap_or(Format::Human)), files, step_summary })
    }

    /// Whether it is one of those that are written.
    pub fn has(&self, format: Format) -> bool {
        self.printed == Some(format) || self.files.iter().any(|(of, _)| *of == format)
    }

    /// Writes each format to its place: to files first, so that whoever sees the output finds them.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn write(&self, render: impl Fn(Format, &mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        for (format, file) in &self.files {
            let refused = |cause: &dyn std::fmt::Display| Failure::File(format!("{} {cause}", shown(file)));
            replace(file, &plain(&render, *format)?).map_err(|cause| refused(&cause))?;
        }
        if let Some(file) = &self.step_summary {
            let text = plain(&render, Format::StepSummary)?;
            let append = OpenOptions::new().append(true).create(true).open(file);
            let refused = |cause| Failure::File(format!("{} cannot be written: {cause}", shown(file)));
            append.and_then(|mut file| file.write_all(&text)).map_err(refused)?;
        }
        match self.printed {
            None => Ok(()),
            Some(format @ (Format::Json | Format::Sarif)) => output::stream_json(|out| render(format, out)),
            Some(format) => output::stream(|out| render(format, out)),
        }
    }
}

/// What is written to a file: without colours.
fn plain(render: &impl Fn(Format, &mut dyn Write) -> io::Result<()>, format: Format) -> Result<Vec<u8>, Failure> {
    let mut stripped = anstream::StripStream::new(Vec::new());
    render(format, &mut stripped).map_err(Failure::Output)?;
    Ok(stripped.into_inner())
}

/// Where a file will really lie.
fn place(format: Format, file: &Path) -> Result<PathBuf, Failure> {
    let refused = |why: &str| Failure::Usage(format!("--output {}={}: {why}", format.name(), shown(file)));
    let name = file.file_name().ok_or_else(|| refused("a file is needed"))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = fs::canonicalize(folder).ok().filter(|folder| folder.is_dir());
    let real = real.ok_or_else(|| refused(&format!("there is no folder {}: mkdir -p it first", shown(folder))))?;
    match fs::symlink_metadata(file) {
        Ok(kind) if kind.is_dir() => Err(refused("it is a folder")),
        _ => Ok(real.join(name)),
    }
}

fn summary_file() -> Result<PathBuf, Failure> {
    let file = std::env::var_os(STEP_SUMMARY).filter(|file| !file.is_empty());
    file.map(PathBuf::from).ok_or_else(|| {
        let message = format!("--output step-summary: {STEP_SUMMARY} is not set; name a file: step-summary=summary.md");
        Failure::Usage(message)
    })
}

fn shown(path: &Path) -> String {
    one_line(&sources::name(path))
}
