//! Converts the rows of a list into household documents.

use std::collections::BTreeMap;

use occasions::code::CodeKey;
use occasions::household::GUEST_LIMIT;
use occasions::question::Question;
use occasions::words::{AskedOf, GuestKind, QuestionKind, ReplyStatus};
use platform::text_cleaning::{clean, clean_line, fold};
use serde_json::Value;
use web::sheet::read::Table;

use super::cells::Cells;
use super::finding::{Finding, MOST_FINDINGS, Warning};
use super::left_out::LeftOut;
use super::lexicon::Lexicon;
use crate::household_document::table::{Column, Field, NO_EVENT};
use crate::household_document::{ALL_EVENTS, Ground, GuestRecord, Record};

/// The maximum number of words that are read from one cell. The last one is the rest of the cell.
const MOST_WORDS: usize = 100;
/// A household in a list, with its row numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) record: Record,
    /// The number of the household's first row.
    pub(super) row: usize,
    /// The row number of each guest in the household.
    pub(super) guest_rows: Vec<usize>,
    pub(super) findings: Vec<Finding>,
    /// The number of cells that are left out beyond those that `findings` names.
    pub(super) unnamed: usize,
}

/// The data that is needed to convert a list.
pub(super) struct Reader<'a> {
    pub(super) ground: &'a Ground,
    pub(super) lexicon: &'a Lexicon,
}

impl Reader<'_> {
    /// Groups the rows of a table into households. Rows with the same code are one household. Rows
    /// without a code are one household if they have the same household name, unless a column lists
    /// all guests of a household. Every other row is a separate household.
    pub(super) fn table(&self, table: &Table, columns: &[Column]) -> Vec<Gathered> {
        let mut all: Vec<Gathered> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let is_whole = columns.contains(&Column::Field(Field::Names));
        for (number, cells) in &table.rows {
            let row = Cells { columns, cells };
            let code = row.line(Field::Code);
            let household = row.line(Field::Household);
            let key = match (code.as_str(), household.as_str()) {
                ("", "") => None,
                ("", name) if is_whole => Some(format!("{number} {name}")),
                ("", name) => Some(format!("household {}", fold(name))),
                (code, _) => Some(match CodeKey::parse(code) {
                    Ok(key) => format!("code {}", key.as_str()),
                    Err(_) => format!("code {code}"),
                }),
            };
            let known = key.as_ref().and_then(|key| places.get(key).copied());
            let at = known.unwrap_or(all.len());
            if known.is_none() {
                all.push(Gathered {
                    row: *number,
                    ..Gathered::default()
                });
                places.extend(key.map(|key| (key, at)));
            }
            self.add_row(&mut all[at], *number, &row);
        }
        for one in &mut all {
            self.replace_words(one);
        }
        all
    }

    /// Numbers the household documents by their position in the list.
    pub(super) fn records(&self, records: Vec<Record>) -> Vec<Gathered> {
        let all = records.into_iter().enumerate().map(|(index, record)| {
            let row = index + 1;
            let mut one = Gathered {
                guest_rows: vec![row; record.guests.len()],
                row,
                record,
                ..Gathered::default()
            };
            self.replace_words(&mut one);
            one
        });
        all.collect()
    }

    fn add_row(&self, one: &mut Gathered, number: usize, row: &Cells<'_>) {
        let before = one.record.guests.len();
        let guests = guests(row);
        let mut left_out = LeftOut {
            row: number,
            findings: &mut one.findings,
            unnamed: &mut one.unnamed,
        };
        left_out.repeated(row);
        let record = &mut one.record;
        if row.line(Field::Household).is_empty() && record.household.is_none() {
            let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
            let names = names.join(" & ");
            record.household = Some(names).filter(|names| !names.is_empty());
        }
        for (field, place) in [
            (Field::Code, &mut record.code),
            (Field::Reference, &mut record.reference),
            (Field::Household, &mut record.household),
            (Field::Salutation, &mut record.salutation),
            (Field::Language, &mut record.language),
            (Field::Phone, &mut record.phone),
            (Field::Deadline, &mut record.deadline),
        ] {
            left_out.unless_first(place, field, row.line(field));
        }
        for (field, place, between) in [
            (Field::Message, &mut record.message, "\n"),
            (Field::Note, &mut record.note, "\n"),
            (Field::Wish, &mut record.wish, "\n"),
            (Field::Address, &mut record.address, ", "),
        ] {
            left_out.unless_first(place, field, row.text(field, between));
        }
        let tags = row.line_of_all(Field::Tags, ",");
        if !tags.is_empty() {
            let all = record.tags.get_or_insert_default();
            for tag in split(&tags.replace(":::", ","), &[',', ';']) {
                if !all.contains(&tag) {
                    all.push(tag);
                }
            }
        }
        let invited = row.line(Field::Events);
        match (events(&invited), &mut record.events) {
            (Some(new), Some(known)) if new != *known => left_out.tell(Field::Events, &invited),
            (Some(new), place) => *place = Some(new),
            (None, _) => {}
        }
        for (field, place) in [
            (Field::PlusOnes, &mut record.plus_ones),
            (Field::Children, &mut record.children),
        ] {
            let typed = row.line(field);
            if typed.is_empty() {
                continue;
            }
            // In this column "yes" means one additional guest, and "no" means none.
            let allowed = self.lexicon.flag(&typed).map(i64::from);
            match (typed.parse().ok().or(allowed), &place) {
                (None, _) => {
                    let invalid = Finding::error(number, field, "invalid", &typed);
                    left_out.findings.push(invalid);
                }
                (Some(new), Some(known)) if new != *known => left_out.tell(field, &typed),
                (new, _) => *place = new,
            }
        }
        let (unnamed, mut guests): (Vec<_>, Vec<_>) = guests.into_iter().partition(is_placeholder);
        if !unnamed.is_empty() && row.line(Field::PlusOnes).is_empty() {
            let more = i64::try_from(unnamed.len()).unwrap_or(0);
            record.plus_ones = Some(record.plus_ones.unwrap_or(0) + more);
        }
        // If the email address differs from the household's, it belongs to the guest.
        let email = row.line(Field::Email);
        match (&record.email, guests.first_mut()) {
            (Some(known), Some(guest)) if !email.is_empty() && fold(known) != fold(&email) => {
                guest.email.get_or_insert(email);
            }
            _ => left_out.unless_first(&mut record.email, Field::Email, email),
        }
        for (key, cell) in row.answers() {
            let question = self.ground.questions.iter().find(|one| one.key == *key);
            match (
                question.map(|question| question.asked_of),
                guests.first_mut(),
            ) {
                (Some(AskedOf::Guest), Some(guest)) => {
                    guest.answers.insert(key.clone(), Value::from(cell));
                }
                (Some(AskedOf::Household), _) => {
                    let new = Value::from(cell.as_str());
                    if *record.answers.entry(key.clone()).or_insert(new.clone()) != new {
                        left_out.tell(Column::Answer(key.clone()), &cell);
                    }
                }
                _ => {}
            }
        }
        left_out.of_guests(row, self.ground, guests.len());
        record.guests.extend(guests);
        one.guest_rows.resize(record.guests.len(), number);
        self.read_guest(one, before, number, row);
    }

    /// If the row names several guests, only the replies apply to all of them.
    fn read_guest(&self, one: &mut Gathered, from: usize, number: usize, row: &Cells<'_>) {
        let (guests, findings) = (&mut one.record.guests[from..], &mut one.findings);
        for (event, cell) in row.replies() {
            if let Some(status) = self.lexicon.reply(&cell) {
                for guest in &mut *guests {
                    guest.replies.entry(event.clone()).or_insert(status);
                }
            } else {
                let column = Column::Reply(event.clone());
                findings.push(Finding::warning(
                    number,
                    column,
                    Warning::UnknownAnswer,
                    &cell,
                ));
            }
        }
        let Some(guest) = guests.first_mut() else {
            return;
        };
        let kind = row.line(Field::Kind);
        if !kind.is_empty() {
            guest.kind = self.lexicon.kind(&kind);
            if guest.kind.is_none() {
                findings.push(Finding::error(number, Field::Kind, "unknown_option", &kind));
            }
        }
        let child = row.line(Field::Child);
        if !child.is_empty() {
            guest.child = self.lexicon.flag(&child);
            if guest.child.is_none() {
                findings.push(Finding::error(
                    number,
                    Field::Child,
                    "unknown_option",
                    &child,
                ));
            }
        }
        let age = row.line(Field::Age);
        if !age.is_empty() {
            guest.age = age.parse().ok();
            match guest.age {
                Some(_) => guest.child = guest.child.or(Some(true)),
                None => findings.push(Finding::error(number, Field::Age, "invalid", &age)),
            }
        }
        let mut left_out = LeftOut {
            row: number,
            findings,
            unnamed: &mut one.unnamed,
        };
        let email = row.line(Field::GuestEmail);
        left_out.unless_first(&mut guest.email, Field::GuestEmail, email);
        let phone = row.line(Field::GuestPhone);
        left_out.unless_first(&mut guest.phone, Field::GuestPhone, phone);
        let note = row.text(Field::DietNote, "\n");
        left_out.unless_first(&mut guest.diet_note, Field::DietNote, note);
        let diets = row.line_of_all(Field::Diets, ",");
        if !diets.is_empty() {
            guest.diets = Some(split(&diets, &[',', ';']));
        }
        guest.events = events(&row.line(Field::GuestEvents));
    }

    fn replace_words(&self, one: &mut Gathered) {
        let Gathered {
            record,
            row,
            guest_rows,
            findings,
            ..
        } = one;
        let lines = [
            &mut record.code,
            &mut record.reference,
            &mut record.household,
            &mut record.salutation,
            &mut record.language,
            &mut record.email,
            &mut record.phone,
            &mut record.deadline,
        ];
        for text in lines {
            tidy(text, clean_line);
        }
        let texts = [
            &mut record.address,
            &mut record.message,
            &mut record.note,
            &mut record.wish,
        ];
        for text in texts {
            tidy(text, clean);
        }
        if let Some(typed) = &record.language {
            if let Some(tag) = self.lexicon.language(typed) {
                record.language = Some(tag.to_owned());
            } else {
                let column = Field::Language;
                findings.push(Finding::warning(
                    *row,
                    column,
                    Warning::UnknownLanguage,
                    typed,
                ));
                record.language = None;
            }
        }
        if let Some(tags) = &mut record.tags {
            // Google adds labels that begin with `* ` to every contact. Nobody chose these labels,
            // so they are skipped.
            tags.retain(|tag| !tag.trim().is_empty() && !tag.trim().starts_with("* "));
            for tag in tags {
                *tag = clean_line(tag);
            }
        }
        self.tidy_events(&mut record.events, *row, Field::Events, findings);
        self.tidy_answers(&mut record.answers, AskedOf::Household);
        for (guest, row) in record.guests.iter_mut().zip(guest_rows) {
            guest.name = clean_line(&guest.name);
            tidy(&mut guest.email, clean_line);
            tidy(&mut guest.phone, clean_line);
            tidy(&mut guest.diet_note, clean);
            self.tidy_events(&mut guest.events, *row, Field::GuestEvents, findings);
            self.tidy_answers(&mut guest.answers, AskedOf::Guest);
            self.replace_diets(guest, *row, findings);
            if let Some(status) = guest.replies.remove(ALL_EVENTS) {
                for event in &self.ground.events {
                    guest.replies.entry(event.key.clone()).or_insert(status);
                }
            }
            for event in guest.replies.keys() {
                if self.ground.events.iter().all(|one| one.key != *event) {
                    let column = Column::Reply(event.clone());
                    findings.push(Finding::unknown(*row, column, event));
                }
            }
            let is_offered = self.ground.occasion.switches.undecided;
            for (event, status) in &mut guest.replies {
                if *status == ReplyStatus::Undecided && !is_offered {
                    let column = Column::Reply(event.clone());
                    let unknown =
                        Finding::warning(*row, column, Warning::UnknownAnswer, status.word());
                    findings.push(unknown);
                    *status = ReplyStatus::Pending;
                }
            }
        }
    }

    fn tidy_events(
        &self,
        events: &mut Option<Vec<String>>,
        row: usize,
        field: Field,
        findings: &mut Vec<Finding>,
    ) {
        for event in events.iter_mut().flatten() {
            match self.lexicon.event(event) {
                Some(key) => key.clone_into(event),
                None if findings.len() < MOST_FINDINGS => {
                    findings.push(Finding::error(row, field, "unknown_option", event));
                }
                None => {}
            }
        }
        if let Some(keys) = events {
            let place = |key: &String| {
                let mut all = self.ground.events.iter();
                all.position(|event| event.key == *key)
            };
            keys.sort_by_key(place);
            keys.dedup();
        }
    }

    /// A requirement without a matching option is stored as text.
    fn replace_diets(&self, guest: &mut GuestRecord, row: usize, findings: &mut Vec<Finding>) {
        let Some(typed) = guest.diets.take() else {
            return;
        };
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for word in typed {
            match self.lexicon.diet(&word) {
                Some(key) => known.push(key.to_owned()),
                None => unknown.push(clean_line(&word)),
            }
        }
        known.sort();
        known.dedup();
        guest.diets = Some(known).filter(|known| !known.is_empty());
        if !unknown.is_empty() {
            let words = unknown.join(", ");
            findings.push(Finding::warning(
                row,
                Field::Diets,
                Warning::UnknownDiet,
                &words,
            ));
            let note = guest.diet_note.take();
            let both = note.into_iter().chain([words]).collect::<Vec<_>>();
            guest.diet_note = Some(both.join("; "));
        }
    }

    fn tidy_answers(&self, answers: &mut BTreeMap<String, Value>, of: AskedOf) {
        for question in self
            .ground
            .questions
            .iter()
            .filter(|one| one.asked_of == of)
        {
            if let Some(answer) = answers.get_mut(&question.key) {
                let typed = self.typed(question, answer);
                // A value that cannot be parsed is reported later, with the other errors.
                if let Ok(Some(read)) = question.read(&typed)
                    && let Ok(stored) = serde_json::to_value(read)
                {
                    *answer = stored;
                }
            }
        }
    }

    /// A list names choices by their labels, but the question needs their keys.
    fn typed(&self, question: &Question, answer: &Value) -> Value {
        let Value::String(text) = answer else {
            return answer.clone();
        };
        match question.kind {
            QuestionKind::OneChoice | QuestionKind::Meal => {
                self.lexicon.choice(question, text).into()
            }
            QuestionKind::SeveralChoices => {
                let keys = split(text, &[',', ';', '\n']).into_iter();
                keys.map(|word| Value::from(self.lexicon.choice(question, &word)))
                    .collect()
            }
            QuestionKind::YesNo => match self.lexicon.flag(text) {
                Some(yes) => yes.into(),
                None => answer.clone(),
            },
            QuestionKind::ShortText
            | QuestionKind::LongText
            | QuestionKind::Number
            | QuestionKind::Date => answer.clone(),
        }
    }
}

fn guests(row: &Cells<'_>) -> Vec<GuestRecord> {
    let joined = |first: Field, last: Field| {
        let parts = [row.line(first), row.line(last)];
        parts.join(" ").trim().to_owned()
    };
    let mut names = split(&row.text(Field::Names, ";"), &[';', '\n']);
    names.truncate(GUEST_LIMIT + 1);
    let own = match row.line(Field::Guest) {
        name if name.is_empty() => joined(Field::FirstName, Field::LastName),
        name => name,
    };
    let has_kind = !row.line(Field::Kind).is_empty();
    if !own.is_empty() || has_kind {
        names.push(own);
    }
    let mut partner = row.line(Field::Partner);
    if partner.is_empty() {
        partner = joined(Field::PartnerFirst, Field::PartnerLast);
    }
    if !partner.is_empty() {
        names.push(partner);
    }
    let named = |name| GuestRecord {
        name,
        ..GuestRecord::default()
    };
    names.into_iter().map(named).collect()
}

fn tidy(place: &mut Option<String>, clean: fn(&str) -> String) {
    *place = place.as_deref().map(clean).filter(|text| !text.is_empty());
}

fn split(text: &str, between: &[char]) -> Vec<String> {
    let parts = text.splitn(MOST_WORDS, between).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn events(typed: &str) -> Option<Vec<String>> {
    match typed {
        "" => None,
        NO_EVENT => Some(Vec::new()),
        typed => Some(split(typed, &[',', ';'])),
    }
}

fn is_placeholder(guest: &GuestRecord) -> bool {
    let is_named = guest.kind != Some(GuestKind::PlusOne);
    let words = ["guest", "+1", "+ 1", "plus one", "plus 1", "tetamu"];
    is_named && words.contains(&fold(&guest.name).as_str())
}
