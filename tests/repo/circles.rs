//! Inside a crate modules depend on each other one way: what two of them need lies below both. So any module can be read,
//! tested and moved with only what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};
use walkdir::WalkDir;

/// A module's place in its crate; the root's is empty.
type Name = Vec<String>;

/// What a module says, tests aside.
#[derive(Default)]
struct Module {
    /// The names of its own items.
    items: BTreeSet<String>,
    /// Names that it has from elsewhere, with their paths.
    imports: BTreeMap<String, Name>,
    /// Paths of which it has all names.
    globs: Vec<Name>,
    /// All paths in it.
    paths: Vec<Name>,
}

impl Module {
    fn import(&mut self, tree: &UseTree, mut path: Name) {
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.import(&step.tree, path);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path.clone())),
            UseTree::Glob(_) => {
                self.paths.push(path.clone());
                self.globs.push(path);
            }
            UseTree::Name(step) if step.ident == "self" => self.name(path.last().cloned(), path),
            UseTree::Name(step) => {
                path.push(step.ident.to_string());
                self.name(path.last().cloned(), path);
            }
            UseTree::Rename(step) => {
                path.push(step.ident.to_string());
                self.name(Some(step.rename.to_string()), path);
            }
        }
    }

    fn name(&mut self, name: Option<String>, path: Name) {
        self.paths.push(path.clone());
        self.imports.insert(name.expect("a path has a last step"), path);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let text = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    };
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && text(attribute) == "test")
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = match item {
            Item::Use(item) if !is_test(&item.attrs) => return self.import(&item.tree, Vec::new()),
            Item::Use(_) => return,
            Item::Const(item) => (Some(&item.ident), &item.attrs),
            Item::Enum(item) => (Some(&item.ident), &item.attrs),
            Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
            Item::Mod(item) => (Some(&item.ident), &item.attrs),
            Item::Static(item) => (Some(&item.ident), &item.attrs),
            Item::Struct(item) => (Some(&item.ident), &item.attrs),
            Item::Trait(item) => (Some(&item.ident), &item.attrs),
            Item::Type(item) => (Some(&item.ident), &item.attrs),
            Item::Union(item) => (Some(&item.ident), &item.attrs),
            Item::Impl(item) => (None, &item.attrs),
            _ => return visit::visit_item(self, item),
        };
        if is_test(attributes) {
            return;
        }
        self.items.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(path.segments.iter().map(|step| step.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    /// What a macro is given is no tree yet, but a path in it is one.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let text = called.tokens.to_string().replace(" :: ", "::");
        let is_part = |character: char| !(character.is_alphanumeric() || character == '_' || character == ':');
        let paths = text.split(is_part).filter(|word| word.contains("::"));
        self.paths.extend(paths.map(|path| path.split("::").map(str::to_owned).collect()));
        visit::visit_macro(self, called);
    }
}

/// The modules of a crate.
struct Crate(BTreeMap<Name, Module>);

impl Crate {
    fn read(source: &Path) -> Self {
        let files = WalkDir::new(source).into_iter().flatten();
        let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"));
        let modules = files.filter_map(|file| {
            let path = file.path().strip_prefix(source).expect("it is below").with_extension("");
            let mut name: Name = path.iter().map(|step| step.to_string_lossy().into_owned()).collect();
            if name.iter().any(|step| step == "tests" || step == "testing" || step == "bin") {
                return None;
            }
            if matches!(name.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                name.pop();
            }
            let text = fs::read_to_string(file.path()).expect("a source is readable");
            let mut module = Module::default();
            module.visit_file(&syn::parse_file(&text).expect("a source is Rust"));
            Some((name, module))
        });
        Self(modules.collect())
    }

    /// The module in which what the path names is written; nothing for what is in no module of this crate.
    fn resolve(&self, from: &Name, path: &[String], depth: usize) -> Option<Name> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from.split_last()?.1.to_vec(),
            name => {
                let child = [&from[..], &[name.to_owned()]].concat();
                match self.0.get(from).and_then(|module| module.imports.get(name)) {
                    _ if self.0.contains_key(&child) => child,
                    Some(import) if depth > 0 && import.first() != Some(first) => {
                        return self.resolve(from, &[import, rest].concat(), depth - 1);
                    }
                    _ => return None,
                }
            }
        };
        while let Some((step, behind)) = rest.split_first() {
            let next = match step.as_str() {
                "super" => at.split_last()?.1.to_vec(),
                step => [&at[..], &[step.to_owned()]].concat(),
            };
            if !self.0.contains_key(&next) {
                break;
            }
            (at, rest) = (next, behind);
        }
        let (Some(name), Some(module)) = (rest.first(), self.0.get(&at)) else { return Some(at) };
        if module.items.contains(name) || depth == 0 {
            return Some(at);
        }
        if let Some(import) = module.imports.get(name) {
            return self.resolve(&at, &[import, &rest[1..]].concat(), depth - 1);
        }
        let globs = module.globs.iter().filter_map(|glob| self.resolve(&at, glob, depth - 1));
        let mut globs = globs.filter(|of| self.0.get(of).is_some_and(|module| module.items.contains(name)));
        Some(globs.next().unwrap_or(at))
    }

    /// Of the modules beside each other in one folder, which name which, by themselves or in what lies below them. A folder's
    /// own file stands above them all: it shows outside what they make.
    fn arrows(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let mut arrows: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for (name, module) in &self.0 {
            for other in module.paths.iter().filter_map(|path| self.resolve(name, path, 8)) {
                let shared = name.iter().zip(&other).take_while(|(one, other)| one == other).count();
                if let (Some(one), Some(other)) = (name.get(..=shared), other.get(..=shared)) {
                    arrows.entry(one.to_vec()).or_default().insert(other.to_vec());
                }
            }
        }
        arrows
    }

    /// The arrows that lead around in circles.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let leads = |from: &Name, to: &Name| {
            let (mut reached, mut ahead) = (BTreeSet::new(), vec![from]);
            while let Some(name) = ahead.pop() {
                ahead.extend(arrows.get(name).into_iter().flatten().filter(|next| reached.insert(*next)));
            }
            reached.contains(to)
        };
        let all = arrows.iter().flat_map(|(one, others)| others.iter().map(move |other| (one, other)));
        let circular = all.filter(|(one, other)| leads(other, one));
        circular.map(|(one, other)| format!("{} -> {}", one.join("::"), other.join("::"))).collect()
    }
}

#[test]
fn no_modules_of_a_crate_need_each_other() {
    let crates = ["host", "sdk"].into_iter().flat_map(|folder| {
        let folders = WalkDir::new(workspace().join(folder)).max_depth(2).into_iter().flatten();
        folders.filter(|entry| entry.file_name() == "src" && entry.file_type().is_dir())
    });
    let mut circles = Vec::new();
    for source in crates {
        let modules = Crate::read(source.path());
        assert!(modules.0.contains_key(&Vec::new()), "{} has a root", source.path().display());
        let shown = source.path().strip_prefix(workspace()).unwrap_or(source.path()).display().to_string();
        circles.extend(modules.circles().into_iter().map(|circle| format!("{shown}: {circle}")));
    }
    assert!(circles.is_empty(), "these lead around in circles:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_is_seen_through_reexports_and_aliases() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("lib.rs", "mod a; mod b; pub use b::deep::Thing;");
    write("a.rs", "use crate::Thing as Other; pub struct A(Other);");
    write("b/mod.rs", "pub mod deep;");
    write("b/deep.rs", "pub struct Thing; #[cfg(test)] mod tests { use crate::a::A; }");
    assert_eq!(Crate::read(folder.path()).circles(), [""; 0]);
    write("b/deep.rs", "pub struct Thing; fn f() { println!(\"{}\", super::super::a::A::new()) }");
    assert_eq!(Crate::read(folder.path()).circles(), ["a -> b", "b -> a"]);
}
