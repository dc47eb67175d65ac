//! One table of all sheets of a file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use platform::text_cleaning::clean_line;
use web::sheet::read::{MOST_COLUMNS, Page};

use super::columns::{self, HeadingRow, Line, Meanings};
use super::commas::{self, Commas};
use crate::household_document::field::{Column, Field, folded};

/// The heading of the column that says from which of several sheets a row is.
const SHEET: &str = "Sheet";

/// The lists of all sheets, one below the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheets {
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Line>,
    /// What belongs to no list: titles, hidden rows and hidden sheets, with their rows' numbers.
    pub(crate) left_out: Vec<(usize, String)>,
    /// What the commas of a text part, if it is not certain.
    pub(crate) commas: Option<Commas>,
    /// The places of the sheets that are read, with the numbers of their rows of headings.
    pub(crate) read: BTreeMap<usize, Option<usize>>,
}

/// What a host says about the sheets of a file, by their places. What is not said is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) sheets: Option<BTreeSet<usize>>,
    pub(crate) headings: BTreeMap<usize, HeadingRow>,
    pub(crate) commas: Option<Commas>,
}

impl Layout {
    /// Whether a sheet is read because somebody said so; `None` if nobody said anything.
    fn is_read(&self, place: usize) -> Option<bool> {
        let chosen = self.sheets.as_ref().map(|sheets| sheets.contains(&place));
        chosen.or_else(|| self.headings.contains_key(&place).then_some(true))
    }
}

/// The rows of a sheet among which its headings may be.
pub(crate) fn first_rows(page: &Page) -> impl Iterator<Item = &Line> {
    let shown = page.rows.iter();
    let shown = shown.filter(|(number, _)| page.hidden_rows.binary_search(number).is_err());
    shown.take(columns::FIRST_ROWS)
}

/// A list: a sheet, or one of several lists beside each other.
struct Block {
    /// The place of its sheet.
    page: usize,
    name: String,
    headings: Vec<String>,
    /// The number of the row of headings.
    heading_row: Option<usize>,
    rows: Vec<Line>,
}

/// Joins the sheets that a host chose, or else those that are shown and have headings. Without any
/// headings, the first sheet counts.
pub(crate) fn join(pages: &[Page], meanings: &Meanings, layout: &Layout) -> Sheets {
    let mut all = Sheets::default();
    let mut blocks = Vec::new();
    for (place, page) in pages.iter().enumerate() {
        if page.is_hidden || layout.is_read(place) == Some(false) {
            all.left_out.push(named(&page.name, &page.rows));
            continue;
        }
        let said = layout.headings.get(&place).copied();
        let found = commas::found(page, meanings, said);
        all.commas = found.map(|found| layout.commas.unwrap_or(found));
        let lines = match all.commas {
            Some(Commas::People) => Cow::Owned(commas::as_lines(page)),
            _ => Cow::Borrowed(page),
        };
        blocks.extend(blocks_of(place, &lines, meanings, said, &mut all.left_out));
    }
    let has_headings = blocks.iter().any(|block| block.heading_row.is_some());
    let mut is_first = true;
    let (lists, others): (Vec<Block>, Vec<Block>) = blocks.into_iter().partition(|block| {
        let is_found = block.heading_row.is_some() || (!has_headings && is_first);
        is_first = false;
        layout.is_read(block.page).unwrap_or(is_found)
    });
    for block in others {
        all.left_out.push(named(&block.name, &block.rows));
    }
    let lists = with_headings_of_others(lists, meanings);
    let mut names: Vec<&str> = lists.iter().map(|block| block.name.as_str()).collect();
    names.dedup();
    let has_names = names.len() > 1;
    for block in &lists {
        if all.add(block, has_names) {
            all.read.insert(block.page, block.heading_row);
        } else {
            all.left_out.push(named(&block.name, &block.rows));
        }
    }
    let width = all.headings.len();
    for (_, cells) in &mut all.rows {
        cells.resize(width, String::new());
    }
    all
}

/// Gives the columns of a sheet without headings those of another sheet, where both hold the same.
fn with_headings_of_others(mut lists: Vec<Block>, meanings: &Meanings) -> Vec<Block> {
    let guess = |block: &Block| columns::guess(&block.headings, &block.rows, meanings);
    let headed = lists.iter().find(|block| block.heading_row.is_some());
    let Some((headings, known)) = headed.map(|block| (block.headings.clone(), guess(block))) else {
        return lists;
    };
    for block in lists.iter_mut().filter(|block| block.heading_row.is_none()) {
        let mut used = BTreeSet::new();
        for (at, column) in guess(block).into_iter().enumerate() {
            let mut same = known.iter().enumerate();
            let same = same.find(|(place, one)| **one == column && !used.contains(place));
            let is_said = !matches!(column, Column::Skip | Column::Field(Field::Other));
            if let Some((place, _)) = same.filter(|_| is_said) {
                used.insert(place);
                block.headings[at].clone_from(&headings[place]);
            }
        }
    }
    lists
}

fn named(name: &str, rows: &[Line]) -> (usize, String) {
    let row = rows.first().map_or(1, |(number, _)| *number);
    (row, labelled(name, &texts(rows)))
}

fn labelled(name: &str, text: &str) -> String {
    if name.is_empty() {
        text.to_owned()
    } else {
        format!("{name}: {text}")
    }
}

fn texts(rows: &[Line]) -> String {
    let cells = rows
        .iter()
        .flat_map(|(_, cells)| cells)
        .map(|cell| clean_line(cell));
    let filled = cells.filter(|cell| !cell.is_empty());
    filled.take(500).collect::<Vec<_>>().join(" · ")
}

/// The lists of a page. Titles above the headings and hidden rows are left out.
fn blocks_of(
    place: usize,
    page: &Page,
    meanings: &Meanings,
    said: Option<HeadingRow>,
    left_out: &mut Vec<(usize, String)>,
) -> Vec<Block> {
    let (hidden, rows): (Vec<Line>, Vec<Line>) = page
        .rows
        .iter()
        .cloned()
        .partition(|(number, _)| page.hidden_rows.binary_search(number).is_ok());
    let mut leave = |rows: &[Line]| {
        for row in rows {
            left_out.push((row.0, texts(std::slice::from_ref(row))));
        }
    };
    leave(&hidden);
    let found = match said {
        Some(said) => columns::headings_at(&rows, said),
        None => columns::headings(&rows, meanings),
    };
    let Some(at) = found.place else {
        return vec![Block {
            page: place,
            name: page.name.clone(),
            headings: found.cells,
            heading_row: None,
            rows,
        }];
    };
    leave(&rows[..at]);
    let below = &rows[at + 1..];
    // A heading that is repeated for printing is no line of the list.
    let (repeated, below): (Vec<Line>, Vec<Line>) = below
        .iter()
        .cloned()
        .partition(|(_, cells)| *cells == rows[at].1);
    leave(&repeated);
    let block = |range: std::ops::Range<usize>| Block {
        page: place,
        name: page.name.clone(),
        headings: found.cells[range.clone()].to_vec(),
        heading_row: Some(rows[at].0),
        rows: below
            .iter()
            .map(|(number, cells)| (*number, cells[range.clone()].to_vec()))
            .filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()))
            .collect(),
    };
    match beside(&found.cells, &below) {
        Some(middle) => vec![block(0..middle), block(middle + 1..found.cells.len())],
        None => vec![block(0..found.cells.len())],
    }
}

/// The empty column between two lists with the same headings.
fn beside(headings: &[String], rows: &[Line]) -> Option<usize> {
    let middle = headings.len() / 2;
    let is_pair = headings.len() % 2 == 1 && middle > 0;
    let is_empty = |at: usize| {
        let mut cells = rows.iter().filter_map(|(_, cells)| cells.get(at));
        headings[at].trim().is_empty() && cells.all(|cell| cell.trim().is_empty())
    };
    let same = |at: usize| folded(&headings[at]) == folded(&headings[middle + 1 + at]);
    (is_pair && is_empty(middle) && (0..middle).all(same)).then_some(middle)
}

impl Sheets {
    /// Adds a list below the others, unless that makes too many columns. Columns with the same
    /// heading are one.
    fn add(&mut self, block: &Block, has_names: bool) -> bool {
        let mut headings = self.headings.clone();
        let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, heading) in headings.iter().enumerate() {
            known.entry(folded(heading)).or_default().push(at);
        }
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut places = Vec::new();
        for heading in &block.headings {
            let plain = folded(heading);
            let times = seen.entry(plain.clone()).or_default();
            let same = known.get(&plain).and_then(|all| all.get(*times)).copied();
            *times += 1;
            places.push(same.unwrap_or_else(|| {
                headings.push(heading.clone());
                headings.len() - 1
            }));
        }
        // The names of the sheets are one column more.
        if headings.len() > MOST_COLUMNS + 1 {
            return false;
        }
        self.headings = headings;
        let sheet = has_names.then(|| {
            let known = self.headings.iter().position(|heading| heading == SHEET);
            known.unwrap_or_else(|| {
                self.headings.push(SHEET.to_owned());
                self.headings.len() - 1
            })
        });
        for (number, cells) in &block.rows {
            let mut row = vec![String::new(); self.headings.len()];
            for (at, cell) in places.iter().zip(cells) {
                row[*at].clone_from(cell);
            }
            if let Some(at) = sheet {
                row[at].clone_from(&block.name);
            }
            self.rows.push((*number, row));
        }
        true
    }
}
