//! A setting's type and default, as JSON Schema and as code.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{Expr, ExprLit, GenericArgument, Lit, PathArguments, Type};

use crate::declaration::SettingField;
use crate::documentation;

/// The JSON Schema of all settings together.
pub fn schema(settings: &[SettingField]) -> syn::Result<Value> {
    let mut properties = Map::new();
    for setting in settings {
        let name = setting.field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let description = documentation::text(&setting.field.attrs);
        if description.trim().is_empty() {
            return Err(syn::Error::new_spanned(&setting.field, "a setting says in a doc comment what it does"));
        }
        let mut schema = kind(&setting.field.ty)?;
        schema.insert("description".into(), description.into());
        schema.insert("default".into(), default_json(&setting.default)?);
        properties.insert(name, schema.into());
    }
    Ok(json!({ "type": "object", "additionalProperties": false, "properties": properties }))
}

/// The schema of one type.
fn kind(ty: &Type) -> syn::Result<Map<String, Value>> {
    let unknown = || {
        syn::Error::new_spanned(ty, "a setting is a bool, u32, String, Quantity, or an Option or Vec of one of these")
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
pub fn default_value(default: &Expr) -> TokenStream {
    match default {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => quote!(::sdk::alloc::string::String::from(#text)),
        Expr::Array(array) if !array.elems.is_empty() && array.elems.iter().all(is_text) => {
            let texts = &array.elems;
            quote!(::sdk::settings::strings(&[#texts]))
        }
        Expr::Array(array) => {
            let items = array.elems.iter().map(default_value);
            quote!(::sdk::alloc::vec![#(#items),*])
        }
        Expr::Call(call) => {
            let (function, arguments) = (&call.func, call.args.iter().map(default_value));
            quote!(#function(#(#arguments),*))
        }
        other => quote!(#other),
    }
}

fn is_text(item: &Expr) -> bool {
    matches!(item, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }))
}
