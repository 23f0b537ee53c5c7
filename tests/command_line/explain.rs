//! `explain`.

use snapbox::{assert_data_eq, file};

use crate::bundles::usual_folder;

#[test]
fn a_rule_is_explained_with_its_settings() {
    let out = usual_folder().run(&["explain", "team-is-named", "--bundle", "bundle"]).with(0);
    assert_data_eq!(out, file!["goldens/explain.txt"].raw());
}
