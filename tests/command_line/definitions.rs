//! `--crds`: custom resources are checked by definitions that are no part of the input.

use crate::support::Folder;

const WIDGET: &str = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 3, colour: red}\n";

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations: [{rule: self.size > 1}]
              properties: {size: {type: integer}, color: {type: string}}
";

const CHECK: [&str; 4] = ["check", "k8s", "--rule", "kubernetes-schema"];

fn folder(definition: &str) -> Folder {
    Folder::of("k8s/widget.yaml", WIDGET).and("crds/widget.yaml", definition)
}

#[test]
fn a_custom_resource_is_checked_by_a_definition_that_is_given() {
    let folder = folder(DEFINITION);
    let out = folder.run(&CHECK).with(0);
    assert!(out.contains("1 not-applicable; 1 file, 1 object"), "{out}");
    for path in ["crds", "crds/widget.yaml"] {
        let out = folder.run(&[&CHECK[..], &["--crds", path]].concat()).with(1);
        assert!(out.contains("`colour` is unknown here; did you mean `color`?"), "{out}");
        assert!(out.contains("1 fail; 1 file, 1 object"), "the definition is not checked itself: {out}");
        let note =
            "note for 1 object: the CEL rules of its CustomResourceDefinition are not checked (kubernetes-schema)";
        assert!(out.contains(note), "{out}");
    }
}

#[test]
fn a_configuration_names_definitions_from_its_own_folder() {
    let folder = folder(DEFINITION).and("k8s/seaworthy.yaml", "crds: [../crds]\n");
    folder.run(&CHECK).with(1);
    let folder = folder.and("k8s/seaworthy.yaml", "crds: [../crd]\n");
    let out = folder.run(&CHECK).with(2);
    assert!(out.contains("crd does not exist"), "{out}");
}

#[test]
fn the_input_has_the_last_word() {
    let own = DEFINITION.replace("color", "colour");
    let folder = folder(DEFINITION).and("k8s/crd.yaml", own);
    let out = folder.run(&[&CHECK[..], &["--crds", "crds"]].concat()).with(0);
    assert!(out.contains("2 pass; 2 files, 2 objects"), "{out}");
}

#[test]
fn what_gives_no_definition_leaves_the_run_incomplete() {
    let template = format!("{{{{- if .Values.install }}}}{DEFINITION}{{{{- end }}}}\n");
    for (definition, said) in [
        (WIDGET, "crds has no CustomResourceDefinition, which --crds is for"),
        (&*DEFINITION.replace("spec:", "spec: ["), "crds/widget.yaml cannot be read: line"),
        (&*template, "crds/widget.yaml is a template of a CustomResourceDefinition"),
    ] {
        let out = folder(definition).run(&[&CHECK[..], &["--crds", "crds"]].concat()).with(2);
        assert!(out.contains(said), "{said}: {out}");
    }
    let complaint = folder(DEFINITION).run(&["check", "-", "--crds", "-"]).complaint();
    assert_eq!(complaint, "error: standard input is what is checked, and cannot be --crds too\n");
}
