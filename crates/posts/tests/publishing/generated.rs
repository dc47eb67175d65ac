//! Files of Hugo, Jekyll, Ghost and others, changed at random. What is hidden stays hidden, and
//! every value is in the imported post or named in a remark.
//!
//! `KENDURI_TEST_ROUNDS` sets the number of files, and `KENDURI_TEST_SEED` the seed of the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use posts::markdown_folder;

use crate::stage::{Stage, on_default};

/// The number of files in a usual run.
const FILES: u64 = 400;

/// Front matter that says that a post is not public.
const HIDDEN: &[(&str, &str)] = &[
    ("draft", "true"),
    ("draft", "TRUE"),
    ("draft", "yes"),
    ("draft", "maybe"),
    ("published", "no"),
    ("published", "False"),
    ("status", "draft"),
    ("status", "private"),
    ("status", "pending"),
    ("visibility", "members"),
    ("hidden", "true"),
    ("unlisted", "1"),
    ("headless", "true"),
    ("expiryDate", "2010-01-01"),
    ("date", "one of these days"),
];
const DATES: &[&str] = &[
    "2006-01-02",
    "2006-1-2",
    "2006-01-02T15:04:05Z",
    "2006-01-02 15:04:05 +00:00",
    "Jan 2, 2006",
    "2 January 2006",
];

/// Random values from a seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    fn is(&mut self, one_of: usize) -> bool {
        self.below(one_of) == 0
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "asked by whoever runs the tests, not by the program"
)]
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let from = number("KENDURI_TEST_SEED").unwrap_or(0);
    from..from + number("KENDURI_TEST_ROUNDS").unwrap_or(FILES)
}

/// A file, and what it says.
struct File {
    text: String,
    is_hidden: bool,
    /// The values by key, if the file was not spoiled.
    values: Vec<(String, String)>,
}

/// The text that only this file has below its front matter.
fn mark(seed: u64) -> String {
    format!("bodymark{seed}end")
}

fn file(seed: u64) -> File {
    let mut draw = Draw(seed);
    let mut values: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String| values.push((key.to_owned(), value));
    add(
        "title",
        format!("Title {seed} “quoted”: {}", draw.below(100)),
    );
    let hidden = HIDDEN[draw.below(HIDDEN.len())];
    let is_hidden = draw.is(2);
    if is_hidden {
        add(hidden.0, hidden.1.to_owned());
    }
    if !is_hidden || hidden.0 != "date" {
        add("date", DATES[draw.below(DATES.len())].to_owned());
    }
    let more = [
        (
            "slug",
            format!(
                "{}{seed}",
                ["post-", "My_Post", "v1.2-", "雨"][draw.below(4)]
            ),
        ),
        (
            "permalink",
            [
                "/:categories/:title/".to_owned(),
                format!("/2006/p{seed}.html"),
            ][draw.below(2)]
            .clone(),
        ),
        (
            "description",
            "word ".repeat(1 + draw.below(90)).trim().to_owned(),
        ),
        ("author", format!("Jane {seed}")),
        ("params.x_y", format!("value {seed}")),
        ("weight", draw.below(100).to_string()),
        (
            "lastmod",
            ["2007-01-02", "some day"][draw.below(2)].to_owned(),
        ),
        ("layout", ["post", "wide"][draw.below(2)].to_owned()),
    ];
    for (key, value) in more {
        if draw.is(2) {
            add(key, value);
        }
    }
    let tags: Vec<String> = (0..draw.below(25)).map(|at| format!("tag {at}")).collect();
    let at = draw.below(values.len());
    values[1..].rotate_left(at);
    let mut text = written(&mut draw, &values, &tags);
    let is_spoiled = draw.is(3);
    if is_spoiled {
        spoil(
            &mut draw,
            &mut text,
            if is_hidden { hidden } else { ("title", "") },
        );
    }
    let _ = write!(text, "\n{} and *more*.\n", mark(seed));
    values.extend(tags.into_iter().map(|tag| ("tags".to_owned(), tag)));
    File {
        text,
        is_hidden,
        values: if is_spoiled { Vec::new() } else { values },
    }
}

/// Front matter in one of the languages.
fn written(draw: &mut Draw, values: &[(String, String)], tags: &[String]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let tag_list = tags.iter().map(|tag| quoted(tag)).collect::<Vec<_>>();
    let tag_list = format!("[{}]", tag_list.join(", "));
    let is_plain = |value: &str| !value.contains([':', '#', '“']);
    let mut text = String::new();
    match draw.below(5) {
        0 => {
            text.push_str("+++\n");
            for (key, value) in values {
                let _ = writeln!(text, "{key} = {}", quoted(value));
            }
            let _ = writeln!(text, "tags = {tag_list}\n+++");
        }
        1 => {
            text.push_str("{\n");
            for (key, value) in values {
                let _ = writeln!(text, "  {}: {},", quoted(key), quoted(value));
            }
            let _ = writeln!(text, "  \"tags\": {tag_list}\n}}");
        }
        2 => {
            for (key, value) in values {
                let _ = writeln!(text, "{}: {value}", key.replace('.', "-"));
            }
            let _ = writeln!(text, "tags: {}", tags.join(", "));
            text.push_str(["___\n", "\n"][draw.below(2)]);
        }
        _ => {
            text.push_str("---\n");
            for (key, value) in values {
                let (key, indent) = match key.split_once('.') {
                    Some((above, key)) => {
                        let _ = writeln!(text, "{above}:\n\n  # why");
                        (key, "  ")
                    }
                    None => (key.as_str(), ""),
                };
                if is_plain(value) && draw.is(2) {
                    let _ = writeln!(text, "{indent}{key}: {value} # as it is");
                } else {
                    let _ = writeln!(text, "{indent}{key}: {}", quoted(value));
                }
            }
            if draw.is(2) || tags.is_empty() {
                let _ = writeln!(text, "tags: {tag_list}");
            } else {
                text.push_str("tags:\n");
                for tag in tags {
                    let _ = writeln!(text, "  - name: {}\n    slug: x", quoted(tag));
                }
            }
            text.push_str("---\n");
        }
    }
    text
}

/// Changes a letter of a line that is neither the first nor the last, and does not hide the post.
fn spoil(draw: &mut Draw, text: &mut String, hidden: (&str, &str)) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let may_change = |line: &str| {
        let is_hiding = line.contains(hidden.0) && line.contains(hidden.1);
        !is_hiding && !line.starts_with(['-', '+', '_', '{', '}']) && !line.is_empty()
    };
    let some: Vec<usize> = (1..lines.len().saturating_sub(1))
        .filter(|at| may_change(&lines[*at]))
        .collect();
    if some.is_empty() {
        return;
    }
    let line = &mut lines[some[draw.below(some.len())]];
    let places: Vec<(usize, char)> = line.char_indices().collect();
    let (at, old) = places[draw.below(places.len())];
    let new = [
        "", "\"", "'", ":", "[", "{", "&", "*", "!", "|", "\t", "x", ",", "\\", "é",
    ];
    line.replace_range(at..at + old.len_utf8(), new[draw.below(new.len())]);
    *text = lines.join("\n") + "\n";
}

#[test]
fn whatever_front_matter_says_is_imported_or_told() {
    on_default(&async |stage: &Stage<'_>| {
        let source = tempfile::tempdir().unwrap();
        let files: BTreeMap<u64, File> = seeds().map(|seed| (seed, file(seed))).collect();
        for (seed, file) in &files {
            fs::write(source.path().join(format!("f{seed}.md")), &file.text).unwrap();
        }
        let read = markdown_folder::read(&stage.site, source.path())
            .await
            .unwrap();
        let (counts, remarks) = markdown_folder::import(&stage.site, read, false)
            .await
            .unwrap();
        assert_eq!(counts.new + counts.left_out, files.len());
        let target = tempfile::tempdir().unwrap();
        markdown_folder::write(&stage.site, target.path())
            .await
            .unwrap();
        let mut posts = BTreeMap::new();
        for (_, bytes) in crate::markdown_folder::contents(target.path()) {
            let text = String::from_utf8(bytes).unwrap();
            let mark = text.split_once("bodymark").unwrap().1;
            let seed: u64 = mark.split_once("end").unwrap().0.parse().unwrap();
            posts.insert(seed, text);
        }
        assert_eq!(posts.len(), counts.new);
        let mut told_of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        // A key that no post has is told once for all files.
        let mut unknown_keys = BTreeSet::new();
        for one in &remarks {
            if let Some(name) = one.file.file_name() {
                let name = name.to_string_lossy().into_owned();
                told_of.entry(name).or_default().push(&one.words);
            }
            if let Some((key, _)) = one.words.split_once(" is not imported") {
                unknown_keys.insert(key.replace('.', "-"));
            }
        }
        for (seed, file) in &files {
            let told = told_of.remove(&format!("f{seed}.md")).unwrap_or_default();
            let Some(post) = posts.get(seed) else {
                let is_told = told
                    .iter()
                    .any(|words| words.ends_with("the file is not imported"));
                assert!(is_told, "{}\n{told:?}", file.text);
                continue;
            };
            let (front, body) = post[4..].split_once("\n---\n").unwrap();
            if file.is_hidden {
                assert!(front.contains("\ndraft: true"), "{}\n{post}", file.text);
            }
            for (key, value) in &file.values {
                let is_kept = match key.as_str() {
                    // The state is tested above, and a date in many spellings is one.
                    key if HIDDEN.iter().any(|(hides, _)| *hides == key) && key != "date" => true,
                    "date" => front.contains("\ndate: 2006-01-0") || file.is_hidden,
                    "lastmod" => front.contains("\nlastmod: 2007-01-0"),
                    "layout" => value == "post",
                    "permalink" => front.contains(&format!("\"p{seed}\"")),
                    "slug" => front.contains(&format!("slug: \"{value}\"")),
                    _ => {
                        let written = serde_json::Value::from(value.as_str()).to_string();
                        front.contains(&written)
                    }
                };
                let is_told = told
                    .iter()
                    .any(|words| words.contains(&**value) || words.contains(&**key))
                    || unknown_keys.contains(&key.replace('.', "-"));
                assert!(
                    is_kept || is_told,
                    "{key}: {value}\n{}\n{post}\n{told:?}",
                    file.text
                );
            }
            if !file.values.is_empty() {
                assert!(body.trim().ends_with("and *more*."), "{post}");
                let is_public = !front.contains("\ndraft: true");
                assert_eq!(is_public, !file.is_hidden, "{}\n{told:?}", file.text);
            }
        }
        // The site's own export is imported whole.
        let own = markdown_folder::read(&stage.site, target.path())
            .await
            .unwrap();
        assert_eq!(own.remarks, []);
    });
}
