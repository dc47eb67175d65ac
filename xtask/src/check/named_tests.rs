//! Checks docs/security.md, which links each of its claims to a test. The test and its file must
//! exist, and so must all other linked files.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Finding;
use crate::workspace::root;

const DOCUMENT: &str = "docs/security.md";

pub(super) fn check() -> Result<Vec<Finding>> {
    let path = root().join(DOCUMENT);
    let folder = path.parent().unwrap_or(root());
    let text = fs::read_to_string(&path)?;
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for link in list_links(line) {
            if let Some(wrong) = judge(folder, &link) {
                let place = format!("{DOCUMENT}:{}", number + 1);
                findings.push(Finding::new(place, wrong));
            }
        }
    }
    Ok(findings)
}

#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    name: &'a str,
    target: &'a str,
}

fn list_links(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let name = before.rsplit_once('[').map_or("", |(_, name)| name);
        let (address, left) = after.split_once(')').unwrap_or((after, ""));
        let target = address.split('#').next().unwrap_or_default();
        if !target.is_empty() && !target.contains(':') {
            links.push(Link { name, target });
        }
        rest = left;
    }
    links
}

/// If the link text is in backticks, it names a test.
fn judge(folder: &Path, link: &Link<'_>) -> Option<String> {
    let Ok(text) = fs::read_to_string(folder.join(link.target)) else {
        return Some(format!("{} is not there", link.target));
    };
    let test = link.name.strip_prefix('`')?.strip_suffix('`')?;
    (!list_tests(&text).contains(&test)).then(|| format!("{} has no test {test}", link.target))
}

fn list_tests(text: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut is_marked = false;
    for line in text.lines().map(str::trim_start) {
        let title = line
            .strip_prefix("test('")
            .and_then(|rest| rest.split('\'').next());
        tests.extend(title);
        if line.starts_with("#[") {
            is_marked |= line.contains("test]") || line.contains("test(");
        } else {
            let declared = line.split_once("fn ").filter(|_| is_marked);
            tests.extend(declared.and_then(|(_, rest)| rest.split('(').next()));
            is_marked = false;
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::{Link, judge, list_links, list_tests};
    use crate::workspace::root;

    #[test]
    fn links_to_files_are_found_with_their_names() {
        let line = "| yes | [a.rs](../a.rs) | [`one`](b.rs#L1), [there](https://example.org) |";
        let link = |name, target| Link { name, target };
        assert_eq!(
            list_links(line),
            [link("a.rs", "../a.rs"), link("`one`", "b.rs")]
        );
    }

    #[test]
    fn only_what_is_marked_as_one_is_a_test() {
        let text = "fn no() {}\n#[test]\n#[cfg(unix)]\nfn one() {}\nfn nor_this() {}\n\
            #[tokio::test]\nasync fn two() {}\ntest('three is one', async () => {\n";
        assert_eq!(list_tests(text), ["one", "two", "three is one"]);
    }

    #[test]
    fn what_is_named_must_be_there() {
        let folder = root().join("xtask/src/check");
        let judge = |name, target| judge(&folder, &Link { name, target });
        assert_eq!(judge("here", "named_tests.rs"), None);
        assert_eq!(
            judge("`what_is_named_must_be_there`", "named_tests.rs"),
            None
        );
        assert!(judge("`list_tests`", "named_tests.rs").is_some());
        assert!(judge("here", "gone.rs").is_some());
    }
}
