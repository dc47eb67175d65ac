use std::io::{Cursor, Read as _, Write as _};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::super::{Cell, FileFormat, Sheet, write};
use super::*;

/// The first page, with its first row as headings.
fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    let mut rows = super::read(bytes)?.remove(0).rows;
    let (_, headings) = rows.remove(0);
    Ok(Table { headings, rows })
}

fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let table = read(bytes).unwrap();
    let rows = table.rows.into_iter().map(|(_, row)| row);
    std::iter::once(table.headings).chain(rows).collect()
}

fn utf_16(text: &str, pair: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once('\u{feff}')
        .chain(text.chars())
        .flat_map(|letter| letter.encode_utf16(&mut [0; 2]).to_vec())
        .flat_map(pair)
        .collect()
}

#[test]
fn every_encoding_and_separator_gives_the_same_table() {
    let wanted = [["Name", "Note"], ["Åsa, née Ek", "two\nlines"], ["Zoë", ""]];
    let text = "Name;Note\r\n\"Åsa, née Ek\";\"two\r\nlines\"\r\nZoë\r\n";
    for file in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        utf_16(text, u16::to_le_bytes),
        utf_16(text, u16::to_be_bytes),
        WINDOWS_1252.encode(text).0.into_owned(),
        text.replace(';', "\t").into_bytes(),
        text.replace(';', ",").replace("\r\n", "\n").into_bytes(),
        format!("\r\n\r\n{text}\r\n;;\r\n").into_bytes(),
        format!("sep=;\r\n{text}").into_bytes(),
        format!("\u{feff}\"sep=;\"\r\n{text}").into_bytes(),
        format!("sep=,\n{}", text.replace(';', ",")).into_bytes(),
    ] {
        assert_eq!(cells(&file), wanted, "{file:?}");
    }
}

#[test]
fn commas_and_semicolons_are_named_where_they_may_part_other_things() {
    for (text, wanted) in [
        ("Anna, Ben\nCy\n", Some((',', false))),
        ("a,b\n\nc,d\n", Some((',', true))),
        ("a;b\nc;d\n", Some((';', true))),
        ("a,b\nc,\n", Some((',', true))),
        ("a\tb\nc\td\n", None),
        ("\"a,b\",c\nd,e\n", None),
        ("sep=,\na,b\nc\n", None),
        ("a\nb\n", None),
    ] {
        let page = super::read(text.as_bytes()).unwrap().remove(0);
        let found = page.separated.map(|one| (one.sign, one.is_even));
        assert_eq!(found, wanted, "{text:?}");
    }
}

#[test]
fn chinese_lists_are_read_as_older_programs_write_them() {
    let simplified = "姓名,电话\n张伟,012\n李娜与陈志明,013\n王小明一家,014\n";
    let traditional = "姓名,電話\n張偉,012\n李娜與陳志明,013\n王小明闔府,014\n";
    let western = "Name,Note\nMüller,Ärztin aus Köln\nÅsa,née Ek\nNiccolò Lù,perché no\n";
    for (text, encoding) in [
        (simplified, GB18030),
        (traditional, BIG5),
        (western, WINDOWS_1252),
    ] {
        let file = encoding.encode(text).0.into_owned();
        assert_eq!(
            cells(&file).concat().join(","),
            cells(text.as_bytes()).concat().join(",")
        );
    }
}

#[test]
fn every_sheet_is_read_and_merged_cells_count_for_their_rows() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let format = rust_xlsxwriter::Format::new();
    let first = workbook.add_worksheet();
    first.set_name("Bride").unwrap();
    first.write(0, 0, "Family").unwrap();
    first.write(0, 1, "Name").unwrap();
    first.merge_range(1, 0, 2, 0, "Tan", &format).unwrap();
    first.merge_range(1, 2, 2, 2, "4", &format).unwrap();
    first.write(1, 1, "Ann").unwrap();
    first.write(2, 1, "Ben").unwrap();
    first.write(3, 1, "Cy").unwrap();
    first.set_row_hidden(3).unwrap();
    workbook.add_worksheet().set_name("Empty").unwrap();
    let other = workbook.add_worksheet();
    other.set_name("Old").unwrap().set_hidden(true);
    other.write(0, 0, "Dee").unwrap();
    let pages = super::read(&workbook.save_to_buffer().unwrap()).unwrap();
    let names: Vec<_> = pages
        .iter()
        .map(|page| (page.name.as_str(), page.is_hidden))
        .collect();
    assert_eq!(names, [("Bride", false), ("Old", true)]);
    let rows: Vec<String> = pages[0]
        .rows
        .iter()
        .map(|(_, cells)| cells.join("|"))
        .collect();
    assert_eq!(rows, ["Family|Name|", "Tan|Ann|4", "Tan|Ben|", "|Cy|"]);
    assert_eq!(pages[0].hidden_rows, [4]);
}

#[test]
fn rows_keep_the_numbers_that_a_spreadsheet_shows() {
    let table = read(b"Name\n\nAli\n\n\nMei\n").unwrap();
    let numbers: Vec<usize> = table.rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [3, 6]);
}

#[test]
fn what_is_no_table_is_refused_by_its_name() {
    let rows = |count| format!("Name\n{}", "x\n".repeat(count)).into_bytes();
    let columns = |count| [vec!["x"; count].join(","), vec!["y"; count].join(",")].join("\n");
    assert!(read(&rows(MOST_ROWS)).is_ok());
    assert!(read(columns(MOST_COLUMNS).as_bytes()).is_ok());
    let mut odd = utf_16("Name\nAli", u16::to_le_bytes);
    odd.extend_from_slice(&[0x00, 0xd8]);
    let cut = {
        let mut whole = book(&[&["Name"], &["Ali"]]);
        whole.truncate(whole.len() / 2);
        whole
    };
    for (file, why) in [
        (rows(MOST_ROWS + 1), Unreadable::TooManyRows),
        (
            columns(MOST_COLUMNS + 1).into_bytes(),
            Unreadable::TooManyColumns,
        ),
        (b"Name\nAli\n\"Mei\n".to_vec(), Unreadable::UnclosedQuote(3)),
        (odd, Unreadable::NotText),
        (b"\xef\xbb\xbfName\nA\xffli".to_vec(), Unreadable::NotText),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            Unreadable::NotText,
        ),
        (cut, Unreadable::BadWorkbook),
        (vec![b'x'; MOST_BYTES + 1], Unreadable::TooLarge),
        (
            format!("Name\n{}", "x".repeat(MOST_LETTERS + 1)).into_bytes(),
            Unreadable::TooLarge,
        ),
        (b"Name\n".to_vec(), Unreadable::Empty),
        (Vec::new(), Unreadable::Empty),
        (b",,\n;\n".to_vec(), Unreadable::Empty),
    ] {
        assert_eq!(read(&file), Err(why));
    }
}

fn book(rows: &[&[&str]]) -> Vec<u8> {
    let sheet = Sheet {
        name: "Guests".to_owned(),
        headings: rows[0].iter().map(|&cell| cell.to_owned()).collect(),
        rows: rows[1..]
            .iter()
            .map(|row| row.iter().map(|cell| Cell::from(*cell)).collect())
            .collect(),
    };
    let mut file = Vec::new();
    write(&[sheet], FileFormat::Xlsx, &mut file).unwrap();
    file
}

#[test]
fn formulas_are_what_they_came_to() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let first = workbook.add_worksheet();
    first.write(0, 0, "Name").unwrap();
    first.write(0, 2, "Plus").unwrap();
    first.write(3, 0, "=1+1").unwrap();
    first.write(3, 2, 2).unwrap();
    let formula = rust_xlsxwriter::Formula::new("=2*21").set_result("42");
    first.write(4, 0, formula).unwrap();
    first.write(4, 1, true).unwrap();
    workbook.add_worksheet().write(0, 0, "Other").unwrap();
    let file = workbook.save_to_buffer().unwrap();
    let wanted = [["Name", "", "Plus"], ["=1+1", "", "2"], ["42", "yes", ""]];
    assert_eq!(cells(&file), wanted);
    assert_eq!(read(&file).unwrap().rows[0].0, 4);
}

/// A workbook in which the text of one part was changed.
fn with_part(file: &[u8], part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut parts = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut is_changed = false;
    for place in 0..parts.len() {
        let mut old = parts.by_index(place).unwrap();
        let name = old.name().unwrap().into_owned();
        let mut text = String::new();
        old.read_to_string(&mut text).unwrap();
        if name == part {
            (text, is_changed) = (change(&text), true);
        }
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    assert!(is_changed, "{part}");
    zip.finish().unwrap().into_inner()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";

#[test]
fn a_workbook_that_unpacks_to_too_much_is_not_read() {
    let file = book(&[&["Name"], &["Ali"]]);
    let before = |text: &str| {
        let of_sheet = with_part(&file, SHEET, |sheet| {
            sheet.replace("<sheetData>", &format!("{text}<sheetData>"))
        });
        assert!(of_sheet.len() < MOST_BYTES / 10, "{}", of_sheet.len());
        read(&of_sheet)
    };
    assert!(before(&"<!-- -->".repeat(9)).is_ok());
    let comment = format!("<!--{}-->", "0".repeat(200 << 10));
    for (text, why) in [
        (comment.repeat(330), Unreadable::TooLarge),
        (
            format!("<a>{}</a>", "0".repeat(1 << 20)),
            Unreadable::TooLarge,
        ),
        (
            format!("<a b='{}'/>", "0".repeat(1 << 20)),
            Unreadable::TooLarge,
        ),
        ("<a>".repeat(100), Unreadable::BadWorkbook),
    ] {
        assert_eq!(before(&text), Err(why));
    }
}

#[test]
fn a_workbook_with_a_large_directory_is_not_read() {
    for (parts, name, why) in [
        (1_001, "a", Unreadable::TooLarge),
        (1, &*"a".repeat(5_000), Unreadable::TooLarge),
        (1_000, "a", Unreadable::BadWorkbook),
    ] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for part in 0..parts {
            let options = SimpleFileOptions::default();
            zip.start_file(format!("{name}{part}"), options).unwrap();
        }
        let file = zip.finish().unwrap().into_inner();
        assert_eq!(read(&file), Err(why));
    }
}

#[test]
fn formats_take_no_memory() {
    let file = book(&[&["Name"], &["Ali"]]);
    let styled = |format: usize, styles: usize| {
        with_part(&file, "xl/styles.xml", |_| {
            let code = "0".repeat(format);
            let styles = "<xf numFmtId='200' fontId='0'/>".repeat(styles);
            format!(
                "<styleSheet><numFmts><numFmt numFmtId='200' formatCode='{code}'/></numFmts>\
                 <fonts><font><name val='{code}'/></font></fonts>\
                 <cellXfs>{styles}</cellXfs></styleSheet>"
            )
        })
    };
    assert_eq!(read(&styled(1_000_000, 1)), Err(Unreadable::TooLarge));
    assert_eq!(read(&styled(1, 65_491)), Err(Unreadable::TooLarge));
    assert_eq!(read(&styled(100_000, 65_490)), read(&file));
}

#[test]
fn relations_take_memory() {
    let file = book(&[&["Name"], &["Ali"]]);
    let related = |count: usize| {
        let relations = "<Relationship/>".repeat(count);
        let part = "xl/_rels/workbook.xml.rels";
        read(&with_part(&file, part, |text| {
            text.replace("</Relationships>", &format!("{relations}</Relationships>"))
        }))
    };
    assert!(related(1_000).is_ok());
    assert_eq!(related(1_000_000), Err(Unreadable::TooLarge));
}

#[test]
fn what_a_workbook_claims_is_not_believed() {
    let file = book(&[&["Name"], &["Ali"]]);
    let texts = with_part(&file, "xl/sharedStrings.xml", |text| {
        text.replacen("uniqueCount=\"2\"", "uniqueCount=\"1000000000000\"", 1)
    });
    let range = with_part(&file, SHEET, |text| {
        text.replace("ref=\"A1:A2\"", "ref=\"A1:XFD1048576\"")
    });
    let names = with_part(&file, "xl/workbook.xml", |text| {
        let name = "<definedName name='a'>Sheet1!$A$1</definedName>".repeat(100_000);
        text.replace(
            "</sheets>",
            &format!("</sheets><definedNames>{name}</definedNames>"),
        )
    });
    for claiming in [texts, range, names] {
        assert_ne!(claiming, file);
        assert_eq!(read(&claiming), read(&file));
    }
}

#[test]
fn cells_are_read_as_other_programs_write_them() {
    let file = book(&[&["Name"], &["Ali"]]);
    let file = with_part(&file, "xl/styles.xml", |_| {
        "<x:styleSheet xmlns:x='a'><x:numFmts><x:numFmt numFmtId='164' formatCode='dd/mm/yy'/>\
         </x:numFmts><x:cellStyleXfs><x:xf numFmtId='14'/></x:cellStyleXfs>\
         <x:cellXfs><x:xf numFmtId='0'/><x:xf numFmtId='164'/><x:xf numFmtId='22'/></x:cellXfs>\
         </x:styleSheet>"
            .to_owned()
    });
    let file = with_part(&file, "xl/sharedStrings.xml", |_| {
        "<sst><si><t> Name </t></si><si><r><t>A</t></r><r><t xml:space='preserve'> li</t></r>\
         <rPh sb='0'><t>no</t></rPh></si><si/></sst>"
            .to_owned()
    });
    let sheet = |cells: &str| {
        with_part(&file, SHEET, |_| {
            format!(
                "<worksheet><sheetData><row r='2'><c t='s'><v>0</v></c></row>\
                 <row>{cells}</row></sheetData></worksheet>"
            )
        })
    };
    for (cell, wanted) in [
        ("<c t='s'><v>1</v></c>", "A li"),
        (
            "<c t='inlineStr'><is><t>A &amp; &#66;</t></is><v>9</v></c>",
            "A & B",
        ),
        (
            "<c t='str'><f>A1&amp;A2</f><v>a_x000A_b<![CDATA[<]]></v></c>",
            "a\nb<",
        ),
        ("<c><v>1.50</v></c>", "1.5"),
        ("<c t='n' s='0'><v>46000</v></c>", "46000"),
        ("<c s='1'><v>46000</v></c>", "2025-12-09"),
        ("<c s='2'><v>46000.75</v></c>", "2025-12-09 18:00"),
        ("<c t='d'><v>2025-12-09</v></c>", "2025-12-09"),
        ("<c t='b'><v>true</v></c>", "yes"),
        ("<c><v>12a</v></c>", "12a"),
    ] {
        assert_eq!(cells(&sheet(cell)), [["Name"], [wanted]], "{cell}");
        assert_eq!(read(&sheet(cell)).unwrap().rows[0].0, 3);
    }
    let second =
        "<c/><c t='e'><v>#N/A</v></c><c t='s'><v>2</v></c><c r='E3'><v>4</v></c><c><v>5</v></c>";
    let wanted = [["Name", "", "", "", "", ""], ["", "", "", "", "4", "5"]];
    assert_eq!(cells(&sheet(second)), wanted);
    for broken in [
        "<c t='s'><v>3</v></c>",
        "<c t='n'><v>x</v></c>",
        "<c t='what'><v>1</v></c>",
        "<c r='A0'><v>1</v></c>",
        "<c r='5'><v>1</v></c>",
        "<c><v>&what;</v></c>",
        "<c><v>1",
    ] {
        assert_eq!(
            read(&sheet(broken)),
            Err(Unreadable::BadWorkbook),
            "{broken}"
        );
    }
}

#[test]
fn a_text_that_many_cells_share_counts_for_each() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let long = "x".repeat(30_000);
    for row in 0..1_000 {
        sheet.write(row, 0, &long).unwrap();
    }
    let file = workbook.save_to_buffer().unwrap();
    assert!(file.len() < 1 << 20, "{}", file.len());
    assert_eq!(read(&file), Err(Unreadable::TooLarge));
}

#[test]
fn a_cell_far_away_makes_no_table_of_that_size() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "Name").unwrap();
    sheet.write(1_048_575, 1, "far").unwrap();
    let file = workbook.save_to_buffer().unwrap();
    assert_eq!(read(&file).unwrap().rows.len(), 1);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        rows in prop::collection::vec(prop::collection::vec("[^\r\0\u{fffe}\u{ffff}\u{1}-\u{8}\u{b}-\u{1f}]{0,9}", 3), 1..6)
    ) {
        for format in [FileFormat::Csv, FileFormat::Xlsx] {
            let sheet = Sheet {
                name: "Guests".to_owned(),
                headings: ["a", "b", "c"].map(str::to_owned).to_vec(),
                rows: rows.iter().map(|row| {
                    let cells = row.iter().map(|cell| Cell::from(cell.as_str()));
                    std::iter::once(Cell::from("x")).chain(cells.skip(1)).collect()
                }).collect(),
            };
            let mut file = Vec::new();
            write(std::slice::from_ref(&sheet), format, &mut file).unwrap();
            let wanted: Vec<Vec<String>> = rows.iter().map(|row| {
                std::iter::once("x".to_owned()).chain(row.iter().skip(1).cloned()).collect()
            }).collect();
            prop_assert_eq!(&cells(&file)[1..], &wanted[..]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes));
        drop(read(&[b"PK\x03\x04", &bytes[..]].concat()));
    }
}
