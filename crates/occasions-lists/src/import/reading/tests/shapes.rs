//! Lists in the shapes that other programs and people give them, with what has to come out. The
//! headings of Joy, Zola and The Knot are from memory.

mod programs;

use testkit::Draw;

use self::programs::{google, joy, knot, zola};

/// What a list has to become.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wanted {
    pub(super) adults: Vec<String>,
    pub(super) children: Vec<String>,
    /// Adults and children without a name.
    pub(super) places: (i64, i64),
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) address: String,
    pub(super) tags: Vec<String>,
    /// Words that are among the food needs.
    pub(super) food: Vec<String>,
    /// Words that are in the note.
    pub(super) notes: Vec<String>,
}

pub(super) struct File {
    pub(super) shape: &'static str,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) wanted: Vec<Wanted>,
}

/// A word that no other cell has.
pub(super) fn serial(number: usize) -> String {
    let mut word = String::new();
    let mut rest = number + 26 * 26;
    while rest > 0 {
        word.push(char::from(b'a' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    word
}

struct People {
    given: &'static [&'static str],
    family: &'static [&'static str],
    titles: &'static [&'static str],
    and: &'static [&'static str],
    /// The family name stands first.
    is_turned: bool,
}

const MALAY: People = People {
    given: &[
        "Ahmad", "Siti", "Nurul", "Farah", "Razak", "Salmah", "Hafiz", "Aisyah",
    ],
    family: &["bin Abu", "binti Omar", "bin Hassan", "Yusof", "Rahim"],
    titles: &["Encik", "Puan", "Dato’", "Hjh.", "Dr."],
    and: &[" & ", " dan ", " + ", "; "],
    is_turned: false,
};
const ENGLISH: People = People {
    given: &[
        "Anna",
        "Ben",
        "Chloe",
        "Daniel",
        "Emma",
        "Frank",
        "Grace",
        "Alexandra",
    ],
    family: &["Smith", "Andersen", "O’Neill", "Garcia", "van Dyke"],
    titles: &["Mr", "Mrs", "Dr.", "Uncle"],
    and: &[" & ", " and ", " / ", "\n"],
    is_turned: false,
};
const ITALIAN: People = People {
    given: &["Niccolò", "Perla", "Sofia", "Luca", "Giulia", "Dante"],
    family: &["Rossi", "Bianchi", "D’Amico", "Esposito"],
    titles: &["Sig.", "Dott."],
    and: &[" & ", "; ", ", "],
    is_turned: true,
};
const GERMAN: People = People {
    given: &["Jürgen", "Anke", "Björn", "Ulrike", "Felix"],
    family: &["Müller", "Weiß", "Schäfer", "von Berg"],
    titles: &["Herr", "Frau", "Dr."],
    and: &[" und ", " & ", " u. "],
    is_turned: false,
};
const FRENCH: People = People {
    given: &["Zoé", "Loïc", "Agnès", "Étienne", "Margaux"],
    family: &["Dupont", "Lefèvre", "de Villiers"],
    titles: &["M.", "Mme"],
    and: &[" et ", " & "],
    is_turned: false,
};
const ARABIC: People = People {
    given: &["محمد", "عائشة", "خالد", "فاطمة", "يوسف"],
    family: &["الحسن", "النجار", "منصور"],
    titles: &["الدكتور"],
    and: &[" و ", " & ", "، "],
    is_turned: false,
};

pub(super) const SHAPES: [&str; 12] = [
    "Joy",
    "Zola",
    "The Knot",
    "Google Contacts",
    "Malay",
    "Chinese",
    "Italian",
    "German",
    "French",
    "Indonesian",
    "Arabic",
    "no headings",
];

struct Writer<'d> {
    draw: &'d mut Draw,
    serial: usize,
    rows: Vec<Vec<String>>,
    wanted: Vec<Wanted>,
}

impl Writer<'_> {
    fn next(&mut self) -> String {
        self.serial += 1;
        serial(self.serial)
    }

    fn name(&mut self, people: &People) -> (String, String) {
        let given = self.draw.one(people.given).to_owned();
        let family = format!("{} {}", self.draw.one(people.family), capital(&self.next()));
        (given, family)
    }

    fn whole(&mut self, people: &People) -> String {
        let (given, family) = self.name(people);
        let name = if people.is_turned {
            format!("{family} {given}")
        } else {
            format!("{given} {family}")
        };
        match self.draw.below(5) {
            0 => format!("{} {name}", self.draw.one(people.titles)),
            _ => name,
        }
    }

    fn email(&mut self) -> String {
        if self.draw.is(4) {
            String::new()
        } else {
            format!("{}@example.org", self.next())
        }
    }

    fn phone(&mut self, start: &str) -> String {
        if self.draw.is(4) {
            return String::new();
        }
        self.serial += 1;
        format!("{start}{:07}", 1_000_000 + self.serial * 37)
    }

    fn some(&mut self, before: &str) -> String {
        if self.draw.is(3) {
            format!("{before} {}", self.next())
        } else {
            String::new()
        }
    }

    fn push(&mut self, cells: &[&str]) {
        self.rows
            .push(cells.iter().map(|cell| (*cell).to_owned()).collect());
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn all(words: &[&String]) -> Vec<String> {
    let filled = words.iter().filter(|word| !word.is_empty());
    filled.map(|word| (*word).clone()).collect()
}

/// A list of so many households.
pub(super) fn file(shape: usize, households: usize, draw: &mut Draw) -> File {
    let mut writer = Writer {
        draw,
        serial: 0,
        rows: Vec::new(),
        wanted: Vec::new(),
    };
    let shape = shape % SHAPES.len();
    match shape {
        0 => joy(&mut writer, households),
        1 => zola(&mut writer, households),
        2 => knot(&mut writer, households),
        3 => google(&mut writer, households),
        5 => chinese(&mut writer, households),
        11 => bare(&mut writer, households),
        other => sheet(&mut writer, households, other),
    }
    File {
        shape: SHAPES[shape],
        rows: writer.rows,
        wanted: writer.wanted,
    }
}

/// A couple's spreadsheet, with a title above the headings.
fn sheet(out: &mut Writer<'_>, households: usize, shape: usize) {
    let (people, heads, start, child, family): (&People, [&str; 8], &str, &str, &str) = match shape
    {
        4 => (
            &MALAY,
            [
                "Bil",
                "Nama / Name",
                "Pax",
                "No HP",
                "Emel",
                "Pihak",
                "Alahan",
                "Catatan",
            ],
            "012-",
            "anak",
            " & family",
        ),
        6 => (
            &ITALIAN,
            [
                "N.",
                "Cognome e nome",
                "N. persone",
                "Telefono",
                "E-mail",
                "Lato",
                "Intolleranze",
                "Note",
            ],
            "+39 347 ",
            "bambini",
            " e famiglia",
        ),
        7 => (
            &GERMAN,
            [
                "Nr",
                "Name",
                "Personen",
                "Handy",
                "E-Mail",
                "Seite",
                "Unverträglichkeiten",
                "Bemerkung",
            ],
            "0171 ",
            "kinder",
            " und Familie",
        ),
        8 => (
            &FRENCH,
            [
                "#",
                "Nom et prénom",
                "Nb personnes",
                "Portable",
                "Courriel",
                "Côté",
                "Allergies alimentaires",
                "Remarques",
            ],
            "06 12 ",
            "enfants",
            " et famille",
        ),
        9 => (
            &MALAY,
            [
                "No",
                "Nama Tamu",
                "Jumlah Tamu",
                "No WA",
                "Surel",
                "Kategori",
                "Alergi",
                "Keterangan",
            ],
            "0812-",
            "anak",
            " sekeluarga",
        ),
        _ => (
            &ARABIC,
            [
                "الرقم",
                "الاسم الكامل",
                "عدد الضيوف",
                "رقم الهاتف",
                "البريد الإلكتروني",
                "الطرف",
                "الحساسية",
                "ملاحظات",
            ],
            "+966 5",
            "أطفال",
            " & family",
        ),
    };
    out.push(&["", "Our list v7 FINAL", "", "", "", "", "", ""]);
    out.push(&heads);
    for row in 0..households {
        let mut wanted = Wanted {
            email: out.email(),
            phone: out.phone(start),
            ..Wanted::default()
        };
        let first = out.whole(people);
        wanted.adults.push(first.clone());
        let mut pax = 1;
        let cell = match out.draw.below(6) {
            0 => {
                let second = out.whole(people);
                wanted.adults.push(second.clone());
                pax = 2;
                format!("{first}{}{second}", out.draw.one(people.and))
            }
            1 => {
                let more = 1 + out.draw.below(4);
                wanted.places.0 = i64::try_from(more).unwrap_or(0);
                pax += more;
                format!("{first} + {more}")
            }
            2 => {
                let more = 1 + out.draw.below(5);
                wanted.places.0 = i64::try_from(more).unwrap_or(0);
                pax += more;
                format!("{first}{family}")
            }
            3 => {
                wanted.places.1 = 2;
                pax += 2;
                format!("{first} + 2 {child}")
            }
            4 => {
                let name = format!("{} {}", people.given[0], capital(&out.next()));
                wanted.children.push(name.clone());
                pax = 2;
                format!("{first}; {name} (6)")
            }
            _ => first.clone(),
        };
        let pax = match out.draw.below(4) {
            0 => format!("{pax} pax"),
            1 if pax > 1 => format!("1+{}", pax - 1),
            _ => pax.to_string(),
        };
        let tag = out.next();
        wanted.tags = vec![tag.clone()];
        let (food, note) = (out.some("no"), out.some("friend of"));
        wanted.food = all(&[&food]);
        wanted.notes = all(&[&note]);
        let number = (row + 1).to_string();
        let (phone, email) = (wanted.phone.clone(), wanted.email.clone());
        out.rows
            .push(vec![number, cell, pax, phone, email, tag, food, note]);
        out.wanted.push(wanted);
    }
    out.push(&["", "TOTAL", "240", "", "", "", "", ""]);
}

fn chinese(out: &mut Writer<'_>, households: usize) {
    out.push(&["序号", "姓名", "人数", "电话", "关系", "忌口", "备注"]);
    for row in 0..households {
        let mut wanted = Wanted {
            phone: out.phone("138"),
            ..Wanted::default()
        };
        let name = |out: &mut Writer<'_>| {
            out.serial += 1;
            let sign = |number: usize| {
                char::from_u32(0x5b00 + u32::try_from(number % 600).unwrap_or(0)).unwrap_or('明')
            };
            format!("陈{}{}", sign(out.serial * 7), sign(out.serial / 80))
        };
        let first = name(out);
        wanted.adults.push(first.clone());
        let (cell, pax) = match out.draw.below(5) {
            0 => {
                let second = name(out);
                wanted.adults.push(second.clone());
                (
                    format!(
                        "{first}{}{second}",
                        out.draw.one(&["、", " & ", "和", "与"])
                    ),
                    2,
                )
            }
            1 => {
                wanted.places.0 = 3;
                (format!("{first}一家"), 4)
            }
            2 => {
                wanted.places.0 = 1;
                (format!("{first}伉俪"), 2)
            }
            3 => {
                wanted.places.0 = 2;
                (format!("{first} 3人"), 3)
            }
            _ => (first.clone(), 1),
        };
        let tag = out.next();
        wanted.tags = vec![tag.clone()];
        let (food, note) = (out.some("素"), out.some("同学"));
        wanted.food = all(&[&food]);
        wanted.notes = all(&[&note]);
        let phone = wanted.phone.clone();
        out.rows.push(vec![
            (row + 1).to_string(),
            cell,
            pax.to_string(),
            phone,
            tag,
            food,
            note,
        ]);
        out.wanted.push(wanted);
    }
}

/// Names, addresses and numbers without headings.
fn bare(out: &mut Writer<'_>, households: usize) {
    for _ in 0..households {
        let mut wanted = Wanted {
            email: format!("{}@example.org", out.next()),
            phone: out.phone("012-"),
            ..Wanted::default()
        };
        let name = out.whole(&ENGLISH);
        wanted.adults.push(name.clone());
        let note = out.some("from");
        wanted.notes = all(&[&note]);
        let (email, phone) = (wanted.email.clone(), wanted.phone.clone());
        out.rows.push(vec![name, email, phone, note]);
        out.wanted.push(wanted);
    }
}
