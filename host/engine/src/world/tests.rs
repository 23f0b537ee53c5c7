use std::cell::Cell;

use super::*;
use crate::file::File;
use crate::manifest::{Covered, Limits, Origin, Rendering, read};
use crate::unchecked::Unrendered;

thread_local! {
    /// How many variants were looked at.
    pub(super) static SCANNED: Cell<usize> = const { Cell::new(0) };
}

fn input(files: &[(&str, usize, &str)]) -> Input {
    let file = |(name, project, text): &(&str, usize, &str)| File {
        manifest: read(name, format!("apiVersion: v1\nkind: ServiceAccount\n{text}").into_bytes(), &Limits::default()),
        project: *project,
    };
    Input::new(files.iter().map(file).collect())
}

fn seen(input: &Input, file: usize) -> Vec<String> {
    let world = World::new(input);
    let subject = input.subjects().find(|subject| subject.file == file);
    let from = subject.map(|subject| World::viewpoint(input, subject));
    let objects = from.map(|from| world.related(from, "", "ServiceAccount", None, &[])).unwrap_or_default();
    let marks = objects.iter().map(|object| object.node.get("mark").and_then(|mark| mark.as_str()));
    marks.map(|mark| mark.unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_nearest_variant_stands_for_the_object() {
    let input = input(&[
        ("app/base/sa.yaml", 0, "metadata: {name: web}\nmark: base"),
        ("app/overlays/prod/sa.yaml", 0, "metadata: {name: web}\nmark: prod"),
        ("app/overlays/dev/other.yaml", 0, "metadata: {name: other}\nmark: other"),
        ("app/overlays/prod/deep/x.yaml", 0, "metadata: {name: x}\nmark: x"),
    ]);
    assert_eq!(seen(&input, 0), ["base", "other"]);
    assert_eq!(seen(&input, 3), ["prod", "other", "x"]);
}

#[test]
fn other_projects_are_other_worlds() {
    let input = input(&[
        ("one/sa.yaml", 0, "metadata: {name: web}\nmark: one"),
        ("two/sa.yaml", 1, "metadata: {name: db}\nmark: two"),
    ]);
    assert_eq!(seen(&input, 0), ["one"]);
    assert_eq!(seen(&input, 1), ["two"]);
}

#[test]
fn namespaces_and_generated_names_keep_objects_apart() {
    let input = input(&[
        ("sa.yaml", 0, "metadata: {name: web, namespace: a}\nmark: a"),
        ("sb.yaml", 0, "metadata: {name: web, namespace: b}\nmark: b"),
        ("sc.yaml", 0, "metadata: {generateName: web-}\nmark: c"),
        ("sd.yaml", 0, "metadata: {generateName: web-}\nmark: d"),
    ]);
    assert_eq!(seen(&input, 0), ["a", "b", "c", "d"]);
}

#[test]
fn of_two_equally_near_the_last_is_kept_as_a_cluster_does() {
    let input = input(&[
        ("a/one.yaml", 0, "metadata: {name: web}\nmark: first"),
        ("a/two.yaml", 0, "metadata: {name: web}\nmark: last"),
        ("a/x.yaml", 0, "metadata: {name: x}\nmark: x"),
    ]);
    assert_eq!(seen(&input, 2), ["last", "x"]);
}

#[test]
fn a_variant_in_the_askers_own_file_is_nearer_than_one_beside_it() {
    let input = input(&[
        ("a/one.yaml", 0, "metadata: {name: web}\nmark: one"),
        ("a/two.yaml", 0, "metadata: {name: web}\nmark: two"),
    ]);
    assert_eq!(seen(&input, 0), ["one"]);
    assert_eq!(seen(&input, 1), ["two"]);
}

#[test]
fn a_variant_in_the_askers_own_folder_is_nearer_than_one_below_it() {
    let input = input(&[
        ("app/sa.yaml", 0, "metadata: {name: web}\nmark: own"),
        ("app/tls/sa.yaml", 0, "metadata: {name: web}\nmark: below"),
        ("app/x.yaml", 0, "metadata: {name: x}\nmark: x"),
    ]);
    assert_eq!(seen(&input, 2), ["own", "x"]);
    assert_eq!(seen(&input, 1), ["below", "x"]);
}

#[test]
fn an_answer_is_remembered_for_those_files_only_that_see_the_same() {
    let input = input(&[
        ("a/one.yaml", 0, "metadata: {name: web}"),
        ("a/two.yaml", 0, "metadata: {name: web}"),
        ("a/x.yaml", 0, "metadata: {name: x}"),
        ("a/z.yaml", 0, "metadata: {name: z}"),
    ]);
    let world = World::new(&input);
    let answered: Vec<_> = input
        .subjects()
        .map(|subject| {
            let answer = || Ok(vec![u8::try_from(subject.file).unwrap_or_default()]);
            world.remember(World::viewpoint(&input, subject), "list", b"", answer).unwrap_or_default()
        })
        .collect();
    assert_eq!(answered, [[0], [1], [2], [2]]);
}

#[test]
fn overlays_beside_the_askers_are_out_of_its_sight() {
    let input = input(&[
        ("app/dev/sa.yaml", 0, "metadata: {name: web}\nmark: dev"),
        ("app/dev/more/only.yaml", 0, "metadata: {name: only}\nmark: only in dev"),
        ("app/prod/sa.yaml", 0, "metadata: {name: web}\nmark: prod"),
        ("app/devices/other.yaml", 0, "metadata: {name: other}\nmark: other"),
        ("app/shared.yaml", 0, "metadata: {name: shared}\nmark: shared"),
    ]);
    assert_eq!(seen(&input, 2), ["prod", "other", "shared"]);
    assert_eq!(seen(&input, 0), ["dev", "only in dev", "other", "shared"]);
    // One that has no variants has no overlays either.
    assert_eq!(seen(&input, 4).len(), 4);
}

#[test]
fn a_kind_that_has_moved_is_found_under_its_new_group() {
    let text = "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: web}\n---\n\
                apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    let manifest = read("web.yaml", text.as_bytes().to_vec(), &Limits::default());
    let input = Input::new(vec![File { manifest, project: 0 }]);
    let (inside, outside) = (World::new(&input), World::of(input.subjects().map(|it| it.object), Vec::new()));
    for subject in input.subjects() {
        for (world, from) in
            [(&inside, World::viewpoint(&input, subject)), (&outside, Viewpoint::nowhere(subject.object))]
        {
            assert_eq!(world.related(from, "apps", "Deployment", None, &[]).len(), 1);
            assert!(world.get(from, "apps", "Deployment", "", "web").is_some());
        }
    }
}

#[test]
fn objects_without_a_file_are_all_seen_by_whoever_has_none_either() {
    let input = input(&[
        ("a/sa.yaml", 0, "metadata: {name: web, namespace: a}"),
        ("b/sb.yaml", 1, "metadata: {name: web, namespace: b}"),
    ]);
    let world = World::of(input.subjects().map(|subject| subject.object), Vec::new());
    for subject in input.subjects() {
        let from = Viewpoint::nowhere(subject.object);
        assert_eq!(world.related(from, "", "ServiceAccount", None, &[]).len(), 2);
        assert_eq!(world.related(from, "", "ServiceAccount", Some("b"), &[]).len(), 1);
    }
}

#[test]
fn one_namespace_or_one_name_is_what_all_objects_say_of_it() {
    let input = input(&[
        ("sa.yaml", 0, "metadata: {name: web, namespace: a}"),
        ("sb.yaml", 0, "metadata: {name: web, namespace: b}"),
        ("sc.yaml", 0, "metadata: {generateName: web-, namespace: b}"),
        ("x/sd.yaml", 0, "metadata: {name: web, namespace: b}"),
    ]);
    let world = World::new(&input);
    for subject in input.subjects() {
        let from = World::viewpoint(&input, subject);
        let all = world.related(from, "", "ServiceAccount", None, &[]);
        for namespace in ["a", "b", "c", ""] {
            let here: Vec<_> = all.iter().copied().filter(|it| super::namespace(it) == namespace).collect();
            assert_eq!(world.related(from, "", "ServiceAccount", Some(namespace), &[]), here);
            let named = here.iter().copied().find(|it| it.name.as_deref() == Some("web"));
            assert_eq!(world.get(from, "", "ServiceAccount", namespace, "web"), named);
        }
    }
}

/// How many variants are looked at where each of these files looks for all ServiceAccounts, and for its own.
fn scanned(files: &[(String, String)]) -> usize {
    let files: Vec<(&str, usize, &str)> = files.iter().map(|(name, text)| (&**name, 0, &**text)).collect();
    let input = input(&files);
    let world = World::new(&input);
    SCANNED.set(0);
    for subject in input.subjects() {
        let from = World::viewpoint(&input, subject);
        let (namespace, name) = (namespace(subject.object), subject.object.name.as_deref().unwrap_or_default());
        let found = world.get(from, "", "ServiceAccount", namespace, name);
        assert_eq!(found, Some(subject.object));
        assert_eq!(world.related(from, "", "ServiceAccount", Some(namespace), &[]), [subject.object]);
        let _ = world.outlook(from);
    }
    SCANNED.get()
}

#[test]
fn variants_in_many_folders_cost_no_square() {
    let in_folders = |number: usize| {
        let file = |index: usize| (format!("a/b-{index}/sa.yaml"), "metadata: {name: web, namespace: shop}".to_owned());
        (0..number).map(file).collect::<Vec<_>>()
    };
    let in_namespaces = |number: usize| {
        let file =
            |index: usize| (format!("a/b-{index}/sa.yaml"), format!("metadata: {{name: web, namespace: n{index}}}"));
        (0..number).map(file).collect::<Vec<_>>()
    };
    for files in [&in_folders as &dyn Fn(usize) -> Vec<(String, String)>, &in_namespaces] {
        let [one, two] = [100, 200].map(|number| scanned(&files(number)));
        assert!(one >= 200 && two * 10 <= one * 22, "{one} for 100, {two} for 200");
    }
}

#[test]
fn among_many_variants_the_nearest_is_found_and_others_are_out_of_sight() {
    let mut files: Vec<(String, usize, String)> = (0..20)
        .map(|index| (format!("apps/o-{index}/sa.yaml"), 0, format!("metadata: {{name: web}}\nmark: o-{index}")))
        .collect();
    files.push(("apps/o-3/x.yaml".into(), 0, "metadata: {name: x}\nmark: x".into()));
    files.push(("apps/z.yaml".into(), 0, "metadata: {name: z}\nmark: z".into()));
    files.push(("apps/o-4/deep/sb.yaml".into(), 0, "metadata: {name: web}\nmark: deep".into()));
    let files: Vec<(&str, usize, &str)> =
        files.iter().map(|(name, project, text)| (&**name, *project, &**text)).collect();
    let input = input(&files);
    // What stands beside another variant is that one's.
    assert_eq!(seen(&input, 5), ["o-5", "z"]);
    assert_eq!(seen(&input, 3), ["o-3", "x", "z"]);
    assert_eq!(seen(&input, 4), ["o-4", "z"]);
    assert_eq!(seen(&input, 22), ["deep", "z"]);
    assert_eq!(seen(&input, 20), ["o-3", "x", "z"]);
    // Who has no variant sees the last of those that are equally near.
    assert_eq!(seen(&input, 21), ["deep", "x", "z"]);
}

#[test]
fn definitions_beside_the_input_are_found_by_name_where_the_input_has_none() {
    let text = |group: &str, name: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\nspec: {{group: {group}}}\n"
        )
    };
    let own = File { manifest: read("a.yaml", text("own", "a").into(), &Limits::default()), project: 0 };
    let input = Input::new(vec![own]);
    let given = [text("given", "a"), text("given", "b"), "apiVersion: v1\nkind: Pod\nmetadata: {name: c}\n".to_owned()];
    let given = read("given.yaml", given.join("---\n").into(), &Limits::default());
    let given: Vec<Object> = given.objects().cloned().collect();
    let world = World::new(&input).defined_by(&given);
    let from = World::viewpoint(&input, input.subjects().next().unwrap());
    let group_of = |group: &str, kind: &str, name: &str| {
        let found = world.get(from, group, kind, "", name)?;
        found.node.look().get("spec")?.get("group")?.as_str().map(str::to_owned)
    };
    let kind = "CustomResourceDefinition";
    assert_eq!(group_of("apiextensions.k8s.io", kind, "a").as_deref(), Some("own"));
    assert_eq!(group_of("apiextensions.k8s.io", kind, "b").as_deref(), Some("given"));
    assert_eq!(group_of("example.com", kind, "b"), None);
    assert!(world.get(from, "", "Pod", "", "c").is_none(), "only definitions are given");
    assert_eq!(world.related(from, "apiextensions.k8s.io", kind, None, &[]).len(), 1, "lists are of the input");
}

#[test]
fn a_release_that_was_rendered_is_not_among_those_that_were_not() {
    let release = |name: &str| {
        let text = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{}}\n"
        );
        File { manifest: read(&format!("{name}.yaml"), text.into_bytes(), &Limits::default()), project: 0 }
    };
    let covered = |name: &str| Covered::Object { file: format!("{name}.yaml"), line: 2 };
    let mut rendered = release("made");
    let covers = vec![covered("web"), covered("half")];
    rendered.manifest.origin = Origin::Rendered(Rendering { covers, ..Rendering::default() }.into());
    let files = vec![release("web"), release("half"), release("redis"), rendered];
    let left = Unrendered {
        file: "half.yaml".into(),
        line: 2,
        covers: vec![covered("half")],
        reason: "it failed".into(),
        advice: None,
        is_refused: false,
    };
    let input = Input::new(files).with_unrendered(vec![left]);
    let world = World::new(&input);
    let from = World::viewpoint(&input, input.subjects().next().unwrap());
    let (group, kind) = ("helm.toolkit.fluxcd.io", "HelmRelease");
    let names = |objects: Vec<&Object>| -> Vec<String> { objects.into_iter().map(Object::display_name).collect() };
    for namespace in [Some("shop"), None] {
        assert_eq!(names(world.related(from, group, kind, namespace, &[])), ["web", "half", "redis", "made"]);
    }
    assert_eq!(names(world.unrendered(from, group, kind)), ["half", "redis", "made"]);
}
