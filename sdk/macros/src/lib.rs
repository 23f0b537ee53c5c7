//! The `policy!` macro: a rule's documentation, metadata and examples, checked at compile time.
//!
//! The declaration of a rule is the one source of everything said about it. The macro reads it into
//! [`protocol::RuleMetadata`], and writes the rule's struct with its settings, its field mask and look-ups, the exports
//! and custom sections of its module, and a test for each documented example. It holds no rule logic and must not know
//! any rule.

mod declaration;
mod documentation;
mod emit;
mod groups;
mod kubewarden;
mod setting;
mod tools;

use proc_macro::TokenStream;

/// Declares a rule: what the SDK's `policy!` passes on, behind the SDK's own name.
///
/// ````ignore
/// policy! {
///     /// Containers mount their root filesystem read-only.
///     ///
///     /// ## Why
///     /// ...
///     /// ## Fails
///     /// ```yaml,fail=app
///     /// kind: Pod
///     /// ```
///     pub struct ReadOnlyRootFilesystem {
///         /// What the setting does.
///         some_setting: bool = true,
///     }
///     severity: High,
///     section: Security,
///     since: "0.1.0",
///     profile: Essential,
///     rests_on: [Backstage | "seaworthy.dev/on-call", Grafana],
///     applies_to: [Workloads, "v1/Service"],
///     reads: ["containers.securityContext.readOnlyRootFilesystem"],
///     looks_up: ["v1/ServiceAccount": ["automountServiceAccountToken"]],
///     capabilities: ["oci/v2/verify"],
/// }
/// ````
///
/// The struct is named after the package: `ReadOnlyRootFilesystem` in `read-only-root-filesystem`. Settings may be `bool`,
/// `u32`, `String`, `Quantity`, `Scalar`, or an `Option` or `Vec` of these, or a `Vec` of a struct whose fields are; such
/// structs stand behind the rule's, and a field of theirs without a default must be given. A list of structs without a
/// default leaves the rule off until it is given. A block ` ```yaml,settings ` holds the settings of the examples behind it.
/// The rule's further cases stand in `tests/cases.yaml` beside its `Cargo.toml` and are a test too; there need not be any.
///
/// `looks_up` are the objects that the rule may ask its host for; `capabilities` is what it may ask for besides, as Kubewarden
/// names it. Both may be left out. Words stand for what several rules name together: `Images` in `reads`; `Services`,
/// `Autoscalers` and `Releases` in `looks_up` (`sdk/macros/src/groups.rs`). A rule that judges only documents that no API
/// server has (kinds of `seaworthy.dev`) is a raw policy in Kubewarden's terms.
///
/// `profile` is the smallest profile that the rule is part of: `Essential`, what hurts everybody; `Recommended`, which is the
/// default; or `Full`, the whole checklist. `rests_on` names what the checks are of no use without: tools of the macro's table
/// (`sdk/macros/src/tools.rs`), or a label or an annotation as a string. Of each entry one alternative must show a trace in
/// the input; otherwise only the profile `full` has the rule. Where a user names the rule, it runs in any case.
///
/// `yields_to` names rules that may say the same of the same field. A report then tells it once, as theirs.
///
/// The annotations of Kubewarden's metadata come from the crate's Cargo.toml (authors, licence, repository) and from the
/// documentation. `SEAWORTHY_REGISTRY`, when the module is built, says where it will be published: `ghcr.io/shop/policies`.
/// Without it the metadata says nothing of that.
///
/// `applies_to: [Everything]` goes with `reads: ["*"]`. With kinds before it, the workloads first, it goes with any fields: in
/// files the rule is then asked about every kind, in a cluster about the named ones. `links_std: true` stands where a dependency links std, which then
/// brings allocator and panic handler.
#[proc_macro]
pub fn policy(input: TokenStream) -> TokenStream {
    let declaration = syn::parse_macro_input!(input as declaration::Declaration);
    emit::policy(&declaration).unwrap_or_else(syn::Error::into_compile_error).into()
}
