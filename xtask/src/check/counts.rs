//! Numbers by crate that may only fall, kept in `xtask/counts.txt`: what makes the code heavier to
//! read and to change. Who has to raise one edits the file in the same commit, and says why there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Finding;
use crate::workspace::root;

const COLUMNS: [&str; 7] = [
    "code",
    "comments",
    "tuples",
    "schemas",
    "csrf",
    "turbofish",
    "handlers",
];
/// So that a small change may stay unsaid.
const GRAINS: [usize; COLUMNS.len()] = [100, 10, 1, 1, 1, 1, 1];
const EXPLANATION: &str = "\
# Numbers that may only fall; `cargo xtask check --counts` prints them, and writes down what fell.
#   code: lines of Rust, without tests, comments and blank lines, in hundreds;
#     for Cargo.lock: crates of others
#   comments: lines of comments on private items, in tens
#   tuples: parameters of functions whose type is a tuple
#   schemas: `#[schema(value_type = …)]`
#   csrf: hidden `_csrf` fields written by hand in templates
#   turbofish: `Ok::<_, …>`
#   handlers: handlers with `#[utoipa::path(…)]`
";
/// Under `code`: the third-party crates.
const LOCK: &str = "Cargo.lock";

type Counts = BTreeMap<String, [usize; COLUMNS.len()]>;

/// Compares the counts with the file. A number that fell is no finding.
pub(super) fn check(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let kept = read(&fs::read_to_string(kept_file())?)?;
    let mut findings = Vec::new();
    for (name, counts) in count(files)? {
        let most = kept.get(&name).copied().unwrap_or_default();
        for ((column, count), most) in COLUMNS.iter().zip(counts).zip(most) {
            if count > most {
                let what = format!(
                    "{column}: {count}, more than {most}; if the change is worth it, raise the number in xtask/counts.txt and say why in the commit"
                );
                findings.push(Finding::new(&name, what));
            }
        }
    }
    Ok(findings)
}

/// Prints all counts, and writes down those that fell.
pub(super) fn print(files: &[PathBuf]) -> Result<()> {
    let counted = count(files)?;
    let kept = fs::read_to_string(kept_file()).unwrap_or_default();
    let kept = read(&kept)?;
    let mut lowered = counted.clone();
    let of_crates = lowered.iter_mut().filter(|(name, _)| *name != LOCK);
    for (_, counts) in of_crates {
        for (count, grain) in counts.iter_mut().zip(GRAINS) {
            *count = count.next_multiple_of(grain);
        }
    }
    for (name, counts) in &mut lowered {
        if let Some(most) = kept.get(name) {
            for (count, most) in counts.iter_mut().zip(most) {
                *count = (*count).min(*most);
            }
        }
    }
    println!("{}", table(&counted));
    fs::write(kept_file(), format!("{EXPLANATION}{}", table(&lowered)))?;
    Ok(())
}

fn kept_file() -> PathBuf {
    root().join("xtask/counts.txt")
}

fn read(text: &str) -> Result<Counts> {
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().context("a row has a name")?;
            let mut counts = [0; COLUMNS.len()];
            for count in &mut counts {
                *count = words
                    .next()
                    .and_then(|word| word.parse().ok())
                    .with_context(|| format!("xtask/counts.txt: {name} lacks a number"))?;
            }
            Ok((name.to_owned(), counts))
        })
        .collect()
}

fn table(counts: &Counts) -> String {
    let mut text = format!("{:16}", "crate");
    for column in COLUMNS {
        let _ = write!(text, "{column:>10}");
    }
    text.push('\n');
    for (name, counts) in counts {
        let _ = write!(text, "{name:16}");
        for count in counts {
            let _ = write!(text, "{count:>10}");
        }
        text.push('\n');
    }
    text
}

fn count(files: &[PathBuf]) -> Result<Counts> {
    let mut all = Counts::new();
    for file in files {
        let Ok(path) = file.strip_prefix(root()) else {
            continue;
        };
        let Some(name) = crate_of(path) else {
            continue;
        };
        let end = path.extension().and_then(|end| end.to_str());
        let counts = all.entry(name).or_default();
        if end == Some("rs") && !is_test(path) {
            let found = count_code(&fs::read_to_string(file)?);
            for (count, found) in counts.iter_mut().zip(found) {
                *count += found;
            }
        } else if path
            .components()
            .any(|part| part.as_os_str() == "templates")
        {
            counts[4] += fs::read_to_string(file)?.matches("name=\"_csrf\"").count();
        }
    }
    let lock = fs::read_to_string(root().join(LOCK))?;
    let third_party = lock.matches("\nsource = ").count();
    all.insert(LOCK.to_owned(), {
        let mut counts = [0; COLUMNS.len()];
        counts[0] = third_party;
        counts
    });
    Ok(all)
}

fn crate_of(path: &Path) -> Option<String> {
    let mut parts = path.iter().map(|part| part.to_string_lossy());
    let first = parts.next()?;
    let name = match &*first {
        "crates" => parts.next()?.into_owned(),
        "xtask" | "lab" => first.into_owned(),
        _ => return None,
    };
    let inside = parts.next()?;
    (inside == "src" || inside == "templates").then_some(name)
}

fn is_test(path: &Path) -> bool {
    path.iter()
        .any(|part| part == "tests" || part == "tests.rs")
}

/// But `csrf`.
fn count_code(text: &str) -> [usize; COLUMNS.len()] {
    let text = without_tests(text);
    let mut counts = [0; COLUMNS.len()];
    let mut comment = 0;
    for line in text.lines().map(str::trim) {
        if line.starts_with("//") {
            comment += usize::from(!line.starts_with("//!"));
        } else if !line.is_empty() {
            counts[0] += 1;
            if !line.starts_with("#[") {
                counts[1] += comment * usize::from(is_private_item(line));
                comment = 0;
            }
        } else {
            comment = 0;
        }
    }
    counts[2] = tuple_parameters(&text);
    counts[3] = text.matches("#[schema(value_type").count();
    counts[5] = text.matches("Ok::<_,").count();
    counts[6] = text.matches("#[utoipa::path(").count();
    counts
}

/// The module of tests ends a file.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]"
            && lines
                .peek()
                .is_some_and(|next| next.ends_with("mod tests {"))
        {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn is_private_item(line: &str) -> bool {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let line = line.strip_prefix("const fn").map_or(line, |_| "fn ");
    [
        "fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "impl", "mod ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// Also references to tuples; closures do not count.
fn tuple_parameters(text: &str) -> usize {
    let functions = text.split("fn ").skip(1);
    functions
        .filter_map(|function| {
            let open = function.find('(')?;
            let name = &function[..open];
            let is_function = !name.contains(['\n', ';', '{', '=', ')']) && !name.is_empty();
            is_function.then(|| &function[open + 1..])
        })
        .map(|rest| count_tuples(parameter_list(rest)))
        .sum()
}

/// Up to the closing bracket.
fn parameter_list(rest: &str) -> &str {
    let mut depth = 0_i32;
    let close = rest.find(|sign: char| {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        depth < 0
    });
    &rest[..close.unwrap_or(rest.len())]
}

fn count_tuples(parameters: &str) -> usize {
    let mut depth = 0_i32;
    let mut is_type = |(place, sign): &(usize, char)| {
        match sign {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        let of = parameters[place + 1..].trim_start_matches(['&', ' ', ':']);
        let of = of.strip_prefix("mut ").unwrap_or(of);
        let is_tuple = of.starts_with('(')
            && !["()", "(impl ", "(dyn "]
                .iter()
                .any(|start| of.starts_with(start));
        *sign == ':' && depth == 0 && is_tuple
    };
    let signs = parameters
        .char_indices()
        .filter(|(_, sign)| sign.is_ascii());
    signs.filter(|sign| is_type(sign)).count()
}

#[cfg(test)]
mod tests {
    use super::{count_code, tuple_parameters};

    #[test]
    fn comments_on_private_items_and_lines_of_code_are_counted() {
        let text = "//! A file.\n\n/// Public.\npub fn one() {\n    // Why.\n    two();\n}\n\n/// Private.\n/// Twice.\n#[must_use]\nfn two() {}\n\n#[cfg(test)]\nmod tests {\n    fn three() {}\n}\n";
        let counts = count_code(text);
        assert_eq!((counts[0], counts[1]), (5, 2));
    }

    #[test]
    fn tuples_are_counted_in_parameters_of_functions() {
        assert_eq!(
            tuple_parameters("fn a(one: (u8, u8), two: &(u8, u8)) {}"),
            2
        );
        assert_eq!(
            tuple_parameters("fn a(Path((a, b)): Path<(u8, u8)>, f: impl Fn((u8, u8))) {}"),
            0
        );
        assert_eq!(
            tuple_parameters("fn a(unit: (), f: fn((u8, u8)) -> u8) -> (u8, u8) {}"),
            0
        );
        assert_eq!(
            tuple_parameters("fn a(one: &(dyn Any + Send), two: &(impl Clone + Send)) {}"),
            0
        );
        assert_eq!(tuple_parameters("let f = |one: (u8, u8)| one;"), 0);
    }
}
