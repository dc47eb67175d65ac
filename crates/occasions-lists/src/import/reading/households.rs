//! The households of a list, from its rows.

mod cells;
mod doubles;
mod notes;
mod reached;

use std::collections::{BTreeMap, BTreeSet};

use self::cells::{add_cell, share_food};
use self::doubles::{join_doubles, place_guests};
use self::notes::fit_note;
pub(crate) use self::notes::fits;
use self::reached::{add_email, add_phone};

use super::super::warning::Warning;
use super::name_cell::{self, NameCell};
use super::row::{Row, Table, Told};
use super::words;
use crate::household_document::field::{Column, Field, folded};

/// How many more people a household may bring, and how many people it may have.
const MOST_TO_BRING: i64 = 20;
const MOST_PEOPLE: usize = 30;
/// The most characters of a household's note, of an address, and of a guest's note on food.
pub(crate) const LONGEST_NOTE: usize = 2_000;
pub(crate) const LONGEST_FOOD: usize = 500;
/// Begins a note on food that stands with each of several guests.
pub(crate) const ONE_OF: &str = "one of: ";

/// The columns that a list of ours has, and no other. It is taken word by word.
const OURS: [Field; 5] = [
    Field::Kind,
    Field::Child,
    Field::Age,
    Field::DietNote,
    Field::GuestEvents,
];
/// The most characters of a household's and a guest's name, and of a guest's telephone number.
const LONGEST_HOUSEHOLD: usize = 120;
const LONGEST_NAME: usize = 100;
const LONGEST_PHONE: usize = 32;

/// A guest, with words as the list has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Guest {
    pub(crate) row: usize,
    pub(crate) name: String,
    pub(crate) is_child: bool,
    pub(crate) age: Option<i64>,
    pub(crate) child: String,
    pub(crate) kind: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) diets: Vec<String>,
    pub(crate) diet_notes: Vec<String>,
    pub(crate) events: String,
    /// By event; empty for all events.
    pub(crate) replies: Vec<(String, String)>,
    pub(crate) answers: Vec<(String, String)>,
}

/// A reply of a row that names nobody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeReply {
    pub(crate) row: usize,
    pub(crate) column: Column,
    /// Empty for all events.
    pub(crate) event: String,
    pub(crate) typed: String,
    /// What the note says if nobody has the reply.
    pub(crate) text: String,
}

/// A household, with words as the list has them. An empty text is not in the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Household {
    pub(crate) row: usize,
    pub(crate) name: String,
    pub(crate) lines: BTreeMap<Field, String>,
    pub(crate) tags: Vec<String>,
    pub(crate) plus_ones: Option<i64>,
    pub(crate) children: Option<i64>,
    /// Allow one more than usual, because the list does not say how many come.
    pub(crate) is_number_unknown: bool,
    pub(crate) notes: Vec<String>,
    /// By question.
    pub(crate) answers: Vec<(String, String)>,
    /// By event, whether they are invited.
    pub(crate) invited: BTreeMap<String, bool>,
    /// Of rows that name nobody.
    pub(crate) replies: Vec<WholeReply>,
    /// Food needs of rows that name nobody. The notes have them too.
    pub(crate) foods: Vec<String>,
    pub(crate) guests: Vec<Guest>,
    pub(crate) told: Vec<Told>,
    /// Notes that are about the people of a row, with its number.
    row_notes: Vec<(String, usize)>,
    /// Places that a note gives, and perhaps another row too.
    noted_places: usize,
    totals: Vec<usize>,
    declared: Option<i64>,
    places: usize,
    child_places: usize,
    declared_children: Option<usize>,
    rows: usize,
    is_open: bool,
    is_family: bool,
}

/// What a list holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct List {
    pub(crate) households: Vec<Household>,
    /// What belongs to no household.
    pub(crate) told: Vec<Told>,
}

/// Reads the rows of a list. Rows with the same code are one household; so are rows with the same
/// household's name or number, unless a column lists all people of a household. Every other row is
/// a household, unless it has the same name and contact as an earlier one.
pub(crate) fn read(table: &Table<'_>) -> List {
    let mut list = List::default();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let is_whole = table.columns.contains(&Field::Names.into());
    let is_own = OURS
        .iter()
        .all(|field| table.columns.contains(&(*field).into()));
    let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    // Most lines of a list with headings between its lines have more than one cell.
    let narrow = table.rows.iter().filter(|(_, cells)| {
        filled(cells) == 1
            && !cells
                .iter()
                .any(|cell| words::is_section(cell, &folded(cell)))
    });
    let narrow = narrow.count();
    let wide = table.rows.iter().filter(|(_, cells)| filled(cells) > 1);
    let wide = wide.count();
    let is_wide = wide >= narrow * 4;
    let mut section: Option<String> = None;
    let habits = table.habits();
    tell_columns(table, &mut list);
    for (number, cells) in table.rows {
        let row = Row {
            table,
            number: *number,
            cells,
            is_own,
            habits,
        };
        if !is_own && filled(cells) == 1 {
            let typed = cells
                .iter()
                .find(|cell| !cell.trim().is_empty())
                .map(|cell| cell.trim())
                .unwrap_or_default();
            let plain = folded(typed);
            let is_label = if is_wide {
                words::is_section(typed, &plain)
            } else {
                words::is_only_section(typed, &plain)
            };
            if is_label && table.rows.len() > 1 && (is_wide || table.columns.len() == 1) {
                let label = typed.trim_end_matches(':').trim();
                list.told.push(row.told(None, Warning::Section, typed));
                section = Some(label.to_owned());
                continue;
            }
        }
        let name = row.name();
        if name.is_nobody() && row.names_nobody() && (row.has_name_cell() || !row.has_contact()) {
            list.told
                .push(row.told(None, Warning::LineLeftOut, &row.text()));
            continue;
        }
        let key = row.key(is_whole);
        let known = key.as_ref().and_then(|key| places.get(key).copied());
        let above = list.households.len().checked_sub(1);
        let known = known.or(above.filter(|_| key.is_none() && row.is_plus_one()));
        let at = known.unwrap_or(list.households.len());
        if known.is_none() {
            list.households.push(Household {
                row: *number,
                ..Household::default()
            });
            places.extend(key.map(|key| (key, at)));
        }
        let one = &mut list.households[at];
        one.rows += 1;
        add_row(one, &row, &name);
        if let Some(section) = &section {
            one.tag(section);
        }
    }
    if !is_own {
        join_doubles(&mut list, table);
        place_guests(&mut list);
    }
    for one in &mut list.households {
        finish(one, is_own);
        settle_replies(one);
        fit_note(one);
    }
    list
}

/// Names the columns that are left alone, with what is in them.
fn tell_columns(table: &Table<'_>, list: &mut List) {
    for (at, column) in table.columns.iter().enumerate() {
        let mut cells: Vec<&str> = Vec::new();
        let mut filled = 0;
        for (_, row) in table.rows {
            let cell = row.get(at).map(|cell| cell.trim()).unwrap_or_default();
            filled += usize::from(!cell.is_empty());
            if !cell.is_empty() && !cells.contains(&cell) && cells.len() < 50 {
                cells.push(cell);
            }
        }
        if *column == Column::Skip && filled > 0 {
            let heading = table
                .headings
                .get(at)
                .map(|heading| heading.trim())
                .unwrap_or_default();
            list.told.push(Told {
                row: table.rows.first().map_or(0, |(number, _)| *number),
                column: None,
                warning: Warning::ColumnLeftAlone,
                value: format!("{heading}: {}", cells.join(", ")),
            });
        }
    }
}

impl Household {
    fn tag(&mut self, tag: &str) {
        let tag = tag.trim();
        if !tag.is_empty() && !self.tags.iter().any(|one| one == tag) {
            self.tags.push(tag.to_owned());
        }
    }

    /// Keeps a text in the note, or says that there is no room for it.
    fn note(&mut self, row: &Row<'_>, column: Option<&Column>, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.notes.iter().any(|note| note == text) {
            return;
        }
        if fits(&self.notes, text) {
            self.notes.push(text.to_owned());
        } else {
            self.told.push(row.told(column, Warning::LeftOut, text));
        }
    }

    /// Keeps a cell in the note below its heading, and says so.
    fn note_cell(&mut self, row: &Row<'_>, at: usize, warning: Warning) {
        let cell = row.cell(at).to_owned();
        let heading = row.heading(at);
        let text = if heading.is_empty() {
            cell.clone()
        } else {
            format!("{heading}: {cell}")
        };
        let column = row.table.columns.get(at);
        self.note(row, column, &text);
        self.told.push(row.told(column, warning, &cell));
    }

    /// Whoever is invited by one row is invited. A row that says otherwise is in the note.
    fn add_invited(&mut self, row: &Row<'_>, at: usize, event: &str) {
        let cell = row.cell(at);
        let plain = folded(cell);
        let is_in = |list: &[&str]| list.contains(&cell) || list.contains(&plain.as_str());
        let is_invited = is_in(words::TICKS);
        if !is_invited && !is_in(words::CROSSES) && !words::is_nothing(cell) {
            return self.note_cell(row, at, Warning::InNote);
        }
        let known = self.invited.get(event).copied();
        if known.is_some_and(|known| known != is_invited) {
            self.note_cell(row, at, Warning::InNote);
        }
        let is_invited = is_invited || known == Some(true);
        self.invited.insert(event.to_owned(), is_invited);
    }

    fn tell_absent(&mut self) {
        let rows: BTreeSet<usize> = self.guests.iter().map(|guest| guest.row).collect();
        for row in rows
            .into_iter()
            .chain(self.guests.is_empty().then_some(self.row))
        {
            self.told.push(Told {
                row,
                column: Some(Field::People.into()),
                warning: Warning::NotComing,
                value: "0".to_owned(),
            });
        }
    }

    /// Sets a value that is not set. Returns false if another one is there.
    fn set(&mut self, field: Field, value: &str) -> bool {
        if let Some(known) = self.lines.get(&field) {
            return known == value;
        }
        self.lines.insert(field, value.to_owned());
        true
    }

    /// Adds a guest, or keeps the name in the note if the household is full.
    fn add_guest(&mut self, row: &Row<'_>, guest: Guest) {
        if row.is_own || self.guests.len() < MOST_PEOPLE {
            self.guests.push(guest);
            return;
        }
        let column = Column::from(Field::Guest);
        self.note(row, None, &guest.name);
        self.told
            .push(row.told(Some(&column), Warning::InNote, &guest.name));
    }
}

fn add_row(one: &mut Household, row: &Row<'_>, name: &NameCell) {
    let from = one.guests.len();
    if !row.is_own {
        one.name_by_row(row, name);
    }
    add_people(one, row, name);
    for at in 0..row.table.columns.len() {
        if !row.is_empty(at) {
            add_cell(one, row, at, from, name);
        }
    }
}

impl Household {
    fn name_by_row(&mut self, row: &Row<'_>, name: &NameCell) {
        let has_other = !row.shared(Field::Household).is_empty() && !row.is_household_the_name();
        if self.name.is_empty() && !has_other {
            self.name.clone_from(&name.household);
        }
    }
}

fn add_people(one: &mut Household, row: &Row<'_>, name: &NameCell) {
    let from = one.guests.len();
    for person in &name.people {
        let guest = Guest {
            row: row.number,
            name: name_cell::bare(person),
            is_child: person.is_child,
            age: person.age,
            ..Guest::default()
        };
        one.add_guest(row, guest);
    }
    one.places = one.places.saturating_add(name.places);
    one.child_places = one.child_places.saturating_add(name.child_places);
    match (name.total, row.pax()) {
        (Some(total), Some(pax)) if total != pax => {
            let column = Column::from(Field::People);
            let told = row.told(Some(&column), Warning::NumberDoubtful, &total.to_string());
            one.told.push(told);
        }
        (_, Some(_)) | (None, None) => {}
        (Some(total), None) => one.totals.push(total),
    }
    one.is_open |= name.is_open;
    one.is_family |= name.people.is_empty() && !name.household.is_empty();
    for (place, food) in &name.food {
        let Some(place) = place else {
            share_food(one, row, None, food, from);
            continue;
        };
        let at = from + (*place).min(name.people.len().saturating_sub(1));
        match one.guests.get_mut(at) {
            Some(guest) => guest.diets.extend(
                food.split([',', ';', '/', '&', '+'])
                    .map(|one| one.trim().to_owned()),
            ),
            None => one.note(row, None, food),
        }
    }
    for note in &name.notes {
        one.note(row, None, note);
    }
    // `share_food` has told whose it may be.
    let doubts = name.doubts.iter();
    for doubt in doubts.filter(|doubt| **doubt != Warning::WhoseDiet) {
        one.told
            .push(row.told(Some(&row.name_column()), *doubt, &row.name_text()));
    }
    if let Some(host) = &name.guest_of {
        let is_alone = one.guests.is_empty() && !one.lines.contains_key(&Field::Partner);
        if is_alone {
            one.lines.insert(Field::Partner, host.clone());
        } else {
            one.note(row, None, &format!("Guest of {host}"));
        }
    }
    for email in &name.emails {
        add_email(one, row, None, email);
    }
    for phone in &name.phones {
        add_phone(one, row, None, phone, from);
    }
}

fn finish(one: &mut Household, is_own: bool) {
    if let Some(host) = one.lines.remove(&Field::Partner) {
        one.notes.push(format!("Guest of {host}"));
    }
    let tell = |one: &mut Household, field: Field, warning, value: String| {
        let row = one.row;
        one.told.push(Told {
            row,
            column: Some(field.into()),
            warning,
            value,
        });
    };
    if one.name.is_empty() {
        let names: Vec<&str> = one
            .guests
            .iter()
            .map(|guest| guest.name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        one.name = match names.as_slice() {
            [first, _, _, ..] if !is_own => format!("{first} & family"),
            names => names.join(" & "),
        };
    }
    if one.name.is_empty() {
        // Somebody of whom only an address is known.
        let is_known = [Field::Code, Field::Reference]
            .iter()
            .any(|field| one.lines.contains_key(field));
        let contact = one
            .lines
            .get(&Field::Email)
            .or_else(|| one.lines.get(&Field::Phone));
        let contact = contact.filter(|_| !is_known);
        one.name = contact.cloned().unwrap_or_default();
    }
    if is_own {
        one.plus_ones = one.declared;
        one.children = one
            .declared_children
            .and_then(|number| i64::try_from(number).ok());
        return;
    }
    if one.guests.len() > MOST_PEOPLE {
        for guest in one.guests.split_off(MOST_PEOPLE) {
            one.notes.push(guest.name.clone());
            tell(one, Field::Guest, Warning::InNote, guest.name);
        }
    }
    one.name_row_notes();
    let named = one.guests.len();
    let children_named = one.guests.iter().filter(|guest| guest.is_child).count();
    let child_places = match one.declared_children {
        Some(number) => number.saturating_sub(children_named).max(one.child_places),
        None => one.child_places,
    };
    let is_same = one.rows > 1
        && one.totals.len() == one.rows
        && one.totals.windows(2).all(|pair| pair[0] == pair[1])
        && one.totals.first().is_some_and(|total| *total >= one.rows);
    let total = if is_same {
        one.totals.first().copied()
    } else {
        one.totals.iter().copied().reduce(usize::saturating_add)
    };
    let known = named.saturating_add(child_places);
    let mut places = one.places.max(one.noted_places);
    let has_reply =
        !one.replies.is_empty() || one.guests.iter().any(|guest| !guest.replies.is_empty());
    if total == Some(0) && !has_reply {
        one.tell_absent();
    } else if let Some(total) = total {
        if total < known.saturating_add(places) {
            tell(
                one,
                Field::People,
                Warning::NumberDoubtful,
                total.to_string(),
            );
        }
        places = places.max(total.saturating_sub(known));
    } else if one.is_open
        || (one.is_family && named == 0 && one.places == 0 && one.declared.is_none())
    {
        one.is_number_unknown = true;
        let name = one.name.clone();
        tell(one, Field::People, Warning::NumberUnknown, name);
    }
    if named == 0 {
        let name = one.name.clone();
        tell(one, Field::Guest, Warning::NobodyNamed, name);
    }
    let places = i64::try_from(places).unwrap_or(i64::MAX);
    let said = total.is_some() || places > 0;
    one.plus_ones = match one.declared {
        Some(declared) => Some(declared.max(places)),
        None => said.then_some(places),
    };
    one.children = (child_places > 0 || one.declared_children.is_some())
        .then(|| i64::try_from(child_places).unwrap_or(i64::MAX));
    for (field, place) in [
        (Field::PlusOnes, &mut one.plus_ones),
        (Field::Children, &mut one.children),
    ] {
        if let Some(number) = place.filter(|number| *number > MOST_TO_BRING) {
            *place = Some(MOST_TO_BRING);
            // Places come from the total, unless a column says more of them.
            let is_of_total = field == Field::PlusOnes && one.declared.unwrap_or(0) < number;
            let of_total = total.filter(|_| is_of_total);
            let said = of_total.map_or_else(|| number.to_string(), |total| total.to_string());
            one.notes.push(said.clone());
            let row = one.row;
            one.told.push(Told {
                row,
                column: Some(field.into()),
                warning: Warning::NumberDoubtful,
                value: said,
            });
        }
    }
    cut(&mut one.name, LONGEST_HOUSEHOLD, &mut one.notes);
    for guest in &mut one.guests {
        cut(&mut guest.name, LONGEST_NAME, &mut one.notes);
        cut(&mut guest.phone, LONGEST_PHONE, &mut one.notes);
        let note = guest.diet_notes.join("; ");
        if note.chars().count() > LONGEST_FOOD {
            guest.diet_notes = vec![note.chars().take(LONGEST_FOOD).collect()];
            let row = guest.row;
            one.told.push(Told {
                row,
                column: Some(Field::DietNote.into()),
                warning: Warning::InNote,
                value: note.clone(),
            });
            one.notes.push(note);
        }
    }
}

/// Leaves the replies that every row of a household gives that names nobody. A number may say how many
/// come. The note keeps all others.
fn settle_replies(one: &mut Household) {
    let all = std::mem::take(&mut one.replies);
    for reply in &all {
        let mut same = all.iter().filter(|other| other.event == reply.event);
        let is_number = reply.typed != "0" && reply.typed.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = one.guests.is_empty()
            && !is_number
            && same.clone().count() >= one.rows
            && same.all(|other| other.typed == reply.typed);
        if !is_whole {
            one.notes.push(reply.text.clone());
            one.told.push(Told {
                row: reply.row,
                column: Some(reply.column.clone()),
                warning: Warning::InNote,
                value: reply.typed.clone(),
            });
        } else if one.replies.iter().all(|known| known.event != reply.event) {
            one.replies.push(reply.clone());
        }
    }
}

/// Cuts a text that is too long for its field. The note keeps all of it.
fn cut(text: &mut String, longest: usize, notes: &mut Vec<String>) {
    if text.chars().count() > longest {
        let short = text.chars().take(longest).collect();
        notes.push(std::mem::replace(text, short));
    }
}
