//! Holds what is printed for machines to the schemas in `docs`.

use std::fs;

use seaworthy_tests::artifacts::workspace;
use seaworthy_tests::schema;
use serde_json::Value;

use crate::support::Folder;

/// Everything in which the report is not as the schema says.
pub fn faults(report: &Value) -> Vec<String> {
    faults_by("report", report)
}

/// Everything in which a value is not as the schema of that name says.
pub fn faults_by(schema: &str, value: &Value) -> Vec<String> {
    let path = workspace().join("docs").join(format!("{schema}.schema.json"));
    let root: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    schema::faults(&root, "", value)
}

#[test]
fn rules_and_readiness_are_as_their_schemas_say() {
    let shop = workspace().join("examples/shop");
    let shop = shop.to_str().unwrap();
    for (schema, arguments, code) in [
        ("rules", &["rules", "--format", "json"][..], 0),
        ("readiness", &["readiness", shop, "--format", "json"], 1),
        ("readiness", &["readiness", shop, "--format", "json", "--group-by", "part-of"], 1),
    ] {
        let printed: Value = serde_json::from_str(&Folder::new().run(arguments).with(code)).unwrap();
        assert_eq!(faults_by(schema, &printed), Vec::<String>::new(), "{arguments:?}");
        let faults = faults_by("report", &printed);
        assert!(!faults.is_empty(), "the schema tells {arguments:?} from a report");
    }
}
