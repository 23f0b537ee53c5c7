//! A file of cases: what is asked of a policy, and what it has to say.

use std::path::{Path, PathBuf};

use engine::config::with_suggestion;
use engine::manifest::{Content, Limits, Node, Object, Value, read};
use engine::{Completeness, Operation, UserInfo};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::failure::Failure;
use crate::present::output::one_line;

/// The cases of one file.
pub struct Suite {
    /// The file, as it was named.
    pub shown: String,
    /// Its folder: paths in it begin there.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
    /// The policy that it names.
    pub policy: Option<String>,
    /// The settings of all cases that have none of their own.
    pub settings: Json,
    /// The cases, each with its line.
    pub cases: Vec<(u32, Case)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    policy: Option<String>,
    #[serde(default)]
    settings: Option<Json>,
    #[serde(default)]
    cases: Vec<Json>,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is decided, and why.
    pub name: String,
    /// The object.
    object: Option<Json>,
    /// A file with the object.
    file: Option<PathBuf>,
    /// An `AdmissionRequest`, or an `AdmissionReview` with one.
    request: Option<Json>,
    /// The object as it was.
    old: Option<Json>,
    /// What happens; by the objects that are given, where nothing is said.
    operation: Option<Named>,
    /// Who asks.
    user: Option<User>,
    /// The settings, in place of those of the file.
    pub settings: Option<Json>,
    /// The other objects. Without them, and without a session, a look-up has no answer.
    others: Option<Vec<Json>>,
    /// How much of the world `others` are, for rules of seaworthy.
    #[serde(default)]
    world: World,
    /// A recorded session that answers look-ups.
    pub session: Option<PathBuf>,
    /// What the policy has to say.
    pub expect: Expect,
    /// Words of its message.
    pub message: Option<String>,
    /// The object as the policy has to change it.
    pub mutated: Option<Json>,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    Accept,
    Reject,
    NotApplicable,
    InvalidSettings,
}

impl Expect {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::NotApplicable => "not-applicable",
            Self::InvalidSettings => "invalid-settings",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Named {
    Create,
    Update,
    Delete,
    Connect,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    username: String,
    uid: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum World {
    #[default]
    Complete,
    Partial,
    Admission,
}

/// The parts of an `AdmissionRequest` that a policy is asked about here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    object: Option<Json>,
    old_object: Option<Json>,
    operation: Option<Named>,
    sub_resource: Option<String>,
    user_info: Option<UserOfRequest>,
}

/// A user as the API server sends one: there may be more to it.
#[derive(Deserialize)]
struct UserOfRequest {
    username: Option<String>,
    uid: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
}

/// A case that is ready to be asked.
pub struct Ready {
    pub object: Option<Object>,
    pub old: Option<Object>,
    pub operation: Operation,
    pub subresource: Option<String>,
    pub user: Option<UserInfo>,
    pub others: Option<Vec<Object>>,
    pub completeness: Completeness,
}

impl Suite {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// It cannot be read, or says something wrong.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = one_line(&sources::name(path));
        let bytes = sources::read_regular(path, Limits::default().bytes)
            .map_err(|cause| Failure::File(format!("the cases {shown} {cause}")))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let manifest = read(&shown, bytes, &Limits::default());
        if let Some(problem) = manifest.problems.first() {
            let (line, column) = (problem.position.line, problem.position.column);
            return Err(Failure::Usage(format!("{shown}:{line}:{column}: {}", problem.kind)));
        }
        let wrong = |line: u32, cause: &dyn std::fmt::Display| {
            Failure::Usage(format!("{shown}:{line}: {}", with_suggestion(&cause.to_string())))
        };
        let root = match manifest.documents.as_slice() {
            [document] => match &document.content {
                Content::Other(node @ Node { value: Value::Mapping(_), .. }) => node,
                Content::Empty => return Err(wrong(1, &"there is no case")),
                _ => return Err(wrong(1, &"a file of cases is one mapping with `cases:`, not a manifest")),
            },
            _ => return Err(wrong(1, &"a file of cases is one document")),
        };
        let json = serde_json::to_value(root).map_err(|cause| wrong(1, &cause))?;
        let Head { policy, settings, cases } = serde_json::from_value(json).map_err(|cause| wrong(1, &cause))?;
        let lines: Vec<u32> = match root.get("cases").map(|node| &node.value) {
            Some(Value::Sequence(items)) => {
                items.iter().map(|item| manifest.source.position(item.span.start).line).collect()
            }
            _ => Vec::new(),
        };
        let cases = cases.into_iter().zip(lines).map(|(case, line)| {
            serde_json::from_value(case).map(|case| (line, case)).map_err(|cause| wrong(line, &cause))
        });
        let cases = cases.collect::<Result<Vec<_>, _>>()?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let settings = settings.unwrap_or_else(|| Json::Object(Map::new()));
        Ok(Self { shown, folder, text, policy, settings, cases })
    }
}

impl Case {
    /// Reads what the case names.
    ///
    /// # Errors
    /// What is missing, given twice, or no object.
    pub fn ready(&self, folder: &Path) -> Result<Ready, String> {
        let given = [self.object.is_some(), self.file.is_some(), self.request.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err("it has several of `object`, `file` and `request`: one is asked about".into());
        }
        let request = self.request.as_ref().map(|request| {
            let request = request.get("request").unwrap_or(request).clone();
            serde_json::from_value::<Request>(request).map_err(|cause| format!("`request`: {cause}"))
        });
        let request = request.transpose()?;
        let inline = |what: &str, json: Option<&Json>| {
            json.filter(|json| !json.is_null()).map(|json| object(what, json)).transpose()
        };
        let of_request = request.as_ref().and_then(|request| request.object.as_ref());
        let old_of_request = request.as_ref().and_then(|request| request.old_object.as_ref());
        let mut new = inline("object", self.object.as_ref().or(of_request))?;
        if let Some(file) = &self.file {
            new = Some(in_file(&folder.join(file))?);
        }
        let mut old = inline("old", self.old.as_ref().or(old_of_request))?;
        let named = self.operation.or(request.as_ref().and_then(|request| request.operation));
        let operation = match (named, &new, &old) {
            (Some(Named::Create), ..) => Operation::Create,
            (Some(Named::Update), ..) => Operation::Update,
            (Some(Named::Delete), ..) | (None, None, Some(_)) => Operation::Delete,
            (Some(Named::Connect), ..) => Operation::Connect,
            (None, _, Some(_)) => Operation::Update,
            (None, ..) => Operation::Create,
        };
        if operation == Operation::Delete && old.is_none() {
            // What goes was there.
            old = new.take();
        }
        if operation == Operation::Update && (new.is_none() || old.is_none()) {
            return Err("an UPDATE has both, `object` and `old`".into());
        }
        if new.is_none() && old.is_none() {
            return Err("it asks about nothing: give `object`, `file`, `request` or `old`".into());
        }
        let others = self
            .others
            .as_ref()
            .map(|others| others.iter().map(|other| object("others", other)).collect::<Result<Vec<_>, _>>());
        let user = self.user.as_ref().map(|User { username, uid, groups }| UserInfo {
            username: username.clone(),
            uid: uid.clone(),
            groups: groups.clone(),
        });
        let subresource = request.as_ref().and_then(|request| request.sub_resource.clone());
        let asker = request.and_then(|request| request.user_info).map(|UserOfRequest { username, uid, groups }| {
            UserInfo { username: username.unwrap_or_default(), uid, groups }
        });
        Ok(Ready {
            object: new,
            old,
            operation,
            subresource: subresource.filter(|name| !name.is_empty()),
            user: user.or(asker),
            others: others.transpose()?,
            completeness: match self.world {
                World::Complete => Completeness::Complete,
                World::Partial => Completeness::Partial,
                World::Admission => Completeness::Admission,
            },
        })
    }
}

/// The one object that a value is.
fn object(what: &str, json: &Json) -> Result<Object, String> {
    let text = serde_json::to_vec(json).map_err(|cause| format!("`{what}`: {cause}"))?;
    one(&format!("`{what}`"), text)
}

fn in_file(path: &Path) -> Result<Object, String> {
    let shown = one_line(&sources::name(path));
    let bytes =
        sources::read_regular(path, Limits::default().bytes).map_err(|cause| format!("the object {shown} {cause}"))?;
    one(&shown, bytes)
}

fn one(what: &str, text: Vec<u8>) -> Result<Object, String> {
    let manifest = read(what, text, &Limits::default());
    if let Some(problem) = manifest.problems.first() {
        return Err(format!("{what}: {}", problem.kind));
    }
    let mut objects = manifest.objects();
    match (objects.next(), objects.next()) {
        (Some(object), None) => Ok(object.clone()),
        (None, _) => Err(format!("{what} is no object: it has no `apiVersion` or no `kind`")),
        (Some(_), Some(_)) => Err(format!("{what} has several objects, and one is asked about")),
    }
}
