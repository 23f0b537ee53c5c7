//! A setting's type and default, as JSON Schema and as code; settings that are lists of structs likewise.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{Expr, ExprLit, GenericArgument, Ident, Lit, PathArguments, Type};

use crate::declaration::{SettingField, SettingStruct};
use crate::documentation;

/// The JSON Schema of all settings together.
pub fn schema(settings: &[SettingField], structs: &[SettingStruct]) -> syn::Result<Value> {
    for setting in settings {
        if setting.default.is_none() && !is_list(&setting.field.ty) {
            let message = "a setting has a default: `name: Type = default`; a list may do without";
            return Err(syn::Error::new_spanned(&setting.field, message));
        }
    }
    object(settings, structs).map(Value::from)
}

/// The JSON Schema of a struct, or of the settings as a whole.
fn object(settings: &[SettingField], structs: &[SettingStruct]) -> syn::Result<Map<String, Value>> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for setting in settings {
        let name = setting.field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let description = documentation::text(&setting.field.attrs);
        if description.trim().is_empty() {
            return Err(syn::Error::new_spanned(&setting.field, "a setting says in a doc comment what it does"));
        }
        let listed = listed_struct(&setting.field.ty, structs);
        let mut schema = match listed {
            // A struct holds no lists of structs: one level is what a form can show.
            Some(listed) => {
                let mut items = object(&listed.fields, &[])?;
                items.insert("description".to_owned(), documentation::text(&listed.attributes).into());
                Map::from_iter([("type".to_owned(), "array".into()), ("items".to_owned(), items.into())])
            }
            None => kind(&setting.field.ty)?,
        };
        schema.insert("description".into(), description.into());
        match &setting.default {
            Some(default) => drop(schema.insert("default".into(), default_json(default)?)),
            None if is_list(&setting.field.ty) => drop(schema.insert("default".into(), json!([]))),
            None => {}
        }
        if setting.default.is_none() {
            required.push(name.clone());
        }
        properties.insert(name, schema.into());
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    Ok(schema)
}

/// How the struct's field is read from `settings`.
pub fn read(sdk: &Ident, setting: &SettingField, structs: &[SettingStruct]) -> TokenStream {
    let key = setting.field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    match &setting.default {
        _ if listed_struct(&setting.field.ty, structs).is_some() => quote!(settings.structs(#key)?),
        Some(default) => {
            let default = default_value(sdk, default);
            quote!(settings.read(#key, || #default)?)
        }
        None => quote!(settings.required(#key)?),
    }
}

/// Whether it is a list: `Vec<...>`.
fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Vec"))
}

/// The struct that this type is a list of.
fn listed_struct<'a>(ty: &Type, structs: &'a [SettingStruct]) -> Option<&'a SettingStruct> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Vec")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(Type::Path(inner)) => structs.iter().find(|known| inner.path.is_ident(&known.name)),
        _ => None,
    }
}

/// The schema of one type.
fn kind(ty: &Type) -> syn::Result<Map<String, Value>> {
    let unknown = || {
        let known =
            "a setting is a bool, u32, String, Quantity or Scalar, an Option or Vec of these, or a Vec of a struct";
        syn::Error::new_spanned(ty, known)
    };
    let Type::Path(path) = ty else {
        return Err(unknown());
    };
    let Some(last) = path.path.segments.last() else {
        return Err(unknown());
    };
    let inner = || match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(inner)) => kind(inner),
            _ => Err(unknown()),
        },
        _ => Err(unknown()),
    };
    let schema = match last.ident.to_string().as_str() {
        "bool" => json!({ "type": "boolean" }),
        "u32" => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        "String" => json!({ "type": "string" }),
        "Quantity" => json!({ "type": ["string", "number"], "format": "quantity" }),
        "Scalar" => json!({ "type": ["string", "number", "boolean"] }),
        "Vec" => json!({ "type": "array", "items": inner()? }),
        "Option" => return inner(),
        _ => return Err(unknown()),
    };
    match schema {
        Value::Object(schema) => Ok(schema),
        _ => Err(unknown()),
    }
}

/// A default as JSON. Defaults are literals, lists of literals, `None` or `Some(literal)`.
fn default_json(default: &Expr) -> syn::Result<Value> {
    let unknown =
        || syn::Error::new_spanned(default, "a default is a literal, a list of literals, None or Some(literal)");
    match default {
        Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) => Ok(value.value.into()),
        Expr::Lit(ExprLit { lit: Lit::Int(value), .. }) => Ok(value.base10_parse::<u32>()?.into()),
        Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) => Ok(value.value().into()),
        Expr::Array(array) => array.elems.iter().map(default_json).collect::<syn::Result<Vec<_>>>().map(Value::from),
        Expr::Path(path) if path.path.is_ident("None") => Ok(Value::Null),
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Some")) => {
            default_json(call.args.first().ok_or_else(unknown)?)
        }
        _ => Err(unknown()),
    }
}

/// A default as an expression of the setting's type.
fn default_value(sdk: &Ident, default: &Expr) -> TokenStream {
    match default {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => quote!(#sdk::alloc::string::String::from(#text)),
        Expr::Array(array) if !array.elems.is_empty() && array.elems.iter().all(is_text) => {
            let texts = &array.elems;
            quote!(#sdk::settings::strings(&[#texts]))
        }
        Expr::Array(array) => {
            let items = array.elems.iter().map(|item| default_value(sdk, item));
            quote!(#sdk::alloc::vec![#(#items),*])
        }
        Expr::Call(call) => {
            let (function, arguments) = (&call.func, call.args.iter().map(|argument| default_value(sdk, argument)));
            quote!(#function(#(#arguments),*))
        }
        other => quote!(#other),
    }
}

fn is_text(item: &Expr) -> bool {
    matches!(item, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }))
}
