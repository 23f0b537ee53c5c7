use super::super::SkipReason;
use super::super::tests::{json_of, read_text};

fn objects(yaml: &str) -> Vec<String> {
    let manifest = read_text(yaml);
    assert_eq!(manifest.problems, [], "{yaml}");
    let told = manifest.objects().map(|object| {
        let namespace = object.namespace.as_deref().unwrap_or("-");
        format!("{} {} {namespace}/{} {}", object.api_version, object.kind, object.display_name(), object.path)
    });
    told.collect()
}

#[test]
fn an_object_is_known_by_its_identity() {
    for (yaml, expected) in [
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}", "apps/v1 Deployment b/a $"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}", "v1 Pod -/a-* $"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: '', namespace: ~}", "v1 Pod -/ $"),
        ("apiVersion: v1\nkind: Pod\nmetadata:", "v1 Pod -/ $"),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization",
            "kustomize.config.k8s.io/v1beta1 Kustomization -/ $",
        ),
    ] {
        assert_eq!(objects(yaml), [expected]);
    }
    let manifest = read_text("apiVersion: v1\nkind: Pod\nmetadata: {name: '', namespace: ''}\n");
    let object = manifest.objects().next().unwrap();
    assert_eq!((&object.name, &object.namespace), (&None, &None));
    let manifest = read_text("apiVersion: apps/v1\nkind: Deployment\n");
    let object = manifest.objects().next().unwrap();
    assert_eq!((object.group(), object.version()), ("apps", "v1"));
    let manifest = read_text("apiVersion: v1\nkind: Pod\n");
    let object = manifest.objects().next().unwrap();
    assert_eq!((object.group(), object.version()), ("", "v1"));
}

#[test]
fn lists_are_opened_with_a_path_for_each_item() {
    let yaml = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Pod, metadata: {name: b}}
- apiVersion: apps/v1
  kind: DeploymentList
  items:
  - metadata: {name: c}
  - {kind: StatefulSet, apiVersion: apps/v1beta1, metadata: {name: d}}
- {apiVersion: v1, kind: Pod, metadata: {name: e}}
";
    assert_eq!(
        objects(yaml),
        [
            "v1 Service -/a $['items'][0]",
            "v1 Pod -/b $['items'][1]['items'][0]",
            "apps/v1 Deployment -/c $['items'][2]['items'][0]",
            "apps/v1beta1 StatefulSet -/d $['items'][2]['items'][1]",
            "v1 Pod -/e $['items'][3]",
        ]
    );
}

#[test]
fn whatever_has_a_list_of_items_is_a_list_as_it_is_to_kubectl() {
    let pod = "apiVersion: v1, kind: Pod, metadata: {name: a}";
    for kind in ["ConfigMap", "Secret", "Widget"] {
        let yaml = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: b}}\ndata: {{}}\nitems: [{{{pod}}}]\n");
        assert_eq!(objects(&yaml), ["v1 Pod -/a $['items'][0]"]);
    }
    assert_eq!(objects("apiVersion: v1\nkind: Pod\nitems: [{spec: {}}]\n"), ["v1 Pod -/ $['items'][0]"]);
    assert_eq!(objects("apiVersion: v1\nkind: Pod\nitems: {a: b}\n"), ["v1 Pod -/ $"]);
}

#[test]
fn a_list_of_nothing_is_counted_as_empty() {
    for yaml in ["kind: List\nitems: []\n", "kind: List\nitems:\n", "kind: PodList\nitems: []\n"] {
        let manifest = read_text(&format!("apiVersion: v1\n{yaml}"));
        assert_eq!(manifest.skipped().map(|(_, reason)| reason).collect::<Vec<_>>(), [SkipReason::Empty]);
    }
}

#[test]
fn a_list_needs_no_version_but_its_items_do() {
    assert_eq!(
        objects("kind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"),
        ["v1 Pod -/a $['items'][0]"]
    );
    let manifest = read_text("kind: List\nitems:\n- {kind: Pod}\n- {metadata: {name: a}}\n");
    assert_eq!((manifest.problems.len(), manifest.objects().count()), (2, 0));
    for other in ["kind: PodList\nitems: [{metadata: {name: a}}]", "kind: List\nitems: {a: b}", "kind: List"] {
        let manifest = read_text(other);
        assert_eq!(manifest.skipped().map(|(_, it)| it).collect::<Vec<_>>(), [SkipReason::NotKubernetes], "{other}");
    }
}

#[test]
fn an_item_inherits_both_or_nothing() {
    for item in ["kind: Deployment", "apiVersion: apps/v1"] {
        let manifest = read_text(&format!("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- {item}\n"));
        assert_eq!(manifest.problems.len(), 1, "{item}");
        assert_eq!(manifest.objects().count(), 0, "{item}");
    }
}

#[test]
fn what_an_item_inherits_is_part_of_it() {
    let manifest = read_text("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- kind: ~\n  metadata: {name: c}\n");
    let object = manifest.objects().next().unwrap();
    let expected = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"c"}}"#;
    assert_eq!(json_of(&object.node), expected);
}

#[test]
fn a_kind_that_merely_ends_like_a_list_is_an_object() {
    let yaml = "apiVersion: example.com/v1\nkind: AllowList\nspec: {items: [a]}\n";
    assert_eq!(objects(yaml), ["example.com/v1 AllowList -/ $"]);
}

#[test]
fn malformed_objects_are_problems_with_a_place() {
    let head = "apiVersion: v1\nkind: Pod\n";
    for (yaml, expected) in [
        ("apiVersion: v1\nkind: 5\n".to_owned(), "2:7: `kind` is a number, not a string"),
        ("apiVersion: v1\nkind: [Pod]\n".to_owned(), "2:1: `kind` is a list, not a string"),
        ("apiVersion: 1.0\nkind: Pod\n".to_owned(), "1:13: `apiVersion` is a number, not a string"),
        (format!("{head}metadata: [a]\n"), "3:1: `metadata` is a list, not a mapping"),
        (format!("{head}metadata: {{name: on}}\n"), "3:18: `metadata.name` is a boolean, not a string"),
        (format!("{head}metadata: {{namespace: {{}}}}\n"), "3:12: `metadata.namespace` is a mapping, not a string"),
        (
            "metadata: {name: a}\nkind: CronJob\nspec: {}\n".to_owned(),
            "2:1: this CronJob has no `apiVersion`; did you mean `batch/v1`?",
        ),
        (
            "apiVersion: ''\nkind: Pod\nmetadata: {}\nspec: {}\n".to_owned(),
            "2:1: this Pod has no `apiVersion`; did you mean `v1`?",
        ),
        (
            "kind: Service\nmetadata: {name: a}\nspec: {}\n".to_owned(),
            "1:1: this Service has no `apiVersion`; did you mean `v1`?",
        ),
        (
            "kind: ConfigMap\nmetadata: {generateName: a-}\n".to_owned(),
            "1:1: this ConfigMap has no `apiVersion`; did you mean `v1`?",
        ),
        (
            "apiVersion:\nkind: ClusterRole\nmetadata: {name: a}\nrules: []\n".to_owned(),
            "2:1: this ClusterRole has no `apiVersion`; did you mean `rbac.authorization.k8s.io/v1`?",
        ),
        (
            "kind: HorizontalPodAutoscaler\nmetadata: {name: a}\n".to_owned(),
            "1:1: this HorizontalPodAutoscaler has no `apiVersion`; did you mean `autoscaling/v2`?",
        ),
        (
            "kind: Deployment\nspec: {template: {}}\n".to_owned(),
            "1:1: this Deployment has no `apiVersion`; did you mean `apps/v1`?",
        ),
        (
            "# c\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n".to_owned(),
            "2:1: Kubernetes takes no bare list: a document is one object",
        ),
        (
            "[{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {}}]".to_owned(),
            "1:1: Kubernetes takes no bare list: a document is one object",
        ),
        (format!("{head}items: []\n"), "3:1: kubectl takes an object with `items` for a list, and this one is empty"),
        (format!("{head}items:\n"), "3:1: kubectl takes an object with `items` for a list, and this one is empty"),
        ("apiVersion: v1\nkind: List\nlist: []\n".to_owned(), "2:1: this list has no `items`"),
        ("apiVersion: apps/v1\nkind: DeploymentList\n".to_owned(), "2:1: this list has no `items`"),
        (
            "apiVersion: v1\nkind: '{{ x }}'\nitems: [{apiVersion: v1, kind: Pod}]\n".to_owned(),
            "3:1: the kind of this list is left to a template",
        ),
        ("apiVersion: apps/v1\nmetadata: {name: a}\n".to_owned(), "1:1: this object has no `kind`"),
        ("apiVersion: apps/v1\nspec: {}\n".to_owned(), "1:1: this object has no `kind`"),
        ("apiVersion: v1\nKind: Pod\n".to_owned(), "2:1: `Kind` is not `kind`: Kubernetes does not know this field"),
        (
            "apiversion: v1\nkind: Secret\n".to_owned(),
            "1:1: `apiversion` is not `apiVersion`: Kubernetes does not know this field",
        ),
        ("apiVersion: v1\nkind: List\nitems: {a: b}\n".to_owned(), "3:1: `items` is a mapping, not a list"),
        ("apiVersion: v1\nkind: PodList\nitems: a\n".to_owned(), "3:1: `items` is a string, not a list"),
        ("apiVersion: v1\nkind: List\nitems:\n- a\n".to_owned(), "4:3: `items[]` is a string, not a mapping"),
        ("apiVersion: v1\nkind: PodList\nitems:\n- []\n".to_owned(), "4:3: `items[]` is a list, not a mapping"),
        (
            "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n".to_owned(),
            "4:3: this item has no `apiVersion` and `kind`",
        ),
    ] {
        let manifest = read_text(&yaml);
        let told: Vec<String> = manifest.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, [expected], "{yaml}");
        assert_eq!(manifest.objects().count(), 0, "{yaml}");
    }
}

#[test]
fn a_kind_without_a_version_may_be_the_word_of_another_tool() {
    for yaml in [
        "kind: Deployment\nreplicas: 2\nmetadata: {annotations: {}}\n",
        "kind: Service\nname: web\nspec: {}\n",
        "kind: ClusterRole\nmetadata: [name]\n",
        "kind: Widget\nmetadata: {name: a}\nspec: {}\n",
        "kind: service\nmetadata: {name: a}\nspec: {}\n",
        "services: {web: {kind: Service, metadata: {name: a}}}\n",
    ] {
        let manifest = read_text(yaml);
        assert_eq!(manifest.problems, [], "{yaml}");
        assert_eq!(manifest.skipped().count(), 1, "{yaml}");
    }
}

#[test]
fn one_malformed_item_leaves_the_others() {
    let manifest = read_text("apiVersion: v1\nkind: List\nitems:\n- a\n- {apiVersion: v1, kind: Pod}\n");
    assert_eq!((manifest.problems.len(), manifest.objects().count()), (1, 1));
}

#[test]
fn what_is_no_object_is_skipped_and_kept() {
    for yaml in [
        "a: 1",
        "- apiVersion: v1\n  kind: Pod",
        "text",
        "kind: pipeline",
        "kind: Pod",
        "kind: Job\nmetadata: {name: a}",
        "kind: Component\nmetadata: {name: a}\nspec: {}",
        "apiVersion: v2",
        "apiVersion: v1\nkind: ''",
    ] {
        let manifest = read_text(yaml);
        assert_eq!(manifest.skipped().map(|(_, reason)| reason).collect::<Vec<_>>(), [SkipReason::NotKubernetes]);
    }
}
