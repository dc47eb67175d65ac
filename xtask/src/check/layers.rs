//! The layers of the edge, its proxy, the supervisor and the supervisor process: which of their
//! modules may use which others.
//!
//! The file that declares the modules of a folder lists them in order. Modules without a blank line
//! between them form a layer, and each module uses only modules of lower layers, and nothing of
//! the file that declares it. Test code may use everything.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;
use crate::workspace::{root, shown};

/// The folder, the file that declares its modules, and its path in Rust.
const LAYERED: &[(&str, &str, &str)] = &[
    ("crates/edge/src", "crates/edge/src/lib.rs", "crate"),
    (
        "crates/edge/src/proxy",
        "crates/edge/src/proxy.rs",
        "crate::proxy",
    ),
    (
        "crates/supervisor/src",
        "crates/supervisor/src/lib.rs",
        "crate",
    ),
    (
        "crates/kenduri/src/parent",
        "crates/kenduri/src/parent.rs",
        "crate::parent",
    ),
];

pub(super) fn check(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (folder, list, base) in LAYERED {
        let folder = root().join(folder);
        let list = fs::read_to_string(root().join(list))?;
        for file in files.iter().filter(|file| file.starts_with(&folder)) {
            let path = file.strip_prefix(&folder)?.with_extension("");
            let wrong = violations(&list, base, &path, &fs::read_to_string(file)?);
            findings.extend(
                wrong
                    .into_iter()
                    .map(|what| Finding::new(shown(file), what)),
            );
        }
    }
    Ok(findings)
}

/// `base` is the path of the file with the list in Rust, and `path` is relative to its folder.
fn violations(list: &str, base: &str, path: &Path, text: &str) -> Vec<String> {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    if parts == ["lib"] || parts.iter().any(|part| ["tests", "testing"].contains(part)) {
        return Vec::new();
    }
    let mut layers = HashMap::new();
    for (layer, group) in list.split("\n\n").enumerate() {
        let names = group.lines().filter_map(|line| line.split_once("mod "));
        layers.extend(names.map(|(_, name)| (name.trim_end_matches(';'), layer)));
    }
    // `super::`, repeated once for each part of the path, leads to the file with the list.
    let base = format!("{base}::");
    let code = without_tests(text).replace(&"super::".repeat(parts.len()), &base);
    let used = code.split(&base).skip(1).filter_map(|rest| {
        let mut words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.next().filter(|used| *used != parts[0])
    });
    let is_below = |used: &&str| layers.get(used) > layers.get(parts[0]);
    used.filter(|used| !is_below(used))
        .map(|used| format!("{base}{used} is no module that stands below this one"))
        .collect()
}

/// Returns the code without its comments and without items that are compiled only for tests.
pub(super) fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().filter(|line| !line.trim().starts_with("//"));
    while let Some(line) = lines.next() {
        code.extend([line, "\n"]);
        let end = line.replace("#[cfg(test)]", "}");
        if end != line && lines.next().is_some_and(|item| !item.ends_with(';')) {
            lines.find(|line| line.starts_with(&end));
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_use_only_the_layers_below() {
        let found = |path: &str, text: &str| {
            let list = "pub mod a;\n\n// Two.\nmod b;\nmod c;\n\nmod d;\n";
            violations(list, "crate", Path::new(path), text).len()
        };
        assert_eq!(found("a/b", "use crate::b;\nuse super::super::d;"), 0);
        assert_eq!(found("b", "crate::a crate::b super::c crate::X"), 3);
        let comment_and_group = "// crate::a\nuse crate::{a, b};";
        assert_eq!(found("d", comment_and_group), 1);
        let tests = "#[cfg(test)]\nuse crate::a;\n#[cfg(test)]\nmod tests {\n  crate::a\n}\n";
        assert_eq!(found("d", &format!("{tests}crate::b")), 1);
        assert_eq!(found("d/tests", "crate::a"), 0);
        let list = "mod b;\n\nmod c;\n\npub use c::D;\n";
        let code = "use super::c;\nuse super::D;\nuse crate::b;\nuse crate::a::b::c;";
        let inner = violations(list, "crate::a", Path::new("b"), code);
        assert_eq!(
            inner,
            ["crate::a::D is no module that stands below this one"]
        );
    }
}
