use std::borrow::Cow;

use protocol::documents::{API_VERSION, CHANGE_SET, DOCKERFILE, DOCUMENTS, LOG_LINES, PULL_REQUEST, REPOSITORY_TREE};
use protocol::{FieldMask, path};

use super::*;
use crate::manifest::{Entry, Limits, Manifest, Node, Source, Span, Value, read};

fn json(manifest: &Manifest) -> String {
    let mut json = Vec::new();
    manifest.objects().next().unwrap().node.write_json(&FieldMask::whole(), &mut json);
    String::from_utf8(json).unwrap()
}

/// The line in the file, and the text there.
fn place<'a>(manifest: &'a Manifest, at: &str) -> (u32, &'a str) {
    let span = manifest.objects().next().unwrap().node.locate(&path::parse(at).unwrap());
    let Cow::Borrowed(text) = manifest.source.slice(span) else { panic!("it is not packed") };
    (manifest.source.position(span.start).line, text)
}

#[test]
fn a_log_is_a_document_of_its_lines_each_at_its_place() {
    let author = Author { namespace: Some("shop".into()), name: "web".into() };
    let log = log_sample("web.log", "{\"a\":1}\r\n\n\u{1b}[31moops\r50 %\rlast".into(), &author).unwrap();
    let expected = r#"{"apiVersion":"seaworthy.dev/v1","kind":"LogSample","metadata":{"name":"web","namespace":"shop"},"spec":{"lines":["{\"a\":1}","","\u001b[31moops","50 %","last"]}}"#;
    assert_eq!(json(&log), expected);
    assert_eq!(place(&log, "$['spec']['lines'][0]"), (1, "{\"a\":1}"));
    assert_eq!(place(&log, "$['spec']['lines'][2]"), (3, "\u{1b}[31moops"));
    assert_eq!(place(&log, "$['spec']['lines'][4]"), (5, "last"));
    assert_eq!(place(&log, "$"), (1, ""));
    assert!(json(&log_sample("web.log", String::new(), &author).unwrap()).ends_with(r#""spec":{"lines":[]}}"#));
}

#[test]
fn a_tree_is_a_document_of_its_paths() {
    let tree = repository_tree("shop", &["README.md".into(), "docs/runbook.md".into()]).unwrap();
    let expected = r#"{"apiVersion":"seaworthy.dev/v1","kind":"RepositoryTree","metadata":{"name":"shop"},"spec":{"paths":["README.md","docs/runbook.md"]}}"#;
    assert_eq!(json(&tree), expected);
    assert_eq!(place(&tree, "$['spec']['paths'][1]"), (2, "docs/runbook.md"));
}

const TEXT: &str = "ARG VERSION=1\nfrom --platform=linux/amd64 golang:${VERSION} AS build\nRUN go build \\\n  ./...\nCMD [\"web\", \"-v\"]\n";

/// The word that the file has as `written`.
fn word(text: &str, written: &str) -> Word {
    let start = TEXT.find(written).unwrap();
    Word { text: text.into(), range: start..start + written.len() }
}

fn instructions() -> Vec<Instruction> {
    let instruction = |text: &str, keyword: &str, stage, form, flags, arguments| Instruction {
        range: word("", text).range,
        keyword: word(keyword, keyword),
        stage,
        form,
        flags,
        arguments,
    };
    let command = "go build \\\n  ./...";
    vec![
        instruction("ARG VERSION=1", "ARG", None, Form::Shell, vec![], vec![word("VERSION=1", "VERSION=1")]),
        instruction(
            "from --platform=linux/amd64 golang:${VERSION} AS build",
            "from",
            Some(0),
            Form::Shell,
            vec![word("--platform=linux/amd64", "--platform=linux/amd64")],
            vec![word("golang:${VERSION}", "golang:${VERSION}"), word("AS", "AS"), word("build", "build")],
        ),
        instruction(
            &format!("RUN {command}"),
            "RUN",
            Some(0),
            Form::Shell,
            vec![],
            vec![word("go build   ./...", command)],
        ),
        instruction(
            "CMD [\"web\", \"-v\"]",
            "CMD",
            Some(0),
            Form::Exec,
            vec![],
            vec![word("web", "\"web\""), word("-v", "\"-v\"")],
        ),
    ]
}

#[test]
fn a_dockerfile_is_a_document_of_its_instructions_each_at_its_place() {
    let file = dockerfile("shop/Dockerfile", TEXT.into(), &instructions()).unwrap();
    let document: serde_json::Value = serde_json::from_str(&json(&file)).unwrap();
    let expected = serde_json::json!({
        "apiVersion": "seaworthy.dev/v1", "kind": "Dockerfile", "metadata": {"name": "shop/Dockerfile"},
        "spec": {"instructions": [
            {"keyword": "ARG", "line": 1, "form": "shell", "flags": [], "arguments": ["VERSION=1"], "text": "ARG VERSION=1"},
            {"keyword": "FROM", "line": 2, "stage": 0, "form": "shell", "flags": ["--platform=linux/amd64"],
             "arguments": ["golang:${VERSION}", "AS", "build"],
             "text": "from --platform=linux/amd64 golang:${VERSION} AS build"},
            {"keyword": "RUN", "line": 3, "stage": 0, "form": "shell", "flags": [], "arguments": ["go build   ./..."],
             "text": "RUN go build \\\n  ./..."},
            {"keyword": "CMD", "line": 5, "stage": 0, "form": "exec", "flags": [], "arguments": ["web", "-v"],
             "text": "CMD [\"web\", \"-v\"]"},
        ]},
    });
    assert_eq!(document, expected);
    let at = |path: &str| place(&file, &format!("$['spec']['instructions']{path}"));
    assert_eq!(at("[1]['arguments'][0]"), (2, "golang:${VERSION}"));
    assert_eq!(at("[2]['arguments'][0]"), (3, "go build \\\n  ./..."));
    assert_eq!(at("[3]['arguments'][1]"), (5, "\"-v\""));
    for lacking in ["[3]", "[3]['stage']", "[3]['form']", "[3]['flags']", "[3]['line']"] {
        assert_eq!(at(lacking), (5, "CMD"), "{lacking}");
    }
}

#[test]
fn a_place_outside_of_the_text_makes_no_document() {
    let changes: [fn(&mut Instruction); 3] = [
        |instruction| instruction.range.end = 10_000,
        |instruction| instruction.keyword.range = 10_000..10_001,
        |instruction| instruction.arguments[0].range.end = 10_000,
    ];
    for change in changes {
        let mut instructions = instructions();
        change(&mut instructions[0]);
        assert_eq!(dockerfile("Dockerfile", TEXT.into(), &instructions).unwrap_err(), DocumentError::Outside);
    }
    let mut instructions = vec![instructions().swap_remove(0)];
    // Inside of a letter.
    instructions[0].range = 5..7;
    let text = "ARG \u{e9}=1".to_owned();
    assert_eq!(dockerfile("Dockerfile", text, &instructions).unwrap_err(), DocumentError::Outside);
}

fn about() -> PullRequest {
    let commit = |sha: &str, message: &str| Commit { sha: sha.into(), message: message.into() };
    PullRequest {
        title: "feat(basket): keep it".into(),
        body: "Why\n\n- SHOP-1".into(),
        branch: "feature/basket".into(),
        base: "main".into(),
        author: "ana".into(),
        labels: vec!["basket".into(), "risk".into()],
        commits: vec![commit("a1", "feat: keep it\n\nSHOP-1"), commit("b2", "fix: typo")],
    }
}

#[test]
fn a_pull_request_is_a_document_each_field_at_its_place() {
    let request = pull_request("shop/web#42", &about()).unwrap();
    let document: serde_json::Value = serde_json::from_str(&json(&request)).unwrap();
    let expected = serde_json::json!({
        "apiVersion": "seaworthy.dev/v1", "kind": "PullRequest", "metadata": {"name": "shop/web#42"},
        "spec": {
            "title": "feat(basket): keep it", "body": "Why\n\n- SHOP-1", "branch": "feature/basket", "base": "main",
            "author": "ana", "labels": ["basket", "risk"],
            "commits": [{"sha": "a1", "message": "feat: keep it\n\nSHOP-1"}, {"sha": "b2", "message": "fix: typo"}],
        },
    });
    assert_eq!(document, expected);
    let at = |path: &str| place(&request, &format!("$['spec']{path}"));
    assert_eq!(at("['title']"), (1, "feat(basket): keep it"));
    assert_eq!(at("['labels'][1]"), (6, "risk"));
    assert_eq!(at("['body']"), (8, "Why\n\n- SHOP-1"));
    assert_eq!(at("['commits'][1]['message']"), (18, "fix: typo"));
    assert_eq!(at("['commits'][1]"), (17, "b2"));
}

#[test]
fn a_change_is_a_document_of_its_files_and_their_objects() {
    let read = |text: &str| read("a.yaml", text.into(), &Limits::default());
    let old = read("# before\n\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 80}]\n");
    let new = read("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 8080}]\n");
    let section = Section { name: "Docs".into(), owners: vec!["@acme/docs".into()], approvals: 2 };
    let owners = Owned { owners: vec!["@acme/shop".into()], sections: vec![section] };
    let file = |path, previous_path, status| ChangedFile {
        path,
        previous_path,
        status,
        is_seen: true,
        new_folder: None,
        owners: None,
        old_objects: None,
        new_objects: None,
    };
    let files = vec![
        ChangedFile { new_objects: Some(vec![]), new_folder: Some("k8s"), ..file("empty.yaml", None, Status::Added) },
        ChangedFile {
            old_objects: Some(old.objects().collect()),
            new_objects: Some(new.objects().collect()),
            owners: Some(&owners),
            ..file("k8s/web.yaml", Some("web.yaml"), Status::Renamed)
        },
        ChangedFile { is_seen: false, ..file("logo.png", None, Status::Deleted) },
    ];
    let field = ChangedField {
        path: "spec.ports.port".into(),
        at: "spec.ports[0].port".into(),
        old: Some("80".into()),
        new: Some("8080".into()),
    };
    let object = ChangedObject {
        place: "k8s".into(),
        environment: Some("production"),
        namespace: None,
        old: old.objects().next(),
        new: new.objects().next(),
        fields: vec![field],
        users: vec![],
        account: Some(Account { annotations: vec!["a".into()], bindings: vec!["RoleBinding shop/web".into()] }),
        others: vec!["Deployment shop/api".into()],
    };
    let review = Review { user: "ben".into(), state: "approved".into(), commit: Some("c1".into()) };
    let change = Change {
        files,
        objects: vec![object],
        unseen: vec!["charts/web: helm is not installed".into()],
        author: Some("ana".into()),
        head: Some("c1".into()),
        reviews: Some(vec![review]),
        teams: Some(vec![Team { team: "@acme/shop".into(), members: vec!["ana".into()] }]),
    };
    let change = change_set("main..feature", &change).unwrap();
    let document: serde_json::Value = serde_json::from_str(&json(&change)).unwrap();
    let service = |port: u16| serde_json::json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": port}]}});
    let expected = serde_json::json!({
        "files": [
            {"path": "empty.yaml", "status": "added", "effect": "objects", "newFolder": "k8s", "newObjects": []},
            {"path": "k8s/web.yaml", "previousPath": "web.yaml", "status": "renamed", "effect": "objects",
             "owners": ["@acme/shop"],
             "sections": [{"name": "Docs", "owners": ["@acme/docs"], "approvals": 2}], "oldObjects": [service(80)], "newObjects": [service(8080)]},
            {"path": "logo.png", "status": "deleted", "effect": "unknown"},
        ],
        "objects": [{
            "place": "k8s", "environment": "production", "status": "modified", "apiVersion": "v1", "kind": "Service",
            "name": "web",
            "fields": [{"path": "spec.ports.port", "at": "spec.ports[0].port", "old": "80", "new": "8080"}],
            "users": [], "account": {"annotations": ["a"], "bindings": ["RoleBinding shop/web"]},
            "others": ["Deployment shop/api"], "oldObject": service(80), "newObject": service(8080),
        }],
        "unseen": ["charts/web: helm is not installed"],
        "author": "ana",
        "head": "c1",
        "reviews": [{"user": "ben", "state": "approved", "commit": "c1"}],
        "teams": [{"team": "@acme/shop", "members": ["ana"]}],
    });
    assert_eq!(document["spec"], expected);
    let listing = "A\tempty.yaml\nR\tweb.yaml\tk8s/web.yaml\nD\tlogo.png\n~\tService web\tk8s\n";
    assert_eq!(change.source.text(), listing);
    let at = |path: &str| place(&change, &format!("$['spec']['files']{path}"));
    assert_eq!(at("[1]['previousPath']"), (2, "web.yaml"));
    for path in
        ["[1]", "[1]['status']", "[1]['oldObjects'][0]['spec']['ports'][0]['port']", "[1]['newObjects'][0]['spec']"]
    {
        assert_eq!(at(path), (2, "k8s/web.yaml"), "{path}");
    }
    assert_eq!(at("[2]['newObjects']"), (3, "logo.png"));
    let object = "$['spec']['objects'][0]['newObject']['spec']['ports'][0]['port']";
    assert_eq!(place(&change, object), (4, "Service web"));
}

#[test]
fn what_is_larger_than_the_table_says_is_no_document() {
    let author = Author { namespace: None, name: "web".into() };
    assert!(log_sample("web.log", "\r".repeat(LOG_LINES), &author).is_ok());
    let error = log_sample("web.log", "\r".repeat(LOG_LINES + 1), &author).unwrap_err();
    assert_eq!(error, DocumentError::TooMany { kind: "LogSample", path: "spec.lines".into(), limit: LOG_LINES });
    let long = "a".repeat(REPOSITORY_TREE.bytes);
    let error = repository_tree("shop", &[long]).unwrap_err();
    assert_eq!(error, DocumentError::TooLong { kind: "RepositoryTree", limit: REPOSITORY_TREE.bytes });
    let body = "a".repeat(PULL_REQUEST.bytes);
    assert!(matches!(pull_request("1", &PullRequest { body, ..about() }), Err(DocumentError::TooLong { .. })));
    let labels = vec![String::new(); 1_001];
    let error = pull_request("1", &PullRequest { labels, ..about() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "has more than 1000 items in spec.labels, which is the most that a PullRequest may have"
    );
}

/// A value for `spec` from YAML.
fn spec(yaml: &str) -> Vec<Entry> {
    let manifest = read("a.yaml", yaml.into(), &Limits::default());
    let crate::manifest::Content::Other(Node { value: Value::Mapping(entries), .. }) =
        manifest.documents[0].content.clone()
    else {
        panic!("{yaml}")
    };
    entries
}

#[test]
fn what_is_not_as_the_table_says_is_no_document() {
    let file = "files: [{path: a, status: added, effect: objects, newObjects: [{kind: Pod}]}]\nobjects: []\nunseen: []";
    let without_effect = file.replace(", effect: objects", "");
    let commit = "title: a\nbody: a\nbranch: a\nbase: a\nauthor: a\nlabels: []\ncommits: [{sha: a, message: a}]";
    let without_message = commit.replace(", message: a", "");
    let labelled = commit.replace("labels: []", "labels: [1]");
    let instruction = "instructions: [{keyword: A, line: 1, form: exec, flags: [], arguments: [], text: A}]";
    for (kind, yaml, wrong) in [
        (&CHANGE_SET, file, None),
        (&CHANGE_SET, &without_effect, Some("spec.files.effect")),
        (&CHANGE_SET, &file.replace("status: added", "status: gone"), Some("spec.files.status")),
        (&CHANGE_SET, &file.replace("{kind: Pod}", "Pod"), Some("spec.files.newObjects")),
        (&CHANGE_SET, &file.replace("path: a,", "path: a, size: 1,"), Some("spec.files.size")),
        (&CHANGE_SET, "files: {path: a}", Some("spec.files")),
        (&CHANGE_SET, "a: 1", Some("spec.a")),
        (&PULL_REQUEST, commit, None),
        (&PULL_REQUEST, &without_message, Some("spec.commits.message")),
        (&PULL_REQUEST, &labelled, Some("spec.labels")),
        (&DOCKERFILE, instruction, None),
        (&DOCKERFILE, &instruction.replace("line: 1", "line: -1"), Some("spec.instructions.line")),
        (&DOCKERFILE, &instruction.replace("exec", "Exec"), Some("spec.instructions.form")),
    ] {
        let node = Node { value: Value::Mapping(spec(yaml)), span: Span::default() };
        let found = schema::check(kind, &node).err();
        let expected = wrong.map(|path| DocumentError::Malformed { kind: kind.kind, path: path.into() });
        assert_eq!(found, expected, "{yaml}");
    }
}

/// A rule sees and looks up documents of every kind, if a host has made them.
#[test]
fn rules_check_and_look_up_what_a_host_has_made() {
    let author = Author { namespace: None, name: "web".into() };
    let made = [
        change_set("main..feature", &Change::default()),
        dockerfile("Dockerfile", TEXT.into(), &instructions()),
        log_sample("web.log", "{}".into(), &author),
        promotion("production.yaml", Source::default(), 0, None, &[]),
        pull_request("1", &about()),
        repository_tree("shop", &[]),
    ];
    let made =
        made.into_iter().map(|manifest| crate::File { manifest: manifest.unwrap(), project: 0 }).collect::<Vec<_>>();
    let pod = read(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n".into(),
        &Limits::default(),
    );
    let input = crate::Input::new(vec![crate::File { manifest: pod, project: 0 }]).with_trees(made);
    let world = crate::World::new(&input);
    let from = input.subjects().map(|subject| crate::World::viewpoint(&input, subject)).next().unwrap();
    for known in DOCUMENTS {
        assert_eq!(
            world.related(from, protocol::api_group(API_VERSION), known.kind, None, &[]).len(),
            1,
            "{}",
            known.kind
        );
        let checked = input.subjects().filter(|subject| known.is(subject.object.group(), &subject.object.kind));
        assert_eq!(checked.count(), 1, "{}", known.kind);
    }
}
