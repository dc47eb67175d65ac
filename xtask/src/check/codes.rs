//! Error codes that a crate of the app raises by their name must be declared, because a declared code
//! has its sentences: the tests of the crate that declares it compare the two.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::Finding;
use crate::workspace::shown;

/// Their second argument is an error code.
const RAISING: &[&str] = &[
    "findings.add(",
    "self.add(",
    ".field(",
    "FieldProblem::new(",
    "Problem::new(",
];
const OF_FIELDS: &str = "FIELD_CODES: &[&str] = &[";

struct Source {
    file: String,
    text: String,
}

pub(super) fn check(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let mut sources = Vec::new();
    for file in files {
        let name = shown(file);
        let is_source = name.starts_with("crates/") && name.contains("/src/");
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        if is_source && is_rust && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(file)?;
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or(&text);
            sources.push(Source {
                file: name,
                text: text.to_owned(),
            });
        }
    }
    let declared: BTreeSet<&str> = sources.iter().flat_map(|one| declared(&one.text)).collect();
    let mut findings = Vec::new();
    for source in &sources {
        for (line, code) in raised(&source.text) {
            if !declared.contains(code) {
                let place = format!("{}:{line}", source.file);
                findings.push(Finding::new(place, format!("nobody declares {code}")));
            }
        }
    }
    Ok(findings)
}

fn declared(text: &str) -> Vec<&str> {
    let calls = text.match_indices("Code::new(");
    let mut codes: Vec<_> = calls
        .filter_map(|(at, call)| literals(second_argument(&text[at + call.len()..])?).next())
        .collect();
    if let Some((_, list)) = text.split_once(OF_FIELDS) {
        codes.extend(literals(list.split("];").next().unwrap_or_default()));
    }
    codes
}

/// With their lines.
fn raised(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for call in RAISING {
        for (at, _) in text.match_indices(call) {
            let code = second_argument(&text[at + call.len()..]);
            let codes = code
                .into_iter()
                .flat_map(literals)
                .filter(|code| is_code(code));
            let line = text[..at].matches('\n').count() + 1;
            found.extend(codes.map(|code| (line, code)));
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_letter)
}

/// `text` begins with the arguments of the call.
fn second_argument(text: &str) -> Option<&str> {
    let (mut depth, mut is_string, mut start) = (0, false, None);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if is_string => drop(letters.next()),
            '"' => is_string = !is_string,
            _ if is_string => {}
            '(' | '[' | '{' => depth += 1,
            ',' | ')' if depth == 0 => match start {
                Some(start) => return text.get(start..at),
                None if letter == ')' => return None,
                None => start = Some(at + 1),
            },
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::{declared, raised};

    #[test]
    fn codes_are_found_where_they_are_declared_and_raised() {
        let text = "Code::new(409, \"dish_taken\"), FIELD_CODES: &[&str] = &[\n \"too_hot\",\n];";
        assert_eq!(declared(text), ["dish_taken", "too_hot"]);
        let text = "findings.add(\n  &at(\"/a, b\"),\n  if x { \"too_hot\" } else { \"cold\" },\n  []);\n\
                    wrong.field(\"/a\", code, []);\nlist.add(\"one\");\n\
                    f.debug_struct(\"A\").field(\"name\", &name);\n\
                    Problem::new(StatusCode::CONFLICT, \"gone\")";
        assert_eq!(raised(text), [(1, "too_hot"), (1, "cold"), (8, "gone")]);
    }
}
