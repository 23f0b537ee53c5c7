//! What is fixed only on request, never, or not because a check objects.

use crate::support::Folder;
use crate::{DEPLOYMENT, findings, text};

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: web:latest\n";

fn run(folder: &Folder, more: &[&str]) -> crate::support::Run {
    folder.run(&[&["fix", "."], more].concat())
}

#[test]
fn what_may_break_a_program_is_fixed_on_request() {
    let folder = Folder::of("pod.yaml", POD);
    let rule = ["--rule", "read-only-root-filesystem"];
    let out = run(&folder, &rule).with(0);
    assert!(out.contains("1 more edit may change how a workload runs: `--unsafe` makes them"), "{out}");
    let out = run(&folder, &[&rule[..], &["--unsafe", "--write"]].concat()).with(0);
    assert!(out.contains("1  read-only-root-filesystem  review it"), "{out}");
    assert!(text(&folder, "pod.yaml").ends_with("    securityContext:\n      readOnlyRootFilesystem: true\n"));
}

#[test]
fn a_placeholder_is_never_written() {
    let folder = Folder::of("pod.yaml", POD);
    let out = run(&folder, &["--rule", "immutable-image-tag", "--unsafe", "--write"]).with(0);
    assert!(out.contains("1 finding left to fix by hand"), "{out}");
    assert_eq!(text(&folder, "pod.yaml"), POD);
}

#[test]
fn a_container_that_runs_as_root_is_not_kept_from_starting() {
    let root = POD.to_owned() + "    securityContext:\n      runAsUser: 0\n";
    let folder = Folder::of("pod.yaml", &root);
    let out = run(&folder, &["--rule", "run-as-non-root", "--unsafe", "--write"]).with(0);
    assert!(out.contains("left to fix by hand"), "{out}");
    assert_eq!(text(&folder, "pod.yaml"), root);
    let folder = folder.and("seaworthy.yaml", "rules: {pod-security: {settings: {level: restricted}}}\n");
    run(&folder, &["--rule", "pod-security", "--unsafe", "--write"]);
    let new = text(&folder, "pod.yaml");
    assert!(new.contains("seccompProfile") && !new.contains("runAsNonRoot"), "{new}");
}

#[test]
fn several_rules_edit_one_object_together() {
    let folder = Folder::of("web.yaml", DEPLOYMENT);
    let rules = ["read-only-root-filesystem", "run-as-non-root", "privilege-escalation-disabled", crate::RULE];
    let selection: Vec<&str> = rules.iter().flat_map(|rule| ["--rule", rule]).collect();
    let out = run(&folder, &[&selection[..], &["--unsafe", "--write"]].concat()).with(0);
    assert!(out.starts_with("Fixed 4 findings in 1 file\n"), "{out}");
    let lines = [
        "securityContext:",
        "  allowPrivilegeEscalation: false",
        "  readOnlyRootFilesystem: true",
        "  runAsNonRoot: true",
    ];
    let block: String = lines.map(|line| format!("          {line}\n")).concat();
    let new = text(&folder, "web.yaml");
    let expected = DEPLOYMENT.replace("Seconds: 1 ", "Seconds: 30 ") + &block;
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&new), sorted(&expected), "{new}");
    assert_eq!(rules.map(|rule| findings(&folder, rule)), [0; 4]);
}

#[test]
fn of_two_edits_of_one_place_the_other_is_made_next_if_it_is_still_needed() {
    let text_of = |first, second| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec:\n      terminationGracePeriodSeconds: 5\n      containers:\n      - name: web\n        ports: \
         [{{containerPort: 80}}]\n        lifecycle: {{preStop: {{sleep: {{seconds: {first}}}}}}}\n      - name: proxy\n        lifecycle: {{preStop: \
         {{sleep: {{seconds: {second}}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}\n"
        )
    };
    for (first, second, period) in [(40, 50, 70), (10, 100, 130)] {
        let folder = Folder::of("web.yaml", text_of(first, second));
        run(&folder, &["--rule", "graceful-shutdown", "--write"]).with(0);
        let new = text(&folder, "web.yaml");
        assert!(new.contains(&format!("terminationGracePeriodSeconds: {period}\n")), "{new}");
        assert_eq!(findings(&folder, "graceful-shutdown"), 0);
    }
}

#[test]
fn what_a_check_objects_to_is_taken_back() {
    // A privileged container may not be without privilege escalation: the API server refuses both together.
    let privileged = POD.to_owned() + "    securityContext:\n      privileged: true\n";
    let folder = Folder::of("pod.yaml", &privileged);
    let rules = ["--rule", "pod-security", "--rule", "kubernetes-schema", "--rule", "read-only-root-filesystem"];
    let before = findings(&folder, "kubernetes-schema");
    run(&folder, &[&rules[..], &["--unsafe", "--write"]].concat());
    assert!(findings(&folder, "kubernetes-schema") <= before, "{}", text(&folder, "pod.yaml"));
}

#[test]
fn what_sops_has_sealed_is_left_to_sops() {
    let sealed =
        POD.to_owned() + "sops:\n  version: 3.9.0\n  mac: ENC[AES256_GCM,data:abcd,iv:AAAA,tag:CCCC,type:str]\n";
    let folder = Folder::of("pod.yaml", &sealed);
    let out = run(&folder, &["--unsafe", "--write"]).with(0);
    assert!(out.contains("sealed by SOPS: edit it with sops"), "{out}");
    assert_eq!(text(&folder, "pod.yaml"), sealed);
}
