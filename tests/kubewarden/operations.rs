//! The three operations that a policy-server calls, and what is no operation.

use seaworthy_tests::metadata;
use serde_json::{Map, Value, json};

use crate::policies::POLICIES;

#[test]
fn every_module_speaks_the_first_protocol() {
    for (name, loaded) in POLICIES.iter() {
        assert_eq!(loaded.ask("protocol_version", &Value::Null), json!("v1"), "{name}");
    }
    assert!(POLICIES.len() >= 27, "{:?}", POLICIES.keys());
}

#[test]
fn an_unknown_operation_is_an_error_and_no_trap() {
    for (name, loaded) in POLICIES.iter() {
        let (response, _) = loaded.policy.call("mutate", b"{}", Box::new(|_, _, _| Err(String::new())));
        assert_eq!(response, Err("unknown operation".to_owned()), "{name}");
    }
}

#[test]
fn settings_are_valid_as_they_are_documented() {
    for (name, rule) in metadata() {
        let loaded = &POLICIES[&name];
        let properties = rule.settings["properties"].as_object().cloned().unwrap_or_default();
        let defaults: Map<String, Value> =
            properties.iter().map(|(setting, schema)| (setting.clone(), schema["default"].clone())).collect();
        if rule.settings.get("required").is_none() {
            for settings in [json!({}), Value::Object(defaults)] {
                assert_eq!(loaded.ask("validate_settings", &settings), json!({ "valid": true }), "{name}: {settings}");
            }
        }
        for example in rule.examples.iter().filter_map(|example| example.settings.as_deref()) {
            let settings: Value = serde_saphyr::from_str(example).unwrap();
            assert_eq!(loaded.ask("validate_settings", &settings), json!({ "valid": true }), "{name}: {settings}");
        }
    }
}

#[test]
fn settings_that_nobody_documents_are_refused_by_name() {
    for (name, loaded) in POLICIES.iter() {
        for (settings, says) in
            [(json!({ "no_such_setting": 1 }), "no_such_setting"), (json!([]), ""), (json!("x"), "")]
        {
            let answer = loaded.ask("validate_settings", &settings);
            assert_eq!(answer["valid"], json!(false), "{name}: {settings} {answer}");
            let message = answer["message"].as_str().unwrap_or_default();
            assert!(!message.is_empty() && message.contains(says), "{name}: {settings} {answer}");
        }
    }
}
