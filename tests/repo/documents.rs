//! The kinds of documents are named in one table and nowhere else, so that a kind cannot be half known: rules name them
//! where they declare what they are about, and `docs/documents.md` tells authors what the table has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use protocol::documents::{API_VERSION, DOCUMENTS, FieldType, GROUP};
use seaworthy_tests::artifacts::workspace;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, LitStr, Macro};
use walkdir::WalkDir;

/// The table itself.
const TABLE: &str = "sdk/protocol/src/documents.rs";

/// The literals of a file that name a kind, tests and comments aside.
struct Literals {
    found: Vec<String>,
    /// Whether this is a rule, whose declaration may name kinds.
    is_rule: bool,
}

impl Literals {
    fn see(&mut self, literal: &str) {
        let is_kind = DOCUMENTS.iter().any(|known| known.kind == literal);
        // A Dockerfile is also a file of that name. With its group it is the kind, and the group is found.
        if is_kind && literal != "Dockerfile" || literal == GROUP || literal.contains(API_VERSION) {
            self.found.push(literal.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs[..],
            Item::Fn(item) => &item.attrs[..],
            _ => &[],
        };
        let is_test = |attribute: &Attribute| match &attribute.meta {
            syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
            _ => false,
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.see(&literal.value());
    }

    /// What a macro is given is no tree yet, but a literal in it is one.
    fn visit_macro(&mut self, called: &'ast Macro) {
        if self.is_rule && called.path.is_ident("policy") {
            return;
        }
        called.tokens.to_string().split('"').for_each(|text| self.see(text));
    }
}

fn literals(text: &str, is_rule: bool) -> Vec<String> {
    let mut literals = Literals { found: Vec::new(), is_rule };
    literals.visit_file(&syn::parse_file(text).expect("a source is Rust"));
    literals.found
}

#[test]
fn no_literal_names_a_document_beside_the_table() {
    let mut seen = 0;
    for folder in ["host", "sdk", "policies"] {
        for entry in WalkDir::new(workspace().join(folder)).into_iter().flatten() {
            let path = entry.path().strip_prefix(workspace()).expect("it is below");
            let is_source = path.extension().is_some_and(|extension| extension == "rs")
                && path.iter().any(|step| step == "src")
                && path != Path::new(TABLE);
            let is_test = path.iter().any(|step| step == "tests" || step == "tests.rs" || step == "testing");
            if !is_source || is_test {
                continue;
            }
            let text = fs::read_to_string(entry.path()).expect("a source is readable");
            assert_eq!(literals(&text, folder == "policies"), [""; 0], "{} names a document", path.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "the sources are elsewhere: {seen} found");
}

#[test]
fn a_literal_is_seen_wherever_it_is() {
    for text in [
        "fn f() -> bool { object.is(\"seaworthy.dev\", kind) }",
        "const KIND: &str = \"LogSample\";",
        "fn f() { let tree = json!({ \"kind\": \"RepositoryTree\" }); }",
        "fn f() { policy!(\"ChangeSet\") }",
        "fn f() { read(\"apiVersion: seaworthy.dev/v1\\nkind: Dockerfile\") }",
    ] {
        assert_eq!(literals(text, false).len(), 1, "{text}");
    }
    for text in [
        "/// kind: LogSample\nfn f() { name == \"Dockerfile\" || key == \"seaworthy.dev/on-call\" }",
        "#[cfg(test)] mod tests { const KIND: &str = \"LogSample\"; }",
        "policy! { applies_to: [\"seaworthy.dev/v1/LogSample\"] }",
    ] {
        assert_eq!(literals(text, true), [""; 0], "{text}");
    }
}

/// The type as the page says it.
fn shown(of: &FieldType) -> String {
    match of {
        FieldType::Text => "string".into(),
        FieldType::Integer => "integer".into(),
        FieldType::OneOf(known) => format!("`{}`", known.join("`, `")),
        FieldType::Mapping => "mapping".into(),
        FieldType::Object => "Kubernetes object".into(),
        FieldType::List { of, most } => format!("list of {}s, at most {}", shown(of), thousands(*most)),
    }
}

/// `10,000`.
fn thousands(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", thousands(number / 1_000), number % 1_000) }
}

#[test]
fn the_page_about_documents_says_what_the_table_has() {
    let page = fs::read_to_string(workspace().join("docs/documents.md")).expect("the page is there");
    let rows = |text: &str| -> BTreeSet<Vec<String>> {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
    };
    let (overview, kinds) = page
        .split_once("\n## Dockerfile\n")
        .map_or((&*page, ""), |(overview, _)| (overview, page.get(overview.len()..).unwrap_or_default()));
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let expected: BTreeSet<Vec<String>> = DOCUMENTS
        .iter()
        .map(|known| {
            vec![
                format!("`{}`", known.kind),
                known.policy_type.name().to_owned(),
                yes_or_no(known.may_hold_secrets),
                format!("`{}`", known.tags.join("`, `")),
                format!("{} MiB", known.bytes >> 20),
            ]
        })
        .collect();
    // The second column says what the document is, in words.
    let mut said = BTreeSet::new();
    for mut row in rows(overview) {
        row.remove(1);
        said.insert(row);
    }
    assert_eq!(said, expected);

    for known in DOCUMENTS {
        let section = kinds.split("\n## ").find(|section| section.trim_start_matches("\n## ").starts_with(known.kind));
        let said: BTreeSet<Vec<String>> =
            rows(section.unwrap_or_default()).into_iter().map(|row| row[..3].to_vec()).collect();
        let expected = known
            .fields
            .iter()
            .map(|field| vec![format!("`{}`", field.path), shown(&field.of), yes_or_no(field.is_required)]);
        assert_eq!(said, expected.collect(), "{}", known.kind);
    }
}
