//! What relates other objects to the one that is checked, as a hint for the host that lists them.
//!
//! A host that knows relations leaves out of a list what is surely unrelated: a rule then costs what it finds, and not the
//! size of the namespace. A host that does not, such as Kubewarden's policy-server, gives the whole list. So a rule tests
//! what it gets, and its verdict is the same either way; tests hold every rule to that.

use crate::field::Field;
use crate::json::Writer;

/// One way in which an object of the kind asked for may be related. The field is named as in `reads`, and is among them.
#[derive(Clone, Copy)]
pub struct Relation<'a> {
    field: &'a str,
    how: How<'a>,
}

#[derive(Clone, Copy)]
enum How<'a> {
    Selects(Field<'a>),
    SelectedBy(Field<'a>),
    SelectedByMap(Field<'a>),
    Is(&'a [&'a str]),
    IsSet,
}

impl<'a> Relation<'a> {
    /// The field is a label selector, or a bare map of labels, that selects these labels: `spec.selector` of a Service.
    /// Labels that controllers and network plugins add to pods need not be among them.
    #[must_use]
    pub const fn selecting(field: &'a str, labels: Field<'a>) -> Self {
        Self { field, how: How::Selects(labels) }
    }

    /// The field is a map of labels that this `metav1.LabelSelector` selects.
    #[must_use]
    pub const fn selected_by(field: &'a str, selector: Field<'a>) -> Self {
        Self { field, how: How::SelectedBy(selector) }
    }

    /// The field is a map of labels that this bare map selects, as a Service selects pods.
    #[must_use]
    pub const fn selected_by_map(field: &'a str, selector: Field<'a>) -> Self {
        Self { field, how: How::SelectedByMap(selector) }
    }

    /// The field, or one of its items or values, is one of these texts: `subjects.name`. Case does not count.
    #[must_use]
    pub const fn naming(field: &'a str, texts: &'a [&'a str]) -> Self {
        Self { field, how: How::Is(texts) }
    }

    /// The field is set.
    #[must_use]
    pub const fn having(field: &'a str) -> Self {
        Self { field, how: How::IsSet }
    }
}

impl Relation<'_> {
    /// `{"field": "spec.selector", "selects": {"app": "web"}}`. What is neither map, list nor text relates nothing, or is
    /// malformed.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.open(b'{');
        writer.member("field", self.field);
        match self.how {
            How::Selects(labels) => {
                writer.key("selects");
                writer.texts_of(labels.value());
            }
            How::SelectedBy(selector) => {
                writer.key("selected_by");
                writer.texts_of(selector.value());
            }
            How::SelectedByMap(labels) => {
                writer.key("selected_by");
                writer.open(b'{');
                writer.key("matchLabels");
                writer.texts_of(labels.value());
                writer.close(b'}');
            }
            How::Is(texts) => writer.texts("is", &mut texts.iter().copied()),
            How::IsSet => writer.flag("is_set", true),
        }
        writer.close(b'}');
    }
}
