//! The files that a change touches, the Kubernetes objects that differ after it, and who has reviewed it.
//!
//! It must not know what makes a change large or small, nor how versions are compared.

use protocol::documents::CHANGE_SET;

use super::build::{Listing, Name, document, entry, entry_at, list, string};
use super::schema::DocumentError;
use crate::manifest::{Entry, Manifest, Node, Object, Span, Value};

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is new.
    Added,
    /// Its content is another.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps another content.
    Renamed,
    /// It was made of another file, which is still there.
    Copied,
    /// It became a link, or ceased to be one.
    TypeChanged,
}

impl Status {
    /// The name in the document, and the letter that git shows.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Added => ("added", "A"),
            Self::Modified => ("modified", "M"),
            Self::Deleted => ("deleted", "D"),
            Self::Renamed => ("renamed", "R"),
            Self::Copied => ("copied", "C"),
            Self::TypeChanged => ("typeChanged", "T"),
        }
    }
}

/// Who owns a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// All of them.
    pub owners: Vec<String>,
    /// The sections of GitLab's `CODEOWNERS` that ask for approvals of their own; none where there are no sections.
    pub sections: Vec<Section>,
}

/// A section of GitLab's `CODEOWNERS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name; empty for what stands before the first one.
    pub name: String,
    /// Who owns the file in it.
    pub owners: Vec<String>,
    /// How many of them must approve.
    pub approvals: u32,
}

/// One file that the change touches.
#[derive(Clone, Debug)]
pub struct ChangedFile<'a> {
    /// Its path from the root, with `/`; the old path of a deleted file.
    pub path: &'a str,
    /// Its path before it was renamed, or that of the file it was copied from.
    pub previous_path: Option<&'a str>,
    /// What happened to it.
    pub status: Status,
    /// Whether all that it deploys is among the objects. Otherwise its effect is not known.
    pub is_seen: bool,
    /// The topmost folder around an added file that had no file before.
    pub new_folder: Option<&'a str>,
    /// Who owns it, as it was before the change. None where nobody says.
    pub owners: Option<&'a Owned>,
    /// The objects in it before. None where there was no file, or where it cannot be read as manifests.
    pub old_objects: Option<Vec<&'a Object>>,
    /// The objects in it after. None where there is no file, or where it cannot be read as manifests.
    pub new_objects: Option<Vec<&'a Object>>,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedField {
    /// Which field, in the way of a field mask: `spec.template.spec.containers.image`.
    pub path: String,
    /// Which one of several, as people read it: `spec.template.spec.containers[web].image`.
    pub at: String,
    /// The text before, where it was a string, a number or a boolean.
    pub old: Option<String>,
    /// The text after.
    pub new: Option<String>,
}

/// What was known of a ServiceAccount before the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The keys of its annotations.
    pub annotations: Vec<String>,
    /// What gives it rights, such as the bindings that name it: `RoleBinding shop/web`.
    pub bindings: Vec<String>,
}

/// One object that is deployed otherwise than before.
#[derive(Clone, Debug)]
pub struct ChangedObject<'a> {
    /// What deploys it: the folder of a kustomization or a chart, or a file.
    pub place: String,
    /// The environment, where it is rendered for several.
    pub environment: Option<&'a str>,
    /// The namespace that it is deployed to, where that is known and the object does not say it.
    pub namespace: Option<&'a str>,
    /// The object before; none where it is new.
    pub old: Option<&'a Object>,
    /// The object after; none where it is gone.
    pub new: Option<&'a Object>,
    /// What differs, where there was one before and after.
    pub fields: Vec<ChangedField>,
    /// The workloads that take their configuration or secrets from it: `Deployment shop/web`.
    pub users: Vec<String>,
    /// The account that the pods of a new workload run as; none where nothing was known of it before.
    pub account: Option<Account>,
    /// The objects of before that a new one is about: those that it selects or replaces, whose Secret it takes, those that select
    /// it or take it, those whose host and path it serves, and those in a namespace that it is.
    pub others: Vec<String>,
}

/// What somebody said of the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub user: String,
    /// `approved`, `changesRequested`, `commented` or `dismissed`.
    pub state: String,
    /// What they looked at, where that is known.
    pub commit: Option<String>,
}

/// Who belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The name, as `CODEOWNERS` has it.
    pub team: String,
    /// The accounts.
    pub members: Vec<String>,
}

/// A change.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// The files that it touches.
    pub files: Vec<ChangedFile<'a>>,
    /// The objects that differ after it.
    pub objects: Vec<ChangedObject<'a>>,
    /// What deploys and could not be compared, a line each.
    pub unseen: Vec<String>,
    /// Who proposes it.
    pub author: Option<String>,
    /// Its last commit.
    pub head: Option<String>,
    /// What people said of it, the oldest first; none where that is not known.
    pub reviews: Option<Vec<Review>>,
    /// The teams whose members are known; none where nothing is known of them.
    pub teams: Option<Vec<Team>>,
}

/// The document. Its text is a listing of the files, as `git diff --name-status` has it, and below it of the objects; all
/// that is known of a file or an object points at its line. `name` is what people call the change, such as
/// `main..feature/basket`.
///
/// # Errors
/// The change is larger than a document may be.
pub fn change_set(name: &str, change: &Change<'_>) -> Result<Manifest, DocumentError> {
    let mut listing = Listing::default();
    let files = change.files.iter().map(|file| file_node(file, &mut listing)).collect();
    let objects = change.objects.iter().map(|object| object_node(object, &mut listing)).collect();
    let nowhere = Span::default();
    let texts = |texts: &[String]| list(texts.iter().map(|text| string(text, nowhere)).collect());
    let mut spec =
        vec![entry("files", list(files)), entry("objects", list(objects)), entry("unseen", texts(&change.unseen))];
    let text = |key: &str, text: &Option<String>| text.as_ref().map(|text| entry(key, string(text, nowhere)));
    spec.extend(text("author", &change.author));
    spec.extend(text("head", &change.head));
    spec.extend(change.reviews.as_ref().map(|reviews| {
        let reviews = reviews.iter().map(|review| {
            let mut entries =
                vec![entry("user", string(&review.user, nowhere)), entry("state", string(&review.state, nowhere))];
            entries.extend(text("commit", &review.commit));
            Node { value: Value::Mapping(entries), span: nowhere }
        });
        entry("reviews", list(reviews.collect()))
    }));
    spec.extend(change.teams.as_ref().map(|teams| {
        let teams = teams.iter().map(|team| {
            let entries = vec![entry("team", string(&team.team, nowhere)), entry("members", texts(&team.members))];
            Node { value: Value::Mapping(entries), span: nowhere }
        });
        entry("teams", list(teams.collect()))
    }));
    document(&CHANGE_SET, name, Name { namespace: None, name }, listing.source(), spec)
}

fn file_node(file: &ChangedFile<'_>, listing: &mut Listing) -> Node {
    let (status, letter) = file.status.names();
    listing.write(letter);
    let previous = file.previous_path.map(|path| {
        listing.write("\t");
        listing.field(path)
    });
    listing.write("\t");
    let path = listing.field(file.path);
    listing.write("\n");
    let place = path.span;
    let mut entries = vec![entry("path", path)];
    entries.extend(previous.map(|previous| entry("previousPath", previous)));
    entries.push(entry("status", string(status, place)));
    entries.push(entry("effect", string(if file.is_seen { "objects" } else { "unknown" }, place)));
    entries.extend(file.new_folder.map(|folder| entry("newFolder", string(folder, place))));
    let texts = |texts: &[String]| list(texts.iter().map(|text| string(text, place)).collect());
    if let Some(owned) = file.owners {
        entries.push(entry_at("owners", place, texts(&owned.owners)));
        let sections = owned.sections.iter().map(|section| {
            let approvals = Node { value: Value::Number(section.approvals.into()), span: place };
            let entries = vec![
                entry_at("name", place, string(&section.name, place)),
                entry_at("owners", place, texts(&section.owners)),
                entry_at("approvals", place, approvals),
            ];
            Node { value: Value::Mapping(entries), span: place }
        });
        let sections: Vec<Node> = sections.collect();
        entries.extend((!sections.is_empty()).then(|| entry_at("sections", place, list(sections))));
    }
    for (key, objects) in [("oldObjects", &file.old_objects), ("newObjects", &file.new_objects)] {
        let objects = objects.as_ref().map(|objects| objects.iter().map(|object| moved(&object.node, place)).collect());
        entries.extend(objects.map(|objects| entry_at(key, place, list(objects))));
    }
    Node { value: Value::Mapping(entries), span: place }
}

fn object_node(changed: &ChangedObject<'_>, listing: &mut Listing) -> Node {
    let (status, sign) = match (changed.old, changed.new) {
        (None, _) => ("added", "+"),
        (_, None) => ("deleted", "-"),
        _ => ("modified", "~"),
    };
    let object = changed.new.or(changed.old);
    let text = |text: &dyn Fn(&Object) -> String| object.map(text).unwrap_or_default();
    listing.write(sign);
    listing.write("\t");
    let place = listing.field(&text(&Object::label)).span;
    listing.write("\t");
    listing.write(&changed.place);
    listing.write("\n");
    let here = |text: &str| string(text, place);
    let mut entries = vec![entry("place", here(&changed.place))];
    entries.extend(changed.environment.map(|environment| entry("environment", here(environment))));
    entries.push(entry("status", here(status)));
    entries.push(entry("apiVersion", here(&text(&|object| object.api_version.clone()))));
    entries.push(entry("kind", here(&text(&|object| object.kind.clone()))));
    let namespace = changed.namespace.or_else(|| object?.namespace.as_deref());
    entries.extend(namespace.map(|namespace| entry("namespace", here(namespace))));
    entries.push(entry("name", here(&text(&Object::display_name))));
    let fields = changed.fields.iter().map(|field| {
        let mut entries = vec![entry("path", here(&field.path)), entry("at", here(&field.at))];
        entries.extend(field.old.as_ref().map(|old| entry("old", here(old))));
        entries.extend(field.new.as_ref().map(|new| entry("new", here(new))));
        Node { value: Value::Mapping(entries), span: place }
    });
    entries.push(entry_at("fields", place, list(fields.collect())));
    let texts = |texts: &[String]| list(texts.iter().map(|text| here(text)).collect());
    entries.push(entry_at("users", place, texts(&changed.users)));
    entries.extend(changed.account.as_ref().map(|account| {
        let lists = [("annotations", &account.annotations), ("bindings", &account.bindings)];
        let lists = lists.map(|(key, list)| entry_at(key, place, texts(list)));
        entry_at("account", place, Node { value: Value::Mapping(lists.into()), span: place })
    }));
    entries.extend((!changed.others.is_empty()).then(|| entry_at("others", place, texts(&changed.others))));
    for (key, object) in [("oldObject", changed.old), ("newObject", changed.new)] {
        entries.extend(object.map(|object| entry_at(key, place, moved(&object.node, place))));
    }
    Node { value: Value::Mapping(entries), span: place }
}

/// The same value, all of it at that place: its own place is in another text.
fn moved(node: &Node, place: Span) -> Node {
    let value = match &node.value {
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| moved(item, place)).collect()),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|entry| Entry {
                key: entry.key.clone(),
                key_span: place,
                value: moved(&entry.value, place),
            });
            Value::Mapping(entries.collect())
        }
        scalar => scalar.clone(),
    };
    Node { value, span: place }
}
