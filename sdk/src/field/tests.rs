use super::*;

#[test]
fn a_key_with_a_dot_is_quoted() {
    let memory = Memory::new();
    let text = br#"{"metadata": {"labels": {"a.b/c": "x", "plain": "y"}, "wrong": {"a.b": {"Deep": 1}}}}"#;
    let value = Value::parse(text, &memory.bump).ok();
    let root = Field::root(&memory, value.as_ref());
    let quoted = root.get("metadata.labels['a.b/c']");
    assert_eq!((quoted.str(), quoted.path().as_str()), (Some("x"), "$['metadata']['labels']['a.b/c']"));
    assert_eq!(root.get("metadata").get("labels.plain").path(), "$['metadata']['labels']['plain']");
    let deep = root.get("metadata.wrong['a.b'].deep");
    assert_eq!((deep.is_set(), deep.path().as_str()), (false, "$['metadata']['wrong']['a.b']['deep']"));
    let said = memory.take_malformed().into_findings();
    assert_eq!(said.first().map(|finding| finding.path.as_str()), Some("$['metadata']['wrong']['a.b']['Deep']"));
    assert!(!root.get("metadata.labels['a.b").is_set(), "what is not closed is a key like any other");
}
