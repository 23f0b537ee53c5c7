//! The syntax of a declaration: Rust's own tokens, so that editors and rustc know every span.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Field, Ident, LitBool, LitStr, Token, Visibility, braced, bracketed};

use crate::groups;

/// A declaration as written.
pub struct Declaration {
    /// How the rule calls the SDK.
    pub sdk: Ident,
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub settings: Vec<SettingField>,
    pub structs: Vec<SettingStruct>,
    pub severity: Ident,
    pub section: Ident,
    pub since: LitStr,
    pub profile: Option<Ident>,
    pub rests_on: Vec<Alternatives>,
    pub yields_to: Vec<LitStr>,
    pub applies_to: Vec<Kinds>,
    pub reads: Vec<LitStr>,
    pub looks_up: Vec<LookUpEntry>,
    pub capabilities: Vec<LitStr>,
    pub links_std: bool,
}

/// One setting: `/// documentation`, `name: Type = default`. Without a default it must be given.
pub struct SettingField {
    pub field: Field,
    pub default: Option<Expr>,
}

/// A struct that settings may be lists of.
pub struct SettingStruct {
    pub attributes: Vec<Attribute>,
    pub name: Ident,
    pub fields: Vec<SettingField>,
}

/// Kinds that a rule judges.
pub enum Kinds {
    /// Every kind that carries a pod template.
    Workloads,
    /// Every kind there is, also those that nobody has heard of.
    Everything(Ident),
    /// One kind, `apps/v1/Deployment`.
    One(LitStr),
}

/// `Backstage | PagerDuty | "seaworthy.dev/on-call"`: one of these is enough.
pub struct Alternatives(pub Vec<ToolEntry>);

/// A tool that the macro knows by name, or a label or an annotation.
pub enum ToolEntry {
    Known(Ident),
    Key(LitStr),
}

/// `"policy/v1/PodDisruptionBudget": ["spec"]`.
pub struct LookUpEntry {
    pub kind: LitStr,
    pub reads: Vec<LitStr>,
}

/// A field, or a group of fields.
struct Fields(Vec<LitStr>);

/// A look-up, or a group of look-ups.
struct LookUps(Vec<LookUpEntry>);

impl Parse for SettingField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut field = Field::parse_named(input)?;
        let default = field.default.take().map(|(_, default)| default);
        Ok(Self { field, default })
    }
}

impl Parse for SettingStruct {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Token![struct]>()?;
        Ok(Self { attributes, name: input.parse()?, fields: fields(input)? })
    }
}

fn fields(input: ParseStream<'_>) -> syn::Result<Vec<SettingField>> {
    let content;
    braced!(content in input);
    Ok(Punctuated::<SettingField, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

impl Parse for Kinds {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::One(input.parse()?));
        }
        let name: Ident = input.parse()?;
        if name == "Workloads" {
            Ok(Self::Workloads)
        } else if name == "Everything" {
            Ok(Self::Everything(name))
        } else {
            let known = "expected `Workloads`, `Everything` or a kind such as \"apps/v1/Deployment\"";
            Err(syn::Error::new(name.span(), known))
        }
    }
}

impl Parse for Fields {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Ident) { groups::fields(&input.parse()?) } else { input.parse().map(|one| vec![one]) }.map(Self)
    }
}

impl Parse for LookUps {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Ident) {
            let group = groups::look_ups(&input.parse()?)?.into_iter();
            return Ok(Self(group.map(|(kind, reads)| LookUpEntry { kind, reads }).collect()));
        }
        let kind = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self(vec![LookUpEntry { kind, reads: list(input)? }]))
    }
}

impl Parse for Alternatives {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self(Punctuated::<ToolEntry, Token![|]>::parse_separated_nonempty(input)?.into_iter().collect()))
    }
}

impl Parse for ToolEntry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) { Ok(Self::Key(input.parse()?)) } else { Ok(Self::Known(input.parse()?)) }
    }
}

fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let content;
    bracketed!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

/// The entries behind the struct, each at most once.
#[derive(Default)]
struct Entries {
    severity: Option<Ident>,
    section: Option<Ident>,
    since: Option<LitStr>,
    profile: Option<Ident>,
    rests_on: Option<Vec<Alternatives>>,
    yields_to: Option<Vec<LitStr>>,
    applies_to: Option<Vec<Kinds>>,
    reads: Option<Vec<LitStr>>,
    looks_up: Option<Vec<LookUpEntry>>,
    capabilities: Option<Vec<LitStr>>,
    links_std: Option<LitBool>,
}

impl Entries {
    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let key: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let twice = match key.to_string().as_str() {
            "severity" => self.severity.replace(input.parse()?).is_some(),
            "section" => self.section.replace(input.parse()?).is_some(),
            "since" => self.since.replace(input.parse()?).is_some(),
            "profile" => self.profile.replace(input.parse()?).is_some(),
            "rests_on" => self.rests_on.replace(list(input)?).is_some(),
            "yields_to" => self.yields_to.replace(list(input)?).is_some(),
            "applies_to" => self.applies_to.replace(list(input)?).is_some(),
            "reads" => {
                let fields = list::<Fields>(input)?.into_iter();
                self.reads.replace(fields.flat_map(|Fields(fields)| fields).collect()).is_some()
            }
            "looks_up" => {
                let look_ups = list::<LookUps>(input)?.into_iter();
                self.looks_up.replace(look_ups.flat_map(|LookUps(look_ups)| look_ups).collect()).is_some()
            }
            "capabilities" => self.capabilities.replace(list(input)?).is_some(),
            "links_std" => self.links_std.replace(input.parse()?).is_some(),
            _ => {
                let known = "severity, section, since, profile, rests_on, yields_to, applies_to, reads, looks_up, \
                             capabilities or links_std";
                return Err(syn::Error::new(key.span(), format!("expected {known}")));
            }
        };
        if twice { Err(syn::Error::new(key.span(), "this entry stands twice")) } else { Ok(()) }
    }
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // Put in front by the SDK's `policy!`.
        let sdk = input.parse()?;
        input.parse::<Token![;]>()?;
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![struct]>()?;
        let name: Ident = input.parse()?;
        let settings = if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            Vec::new()
        } else {
            fields(input)?
        };
        let mut structs = Vec::new();
        while input.peek(Token![#]) || input.peek(Token![struct]) {
            structs.push(input.parse()?);
        }
        let mut entries = Entries::default();
        while !input.is_empty() {
            entries.parse_one(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| syn::Error::new(Span::call_site(), format!("`{what}:` is missing"));
        Ok(Self {
            sdk,
            attributes,
            visibility,
            name,
            settings,
            structs,
            severity: entries.severity.ok_or_else(|| missing("severity"))?,
            section: entries.section.ok_or_else(|| missing("section"))?,
            since: entries.since.ok_or_else(|| missing("since"))?,
            profile: entries.profile,
            rests_on: entries.rests_on.unwrap_or_default(),
            yields_to: entries.yields_to.unwrap_or_default(),
            applies_to: entries.applies_to.ok_or_else(|| missing("applies_to"))?,
            reads: entries.reads.ok_or_else(|| missing("reads"))?,
            looks_up: entries.looks_up.unwrap_or_default(),
            capabilities: entries.capabilities.unwrap_or_default(),
            links_std: entries.links_std.is_some_and(|links_std| links_std.value),
        })
    }
}
