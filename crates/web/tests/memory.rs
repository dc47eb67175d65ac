//! Small files that unpack to very much, or that make a library keep very much, take little memory.
//! This is one test, because the memory of a process is measured while nothing else runs in it.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

use std::fs;
use std::io::{Cursor, Write as _};

use serde_json::Value;
use web::sheet::read;
use web::{Json, markdown, uploaded_image};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The most memory that a piece of work may take, in KiB.
const MOST: i64 = 64 << 10;

/// A value of this process's status, in KiB.
fn status(name: &str) -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap().trim().strip_suffix(" kB").unwrap();
    value.parse().unwrap()
}

/// The memory that the work took beyond what the process had before, in KiB.
fn peak_of<T>(work: impl FnOnce() -> T) -> (T, i64) {
    // Begins to measure the largest memory anew (proc(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let result = work();
    (result, status("VmHWM:") - before)
}

fn workbook(sheet: &str, strings: &str, styles: &str) -> Vec<u8> {
    let relation = |id, kind, target| {
        format!("<Relationship Id='{id}' Type='a/relationships/{kind}' Target='{target}'/>")
    };
    let parts = [
        (
            "_rels/.rels",
            format!(
                "<Relationships>{}</Relationships>",
                relation("a", "officeDocument", "xl/workbook.xml")
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name='a' id='a'/></sheets></workbook>".to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships>{}{}{}</Relationships>",
                relation("a", "worksheet", "sheet.xml"),
                relation("b", "sharedStrings", "sharedStrings.xml"),
                relation("c", "styles", "styles.xml")
            ),
        ),
        (
            "xl/sheet.xml",
            format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>"),
        ),
        ("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")),
        (
            "xl/styles.xml",
            format!("<styleSheet>{styles}</styleSheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn workbooks() -> Vec<Vec<u8>> {
    let rows = "<row><c t='str'><v>Name</v></c></row><row><c t='str'><v>Ali</v></c></row>";
    let format = |length: usize| {
        let code = "0".repeat(length);
        format!("<numFmts><numFmt numFmtId='200' formatCode='{code}'/></numFmts>")
    };
    let styles = |count: usize| {
        let styles = "<xf numFmtId='200'/>".repeat(count);
        format!("<cellXfs>{styles}</cellXfs>")
    };
    vec![
        workbook(rows, "", &(format(1 << 20) + &styles(2_000))),
        workbook(rows, "", &(format(200 << 10) + &styles(65_490))),
        workbook(rows, &"<si/>".repeat(300_000), ""),
        workbook(&"<a>".repeat(1 << 20), "", ""),
        workbook(
            &format!("<row><c><v>{}</v></c></row>", "0".repeat(30 << 20)),
            "",
            "",
        ),
        workbook(
            &"<row><c r='CV1' t='b'><v>1</v></c></row>".repeat(20_000),
            "",
            "",
        ),
    ]
}

/// A GIF file of one pixel, with a picture in it that claims to be much larger.
fn gif() -> Vec<u8> {
    let side = 60_000_u16.to_le_bytes();
    [
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0".as_slice(),
        &side,
        &side,
        b"\0\x02\x02D\x01\0;",
    ]
    .concat()
}

fn texts() -> [String; 5] {
    let link = format!("[a]: /{}\n\n", "b".repeat(100_000));
    let table = format!("{}\n{}\n", "|a".repeat(5_000), "|-".repeat(5_000)) + &"|\n".repeat(50_000);
    [
        link + &"[a]".repeat(50_000),
        table,
        ">".repeat(200_000) + "a",
        "* ".repeat(100_000) + "a",
        "[^a]".repeat(30_000) + "\n\n[^a]: " + &"*".repeat(100_000),
    ]
}

#[tokio::test]
async fn a_small_file_takes_little_memory() {
    for (place, file) in workbooks().into_iter().enumerate() {
        assert!(file.len() < 1 << 20, "{place}");
        let (_, memory) = peak_of(|| read::read(&file));
        assert!(memory < MOST, "workbook {place}: {memory} KiB");
    }
    for (place, text) in texts().iter().enumerate() {
        let (html, memory) = peak_of(|| markdown::html(text, "https://example.org", |_| None));
        assert!(memory < MOST, "text {place}: {memory} KiB, {}", html.len());
    }
    let list = format!("[{}0]", r#"{"a":0},"#.repeat(1 << 20));
    let (_, memory) = peak_of(|| Json::<Value>::parse(list.as_bytes()).is_ok());
    assert!(memory < MOST, "a list: {memory} KiB");

    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    assert!(uploaded_image::read(gif().into()).await.is_none());
    let memory = status("VmHWM:") - before;
    assert!(memory < MOST, "a picture: {memory} KiB");
}
