//! Contacts of a phone (vCard 2.1, 3.0 and 4.0: RFC 6350), as rows of a list.

mod card;
mod line;
mod pictures;

use std::borrow::Cow;
use std::collections::BTreeMap;

use encoding_rs::{UTF_16BE, UTF_16LE};
use web::sheet::read::{Line, MOST_ROWS, Unreadable};

use self::card::{Card, Labelled};
use self::line::Lines;
pub(super) use self::pictures::WithoutPictures;
use crate::household_document::field::folded;
use crate::household_document::table::{Column, Field};

/// The most different labels of telephone numbers, or of email addresses. Further ones stand in the
/// cells of one more column.
const MOST_LABELS: usize = 20;
/// The most different names of properties that are counted by themselves.
const MOST_NAMES: usize = 100;
/// The most characters of what stands outside all cards.
const MOST_OUTSIDE: usize = 2_000;

/// The contacts of a file, as a table with a row for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contacts {
    pub(super) headings: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// The number of a row is its card's place in the file.
    pub(super) rows: Vec<Line>,
    /// What else the cards have: the names of properties, and how often they occur.
    pub(super) unread: Vec<(String, usize)>,
    /// What stands outside all cards; often empty.
    pub(super) outside: String,
}

/// Returns whether a file begins with a card.
pub(super) fn is_contacts(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"BEGIN:VCARD";
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let begin = text.get(..BEGIN.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(BEGIN))
}

/// A text in UTF-16, as some programs write cards, in UTF-8.
pub(super) fn from_utf_16(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (encoding, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
        _ => return Cow::Borrowed(bytes),
    };
    let (text, _) = encoding.decode_without_bom_handling(rest);
    Cow::Owned(text.into_owned().into_bytes())
}

/// Reads cards without pictures.
pub(super) fn read(bytes: &[u8]) -> Result<Contacts, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut all = Reader::default();
    let mut lines = Lines::new(bytes);
    while let Some(property) = lines.next() {
        let value = property.value.trim().to_ascii_uppercase();
        match (property.name.as_str(), value.as_str()) {
            ("BEGIN", "VCARD") if all.is_agent => all.depth += 1,
            ("END", "VCARD") if all.depth > 0 => all.depth -= 1,
            ("BEGIN", "VCARD") => {
                lines.is_old = false;
                all.begin()?;
            }
            ("END", "VCARD") => all.end(),
            _ => {
                lines.is_old |= property.name == "VERSION" && value.starts_with('2');
                all.add(&property);
            }
        }
        // In version 2.1 the value of this property is a card.
        all.is_agent = property.name == "AGENT" && value.is_empty();
        if all.is_agent && all.depth == 0 {
            all.count("AGENT");
        }
    }
    all.end();
    all.table()
}

#[derive(Default)]
struct Reader {
    /// The card that is being read.
    card: Option<Card>,
    /// How many cards have begun.
    begun: usize,
    /// How many cards inside the card have begun.
    depth: usize,
    is_agent: bool,
    cards: Vec<(usize, Card)>,
    unread: BTreeMap<String, usize>,
    outside: String,
}

impl Reader {
    /// A card that was never ended is one all the same.
    fn begin(&mut self) -> Result<(), Unreadable> {
        self.end();
        self.begun += 1;
        if self.begun > MOST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        self.card = Some(Card::default());
        Ok(())
    }

    fn end(&mut self) {
        self.depth = 0;
        if let Some(mut card) = self.card.take() {
            card.finish();
            self.cards.push((self.begun, card));
        }
    }

    fn add(&mut self, property: &line::Property) {
        let card = self.card.as_mut().filter(|_| self.depth == 0);
        if let Some(card) = card
            && !property.name.is_empty()
        {
            if !card.add(property) {
                self.count(&property.name);
            }
            return;
        }
        if self.depth == 0 && self.outside.len() < MOST_OUTSIDE {
            if !property.name.is_empty() {
                self.outside.push_str(&property.name);
                self.outside.push(':');
            }
            self.outside.push_str(property.value.trim());
            self.outside.push(' ');
        }
    }

    fn count(&mut self, name: &str) {
        let is_known = self.unread.contains_key(name);
        let name = if is_known || self.unread.len() < MOST_NAMES {
            name.chars().take(60).collect()
        } else {
            "…".to_owned()
        };
        *self.unread.entry(name).or_default() += 1;
    }

    fn table(self) -> Result<Contacts, Unreadable> {
        let phones = labels(&self.cards, |card| &card.phones);
        let emails = labels(&self.cards, |card| &card.emails);
        let mut table = Table::default();
        let mut rows = Vec::new();
        for (number, card) in &self.cards {
            rows.push((*number, table.cells(card, &phones, &emails)));
        }
        let order = table.order(&phones, &emails);
        let rows = rows.into_iter().map(|(number, mut cells)| {
            let cells = order.iter().map(|one| cells.remove(one));
            let cells: Vec<String> = cells.map(Option::unwrap_or_default).collect();
            (number, cells)
        });
        let rows: Vec<Line> = rows
            .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
            .collect();
        if rows.is_empty() {
            return Err(Unreadable::Empty);
        }
        Ok(Contacts {
            headings: order.iter().map(Heading::heading).collect(),
            columns: order.iter().map(Heading::meaning).collect(),
            rows,
            unread: self.unread.into_iter().collect(),
            outside: self.outside.trim().to_owned(),
        })
    }
}

/// The column of a table of contacts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heading {
    Name,
    /// The name by its parts, where it says more than the whole name.
    FullName,
    Phone(String),
    MorePhones,
    Email(String),
    MoreEmails,
    Address,
    OtherAddresses,
    Organisation,
    Labels,
    Note,
}

impl Heading {
    fn heading(&self) -> String {
        let labelled = |word: &str, label: &str| match label {
            "" => word.to_owned(),
            label => format!("{word} ({label})"),
        };
        match self {
            Self::Name => "Name".to_owned(),
            Self::FullName => "Full name".to_owned(),
            Self::Phone(label) => labelled("Phone", label),
            Self::MorePhones => "More phones".to_owned(),
            Self::Email(label) => labelled("Email", label),
            Self::MoreEmails => "More emails".to_owned(),
            Self::Address => "Address".to_owned(),
            Self::OtherAddresses => "Other address".to_owned(),
            Self::Organisation => "Organisation".to_owned(),
            Self::Labels => "Labels".to_owned(),
            Self::Note => "Note".to_owned(),
        }
    }

    fn meaning(&self) -> Column {
        let field = match self {
            Self::Name => Field::Guest,
            Self::Phone(label) if matches!(label.as_str(), "fax" | "pager") => Field::Other,
            Self::Phone(_) => Field::Phone,
            Self::Email(_) => Field::Email,
            Self::Address => Field::Address,
            Self::Labels => Field::Tags,
            Self::Note => Field::Note,
            Self::FullName
            | Self::MorePhones
            | Self::MoreEmails
            | Self::OtherAddresses
            | Self::Organisation => Field::Other,
        };
        field.into()
    }
}

/// The labels that have a column of their own: the usual ones first, a mobile number before all
/// others, then those that people typed, the most frequent first.
fn labels(cards: &[(usize, Card)], of: fn(&Card) -> &Vec<Labelled>) -> Vec<String> {
    const USUAL: [&str; 8] = [
        "mobile", "", "home", "main", "work", "other", "pager", "fax",
    ];
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for one in cards.iter().flat_map(|(_, card)| of(card)) {
        *times.entry(&one.label).or_default() += 1;
    }
    let mut all: Vec<(&str, usize)> = times.into_iter().collect();
    all.sort_by_key(|(label, times)| {
        let rank = USUAL.iter().position(|one| one == label);
        // What people typed stands before what is no number for a call.
        let rank = rank.map_or(6, |rank| if rank > 5 { rank + 1 } else { rank });
        (rank, std::cmp::Reverse(*times))
    });
    all.truncate(MOST_LABELS);
    all.into_iter().map(|(label, _)| label.to_owned()).collect()
}

type Cells = BTreeMap<Heading, String>;

#[derive(Default)]
struct Table {
    used: std::collections::BTreeSet<Heading>,
}

impl Table {
    fn cells(&mut self, card: &Card, phones: &[String], emails: &[String]) -> Cells {
        let mut cells = Cells::new();
        let mut put = |heading: Heading, value: &str, between: &str| {
            if value.is_empty() {
                return;
            }
            self.used.insert(heading.clone());
            let cell = cells.entry(heading).or_default();
            if !cell.is_empty() {
                cell.push_str(between);
            }
            cell.push_str(value);
        };
        let name = card.name();
        put(Heading::Name, &name, " ");
        put(
            Heading::FullName,
            &card.other_name().unwrap_or_default(),
            " ",
        );
        for one in &card.phones {
            if phones.contains(&one.label) {
                put(Heading::Phone(one.label.clone()), &one.value, "; ");
            } else {
                let value = format!("{}: {}", one.label, one.value);
                put(Heading::MorePhones, &value, "; ");
            }
        }
        for one in &card.emails {
            if emails.contains(&one.label) {
                put(Heading::Email(one.label.clone()), &one.value, "; ");
            } else {
                let value = format!("{}: {}", one.label, one.value);
                put(Heading::MoreEmails, &value, "; ");
            }
        }
        let home = card.addresses.iter().position(|one| one.label == "home");
        let home = home.unwrap_or(0);
        for (at, one) in card.addresses.iter().enumerate() {
            if at == home {
                put(Heading::Address, &one.value, "\n");
            } else {
                let value = match one.label.as_str() {
                    "" => one.value.clone(),
                    label => format!("{label}: {}", one.value),
                };
                put(Heading::OtherAddresses, &value, "\n");
            }
        }
        if folded(&card.organisation) != folded(&name) {
            put(Heading::Organisation, &card.organisation, ", ");
        }
        put(Heading::Labels, &card.tags.join(", "), ", ");
        put(Heading::Note, &card.notes.join("\n"), "\n");
        cells
    }

    /// The columns in their order; the name always has one.
    fn order(&self, phones: &[String], emails: &[String]) -> Vec<Heading> {
        let all = [Heading::Name, Heading::FullName].into_iter();
        let all = all.chain(phones.iter().cloned().map(Heading::Phone));
        let all = all.chain([Heading::MorePhones]);
        let all = all.chain(emails.iter().cloned().map(Heading::Email));
        let rest = [
            Heading::MoreEmails,
            Heading::Address,
            Heading::OtherAddresses,
            Heading::Organisation,
            Heading::Labels,
            Heading::Note,
        ];
        all.chain(rest)
            .filter(|one| *one == Heading::Name || self.used.contains(one))
            .collect()
    }
}

#[cfg(test)]
mod tests;
