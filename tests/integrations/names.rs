//! The plugin's name, completions and man pages: all say what people type.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{self, Folder, binary};
use crate::yaml;

#[test]
fn under_the_name_of_a_plugin_usage_says_what_people_type() {
    let folder = Folder::new();
    let plugin = folder.path().join("kubectl-seaworthy");
    symlink(binary(), &plugin).unwrap();
    let run = |arguments: &[&str]| support::run(Command::new(&plugin).args(arguments), "");
    let help = run(&["--help"]).with(0);
    assert!(help.contains("Usage: kubectl seaworthy [OPTIONS] <COMMAND>\n"), "{help}");
    assert!(help.contains("\n  kubectl seaworthy check k8s/ "), "{help}");
    let help = run(&["audit", "--help"]).with(0);
    assert!(help.contains("Usage: kubectl seaworthy audit [OPTIONS]"), "{help}");
    assert!(help.contains("\n  kubectl seaworthy audit") && !help.contains("\n  seaworthy"), "{help}");
    let complaint = run(&["check", "--frmat"]).complaint();
    assert!(complaint.contains("Usage: kubectl seaworthy check"), "{complaint}");
    let help = support::run(Command::new(binary()).arg("--help"), "").with(0);
    assert!(help.contains("Usage: seaworthy [OPTIONS]") && !help.contains("kubectl seaworthy"), "{help}");
}

#[test]
fn completions_are_scripts_that_know_all_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.run(&["completions", shell]).with(0);
        for word in ["readiness", "baseline", "fix", "completions", "unsafe", "profile"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let folder = folder.and("bash", Folder::new().run(&["completions", "bash"]).with(0));
    // As bash completes: the words so far, and which of them is completed.
    let script = ". ./bash; COMP_WORDS=(seaworthy che); COMP_CWORD=1; _seaworthy seaworthy che seaworthy; echo \"${COMPREPLY[@]}\"";
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script]).current_dir(folder.path());
    assert_eq!(support::run(&mut command, "").with(0), "check\n");
}

#[test]
fn man_pages_are_there_for_every_command() {
    let folder = Folder::new();
    let page = folder.run(&["man"]).with(0);
    assert!(page.contains(".TH seaworthy 1") && page.contains("SUBCOMMANDS"), "{page}");
    folder.run(&["man", "pages"]).with(0);
    let written = fs::read_dir(folder.path().join("pages")).unwrap().flatten();
    let names: Vec<String> = written.map(|page| page.file_name().to_string_lossy().into_owned()).collect();
    for name in ["seaworthy.1", "seaworthy-check.1", "seaworthy-fix.1", "seaworthy-baseline-write.1"] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    let page = fs::read_to_string(folder.path().join("pages/seaworthy-fix.1")).unwrap();
    assert!(page.contains("\\-\\-unsafe"), "{page}");
}

#[test]
fn the_manifest_of_the_plugin_is_one() {
    let manifest = yaml("integrations/krew/seaworthy.yaml");
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    let spec = &manifest["spec"];
    // What krew asks of a manifest (`validation.ValidatePlugin`).
    assert!(
        spec["version"].as_str().unwrap().starts_with('v')
            && !spec["shortDescription"].as_str().unwrap().contains('\n')
    );
    assert!(spec["shortDescription"].as_str().unwrap().len() < 80);
    for platform in spec["platforms"].as_array().unwrap() {
        let copied = platform["files"].as_array().unwrap();
        assert!(copied.iter().any(|file| file["from"] == platform["bin"]), "{platform}");
        assert!(platform["selector"]["matchLabels"]["os"].is_string(), "{platform}");
    }
}
