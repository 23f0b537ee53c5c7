//! The README opens with what the command really prints.

use std::fs;

use seaworthy_tests::artifacts::workspace;

use crate::support::{Folder, run};

#[test]
fn the_readme_shows_what_is_printed() {
    let page = fs::read_to_string(workspace().join("README.md")).expect("it is there");
    let (_, page) = page.split_once("```console\n$ seaworthy ").expect("it shows a command");
    let (command, page) = page.split_once('\n').expect("with what it prints");
    let (shown, _) = page.split_once("```").expect("the block ends");
    let arguments: Vec<&str> = command.split(' ').collect();
    let folder = Folder::new();
    let printed = run(folder.command(&arguments).current_dir(workspace()), "").with(1);
    assert_eq!(shown.trim(), printed.trim());
}
