//! Colours, and what else differs between a terminal and anything else.

use std::process::Command;

use crate::bundles::usual_folder;
use crate::support::{Folder, binary, run};

const CHECK: &[&str] = &["check", "pod.yaml", "--bundle", "bundle"];

#[test]
fn nothing_but_a_terminal_gets_colours_unless_they_are_asked_for() {
    let folder = usual_folder();
    for arguments in [CHECK, &["rules"], &["explain", "run-as-non-root"], &["nonsense"]] {
        let coloured = |more: &[&str]| {
            let run = folder.run(&[arguments, more].concat());
            (run.out + &run.err).contains('\u{1b}')
        };
        assert!(!coloured(&[]), "{arguments:?}");
        assert!(!coloured(&["--color", "never"]), "{arguments:?}");
        // What clap says of a mistyped command comes before the flag is known.
        assert!(coloured(&["--color", "always"]) || arguments == ["nonsense"], "{arguments:?}");
    }
    let json = folder.run(&[CHECK, &["--format", "json", "--color", "always"]].concat()).with(1);
    assert!(!json.contains('\u{1b}'));
}

#[test]
fn the_text_is_the_same_with_and_without_colours() {
    let folder = usual_folder();
    let coloured = folder.run(&[CHECK, &["--color", "always"]].concat()).with(1);
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(plain, folder.run(CHECK).with(1));
}

/// `script` gives the command a terminal; where it is not installed, there is nothing to see.
fn on_a_terminal(folder: &Folder, environment: &[(&str, &str)], arguments: &[&str]) -> Option<String> {
    Command::new("script").arg("--version").output().ok()?;
    let words = [&[binary().to_str().unwrap()], arguments].concat().join(" ");
    let mut command = Command::new("script");
    command.args(["-qec", &words, "/dev/null"]).current_dir(folder.path());
    command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CI").envs(environment.iter().copied());
    Some(run(&mut command, "").out)
}

#[test]
fn a_terminal_gets_colours_unless_they_are_not_wanted() {
    let folder = usual_folder();
    let coloured = |environment, more: &[&str]| {
        on_a_terminal(&folder, environment, &[CHECK, more].concat()).map(|out| out.contains("\u{1b}["))
    };
    let Some(by_default) = coloured(&[], &[]) else {
        eprintln!("LEFT OUT: `script` is not installed, so no terminal is tried");
        return;
    };
    assert!(by_default);
    assert_eq!(coloured(&[("NO_COLOR", "1")], &[]), Some(false));
    assert_eq!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]), Some(true));
    assert_eq!(coloured(&[], &["--color", "never"]), Some(false));
}

#[test]
fn a_finding_leads_to_the_page_of_its_rule_where_links_are_shown() {
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: 'web:latest'}]}\n";
    let folder = Folder::of("pod.yaml", pod);
    let arguments = ["check", "pod.yaml", "--rule", "immutable-image-tag", "--color", "always"];
    let shown = |links: &str| run(folder.command(&arguments).env("FORCE_HYPERLINK", links), "").with(1);
    let link = "\u{1b}]8;;https://seaworthy-policies.github.io/seaworthy/rules/immutable-image-tag.html";
    assert!(shown("1").contains(link), "{}", shown("1"));
    assert!(!shown("0").contains("\u{1b}]8;"), "{}", shown("0"));
}
