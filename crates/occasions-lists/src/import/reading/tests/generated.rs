//! Whole lists: what they become, and that nothing in them is lost unsaid, whatever they say.
//!
//! `KENDURI_TEST_ROUNDS` sets the number of changed files, and `KENDURI_TEST_SEED` the first seed.

use std::collections::BTreeSet;

use testkit::{Draw, seeds};
use web::sheet::read::Page;

use super::super::columns::{self, Meanings};
use super::super::households::{self, Household, List};
use super::super::row::Table;
use super::super::sheets::{self, Layout, Sheets};
use super::shapes::{self, File, Wanted, serial};
use crate::household_document::field::{Column, Field, folded};

/// The number of changed files in a usual run.
const FILES: u64 = 600;

pub(super) fn meanings() -> Meanings {
    let known = columns::known().filter_map(|(word, heading)| {
        let column = match word {
            "skip" => Column::Skip,
            "meal" => Field::Other.into(),
            word => Field::find(word)?.into(),
        };
        Some((folded(heading), column))
    });
    known.collect()
}

/// What a host who changes nothing makes of the rows of a sheet.
pub(super) fn read(rows: &[Vec<String>], meanings: &Meanings) -> (Sheets, Vec<Column>, List) {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let lines = rows.iter().enumerate().map(|(at, cells)| {
        let mut cells = cells.clone();
        cells.resize(width, String::new());
        (at + 1, cells)
    });
    let page = Page {
        rows: lines
            .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
            .collect(),
        ..Page::default()
    };
    read_pages(&[page], meanings)
}

pub(super) fn read_pages(pages: &[Page], meanings: &Meanings) -> (Sheets, Vec<Column>, List) {
    let sheets = sheets::join(pages, meanings, &Layout::default());
    let columns = columns::guess(&sheets.headings, &sheets.rows, meanings);
    let list = households::read(&Table {
        headings: &sheets.headings,
        columns: &columns,
        rows: &sheets.rows,
        guest_questions: &[],
        has_one_event: true,
        code_key: str::to_uppercase,
    });
    (sheets, columns, list)
}

fn got(one: &Household) -> Wanted {
    let line = |field: Field| one.lines.get(&field).cloned().unwrap_or_default();
    let names = |is_child: bool| {
        let guests = one.guests.iter().filter(|guest| guest.is_child == is_child);
        guests.map(|guest| guest.name.clone()).collect()
    };
    Wanted {
        adults: names(false),
        children: names(true),
        places: (one.plus_ones.unwrap_or(0), one.children.unwrap_or(0)),
        email: line(Field::Email),
        phone: line(Field::Phone),
        address: line(Field::Address),
        tags: one
            .tags
            .iter()
            .filter(|tag| !tag.starts_with("* "))
            .cloned()
            .collect(),
        food: one
            .guests
            .iter()
            .flat_map(|guest| guest.diets.iter().chain(&guest.diet_notes))
            .cloned()
            .collect(),
        notes: one.notes.clone(),
    }
}

fn is_as(got: &Wanted, wanted: &Wanted) -> bool {
    let has = |there: &[String], words: &[String]| {
        words
            .iter()
            .all(|word| there.iter().any(|text| text.contains(word.as_str())))
    };
    has(&got.food, &wanted.food)
        && has(&got.notes, &wanted.notes)
        && Wanted {
            food: wanted.food.clone(),
            notes: wanted.notes.clone(),
            ..got.clone()
        } == *wanted
}

#[test]
fn lists_of_other_programs_and_of_people_become_their_households() {
    let meanings = meanings();
    let (mut all, mut wrong) = (0, Vec::new());
    for number in 0..60 {
        let mut draw = Draw::new(number);
        let shape = usize::try_from(number).unwrap_or(0);
        let File {
            shape,
            rows,
            wanted,
        } = shapes::file(shape, 50, &mut draw);
        let (_, columns, list) = read(&rows, &meanings);
        all += wanted.len();
        if list.households.len() != wanted.len() {
            wrong.push(format!(
                "{shape} {number}: {} households: {columns:?}",
                list.households.len()
            ));
            continue;
        }
        for (one, wanted) in list.households.iter().zip(&wanted) {
            if !is_as(&got(one), wanted) {
                wrong.push(format!(
                    "{shape} {number}, row {}:\n  {:?}\n  is not\n  {wanted:?}\n  of {:?}",
                    one.row,
                    got(one),
                    rows.get(one.row - 1)
                ));
            }
        }
    }
    assert_eq!(all, 3_000);
    assert!(
        wrong.is_empty(),
        "{} wrong: {}",
        wrong.len(),
        wrong[..wrong.len().min(400)].join("\n")
    );
}

/// Words that are understood, and need not stay as words: places, counts, ticks and nothing.
const UNDERSTOOD: &str = "and dan und u et e y with w con avec mit dengan x pax orang people personen \
    persone adults adult child children kids anak bambini kinder enfants guest wife \
    husband suami isteri partner plus one family famiglia familie famille sekeluarga \
    keluarga baby of yes no y n nil none tiada na a mailto or atau 人 位 و أطفال the \
    yrs mr mrs herr frau tbc total";
/// Such words behind a name without a space.
const UNDERSTOOD_ENDS: [&str; 3] = ["伉俪", "3人", "一家"];

fn words(text: &str) -> Vec<String> {
    folded(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Every word of the fields, the notes, and the lines that name what is left out.
fn said(sheets: &Sheets, list: &List) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut add = |text: &str| all.extend(words(text));
    sheets.headings.iter().for_each(|text| add(text));
    sheets.left_out.iter().for_each(|(_, text)| add(text));
    list.told.iter().for_each(|told| add(&told.value));
    for one in &list.households {
        add(&one.name);
        one.lines.values().for_each(|text| add(text));
        one.tags.iter().chain(&one.notes).for_each(|text| add(text));
        one.told.iter().for_each(|told| add(&told.value));
        one.answers.iter().for_each(|(_, text)| add(text));
        one.replies.iter().for_each(|reply| add(&reply.typed));
        for guest in &one.guests {
            for text in [
                &guest.name,
                &guest.child,
                &guest.kind,
                &guest.email,
                &guest.phone,
                &guest.events,
            ] {
                add(text);
            }
            guest.age.into_iter().for_each(|age| add(&age.to_string()));
            guest
                .diets
                .iter()
                .chain(&guest.diet_notes)
                .for_each(|text| add(text));
            guest
                .replies
                .iter()
                .chain(&guest.answers)
                .for_each(|(_, text)| add(text));
        }
    }
    all
}

/// The words of the rows that are nowhere.
fn lost(rows: &[Vec<String>], said: &BTreeSet<String>) -> Vec<String> {
    let cells = rows.iter().flatten();
    let all = cells.flat_map(|cell| words(cell));
    let is_number = |word: &str| {
        let word = word.strip_prefix('x').unwrap_or(word);
        word.len() <= 3 && word.chars().all(|sign| sign.is_ascii_digit())
    };
    let understood: BTreeSet<&str> = UNDERSTOOD.split(' ').collect();
    let is_said = |word: &str| said.contains(word) || understood.contains(word) || is_number(word);
    let is_lost = |word: &String| {
        let mut names = UNDERSTOOD_ENDS
            .iter()
            .filter_map(|end| word.strip_suffix(end));
        !is_said(word) && !names.any(|name| name.is_empty() || is_said(name))
    };
    all.filter(is_lost).collect()
}

/// Cells as people write them. `#` becomes a word that no other cell has, and `⏎` a line break.
fn odd_cells() -> Vec<&'static str> {
    include_str!("cells.txt").lines().collect()
}

fn change(file: &mut File, draw: &mut Draw, next: &mut usize) {
    let mut typed = |draw: &mut Draw| {
        *next += 1;
        let cell = if draw.is(40) {
            "# word ".repeat(300)
        } else {
            draw.one(&odd_cells()).replace('⏎', "\n")
        };
        cell.replace('#', &format!("q{}", serial(*next)))
    };
    let rows = &mut file.rows;
    let (row, width) = (draw.below(rows.len()), rows[0].len());
    let column = draw.below(width);
    match draw.below(14) {
        0..=4 => rows[row][column] = typed(draw),
        5 => {
            let cell = &mut rows[row][column];
            let places: Vec<usize> = cell.char_indices().map(|(at, _)| at).collect();
            let at = places
                .get(draw.below(places.len() + 1))
                .copied()
                .unwrap_or(cell.len());
            cell.insert_str(
                at,
                draw.one(&[
                    "&", "/", ";", ",", "(", ")", "+", "@", "\n", " ", " e ", "和", "\"", "-", "9",
                    ":::", " dan ",
                ]),
            );
        }
        6 => {
            let other = draw.below(width);
            for cells in rows.iter_mut() {
                cells.swap(column, other);
            }
        }
        7 => {
            let copy = rows[row].clone();
            rows.insert(row, copy);
        }
        8 => {
            let mut line = vec![String::new(); width];
            line[column] = typed(draw);
            rows.insert(row, line);
        }
        9 => {
            for cells in rows.iter_mut() {
                cells.insert(column, String::new());
            }
            let row = draw.below(rows.len());
            rows[row][column] = typed(draw);
        }
        10 => {
            let known: Vec<&str> = columns::known().map(|(_, heading)| heading).collect();
            let head = usize::from(width == 8 && rows.len() > 1 && rows[0][0].is_empty());
            rows[head][column] = draw.one(&known).to_owned();
        }
        11 => {
            if rows.len() > 2 {
                rows.remove(row);
            }
        }
        12 => rows[row][column].clear(),
        _ => {
            let value = typed(draw);
            let other = draw.below(rows.len());
            rows[row][column].clone_from(&value);
            rows[other][column] = value;
        }
    }
}

#[test]
fn whatever_a_list_of_people_says_is_kept_or_told() {
    let meanings = meanings();
    let mut wrong: Vec<String> = Vec::new();
    for seed in seeds(FILES) {
        let mut draw = Draw::new(seed.wrapping_mul(7_919));
        let shape = draw.below(shapes::SHAPES.len());
        let count = 2 + draw.below(6);
        let mut file = shapes::file(shape, count, &mut draw);
        let mut next = 0;
        for _ in 0..=draw.below(6) {
            change(&mut file, &mut draw, &mut next);
        }
        let (sheets, columns, list) = read(&file.rows, &meanings);
        let lost = lost(&file.rows, &said(&sheets, &list));
        if !lost.is_empty() {
            let cells = file.rows.iter().flatten();
            let cells = cells.filter(|cell| words(cell).contains(&lost[0]));
            let cells: Vec<&str> = cells.map(|cell| cell.get(..80).unwrap_or(cell)).collect();
            let lost = &lost[..lost.len().min(4)];
            wrong.push(format!(
                "{seed}, {}: {lost:?} of {cells:?}, {columns:?}",
                file.shape
            ));
        }
        for one in &list.households {
            let note: usize = one.notes.iter().map(|note| note.chars().count() + 1).sum();
            assert!(note <= 2_001 && one.guests.len() <= 30, "{seed}: {one:?}");
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files: {}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}
