use std::io::Write as _;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const TYPES: &str = "<Types><Override PartName=\"/word/document.xml\"/></Types>";
const TEXT: (&str, &[u8]) = ("word/document.xml", b"<document/>");

fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn is_accepted(parts: &[(&str, &[u8])]) -> bool {
    check(Cursor::new(packed(parts))).is_some()
}

/// A document with a list of content types, and with one more part.
fn is_accepted_with(types: &[u8], part: (&str, &[u8])) -> bool {
    is_accepted(&[("[Content_Types].xml", types), TEXT, part])
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_document_has_its_parts_and_no_macros() {
    let types = ("[Content_Types].xml", TYPES.as_bytes());
    assert!(is_accepted(&[types, TEXT]));
    assert!(!is_accepted(&[types]));
    assert!(!is_accepted(&[TEXT]));
    assert!(!is_accepted(&[types, TEXT, ("word/vbaProject.bin", b"")]));
    assert!(!is_accepted(&[types, TEXT, ("../outside.xml", b"")]));
}

#[test]
fn a_list_of_types_in_another_encoding_hides_no_macros() {
    let hidden = TYPES.replace("/word/document.xml", "vbaProject");
    let big: Vec<u8> = hidden.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let declared = |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?>{TYPES}");
    for types in [
        hidden.clone().into_bytes(),
        TYPES
            .replace("/word/document.xml", "vba&#80;roject")
            .into_bytes(),
        big.clone(),
        utf_16(&hidden),
        [b"\xfe\xff".as_slice(), &big].concat(),
        declared("UTF-7").into_bytes(),
        declared("utf-16").into_bytes(),
        format!("<!DOCTYPE a [<!ENTITY b 'vbaP'>]>{TYPES}").into_bytes(),
        " ".repeat(1 << 21).into_bytes(),
    ] {
        assert!(!is_accepted_with(&types, ("a.xml", b"")), "{types:?}");
    }
    for encoding in ["UTF-8", "utf-8", "us-ascii"] {
        assert!(is_accepted_with(
            declared(encoding).as_bytes(),
            ("a.xml", b"")
        ));
    }
}

#[test]
fn a_document_loads_nothing_from_elsewhere() {
    let accepts = |kind: &str, target: &str, rest: &str| {
        let list = format!(
            "<Relationships><Relationship Id='a' Type='http://example.org/{kind}' \
             Target='{target}' {rest}/></Relationships>"
        );
        let part = ("word/_rels/settings.xml.rels", list.as_bytes());
        is_accepted_with(TYPES.as_bytes(), part)
    };
    let external = "TargetMode='External'";
    for (kind, target, rest) in [
        ("hyperlink", "https://example.org/a", external),
        ("hyperlink", "file://server/a", external),
        ("image", "https://example.org/a.png", external),
        ("image", "media/a.png", ""),
        (
            "attachedTemplate",
            "file:///C:\\Documents\\Resume.dotx",
            external,
        ),
        ("attachedTemplate", "C:/Documents/Resume.dotx", external),
        (
            "attachedTemplate",
            "Macintosh%20HD:Library:a.dotx",
            external,
        ),
        ("attachedTemplate", "/Library/Resume.dotx", external),
        ("oleObject", "embeddings/oleObject1.bin", ""),
    ] {
        assert!(accepts(kind, target, rest), "{kind} {target}");
    }
    for (kind, target, rest) in [
        ("attachedTemplate", "https://example.org/a.dotm", external),
        (
            "AttachedTemplate",
            "http:/example.org/a.dotm",
            " TargetMode='external'",
        ),
        ("attachedTemplate", "file://server/share/a.dotm", external),
        ("attachedTemplate", "\\\\server\\share\\a.dotm", external),
        ("attachedTemplate", "file:///%5c%5cserver/a.dotm", external),
        (
            "attachedTemplate",
            "https://example.org/a.dotm",
            "x:TargetMode='Internal' TargetMode='External'",
        ),
        (
            "attachedTemplate",
            "&#104;ttps://example.org/a.dotm",
            external,
        ),
        ("oleObject", "mhtml:https://example.org/a", external),
        ("image", "file://server/share/a.png", external),
        ("aFChunk", "a.rtf", ""),
        ("vbaProject", "a.bin", ""),
    ] {
        assert!(!accepts(kind, target, rest), "{kind} {target}");
    }
    let types = TYPES.as_bytes();
    assert!(!is_accepted_with(
        types,
        ("word/_rels/a.xml.rels", &utf_16("<Relationships/>"))
    ));
}

#[test]
fn what_is_embedded_has_no_macros_either() {
    let types = TYPES.as_bytes();
    let object = |name: &str| {
        [&vec![0; 70_000], &utf_16(name), &vec![0; 64]]
            .map(Vec::as_slice)
            .concat()
    };
    assert!(is_accepted_with(
        types,
        ("word/embeddings/a.bin", &object("Workbook"))
    ));
    for name in ["_VBA_PROJECT", "_vba_Project"] {
        assert!(!is_accepted_with(
            types,
            ("word/embeddings/a.bin", &object(name))
        ));
        assert_eq!(has_project(Cursor::new(object(name))), Some(true));
    }
    // The name lies across two of the pieces that are read at once.
    let across = [&vec![0; (1 << 16) - 7], utf_16("_VBA_PROJECT").as_slice()].concat();
    assert_eq!(has_project(Cursor::new(across)), Some(true));
    assert_eq!(has_project(Cursor::new(object("Workbook"))), Some(false));

    let book = packed(&[("xl/workbook.xml", b"<workbook/>")]);
    let bad = packed(&[("xl/vbaProject.bin", b"")]);
    let deep = packed(&[("a.xlsx", &book)]);
    for (inner, is_fine) in [(&book, true), (&bad, false), (&deep, false)] {
        let part = ("word/embeddings/a.xlsx", inner.as_slice());
        assert_eq!(is_accepted_with(types, part), is_fine);
    }
}
