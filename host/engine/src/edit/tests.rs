use protocol::{Applicability, Edit, Json as Fix};
use serde_json::json;

use super::*;

/// The text after the first object was changed by the closure, and whether only what differs was edited.
fn changed(text: &str, mutate: impl FnOnce(&mut Json)) -> Result<(String, bool), Unwritable> {
    let manifest = read("a.yaml", text.into(), &Limits::default());
    assert_eq!(manifest.problems, [], "{text}");
    let object = manifest.objects().next().unwrap();
    let mut mutated = serde_json::to_value(&*object.node).unwrap();
    mutate(&mut mutated);
    let wanted = Wanted { document: 0, object, mutated: &mutated };
    rewritten(&manifest, &[wanted]).map(|new| (new.text, new.is_clean))
}

fn clean(text: &str, mutate: impl FnOnce(&mut Json)) -> String {
    let (text, is_clean) = changed(text, mutate).unwrap();
    assert!(is_clean, "{text}");
    text
}

const POD: &str = "\
# the web server
apiVersion: v1
kind: Pod
metadata:
  name: web # its name
  labels:
    app: web

spec:
  hostNetwork: true   # not for long
  containers:
    # the program
    - name: app
      image: example.com/web:1
      args: [a, b] # flow
      env:
      - {name: A, value: b}
    - image: proxy
      name: proxy
---
apiVersion: v1
kind: Pod
metadata: {name: other}
";

#[test]
fn a_scalar_is_replaced_where_it_stands() {
    let new = clean(POD, |pod| {
        pod["spec"]["hostNetwork"] = json!(false);
        pod["spec"]["containers"][0]["image"] = json!("example.com/web@sha256:1");
        pod["spec"]["containers"][0]["env"][0]["value"] = json!("yes");
        pod["metadata"]["labels"]["app"] = json!("no");
    });
    let expected = POD
        .replace("hostNetwork: true ", "hostNetwork: false ")
        .replace("image: example.com/web:1", "image: example.com/web@sha256:1")
        .replace("value: b}", "value: 'yes'}")
        .replace("app: web\n", "app: 'no'\n");
    assert_eq!(new, expected);
}

#[test]
fn members_are_added_behind_the_last_and_removed_with_their_lines() {
    let new = clean(POD, |pod| {
        pod["metadata"]["labels"]["owner"] = json!("ana");
        pod["metadata"]["annotations"] = json!({"a/b": "c d"});
        pod["spec"]["securityContext"] = json!({"runAsNonRoot": true, "supplementalGroups": [1, 2]});
        pod["spec"]["containers"][1].as_object_mut().unwrap().remove("image");
        pod["spec"]["containers"][0]["env"][0]["x"] = json!("y");
        pod["spec"].as_object_mut().unwrap().remove("hostNetwork");
    });
    let expected = POD
        .replace("    app: web\n", "    app: web\n    owner: ana\n  annotations:\n    a/b: c d\n")
        .replace("  hostNetwork: true   # not for long\n", "")
        .replace("value: b}", "value: b, x: 'y'}")
        .replace("    - image: proxy\n      name: proxy\n", "    - name: proxy\n  securityContext:\n    runAsNonRoot: true\n    supplementalGroups:\n    - 1\n    - 2\n");
    assert_eq!(new, expected);
}

#[test]
fn comments_of_the_last_member_stay_with_it() {
    let of = |end: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  a:\n    b: 1\n{end}");
    for (before, behind) in [
        ("    # c: 2\n#    d: 3\n", "# the end\n"),
        ("   # deeper\n", "  # as deep\n    # below that\n"),
        ("", "# the end"),
        ("", "\n    # behind a blank line\n"),
        ("    # the last\n", ""),
    ] {
        let text = of(&format!("{before}{behind}"));
        let new = clean(&text, |pod| pod["spec"]["new"] = json!(true));
        assert_eq!(new, of(&format!("{before}  new: true\n{behind}")), "{text}");
    }
}

#[test]
fn items_come_and_go_and_the_others_stay() {
    let new = clean(POD, |pod| {
        let containers = pod["spec"]["containers"].as_array_mut().unwrap();
        containers.insert(1, json!({"name": "mid", "image": "m"}));
        containers.push(json!({"name": "end"}));
        pod["spec"]["containers"][0]["args"] = json!(["z", "a", "b", "c"]);
    });
    let expected = POD.replace(
        "    - image: proxy\n      name: proxy\n",
        "    - image: m\n      name: mid\n    - image: proxy\n      name: proxy\n    - name: end\n",
    );
    // Items at both ends are a change of the list's middle: the first two are replaced, the rest comes behind.
    assert_eq!(new, expected.replace("args: [a, b]", "args: [z, a, b, c]"));
    let new = clean(POD, |pod| {
        pod["spec"]["containers"].as_array_mut().unwrap().remove(0);
        pod["spec"]["containers"][0]["name"] = json!("front");
    });
    assert!(new.contains("front") && !new.contains("example.com/web"), "{new}");
}

#[test]
fn what_was_empty_is_filled() {
    let text =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {}\n  annotations:\nspec:\n  containers: []\n";
    let new = clean(text, |pod| {
        pod["metadata"]["labels"] = json!({"owner": "ana"});
        pod["metadata"]["annotations"] = json!({"b": "1"});
        pod["spec"]["containers"] = json!([{"name": "app"}]);
    });
    assert_eq!(
        new,
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    owner: ana\n  annotations:\n    b: '1'\nspec:\n  \
         containers:\n  - name: app\n"
    );
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"metadata\": {\n    \"name\": \"a\"\n  }\n}\n";
    let new = clean(text, |pod| pod["metadata"]["labels"] = json!({"owner": "ana"}));
    let expected = text.replace("\"a\"\n", "\"a\",\n    \"labels\": {\"owner\":\"ana\"}\n");
    assert_eq!(new, expected);
    let tabs = |text: &str| text.replace("  ", "\t");
    assert_eq!(clean(&tabs(text), |pod| pod["metadata"]["labels"] = json!({"owner": "ana"})), tabs(&expected));
}

#[test]
fn crlf_and_a_missing_line_break_at_the_end_stay() {
    let text = "apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: a";
    let new = clean(text, |pod| pod["metadata"]["labels"] = json!({"owner": "ana"}));
    assert_eq!(new, format!("{text}\r\n  labels:\r\n    owner: ana"));
}

#[test]
fn block_scalars_are_replaced_whole() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    one\n    two\n  b: c\n";
    let new = clean(text, |map| map["data"]["a"] = json!("three"));
    assert_eq!(new, text.replace("|\n    one\n    two", "three"));
}

#[test]
fn what_others_share_is_written_anew_and_said() {
    let text =
        "apiVersion: v1\nkind: Pod\nmetadata: &m\n  name: a # gone\n  labels: &l {app: a}\nspec:\n  selector: *l\n";
    let (new, is_clean) = changed(text, |pod| pod["metadata"]["labels"]["app"] = json!("b")).unwrap();
    assert!(!is_clean && new.contains("selector:\n    app: a\n") && !new.contains('#'), "{new}");
    let keys = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx: &x {a: 1}\nspec:\n  <<: *x\n  b: 2\n";
    let (new, is_clean) = changed(keys, |pod| pod["spec"]["a"] = json!(2)).unwrap();
    assert!(!is_clean && new.contains("x:\n  a: 1\n"), "{new}");
}

#[test]
fn the_item_of_a_list_is_changed_in_its_list() {
    let text = "apiVersion: v1\nkind: PodList\nitems:\n- metadata:\n    name: a\n- metadata:\n    name: b # keep\n";
    let new = clean(text, |pod| pod["metadata"]["labels"] = json!({"owner": "ana"}));
    assert_eq!(new, text.replace("name: a\n", "name: a\n    labels:\n      owner: ana\n"));
}

#[test]
fn several_objects_of_a_file_are_changed_at_once() {
    let manifest = read("a.yaml", POD.into(), &Limits::default());
    let mutated: Vec<Json> = manifest
        .objects()
        .map(|object| {
            let mut mutated = serde_json::to_value(&*object.node).unwrap();
            mutated["metadata"]["labels"]["owner"] = json!("ana");
            mutated
        })
        .collect();
    let wanted: Vec<Wanted<'_>> = manifest
        .objects()
        .zip(&mutated)
        .enumerate()
        .map(|(document, (object, mutated))| Wanted { document, object, mutated })
        .collect();
    let new = rewritten(&manifest, &wanted).unwrap();
    assert!(new.is_clean && new.text.ends_with("metadata: {name: other, labels: {owner: ana}}\n"), "{}", new.text);
    assert!(new.text.contains("    app: web\n    owner: ana\n"));
    // Once is enough.
    let again = read("a.yaml", new.text.into_bytes(), &Limits::default());
    for (object, mutated) in again.objects().zip(&mutated) {
        assert_eq!(between(&object.node, mutated), []);
    }
}

#[test]
fn an_object_that_would_change_with_another_is_not_written() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, labels: &shared {app: web}}\n\
                - apiVersion: v1\n  kind: Pod\n  metadata: {name: b, labels: *shared}\n";
    let refused = changed(text, |pod| pod["metadata"]["labels"]["app"] = json!("api"));
    assert_eq!(refused, Err(Unwritable));
}

/// The text with these fixes of its first object.
fn fixed(text: &str, edits: &[(&str, Fix)]) -> Result<String, String> {
    let manifest = read("a.yaml", text.into(), &Limits::default());
    assert_eq!(manifest.problems, [], "{text}");
    let object = manifest.objects().next().unwrap();
    let edits: Vec<Edit> = edits.iter().map(|(path, value)| edit(path, value.clone())).collect();
    let mutated = merged(object, &edits).map_err(|cause| cause.to_string())?;
    edited(&manifest, &[Wanted { document: 0, object, mutated: &mutated }]).map_err(|cause| cause.to_string())
}

fn edit(path: &str, value: Fix) -> Edit {
    Edit { path: path.into(), value, applicability: Applicability::NeedsReview }
}

const APP: &str = "$['spec']['containers'][0]";

#[test]
fn a_fix_adds_what_is_missing_and_leaves_every_other_byte() {
    let hook = Fix::of("lifecycle", Fix::of("preStop", Fix::of("sleep", Fix::of("seconds", 10))));
    let variable = Fix::of("env", vec![Fix::of("name", "LOG_FORMAT").and("value", "json")]);
    let text = format!("---\n{POD}").replace('\n', "\r\n");
    let new = fixed(&text, &[(APP, hook), (APP, variable), ("$['spec']", Fix::of("hostNetwork", false))]).unwrap();
    let expected = text
        .replace("- {name: A, value: b}\r\n", "- {name: A, value: b}\r\n      - name: LOG_FORMAT\r\n        value: json\r\n      lifecycle:\r\n        preStop:\r\n          sleep:\r\n            seconds: 10\r\n")
        .replace("hostNetwork: true   # not", "hostNetwork: false   # not");
    assert_eq!(new, expected);
}

#[test]
fn what_is_there_already_is_not_added_again() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  env:\n  - name: A\n    value: b # {\"$setter\": \"x\"}\n  list: [a]\n";
    let variable = |value: &str| Fix::of("env", vec![Fix::of("name", "A").and("value", value)]);
    assert_eq!(fixed(text, &[("$['spec']", variable("b"))]).as_deref(), Ok(text));
    // A marker stays on its line.
    assert_eq!(fixed(text, &[("$['spec']", variable("c"))]).unwrap(), text.replace("value: b #", "value: c #"));
    let list = Fix::of("list", vec![Fix::from("a"), Fix::from("b")]);
    assert_eq!(fixed(text, &[("$['spec']", list)]).unwrap(), text.replace("[a]", "[a, b]"));
}

#[test]
fn members_and_items_are_removed() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  min: 1\n  add: [A, B, C]\n";
    let instead = Fix::of("min", Fix::Null).and("max", 1);
    let items = [("$['spec']['add'][2]", Fix::Null), ("$['spec']", instead)];
    let new = fixed(text, &items).unwrap();
    assert_eq!(new, text.replace("  min: 1\n", "").replace("[A, B, C]\n", "[A, B]\n  max: 1\n"));
}

#[test]
fn a_fix_that_cannot_be_written_in_place_is_refused() {
    let aliased = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {app: a}}\nspec:\n  selector: *l\n";
    let keyed = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx: &x {a: 1}\nspec:\n  <<: *x\n  b: 2\n";
    for (text, path, value) in [
        (aliased, "$['metadata']['labels']", Fix::of("app", "b")),
        (aliased, "$['spec']['selector']", Fix::of("app", "b")),
        (keyed, "$['spec']", Fix::of("a", 2)),
    ] {
        assert_eq!(fixed(text, &[(path, value)]), Err(Unwritable.to_string()), "{text}");
    }
    // What stands beside them is written as anywhere.
    assert_eq!(fixed(keyed, &[("$['spec']", Fix::of("b", 3))]).unwrap(), keyed.replace("b: 2", "b: 3"));
}

#[test]
fn fixes_that_do_not_fit_are_refused_together() {
    let cases: [(&[(&str, Fix)], &str); 3] = [
        (&[("$['spec']['none']", Fix::of("a", 1))], "there is nothing at spec.none"),
        (&[("$['spec']", Fix::of("a", 1)), ("$['spec']", Fix::of("a", 2))], "two fixes contradict each other at spec"),
        (&[("spec", Fix::of("a", 1))], "there is nothing at spec"),
    ];
    for (edits, cause) in cases {
        assert_eq!(fixed(POD, edits), Err(cause.into()));
    }
    let manifest = read("a.yaml", POD.into(), &Limits::default());
    let example = Edit { applicability: Applicability::Example, ..edit("$['spec']", Fix::of("a", "<b>")) };
    assert_eq!(merged(manifest.objects().next().unwrap(), [&example]), Err(MergeError::Example("spec".into())));
}

/// A Pod with this specification.
fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:{spec}")
}

#[test]
fn comments_stay_beside_what_they_are_about() {
    let spec = "$['spec']";
    let added = || Fix::of("new", 1);
    let cases: [(&str, &str, Fix, &str); 11] = [
        // On the line of what was empty and becomes a block.
        ("\n  a: {} # c\n  b: 1\n", spec, Fix::of("a", added()), "\n  a: # c\n    new: 1\n  b: 1\n"),
        ("\n  a: # c\n  b: 1\n", spec, Fix::of("a", added()), "\n  a: # c\n    new: 1\n  b: 1\n"),
        ("\n  a: [] # c\n", spec, Fix::of("a", vec![added()]), "\n  a: # c\n  - new: 1\n"),
        (" {} # c\n", spec, added(), " # c\n  new: 1\n"),
        // In braces over several lines.
        (" {\n  # a\n  a: 1 # c\n  # end\n  }\n", spec, added(), " {\n  # a\n  a: 1, # c\n  new: 1,\n  # end\n  }\n"),
        (" {\n  a: 1, # c\n  }\n", spec, added(), " {\n  a: 1, # c\n  new: 1,\n  }\n"),
        (" {\n  a: 1 # c\n  }\n", spec, added().and("other", 2), " {\n  a: 1, # c\n  new: 1,\n  other: 2,\n  }\n"),
        (" {\n  a: 1,\n  # b\n  b: 2\n  }\n", "$['spec']['a']", Fix::Null, " {\n  # b\n  b: 2\n  }\n"),
        // In lists.
        ("\n  a: [\n    x, # x\n    y\n  ]\n", "$['spec']['a'][1]", Fix::Null, "\n  a: [\n    x, # x\n  ]\n"),
        (
            "\n  a:\n  # x\n  - x # 1\n  - y\n  # z\n  - z # 3\n",
            "$['spec']['a'][1]",
            Fix::Null,
            "\n  a:\n  # x\n  - x # 1\n  # z\n  - z # 3\n",
        ),
        (
            "\n  a:\n  - x # 1\n  # end\n  b: '#1' # b\n",
            spec,
            Fix::of("a", vec![Fix::from("z")]),
            "\n  a:\n  - x # 1\n  - z\n  # end\n  b: '#1' # b\n",
        ),
    ];
    for (old, path, fix, new) in cases {
        assert_eq!(fixed(&pod(old), &[(path, fix)]), Ok(pod(new)), "{old}");
    }
}

#[test]
fn an_edit_that_would_lose_or_move_a_comment_is_refused() {
    let refused = Err(Unwritable.to_string());
    for (spec, path, fix) in [
        // What the comment is about goes.
        ("\n  # the first\n  a: 1\n  b: 2\n", "$['spec']['a']", Fix::Null),
        ("\n  a: 1 # why\n  b: 2\n", "$['spec']['a']", Fix::Null),
        ("\n  a:\n  - b # why\n  - c\n", "$['spec']['a'][0]", Fix::Null),
        (" {\n  a: 1, # why\n  b: 2\n  }\n", "$['spec']['a']", Fix::Null),
        (" {\n  # why\n  a: 1,\n  b: 2\n  }\n", "$['spec']['a']", Fix::Null),
        ("\n  a: [\n    x,\n    y # why\n  ]\n", "$['spec']['a'][1]", Fix::Null),
        // It stands within what is replaced.
        ("\n  a: # why\n    b: 1\n", "$['spec']", Fix::of("a", "c")),
        ("\n  a: | # why\n    b\n", "$['spec']", Fix::of("a", "c")),
    ] {
        assert_eq!(fixed(&pod(spec), &[(path, fix)]), refused, "{spec}");
    }
    let text = pod("\n  # the first\n  a: 1 # why\n  b: 2\n");
    // Who has the object changed by a policy wants the change, with or without them.
    assert_eq!(
        clean(&text, |pod| drop(pod["spec"].as_object_mut().unwrap().remove("a"))),
        pod("\n  # the first\n  b: 2\n")
    );
}

#[test]
fn an_item_is_put_above_the_comment_of_the_next_one() {
    let text = pod("\n  a:\n  - x\n  # the last\n  - z\n");
    let new = clean(&text, |pod| pod["spec"]["a"] = json!(["x", "y", "z"]));
    assert_eq!(new, text.replace("  # the last\n", "  - 'y'\n  # the last\n"));
}
