//! Tests that each language has all required messages, and that English has exactly the messages
//! that pages use. To find the used messages, the tests look in the sources and templates for
//! quoted strings that look like message ids.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ::web::locales::{differences, messages};
use ::web::{Catalogue, Language, Preset};

use occasions::diet::BUILT_IN;
use occasions::words::{OccasionKind, ReplyStatus, Source, Tone};

use crate::DOMAIN;

const LOCALES: &[::web::Locale] = DOMAIN.locales;

/// Strings that look like message ids but are something else, such as names of headers, fields or
/// classes.
const NO_MESSAGES: &[&str] = &["upload-deleted", "upload-hidden", "upload-none"];

/// Returns the groups of message ids that are composed at run time. Each group is a common prefix
/// with all its endings.
fn families() -> Vec<(&'static str, Vec<&'static str>)> {
    let tones: Vec<_> = Tone::ALL.iter().map(|tone| tone.word()).collect();
    let kinds = || OccasionKind::ALL.iter().map(|kind| kind.word());
    // The names say enough.
    let bare = ["company", "other"];
    let replies = ReplyStatus::ALL.iter().map(|status| status.word());
    vec![
        ("diet", BUILT_IN.iter().map(|(key, _)| *key).collect()),
        (
            "host-look-hint",
            Preset::ALL.iter().map(|preset| preset.word()).collect(),
        ),
        (
            "host-photo-part",
            vec!["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        ),
        (
            "host-source",
            Source::ALL.iter().map(|source| source.word()).collect(),
        ),
        ("invitation", kinds().collect()),
        ("mail-invitation", vec!["body", "subject"]),
        ("mail-moved", vec!["subject"]),
        ("mail-reminder", vec!["body", "subject"]),
        ("mail-save-the-date", vec!["body", "subject"]),
        ("mail-thanks", vec!["body", "subject"]),
        ("new-event", vec!["dinner", "party", "reception", "service"]),
        (
            "new-kicker",
            kinds().filter(|kind| !bare.contains(kind)).collect(),
        ),
        ("new-title", kinds().collect()),
        ("reply", replies.collect()),
        ("salutation", tones.clone()),
        ("saved-coming", tones.clone()),
        ("saved-declined", tones.clone()),
        ("send-invite", tones),
    ]
}

#[test]
fn guests_are_spoken_to_in_every_language_and_hosts_in_two() {
    let hosts = messages(include_str!("../../occasions/locales/en-host.ftl"));
    let is_for_hosts = |id: &str| id.starts_with("host-") || hosts.contains_key(id);
    let must = |tag: &str, id: &str| tag == "ms" || !is_for_hosts(id);
    assert_eq!(differences(LOCALES, must), [""; 0]);
}

#[test]
fn every_code_has_its_sentence() {
    let found = ::web::codes::mismatches(DOMAIN.problem_codes, &[], LOCALES);
    assert_eq!(found, [""; 0]);
}

#[test]
fn messages_of_all_crates_fit_together() {
    let parts = [::web::LOCALES, accounts::LOCALES, LOCALES];
    let catalogue = Catalogue::build(&parts);
    catalogue.check().unwrap();
    let languages: Vec<_> = catalogue.languages().collect();
    assert_eq!(languages, ["en", "ms", "it", "zh-Hans", "ar"]);
}

#[test]
fn pages_ask_for_messages_that_exist_and_for_all_of_them() {
    let catalogue = Catalogue::build(&[::web::LOCALES, accounts::LOCALES, LOCALES]);
    let english: BTreeSet<String> = LOCALES
        .iter()
        .filter(|(tag, _)| *tag == "en")
        .flat_map(|(_, file)| messages(file).into_keys())
        .filter(|id| !id.contains('.') && !id.starts_with("problem-"))
        .collect();
    let places: BTreeSet<&str> = english.iter().filter_map(|id| place(id)).collect();

    let mut asked = BTreeSet::new();
    for piece in quoted() {
        let family = families().iter().any(|(stem, _)| *stem == piece.text);
        let ours = place(&piece.text).is_some_and(|place| places.contains(place));
        if (piece.said || ours) && !family && !NO_MESSAGES.contains(&piece.text.as_str()) {
            asked.insert(piece.text);
        }
    }
    for (stem, words) in families() {
        asked.extend(words.iter().map(|word| format!("{stem}-{word}")));
    }

    let unknown: Vec<_> = asked.iter().filter(|id| !catalogue.has(id)).collect();
    assert_eq!(unknown, [""; 0], "not in en.ftl (or put into NO_MESSAGES)");
    let unused: Vec<_> = english.difference(&asked).collect();
    assert_eq!(unused, [""; 0], "no page says this (or put into families)");
}

#[test]
fn every_tone_has_words_of_its_own() {
    let catalogue = Catalogue::build(&[::web::LOCALES, LOCALES]);
    let tones: Vec<_> = Tone::ALL.iter().map(|tone| tone.word()).collect();
    let families = families().into_iter().filter(|(_, words)| *words == tones);
    let stems: Vec<_> = families.map(|(stem, _)| stem).collect();
    assert!(!stems.is_empty());
    for tag in catalogue.languages() {
        let text = catalogue.speak(&Language::of(tag));
        for stem in &stems {
            let said = tones.iter().map(|tone| {
                let values = [("household", "Rossi".into())];
                text.with(&format!("{stem}-{tone}"), values)
            });
            let said: BTreeSet<_> = said.collect();
            assert_eq!(said.len(), tones.len(), "{tag}, {stem}: {said:?}");
        }
    }
}

#[test]
fn sentences_read_well_at_the_edges_of_plural_forms() {
    let catalogue = Catalogue::build(&[::web::LOCALES, LOCALES]);
    for (tag, id, n, said) in [
        ("ms", "closing-soon", 1, "Iaitu esok, Khamis."),
        ("ms", "closing-soon", 6, "Iaitu 6 hari lagi, Khamis."),
        ("it", "closing-soon", 1, "Il termine è domani, Khamis."),
        ("it", "guest-child-age", 0, "bambino, meno di 1 anno"),
        ("it", "count-yes", 2, "2 ci saranno"),
        ("zh-Hans", "closing-soon", 1, "截止日就是明天，Khamis。"),
        ("zh-Hans", "guest-child-age", 7, "小孩，7岁"),
        ("ar", "choice-left", 1, "بقي مكان واحد"),
        ("ar", "choice-left", 2, "بقي مكانان"),
        ("ar", "choice-left", 3, "بقيت 3 أماكن"),
        ("ar", "choice-left", 11, "بقي 11 مكانًا"),
        ("ar", "choice-left", 100, "بقي 100 مكان"),
    ] {
        let text = catalogue.speak(&Language::of(tag));
        let values = [
            ("n", n.into()),
            ("age", n.into()),
            ("weekday", "Khamis".into()),
        ];
        assert_eq!(text.with(id, values), said);
    }
}

/// Returns the first part of a message id. It names the group of pages that use the message.
fn place(id: &str) -> Option<&str> {
    id.split_once('-').map(|(place, _)| place)
}

struct Quoted {
    text: String,
    said: bool,
}

fn quoted() -> Vec<Quoted> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for root in ["occasions", "occasions-lists"].map(|name| crates.join(name)) {
        for source in files(&root.join("src")) {
            collect(&source, &mut found);
        }
        for template in files(&root.join("templates")) {
            for piece in template.split('{').skip(1) {
                let expression = piece.split('}').next().unwrap_or_default();
                collect(expression, &mut found);
            }
        }
    }
    found
}

fn collect(source: &str, found: &mut Vec<Quoted>) {
    let mut before = "";
    for text in source.split('"') {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = place(text).is_some_and(|place| !place.is_empty())
            && !text.ends_with('-')
            && text.bytes().all(letter);
        if is_name {
            found.push(Quoted {
                text: text.to_owned(),
                said: [".say(", ".with("]
                    .iter()
                    .any(|call| before.trim_end().ends_with(call)),
            });
        }
        before = text;
    }
}

/// Returns the text of each file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
    found
}
