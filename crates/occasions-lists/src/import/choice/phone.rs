//! Telephone numbers of other countries. A number without a country's code is read as one of the
//! country in its row's address, else as one of the home country; where it fits another country of the
//! list better, that is said and asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use occasions::phone::{self, Phone};
use platform::text_cleaning::fold;
use web::Region;

use super::super::finding::Finding;
use super::super::gathered::Gathered;
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, is_enough, name, numbered};
use crate::household_document::table::Field;
use crate::household_document::{Ground, Record};

const LANGUAGES: [(&str, &str); 5] = [
    ("ms", "MY"),
    ("id", "ID"),
    ("it", "IT"),
    ("th", "TH"),
    ("vi", "VN"),
];

/// The countries of a list.
pub(super) struct Countries {
    home: Option<Region>,
    /// Other countries: those of its numbers and addresses, then those of the occasion's languages.
    others: Vec<(Region, Source)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    List,
    Language,
}

impl Countries {
    pub(super) fn of(households: &[Gathered], ground: &Ground) -> Self {
        let home = ground.occasion.home_country();
        let records = households.iter().map(|one| &one.record);
        let numbers = records.clone().flat_map(numbers);
        let numbers = numbers.filter_map(|typed| phone::country(&Phone::read(typed, None).e164?));
        let addresses = records.filter_map(|record| of_address(record.address.as_deref()?));
        let languages = ground.occasion.languages.iter().filter_map(|tag| {
            let known = LANGUAGES.iter().find(|(language, _)| language == tag);
            let of_language = known.and_then(|(_, code)| Region::find(code));
            of_language.or_else(|| Region::of_language(tag))
        });
        let mut seen: BTreeSet<&str> = home.iter().map(|home| home.code).collect();
        let listed = numbers.chain(addresses).map(|one| (one, Source::List));
        let all = listed.chain(languages.map(|one| (one, Source::Language)));
        let others = all.filter(|(one, _)| seen.insert(one.code)).collect();
        Self { home, others }
    }

    /// How a number is written whole, if it fits another country better than the home country.
    fn abroad(&self, typed: &str) -> Option<String> {
        let here = Phone::read(typed, self.home);
        if here.is_mobile || Phone::read(typed, None).e164.is_some() {
            return None;
        }
        self.others.iter().find_map(|(country, source)| {
            let there = Phone::read(typed, Some(*country));
            let is_only_there = here.e164.is_none() && *source == Source::List;
            there.e164.filter(|_| there.is_mobile || is_only_there)
        })
    }
}

fn numbers(record: &Record) -> impl Iterator<Item = &str> {
    let guests = record.guests.iter().map(|guest| &guest.phone);
    let all = std::iter::once(&record.phone).chain(guests);
    all.filter_map(|phone| phone.as_deref())
}

static NAMES: LazyLock<BTreeMap<String, Region>> = LazyLock::new(|| {
    let languages = ["en", "ms", "it", "zh-Hans", "ar"];
    let all = Region::all().flat_map(|region| {
        let names = languages.iter().map(move |tag| fold(region.name(tag)));
        names
            .chain([region.code.to_owned()])
            .map(move |name| (name, region))
    });
    all.collect()
});

fn of_address(address: &str) -> Option<Region> {
    let mut parts = address.rsplit([',', '\n']).map(str::trim);
    parts.find_map(|part| NAMES.get(part).or_else(|| NAMES.get(&fold(part))).copied())
}

/// Reads the numbers of a household by its own country, and asks about those that fit another one.
pub(super) fn mend(
    one: &mut Gathered,
    countries: &Countries,
    choices: &Choices,
    asked: &mut Vec<Choice>,
) {
    // A program says what it means.
    if one.reference.is_none() {
        return;
    }
    let own = one.record.address.as_deref().and_then(of_address);
    let typed: Vec<String> = numbers(&one.record).map(str::to_owned).collect();
    let mut told = Vec::new();
    let mut place = 0;
    for typed in typed {
        let is_whole = Phone::read(&typed, None).e164.is_some();
        let of_own = own.and_then(|own| Phone::read(&typed, Some(own)).e164);
        if is_whole || own.is_some() && own == countries.home {
            continue;
        }
        let row = one.row;
        if let Some(whole) = of_own {
            let value = format!("{typed} → {whole}");
            replace(&mut one.record, &typed, &whole);
            told.push(Finding::warning(
                row,
                Field::Phone,
                Warning::PhoneOfCountry,
                &value,
            ));
            continue;
        }
        let Some(whole) = countries.abroad(&typed) else {
            continue;
        };
        let value = format!("{typed} · {whole}");
        let key = numbered(&one.key, place);
        place += 1;
        let answer = choices.find(ChoiceKind::Phone, &key);
        if !is_enough(ChoiceKind::Phone, asked) {
            asked.push(Choice {
                key: format!("{}:{key}", ChoiceKind::Phone.word()),
                kind: ChoiceKind::Phone,
                row,
                household: name(&one.record),
                value: value.clone(),
                here: None,
                options: Vec::new(),
                chosen: answer.unwrap_or(&typed).to_owned(),
                is_answered: answer.is_some(),
            });
        }
        match answer {
            Some(answer) => replace(&mut one.record, &typed, answer),
            None => told.push(Finding::warning(
                row,
                Field::Phone,
                Warning::PhoneAbroad,
                &value,
            )),
        }
    }
    for finding in told {
        one.tell(finding);
    }
}

fn replace(record: &mut Record, old: &str, new: &str) {
    let guests = record.guests.iter_mut().map(|guest| &mut guest.phone);
    let mut places = std::iter::once(&mut record.phone).chain(guests);
    if let Some(place) = places.find(|place| place.as_deref() == Some(old)) {
        *place = Some(new.to_owned()).filter(|new| !new.is_empty());
    }
}
