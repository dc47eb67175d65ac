//! What each cell of a row adds to its household.

use super::super::super::warning::Warning;
use super::super::counts::{self, Count};
use super::super::name_cell::{self, NameCell};
use super::super::row::Row;
use super::super::{contacts, words};
use super::reached::add_contact;
use super::{Guest, Household, LONGEST_NOTE, ONE_OF, WholeReply};
use crate::household_document::field::{Column, Field, Numbered, folded};
use crate::household_document::who_shares_food;
use occasions::table;

const LONGEST_ADDRESS: usize = 500;
/// The most characters of a note on food that stands with each of several guests.
const LONGEST_SHARED: usize = 200;

pub(super) fn add_cell(
    one: &mut Household,
    row: &Row<'_>,
    at: usize,
    from: usize,
    name: &NameCell,
) {
    let count = one.guests.len() - from;
    let column = &row.table.columns[at];
    let cell = row.cell(at);
    let field = match column {
        Column::Skip => return,
        Column::Person(one_of) => return add_person_cell(one, row, at, *one_of, from, name),
        Column::Invited(event) => return one.add_invited(row, at, event),
        Column::Reply(event) => return add_reply(one, row, at, event, from),
        Column::Answer(key) => return add_answer(one, row, at, key, from),
        Column::Field(field) => *field,
    };
    match field {
        Field::Names
        | Field::FirstName
        | Field::LastName
        | Field::MiddleName
        | Field::Title
        | Field::Suffix
        | Field::Partner
        | Field::PartnerFirst
        | Field::PartnerLast
        | Field::PartnerTitle
        | Field::PartnerSuffix
        | Field::Guest => {
            if !row.is_name_used(at, name, &one.name) {
                one.note_cell(row, at, Warning::InNote);
            }
        }
        Field::Household if row.is_household_the_name() => {
            if !row.is_name_used(at, name, &one.name) {
                one.note_cell(row, at, Warning::InNote);
            }
        }
        Field::Household => {
            let line = household_line(one, row, at);
            if one.name.is_empty() {
                one.name = line;
            } else if one.name != line && !row.is_part_of(at, &one.name) {
                one.note_cell(row, at, Warning::InNote);
            }
        }
        Field::Code if !row.is_own && words::is_nobody(cell, &folded(cell)) => {
            one.note_cell(row, at, Warning::InNote);
        }
        Field::Code
        | Field::Reference
        | Field::Salutation
        | Field::Language
        | Field::Deadline
        | Field::Events => {
            if !one.set(field, &row.line_at(at)) {
                one.note_cell(row, at, Warning::InNote);
            }
        }
        // A number only says which rows belong together.
        Field::Group if cell.len() <= 4 && cell.parse::<u16>().is_ok() => {}
        Field::Group => one.note(row, Some(column), &row.labelled(Some(at), cell)),
        Field::Tags => add_tags(one, row, at),
        Field::Message | Field::Wish | Field::Note => add_text(one, row, at, field, from),
        Field::Address => add_address(one, row, at),
        Field::Email | Field::Phone | Field::Contact => add_contact(one, row, at, field, from),
        Field::PlusOnes | Field::Children | Field::People | Field::Adults => {
            add_number(one, row, at, field);
        }
        Field::Diets | Field::DietNote => add_food(one, row, at, field, from),
        Field::Kind
        | Field::Child
        | Field::Age
        | Field::GuestEmail
        | Field::GuestPhone
        | Field::GuestEvents => add_of_guest(one, row, at, field, from, count),
        Field::Reply if row.table.has_one_event => add_reply(one, row, at, "", from),
        Field::Reply => {
            one.note_cell(row, at, absent_or(cell, Warning::InNote));
            let text = row.labelled(Some(at), cell);
            one.row_notes.push((text, row.number));
        }
        Field::Other => {
            let heading = row.heading(at);
            let text = if heading.is_empty() {
                cell.to_owned()
            } else {
                format!("{heading}: {cell}")
            };
            one.note_of_row(row, Some(column), &text);
            if words::is_cancelled(&folded(cell)) {
                one.told
                    .push(row.told(Some(column), Warning::NotComing, cell));
            }
        }
    }
}

/// The name of a household without the remarks beside it, which only hosts read.
fn household_line(one: &mut Household, row: &Row<'_>, at: usize) -> String {
    let line = row.line_at(at);
    let read = name_cell::read(&line, None);
    let is_remark = |doubt: &&Warning| matches!(doubt, Warning::InNote | Warning::NotComing);
    let mut remarks = read.doubts.iter().filter(is_remark).peekable();
    if row.is_own || read.household.is_empty() || remarks.peek().is_none() {
        return line;
    }
    let column = row.table.columns.get(at);
    for remark in remarks {
        one.told.push(row.told(column, *remark, &line));
    }
    for note in &read.notes {
        one.note(row, column, note);
    }
    read.household
}

fn absent_or(cell: &str, other: Warning) -> Warning {
    if words::is_cancelled(&folded(cell)) {
        Warning::NotComing
    } else {
        other
    }
}

fn add_person_cell(
    one: &mut Household,
    row: &Row<'_>,
    at: usize,
    person: Numbered,
    from: usize,
    name: &NameCell,
) {
    if !matches!(person.part, Field::Email | Field::Phone) {
        if !row.is_name_used(at, name, &one.name) {
            one.note_cell(row, at, Warning::InNote);
        }
        return;
    }
    let found = match person.part {
        Field::Email => contacts::emails(row.cell(at)).emails,
        _ => contacts::phones(row.cell(at)).phones,
    };
    // The first person's is the household's.
    if let [contact] = found.as_slice()
        && person.number == 1
        && !person.is_child
        && one.set(person.part, contact)
    {
        return;
    }
    let person_name = row.numbered_guest(person);
    let guest = one.guests[from..]
        .iter_mut()
        .find(|guest| Some(&guest.name) == person_name.as_ref());
    match (guest, found.as_slice()) {
        (Some(guest), [contact]) if person.part == Field::Email => {
            contact.clone_into(&mut guest.email);
        }
        (Some(guest), [contact]) => contact.clone_into(&mut guest.phone),
        _ => one.note_cell(row, at, Warning::InNote),
    }
}

fn add_tags(one: &mut Household, row: &Row<'_>, at: usize) {
    let cell = row.line_at(at).replace(":::", ",");
    let heading = row.heading(at);
    let is_of_tables = table::is_table(heading);
    for tag in cell.split([',', ';']).map(str::trim) {
        let is_number = !tag.is_empty() && tag.chars().all(|sign| sign.is_ascii_digit());
        let is_table = is_of_tables && is_word(tag) && !table::is_table(tag);
        if (is_number || is_table) && !row.is_own {
            one.tag(&format!("{heading} {tag}"));
        } else {
            one.tag(tag);
        }
    }
}

/// A cell such as "-" is no word.
fn is_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn add_text(one: &mut Household, row: &Row<'_>, at: usize, field: Field, from: usize) {
    let cell = row.cell(at);
    let text = match one.lines.get(&field) {
        Some(known) if known.lines().any(|line| line == cell) || known == cell => return,
        Some(known) => format!("{known}\n{cell}"),
        None => cell.to_owned(),
    };
    if field == Field::Note {
        one.note_of_row(row, Some(&field.into()), cell);
        if !row.is_own && words::is_cancelled(&folded(cell)) {
            let told = row.told(Some(&field.into()), Warning::NotComing, cell);
            one.told.push(told);
        }
        if row.is_own {
            return;
        }
        if words::is_food_note(&folded(cell)) {
            add_food_note(one, row, cell, from);
        }
        if words::is_plus_one(cell) {
            one.noted_places = 1;
            let told = row.told(Some(&field.into()), Warning::PlusOne, cell);
            one.told.push(told);
        }
    } else if row.is_own || text.chars().count() <= LONGEST_NOTE {
        one.lines.insert(field, text);
    } else {
        one.note_cell(row, at, Warning::InNote);
    }
}

/// A note on what the row's guests eat is the kitchen's too. A diet by its name is one guest's need;
/// every other text stands as it is.
fn add_food_note(one: &mut Household, row: &Row<'_>, note: &str, from: usize) {
    one.told
        .push(row.told(Some(&Field::Note.into()), Warning::AllergyNote, note));
    if one.guests.len() == from {
        one.foods.push(note.to_owned());
    }
    let plain = folded(note);
    let guests = who_shares_food(&mut one.guests[from..], |guest| guest.is_child);
    let is_of_one = guests.len() > 1 && !words::is_of_both(&plain);
    let is_diet = guests.len() == 1 && words::is_diet(&plain);
    for guest in guests {
        if is_diet {
            guest.diets.push(note.to_owned());
        } else if is_of_one {
            guest.diet_notes.push(format!("{ONE_OF}{note}"));
        } else {
            guest.diet_notes.push(note.to_owned());
        }
    }
}

fn add_address(one: &mut Household, row: &Row<'_>, at: usize) {
    // The first cell of a row's address adds all of them.
    let parts: Vec<usize> = row.places(Field::Address).collect();
    if parts.first() != Some(&at) {
        return;
    }
    let mut kept: Vec<&str> = Vec::new();
    for cell in parts.iter().map(|at| row.cell(*at)) {
        let is_said = kept.iter().any(|known| {
            *known == cell || known.split([',', '\n']).any(|part| part.trim() == cell)
        });
        if !is_said {
            kept.push(cell);
        }
    }
    let address = kept.join(", ");
    let is_kept = address.chars().count() <= LONGEST_ADDRESS && one.set(Field::Address, &address);
    if !is_kept {
        one.note(row, Some(&Field::Address.into()), &address);
        one.told
            .push(row.told(Some(&Field::Address.into()), Warning::InNote, &address));
    }
}

fn add_number(one: &mut Household, row: &Row<'_>, at: usize, field: Field) {
    let cell = row.cell(at);
    let plain = folded(cell);
    let is_in = |list: &[&str]| list.contains(&cell) || list.contains(&plain.as_str());
    let tick = match (field, cell.parse::<i64>()) {
        (Field::PlusOnes, Err(_)) if is_in(words::TICKS) => Some(1),
        (Field::PlusOnes, Err(_)) if is_in(words::CROSSES) || words::is_nothing(cell) => Some(0),
        _ => None,
    };
    let count = counts::read(cell).or(tick.map(|people| Count {
        people,
        ..Count::default()
    }));
    let Some(count) = count else {
        return add_names(one, row, at, field);
    };
    // Of two numbers the higher one counts, and the other one is named.
    let mut doubtful = count.is_doubtful.then(|| cell.to_owned());
    let number = i64::try_from(count.people).unwrap_or(i64::MAX);
    let mut compare = |known: Option<i64>| match known {
        Some(known) if known < number => doubtful = Some(known.to_string()),
        Some(known) if known > number => doubtful = Some(cell.to_owned()),
        _ => {}
    };
    match field {
        Field::PlusOnes => {
            compare(one.declared);
            one.declared = one.declared.max(Some(number));
        }
        Field::Children => {
            let known = one.declared_children;
            compare(known.and_then(|known| i64::try_from(known).ok()));
            one.declared_children = known.max(Some(count.people));
        }
        Field::People => {
            let most = row.pax().unwrap_or(count.people);
            if count.people < most {
                doubtful = Some(cell.to_owned());
            }
            if row.pax_cells().next().is_some_and(|(first, _)| first == at) {
                one.totals.push(most);
                let children = row.pax_cells().map(|(_, count)| count.children).max();
                one.child_places = one.child_places.saturating_add(children.unwrap_or(0));
            }
        }
        // Without a column of all people, they are the adults and the children.
        _ if row.pax().is_none() => {
            let children = row.places(Field::Children);
            let all = children.map(|at| {
                let cell = row.cell(at).replace(',', ";");
                let count = counts::read(&cell).map(|count| count.people);
                count.unwrap_or_else(|| name_cell::read(&cell, None).people.len())
            });
            one.totals
                .push(all.fold(count.people, usize::saturating_add));
        }
        _ => {}
    }
    if let Some(value) = doubtful {
        let told = row.told(Some(&field.into()), Warning::NumberDoubtful, &value);
        one.told.push(told);
    }
}

/// A name where a number belongs is the person.
fn add_names(one: &mut Household, row: &Row<'_>, at: usize, field: Field) {
    let cell = row.cell(at);
    let first = cell.chars().find(|sign| sign.is_alphanumeric());
    let is_name = first.is_some_and(|first| first.is_uppercase() || !first.is_ascii());
    let is_asked = matches!(field, Field::PlusOnes | Field::Children);
    // Children stand between commas.
    let found = match field {
        Field::Children => name_cell::read_child(&cell.replace(',', ";")),
        _ => name_cell::read(cell, None),
    };
    let has_child = found.people.iter().any(|person| person.is_child);
    let has_digits = cell.chars().any(|sign| sign.is_ascii_digit());
    let is_read =
        !found.people.is_empty() && (!has_digits || has_child || field == Field::Children);
    let is_place = found.people.is_empty() && found.places + found.child_places > 0;
    if row.is_own || !is_asked || !(is_place || (is_name && is_read)) {
        return one.note_cell(row, at, absent_or(cell, Warning::NumberDoubtful));
    }
    // "Kai's parents" are two places, and the note says whose.
    let mut named = found.household.split_whitespace().map(folded);
    let is_unsaid = found.people.is_empty() && !named.all(|word| words::is_understood(&word));
    let has_more = is_unsaid
        || !found.notes.is_empty()
        || !found.emails.is_empty()
        || !found.phones.is_empty()
        || !found.food.is_empty()
        || found.guest_of.is_some()
        || found.total.is_some()
        || found.is_open;
    one.places = one.places.saturating_add(found.places);
    one.child_places = one.child_places.saturating_add(found.child_places);
    for person in found.people {
        let guest = Guest {
            row: row.number,
            name: name_cell::bare(&person),
            is_child: person.is_child || field == Field::Children,
            age: person.age,
            ..Guest::default()
        };
        one.add_guest(row, guest);
    }
    if has_more {
        one.note_cell(row, at, Warning::InNote);
    }
    for doubt in found.doubts {
        one.told.push(row.told(Some(&field.into()), doubt, cell));
    }
}

fn add_food(one: &mut Household, row: &Row<'_>, at: usize, field: Field, from: usize) {
    let cell = row.cell(at);
    let is_split = field == Field::Diets && !cell.contains('\n');
    let total: usize = one.guests[from..].len();
    match total {
        0 => {
            one.note_cell(row, at, Warning::InNote);
            one.foods.push(cell.to_owned());
        }
        1 if one.guests[from].is_child || !says_child(cell) => {
            let guest = &mut one.guests[from];
            if is_split {
                guest
                    .diets
                    .extend(cell.split([',', ';']).map(|word| word.trim().to_owned()));
            } else {
                guest.diet_notes.push(cell.to_owned());
            }
        }
        _ => share_food(one, row, Some(at), cell, from),
    }
}

/// Whether a food need may be that of a child.
fn says_child(food: &str) -> bool {
    folded(food).split(' ').any(words::is_child_word)
}

/// Food of a row with several people: each adult's note says that it is one of them, until the host
/// says whose it is.
pub(super) fn share_food(
    one: &mut Household,
    row: &Row<'_>,
    at: Option<usize>,
    food: &str,
    from: usize,
) {
    if one.guests.len() == from {
        one.foods.push(food.to_owned());
        return one.note(row, None, food);
    }
    let column = at.and_then(|at| row.table.columns.get(at).cloned());
    let column = column.unwrap_or_else(|| row.name_column());
    // What is too long to stand with each of them is in the household's note, once.
    let is_long = food.chars().count() > LONGEST_SHARED;
    let food = if is_long {
        one.note(row, Some(&column), &row.labelled(at, food));
        food.chars().take(LONGEST_SHARED).collect::<String>() + "…"
    } else {
        food.to_owned()
    };
    one.told
        .push(row.told(Some(&column), Warning::WhoseDiet, &food));
    let is_of_child = says_child(&food);
    let is_child = |guest: &Guest| guest.is_child && !is_of_child;
    for guest in who_shares_food(&mut one.guests[from..], is_child) {
        guest.diet_notes.push(format!("{ONE_OF}{food}"));
    }
}

fn add_of_guest(
    one: &mut Household,
    row: &Row<'_>,
    at: usize,
    field: Field,
    from: usize,
    count: usize,
) {
    if count == 0 {
        return one.note_cell(row, at, Warning::InNote);
    }
    let line = row.line_at(at);
    if count > 1 {
        let column = Column::from(field);
        one.told
            .push(row.told(Some(&column), Warning::FirstGuest, &line));
    }
    let guest = &mut one.guests[from];
    let place = match field {
        Field::Kind => &mut guest.kind,
        Field::Child => &mut guest.child,
        Field::GuestEmail => &mut guest.email,
        Field::GuestPhone => &mut guest.phone,
        Field::GuestEvents => &mut guest.events,
        _ => {
            match line.parse() {
                Ok(age) if (0..=17).contains(&age) || row.is_own => {
                    (guest.age, guest.is_child) = (Some(age), true);
                }
                Ok(age) if (18..=120).contains(&age) => {
                    one.note(row, None, &row.labelled(Some(at), &line));
                }
                _ => one.note_cell(row, at, Warning::InNote),
            }
            return;
        }
    };
    if place.is_empty() {
        line.clone_into(place);
    } else if *place != line {
        one.note_cell(row, at, Warning::InNote);
    }
}

fn add_reply(one: &mut Household, row: &Row<'_>, at: usize, event: &str, from: usize) {
    let line = row.line_at(at);
    if one.guests.len() == from {
        return one.replies.push(WholeReply {
            row: row.number,
            column: row.table.columns[at].clone(),
            event: event.to_owned(),
            text: row.labelled(Some(at), &line),
            typed: line,
        });
    }
    let mut has_other = false;
    for guest in &mut one.guests[from..] {
        match guest.replies.iter().find(|(there, _)| there == event) {
            Some((_, known)) => has_other |= *known != line,
            None => guest.replies.push((event.to_owned(), line.clone())),
        }
    }
    if has_other {
        one.note_cell(row, at, Warning::InNote);
    }
}

fn add_answer(one: &mut Household, row: &Row<'_>, at: usize, key: &str, from: usize) {
    let cell = row.cell(at).to_owned();
    let is_of_guest = row.table.guest_questions.iter().any(|one| one == key);
    let count = one.guests.len() - from;
    if is_of_guest && count > 1 {
        one.told
            .push(row.told(row.table.columns.get(at), Warning::FirstGuest, &cell));
    }
    let answers = match (is_of_guest, one.guests.get_mut(from)) {
        (false, _) => &mut one.answers,
        (true, Some(guest)) => &mut guest.answers,
        (true, None) => return one.note_cell(row, at, Warning::InNote),
    };
    match answers.iter().find(|(there, _)| there == key) {
        Some((_, known)) if *known != cell => one.note_cell(row, at, Warning::InNote),
        Some(_) => {}
        None => answers.push((key.to_owned(), cell)),
    }
}
