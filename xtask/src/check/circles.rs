//! Refuses dependency cycles between the modules of a crate, so that each crate can be read from
//! the bottom up.
//!
//! A file and its folder count as one module, and so does `lib.rs`, apart from what it re-exports.
//! The same rule applies within a folder of more than [`FEW`] files. Test code may use everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;
use super::layers::without_tests;
use crate::workspace::root;

const CRATES: &[&str] = &[
    "platform",
    "web",
    "identity",
    "site",
    "accounts",
    "occasions-all",
    "occasions-lists",
    "occasions",
    "countdowns",
    "posts",
    "bookings",
    "compat",
    "edge",
    "supervisor",
    "kenduri",
    "operate",
    "configuration",
    "install",
    "http1",
    "units",
    "backup",
    "importer",
];

/// The name of `lib.rs` or `main.rs` as a module.
const LIB: &str = "lib";

/// With at most so many files, a folder may contain cycles.
const FEW: usize = 6;

/// By module, the other modules that it uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

struct Folder {
    name: String,
    uses: Uses,
}

pub(super) fn check(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for name in CRATES {
        for folder in folders(name, files)? {
            let place = format!("crates/{name}/src/{}", folder.name);
            for module in circles(&folder.uses).into_iter().flatten() {
                let what = format!("{module} uses a module that uses it in turn");
                findings.push(Finding::new(&*place, what));
            }
        }
    }
    Ok(findings)
}

/// Prints each crate's number of upward dependencies and its dependency cycles.
pub(super) fn print(files: &[PathBuf]) -> Result<()> {
    for name in CRATES {
        for folder in folders(name, files)? {
            let circles = circles(&folder.uses);
            let count: usize = folder.uses.values().map(BTreeSet::len).sum();
            let sizes: Vec<_> = circles.iter().map(Vec::len).collect();
            println!(
                "{name}/{}: {} modules, {count} dependencies, {} upward, circles of {sizes:?}",
                folder.name,
                folder.uses.len(),
                upward_dependencies(&folder.uses),
            );
        }
    }
    Ok(())
}

/// The root folder, and each folder that is large enough to be checked separately.
fn folders(name: &str, files: &[PathBuf]) -> Result<Vec<Folder>> {
    let source = root().join("crates").join(name).join("src");
    let mut modules = Vec::new();
    let mut root = Root::default();
    for file in files.iter().filter(|file| file.starts_with(&source)) {
        let path = file.strip_prefix(&source)?;
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let code = without_tests(&fs::read_to_string(file)?);
        if [Path::new("lib.rs"), Path::new("main.rs")].contains(&path) {
            root = Root::read(&code);
            modules.push((vec![LIB.to_owned()], code));
            continue;
        }
        let mut parts: Vec<_> = path.with_extension("").iter().map(text).collect();
        parts.retain(|part| part != "mod");
        let is_test = |part: &String| ["tests", "testing"].contains(&part.as_str());
        if !parts.iter().any(is_test) {
            modules.push((parts, code));
        }
    }
    let used: Vec<_> = modules
        .iter()
        .map(|(parts, code)| {
            let found = match parts.as_slice() {
                [name] if name == LIB => root.uses(code),
                _ => paths(code, parts, &root),
            };
            (parts.clone(), found)
        })
        .collect();
    let mut all = vec![folder(&[], &used)];
    let within: BTreeSet<_> = used
        .iter()
        .flat_map(|(parts, _)| (1..parts.len()).map(|depth| parts[..depth].to_vec()))
        .collect();
    let inner = within.iter().map(|path| folder(path, &used));
    all.extend(inner.filter(|folder| folder.uses.len() > FEW));
    all.retain(|folder| !folder.uses.is_empty());
    Ok(all)
}

fn text(part: &std::ffi::OsStr) -> String {
    part.to_string_lossy().into_owned()
}

/// In the folder at `path`.
fn folder(path: &[String], used: &[(Vec<String>, Vec<Vec<String>>)]) -> Folder {
    let child = |parts: &[String]| {
        let is_below = parts.len() > path.len() && parts.starts_with(path);
        is_below.then(|| parts[path.len()].clone())
    };
    let mut uses = Uses::new();
    for (parts, _) in used {
        uses.extend(child(parts).map(|name| (name, BTreeSet::new())));
    }
    for (parts, paths) in used {
        let Some(name) = child(parts) else { continue };
        let others = paths.iter().filter_map(|path| child(path));
        let others: Vec<_> = others
            .filter(|other| *other != name && uses.contains_key(other))
            .collect();
        uses.entry(name).or_default().extend(others);
    }
    Folder {
        name: path.join("/"),
        uses,
    }
}

/// What `lib.rs` or `main.rs` declares.
#[derive(Default)]
struct Root {
    modules: BTreeSet<String>,
    /// The paths of what it imports, by name.
    aliases: BTreeMap<String, Vec<String>>,
}

impl Root {
    fn read(code: &str) -> Self {
        let declared = code.lines().filter_map(|line| line.split_once("mod "));
        let modules = declared.filter_map(|(_, name)| name.strip_suffix(';'));
        Self {
            modules: modules.map(str::to_owned).collect(),
            aliases: named_in_root(code),
        }
    }

    /// The modules that `lib.rs` itself uses, rather than re-exports.
    fn uses(&self, code: &str) -> Vec<Vec<String>> {
        let mut own = String::new();
        let mut is_reexported = false;
        for line in code.lines() {
            is_reexported |= line.starts_with("pub use ") || line.starts_with("pub(crate) use ");
            if !is_reexported {
                own.extend([line, "\n"]);
            }
            is_reexported &= !line.ends_with(';');
        }
        let before = own.match_indices("::").map(|(at, _)| &own[..at]);
        let words =
            before.filter_map(|before| before.rsplit(|c: char| !is_letter(c) && c != ':').next());
        let used = words.filter(|word| self.modules.contains(*word));
        used.map(|word| vec![word.to_owned()]).collect()
    }

    /// Starting from the crate root.
    fn resolve(&self, name: &str) -> Vec<String> {
        let name = name.split(" as ").next().unwrap_or(name);
        match self.aliases.get(name) {
            Some(whole) => whole.clone(),
            None if self.modules.contains(name) => vec![name.to_owned()],
            None => vec![LIB.to_owned(), name.to_owned()],
        }
    }
}

/// By their re-exported names.
fn named_in_root(code: &str) -> BTreeMap<String, Vec<String>> {
    let uses = code.split("use ").skip(1);
    let trees = uses.filter_map(|rest| rest.split_once(';'));
    let all = trees.flat_map(|(tree, _)| match tree.strip_prefix("::") {
        // Of another crate, even if a module has its name.
        Some(tree) => expand(&format!("_::{tree}")),
        None => expand(tree),
    });
    let named = all.filter_map(|path| {
        let (last, path) = match path.split_last()? {
            (last, rest) if last.contains(" as ") => {
                let (from, to) = last.split_once(" as ")?;
                let whole = rest.iter().cloned().chain([from.to_owned()]);
                (to.to_owned(), whole.collect())
            }
            (last, _) => (last.clone(), path),
        };
        Some((last, path))
    });
    named.filter(|(name, path)| path[0] != *name).collect()
}

/// Starting from the crate root.
fn paths(code: &str, parts: &[String], root: &Root) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    // There, `super` is the file itself.
    let has_inline_module = code
        .lines()
        .any(|line| line.contains("mod ") && line.ends_with('{'));
    for (at, _) in code.match_indices("::") {
        let before = code[..at]
            .rsplit(|c: char| !is_letter(c) && c != ':')
            .next();
        let before = before.unwrap_or_default();
        let is_super = before != "crate";
        let base = match before {
            "crate" => Vec::new(),
            supers if supers.split("::").all(|word| word == "super") => {
                let up = supers.split("::").count();
                parts[..parts.len().saturating_sub(up)].to_vec()
            }
            _ => continue,
        };
        if code[at + 2..].starts_with("super") {
            continue;
        }
        for tail in expand(&code[at + 2..]) {
            let mut path = base.clone();
            match tail.first() {
                Some(first) if base.is_empty() => match root.resolve(first) {
                    whole if whole[0] == LIB && is_super && has_inline_module => continue,
                    whole => path.extend(whole),
                },
                first => path.extend(first.cloned()),
            }
            path.extend(tail.into_iter().skip(1));
            found.push(path);
        }
    }
    found
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Such as `a::{b, c::d}`. Ignores any text after the tree.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim_start();
    if let Some(group) = tree.strip_prefix('{') {
        return parts_of(group).into_iter().flat_map(expand).collect();
    }
    let end = tree.find(|c| !is_letter(c)).unwrap_or(tree.len());
    let (word, rest) = tree.split_at(end);
    if word.is_empty() {
        return vec![Vec::new()];
    }
    if let Some(below) = rest.strip_prefix("::") {
        let with_word = |mut path: Vec<String>| {
            path.insert(0, word.to_owned());
            path
        };
        return expand(below).into_iter().map(with_word).collect();
    }
    let renamed = rest.strip_prefix(" as ").map(|name| {
        let end = name.find(|c| !is_letter(c)).unwrap_or(name.len());
        format!("{word} as {}", &name[..end])
    });
    vec![vec![renamed.unwrap_or_else(|| word.to_owned())]]
}

/// At the commas outside nested groups. Ignores text after the closing brace.
fn parts_of(group: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Groups of modules that reach each other.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reached: BTreeMap<_, _> = uses
        .keys()
        .map(|name| (name, reachable(uses, name)))
        .collect();
    let mut left: BTreeSet<_> = uses.keys().collect();
    let mut found = Vec::new();
    while let Some(name) = left.pop_first() {
        let both =
            |other: &&String| reached[name].contains(*other) && reached[*other].contains(name);
        let with: Vec<String> = left.iter().copied().filter(both).cloned().collect();
        left.retain(|other| !with.contains(other));
        if !with.is_empty() {
            found.push([vec![name.clone()], with].concat());
        }
    }
    found
}

/// Directly or indirectly.
fn reachable(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(name) = next.pop() {
        for used in uses.get(name).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used);
            }
        }
    }
    reached
}

/// In the order that repeatedly takes the module that uses the fewest remaining ones.
fn upward_dependencies(uses: &Uses) -> usize {
    let mut left: BTreeSet<_> = uses.keys().collect();
    let mut count = 0;
    let still = |left: &BTreeSet<&String>, name: &String| {
        uses[name].iter().filter(|used| left.contains(used)).count()
    };
    while let Some(name) = left.iter().copied().min_by_key(|name| still(&left, name)) {
        left.remove(name);
        count += still(&left, name);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(all: &[(&str, &[&str])]) -> Uses {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        all.iter()
            .map(|(name, used)| ((*name).to_owned(), owned(used)))
            .collect()
    }

    #[test]
    fn a_circle_is_found_and_its_way_up_counted() {
        let all = uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]);
        assert_eq!(circles(&all), [["a", "b", "c"]]);
        assert_eq!(upward_dependencies(&all), 1);
        let none = uses(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
        assert!(circles(&none).is_empty());
        assert_eq!(upward_dependencies(&none), 0);
    }

    #[test]
    fn paths_are_read_out_of_groups_by_super_and_by_another_name() {
        let root = Root::read(
            "mod a;\nmod m;\nmod x;\npub mod z;\npub use a::b::{c, d as e};\npub use f::G;\n\
             pub use ::z::P;\n",
        );
        let parts = ["x".to_owned(), "y".to_owned()];
        let found = |code: &str| {
            let all = paths(code, &parts, &root).into_iter();
            all.map(|path| path.join("/")).collect::<Vec<_>>()
        };
        assert_eq!(
            found("use crate::m::{self, n::{o, P}};"),
            ["m/self", "m/n/o", "m/n/P"]
        );
        assert_eq!(
            found("crate::c::f() + super::super::z::g()"),
            ["a/b/c/f", "z/g"]
        );
        assert_eq!(
            found("use super::z; crate::e::h; crate::G"),
            ["x/z", "a/b/d/h", "f/G"]
        );
        assert_eq!(found("other::crate_name::x"), [""; 0]);
        assert_eq!(found("crate::N + super::super::o()"), ["lib/N", "lib/o"]);
        assert_eq!(found("use crate::P; use crate::m as n;"), ["_/z/P", "m"]);
        assert_eq!(found("mod q {\nuse super::super::o;"), [""; 0]);
    }

    #[test]
    fn the_root_uses_what_it_does_not_only_re_export() {
        let code = "mod a;\nmod b;\npub mod c;\npub use a::{\n    D,\n};\npub(crate) use b::E;\n\
                    use ::b::F;\nconst G: H = H { i: c::j };\n";
        let used = Root::read(code).uses(code);
        assert_eq!(used, [["c"]]);
    }

    #[test]
    fn a_file_and_its_folder_are_one() {
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let used = [
            (path("a"), vec![path("b/c")]),
            (path("b"), vec![path("b/d")]),
            (path("b/d"), vec![path("a")]),
        ];
        let folder = folder(&[], &used);
        assert_eq!(circles(&folder.uses), [["a", "b"]]);
    }
}
