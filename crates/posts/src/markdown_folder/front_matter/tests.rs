use super::*;

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| (*item).to_owned()).collect())
}

fn values(file: &str) -> (Vec<(String, usize, Value)>, String) {
    let document = read(file).unwrap();
    let entries = document.entries.into_iter();
    let entries = entries.map(|(key, entry)| (key, entry.line, entry.value));
    (entries.collect(), document.body)
}

fn check(found: &[(String, usize, Value)], expected: &[(&str, usize, Value)]) {
    let expected = expected.iter().cloned();
    let expected = expected.map(|(key, line, value)| (key.to_owned(), line, value));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn yaml_is_read_as_programs_write_it() {
    let (found, body) = values(
        "---\ntitle: \"Rain: \\\"heavy\\\" \\U0001F600\"\r\ndate: 2024-01-02 03:04:05 +0800 # local\n\
         tags:\n- a\n# why\n- 'b, it''s'\ncategories: [One, \"Two, too\",\n  three]\n\n# no\n\
         draft: true\ncover:\n\n  image: a.jpg\n\n  alt: ~\nsummary: >-\n  two\n  lines\n\
         long: goes\n  on\nempty:\nparams: {\n  a: 1,\n  B_c: 2\n}\n---\n\nText\n\n---\nmore",
    );
    check(
        &found,
        &[
            ("categories", 8, list(&["One", "Two, too", "three"])),
            ("cover.alt", 17, Value::Nothing),
            ("cover.image", 15, text("a.jpg")),
            ("date", 3, text("2024-01-02 03:04:05 +0800")),
            ("draft", 12, text("true")),
            ("empty", 23, Value::Nothing),
            ("long", 21, text("goes on")),
            ("params.a", 25, text("1")),
            ("params.bc", 26, text("2")),
            ("summary", 18, text("two lines")),
            ("tags", 4, list(&["a", "b, it's"])),
            ("title", 2, text("Rain: \"heavy\" 😀")),
        ],
    );
    assert_eq!(body, "\nText\n\n---\nmore");
}

#[test]
fn lists_of_maps_are_lists_of_their_names() {
    let (found, _) = values(
        "---\nresources:\n- name: cover\n  src: cover.jpg\n- src: b.jpg\nheader:\n  actions:\n\
         \x20   - label: Go\n      url: /b\ntags:\n  - name: foo\n    slug: foo\n---\n",
    );
    check(
        &found,
        &[
            ("header.actions", 7, list(&["Go"])),
            ("header.actions.url", 9, list(&["/b"])),
            ("resources", 2, list(&["cover"])),
            ("resources.src", 4, list(&["cover.jpg", "b.jpg"])),
            ("tags", 10, list(&["foo"])),
            ("tags.slug", 12, list(&["foo"])),
        ],
    );
}

#[test]
fn toml_json_and_lines_are_read() {
    let (found, body) = values(
        "+++\ntitle = 'Rain'\ndate = 2024-01-02T03:04:05Z\ntags = ['a']\ndraft = false\n[params]\nx = 1\n+++\nText",
    );
    check(
        &found,
        &[
            ("date", 3, text("2024-01-02T03:04:05Z")),
            ("draft", 5, text("false")),
            ("params.x", 7, text("1")),
            ("tags", 4, list(&["a"])),
            ("title", 2, text("Rain")),
        ],
    );
    assert_eq!(body, "Text");
    let (found, body) = values(
        "{\n  \"title\": \"Rain\",\n  \"draft\": true,\n  \"tags\": [\"a\", null]\n}\n\nText",
    );
    check(
        &found,
        &[
            ("draft", 3, text("true")),
            ("tags", 4, list(&["a"])),
            ("title", 2, text("Rain")),
        ],
    );
    assert_eq!(body, "\nText");
    // Bear, Hexo and Pelican.
    for end in ["___", "---", ""] {
        let (found, body) = values(&format!("title: Rain: heavy\nStatus: draft\n{end}\nText"));
        check(
            &found,
            &[
                ("status", 2, text("draft")),
                ("title", 1, text("Rain: heavy")),
            ],
        );
        assert_eq!(body, "Text");
    }
    assert_eq!(values("\n\n---\na: 1\n---\nText").0.len(), 1);
    for only in ["Text: only", "Note: this\n\nText", "# Title: x\n\nText"] {
        assert_eq!((values(only).0, values(only).1.as_str()), (vec![], only));
    }
}

#[test]
fn what_does_not_parse_is_named_by_its_line() {
    for (file, line) in [
        ("---\ntitle: a\n", 1),
        ("---\ntitle: a\nno colon\n---\n", 4),
        ("---\ntitle: \"a\n---\n", 2),
        ("---\na: 1\n\n\tb: 2\n---\n", 2),
        ("---\na: [1\n---\n", 3),
        ("---\n- a\n---\n", 2),
        ("---js\n{}\n---\n", 1),
        ("{\"a\":\n1,}\n", 2),
        ("+++\na = 1\nb =\n+++\n", 3),
        ("title: a\nno colon\n___\n", 2),
        ("title: a\nno colon\n\nText", 2),
    ] {
        assert_eq!(read(file).unwrap_err().0, line, "{file}");
    }
    // What stands twice, or is an alias, is no value; the others are read.
    let (found, _) = values("---\na: 1\na: 2\nb: &x 1\nc: *x\nd: 1\nD: 1\n---\n");
    check(
        &found,
        &[
            ("a", 2, Value::Unread("stands here twice")),
            ("b", 4, text("1")),
            ("c", 5, Value::Unread("is an alias of another value")),
            ("d", 6, text("1")),
        ],
    );
}

#[test]
fn no_small_file_takes_long() {
    let laughs = (1..60).fold("a0: &a0 [lol]\n".to_owned(), |all, at| {
        let before = format!("*a{}, ", at - 1).repeat(10);
        format!("{all}a{at}: &a{at} [{before}]\n")
    });
    for front in [
        laughs,
        "[".repeat(60_000),
        "{a: ".repeat(15_000),
        "- ".repeat(30_000),
        format!("a: {}", "[".repeat(60_000)),
        "? ".repeat(30_000),
        "{---".to_owned(),
        format!("{}: {{{}}}", "k".repeat(30_000), "a: 1, ".repeat(5_000)),
        "a: 1\n".repeat(200_000),
        format!("a: {}", "&a ".repeat(20_000)),
    ] {
        let _ = read(&format!("---\n{front}\n---\n"));
    }
}
