//! What a declaration becomes.

use proc_macro2::{Literal, TokenStream};
use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use protocol::documents::{API_VERSION, DOCUMENTS, DocumentKind, GROUP};
use protocol::{Expectation, KindMatch, LookUp, Profile, RuleMetadata, Section, Severity, WORKLOADS};
use quote::{format_ident, quote};
use serde::Serialize;
use syn::{Ident, LitStr};

use crate::declaration::{Declaration, Kinds, SettingField, SettingStruct};
use crate::{documentation, kubewarden, setting, tools};

/// The rule's struct, its declaration, its exports and its tests.
pub fn policy(declaration: &Declaration) -> syn::Result<TokenStream> {
    let metadata = metadata(declaration)?;
    let Declaration { sdk, visibility, name, structs, .. } = declaration;
    let documentation = &metadata.documentation;

    let fields = declaration.settings.iter().map(|setting| &setting.field);
    let configure = configure(sdk, &declaration.settings, structs);
    let structs = structs.iter().map(|of| setting_struct(sdk, of));
    let runtime = (!declaration.links_std).then(|| quote!(#sdk::without_std!();));

    let RuleMetadata { name: rule_name, reads, capabilities, .. } = &metadata;
    let looks_up = metadata.looks_up.iter().map(|LookUp { api_version, kind, reads }| {
        quote!(#sdk::world::Declared { api_version: #api_version, kind: #kind, reads: &[#(#reads),*] })
    });
    let checklist_section = &declaration.section;
    let section = bytes(&metadata)?;
    let kubewarden = bytes(&kubewarden::metadata(&metadata))?;
    let registry = kubewarden::REGISTRY;
    let tests = tests(sdk, name, &metadata);

    Ok(quote! {
        #[doc = #documentation]
        #visibility struct #name { #(#fields),* }

        #(#structs)*

        impl #sdk::rule::Declaration for #name {
            const NAME: &'static str = #rule_name;
            const SECTION: #sdk::rule::Section = #sdk::rule::Section::#checklist_section;
            const READS: &'static [&'static str] = &[#(#reads),*];
            const LOOKS_UP: &'static [#sdk::world::Declared] = &[#(#looks_up),*];
            const CAPABILITIES: &'static [&'static str] = &[#(#capabilities),*];

            fn configure(settings: #sdk::settings::Settings<'_>) -> Result<Self, #sdk::settings::SettingsError> {
                #configure
            }
        }

        #runtime
        // Cargo builds anew when a variable changes that the code reads, not when only a macro did.
        const _: Option<&str> = option_env!(#registry);
        #sdk::export!(#name, (#RULE_SECTION, #section), (#KUBEWARDEN_SECTION, #kubewarden));

        #tests
    })
}

/// The body that reads settings into a struct, and refuses all others.
fn configure(sdk: &Ident, fields: &[SettingField], structs: &[SettingStruct]) -> TokenStream {
    let names: Vec<_> = fields.iter().filter_map(|setting| setting.field.ident.as_ref()).collect();
    let known = names.iter().map(ToString::to_string);
    let values = fields.iter().map(|setting| setting::read(sdk, setting, structs));
    quote! {
        settings.only(&[#(#known),*])?;
        Ok(Self { #(#names: #values),* })
    }
}

fn setting_struct(sdk: &Ident, SettingStruct { attributes, name, fields }: &SettingStruct) -> TokenStream {
    let configure = configure(sdk, fields, &[]);
    let fields = fields.iter().map(|setting| &setting.field);
    quote! {
        #(#attributes)*
        struct #name { #(#fields),* }

        impl #sdk::settings::SettingStruct for #name {
            fn read(settings: #sdk::settings::Settings<'_>) -> Result<Self, #sdk::settings::SettingsError> {
                #configure
            }
        }
    }
}

fn bytes(value: &impl Serialize) -> syn::Result<Literal> {
    let json = serde_json::to_vec(value).map_err(|cause| syn::Error::new(proc_macro2::Span::call_site(), cause))?;
    Ok(Literal::byte_string(&json))
}

fn tests(sdk: &Ident, name: &Ident, metadata: &RuleMetadata) -> TokenStream {
    let examples = metadata.examples.iter().enumerate().map(|(index, example)| {
        let (expectation, container) = match &example.expect {
            Expectation::Pass => ("pass", None),
            Expectation::Fail { container } => ("fail", container.as_deref()),
            Expectation::NotApplicable => ("not-applicable", None),
            Expectation::Unknown => ("unknown", None),
        };
        let test = format_ident!("example_{}_{}", index + 1, expectation.replace('-', "_"));
        let (yaml, container) = (&example.yaml, container.unwrap_or_default());
        let settings = example.settings.as_deref().unwrap_or("{}");
        quote! {
            #[test]
            fn #test() {
                #sdk::testing::example::<super::#name>(#expectation, #container, #settings, #yaml);
            }
        }
    });
    quote! {
        #[cfg(test)]
        mod documented {
            #(#examples)*

            #[test]
            fn cases() {
                #sdk::testing::cases::<super::#name>(env!("CARGO_MANIFEST_DIR"));
            }
        }
    }
}

fn metadata(declaration: &Declaration) -> syn::Result<RuleMetadata> {
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    if declaration.name != pascal_case(&name) {
        let message = format!("the rule `{name}` is declared as `struct {}`", pascal_case(&name));
        return Err(syn::Error::new(declaration.name.span(), message));
    }
    let documentation = documentation::read(&declaration.attributes, declaration.name.span())?;
    let mut applies_to = Vec::new();
    for kinds in &declaration.applies_to {
        match kinds {
            Kinds::Workloads => applies_to.extend(WORKLOADS.iter().map(|known| KindMatch {
                group: known.group.to_owned(),
                versions: known.versions.iter().map(ToString::to_string).collect(),
                kind: known.kind.to_owned(),
            })),
            Kinds::Everything(name) => {
                // Pods are where a kind has them, which is not known of any kind: workloads are named before.
                let has_workloads = matches!(declaration.applies_to.first(), Some(Kinds::Workloads));
                if !has_workloads && !declaration.reads.iter().all(|entry| entry.value() == "*") {
                    let message = "a rule that applies to everything reads whole objects (`reads: [\"*\"]`), or names \
                                   the workloads first: `applies_to: [Workloads, Everything]`";
                    return Err(syn::Error::new(name.span(), message));
                }
                let any = || KindMatch::ANY.to_owned();
                applies_to.push(KindMatch { group: any(), versions: vec![any()], kind: any() });
            }
            Kinds::One(kind) => {
                let (api_version, kind) = split_kind(kind)?;
                let version = api_version.rsplit('/').next().unwrap_or_default().to_owned();
                applies_to.push(KindMatch {
                    group: protocol::api_group(&api_version).to_owned(),
                    versions: vec![version],
                    kind,
                });
            }
        }
    }
    let mut looks_up = Vec::new();
    for entry in &declaration.looks_up {
        let (api_version, kind) = split_kind(&entry.kind)?;
        let identity = ["metadata.name", "metadata.namespace"].map(String::from);
        let reads = identity.into_iter().chain(entry.reads.iter().map(LitStr::value)).collect();
        looks_up.push(LookUp { api_version, kind, reads });
    }
    let profile = declaration.profile.as_ref().map_or(Ok(Profile::default()), |name| one_of(name, &Profile::ALL))?;
    let rests_on = declaration.rests_on.iter().map(tools::one_of).collect::<syn::Result<_>>()?;
    let capabilities = declaration.capabilities.iter().map(capability).collect::<syn::Result<_>>()?;
    Ok(RuleMetadata {
        version: std::env::var("CARGO_PKG_VERSION").unwrap_or_default(),
        title: documentation.title,
        documentation: documentation.markdown,
        severity: one_of(&declaration.severity, &Severity::ALL)?,
        section: one_of(&declaration.section, &Section::ALL)?,
        since: declaration.since.value(),
        url: page(&std::env::var("CARGO_PKG_HOMEPAGE").unwrap_or_default(), &name),
        name,
        profile,
        rests_on,
        yields_to: declaration.yields_to.iter().map(LitStr::value).collect(),
        applies_to,
        reads: declaration.reads.iter().map(LitStr::value).collect(),
        looks_up,
        capabilities,
        settings: setting::schema(&declaration.settings, &declaration.structs)?,
        examples: documentation.examples,
    })
}

/// The page about a rule: `homepage` of its Cargo.toml, or where that is a folder, the page in it that is named so.
fn page(homepage: &str, rule: &str) -> String {
    if homepage.ends_with('/') { format!("{homepage}{rule}.html") } else { homepage.to_owned() }
}

/// The variant that an identifier names.
fn one_of<T: Copy + std::fmt::Debug>(name: &Ident, all: &[T]) -> syn::Result<T> {
    let found = all.iter().find(|variant| name == &format!("{variant:?}")).copied();
    found.ok_or_else(|| syn::Error::new(name.span(), format!("expected one of {all:?}")))
}

/// `apps/v1/Deployment` is `apps/v1` and `Deployment`.
fn split_kind(kind: &LitStr) -> syn::Result<(String, String)> {
    let text = kind.value();
    let split = text.rsplit_once('/').filter(|(api_version, _)| api_version.split('/').count() <= 2);
    let Some((api_version, name)) = split else {
        let message = "expected a kind such as \"apps/v1/Deployment\" or \"v1/Pod\"";
        return Err(syn::Error::new(kind.span(), message));
    };
    // No host makes documents of another kind, so the rule would never be asked.
    let is_known = |known: &DocumentKind| known.api_version == api_version && known.kind == name;
    if protocol::api_group(api_version) == GROUP && !DOCUMENTS.iter().any(is_known) {
        let known: Vec<&str> = DOCUMENTS.iter().map(|known| known.kind).collect();
        let message = format!("expected a document of {API_VERSION}: {}", known.join(", "));
        return Err(syn::Error::new(kind.span(), message));
    }
    Ok((api_version.to_owned(), name.to_owned()))
}

/// A capability as Kubewarden names it, of those that a policy-server has.
fn capability(name: &LitStr) -> syn::Result<String> {
    let known = [
        "oci/v1/manifest_digest",
        "oci/v1/oci_manifest",
        "oci/v1/oci_manifest_config",
        "oci/v1/verify",
        "oci/v2/verify",
    ];
    let others = ["net/v1/dns_lookup_host", "crypto/v1/is_certificate_trusted", "kubernetes/can_i"];
    let capability = name.value();
    if known.iter().chain(&others).any(|known| capability == *known) {
        return Ok(capability);
    }
    let message = format!("expected a capability of a policy-server: {}, {}", known.join(", "), others.join(", "));
    Err(syn::Error::new(name.span(), message))
}

fn pascal_case(kebab: &str) -> String {
    let words = kebab.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn a_document_that_no_host_makes_is_refused() {
        let split = |kind: &str| split_kind(&LitStr::new(kind, Span::call_site()));
        for known in DOCUMENTS {
            assert!(split(&format!("{}/{}", known.api_version, known.kind)).is_ok(), "{}", known.kind);
        }
        assert!(split("example.com/v1/DockerFile").is_ok());
        for unknown in ["seaworthy.dev/v1/DockerFile", "seaworthy.dev/v2/Dockerfile", "seaworthy.dev/v1/Report"] {
            let message = split(unknown).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(
                message.ends_with("ChangeSet, Dockerfile, LogSample, Promotion, PullRequest, RepositoryTree"),
                "{message}"
            );
        }
    }
}
