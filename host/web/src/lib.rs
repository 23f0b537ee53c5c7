//! The browser's face: what a page or a Node program may call, in its own types.
//!
//! It decides nothing: it hands manifests to a session, runs modules with the WebAssembly that is there, and gives the
//! report back. The npm package `seaworthy` (`library/`) is written on it and is what people use; nothing here is
//! called by anybody else.
#![warn(missing_docs)]

mod edited;
mod error;
mod number;
mod options;
pub mod pack;
mod runtime;
mod screen;
mod session;

use std::time::Duration;

use engine::report::render;
use engine::scorecard::{self, Grouping, Scorecard};
use protocol::Profile;
use wasm_bindgen::prelude::*;

pub use error::{LoadError, SessionError};

/// What every output says that it was made by.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The text of a file with the edit of a finding made in it: comments and layout stay. `at` says which object, `edit` is
/// the finding's, both JSON.
///
/// # Errors
/// Why it cannot be made.
#[wasm_bindgen]
pub fn edited(name: &str, text: String, at: &str, edit: &str) -> Result<String, JsError> {
    edited::text(name, text, at, edit).map_err(|cause| refused(&cause))
}

/// A bundle of rules, ready to judge. Files are given as names and texts in turn, options as JSON; answers are text.
#[wasm_bindgen]
pub struct Session(session::Session<runtime::Environment>);

#[wasm_bindgen]
impl Session {
    /// Reads a bundle as `make web` packs it, and compiles its rules.
    ///
    /// # Errors
    /// It is no such bundle, or a rule in it cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(bundle: &[u8]) -> Result<Self, JsError> {
        let mut session = session::Session::new(runtime::Environment::default());
        for (name, wasm) in pack::unpack(bundle).map_err(|cause| refused(&cause.into()))? {
            session.add_rule(&name, &wasm).map_err(|cause| refused(&cause))?;
        }
        Ok(Self(session))
    }

    /// The metadata of all rules and policies, JSON.
    #[must_use]
    pub fn rules(&self) -> String {
        serde_json::to_string(&self.0.rules()).unwrap_or_default()
    }

    /// Has a policy of somebody else's judge from now on. Settings are JSON, and looked at by the policy; the answer is its
    /// metadata, JSON.
    ///
    /// # Errors
    /// Why it is refused.
    #[wasm_bindgen(js_name = addPolicy)]
    pub fn add_policy(&mut self, name: &str, wasm: &[u8], settings: Option<String>) -> Result<String, JsError> {
        let metadata = self.0.add_policy(name, wasm, settings.as_deref()).map_err(|cause| refused(&cause))?;
        Ok(serde_json::to_string(metadata).unwrap_or_default())
    }

    /// Forgets a policy that was added; of any other name nothing.
    #[wasm_bindgen(js_name = removePolicy)]
    pub fn remove_policy(&mut self, name: &str) {
        self.0.remove_policy(name);
    }

    /// Does not run a rule any more: it is said to have been stopped after that many milliseconds, or without them to
    /// have interrupted the engine.
    pub fn stop(&mut self, name: &str, milliseconds: Option<u32>) {
        self.0.runtime().stop(name, milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into())));
        self.0.forget(name);
    }

    /// The report, byte for byte what `seaworthy check --format json` prints.
    ///
    /// # Errors
    /// Options or settings that do not hold.
    pub fn check(&mut self, files: Vec<String>, options: &str) -> Result<String, JsError> {
        self.judged(files, options, Profile::Recommended, |report| {
            render::text(|out| render::json(report, VERSION, out)) + "\n"
        })
    }

    /// The readiness checklist, what `seaworthy readiness --format json` prints.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn readiness(&mut self, files: Vec<String>, options: &str) -> Result<String, JsError> {
        self.judged(files, options, Profile::Full, |report| {
            scorecard::render::json(&Scorecard::new(report, &Grouping::default()), report, VERSION) + "\n"
        })
    }

    /// The report as SARIF 2.1.0, what `seaworthy check --format sarif` prints.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn sarif(&mut self, files: Vec<String>, options: &str) -> Result<String, JsError> {
        self.judged(files, options, Profile::Recommended, |report| {
            render::text(|out| render::sarif(report, render::Accepted::Suppressed, VERSION, out)) + "\n"
        })
    }

    /// The readiness checklist as Markdown, what `seaworthy readiness --format markdown` prints.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn markdown(&mut self, files: Vec<String>, options: &str) -> Result<String, JsError> {
        self.judged(files, options, Profile::Full, |report| {
            scorecard::render::markdown(&Scorecard::new(report, &Grouping::default()), report)
        })
    }
}

impl Session {
    fn judged(
        &mut self,
        files: Vec<String>,
        options: &str,
        usual: Profile,
        then: impl FnOnce(&engine::Report<'_>) -> String,
    ) -> Result<String, JsError> {
        self.0.judged(files, options, usual, then).map_err(|cause| refused(&cause))
    }
}

fn refused(cause: &SessionError) -> JsError {
    JsError::new(&cause.to_string())
}
