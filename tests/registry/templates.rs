//! A template of services in a registry: pushed, signed, verified, and written from.

use std::fs;

use crate::commands::{json, with_password};
use crate::server::Server;
use crate::support::Folder;

const DECLARATION: &str = "\
name: ours
version: 3
record: '[[ name ]]'
answers: [{name: name, about: The name, pattern: '[a-z-]+'}]
files: [{from: files, to: '[[ name ]]'}]
";

fn template() -> Folder {
    let folder = Folder::of("golden/template.yaml", DECLARATION)
        .and("golden/files/values.yaml", "name: [[ name ]]\n")
        .and("golden/files/docs/runbook.md", "# [[ name ]]\n");
    with_password(&folder, &["keys"], "hunter2").with(0);
    folder
}

#[test]
fn a_service_is_written_from_a_signed_template_and_compared_with_a_newer_one() {
    let (server, folder) = (Server::start(), template());
    let name = server.name("golden:v3");
    let push = ["push", "--template", "golden", &name, "--sign", "cosign.key", "--format", "json"];
    let pushed = json(&with_password(&folder, &push, "hunter2").with(0));
    let address = format!("registry://{name}");
    let new = ["new", "service", "web", "--template", &address, "--verify", "cosign.pub"];
    folder.run(&new).with(0);
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    assert_eq!((&*read("web/values.yaml"), &*read("web/docs/runbook.md")), ("name: web\n", "# web\n"));
    let record = read("web/.seaworthy-template.yaml");
    assert!(record.contains(&address) && record.contains(pushed["digest"].as_str().unwrap()), "{record}");

    // The same, and then a newer one at the tag.
    let diff = ["new", "service", "--diff", "--output", "web"];
    let same = folder.run(&diff);
    assert!(same.code == Some(0) && same.err.contains("is not verified"), "{}{}", same.out, same.err);
    let folder = folder.and("golden/files/values.yaml", "name: [[ name ]]\nnew: true\n");
    with_password(&folder, &push, "hunter2").with(0);
    let other = folder.run(&diff);
    assert!(other.code == Some(1) && other.out.contains("+new: true"), "{}{}", other.out, other.err);
}

#[test]
fn what_nobody_signed_or_is_something_else_is_not_written() {
    let (server, folder) = (Server::start(), template());
    let name = server.name("golden:v3");
    folder.run(&["push", "--template", "golden", &name]).with(0);
    let address = format!("registry://{name}");
    let said = folder.run(&["new", "service", "web", "--template", &address, "--verify", "cosign.pub"]).complaint();
    assert!(said.contains("it has no signature"), "{said}");
    let (rule, wasm) = seaworthy_tests::artifacts::modules().pop_first().unwrap();
    let folder = folder.and("module.wasm", &wasm);
    folder.run(&["push", "module.wasm", &server.name("module:v1")]).with(0);
    let module = format!("registry://{}", server.name("module:v1"));
    let said = folder.run(&["new", "service", "web", "--template", &module]).complaint();
    assert!(said.contains(&format!("not {}", registry::TEMPLATE_TYPE)), "{rule}: {said}");
    let said = folder.run(&["new", "service", "web", "--template", "golden", "--verify", "cosign.pub"]).complaint();
    assert!(said.contains("--verify is for a template in a registry, and golden is not an address there"), "{said}");
    let said = folder.run(&["push", "--template", "web", &name]).complaint();
    assert!(said.starts_with("error: web cannot be read: "), "{said}");
    assert!(!folder.path().join("web").exists());
}

#[test]
fn a_path_of_a_stranger_leads_nowhere_else() {
    let (server, folder) = (Server::start(), template());
    let (registry, reference) = server.look("golden:v3");
    for path in ["../evil", "/tmp/evil", "files/../../evil"] {
        let files = [("template.yaml", DECLARATION), (path, "evil")];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into();
        registry.push_files(&reference, registry::TEMPLATE_TYPE, &files).unwrap();
        let address = format!("registry://{}", server.name("golden:v3"));
        let said = folder.run(&["new", "service", "web", "--template", &address]).complaint();
        assert!(said.contains("does not lead below its folder"), "{said}");
        assert!(!folder.path().join("web").exists());
    }
}
