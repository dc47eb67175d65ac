//! The meanings of words in an imported list: headings, replies, dietary options, events and
//! choices. The lexicon contains these words in every language in which hosts can export files, and
//! also the words that other software uses.

use std::collections::BTreeMap;

use occasions::diet;
use occasions::question::Question;
use occasions::words::{GuestKind, ReplyStatus};
use web::{Catalogue, Language};

use crate::household_document::Ground;
use crate::household_document::table::{Column, Field, folded, languages};

/// The headings that other software uses, by meaning. They are in the form that [`folded`] returns.
const HEADINGS: &[(Field, &[&str])] = &[
    (
        Field::Code,
        &["code", "invitation code", "invite code", "rsvp code", "kod"],
    ),
    (
        Field::Reference,
        &[
            "id",
            "external id",
            "reference",
            "invitation id",
            "guest id",
            "rujukan",
        ],
    ),
    (
        Field::Household,
        &[
            "household",
            "household name",
            "party",
            "party name",
            "family",
            "family group",
            "invitation",
            "invitation name",
            "group name",
            "isi rumah",
            "keluarga",
            "famiglia",
        ],
    ),
    (
        Field::Salutation,
        &[
            "salutation",
            "greeting",
            "envelope name",
            "name on invitation",
        ],
    ),
    (
        Field::Language,
        &["language", "lang", "locale", "bahasa", "lingua"],
    ),
    (
        Field::Tags,
        &[
            "tags",
            "tag",
            "labels",
            "label",
            "group",
            "groups",
            "group membership",
            "side",
            "label grup",
        ],
    ),
    (
        Field::PlusOnes,
        &[
            "plus ones",
            "plus one",
            "plusones",
            "plus one allowed",
            "allowance",
            "max plus ones",
            "additional guests",
            "extra guests",
            "number of plus ones",
        ],
    ),
    (
        Field::Children,
        &["children", "children allowed", "kids", "number of children"],
    ),
    (
        Field::Email,
        &[
            "email",
            "e mail",
            "email address",
            "e mail address",
            "mail",
            "e mail 1 value",
            "emel",
        ],
    ),
    (
        Field::Phone,
        &[
            "phone",
            "phone number",
            "mobile",
            "mobile phone",
            "mobile number",
            "telephone",
            "cell",
            "cell phone",
            "phone 1 value",
            "whatsapp",
            "telefon",
        ],
    ),
    (
        Field::Address,
        &[
            "address",
            "postal address",
            "mailing address",
            "street address",
            "street",
            "address line 1",
            "address line 2",
            "address 1",
            "address 2",
            "apt suite",
            "apartment",
            "apt",
            "city",
            "state",
            "state province",
            "state region",
            "province",
            "zip",
            "zip code",
            "zip postal code",
            "postal code",
            "postcode",
            "country",
            "address 1 formatted",
            "alamat",
            "indirizzo",
        ],
    ),
    (
        Field::Deadline,
        &["deadline", "rsvp deadline", "rsvp by", "own deadline"],
    ),
    (Field::Message, &["message"]),
    (
        Field::Note,
        &[
            "note",
            "notes",
            "comment",
            "comments",
            "private note",
            "catatan",
        ],
    ),
    (
        Field::Events,
        &["events", "invited to", "event invitations"],
    ),
    (
        Field::Names,
        &[
            "guests",
            "guest names",
            "names",
            "members",
            "people",
            "tetamu",
        ],
    ),
    (
        Field::Guest,
        &[
            "name",
            "guest",
            "guest name",
            "full name",
            "display name",
            "nama",
            "nome",
        ],
    ),
    (
        Field::FirstName,
        &[
            "first name",
            "firstname",
            "given name",
            "forename",
            "nama pertama",
        ],
    ),
    (
        Field::LastName,
        &[
            "last name",
            "lastname",
            "family name",
            "surname",
            "nama akhir",
        ],
    ),
    (
        Field::Partner,
        &[
            "partner",
            "partner name",
            "spouse",
            "plus one name",
            "guest of",
        ],
    ),
    (
        Field::PartnerFirst,
        &[
            "partner first name",
            "spouse first name",
            "plus one first name",
        ],
    ),
    (
        Field::PartnerLast,
        &[
            "partner last name",
            "spouse last name",
            "plus one last name",
        ],
    ),
    (Field::Kind, &["kind", "guest type", "type"]),
    (Field::Child, &["child", "is child", "kanak kanak"]),
    (Field::Age, &["age", "umur"]),
    (Field::GuestEmail, &["guest email", "own email"]),
    (Field::GuestPhone, &["guest phone", "own phone"]),
    (
        Field::Diets,
        &[
            "diet",
            "diets",
            "dietary",
            "dietary needs",
            "dietary restrictions",
            "food",
            "meal",
        ],
    ),
    (
        Field::DietNote,
        &["diet note", "dietary note", "food note", "allergies"],
    ),
];

/// The replies that other software writes. They are in the form that [`folded`] returns.
const REPLIES: &[(ReplyStatus, &[&str])] = &[
    (
        ReplyStatus::Yes,
        &[
            "yes",
            "y",
            "attending",
            "accepted",
            "accepts",
            "coming",
            "will attend",
            "confirmed",
            "hadir",
            "ya",
            "si",
        ],
    ),
    (
        ReplyStatus::No,
        &[
            "no",
            "n",
            "declined",
            "declines",
            "not attending",
            "regrets",
            "not coming",
            "tidak hadir",
            "tidak",
        ],
    ),
    (
        ReplyStatus::Undecided,
        &["undecided", "maybe", "tentative", "not sure"],
    ),
    (
        ReplyStatus::Pending,
        &[
            "pending",
            "no response",
            "no reply",
            "awaiting reply",
            "invited",
            "not responded",
        ],
    ),
];

const YES: &[&str] = &["yes", "y", "true", "t", "1", "x", "ya", "si"];
const NO: &[&str] = &["no", "n", "false", "f", "0", "tidak"];

pub(super) struct Lexicon {
    headings: BTreeMap<String, Column>,
    replies: BTreeMap<String, ReplyStatus>,
    kinds: BTreeMap<String, GuestKind>,
    flags: BTreeMap<String, bool>,
    diets: BTreeMap<String, String>,
    events: BTreeMap<String, String>,
    languages: BTreeMap<String, String>,
    choices: BTreeMap<(String, String), String>,
}

impl Lexicon {
    pub(super) fn new(catalogue: &Catalogue, ground: &Ground) -> Self {
        let texts = languages(catalogue);
        let mut all = Self {
            headings: BTreeMap::new(),
            replies: BTreeMap::new(),
            kinds: BTreeMap::new(),
            flags: BTreeMap::new(),
            diets: BTreeMap::new(),
            events: BTreeMap::new(),
            languages: BTreeMap::new(),
            choices: BTreeMap::new(),
        };
        // If a word has several meanings, the meaning that was added first counts. So the
        // occasion's own words are added before the built-in words.
        for text in &texts {
            for column in Column::all(ground) {
                add(&mut all.headings, &column.heading(text), column);
            }
            for kind in GuestKind::ALL {
                add(&mut all.kinds, &text.say(kind.label()), *kind);
            }
            for status in ReplyStatus::ALL {
                let label = text.say(&format!("reply-{}", status.word()));
                add(&mut all.replies, &label, *status);
            }
            add(&mut all.flags, &text.say("value-yes"), true);
            add(&mut all.flags, &text.say("value-no"), false);
            for option in ground
                .diets
                .iter()
                .filter(|option| diet::is_built_in(&option.key))
            {
                let label = text.say(&format!("diet-{}", option.key));
                add(&mut all.diets, &label, option.key.clone());
            }
        }
        all.add_own(ground);
        for (field, headings) in HEADINGS {
            for heading in *headings {
                add(&mut all.headings, heading, Column::Field(*field));
            }
        }
        for (status, words) in REPLIES {
            for word in *words {
                add(&mut all.replies, word, *status);
            }
        }
        for (words, meaning) in [(YES, true), (NO, false)] {
            for word in words {
                add(&mut all.flags, word, meaning);
            }
        }
        for status in ReplyStatus::ALL {
            add(&mut all.replies, status.word(), *status);
        }
        for kind in GuestKind::ALL {
            add(&mut all.kinds, kind.word(), *kind);
        }
        all
    }

    fn add_own(&mut self, ground: &Ground) {
        for event in &ground.events {
            for name in event
                .name
                .iter()
                .map(|(_, name)| name)
                .chain([event.key.as_str()])
            {
                add(&mut self.events, name, event.key.clone());
                add(&mut self.headings, name, Column::Reply(event.key.clone()));
            }
        }
        for question in &ground.questions {
            let key = &question.key;
            for title in question
                .title
                .iter()
                .map(|(_, title)| title)
                .chain([key.as_str()])
            {
                add(&mut self.headings, title, Column::Answer(key.clone()));
            }
            for choice in &question.choices {
                for label in choice
                    .label
                    .iter()
                    .map(|(_, label)| label)
                    .chain([choice.key.as_str()])
                {
                    let place = (key.clone(), folded(label));
                    self.choices
                        .entry(place)
                        .or_insert_with(|| choice.key.clone());
                }
            }
        }
        for option in &ground.diets {
            let labels = option.label.iter().map(|(_, label)| label);
            for label in labels.chain([option.key.as_str()]) {
                add(&mut self.diets, label, option.key.clone());
            }
        }
        for tag in &ground.occasion.languages {
            let own = Language::of(tag).name;
            for name in [tag.as_str(), &*own, english(tag)] {
                add(&mut self.languages, name, tag.clone());
            }
        }
    }

    /// Guesses the meanings of columns from their headings and cells.
    pub(super) fn guess(&self, headings: &[String], rows: &[(usize, Vec<String>)]) -> Vec<Column> {
        let found = headings.iter().map(|heading| {
            let found = self.headings.get(&folded(heading));
            found.cloned().unwrap_or(Column::Skip)
        });
        let mut columns: Vec<Column> = found.collect();
        let has = |columns: &[Column], field| columns.contains(&Column::Field(field));
        for (at, column) in columns.iter_mut().enumerate() {
            // If a cell contains a number, the column is the number of guests, not a list of their
            // names.
            let mut cells = rows.iter().filter_map(|(_, row)| row.get(at));
            let is_count = |cell: &String| cell.trim().parse::<i64>().is_ok();
            if *column == Column::Field(Field::Names) && cells.any(is_count) {
                *column = Column::Skip;
            }
        }
        let has_names = has(&columns, Field::Names);
        let has_household = has(&columns, Field::Household);
        let has_first = has(&columns, Field::FirstName);
        let mut seen: Vec<Column> = Vec::new();
        for column in &mut columns {
            if *column == Column::Field(Field::Guest) {
                if has_names && !has_household {
                    *column = Column::Field(Field::Household);
                } else if has_first {
                    *column = Column::Skip;
                }
            }
            let may_repeat = matches!(
                column,
                Column::Skip | Column::Field(Field::Address | Field::Tags | Field::Note)
            );
            if !may_repeat && seen.contains(column) {
                *column = Column::Skip;
            }
            seen.push(column.clone());
        }
        columns
    }

    pub(super) fn reply(&self, typed: &str) -> Option<ReplyStatus> {
        self.replies.get(&folded(typed)).copied()
    }

    pub(super) fn kind(&self, typed: &str) -> Option<GuestKind> {
        self.kinds.get(&folded(typed)).copied()
    }

    pub(super) fn flag(&self, typed: &str) -> Option<bool> {
        self.flags.get(&folded(typed)).copied()
    }

    pub(super) fn diet(&self, typed: &str) -> Option<&str> {
        self.diets.get(&folded(typed)).map(String::as_str)
    }

    pub(super) fn event(&self, typed: &str) -> Option<&str> {
        self.events.get(&folded(typed)).map(String::as_str)
    }

    pub(super) fn language(&self, typed: &str) -> Option<&str> {
        self.languages.get(&folded(typed)).map(String::as_str)
    }

    /// Returns the key of the choice that `typed` names. If there is no such choice, returns
    /// `typed` itself.
    pub(super) fn choice(&self, question: &Question, typed: &str) -> String {
        let place = (question.key.clone(), folded(typed));
        let found = self.choices.get(&place);
        found.map_or_else(|| typed.trim().to_owned(), Clone::clone)
    }
}

fn add<T>(words: &mut BTreeMap<String, T>, word: &str, meaning: T) {
    let word = folded(word);
    if !word.is_empty() {
        words.entry(word).or_insert(meaning);
    }
}

fn english(tag: &str) -> &'static str {
    match tag {
        "en" => "english",
        "ms" => "malay",
        "it" => "italian",
        "zh-Hans" => "chinese",
        "ar" => "arabic",
        _ => "",
    }
}
