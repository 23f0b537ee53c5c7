//! What is kept of objects: the fields that somebody will look at, by kind.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use protocol::FieldMask;

use super::object::Object;

type Make<'m> = dyn Fn(&str, &str) -> FieldMask + Send + Sync + 'm;
type Masks = HashMap<String, Vec<(String, Arc<FieldMask>)>>;

/// What is kept of objects that are packed.
pub struct Keep<'m> {
    make: Box<Make<'m>>,
    /// The masks that were made, by kind and group.
    made: RwLock<Masks>,
}

impl fmt::Debug for Keep<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keep").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Default for Keep<'_> {
    /// Keeps everything.
    fn default() -> Self {
        Self::new(|_, _| FieldMask::whole())
    }
}

impl<'m> Keep<'m> {
    /// Keeps what the mask of an object's group and kind does.
    #[must_use]
    pub fn new(mask: impl Fn(&str, &str) -> FieldMask + Send + Sync + 'm) -> Self {
        Self { make: Box::new(mask), made: RwLock::default() }
    }

    pub(super) fn pack(&self, object: &mut Object) {
        let mask = self.mask(object.group(), &object.kind);
        object.node.pack(&mask);
    }

    fn mask(&self, group: &str, kind: &str) -> Arc<FieldMask> {
        let find = |made: &Masks| {
            let (_, mask) = made.get(kind)?.iter().find(|(of, _)| of == group)?;
            Some(Arc::clone(mask))
        };
        if let Some(mask) = self.made.read().ok().and_then(|made| find(&made)) {
            return mask;
        }
        let mask = Arc::new((self.make)(group, kind));
        if let Ok(mut made) = self.made.write() {
            made.entry(kind.to_owned()).or_default().push((group.to_owned(), Arc::clone(&mask)));
        }
        mask
    }
}
