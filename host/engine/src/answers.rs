//! Answers that were given before: a list of one kind is asked for by each rule and each object, and seldom differs.
//!
//! It must not know what is asked. Whatever an answer depends on is part of its question, so that a remembered answer is
//! the one that would be made again.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use crate::call::CallError;

/// How many bytes of questions and answers are kept. A thousand Services take about 1 MiB.
const BYTES_KEPT: usize = 16 << 20;

/// From where an asker looks at one world: whoever has the same sees the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outlook {
    /// The asker's project.
    pub(crate) project: usize,
    /// How the asker's file is deployed, and the namespace that it names.
    pub(crate) places: (usize, String),
    /// The asker's folder.
    pub(crate) folder: String,
    /// What tells the folders of its variants from others, where there are several: most of these are out of its sight.
    pub(crate) spreads: Vec<u128>,
    /// The asker's file, where more is seen from that than from its folder.
    pub(crate) file: Option<usize>,
}

impl Outlook {
    /// The view of whoever looks at the objects of a cluster, which all see alike.
    pub(crate) const fn of_cluster() -> Self {
        Self { project: 0, places: (0, String::new()), folder: String::new(), spreads: Vec::new(), file: None }
    }

    /// The project whose objects are seen.
    #[must_use]
    pub const fn project(&self) -> usize {
        self.project
    }

    /// The asker's folder, and what tells the folders of its variants from others, within this process.
    #[must_use]
    pub fn folders(&self) -> (&str, &[u128]) {
        (&self.folder, &self.spreads)
    }

    /// Whether it is that of one file, and not of all in its folder.
    #[must_use]
    pub const fn is_of_file(&self) -> bool {
        self.file.is_some()
    }
}

/// What an answer depends on, within one world.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// What the asker sees.
    pub outlook: Outlook,
    /// The look-up's operation.
    pub operation: String,
    /// The look-up's payload, with kind, selectors and masks.
    pub payload: Vec<u8>,
}

/// Parts of what is kept, each with a lock of its own: threads seldom ask for the same part at the same time.
const PARTS: usize = 16;

/// The answers kept, shared by all threads.
#[derive(Debug)]
pub struct Answers {
    parts: [RwLock<HashMap<Question, Arc<[u8]>>>; PARTS],
    bytes: AtomicUsize,
    most: usize,
    keys: RandomState,
}

impl Default for Answers {
    fn default() -> Self {
        Self::within(BYTES_KEPT)
    }
}

impl Answers {
    /// No answers yet, and never more than so many bytes of them.
    #[must_use]
    pub fn within(most: usize) -> Self {
        Self { parts: Default::default(), bytes: AtomicUsize::new(0), most, keys: RandomState::new() }
    }

    /// Bytes of what is kept, as it was counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The answer kept for the question, or else a new one.
    ///
    /// # Errors
    ///
    /// Those of `answer`; they are not kept.
    pub fn get(
        &self,
        question: Question,
        answer: impl FnOnce() -> Result<Vec<u8>, CallError>,
    ) -> Result<Arc<[u8]>, CallError> {
        let part = self.parts.get(self.keys.hash_one(&question) as usize % PARTS);
        // A thread that panicked here costs the others no more than the time to answer again.
        let known = part.and_then(|part| part.read().ok()?.get(&question).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let answer: Arc<[u8]> = answer()?.into();
        let folders = question.outlook.folder.len() + size_of_val(&*question.outlook.spreads);
        let bytes = folders + question.payload.len() + answer.len();
        if bytes > self.most {
            return Ok(answer);
        }
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > self.most {
            self.parts.iter().filter_map(|part| part.write().ok()).for_each(|mut part| part.clear());
            self.bytes.store(bytes, Ordering::Relaxed);
        }
        if let Some(mut part) = part.and_then(|part| part.write().ok()) {
            part.insert(question, Arc::clone(&answer));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(payload: &str) -> Question {
        Question {
            outlook: Outlook {
                project: 0,
                places: (0, String::new()),
                folder: "a".into(),
                spreads: Vec::new(),
                file: None,
            },
            operation: "list".into(),
            payload: payload.into(),
        }
    }

    fn is_remembered(answers: &Answers, payload: &str) -> bool {
        answers.get(question(payload), || Err(CallError::NotFound)).is_ok()
    }

    #[test]
    fn an_answer_is_made_once_and_an_error_is_not_kept() {
        let answers = Answers::default();
        assert!(!is_remembered(&answers, "p"));
        assert_eq!(answers.get(question("p"), || Ok(vec![1])).ok().as_deref(), Some(&[1][..]));
        assert!(is_remembered(&answers, "p"));
        assert!(!is_remembered(&answers, "q"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let answers = Answers::default();
        for payload in ["p", "q"] {
            let _ = answers.get(question(payload), || Ok(vec![0; BYTES_KEPT / 2]));
        }
        assert!(!is_remembered(&answers, "p"));
        assert!(is_remembered(&answers, "q"));
        let _ = answers.get(question("r"), || Ok(vec![0; BYTES_KEPT]));
        assert!(!is_remembered(&answers, "r"));
    }
}
