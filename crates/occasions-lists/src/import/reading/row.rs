//! A row of a list, and the people whom its name columns name.

use std::collections::BTreeSet;

use platform::text_cleaning::{clean, clean_line};

use super::super::warning::Warning;
use super::columns::Line;
use super::counts::{self, Count};
use super::name_cell::{self, Habits, NameCell};
use super::words;
use crate::household_document::field::{Column, Field, Numbered, folded};

/// The columns that together are a guest's name, in their order.
const NAME: [Field; 5] = [
    Field::Title,
    Field::FirstName,
    Field::MiddleName,
    Field::LastName,
    Field::Suffix,
];
const PARTNER: [Field; 4] = [
    Field::PartnerTitle,
    Field::PartnerFirst,
    Field::PartnerLast,
    Field::PartnerSuffix,
];

/// What the page says about a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) row: usize,
    pub(crate) column: Option<Column>,
    pub(crate) warning: Warning,
    pub(crate) value: String,
}

/// What the reading of a list needs to know beside it.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) headings: &'a [String],
    pub(crate) columns: &'a [Column],
    pub(crate) rows: &'a [Line],
    /// The keys of the questions that each guest answers.
    pub(crate) guest_questions: &'a [String],
    /// Whether a reply can only mean one event.
    pub(crate) has_one_event: bool,
    /// What equal codes have in common.
    pub(crate) code_key: fn(&str) -> String,
}

pub(crate) struct Row<'a> {
    pub(crate) table: &'a Table<'a>,
    pub(crate) number: usize,
    pub(crate) cells: &'a [String],
    /// Whether it is a row of our own export, whose cells mean exactly what they say.
    pub(crate) is_own: bool,
    pub(crate) habits: Habits,
}

impl Table<'_> {
    /// What most cells with names show.
    pub(crate) fn habits(&self) -> Habits {
        let places = |field: Field| {
            let columns = self.columns.iter().enumerate();
            let columns = columns.filter(move |(_, column)| **column == field.into());
            columns.map(|(at, _)| at).collect::<Vec<usize>>()
        };
        let mut named = [places(Field::Guest), places(Field::Names)].concat();
        if named.is_empty() {
            named = places(Field::Household);
        }
        let counted = places(Field::People);
        let (named, counted) = (&named, &counted);
        Habits::of(self.rows.iter().flat_map(|(_, cells)| {
            let filled = |at: &usize| cells.get(*at).filter(|cell| !cell.trim().is_empty());
            let mut counts = counted.iter().filter_map(filled);
            let pax = counts.find_map(|cell| Some(counts::read(cell)?.people));
            let names = named.iter().filter_map(move |at| cells.get(*at));
            let names = names.filter(|cell| !cell.trim().is_empty());
            names.map(move |cell| (cell.as_str(), pax))
        }))
    }
}

impl Row<'_> {
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.cells
            .get(at)
            .map(|cell| cell.trim())
            .unwrap_or_default()
    }

    /// Whether a cell says nothing. "No" is a reply, and means none among numbers. "Na" is a name.
    pub(crate) fn is_empty(&self, at: usize) -> bool {
        let cell = self.cell(at);
        let is_nothing = match self.table.columns.get(at) {
            Some(
                Column::Reply(_)
                | Column::Invited(_)
                | Column::Answer(_)
                | Column::Field(
                    Field::Reply
                    | Field::PlusOnes
                    | Field::Child
                    | Field::Events
                    | Field::GuestEvents,
                ),
            ) => false,
            // Nobody knows what it says no to.
            Some(Column::Field(Field::Other)) => words::is_nothing(cell) && !words::is_no(cell),
            Some(Column::Field(Field::FirstName | Field::MiddleName | Field::LastName)) => {
                words::is_no_name(cell)
            }
            _ => words::is_nothing(cell),
        };
        cell.is_empty() || (!self.is_own && is_nothing)
    }

    pub(crate) fn has_name_cell(&self) -> bool {
        !folded(&self.name_text()).is_empty()
    }

    pub(crate) fn has_contact(&self) -> bool {
        [Field::Email, Field::Phone, Field::Contact]
            .into_iter()
            .any(|field| {
                self.places(field).any(|at| {
                    self.cell(at).chars().any(char::is_alphanumeric) && !self.is_empty(at)
                })
            })
    }

    pub(crate) fn heading(&self, at: usize) -> &str {
        self.table
            .headings
            .get(at)
            .map(|heading| heading.trim())
            .unwrap_or_default()
    }

    pub(crate) fn labelled(&self, at: Option<usize>, value: &str) -> String {
        match at.map(|at| self.heading(at)) {
            Some(heading) if !heading.is_empty() => format!("{heading}: {value}"),
            _ => value.to_owned(),
        }
    }

    pub(crate) fn line_at(&self, at: usize) -> String {
        clean_line(self.cell(at))
    }

    /// The cells of the columns with this meaning that say something.
    pub(crate) fn places(&self, field: Field) -> impl Iterator<Item = usize> {
        self.filled(field).filter(|at| !self.is_empty(*at))
    }

    fn filled(&self, field: Field) -> impl Iterator<Item = usize> {
        let columns = self.table.columns.iter().enumerate();
        let of_field = columns.filter(move |(_, column)| **column == Column::Field(field));
        of_field
            .map(|(at, _)| at)
            .filter(|at| !self.cell(*at).is_empty())
    }

    pub(crate) fn line(&self, field: Field) -> String {
        let first = self.places(field).next();
        first.map(|at| self.line_at(at)).unwrap_or_default()
    }

    /// All cells, as the line that is left out is named.
    pub(crate) fn text(&self) -> String {
        let cells = self.cells.iter().map(|cell| clean_line(cell));
        cells
            .filter(|cell| !cell.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }

    pub(crate) fn told(&self, column: Option<&Column>, warning: Warning, value: &str) -> Told {
        Told {
            row: self.number,
            column: column.cloned(),
            warning,
            value: value.to_owned(),
        }
    }

    /// A value that says which rows belong together. "TBC" does not.
    pub(crate) fn shared(&self, field: Field) -> String {
        let line = self.line(field);
        if !self.is_own && words::is_nobody(&line, &folded(&line)) {
            return String::new();
        }
        line
    }

    /// What rows of one household share.
    pub(crate) fn key(&self, is_whole: bool) -> Option<String> {
        let code = self.shared(Field::Code);
        if !code.is_empty() {
            return Some(format!("code {}", (self.table.code_key)(&code)));
        }
        let group = folded(&self.shared(Field::Group));
        if !group.is_empty() {
            return Some(format!("group {group}"));
        }
        let household = folded(&self.shared(Field::Household));
        let is_name = household.is_empty() || is_whole || self.is_household_the_name();
        (!is_name).then(|| format!("household {household}"))
    }

    /// Whether the list names people only by their household.
    pub(crate) fn is_household_the_name(&self) -> bool {
        let is_name = |column: &Column| match column {
            Column::Field(field) => matches!(
                field,
                Field::Guest
                    | Field::Names
                    | Field::FirstName
                    | Field::LastName
                    | Field::Partner
                    | Field::PartnerFirst
                    | Field::Code
            ),
            Column::Person(_) => true,
            _ => false,
        };
        !self.is_own && !self.table.columns.iter().any(is_name)
    }

    fn joined(&self, fields: &[Field]) -> String {
        let cells = fields.iter().map(|field| self.line(*field));
        let cells = cells.filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join(" ")
    }

    /// The cells that say how many people there are.
    pub(crate) fn pax_cells(&self) -> impl Iterator<Item = (usize, Count)> {
        self.places(Field::People)
            .filter_map(|at| counts::read(self.cell(at)).map(|count| (at, count)))
    }

    /// How many people the row says there are. Of several numbers the highest one counts.
    pub(crate) fn pax(&self) -> Option<usize> {
        self.pax_cells().map(|(_, count)| count.people).max()
    }

    /// Everybody whom the row names.
    pub(crate) fn name(&self) -> NameCell {
        if self.is_own {
            return self.own_name();
        }
        let pax = self.pax();
        let parted = self.parted_name();
        let mut found = NameCell::default();
        if parted.is_empty() {
            let fields = if self.is_household_the_name() {
                [Field::Household, Field::Household]
            } else {
                [Field::Guest, Field::Names]
            };
            let mut seen = BTreeSet::new();
            for field in fields {
                for at in self.places(field) {
                    if seen.insert(at) {
                        let cell = clean(self.cell(at));
                        add(&mut found, name_cell::read_as(&cell, pax, self.habits));
                    }
                }
            }
        } else {
            for name in &parted {
                add(&mut found, name_cell::read(name, pax));
            }
        }
        let partners = self.places(Field::Partner).map(|at| clean(self.cell(at)));
        for name in partners.chain([self.joined(&PARTNER)]) {
            add_other(&mut found, &name, false);
        }
        for numbered in self.numbers() {
            let name = self.numbered_name(numbered);
            add_other(&mut found, &name, numbered.is_child);
        }
        found
    }

    /// Titles, first and last names; several if the cells name several people in order.
    fn parted_name(&self) -> Vec<String> {
        let (first, last) = (self.line(Field::FirstName), self.line(Field::LastName));
        if first.is_empty() && last.is_empty() {
            return Vec::new();
        }
        for sign in ['/', '&', ';'] {
            let (firsts, lasts): (Vec<&str>, Vec<&str>) =
                (first.split(sign).collect(), last.split(sign).collect());
            if firsts.len() > 1 && firsts.len() == lasts.len() {
                let pairs = firsts.iter().zip(lasts);
                return pairs
                    .map(|(first, last)| format!("{} {}", first.trim(), last.trim()))
                    .collect();
            }
        }
        let name = self.joined(&NAME);
        if name.is_empty() {
            Vec::new()
        } else {
            vec![name]
        }
    }

    fn own_name(&self) -> NameCell {
        let mut found = NameCell::default();
        let has_guest = !self.line(Field::Guest).is_empty() || !self.line(Field::Kind).is_empty();
        if has_guest {
            found.people.push(name_cell::Person {
                name: self.line(Field::Guest),
                ..Default::default()
            });
        }
        found
    }

    fn numbers(&self) -> BTreeSet<Numbered> {
        let columns = self.table.columns.iter().filter_map(|column| match column {
            Column::Person(one) => Some(Numbered {
                part: Field::Guest,
                ..*one
            }),
            _ => None,
        });
        columns.collect()
    }

    fn numbered_name(&self, one: Numbered) -> String {
        let part = |part: Field| {
            let wanted = Column::Person(Numbered { part, ..one });
            let at = self
                .table
                .columns
                .iter()
                .position(|column| *column == wanted);
            at.map(|at| self.line_at(at))
                .filter(|name| !words::is_nothing(name))
        };
        if let Some(whole) = part(Field::Guest) {
            return whole;
        }
        let parts = [Field::Title, Field::FirstName, Field::LastName]
            .into_iter()
            .filter_map(part);
        parts.collect::<Vec<_>>().join(" ")
    }

    /// Whether every word of a name cell is in what was read of the row's names, or was understood.
    pub(crate) fn is_name_used(&self, at: usize, name: &NameCell, household: &str) -> bool {
        if self.is_own {
            return self.table.columns.get(at) == Some(&Field::Guest.into());
        }
        let people = name.people.iter().map(|person| &person.name);
        let texts = people
            .chain(&name.emails)
            .chain(&name.phones)
            .chain(&name.notes);
        let texts = texts.chain(name.food.iter().map(|(_, food)| food));
        let texts = texts.chain(&name.guest_of);
        let texts = texts.map(String::as_str).chain([household]);
        let mut said = BTreeSet::new();
        for text in texts {
            said.extend(folded(text).split(' ').map(str::to_owned));
        }
        let plain = folded(self.cell(at));
        let mut all = plain.split(' ').filter(|word| !word.is_empty());
        all.all(|word| said.contains(word) || words::is_understood(word))
    }

    /// The place of a numbered person among the guests of the row.
    pub(crate) fn numbered_guest(&self, one: Numbered) -> Option<String> {
        let name = self.numbered_name(one);
        let read = if one.is_child {
            name_cell::read_child(&name)
        } else {
            name_cell::read(&name, None)
        };
        read.people.first().map(name_cell::bare)
    }

    pub(crate) fn is_part_of_name(&self, rest: &str) -> bool {
        let names = folded(&self.name_text());
        let plain = folded(rest);
        plain
            .split(' ')
            .all(|word| word.is_empty() || names.split(' ').any(|one| one == word))
    }

    pub(crate) fn is_part_of(&self, at: usize, name: &str) -> bool {
        folded(name).contains(&folded(self.cell(at)))
    }

    /// Whether nothing else in the row says whom it is about.
    pub(crate) fn names_nobody(&self) -> bool {
        let is_empty = |field: Field| self.line(field).is_empty();
        !self.is_own
            && is_empty(Field::Code)
            && is_empty(Field::Reference)
            && (is_empty(Field::Household) || self.is_household_the_name())
            && is_empty(Field::Group)
    }

    /// Whether the row's only name says that one more comes: "+1". Nothing else says whom it is about.
    pub(crate) fn is_plus_one(&self) -> bool {
        !self.is_own && self.names_nobody() && words::is_plus_one(&self.name_text())
    }

    /// The first column that names people.
    pub(crate) fn name_column(&self) -> Column {
        let is_name = |column: &&Column| {
            matches!(
                column,
                Column::Field(
                    Field::Guest
                        | Field::Names
                        | Field::FirstName
                        | Field::LastName
                        | Field::Household
                ) | Column::Person(_)
            )
        };
        let first = self.table.columns.iter().find(is_name);
        first.cloned().unwrap_or(Column::Field(Field::Guest))
    }

    pub(crate) fn name_text(&self) -> String {
        let fields = [
            Field::Household,
            Field::Names,
            Field::Guest,
            Field::Title,
            Field::FirstName,
            Field::MiddleName,
            Field::LastName,
            Field::Suffix,
            Field::Partner,
            Field::PartnerFirst,
            Field::PartnerLast,
        ];
        let cells = fields
            .into_iter()
            .flat_map(|field| self.filled(field))
            .map(|at| self.line_at(at));
        cells.collect::<Vec<_>>().join(" ")
    }
}

/// Adds a second person, or a place where the cell says only "Guest" or "+1".
fn add_other(found: &mut NameCell, name: &str, is_child: bool) {
    let plain = folded(name);
    let without = plain.trim_start_matches("a ");
    let typed = name.trim();
    let is_in = |list: &[&str], plain: &str| list.contains(&typed) || list.contains(&plain);
    let is_place = words::is_role(without) || is_in(words::TICKS, without);
    if words::is_nothing(name) || is_in(words::CROSSES, &plain) {
        return;
    }
    if is_place && is_child {
        found.child_places = found.child_places.saturating_add(1);
    } else if is_place {
        found.add_role(without);
    } else {
        let mut read = if is_child {
            name_cell::read_child(name)
        } else {
            name_cell::read(name, None)
        };
        for person in &mut read.people {
            person.is_child |= is_child;
        }
        add(found, read);
    }
}

fn add(all: &mut NameCell, one: NameCell) {
    let before = all.people.len();
    if all.household.is_empty() {
        all.household.clone_from(&one.household);
    } else if !one.people.is_empty() {
        let people = all.people.iter().chain(&one.people);
        let names: Vec<String> = people.map(name_cell::bare).collect();
        all.household = match names.as_slice() {
            [first, second] => format!("{first} & {second}"),
            [first, ..] => format!("{first} & family"),
            [] => String::new(),
        };
    }
    all.people.extend(one.people);
    all.places = all.places.saturating_add(one.places);
    all.child_places = all.child_places.saturating_add(one.child_places);
    all.total = match (all.total, one.total) {
        (Some(total), Some(more)) => Some(total.saturating_add(more)),
        (total, more) => total.or(more),
    };
    all.is_open |= one.is_open;
    all.guest_of = all.guest_of.take().or(one.guest_of);
    all.food.extend(
        one.food
            .into_iter()
            .map(|(place, food)| (place.map(|place| place + before), food)),
    );
    all.emails.extend(one.emails);
    all.phones.extend(one.phones);
    all.notes.extend(one.notes);
    all.doubts.extend(one.doubts);
}
