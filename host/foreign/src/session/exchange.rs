//! The file of a session: a YAML list of exchanges.
//!
//! A request is YAML within YAML, a string that begins with a tag; a response is a payload or an error.

use engine::config::suggestion;
use engine::manifest::{Content, Limits, Manifest, Node, Position, Value, read as read_manifest};
use engine::report::is_hidden;
use engine::yaml;

use super::request::{Request, tags};

/// One request and its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// What was answered, or why it was not.
    pub response: Result<String, String>,
}

/// Why a file is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}", line = .position.line, column = .position.column)]
pub struct SessionError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub position: Position,
}

/// A session without exchanges.
pub(super) const EMPTY: &str = "[]\n";

/// One exchange as `kwctl` writes it: an item of the session's list.
pub(super) fn write(Exchange { request, response }: &Exchange) -> String {
    let mut text = "- type: Exchange\n  request: |\n".to_owned();
    for line in request.to_yaml().lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    let (kind, field, said) = match response {
        Ok(payload) => ("Success", "payload", payload),
        Err(message) => ("Error", "message", message),
    };
    let said = if said.chars().any(is_hidden) { engine::report::to_json(said) } else { yaml::single_quoted(said) };
    text.push_str(&format!("  response:\n    type: {kind}\n    {field}: {said}\n"));
    text
}

/// Lists of a whole cluster's objects are one string here.
fn limits() -> Limits {
    const MOST: usize = 256 << 20;
    Limits { bytes: MOST, scalar_bytes: MOST, lines: 5_000_000, ..Limits::default() }
}

/// Reads a session, of either tool.
pub(super) fn read(name: &str, text: Vec<u8>) -> Result<Vec<Exchange>, SessionError> {
    let manifest = read_manifest(name, text, &limits());
    if let Some(problem) = manifest.problems.first() {
        return Err(SessionError { message: problem.kind.to_string(), position: problem.position });
    }
    let reader = Reader(&manifest);
    let session = "a session is one YAML list of exchanges";
    match manifest.documents.as_slice() {
        [document] => match &document.content {
            Content::Empty => Ok(Vec::new()),
            Content::Other(Node { value: Value::Sequence(items), .. }) => {
                items.iter().map(|item| reader.exchange(item)).collect()
            }
            _ => Err(reader.error(document.span.start, session)),
        },
        [] => Ok(Vec::new()),
        [_, second, ..] => Err(reader.error(second.span.start, session)),
    }
}

struct Reader<'a>(&'a Manifest);

impl Reader<'_> {
    fn exchange(&self, item: &Node) -> Result<Exchange, SessionError> {
        if item.get("type").is_some_and(|kind| kind.as_str() != Some("Exchange")) {
            return Err(self.error(item.span.start, "an item of a session is of type Exchange"));
        }
        let request = self.request(self.field(item, "request")?)?;
        let response = self.field(item, "response")?;
        let kind = self.field(response, "type")?;
        let response = match kind.as_str() {
            Some("Success") => Ok(self.text(response, "payload")?.to_owned()),
            Some("Error") => Err(self.text(response, "message")?.to_owned()),
            _ => return Err(self.error(kind.span.start, "a response is of type Success or Error")),
        };
        Ok(Exchange { request, response })
    }

    /// A tag, `!KubernetesGetResource`, and a mapping. The tag means a Rust enum's variant to `kwctl`, and nothing to YAML.
    fn request(&self, node: &Node) -> Result<Request, SessionError> {
        let at = node.span.start;
        let text = node.as_str().ok_or_else(|| self.error(at, "a request is a string of YAML"))?;
        let body = text.trim_start().trim_start_matches("---").trim_start();
        let Some(tagged) = body.strip_prefix('!') else {
            return Err(self.error(at, "a request begins with its tag, such as !KubernetesGetResource"));
        };
        let (tag, fields) = tagged.split_once(char::is_whitespace).unwrap_or((tagged, ""));
        let read = read_manifest("request", fields.as_bytes().to_vec(), &limits());
        let mapping = match (read.problems.first(), read.documents.first().map(|document| &document.content)) {
            (None, Some(Content::Other(node))) => serde_json::to_value(node).ok(),
            _ => None,
        };
        let Some(serde_json::Value::Object(fields)) = mapping else {
            return Err(self.error(at, &format!("the fields of !{tag} are not readable")));
        };
        Request::new(tag, fields)
            .ok_or_else(|| self.error(at, &format!("there is no request !{tag}{}", suggestion(tag, &tags()))))
    }

    fn text<'n>(&self, node: &'n Node, key: &str) -> Result<&'n str, SessionError> {
        let value = self.field(node, key)?;
        value.as_str().ok_or_else(|| self.error(value.span.start, &format!("`{key}` is a string")))
    }

    fn field<'n>(&self, node: &'n Node, key: &str) -> Result<&'n Node, SessionError> {
        node.get(key).ok_or_else(|| self.error(node.span.start, &format!("`{key}` is missing")))
    }

    fn error(&self, at: u32, message: &str) -> SessionError {
        SessionError { message: message.to_owned(), position: self.0.source.position(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the forms that sessions of kwctl's have: its documentation and its tests show all of them.
    const BY_KWCTL: &str = r#"---
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: test-policy
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: '{"apiVersion":"v1","metadata":{"annotations":{"a":"{\"b\":\"it''s\"}"}}}'
- type: Exchange
  request: |
    !KubernetesListResourceAll
    api_version: networking.k8s.io/v1
    kind: Ingress
    label_selector: null
    field_selector: null
  response:
    type: Success
    payload: |
      {
        "metadata": {"resourceVersion":"450657254"},
        "items": []
      }
- type: Exchange
  request: |
    !DNSLookupHost
    host: kubewarden.io
  response:
    type: Error
    message: Cannot find v1/Namespace named 'test-policy' inside of namespace 'None'
"#;

    #[test]
    fn sessions_of_kwctl_are_read() {
        let session = read("session.yaml", BY_KWCTL.into()).unwrap();
        let responses: Vec<_> = session.iter().map(|exchange| exchange.response.clone()).collect();
        assert_eq!(
            responses,
            [
                Ok(r#"{"apiVersion":"v1","metadata":{"annotations":{"a":"{\"b\":\"it's\"}"}}}"#.to_owned()),
                Ok("{\n  \"metadata\": {\"resourceVersion\":\"450657254\"},\n  \"items\": []\n}\n".to_owned()),
                Err("Cannot find v1/Namespace named 'test-policy' inside of namespace 'None'".to_owned()),
            ]
        );
        assert_eq!(session[2].request.to_string(), r#"!DNSLookupHost {"host":"kubewarden.io"}"#);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let session = read("session.yaml", BY_KWCTL.into()).unwrap();
        let text: String = session.iter().map(write).collect();
        assert_eq!(read("again.yaml", text.clone().into_bytes()).unwrap(), session);
        assert!(
            text.starts_with("- type: Exchange\n  request: |\n    !KubernetesGetResource\n    api_version: v1\n"),
            "{text}"
        );
        assert!(text.contains("  response:\n    type: Success\n    payload: '{\"apiVersion\":"), "{text}");
        assert_eq!(read("none.yaml", EMPTY.into()), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_session_is_refused_with_its_place() {
        let exchange = |request: &str, response: &str| format!("- request: '{request}'\n  response: {response}\n");
        for (text, expected) in [
            ("a: 1\n".to_owned(), "1:1: a session is one YAML list of exchanges"),
            ("- type: Other\n".to_owned(), "1:3: an item of a session is of type Exchange"),
            ("- request: '!OciManifest {image: a}'\n".to_owned(), "1:3: `response` is missing"),
            (exchange("!OciManifest {image: a}", "{type: Maybe}"), "2:20: a response is of type Success or Error"),
            (exchange("!OciManifest {image: a}", "{type: Error}"), "2:13: `message` is missing"),
            (exchange("!OciManifest {image: a}", "{type: Success, payload: 5}"), "2:38: `payload` is a string"),
            (exchange("image: a", "{}"), "1:12: a request begins with its tag"),
            (
                exchange("!OciManifests {image: a}", "{}"),
                "1:12: there is no request !OciManifests; did you mean `OciManifest`?",
            ),
            (exchange("!OciManifest a", "{}"), "1:12: the fields of !OciManifest are not readable"),
            ("- a: 1\n  a: 2\n".to_owned(), "2:3: "),
        ] {
            let refused = read("session.yaml", text.clone().into_bytes()).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{text}: {refused}");
        }
    }
}
