//! Which row of a list holds the headings, and what its columns mean.

use std::collections::BTreeMap;

use super::{contacts, counts, words};
use crate::household_document::field::{Column, Field, Numbered, folded};

/// The headings in every language and of other programs: a column's meaning and a heading.
const HEADINGS: &str = include_str!("headings.csv");
/// The headings stand in one of the first rows that are not empty.
pub(super) const FIRST_ROWS: usize = 20;
const MOST_TITLES: usize = 2;
/// The most rows that are looked at to see what a column holds.
const SAMPLE: usize = 200;

pub(crate) use web::sheet::read::Line;

/// Every known heading with the keyword of its meaning, which is `skip`, `meal`, or a field's.
pub(crate) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    HEADINGS
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
}

/// Whether a heading speaks of a reply or of an invitation, of which an occasion of several events has
/// to know the event.
pub(crate) fn asks_event(heading: &str) -> bool {
    let plain = folded(heading);
    let mut replies = known().filter(|(word, _)| *word == Field::Reply.word());
    words::says_invited(&plain) || replies.any(|(_, reply)| folded(reply) == plain)
}

/// What headings mean, in the form that [`folded`] returns.
pub(crate) type Meanings = BTreeMap<String, Column>;

/// The headings of a list, the place of their row, and whether the list has any.
pub(crate) struct Headings {
    pub(crate) cells: Vec<String>,
    /// `None` if the list has no headings.
    pub(crate) place: Option<usize>,
}

/// Finds the row of headings.
pub(crate) fn headings(rows: &[Line], meanings: &Meanings) -> Headings {
    let place = known_headings(rows, meanings).or_else(|| unlike_the_rest(rows));
    with_headings(rows, place)
}

/// Finds the one of the first rows with the most known headings.
pub(super) fn known_headings(rows: &[Line], meanings: &Meanings) -> Option<usize> {
    let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let is_narrow =
        |(_, cells): &Line| cells.iter().filter(|cell| !cell.trim().is_empty()).count() < 2;
    let recurs = |at: usize, own: &Vec<String>| {
        let plain = folded(&own[at]);
        let is_same = |cell: &String| folded(cell) == plain;
        let mut others = rows.iter().filter(|(_, cells)| cells != own);
        !plain.is_empty() && others.any(|(_, cells)| cells.get(at).is_some_and(is_same))
    };
    let scored = rows
        .iter()
        .take(FIRST_ROWS)
        .enumerate()
        .filter_map(|(place, (_, cells))| {
            let filled = cells.iter().filter(|cell| !cell.trim().is_empty());
            // A line of a list of lines may hold such a word among others.
            let is_known = |cell: &str| match width {
                1 => meanings.contains_key(&folded(cell)),
                _ => meaning(cell, meanings).is_some(),
            };
            let (count, known) = filled.fold((0, 0), |(count, known), cell| {
                (count + 1, known + usize::from(is_known(cell)))
            });
            // One known word may be a value. Only titles stand above headings, and no value recurs.
            let is_below_titles = count > 1 && rows[..place].iter().all(is_narrow);
            let is_of_lines = |place: usize| width == 1 && place <= MOST_TITLES;
            let is_enough =
                known >= 2 || (known == 1 && (place == 0 || is_below_titles || is_of_lines(place)));
            let is_value = known == 1
                && cells
                    .iter()
                    .enumerate()
                    .any(|(at, cell)| meaning(cell, meanings).is_some() && recurs(at, cells));
            let is_value = is_value
                || (known == 1
                    && (0..cells.len()).any(|at| is_section_among_sections(rows, at, cells)));
            let has_data = cells
                .iter()
                .any(|cell| is_data(cell) || words::is_counted_sum(&folded(cell)));
            (is_enough && !is_value && known * 2 >= count && !has_data).then_some((known, place))
        });
    // Of equal rows the first counts.
    let best = scored.max_by_key(|(known, place)| (*known, std::cmp::Reverse(*place)));
    best.map(|(_, place)| place)
}

/// Where a host says that the headings of a sheet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadingRow {
    /// In the row with this number.
    At(usize),
    /// There are none.
    Nowhere,
}

/// The headings of a list where a host says that they are. A row that is not there holds none.
pub(crate) fn headings_at(rows: &[Line], said: HeadingRow) -> Headings {
    let place = match said {
        HeadingRow::At(wanted) => rows.iter().position(|(number, _)| *number == wanted),
        HeadingRow::Nowhere => None,
    };
    with_headings(rows, place)
}

fn with_headings(rows: &[Line], place: Option<usize>) -> Headings {
    let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let cells = place.and_then(|place| rows.get(place));
    let mut cells = cells.map(|(_, cells)| cells.clone()).unwrap_or_default();
    cells.resize(width, String::new());
    Headings { cells, place }
}

/// Whether a cell and another one in its column are words of side, table or work, as values are.
fn is_section_among_sections(rows: &[Line], at: usize, own: &[String]) -> bool {
    let is_section = |cell: &String| words::is_section(cell, &folded(cell));
    let mut others = rows.iter().filter(|(_, cells)| cells != own);
    own.get(at).is_some_and(is_section)
        && others.any(|(_, cells)| cells.get(at).is_some_and(is_section))
}

/// What never stands in a heading: an address or a telephone number.
fn is_data(cell: &str) -> bool {
    !contacts::take_emails(cell).1.is_empty()
        || cell.chars().filter(char::is_ascii_digit).count() >= 6
}

/// A first row of words nobody knows is one of headings if the cells below it are of another kind.
fn unlike_the_rest(rows: &[Line]) -> Option<usize> {
    let (_, first) = rows.first()?;
    let is_unlike = |at: usize| {
        let content = content(&rows[1..], at);
        let cell = first.get(at).map(|cell| cell.trim()).unwrap_or_default();
        !cell.is_empty()
            && !is_data(cell)
            && counts::read(cell).is_none()
            && matches!(
                content,
                Content::Emails | Content::Phones | Content::Numbers
            )
    };
    let has_data = first
        .iter()
        .any(|cell| is_data(cell) || counts::read(cell).is_some());
    (rows.len() > 1 && !has_data && (0..first.len()).any(is_unlike)).then_some(0)
}

/// The meaning of a heading: whole, or else in parts.
fn meaning(heading: &str, meanings: &Meanings) -> Option<Column> {
    let whole = folded(heading);
    if whole.is_empty() {
        return heading.contains('#').then_some(Column::Skip);
    }
    if let Some(column) = meanings.get(&whole) {
        return Some(column.clone());
    }
    if let Some(column) = numbered(&whole, meanings).or_else(|| of_contacts(&whole)) {
        return Some(column);
    }
    let parts = heading.split(['/', ',', ';', '(', ')', ':', '\n', '|', '&', '-', '–']);
    let parts: Vec<Column> = parts
        .filter_map(|part| meanings.get(&folded(part)).cloned())
        .collect();
    let has = |field: Field| parts.contains(&Column::Field(field));
    if let Some(reply) = parts.iter().find(|part| matches!(part, Column::Reply(_))) {
        return Some(reply.clone());
    }
    if has(Field::Phone) && has(Field::Email) {
        return Some(Column::Field(Field::Contact));
    }
    // Parts that disagree: first what must not be lost.
    for field in [
        Field::Diets,
        Field::DietNote,
        Field::Address,
        Field::Email,
        Field::Phone,
        Field::Guest,
        Field::Names,
    ] {
        if has(field) {
            return Some(Column::Field(field));
        }
    }
    parts
        .into_iter()
        .find(|part| *part != Column::Skip)
        .or_else(|| question(&whole))
}

/// "Guest 2 First Name", "Child 1 Last Name", "Additional Guest 3".
fn numbered(whole: &str, meanings: &Meanings) -> Option<Column> {
    let (before, after) = whole.split_at(whole.find(|letter: char| letter.is_ascii_digit())?);
    let end = after
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(after.len());
    let number: u8 = after[..end].parse().ok()?;
    let rest = after[end..].trim();
    let is_child = matches!(
        before.trim(),
        "child" | "kid" | "anak" | "kind" | "enfant" | "bambino"
    );
    let is_person = matches!(
        before.trim(),
        "guest"
            | "additional guest"
            | "person"
            | "plus one"
            | "member"
            | "name"
            | "tetamu"
            | "tamu"
            | "ospite"
            | "gast"
            | "invite"
            | "nama"
    );
    if !is_child && !is_person {
        return None;
    }
    let part = match rest {
        "" | "name" | "full name" => Field::Guest,
        rest => match meanings.get(rest)? {
            Column::Field(Field::Names) => Field::Guest,
            Column::Field(field) if Numbered::PARTS.contains(field) => *field,
            _ => return None,
        },
    };
    Some(Column::Person(Numbered {
        is_child,
        number,
        part,
    }))
}

/// Google's "Phone 2 - Value", "Address 1 - City" and "E-mail 1 - Label".
fn of_contacts(whole: &str) -> Option<Column> {
    let plain: Vec<&str> = whole
        .split(' ')
        .filter(|word| word.parse::<u8>().is_err())
        .collect();
    let plain = plain.join(" ");
    if plain.len() == whole.len() {
        return None;
    }
    let field = match plain.as_str() {
        "phone value" | "phone" | "mobile" | "telephone" | "tel" => Field::Phone,
        "e mail value" | "email value" | "email" | "e mail" => Field::Email,
        "phone label"
        | "phone type"
        | "e mail label"
        | "e mail type"
        | "address label"
        | "address type"
        | "address country code" => return Some(Column::Skip),
        other if other.starts_with("address ") => Field::Address,
        _ => return None,
    };
    Some(Column::Field(field))
}

/// The meaning of a heading that is a whole question: "Do you have any allergies?"
fn question(whole: &str) -> Option<Column> {
    let all: Vec<&str> = whole.split(' ').collect();
    if all.len() < 3 {
        return None;
    }
    let has = |list: &[&str]| {
        list.iter().any(|word| {
            if word.contains(' ') {
                whole.contains(word)
            } else {
                all.contains(word)
            }
        })
    };
    let field = if words::is_allergy(whole)
        || has(&[
            "dietary",
            "diet",
            "makanan",
            "pantang",
            "alahan",
            "alimentari",
            "intolleranze",
            "allergien",
            "alimentaire",
        ]) {
        Field::Diets
    } else if has(&[
        "how many",
        "berapa",
        "quanti",
        "quante",
        "wie viele",
        "combien",
        "cuantos",
        "number of",
        "几位",
        "多少",
    ]) {
        if has(&[
            "adults",
            "dewasa",
            "adulti",
            "erwachsene",
            "adultes",
            "adultos",
        ]) {
            Field::Adults
        } else if has(&[
            "children", "kids", "anak", "kanak", "budak", "bambini", "kinder", "enfants", "ninos",
        ]) {
            Field::Children
        } else {
            Field::People
        }
    } else if has(&["email", "emel", "mail", "courriel"]) {
        Field::Email
    } else if has(&[
        "phone",
        "mobile",
        "whatsapp",
        "telefon",
        "telefono",
        "telephone",
        "hp",
    ]) {
        Field::Phone
    } else if has(&["address", "alamat", "indirizzo", "adresse", "direccion"]) {
        Field::Address
    } else if has(&[
        "your name",
        "full name",
        "nama anda",
        "nama penuh",
        "tuo nome",
        "ihr name",
        "votre nom",
    ]) {
        Field::Guest
    } else {
        return None;
    };
    Some(Column::Field(field))
}

/// What most of a column's cells hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Emails,
    Phones,
    Numbers,
    Words,
}

pub(super) fn content(rows: &[Line], at: usize) -> Content {
    let cells: Vec<&str> = filled(rows, at).collect();
    if cells.is_empty() {
        return Content::Nothing;
    }
    let most = |is: &dyn Fn(&str) -> bool| {
        cells.iter().filter(|cell| is(cell)).count() * 10 >= cells.len() * 6
    };
    if most(&|cell| cell.contains('@')) {
        Content::Emails
    } else if most(&|cell| counts::read(cell).is_some_and(|count| count.people < 100)) {
        Content::Numbers
    } else if most(&|cell| is_phone(cell)) {
        Content::Phones
    } else {
        Content::Words
    }
}

fn is_phone(cell: &str) -> bool {
    let found = contacts::phones(cell);
    found.has_lost_digits
        || (!found.has_rest
            && found.phones.iter().any(|phone| {
                phone
                    .chars()
                    .filter(|letter| counts::plain_digit(*letter).is_ascii_digit())
                    .count()
                    >= 6
            }))
}

fn are_foods(rows: &[Line], at: usize) -> bool {
    filled(rows, at).all(|cell| words::is_food(&folded(cell)))
}

/// Whether a column holds a no, which may be a reply.
fn says_no(rows: &[Line], at: usize) -> bool {
    let mut cells = rows.iter().filter_map(|(_, cells)| cells.get(at));
    cells.any(|cell| words::is_no(cell))
}

fn filled(rows: &[Line], at: usize) -> impl Iterator<Item = &str> {
    let cells = rows.iter().filter_map(move |(_, cells)| cells.get(at));
    let filled = cells
        .map(|cell| cell.trim())
        .filter(|cell| !words::is_nothing(cell));
    filled.take(SAMPLE)
}

/// Guesses what columns mean, from their headings and from what stands below them.
pub(crate) fn guess(headings: &[String], rows: &[Line], meanings: &Meanings) -> Vec<Column> {
    let mut columns: Vec<Column> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| match meaning(heading, meanings) {
            Some(column) => believed(column, heading, rows, at),
            None => match content(rows, at) {
                Content::Nothing if !says_no(rows, at) => Column::Skip,
                Content::Emails => Field::Email.into(),
                Content::Phones => Field::Phone.into(),
                Content::Numbers if headings.iter().all(|heading| heading.trim().is_empty()) => {
                    Field::People.into()
                }
                Content::Words if heading.trim().is_empty() && are_foods(rows, at) => {
                    Field::Diets.into()
                }
                Content::Nothing | Content::Numbers | Content::Words => Field::Other.into(),
            },
        })
        .collect();
    let has = |columns: &[Column], field: Field| columns.contains(&field.into());
    // Without a column of names, the first one with words that nobody knows holds them.
    let is_name = |column: &Column| {
        matches!(
            column,
            Column::Field(Field::Guest | Field::Names | Field::FirstName | Field::LastName)
                | Column::Person(_)
        )
    };
    if !columns.iter().any(is_name) && !has(&columns, Field::Code) {
        let mut unknown = columns.iter_mut().enumerate();
        let unknown = unknown.find(|(at, column)| {
            **column == Field::Other.into() && content(rows, *at) == Content::Words
        });
        if let Some((_, column)) = unknown {
            *column = Field::Guest.into();
        }
    }
    if has(&columns, Field::Names)
        && has(&columns, Field::Guest)
        && !has(&columns, Field::Household)
    {
        replace(&mut columns, Field::Guest, Field::Household);
    }
    // "Name" beside one half is the other half, unless its cells hold that half.
    for (half, other) in [
        (Field::FirstName, Field::LastName),
        (Field::LastName, Field::FirstName),
    ] {
        if has(&columns, half)
            && !has(&columns, other)
            && has(&columns, Field::Guest)
            && !holds(rows, &columns, half)
        {
            replace(&mut columns, Field::Guest, other);
        }
    }
    columns
}

fn replace(columns: &mut [Column], old: Field, new: Field) {
    for column in columns {
        if *column == old.into() {
            *column = new.into();
        }
    }
}

/// Whether most cells with whole names hold the names of the column `half`.
fn holds(rows: &[Line], columns: &[Column], half: Field) -> bool {
    let at = |field: Field| columns.iter().position(|column| *column == field.into());
    let (Some(whole), Some(half)) = (at(Field::Guest), at(half)) else {
        return false;
    };
    let mut both = 0;
    let mut held = 0;
    for (_, cells) in rows.iter().take(SAMPLE) {
        let cell = |at: usize| cells.get(at).map(|cell| folded(cell)).unwrap_or_default();
        if !cell(whole).is_empty() && !cell(half).is_empty() {
            both += 1;
            held += usize::from(cell(whole).contains(&cell(half)));
        }
    }
    held * 2 > both
}

/// A heading is believed if the cells fit. If they do not, the cells decide.
fn believed(column: Column, heading: &str, rows: &[Line], at: usize) -> Column {
    let content = content(rows, at);
    let are_all = |lists: &[&[&str]]| {
        let mut cells = filled(rows, at).map(|cell| (cell, folded(cell))).peekable();
        let is_in = |cell: &str| lists.iter().any(|list| list.contains(&cell));
        cells.peek().is_some() && cells.all(|(cell, plain)| is_in(cell) || is_in(&plain))
    };
    match &column {
        // Crosses below an event are no replies: they say who is invited.
        Column::Reply(event) if are_all(&[&["x"]]) => return Column::Invited(event.clone()),
        // Where nobody is invited, all cells say no.
        Column::Invited(_) if filled(rows, at).next().is_none() && says_no(rows, at) => {}
        Column::Invited(_) if !are_all(&[words::TICKS, words::CROSSES]) => {
            return Field::Other.into();
        }
        _ => {}
    }
    let Column::Field(field) = &column else {
        // "No" may be a reply or a number of the line.
        let is_reply = |cell: &str| {
            words::TICKS.contains(&folded(cell).as_str())
                || words::CROSSES.contains(&folded(cell).as_str())
        };
        let mut cells = filled(rows, at).peekable();
        if column == Column::Skip
            && folded(heading) == "no"
            && cells.peek().is_some()
            && cells.all(|cell| is_reply(cell) && cell.parse::<i64>().is_err())
        {
            return Field::Reply.into();
        }
        return column;
    };
    match (field, content) {
        (Field::Names | Field::Guest, Content::Numbers) => Field::People.into(),
        (
            Field::Names
            | Field::Guest
            | Field::Household
            | Field::People
            | Field::Adults
            | Field::Children
            | Field::Phone,
            Content::Emails,
        ) => Field::Email.into(),
        (
            Field::Names
            | Field::Guest
            | Field::People
            | Field::Adults
            | Field::Children
            | Field::Email,
            Content::Phones,
        ) => Field::Phone.into(),
        (Field::People, Content::Words) if folded(heading) == "nombre" => Field::Guest.into(),
        (Field::Child, Content::Numbers)
            if !filled(rows, at).all(|cell| matches!(cell, "0" | "1")) =>
        {
            Field::Children.into()
        }
        (Field::People | Field::Adults, Content::Words) => Field::Other.into(),
        (Field::Phone, Content::Words) if !filled(rows, at).any(has_digit) => Field::Other.into(),
        _ => column,
    }
}

fn has_digit(cell: &str) -> bool {
    let mut letters = cell.chars();
    letters.any(|letter| counts::plain_digit(letter).is_ascii_digit())
}
