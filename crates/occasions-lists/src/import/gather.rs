//! Converts the rows of a list into household documents.

use std::collections::BTreeMap;

use occasions::code::CodeKey;
use occasions::question::Question;
use occasions::words::{AskedOf, QuestionKind, ReplyStatus};
use platform::text_cleaning::{clean, clean_line};
use serde_json::Value;
use web::Findings;
use web::sheet::read::{Line, Table};

use super::finding::{Finding, MOST_FINDINGS};
use super::gathered::{Gathered, Gathering};
use super::identity;
use super::lexicon::Lexicon;
use super::reading::{self, Guest, Household, LONGEST_FOOD, ONE_OF, fits};
use super::warning::Warning;
use crate::household_document::table::{Column, Field, NO_EVENT};
use crate::household_document::{ALL_EVENTS, Ground, GuestRecord, Record};

/// The maximum number of words that are read from one cell. The last one is the rest of the cell.
const MOST_WORDS: usize = 100;

/// The note on food of each of a household that names nobody.
fn shared_food(foods: &[String]) -> Option<String> {
    let notes: Vec<String> = foods.iter().map(|food| format!("{ONE_OF}{food}")).collect();
    // The household's note has what is too long.
    let text: String = notes.join("; ").chars().take(LONGEST_FOOD).collect();
    said(text)
}

/// The data that is needed to convert a list.
pub(super) struct Reader<'a> {
    pub(super) ground: &'a Ground,
    pub(super) lexicon: &'a Lexicon,
}

impl Reader<'_> {
    /// Reads the rows of a table. The findings belong to no household.
    pub(super) fn table(&self, table: &Table, columns: &[Column]) -> Gathering {
        let questions = self.ground.questions.iter();
        let of_guests = questions.filter(|question| question.asked_of == AskedOf::Guest);
        let guest_questions: Vec<String> = of_guests.map(|one| one.key.clone()).collect();
        // Rows of several sheets may have the same number, so they get others while they are read.
        let rows = table.rows.iter().map(|(_, cells)| cells.clone());
        let rows: Vec<Line> = (1..).zip(rows).collect();
        let list = reading::read(&reading::Table {
            headings: &table.headings,
            columns,
            rows: &rows,
            guest_questions: &guest_questions,
            has_one_event: self.ground.events.len() == 1,
            code_key: |code| {
                let key = CodeKey::parse(code);
                key.map_or_else(|_| code.to_owned(), |key| key.as_str().to_owned())
            },
        });
        let households = list.households.into_iter().map(|one| {
            let mut gathered = self.household(one);
            self.replace_words(&mut gathered);
            gathered
        });
        let mut gathering = Gathering {
            households: households.collect(),
            findings: list.told.iter().map(Finding::told).collect(),
            ..Gathering::default()
        };
        identity::name_rows(&mut gathering.households, columns, &rows);
        let number = |row: &mut usize| {
            let line = row.checked_sub(1).and_then(|place| table.rows.get(place));
            *row = line.map_or(*row, |(number, _)| *number);
        };
        for one in &mut gathering.households {
            number(&mut one.row);
            one.guest_rows.iter_mut().for_each(number);
            let findings = one.findings.iter_mut();
            findings.for_each(|finding| number(&mut finding.row));
        }
        let findings = gathering.findings.iter_mut();
        findings.for_each(|finding| number(&mut finding.row));
        gathering
    }

    fn household(&self, read: Household) -> Gathered {
        let mut one = Gathered {
            row: read.row,
            guest_rows: read.guests.iter().map(|guest| guest.row).collect(),
            says_invited: read.invited,
            ..Gathered::default()
        };
        for told in &read.told {
            one.tell(Finding::told(told));
        }
        let mut notes = read.notes;
        let line = |field: Field| read.lines.get(&field).cloned();
        one.record = Record {
            code: line(Field::Code),
            reference: line(Field::Reference),
            household: said(read.name),
            salutation: line(Field::Salutation),
            language: line(Field::Language),
            tags: Some(read.tags).filter(|tags| !tags.is_empty()),
            plus_ones: read.plus_ones.or_else(|| {
                let usual = self.ground.occasion.default_plus_ones;
                read.is_number_unknown.then(|| usual + 1)
            }),
            children: read.children,
            email: line(Field::Email),
            phone: line(Field::Phone),
            address: line(Field::Address),
            deadline: line(Field::Deadline),
            message: line(Field::Message),
            note: None,
            events: line(Field::Events).and_then(|typed| events(&typed)),
            wish: line(Field::Wish),
            answers: answers(read.answers),
            replies: BTreeMap::new(),
            food: shared_food(&read.foods),
            guests: Vec::new(),
        };
        let usual = &self.ground.occasion;
        let people = one.record.plus_ones.unwrap_or(usual.default_plus_ones)
            + one.record.children.unwrap_or(usual.default_children);
        for reply in read.replies {
            // Where nobody may come, nobody has a reply.
            let status = self.lexicon.reply(&reply.typed);
            if let Some(status) = status.filter(|_| people > 0) {
                one.record.replies.insert(self.event(reply.event), status);
                continue;
            }
            let warning = keep_in_note(&mut notes, reply.text);
            let (row, column) = (reply.row, reply.column);
            one.tell(Finding::warning(row, column, warning, &reply.typed));
        }
        for guest in read.guests {
            let guest = self.guest(guest, &mut notes, &mut one);
            one.record.guests.push(guest);
        }
        let email = one.record.email.take_if(|email| !is_email(email));
        let own = one.record.guests.iter_mut().zip(&one.guest_rows);
        let own = own.filter_map(|(guest, row)| {
            Some((*row, guest.email.take_if(|email| !is_email(email))?))
        });
        let mut wrong: Vec<(usize, String)> = own.collect();
        wrong.extend(email.map(|email| (one.row, email)));
        for (row, email) in wrong {
            let told = Finding::warning(row, Field::Email, Warning::EmailInNote, &email);
            one.tell(told);
            notes.push(email);
        }
        one.record.note = said(notes.join("\n"));
        one
    }

    /// Words that nobody knows go to the household's note.
    fn guest(&self, read: Guest, notes: &mut Vec<String>, one: &mut Gathered) -> GuestRecord {
        let row = read.row;
        let kind = self.lexicon.kind(&read.kind);
        let child = self.lexicon.flag(&read.child);
        let unknown = [
            (Field::Kind, &read.kind, kind.is_some()),
            (Field::Child, &read.child, child.is_some()),
        ];
        for (field, typed, is_known) in unknown {
            if !typed.is_empty() && !is_known {
                notes.push(typed.clone());
                one.tell(Finding::warning(row, field, Warning::InNote, typed));
            }
        }
        let mut guest = GuestRecord {
            name: read.name,
            kind,
            child: child.or(read.is_child.then_some(true)),
            age: read.age,
            email: said(read.email),
            phone: said(read.phone),
            diets: Some(read.diets).filter(|diets| !diets.is_empty()),
            diet_note: said(read.diet_notes.join("\n")),
            events: events(&read.events),
            answers: answers(read.answers),
            ..GuestRecord::default()
        };
        for (event, typed) in read.replies {
            let event = self.event(event);
            if let Some(status) = self.lexicon.reply(&typed) {
                guest.replies.entry(event).or_insert(status);
                continue;
            }
            let warning = keep_in_note(
                notes,
                format!("{}: {typed}", self.ground.event_name(&event)),
            );
            one.tell(Finding::warning(row, Column::Reply(event), warning, &typed));
        }
        guest
    }

    /// Without an event, it is the occasion's only one.
    fn event(&self, event: String) -> String {
        match self.ground.events.first() {
            Some(only) if event.is_empty() => only.key.clone(),
            _ => event,
        }
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
        let mut all: Vec<Gathered> = all.collect();
        identity::name_documents(&mut all);
        all
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
            self.tick_noted(guest);
            self.tidy_replies(&mut guest.replies, *row, findings);
        }
        self.tidy_replies(&mut record.replies, *row, findings);
        if !record.replies.is_empty() && !record.guests.is_empty() {
            findings.push(Finding::error(*row, Field::Reply, "not_allowed", ""));
        }
    }

    fn tidy_replies(
        &self,
        replies: &mut BTreeMap<String, ReplyStatus>,
        row: usize,
        findings: &mut Vec<Finding>,
    ) {
        if let Some(status) = replies.remove(ALL_EVENTS) {
            for event in &self.ground.events {
                replies.entry(event.key.clone()).or_insert(status);
            }
        }
        for event in replies.keys() {
            if self.ground.events.iter().all(|one| one.key != *event) {
                let column = Column::Reply(event.clone());
                findings.push(Finding::unknown(row, column, event));
            }
        }
        let is_offered = self.ground.occasion.switches.undecided;
        for (event, status) in replies {
            if *status == ReplyStatus::Undecided && !is_offered {
                let column = Column::Reply(event.clone());
                let unknown = Finding::warning(row, column, Warning::UnknownAnswer, status.word());
                findings.push(unknown);
                *status = ReplyStatus::Pending;
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
        guest.tick_diets(known);
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

    /// Ticks the options that a note about food names. A note that says nothing else goes.
    fn tick_noted(&self, guest: &mut GuestRecord) {
        let Some(note) = guest.diet_note.as_ref() else {
            return;
        };
        // Which of several people has the need is not known yet.
        if note.contains(ONE_OF) {
            return;
        }
        let parts = note.split(['\n', ';', ',', '+', '&']).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let known = parts.map(|part| self.lexicon.diet(part.trim_end_matches(['!', '.'])));
        let known: Vec<Option<&str>> = known.collect();
        // An empty note stays: it takes a stored one away.
        if known.iter().all(Option::is_none) {
            return;
        }
        if known.iter().all(Option::is_some) {
            guest.diet_note = None;
        }
        guest.tick_diets(known.into_iter().flatten().map(str::to_owned));
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

/// Returns what the host is told about the line.
fn keep_in_note(notes: &mut Vec<String>, line: String) -> Warning {
    if notes.contains(&line) {
        return Warning::InNote;
    }
    if !fits(notes, &line) {
        return Warning::LeftOut;
    }
    notes.push(line);
    Warning::InNote
}

fn is_email(typed: &str) -> bool {
    let mut findings = Findings::default();
    findings.email("/email", typed);
    findings.finish().is_ok()
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn answers(typed: Vec<(String, String)>) -> BTreeMap<String, Value> {
    let all = typed.into_iter();
    all.map(|(key, answer)| (key, Value::from(answer)))
        .collect()
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
