//! A check of objects that stand in no file, as a job of many pieces, one for each object.

use engine::manifest::Object;
use engine::{Completeness, Judge, Judgement, Question, Runtime, Viewpoint};

use crate::executor::Job;

/// The objects to check, and by whom.
pub struct Standing<'a, R: Runtime> {
    pub(crate) judge: Judge<'a, R>,
    pub(crate) completeness: Completeness,
    pub(crate) objects: &'a [Object],
}

impl<R: Runtime> Job for Standing<'_, R> {
    type Output = Vec<Judgement>;

    fn pieces(&self) -> usize {
        self.objects.len()
    }

    fn piece(&self, index: usize) -> Vec<Judgement> {
        let Some(object) = self.objects.get(index) else { return Vec::new() };
        self.judge.judge(&Question::create(object, Viewpoint::nowhere(object), self.completeness))
    }
}
