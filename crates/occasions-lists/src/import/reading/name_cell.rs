//! The people that a cell names: one or several, their children, and places without a name.

mod ages;
mod asides;
mod brackets;
mod families;
mod habits;
mod parts;

use self::ages::{age, counted, inner_age, is_child, trailing_number};
use self::asides::take_asides;
use self::brackets::{read_brackets, without_cancelled};
use self::families::{guest_of, head, is_family, is_names_of_families, is_pair, with_people};
pub(crate) use self::habits::Habits;
use self::parts::{Before, share_titles, split, split_commas, titles};
use super::super::warning::Warning;
use super::contacts;
use super::words;
use crate::household_document::field::folded;

/// The signs between two people.
const SIGNS: [char; 6] = ['&', ';', '/', '+', '\n', '、'];
/// A higher number in brackets is no number of people.
const MOST_OF_BRACKET: usize = 30;
/// The most people of a cell.
const MOST_PARTS: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) is_child: bool,
    pub(crate) age: Option<i64>,
}

/// What a cell says. An understood word, such as "+1", is in none of the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameCell {
    pub(crate) people: Vec<Person>,
    /// Adults without a name.
    pub(crate) places: usize,
    pub(crate) child_places: usize,
    /// How many people there are in all, named or not.
    pub(crate) total: Option<usize>,
    /// More people come, and the cell does not say how many.
    pub(crate) is_open: bool,
    /// The name of the household; empty if the cell names nobody.
    pub(crate) household: String,
    /// The person in whose household this place without a name is.
    pub(crate) guest_of: Option<String>,
    /// The dietary needs of the last person before them, or of one of the people.
    pub(crate) food: Vec<(Option<usize>, String)>,
    pub(crate) emails: Vec<String>,
    pub(crate) phones: Vec<String>,
    /// Words that stay as a note.
    pub(crate) notes: Vec<String>,
    pub(crate) doubts: Vec<Warning>,
}

impl NameCell {
    /// Whether the cell means nobody at all.
    pub(crate) fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    fn doubt(&mut self, warning: Warning) {
        if !self.doubts.contains(&warning) {
            self.doubts.push(warning);
        }
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
        self.doubt(Warning::InNote);
    }

    /// Somebody comes of whom the cell says only what they are.
    pub(super) fn add_role(&mut self, role: &str) {
        self.places = self.places.saturating_add(1);
        if words::is_helper(&without_article(&folded(role))) {
            self.notes.push(format!("+ {}", role.trim()));
            self.doubt(Warning::PlusOne);
        }
    }
}

/// Reads a cell by itself. `pax` is the number of people that the row says elsewhere.
pub(crate) fn read(cell: &str, pax: Option<usize>) -> NameCell {
    read_as(cell, pax, Habits::default())
}

/// Reads a cell of a list.
pub(crate) fn read_as(cell: &str, pax: Option<usize>, habits: Habits) -> NameCell {
    let mut found = NameCell::default();
    if words::is_nobody(cell, &folded(cell)) || words::is_nothing(cell) {
        return found;
    }
    if words::is_plus_one(cell) {
        found.places = 1;
        found.doubt(Warning::PlusOne);
        return found;
    }
    let text = without_marks(cell);
    let (text, emails) = contacts::take_emails(&text);
    let (text, phones) = contacts::take_phones(&text);
    (found.emails, found.phones) = (emails, phones);
    let text = without_bullet(&text, &mut found);
    let text = without_cancelled(&text, &mut found);
    if let Some((family, people)) = with_people(&text) {
        let people = people.replace([',', '，'], ";");
        let mut inner = read_as(&people, pax, habits);
        family.clone_into(&mut inner.household);
        inner.emails.splice(0..0, found.emails);
        inner.phones.splice(0..0, found.phones);
        inner.notes.splice(0..0, found.notes);
        found
            .doubts
            .into_iter()
            .for_each(|doubt| inner.doubt(doubt));
        return inner;
    }
    let text = without_heading(&text, &mut found);
    let text = read_brackets(&text, &mut found);
    let text = take_asides(&text, &mut found);
    let text = read_total(&text, &mut found);
    let text = text
        .trim()
        .trim_matches([',', ';', '/', '&', '-', '–', '|', ':'])
        .trim();
    if folded(text).is_empty() {
        return found;
    }
    if let Some(host) = guest_of(text) {
        found.guest_of = Some(host);
        found.places = found.places.saturating_add(1);
        return found;
    }
    found.household = text.replace(['\n', '\t'], " ");
    if is_family(text) || is_names_of_families(text, pax) {
        if let Some((name, number)) = trailing_number(text) {
            (found.household, found.total) = (name, found.total.or(Some(number)));
        }
        found.is_open = found.total.is_none();
        if let Some(name) = head(&found.household.clone()) {
            add_person(name, &mut found);
        }
        return found;
    }
    let parts = split(text, &mut found);
    let parts = split_commas(parts, pax, habits, &mut found);
    // "Mr & Mrs Tan": what stands behind the name may be both's.
    let is_shared = parts.iter().any(|(_, part)| titles(part) == part.len());
    let mut parts = share_titles(&parts);
    if parts.len() > MOST_PARTS {
        let more = parts.split_off(MOST_PARTS).into_iter();
        let more: Vec<String> = more.map(|(_, part)| part).collect();
        found.notes.push(more.join("; "));
        found.doubt(Warning::NameDoubtful);
    }
    let count = parts.len();
    for (place, (_, part)) in parts.iter().enumerate() {
        read_part(part, place, count, &mut found);
    }
    if found.people.len() == 1 && found.places == 0 {
        let is_aged = inner_age(&parts[0].1).is_some();
        let person = &mut found.people[0];
        if !is_aged {
            (person.is_child, person.age) = (false, None);
        }
        let number = trailing_number(&person.name);
        if let Some((name, number)) = number.filter(|_| count == 1) {
            person.name.clone_from(&name);
            found.household.clone_from(&name);
            if number > MOST_OF_BRACKET {
                found.note(format!("{name}: {number}"));
            } else {
                found.total = found.total.or(Some(number));
                // It may be an age.
                if !habits.has_counts && pax != Some(number) {
                    found.doubt(Warning::NumberDoubtful);
                }
            }
        }
    }
    // Without a sign between all people, the food may be anybody's.
    let count = found.people.len();
    let is_unsigned = text.matches(SIGNS).count() + 1 != count;
    if !found.food.is_empty() && count > 1 && (is_shared || is_unsigned) {
        for (place, _) in &mut found.food {
            *place = None;
        }
        found.doubt(Warning::WhoseDiet);
    }
    let typed = found.household.clone();
    name_household(&mut found, &parts);
    let is_of_family = parts.first().is_some_and(|(_, part)| is_family(part));
    if is_of_family || parts.iter().any(|(_, part)| is_pair(part)) {
        found.household = typed;
    }
    found
}

/// Reads a cell of a column of children: a number behind the only name is an age.
pub(crate) fn read_child(cell: &str) -> NameCell {
    let mut found = read(cell, None);
    let [person] = found.people.as_mut_slice() else {
        return found;
    };
    person.is_child = true;
    let number = trailing_number(cell).map(|(_, number)| number);
    match found.total {
        Some(total) if total <= 17 && number == Some(total) => {
            person.name = format!("{} ({total})", person.name);
            person.age = i64::try_from(total).ok();
            found.total = None;
            found
                .doubts
                .retain(|doubt| *doubt != Warning::NumberDoubtful);
        }
        _ => person.age = age(&person.name),
    }
    found
}

/// Marks, symbols and emoji leave; a struck-out name stays, and is doubted.
fn without_marks(cell: &str) -> String {
    let is_mark = |letter: char| matches!(letter as u32, 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1faff | 0xfe0f | 0x200b..=0x200f | 0x2060 | 0xfeff | 0x2022 | 0x25a0..=0x25ff | 0x20e3);
    let text: String = cell
        .chars()
        .map(|letter| if is_mark(letter) { ' ' } else { letter })
        .collect();
    let text = text
        .replace('\u{a0}', " ")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let text = text
        .trim()
        .trim_start_matches(['*', '-', '–', '·', '>', '#', ' ']);
    text.trim_end_matches(['*', ' ']).to_owned()
}

/// "3) Che Minah" and "3. Che Minah" are the third of a list; "3 Musketeers" is doubted.
fn without_bullet(text: &str, found: &mut NameCell) -> String {
    if let Some(inner) = text
        .strip_prefix("~~")
        .and_then(|text| text.strip_suffix("~~"))
    {
        found.notes.push(text.to_owned());
        found.doubt(Warning::NotComing);
        return inner.to_owned();
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 || digits > 3 {
        return text.to_owned();
    }
    let rest = &text[digits..];
    if let Some(name) = rest.strip_prefix([')', '.', ':']) {
        if name.trim_start().starts_with(char::is_alphabetic) {
            return name.trim_start().to_owned();
        }
    } else if let Some(name) = rest.strip_prefix(' ') {
        let first = folded(name.split(' ').next().unwrap_or_default());
        if !words::is_people_word(&first)
            && !words::is_child_word(&first)
            && !words::is_role(&first)
        {
            found.doubt(Warning::NameDoubtful);
        }
    }
    text.to_owned()
}

/// "Lim x2", "Farah 4 pax", "张伟 4人".
fn read_total(text: &str, found: &mut NameCell) -> String {
    let end = text.trim_end();
    let Some(digit) = end.rfind(|letter: char| letter.is_ascii_digit()) else {
        return text.to_owned();
    };
    let start = end[..digit].rfind(|letter: char| !letter.is_ascii_digit());
    let start = start.map_or(0, |at| {
        at + end[at..].chars().next().map_or(1, char::len_utf8)
    });
    let (before, number, after) = (&end[..start], &end[start..=digit], &end[digit + 1..]);
    let Ok(number) = number.parse::<usize>() else {
        return text.to_owned();
    };
    let before = before.trim_end();
    let times = before
        .strip_suffix(['x', 'X', '×'])
        .filter(|name| name.ends_with([' ', '×']) || before.ends_with('×'));
    // "Ali + 4 pax" is four more than Ali.
    let is_more = before.ends_with(['+', '&', '＋'])
        || folded(before)
            .rsplit(' ')
            .next()
            .is_some_and(|word| words::JOINERS.contains(&word));
    if is_more || folded(before).is_empty() || number == 0 || number > 999 {
        return text.to_owned();
    }
    match times {
        Some(name) if after.trim().is_empty() => {
            found.total = Some(number);
            name.trim_end().to_owned()
        }
        _ if words::is_people_word(&folded(after)) && !after.trim().is_empty() => {
            found.total = Some(number);
            before
                .trim_end_matches([' ', '-', '–', ',', ':', '('])
                .to_owned()
        }
        _ => text.to_owned(),
    }
}

/// "Kollegen: Sven, Mareike" are two people of whom the note says "Kollegen". What stands behind the
/// colon may be food, which is of whom the text names before it.
fn without_heading(text: &str, found: &mut NameCell) -> String {
    let Some((heading, people)) = text.split_once([':', '：']) else {
        return text.to_owned();
    };
    let plain = folded(heading);
    let mut pieces = people.split([',', ';', '，', '；', '、', '&', '+', '/', '\n']);
    let is_of_names = !people.contains([':', '：', '(', '-', '–'])
        && pieces.clone().all(|piece| {
            let word = folded(piece);
            piece.trim_start().starts_with(char::is_alphabetic)
                && !words::is_food(&word)
                && !words::is_food_note(&word)
        });
    let is_known = words::is_only_section(heading, &plain) || words::is_remark(heading, &plain);
    let is_single = pieces.nth(1).is_none();
    let is_heading = is_known || plain.split(' ').count() <= 3;
    let is_name_of_all = heading.contains(['&', '+', ',', ';', '/', '(']);
    if plain.is_empty() || !is_of_names || !is_heading || is_name_of_all {
        return text.to_owned();
    }
    found.note(heading.trim().to_owned());
    if is_single && !is_known {
        found.doubt(Warning::NameDoubtful);
    }
    people.trim().replace([',', '，'], ";")
}

fn read_part(part: &str, place: usize, count: usize, found: &mut NameCell) {
    let plain = folded(part);
    let bare = without_article(&plain);
    let is_later = place > 0;
    if words::is_nobody(part, &plain) {
        found.places = found.places.saturating_add(usize::from(is_later));
        if is_later {
            found.doubt(Warning::PlusOne);
        }
        return;
    }
    if is_pair(part) {
        found.places = found.places.saturating_add(2);
        return;
    }
    if let Ok(number) = bare.parse::<usize>() {
        if is_later && number <= 30 {
            found.places = found.places.saturating_add(number);
        } else {
            found.doubt(Warning::NameDoubtful);
            add_person(part, found);
        }
        return;
    }
    if let Some((number, what)) = counted(&bare) {
        // "2 anak2": Malay doubles a word for several.
        if words::is_child_word(what.strip_suffix('2').unwrap_or(&what)) {
            found.child_places = found.child_places.saturating_add(number);
            return;
        }
        if words::is_people_word(&what) || words::is_role(&what) {
            found.places = found.places.saturating_add(number);
            if words::is_helper(&what) {
                found.note(format!("+ {}", part.trim()));
            }
            return;
        }
        // "+1 (Sarah)" and "+1 Sarah" name the one.
        if is_later && number == 1 {
            let digits = part
                .trim_start()
                .trim_start_matches(|sign: char| sign.is_ascii_digit());
            let name = digits.trim().trim_matches(['(', ')', '（', '）', ':']);
            add_person(name, found);
            return;
        }
    }
    if is_later || count > 1 {
        if let Some(word) = bare.strip_suffix('2')
            && (words::is_child_word(word) || words::is_role(word))
        {
            found.is_open = true;
            return;
        }
        if words::is_one_child(&bare) {
            found.child_places = found.child_places.saturating_add(1);
            return;
        }
        if words::is_family(&bare)
            || words::is_child_word(&bare)
            || bare == "all"
            || words::is_group(&bare)
        {
            found.is_open = true;
            return;
        }
        if is_family(part) {
            found.is_open = true;
            return;
        }
        if words::is_role(&bare) && (is_later || !words::is_title(&bare)) {
            found.add_role(part);
            return;
        }
        // "seine neue Freundin"
        let last = bare.rsplit(' ').next().unwrap_or_default();
        if is_later && bare.len() < plain.len() && words::is_role(last) && !words::is_title(last) {
            found.add_role(part);
            return;
        }
        let (first, rest) = bare.split_once(' ').unwrap_or((&bare, ""));
        let is_name = rest.starts_with(char::is_alphabetic);
        if is_later && words::is_role(first) && !words::is_title(first) && is_name {
            let words: Vec<&str> = part.split_whitespace().collect();
            let skipped = 1 + usize::from(bare.len() < plain.len());
            let name = words.get(skipped..).unwrap_or_default().join(" ");
            let name = name.trim_matches(['(', ')', ':', ' ']);
            if !folded(name).is_empty() {
                add_person(name, found);
                return;
            }
        }
    }
    if let Some(name) = words::family_end(part).or_else(|| last_word_is(part, "sekeluarga")) {
        add_person(name.trim(), found);
        found.is_open = true;
        return;
    }
    if let Some(name) = without_plus_one(part) {
        add_person(name, found);
        found.places = found.places.saturating_add(1);
        found.doubt(Warning::PlusOne);
        return;
    }
    if let Some(name) = words::couple_end(part) {
        add_person(name.trim(), found);
        found.places = found.places.saturating_add(1);
        return;
    }
    if let Some((name, last)) = part.trim_end().rsplit_once(' ') {
        let last = folded(last);
        if last.starts_with('و') && (words::is_role(&last) || words::is_family(&last)) {
            add_person(name, found);
            if words::is_role(&last) {
                found.places = found.places.saturating_add(1);
            } else {
                found.is_open = true;
            }
            return;
        }
        if last.starts_with('و') && last.chars().count() > 3 {
            found.doubt(Warning::NameDoubtful);
        }
    }
    let titled = part.split_once(' ').filter(|(title, name)| {
        words::CHILD_TITLES.contains(&folded(title).as_str()) && !folded(name).is_empty()
    });
    match titled {
        Some((_, name)) if count > 1 => found.people.push(Person {
            name: name.trim().to_owned(),
            is_child: true,
            age: None,
        }),
        _ => add_person(part, found),
    }
}

fn add_person(name: &str, found: &mut NameCell) {
    let age = age(name);
    let whole = inner_age(name).map_or_else(|| name.to_owned(), |(whole, _)| whole);
    found.people.push(Person {
        name: whole.split_whitespace().collect::<Vec<_>>().join(" "),
        is_child: age.is_some(),
        age,
    });
}

fn last_word_is<'t>(part: &'t str, word: &str) -> Option<&'t str> {
    let (name, last) = part.trim_end().rsplit_once(' ')?;
    (folded(last) == word).then_some(name)
}

/// "Sarah plus one"
fn without_plus_one(part: &str) -> Option<&str> {
    let mut spaces = part.trim_end().rmatch_indices(' ').take(2);
    let (at, _) = spaces.find(|(at, _)| words::is_plus_one(&part[*at..]))?;
    Some(part[..at].trim())
}

fn without_article(plain: &str) -> String {
    let articles = [
        "the ", "his ", "her ", "their ", "a ", "an ", "my ", "sua ", "suo ", "seine ", "ihre ",
        "seiner ", "seinem ", "ihrem ", "ihrer ", "su ", "sa ", "son ", "ses ", "i ", "il ", "la ",
        "les ",
    ];
    let article = articles.iter().find(|article| plain.starts_with(**article));
    plain[article.map_or(0, |article| article.len())..].to_owned()
}

/// A name without the age behind it.
pub(crate) fn bare(person: &Person) -> String {
    match trailing_number(&person.name) {
        Some((name, _)) if person.is_child => name,
        _ => person.name.clone(),
    }
}

/// Two people who are joined by a sign or a word give the household its name as it is typed.
fn name_household(found: &mut NameCell, parts: &[(Before, String)]) {
    let names: Vec<String> = found.people.iter().map(bare).collect();
    let is_family = found.is_open
        && names.len() == 1
        && !parts
            .iter()
            .any(|(_, part)| words::is_child_word(&without_article(&folded(part))));
    let typed = std::mem::take(&mut found.household);
    let is_joined = parts.len() == 2
        && matches!(parts[1].0, Before::Word | Before::Sign)
        && !typed.contains([';', '；', '、', '|', '('])
        && found.places == 0
        && found.child_places == 0;
    found.household = match names.as_slice() {
        [] => typed,
        [_] if is_family => typed,
        [name] => name.clone(),
        [_, _] if is_joined && !typed.contains([',', '，']) => typed,
        [first, second] => format!("{first} & {second}"),
        [first, ..] => format!("{first} & family"),
    };
    if let [first, .., last] = found.people.as_slice() {
        let count = |name: &str| folded(name).split(' ').count();
        let is_joined = parts
            .last()
            .is_some_and(|(before, _)| matches!(before, Before::Word | Before::Sign));
        if is_joined
            && !last.is_child
            && titles(&first.name) == 0
            && first.name.is_ascii()
            && count(&first.name) == 1
            && count(&last.name) > 1
        {
            found.doubt(Warning::NoSurname);
        }
    }
}
