//! Guest lists as spreadsheets and other programs write them, changed at random. Every cell is in a
//! household, or is named in an error or a warning.
//!
//! `KENDURI_TEST_ROUNDS` sets the number of files, and `KENDURI_TEST_SEED` the seed of the first.

use std::collections::BTreeSet;

use occasions_lists::import::{Finding, Options, Upload, named};
use serde_json::Value;
use testkit::{Draw, seeds};
use web::sheet::{self, Cell, FileFormat, Sheet, read::Table};

use self::Fate::{Kept, Meant};
use crate::import_samples::ask_questions;
use crate::imports::{apply, check, empty, records, upload};
use crate::stage::on_default;

/// The number of files in a usual run.
const FILES: u64 = 250;

/// What has to become of a cell.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// Its words are somewhere in the household.
    Kept,
    /// The household has this at this place: a field of itself, or of one of its guests.
    Meant(&'static str, &'static str),
}

/// A column as other programs write it. In a cell `#` becomes a number that no other cell has.
struct Column {
    headings: &'static [&'static str],
    cells: &'static [(&'static str, Fate)],
    /// Cells that no household can have.
    odd: &'static [&'static str],
}

const fn column(
    headings: &'static [&'static str],
    cells: &'static [(&'static str, Fate)],
    odd: &'static [&'static str],
) -> Column {
    Column {
        headings,
        cells,
        odd,
    }
}

const COLUMNS: &[Column] = &[
    column(
        &["Guest", "Full name", "Nama", "Name"],
        &[("Ana N#", Kept), ("Siti Ö#", Kept), ("张 N#", Kept)],
        &[],
    ),
    column(&["First name", "Given name"], &[("Ben#", Kept)], &[]),
    column(
        &["Guests", "Names"],
        &[("Ana N#; Bo N#", Kept), ("Ana N#\nBo N#; Cy N#", Kept)],
        &[],
    ),
    column(&["Last name", "Surname"], &[("Ng#", Kept)], &[]),
    column(
        &["Household", "Party", "Keluarga"],
        &[("Family #", Kept), ("Tan–Lim # & sons", Kept)],
        &[],
    ),
    column(&["Partner", "Spouse"], &[("Dee P#", Kept)], &[]),
    column(
        &["Tags", "Labels", "Side"],
        &[("groom#, work#", Kept), ("bride#", Kept)],
        &[],
    ),
    column(
        &["Plus ones", "Plus one allowed"],
        &[
            ("2", Meant("plus_ones", "2")),
            ("yes", Meant("plus_ones", "1")),
        ],
        &["many#", "-1"],
    ),
    column(
        &["Children", "Kids"],
        &[("3", Meant("children", "3"))],
        &["Tim#, Tom#"],
    ),
    column(
        &["Email", "E-mail Address", "Emel"],
        &[("n#@example.com", Kept)],
        &["a#@ x ::: b#@y"],
    ),
    column(
        &["Phone", "Mobile", "Telefon", "WhatsApp"],
        &[("+60 12-#", Kept), ("012# / 013#", Kept)],
        &[],
    ),
    column(
        &["Address", "Street"],
        &[("# Jalan Besar", Kept), ("# Road\nIpoh", Kept)],
        &[],
    ),
    column(
        &["City", "Postcode"],
        &[("Ipoh #", Kept), ("00#", Kept)],
        &[],
    ),
    column(
        &["Deadline", "RSVP by"],
        &[("2027-01-02", Meant("deadline", "2027-01-02"))],
        &["soon#"],
    ),
    column(
        &["Notes", "Catatan"],
        &[("old friend #", Kept), ("=1+# ok", Kept)],
        &[],
    ),
    column(&["Message"], &[("Dear all, \"#\"", Kept)], &[]),
    column(
        &["Salutation", "Envelope name"],
        &[("Mr & Mrs #", Kept)],
        &[],
    ),
    column(
        &["Language", "Bahasa"],
        &[("Malay", Meant("language", "ms")), ("Klingon#", Kept)],
        &[],
    ),
    column(&["Invited to"], &[("reception", Kept)], &["nowhere#"]),
    column(
        &["Dietary restrictions", "Food", "Diet"],
        &[
            ("Halal", Meant("diets", "halal")),
            ("nuts#, halal", Kept),
            ("no pork #", Kept),
        ],
        &[],
    ),
    column(
        &["Allergies", "Diet note"],
        &[("peanuts #!", Kept), ("shellfish #\nmilk", Kept)],
        &[],
    ),
    column(
        &["Child"],
        &[("yes", Meant("child", "true"))],
        &["perhaps#"],
    ),
    column(
        &["Age", "Umur"],
        &[("7", Meant("age", "7"))],
        &["7½ #", "130"],
    ),
    column(
        &["Guest email", "Own email"],
        &[("own#@example.com", Kept)],
        &["own#"],
    ),
    column(&["Guest phone"], &[("017-#", Kept)], &[]),
    column(
        &["Reception", "Reply: reception"],
        &[
            ("accepted", Meant("reception", "yes")),
            ("declines", Meant("reception", "no")),
            ("maybe", Meant("reception", "undecided")),
            ("sort of #", Kept),
        ],
        &[],
    ),
    column(&["Nikah"], &[("accepted", Meant("nikah", "yes"))], &[]),
    column(&["Which song?"], &[("Song #", Kept)], &[]),
    column(
        &["How many nights?"],
        &[("4", Meant("my-nights", "4"))],
        &["some#"],
    ),
    column(
        &["Do you dance?"],
        &[("no", Meant("my-dance", "false"))],
        &["with me#"],
    ),
];

/// A list, with the fate of each cell that is not empty.
struct List {
    table: Table,
    fates: Vec<Vec<Option<Fate>>>,
}

fn list(draw: &mut Draw) -> List {
    let mut chosen: Vec<usize> = (0..COLUMNS.len()).filter(|_| draw.is(3)).collect();
    // Somebody has a name in every list.
    chosen.push(draw.below(3));
    if draw.is(3) {
        chosen.push(chosen[draw.below(chosen.len())]);
    }
    let at = draw.below(chosen.len());
    chosen.rotate_left(at);
    let heading = |draw: &mut Draw, at: &usize| draw.one(COLUMNS[*at].headings).to_owned();
    let headings = chosen.iter().map(|at| heading(draw, at)).collect();
    let (mut rows, mut fates) = (Vec::new(), Vec::new());
    let mut number = 1_000 + draw.below(8_000);
    for row in 0..=draw.below(6) {
        let (mut cells, mut row_fates) = (Vec::new(), Vec::new());
        for (place, at) in chosen.iter().enumerate() {
            let column = &COLUMNS[*at];
            let (mut typed, mut fate) = column.cells[draw.below(column.cells.len())];
            if !column.odd.is_empty() && draw.is(40) {
                (typed, fate) = (draw.one(column.odd), Kept);
            }
            number += 1;
            let (typed, fate) = match draw.below(4) {
                0 => (String::new(), None),
                // Rows of one household say the same.
                1 if row > 0 => {
                    let above: &(usize, Vec<String>) = &rows[row - 1];
                    let above_fates: &Vec<Option<Fate>> = &fates[row - 1];
                    (above.1[place].clone(), above_fates[place])
                }
                _ => (typed.replace('#', &number.to_string()), Some(fate)),
            };
            cells.push(typed);
            row_fates.push(fate);
        }
        if cells.iter().all(String::is_empty) {
            let (typed, fate) = COLUMNS[chosen[0]].cells[0];
            (cells[0], row_fates[0]) = (typed.replace('#', "1"), Some(fate));
        }
        rows.push((row + 2, cells));
        fates.push(row_fates);
    }
    List {
        table: Table { headings, rows },
        fates,
    }
}

/// The list as a file, in one of the forms that programs write.
fn written(draw: &mut Draw, table: &Table) -> Vec<u8> {
    let rows = || table.rows.iter().map(|(_, cells)| cells);
    let form = draw.below(5);
    if form < 2 {
        let sheet = Sheet {
            name: "Guests".to_owned(),
            headings: table.headings.clone(),
            rows: rows()
                .map(|cells| cells.iter().map(|cell| Cell::from(cell.as_str())).collect())
                .collect(),
        };
        let mut file = Vec::new();
        let format = [FileFormat::Xlsx, FileFormat::Csv][form];
        sheet::write(&[sheet], format, &mut file).unwrap();
        return file;
    }
    let separator = draw.one(&[",", ";", "\t"]);
    let end = draw.one(&["\n", "\r\n", "\r"]);
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |cells: &Vec<String>| {
        let cells = cells.iter().map(quoted).collect::<Vec<_>>();
        cells.join(separator) + end
    };
    let text: String = [&table.headings]
        .into_iter()
        .chain(rows())
        .map(line)
        .collect();
    match form {
        2 => text.into_bytes(),
        3 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        _ => {
            let units = [0xfeff].into_iter().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
    }
}

/// The words of a text, without what programs put around words.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|sign: char| sign.is_whitespace() || ",;:/".contains(sign));
    parts.filter(|part| !part.is_empty())
}

/// Whether a word has a number that stands in one cell, or in equal ones.
fn is_numbered(word: &str) -> bool {
    word.chars().filter(char::is_ascii_digit).count() >= 4
}

/// Every text and number in a document, with the name of its place.
fn leaves(name: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(values) => values.iter().for_each(|value| leaves(name, value, all)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| leaves(name, value, all)),
        Value::String(text) => all.push((name.to_owned(), text.clone())),
        other => all.push((name.to_owned(), other.to_string())),
    }
}

/// Whether a cell is named in one of the findings about these rows. A reply is named by its meaning.
fn is_told(findings: &[Finding], rows: &[usize], cell: &str, fate: Fate) -> bool {
    findings.iter().any(|finding| {
        let is_word = |word| words(&finding.value).any(|there| there == word);
        let is_meant = matches!(fate, Meant(_, meaning) if finding.value == meaning);
        rows.contains(&finding.row) && (words(cell).all(is_word) || is_meant)
    })
}

/// The household that a row belongs to.
fn group(columns: &[String], row: usize, cells: &[String]) -> String {
    let mut household = columns.iter().zip(cells);
    let household = household.find(|(column, cell)| *column == "household" && !cell.is_empty());
    match household {
        Some((_, name)) if !columns.iter().any(|one| one == "names") => name.clone(),
        _ => row.to_string(),
    }
}

#[test]
fn whatever_a_list_says_is_imported_or_told() {
    on_default(async |stage| {
        stage.expect_work();
        ask_questions(stage).await;
        for seed in seeds(FILES) {
            empty(stage).await;
            let mut draw = Draw::new(seed);
            let List { table, fates } = list(&mut draw);
            let mut file = written(&mut draw, &table);
            let is_spoiled = draw.is(4);
            for _ in 0..if is_spoiled { 1 + draw.below(4) } else { 0 } {
                let at = draw.below(file.len());
                match draw.below(3) {
                    0 if file.len() > 1 => drop(file.remove(at)),
                    1 => file.truncate(at.max(1)),
                    _ => file.insert(at, *draw.one(&[&b'"', &b',', &b'\n', &0xff, &b'\\'])),
                }
            }
            match Upload::read(&file) {
                Ok(Upload::Pages(pages)) if !is_spoiled => {
                    let headings = (1, table.headings.clone());
                    let rows: Vec<_> = [headings].into_iter().chain(table.rows.clone()).collect();
                    assert_eq!(pages[0].rows, rows, "{seed}");
                }
                Ok(_) => {}
                Err(why) => {
                    assert!(is_spoiled, "{seed}: {why:?}");
                    continue;
                }
            }
            let id = upload(stage, &stage.owner, &file).await;
            let checked = check(stage, &id).await;
            let import = apply(stage, &id, Options::default()).await;
            assert_eq!(import.done, import.total, "{seed}");
            assert_eq!(
                import.failed,
                i64::try_from(checked.faulty).unwrap(),
                "{seed}"
            );
            if is_spoiled {
                continue;
            }
            // A row of the same name and contact as an earlier one is of that household.
            let is_joined = |row: usize| {
                let mut findings = checked.findings.iter();
                findings.any(|one| one.row == row && one.code == "joined")
            };
            let wanted = id.clone();
            let failed = stage.done(move |tx, host| named(tx, host, &wanted)).await;
            let failed = failed.iter().map(|one| one.row);
            let failed: BTreeSet<String> = failed
                .filter_map(|first| {
                    let mut rows = table.rows.iter();
                    let (row, cells) = rows.find(|(row, _)| i64::try_from(*row) == Ok(first))?;
                    Some(group(&import.columns, *row, cells))
                })
                .collect();
            let mut households = Vec::new();
            for household in records(stage).await {
                let mut said = Vec::new();
                leaves("", &household, &mut said);
                households.push(said);
            }
            for ((row, cells), fates) in table.rows.iter().zip(&fates) {
                let own = group(&import.columns, *row, cells);
                if failed.contains(&own) || (is_joined(*row) && !failed.is_empty()) {
                    continue;
                }
                let together = |(row, cells): &&(usize, Vec<String>)| {
                    group(&import.columns, *row, cells) == own
                };
                let rows: Vec<_> = table.rows.iter().filter(together).collect();
                // What a joined row says may be told of the row that it joined.
                let is_own =
                    |number: &usize| is_joined(*row) || rows.iter().any(|(row, _)| row == number);
                let numbers = table.rows.iter().map(|(number, _)| *number);
                let numbers: Vec<usize> = numbers.filter(is_own).collect();
                let has = |said: &[(String, String)], word: &str| {
                    said.iter().any(|(_, text)| text.contains(word))
                };
                // The household is the one that has one of the rows' numbers.
                let is_of = |said: &&Vec<(String, String)>| {
                    let mut cells = rows.iter().flat_map(|(_, cells)| cells);
                    cells.any(|cell| words(cell).any(|word| is_numbered(word) && has(said, word)))
                };
                let said: Vec<_> = households.iter().filter(is_of).flatten().cloned().collect();
                for (place, (cell, fate)) in cells.iter().zip(fates).enumerate() {
                    let Some(fate) = fate else { continue };
                    // The page shows which columns are left alone.
                    if import.columns[place] == "skip"
                        || is_told(&checked.findings, &numbers, cell, *fate)
                    {
                        continue;
                    }
                    let has_child = said
                        .iter()
                        .any(|(name, value)| name == "child" && value == "true");
                    let is_kept = match fate {
                        // Children who are named are not counted again.
                        Meant("children", _) if has_child => true,
                        Kept => words(cell).all(|word| has(&said, word)),
                        Meant(name, value) => said
                            .iter()
                            .any(|(there, text)| there == name && text.starts_with(value)),
                    };
                    assert!(
                        is_kept,
                        "{seed}: row {row}, {:?}: {cell:?} is lost of {table:?}\n{said:?}\n{:?}",
                        import.columns[place], checked.findings
                    );
                }
            }
        }
    });
}
