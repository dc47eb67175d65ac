use std::io::Write as _;

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::{Cell, FileFormat, Sheet, write};
use super::*;

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
    ] {
        assert_eq!(cells(&file), wanted, "{file:?}");
    }
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
fn a_workbook_is_its_first_sheet_and_formulas_are_what_they_came_to() {
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

#[test]
fn a_workbook_that_unpacks_to_too_much_is_not_read() {
    for (parts, size) in [(1, 65 << 20), (1_001, 1)] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for part in 0..parts {
            let options = SimpleFileOptions::default();
            zip.start_file(format!("xl/{part}.xml"), options).unwrap();
            let zeros = vec![b'0'; 1 << 16];
            let mut left = size;
            while left > 0 {
                let now = left.min(zeros.len());
                zip.write_all(&zeros[..now]).unwrap();
                left -= now;
            }
        }
        let file = zip.finish().unwrap().into_inner();
        assert!(file.len() < MOST_BYTES, "{}", file.len());
        assert_eq!(read(&file), Err(Unreadable::TooLarge));
    }
}

#[test]
fn a_workbook_that_claims_more_texts_than_a_table_has_is_not_read() {
    let file = book(&[&["Name"], &["Ali"]]);
    let mut parts = ZipArchive::new(Cursor::new(&file)).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for place in 0..parts.len() {
        let mut part = parts.by_index(place).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        let claim = "uniqueCount=\"1000000000000\"";
        let text = text.replacen("uniqueCount=\"2\"", claim, 1);
        let name = part.name().unwrap().into_owned();
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let claiming = zip.finish().unwrap().into_inner();
    assert!(read(&file).is_ok());
    assert_eq!(read(&claiming), Err(Unreadable::TooLarge));
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
