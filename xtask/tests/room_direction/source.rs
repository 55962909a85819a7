//! Reads a crate's source, and says which file uses which other file.
//!
//! What counts is what is built to be shipped: items under `#[cfg(test)]` may look wherever they
//! like. A use is a `use`, or a path in code (`crate::a::b()`), in the arguments of a macro, or in
//! the string of an attribute (`#[serde(with = "crate::a")]`). A name that was re-exported counts
//! to the file that defines it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Ident, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Token, UseTree, Visibility,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// The text of each file, by its path below `src` (with `/`, on every system).
pub(crate) type Sources = BTreeMap<String, String>;

/// A file uses another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    /// The file that uses.
    pub(crate) from: String,
    /// The file that is used.
    pub(crate) to: String,
    /// The path as it is written.
    pub(crate) path: String,
    /// Whether it leads to the module itself (`use crate::records;`), not to something in it. What
    /// is then used through the module's name has arrows of its own.
    pub(crate) is_to_module: bool,
}

/// Every Rust file below a folder.
pub(crate) fn read(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    collect(folder, "", &mut sources);
    sources
}

fn collect(folder: &Path, prefix: &str, sources: &mut Sources) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(
                format!("{prefix}{name}"),
                fs::read_to_string(&path).unwrap(),
            );
        }
    }
}

/// All arrows of the crate, sorted, and the files that are part of what is shipped.
pub(crate) fn arrows(sources: &Sources) -> (BTreeSet<Arrow>, BTreeSet<String>) {
    let tree = Tree::grow(sources);
    let mut arrows = BTreeSet::new();
    for (module, reference) in &tree.references {
        let from = &tree.modules[*module].file;
        for (to, is_to_module) in tree.files_of(*module, reference) {
            if to != *from {
                arrows.insert(Arrow {
                    from: from.clone(),
                    to,
                    path: reference.to_string(),
                    is_to_module,
                });
            }
        }
    }
    let files = tree.modules.into_iter().map(|module| module.file).collect();
    (arrows, files)
}

/// Where a module is in [`Tree::modules`].
type Id = usize;

/// A path as it is written, and whether everything in it is meant (`a::b::*`).
#[derive(Clone, Debug)]
struct Reference {
    segments: Vec<String>,
    all: bool,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = if self.all { "::*" } else { "" };
        write!(formatter, "{}{all}", self.segments.join("::"))
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
enum Found {
    Module(Id),
    /// Something that this module defines.
    ItemOf(Id),
}

#[derive(Debug, Default)]
struct Module {
    file: String,
    /// Where its children's files are: `""`, or a folder with its `/`.
    folder: String,
    parent: Option<Id>,
    children: BTreeMap<String, Id>,
    /// What it defines, but for modules.
    items: BTreeSet<String>,
    /// What it gives another module's things as names; whether others see that.
    imports: BTreeMap<String, (Vec<String>, bool)>,
    /// The modules of which it has every name.
    globs: Vec<Vec<String>>,
}

/// The modules of a crate; the first is its root.
#[derive(Debug, Default)]
struct Tree {
    modules: Vec<Module>,
    references: Vec<(Id, Reference)>,
}

impl Tree {
    fn grow(sources: &Sources) -> Self {
        let mut tree = Self::default();
        let root = ["lib.rs", "main.rs"]
            .into_iter()
            .find(|root| sources.contains_key(*root))
            .expect("a crate has a lib.rs or a main.rs");
        tree.file(sources, root, "", None);
        tree
    }

    fn file(&mut self, sources: &Sources, file: &str, folder: &str, parent: Option<Id>) -> Id {
        let parsed = syn::parse_file(&sources[file]).unwrap_or_else(|error| {
            panic!("{file}:{}: {error}", error.span().start().line);
        });
        let module = self.module(file, folder, parent);
        self.items(sources, module, &parsed.items);
        module
    }

    fn module(&mut self, file: &str, folder: &str, parent: Option<Id>) -> Id {
        self.modules.push(Module {
            file: file.to_owned(),
            folder: folder.to_owned(),
            parent,
            ..Module::default()
        });
        self.modules.len() - 1
    }

    fn items(&mut self, sources: &Sources, module: Id, items: &[Item]) {
        for item in items.iter().filter(|item| is_shipped(attributes(item))) {
            if let Item::Mod(child) = item {
                self.child(sources, module, child);
                continue;
            }
            if let Some(name) = name(item) {
                self.modules[module].items.insert(name);
            }
            Reader { tree: self, module }.visit_item(item);
        }
    }

    fn child(&mut self, sources: &Sources, module: Id, item: &ItemMod) {
        let name = item.ident.to_string();
        let folder = format!("{}{name}/", self.modules[module].folder);
        let child = if let Some((_, items)) = &item.content {
            let file = self.modules[module].file.clone();
            let child = self.module(&file, &folder, Some(module));
            self.items(sources, child, items);
            child
        } else {
            assert!(
                !item
                    .attrs
                    .iter()
                    .any(|attribute| attribute.path().is_ident("path")),
                "{name}: a module lies where its name says"
            );
            let flat = format!("{}{name}.rs", self.modules[module].folder);
            let nested = format!("{folder}mod.rs");
            let file = if sources.contains_key(&flat) {
                flat
            } else {
                nested
            };
            assert!(sources.contains_key(&file), "{file} is not there");
            self.file(sources, &file, &folder, Some(module))
        };
        self.modules[module].children.insert(name, child);
    }

    /// The files that a path leads to, and whether it leads to the module itself.
    fn files_of(&self, module: Id, reference: &Reference) -> Vec<(String, bool)> {
        let file = |id: Id| self.modules[id].file.clone();
        match self.resolve(module, &reference.segments, &mut BTreeSet::new()) {
            None => Vec::new(),
            Some(Found::Module(id)) if reference.all => {
                let imports = self.modules[id].imports.values();
                let exported = imports
                    .filter(|(_, is_public)| *is_public)
                    .filter_map(|(path, _)| self.resolve(id, path, &mut BTreeSet::new()))
                    .map(|found| match found {
                        Found::Module(id) => (file(id), true),
                        Found::ItemOf(id) => (file(id), false),
                    });
                exported.chain([(file(id), false)]).collect()
            }
            Some(Found::Module(id)) => vec![(file(id), true)],
            Some(Found::ItemOf(id)) => vec![(file(id), false)],
        }
    }

    /// What a path stands for; nothing if it leads out of the crate. What cannot be followed to its
    /// end counts to the last module on the way. `seen` ends the search in imports that go round.
    fn resolve(
        &self,
        module: Id,
        path: &[String],
        seen: &mut BTreeSet<(Id, String)>,
    ) -> Option<Found> {
        let (first, mut rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(module),
            "super" => Found::Module(self.modules[module].parent?),
            name => self.lookup(module, name, rest.is_empty(), seen)?,
        };
        while let (Found::Module(id), Some((name, after))) = (found, rest.split_first()) {
            found = if name == "super" {
                Found::Module(self.modules[id].parent?)
            } else {
                self.lookup(id, name, after.is_empty(), seen)
                    .unwrap_or(Found::ItemOf(id))
            };
            rest = after;
        }
        Some(found)
    }

    /// What a module calls `name`. At the end of a path, something that was imported goes before a
    /// child of the same name: `mod judge; pub use judge::judge;`.
    fn lookup(
        &self,
        id: Id,
        name: &str,
        is_last: bool,
        seen: &mut BTreeSet<(Id, String)>,
    ) -> Option<Found> {
        let module = &self.modules[id];
        let child = module.children.get(name).copied().map(Found::Module);
        if !is_last && child.is_some() {
            return child;
        }
        if module.items.contains(name) {
            return Some(Found::ItemOf(id));
        }
        if !seen.insert((id, name.to_owned())) {
            return child;
        }
        let imported = module.imports.get(name);
        imported
            .and_then(|(path, _)| self.resolve(id, path, seen))
            .or(child)
            .or_else(|| {
                module
                    .globs
                    .iter()
                    .find_map(|path| match self.resolve(id, path, seen)? {
                        Found::Module(of) if of != id => self.lookup(of, name, is_last, seen),
                        _ => None,
                    })
            })
    }
}

/// Notes the paths of one item.
struct Reader<'a> {
    tree: &'a mut Tree,
    module: Id,
}

impl Reader<'_> {
    fn note(&mut self, segments: Vec<String>, all: bool) {
        let reference = Reference { segments, all };
        self.tree.references.push((self.module, reference));
    }

    fn import(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        let with = |ident: &Ident| {
            let mut path = before.to_vec();
            // `a::{self}` is `a`.
            if ident != "self" || before.is_empty() {
                path.push(ident.to_string());
            }
            path
        };
        let (path, known_as) = match tree {
            UseTree::Path(inner) => {
                return self.import(&inner.tree, &with(&inner.ident), is_public);
            }
            UseTree::Group(group) => {
                for inner in &group.items {
                    self.import(inner, before, is_public);
                }
                return;
            }
            UseTree::Glob(_) => {
                self.tree.modules[self.module].globs.push(before.to_vec());
                return self.note(before.to_vec(), true);
            }
            UseTree::Name(name) => (with(&name.ident), None),
            UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        if let Some(name) = known_as.or_else(|| path.last().cloned()) {
            let imports = &mut self.tree.modules[self.module].imports;
            imports.insert(name, (path.clone(), is_public));
        }
        self.note(path, false);
    }

    /// Paths in what the compiler has not parsed yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => {
                    self.end(&mut path);
                    colons = 0;
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.note(path, false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_shipped(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        if is_shipped(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            let is_public = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, &[], is_public);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter();
            self.note(
                segments.map(|segment| segment.ident.to_string()).collect(),
                false,
            );
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            for text in texts(list.tokens.clone()) {
                if let Ok(path) = syn::parse_str::<syn::Path>(&text) {
                    self.visit_path(&path);
                }
            }
        }
    }
}

/// The strings among the tokens of an attribute.
fn texts(tokens: TokenStream) -> Vec<String> {
    let of_token = |token| match token {
        TokenTree::Literal(literal) => match syn::Lit::new(literal) {
            syn::Lit::Str(text) => vec![text.value()],
            _ => Vec::new(),
        },
        TokenTree::Group(group) => texts(group.stream()),
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(of_token).collect()
}

/// Whether something with these attributes can be part of a build that is not for tests.
fn is_shipped(attributes: &[Attribute]) -> bool {
    attributes.iter().all(|attribute| {
        if attribute.path().is_ident("test") {
            return false;
        }
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("cfg") => list
                .parse_args::<Meta>()
                .map_or(true, |condition| can_hold(&condition)),
            _ => true,
        }
    })
}

/// Whether a condition can hold where `test` does not. What is negated is taken as possible.
fn can_hold(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => !path.is_ident("test"),
        Meta::List(list) => {
            let parser =
                |input: ParseStream<'_>| Punctuated::<Meta, Token![,]>::parse_terminated(input);
            let Ok(inner) = parser.parse2(list.tokens.clone()) else {
                return true;
            };
            match () {
                () if list.path.is_ident("all") => inner.iter().all(can_hold),
                () if list.path.is_ident("any") => inner.iter().any(can_hold),
                () => true,
            }
        }
        Meta::NameValue(_) => true,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
