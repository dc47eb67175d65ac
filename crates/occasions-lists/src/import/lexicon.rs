//! The meanings of words in an imported list: headings, replies, dietary options, events and
//! choices. The lexicon contains these words in every language in which hosts can export files, and
//! also the words that other software uses.

use std::collections::BTreeMap;

use occasions::diet;
use occasions::event::Event;
use occasions::question::Question;
use occasions::words::{GuestKind, QuestionKind, ReplyStatus};
use web::{Catalogue, Language};

use super::reading::{self, Meanings};
use crate::household_document::Ground;
use crate::household_document::table::{Column, Field, folded, languages};

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
            "akan hadir",
            "datang",
            "dtg",
            "ya",
            "si",
            "sì",
            "ja",
            "oui",
            "kommt",
            "zusage",
            "confermato",
            "accepte",
            "出席",
            "参加",
            "是",
            "نعم",
            "سيحضر",
            "1",
            "true",
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
            "will not attend",
            "can t come",
            "cannot come",
            "can t make it",
            "tidak hadir",
            "tak dtg",
            "tak datang",
            "tak hadir",
            "tidak",
            "nein",
            "non",
            "absage",
            "kommt nicht",
            "no viene",
            "refuse",
            "不出席",
            "不参加",
            "否",
            "لا",
            "0",
            "false",
        ],
    ),
    (
        ReplyStatus::Undecided,
        &[
            "undecided",
            "maybe",
            "perhaps",
            "tentative",
            "not sure",
            "not sure yet",
            "unsure",
        ],
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

const YES: &[&str] = &[
    "yes", "y", "true", "t", "1", "x", "ya", "si", "ja", "oui", "是", "نعم",
];
const NO: &[&str] = &[
    "no", "n", "false", "f", "0", "tidak", "nein", "non", "否", "لا",
];

pub(super) struct Lexicon {
    headings: Meanings,
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
        for option in &ground.diets {
            let others = DIETS.iter().filter(|(key, _)| *key == option.key);
            for word in others.flat_map(|(_, words)| *words) {
                add(&mut all.diets, word, option.key.clone());
            }
        }
        for (word, heading) in reading::known() {
            if let Some(column) = column(word, ground) {
                add(&mut all.headings, heading, column);
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
            let names = event.name.iter().map(|(_, name)| name);
            let names = names.chain([event.key.as_str()]);
            for name in names.chain(other_words(event, &ground.events)) {
                for (before, after) in [
                    ("zum", "eingeladen"),
                    ("zur", "eingeladen"),
                    ("", "eingeladen"),
                    ("eingeladen zum", ""),
                    ("eingeladen zur", ""),
                    ("einladung zum", ""),
                    ("einladung zur", ""),
                    ("jemput", ""),
                    ("dijemput", ""),
                    ("jemputan ke", ""),
                    ("undangan", ""),
                    ("diundang ke", ""),
                    ("invitato a", ""),
                    ("invitati a", ""),
                    ("invitato alla", ""),
                    ("invitati alla", ""),
                    ("invitato al", ""),
                    ("invitati al", ""),
                    ("invité au", ""),
                    ("invités au", ""),
                    ("invité à la", ""),
                    ("invités à la", ""),
                    ("invité à", ""),
                    ("invités à", ""),
                    ("邀请", ""),
                    ("受邀", ""),
                    ("مدعو إلى", ""),
                    ("invited to", ""),
                    ("invited", ""),
                    ("invite to", ""),
                    ("invite", ""),
                    ("", "invited"),
                    ("", "invite"),
                    ("dijemput ke", ""),
                    ("jemput ke", ""),
                    ("jemputan", ""),
                ] {
                    let heading = format!("{before} {name} {after}");
                    let column = Column::Invited(event.key.clone());
                    add(&mut self.headings, &heading, column.clone());
                    // Chinese has no spaces between words.
                    if !before.is_ascii() {
                        add(&mut self.headings, &format!("{before}{name}"), column);
                    }
                }
                for before in ["rsvp", "reply", "coming to", "attending"] {
                    let heading = format!("{before} {name}");
                    add(
                        &mut self.headings,
                        &heading,
                        Column::Reply(event.key.clone()),
                    );
                }
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
            let short = short_names(tag).iter().copied();
            for name in [tag.as_str(), &*own].into_iter().chain(short) {
                add(&mut self.languages, name, tag.clone());
            }
        }
    }

    /// What headings mean.
    pub(super) fn headings(&self) -> &Meanings {
        &self.headings
    }

    pub(super) fn reply(&self, typed: &str) -> Option<ReplyStatus> {
        match typed.trim() {
            "✓" | "✔" | "✅" | "☑" => Some(ReplyStatus::Yes),
            "✗" | "✘" | "❌" => Some(ReplyStatus::No),
            _ => {
                let plain = folded(typed);
                let known = self.replies.get(&plain).copied();
                known.or_else(|| reading::is_cancelled(&plain).then_some(ReplyStatus::No))
            }
        }
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

    /// The first known one of several: "BM/Eng".
    pub(super) fn language(&self, typed: &str) -> Option<&str> {
        let parts = std::iter::once(typed).chain(typed.split(['/', ',', ';', '&', '+']));
        let mut known = parts.filter_map(|part| self.languages.get(&folded(part)));
        known.next().map(String::as_str)
    }

    /// Returns the key of the choice that `typed` names. If there is no such choice, returns
    /// `typed` itself.
    pub(super) fn choice(&self, question: &Question, typed: &str) -> String {
        let place = (question.key.clone(), folded(typed));
        let found = self.choices.get(&place);
        found.map_or_else(|| typed.trim().to_owned(), Clone::clone)
    }
}

/// What else people write for the dietary options of a new occasion, by the options' keys.
const DIETS: &[(&str, &[&str])] = &[
    (
        "vegetarian",
        &[
            "vegetarians",
            "veggie",
            "veg",
            "vegetarisch",
            "vegetarier",
            "vegetarierin",
            "vegetariano",
            "vegetariana",
            "végétarien",
            "végétarienne",
            "吃素",
        ],
    ),
    (
        "vegan",
        &["vegano", "vegana", "végane", "végétalien", "végétalienne"],
    ),
    (
        "gluten-free",
        &[
            "gluten free",
            "gluten intolerant",
            "celiac",
            "coeliac",
            "glutenfrei",
            "ohne gluten",
            "zöliakie",
            "senza glutine",
            "celiaco",
            "celiaca",
            "celiachia",
            "sans gluten",
        ],
    ),
    (
        "dairy-free",
        &[
            "dairy free",
            "no dairy",
            "lactose free",
            "lactose intolerant",
            "laktosefrei",
            "laktoseintolerant",
            "laktoseintoleranz",
            "senza lattosio",
            "intollerante al lattosio",
            "sans lactose",
            "intolérant au lactose",
            "intolérante au lactose",
        ],
    ),
    (
        "nut-allergy",
        &[
            "allergic to nuts",
            "nussallergie",
            "allergico alle noci",
            "allergica alle noci",
            "allergie aux noix",
        ],
    ),
    (
        "shellfish-allergy",
        &[
            "allergic to shellfish",
            "schalentierallergie",
            "allergie aux crustacés",
        ],
    ),
    (
        "no-beef",
        &["kein rindfleisch", "tak makan daging lembu", "sans bœuf"],
    ),
    (
        "no-pork",
        &[
            "kein schweinefleisch",
            "ohne schweinefleisch",
            "kein schwein",
            "sans porc",
        ],
    ),
    ("kosher", &["koscher", "casher", "kasher"]),
];

/// What the usual events are called, one event a line.
const EVENTS: &[&[&str]] = &[
    &[
        "dinner",
        "abendessen",
        "makan malam",
        "cena",
        "dîner",
        "晚宴",
        "晚餐",
        "العشاء",
    ],
    &[
        "lunch",
        "mittagessen",
        "makan tengah hari",
        "makan siang",
        "pranzo",
        "déjeuner",
        "午宴",
        "午餐",
        "الغداء",
    ],
    &[
        "ceremony",
        "trauung",
        "zeremonie",
        "akad nikah",
        "nikah",
        "upacara",
        "cerimonia",
        "cérémonie",
        "仪式",
        "儀式",
        "المراسم",
    ],
    &[
        "reception",
        "empfang",
        "resepsi",
        "ricevimento",
        "réception",
        "婚宴",
        "喜宴",
        "الاستقبال",
    ],
    &[
        "party",
        "feier",
        "pesta",
        "parti",
        "festa",
        "fête",
        "派对",
        "الحفلة",
    ],
];

/// What an event is called in other languages, if no other one is called so.
fn other_words(event: &Event, events: &[Event]) -> Vec<&'static str> {
    let is_called = |event: &Event, words: &[&str]| {
        let names = event.name.iter().map(|(_, name)| name);
        let names = names.chain([event.key.as_str()]);
        let mut names = names.map(|name| format!(" {} ", folded(name)));
        names.any(|name| {
            let is_in = |word: &&str| match folded(word) {
                word if word.is_ascii() => name.contains(&format!(" {word} ")),
                word => name.contains(&word),
            };
            words.iter().any(is_in)
        })
    };
    let is_only = |words: &&&[&'static str]| {
        let mut same = events.iter().filter(|other| is_called(other, words));
        same.next().is_some_and(|first| first.key == event.key) && same.next().is_none()
    };
    let known = EVENTS.iter().filter(is_only).copied();
    known.flatten().copied().collect()
}

/// The meaning of a known heading. A meal is an answer if there is one question about meals.
fn column(word: &str, ground: &Ground) -> Option<Column> {
    if word == "skip" {
        return Some(Column::Skip);
    }
    // Of several events the host says which one.
    if word == Field::Reply.word() && ground.events.len() > 1 {
        return Some(Column::Field(Field::Other));
    }
    if word != "meal" {
        return Field::find(word).map(Column::Field);
    }
    let is_meal = |question: &&Question| question.kind == QuestionKind::Meal;
    let mut meals = ground.questions.iter().filter(is_meal);
    match (meals.next(), meals.next()) {
        (Some(meal), None) => Some(Column::Answer(meal.key.clone())),
        _ => Some(Column::Field(Field::Other)),
    }
}

fn add<T>(words: &mut BTreeMap<String, T>, word: &str, meaning: T) {
    let word = folded(word);
    if !word.is_empty() {
        words.entry(word).or_insert(meaning);
    }
}

/// What people write for a language, besides its own name.
fn short_names(tag: &str) -> &'static [&'static str] {
    match tag {
        "en" => &[
            "english", "eng", "bi", "inggeris", "inglese", "英文", "英语",
        ],
        "ms" => &[
            "malay",
            "bm",
            "melayu",
            "bahasa",
            "bahasa malaysia",
            "马来文",
        ],
        "it" => &["italian", "ita", "italiano"],
        "zh-Hans" => &[
            "chinese", "cn", "chi", "mandarin", "中文", "华文", "汉语", "cina", "cinese",
        ],
        "ar" => &["arabic", "arab", "عربي", "العربية"],
        _ => &[],
    }
}
