//! Cells of real lists, with the people in them.

use super::super::name_cell::{self, NameCell};
use super::super::{counts, fits};

/// The lines of a small CSV file.
pub(super) fn lines(file: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut is_quoted) =
        (Vec::new(), Vec::new(), String::new(), false);
    for letter in file.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => line.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    lines
}

fn names(found: &NameCell, is_child: bool) -> String {
    let of_kind = found
        .people
        .iter()
        .filter(|person| person.is_child == is_child);
    of_kind
        .map(|person| person.name.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn cells_name_people_places_and_households() {
    let mut wrong = Vec::new();
    for line in lines(include_str!("names.csv")).iter().skip(1) {
        let [cell, pax, people, children, more, household, _] = line.as_slice() else {
            panic!("{line:?}");
        };
        let total = counts::read(pax).map(|count| count.people);
        let found = name_cell::read(cell, total);
        let total = total.or(found.total);
        let named = found.people.len();
        let places = match total {
            Some(total) if !found.is_nobody() => total.saturating_sub(named).max(found.places),
            _ => found.places,
        };
        let shown = match (
            found.is_nobody(),
            found.is_open && total.is_none(),
            found.child_places,
        ) {
            (true, ..) => String::new(),
            (_, true, _) => "?".to_owned(),
            (_, _, 0) => places.to_string(),
            (_, _, children) => format!("{places} + {children} children"),
        };
        let whose = found
            .guest_of
            .clone()
            .map(|host| format!("(that of {host})"));
        let name = whose.unwrap_or_else(|| found.household.clone());
        let got = [names(&found, false), names(&found, true), shown, name];
        let wanted = [people, children, more, household].map(Clone::clone);
        if got != wanted {
            wrong.push(format!("{cell:?}, {pax}: {got:?} is not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A cell, with the number of people elsewhere in its row, and what it has to give: people (children
/// with an asterisk), places, child places, total, notes and doubts, each if there are any.
const ODD: &[(&str, Option<usize>, &str)] = &[
    ("张和平", None, "张和平"),
    ("陈志明和李秀英", None, "陈志明; 李秀英"),
    ("张和与李", None, "张和与李"),
    ("陈志明伉俪", None, "陈志明 +1"),
    ("陈志明先生夫人", None, "陈志明 +1"),
    ("陈志明闔府", None, "陈志明 +?"),
    ("Tan E Ling", None, "Tan E Ling"),
    ("ROBERT E LEE", None, "ROBERT E LEE"),
    (
        "José Ortega y Gasset",
        None,
        "José Ortega y Gasset !name_doubtful",
    ),
    (
        "Maria Costa e Silva",
        None,
        "Maria Costa e Silva !name_doubtful",
    ),
    (
        "Rossi Marco e Bianchi Lia",
        None,
        "Rossi Marco; Bianchi Lia",
    ),
    ("محمد وليد", None, "محمد وليد !name_doubtful"),
    ("محمد وحرمه", None, "محمد +1"),
    ("محمد وعائلته", None, "محمد +?"),
    ("Anna u. Peter", None, "Anna; Peter"),
    ("John w/ Mary", None, "John; Mary"),
    ("Ali dengan Siti", None, "Ali; Siti"),
    ("A con B", None, "A; B"),
    ("Uncle Bob (3)", None, "Uncle Bob =3 !number_doubtful"),
    ("Farah (4)", None, "Farah =4 !number_doubtful"),
    ("Farah, Ella (6)", None, "Farah; Ella (6)*"),
    ("Ana Lim, Ben (5)", None, "Ana Lim; Ben (5)*"),
    ("Ana & Ben 5 yrs", None, "Ana; Ben 5 yrs*"),
    ("Chong (2 adults + 1 child)", None, "Chong +1 child =3"),
    (
        "Razak + isteri + maid + 2 anak2",
        None,
        "Razak +2 +2 child note:+ maid !plus_one",
    ),
    ("John +1 (Sarah)", None, "John; Sarah"),
    (
        "Ana & Ben (ceremony only)",
        None,
        "Ana; Ben note:ceremony only !in_note",
    ),
    ("Ana (Only Fish)", None, "Ana note:Ana: Only Fish !in_note"),
    ("John + gf Sarah", None, "John; Sarah"),
    (
        "Ana and Ben (vegan)",
        None,
        "Ana; Ben food:vegan !whose_diet",
    ),
    ("Ana & Ben (vegan)", None, "Ana; Ben food:vegan"),
    (
        "Mr & Mrs Tan (vegan)",
        None,
        "Mr Tan; Mrs Tan food:vegan !whose_diet",
    ),
    ("Ben (vegan, no nuts)", None, "Ben food:vegan, no nuts"),
    ("Ben (no prawns)", None, "Ben food:no prawns"),
    ("Ben (No. 14)", None, "Ben note:Ben: No. 14 !in_note"),
    ("Niamh - shellfish", None, "Niamh food:shellfish"),
    ("Niamh – vegan", None, "Niamh food:vegan"),
    ("Niamh: no nuts", None, "Niamh food:no nuts"),
    ("Niamh, no nuts", None, "Niamh food:no nuts"),
    (
        "Niamh — vegan, no nuts & 2 kids",
        None,
        "Niamh +2 child food:vegan, no nuts",
    ),
    (
        "Ana – vegan, Ben: no nuts",
        None,
        "Ana; Ben food:vegan food:no nuts",
    ),
    ("Ana & Ben -vegan", None, "Ana; Ben food:vegan"),
    (
        "Mr & Mrs Tan - vegan",
        None,
        "Mr Tan; Mrs Tan food:vegan !whose_diet",
    ),
    ("Anna-Maria - Halal", None, "Anna-Maria food:Halal"),
    ("Anna-Halal", None, "Anna-Halal"),
    (
        "Smith - Jones",
        None,
        "Smith note:Smith: Jones !name_doubtful !in_note",
    ),
    ("Rahul, Jain", None, "Jain Rahul !name_doubtful"),
    ("Ana - no phone", None, "Ana note:Ana: no phone !in_note"),
    (
        "Emma (maid of honour)",
        None,
        "Emma note:Emma: maid of honour !in_note",
    ),
    (
        "Tom (Best Man) & Ana (vegan)",
        None,
        "Tom; Ana food:vegan note:Tom: Best Man !in_note",
    ),
    (
        "Dan and Aisha (bride's cousin)",
        None,
        "Dan; Aisha note:Aisha: bride's cousin !in_note",
    ),
    (
        "Mei (Groom’s side) Tan",
        None,
        "Mei Tan note:Mei: Groom’s side !in_note",
    ),
    (
        "Ali (Sepupu Siti)",
        None,
        "Ali note:Ali: Sepupu Siti !in_note",
    ),
    ("陈志明（伴郎）", None, "陈志明 note:陈志明: 伴郎 !in_note"),
    ("Ana (wife)", None, "Ana note:Ana: wife !in_note"),
    (
        "Ana (flies in late)",
        None,
        "Ana note:Ana: flies in late !in_note",
    ),
    (
        "Ben (usher, no nuts)",
        None,
        "Ben food:no nuts note:Ben: usher !in_note",
    ),
    ("Aisha (plus baby)", None, "Aisha +1 child"),
    ("Aisha (+ 2 kids)", None, "Aisha +2 child"),
    ("Aisha (with the kids)", None, "Aisha +?"),
    ("Chong (family of 4)", None, "Chong =4"),
    ("Robert (Bob)", None, "Robert (Bob)"),
    ("Robert (\"bob\")", None, "Robert (\"bob\")"),
    ("Robert \"Bob\" Tan", None, "Robert \"Bob\" Tan"),
    ("emma (liz)", None, "emma (liz)"),
    ("Emma (née Lim)", None, "Emma (née Lim)"),
    ("John + wife (sarah)", None, "John; sarah"),
    ("Ben (no kids)", None, "Ben note:no kids !in_note"),
    ("Ben (no phone)", None, "Ben note:no phone !in_note"),
    (
        "Auntie Mei 012-345 6789",
        None,
        "Auntie Mei tel:012-345 6789",
    ),
    ("Mei / 0123456789", None, "Mei tel:0123456789"),
    ("Ahmad, Siti", Some(2), "Ahmad; Siti"),
    ("Ahmad, Siti", None, "Ahmad; Siti !name_doubtful"),
    ("van der Berg, Jan", None, "Jan van der Berg"),
    ("Garcia Lopez, Ana", None, "Ana Garcia Lopez !name_doubtful"),
    ("Budi, S.E.", None, "Budi, S.E."),
    ("Lee, PhD", None, "Lee, PhD"),
    ("Smith, John & Mary", None, "John Smith; Mary"),
    ("Mr & Mrs John Smith", None, "Mr John Smith; Mrs John Smith"),
    (
        "Tan Sri Lim & Puan Sri Lim",
        None,
        "Tan Sri Lim; Puan Sri Lim",
    ),
    ("Lee/Tan", Some(6), ""),
    ("Lee/Tan", Some(2), "Lee; Tan"),
    (
        "Lim Ah Moi @ May / 0123456789",
        None,
        "Lim Ah Moi @ May tel:0123456789",
    ),
    (
        "Ana (18446744073709551615kids) & 2 kids",
        None,
        "Ana +18446744073709551615 child =18446744073709551615",
    ),
    ("Guest of Tom Baker", None, " +1"),
    ("Baby Santos", None, "Baby Santos"),
    ("Santos & baby Ana", None, "Santos; Ana*"),
    ("3 Musketeers", None, "3 Musketeers !name_doubtful"),
    ("1 John", None, "1 John !name_doubtful"),
    ("Ada-ada je 🙂", None, "Ada-ada je"),
    ("✅ John", None, "John"),
    ("Dan Lee dan Siti", None, "Dan Lee; Siti"),
    ("ALI DAN SITI", None, "ALI; SITI"),
    (
        "Old Mr Tan - not coming",
        None,
        "Old Mr Tan note:not coming !not_coming",
    ),
    ("Tan tak datang", None, "Tan note:tak datang !not_coming"),
    (
        "Dr. Chen + wife + 2 kids (5 and 8)",
        None,
        "Dr. Chen +1 +2 child note:5 and 8 !in_note",
    ),
    ("ABGESAGT: Familie Kunz", None, " note:ABGESAGT !not_coming"),
    (
        "Kunz - hat leider abgesagt",
        None,
        "Kunz note:hat leider abgesagt !not_coming",
    ),
    ("Tan declined", None, "Tan note:declined !not_coming"),
    (
        "Siti tak dapat datang",
        None,
        "Siti note:tak dapat datang !not_coming",
    ),
    (
        "Rossi – non vengono",
        None,
        "Rossi note:non vengono !not_coming",
    ),
    ("陈志明 不能来", None, "陈志明 note:不能来 !not_coming"),
    ("Tan (cancelled)", None, "Tan note:cancelled !not_coming"),
    ("~~Tan~~", None, "Tan note:~~Tan~~ !not_coming"),
    ("Tan (not coming)", None, "Tan note:not coming !not_coming"),
    ("Ali <ali@x.my>", None, "Ali mail:ali@x.my"),
    ("A, B and C Surname", None, "A; B; C Surname !no_surname"),
    ("John & Jane Smith", None, "John; Jane Smith !no_surname"),
    ("Colombo Anna + 1", None, "Colombo Anna +1"),
    ("Farah (+1)", None, "Farah +1"),
    ("Siti 4 orang", None, "Siti =4"),
    ("张伟 4人", None, "张伟 =4"),
    (
        "Mehmet Yılmaz mit Frau und 2 Kindern",
        None,
        "Mehmet Yılmaz +1 +2 child",
    ),
    (
        "Peter mit seiner Frau und zwei Kindern",
        None,
        "Peter +1 +2 child",
    ),
    ("Tom with wife and 2 kids", None, "Tom +1 +2 child"),
    ("Ali dan isteri dan 2 anak", None, "Ali +1 +2 child"),
    ("Marco con moglie e 2 figli", None, "Marco +1 +2 child"),
    ("Luc et sa femme et 2 enfants", None, "Luc +1 +2 child"),
    ("Chef + Gattin", None, "Chef +1"),
    ("Herr und Frau Kunz", None, "Herr Kunz; Frau Kunz"),
    (
        "Kollegen: Sven, Mareike, Uwe",
        None,
        "Sven; Mareike; Uwe note:Kollegen !in_note",
    ),
    (
        "Colleagues: Ben & Cy",
        None,
        "Ben; Cy note:Colleagues !in_note",
    ),
    ("Rakan: Ali", None, "Ali note:Rakan !in_note"),
    ("Niamh: vegan, no nuts", None, "Niamh food:vegan, no nuts"),
    ("Familie Schulze (4 Pers.)", None, " =4"),
    ("Familie Schulze (4 Personen)", None, " =4"),
    ("Keluarga Hassan (4 orang)", None, " =4"),
    ("Lim family (4 pax)", None, " =4"),
    ("+1", None, " +1 !plus_one"),
    ("Begleitung", None, " +1 !plus_one"),
    ("Oma 0341/9988771", None, "Oma tel:0341 9988771"),
    (
        "Familie Schneider (Onkel Bernd + Tante Eva)",
        None,
        "Onkel Bernd; Tante Eva",
    ),
    ("Familie Schneider: Bernd, Eva", None, "Bernd; Eva"),
    ("Tan family (Mei, Wei & baby)", None, "Mei; Wei +1 child"),
    ("Familie Müller: Klaus, Lena (6)", None, "Klaus; Lena (6)*"),
    (
        "Kollegen vom Büro (ca. 6)",
        None,
        "Kollegen vom Büro =6 !number_doubtful",
    ),
    ("Insgesamt ca. 40", None, ""),
    ("Keluarga Hassan (Ali; Siti)", None, "Ali; Siti"),
    (
        "Familie Kunz (Nachbarn)",
        None,
        " note:Familie Kunz: Nachbarn !in_note",
    ),
    ("Lena (6) Becker", None, "Lena Becker*"),
    ("Tom & Lena (6) Becker", None, "Tom; Lena Becker*"),
    ("Gerda Abel (8)", None, "Gerda Abel =8 !number_doubtful"),
    ("Gerda Abel (8)", Some(8), "Gerda Abel =8"),
    ("Opa Karl (80)", None, "Opa Karl note:Opa Karl: 80 !in_note"),
    ("Familie Schneider (4)", None, " =4"),
    ("Eltern Kai", None, " +2"),
    ("Kai's parents", None, " +2"),
    ("Ibu bapa Kai", None, " +2"),
    ("Genitori di Kai & Lia", None, "Lia +2"),
    ("Fam. Rossi", None, ""),
    ("Mr & Mrs Tan", None, "Mr Tan; Mrs Tan"),
    ("Mr and Mrs Tan", None, "Mr Tan; Mrs Tan"),
    ("Keluarga Encik Ahmad", None, "Encik Ahmad +?"),
    ("Famille de M. Dupont", None, "M. Dupont +?"),
    ("Famille Dupont et enfants", None, ""),
    ("Familie Müller & Oma Trude", None, "Oma Trude +?"),
    ("Oma & Opa Schmidt", None, "Oma Schmidt; Opa Schmidt"),
    ("Anna Rossi, Ben", None, "Ben Anna Rossi !name_doubtful"),
    (
        "Oma Trude - sitzt vorne!",
        None,
        "Oma Trude note:Oma Trude: sitzt vorne !in_note",
    ),
    (
        "Oma Trude sitzt vorne!",
        None,
        "Oma Trude note:Oma Trude: sitzt vorne !in_note",
    ),
    ("Oma Trude!!!", None, "Oma Trude"),
    (
        "Nenek Minah – duduk depan, kerusi roda",
        None,
        "Nenek Minah note:Nenek Minah: duduk depan, kerusi roda !in_note",
    ),
    (
        "Zia Pina — arriva tardi & Zio Ugo",
        None,
        "Zia Pina; Zio Ugo note:Zia Pina: arriva tardi !in_note",
    ),
    ("Team Büro: Sven", None, "Sven note:Team Büro !in_note"),
    ("Lim: Ana", None, "Ana note:Lim !in_note !name_doubtful"),
    (
        "Photographer - Eddie",
        None,
        "Eddie note:Eddie: Photographer !in_note",
    ),
    (
        "Nadia pregnant - no sushi",
        None,
        "Nadia food:no sushi note:Nadia: pregnant !in_note",
    ),
    (
        "Nadia, pregnant",
        None,
        "Nadia note:Nadia: pregnant !in_note",
    ),
    ("Tom (vegan)", None, "Tom food:vegan"),
    (
        "Tom (isst keinen Fisch)",
        None,
        "Tom food:isst keinen Fisch",
    ),
    (
        "Ana flies in late",
        None,
        "Ana note:Ana: flies in late !in_note",
    ),
    ("Anna rossi", None, "Anna rossi"),
    ("Siti binti ahmad", None, "Siti binti ahmad"),
    ("Tan + maid", None, "Tan +1 note:+ maid !plus_one"),
    ("Tan & nanny", None, "Tan +1 note:+ nanny !plus_one"),
    (
        "Herr Kunz + Fahrer",
        None,
        "Herr Kunz +1 note:+ Fahrer !plus_one",
    ),
    (
        "Puan Siti dan pembantu",
        None,
        "Puan Siti +1 note:+ pembantu !plus_one",
    ),
    ("Tan (+ maid)", None, "Tan +1 note:+ maid !plus_one"),
    ("Sarah plus one", None, "Sarah +1 !plus_one"),
    ("Mak Ngah & anak-anak", None, "Mak Ngah +?"),
    ("Jo?? maybe", None, "Jo note:Jo: maybe note:Jo: ? !in_note"),
    ("Ben (+1?)", None, "Ben +1 !plus_one"),
    ("Hans und seine neue Freundin", None, "Hans +1"),
    ("Ben (?)", None, "Ben note:Ben: ? !in_note"),
    ("Ben?", None, "Ben note:Ben: ? !in_note"),
    ("Ben (tbc)", None, "Ben note:Ben: tbc !in_note"),
    ("Ben TBC", None, "Ben note:Ben: TBC !in_note"),
    (
        "Ben - vielleicht",
        None,
        "Ben note:Ben: vielleicht !in_note",
    ),
    ("Ben + ?", None, "Ben +1 !plus_one"),
    ("Ben & tbc", None, "Ben +1 !plus_one"),
    ("Ben - 4", None, "Ben =4 !number_doubtful"),
    ("Ben - 4 pax", None, "Ben =4"),
    ("Ben - plus one", None, "Ben +1"),
    ("Total 54", None, ""),
    ("Gesamt: 54 Personen", None, ""),
    ("合计54人", None, ""),
    ("Sum Wing", None, "Sum Wing"),
    ("the Smiths", None, ""),
    ("-", None, ""),
    ("n/a", None, ""),
];

fn shown(found: &NameCell) -> String {
    let people = found.people.iter();
    let people = people.map(|person| person.name.clone() + if person.is_child { "*" } else { "" });
    let mut all = people.collect::<Vec<_>>().join("; ");
    let mut add = |text: String| all.push_str(&text);
    if found.places > 0 {
        add(format!(" +{}", found.places));
    }
    if found.child_places > 0 {
        add(format!(" +{} child", found.child_places));
    }
    if found.is_open && !found.people.is_empty() {
        add(" +?".to_owned());
    }
    found
        .total
        .into_iter()
        .for_each(|total| add(format!(" ={total}")));
    found
        .food
        .iter()
        .for_each(|(_, food)| add(format!(" food:{food}")));
    found
        .phones
        .iter()
        .for_each(|phone| add(format!(" tel:{phone}")));
    found
        .emails
        .iter()
        .for_each(|email| add(format!(" mail:{email}")));
    found
        .notes
        .iter()
        .for_each(|note| add(format!(" note:{note}")));
    found
        .doubts
        .iter()
        .for_each(|doubt| add(format!(" !{}", doubt.word())));
    all
}

#[test]
fn odd_cells_are_read_on_the_safe_side() {
    let mut wrong = Vec::new();
    for (cell, pax, wanted) in ODD {
        let got = shown(&name_cell::read(cell, *pax));
        if got != *wanted {
            wrong.push(format!("{cell:?}: {got:?} is not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_of_people_are_read_as_people_write_them() {
    for (cell, wanted) in [
        ("4", Some((4, 0, false))),
        ("4 pax", Some((4, 0, false))),
        ("1+1", Some((2, 0, false))),
        ("2 adults + 1 child", Some((3, 1, false))),
        ("2 dewasa, 3 anak", Some((5, 3, false))),
        ("٤", Some((4, 0, false))),
        ("4位", Some((4, 0, false))),
        ("4.0", Some((4, 0, false))),
        ("family of 4", Some((4, 0, false))),
        ("Keluarga seramai 5 orang", Some((5, 0, false))),
        ("Familie mit 2 Kinder", Some((2, 2, false))),
        ("table 7b", None),
        ("family", None),
        ("1-2", Some((2, 0, true))),
        ("2027-02-01", None),
        ("some", None),
        ("-1", None),
        ("2 kids 18446744073709551615 kids", None),
    ] {
        let got = counts::read(cell).map(|one| (one.people, one.children, one.is_doubtful));
        assert_eq!(got, wanted, "{cell}");
    }
}

#[test]
fn a_note_has_room_for_2000_characters_with_the_line_breaks() {
    let lines = ["é".repeat(999)];
    assert!(fits(&lines, &"a".repeat(1_000)));
    assert!(!fits(&lines, &"a".repeat(1_001)));
    assert!(fits(&[], &"a".repeat(2_000)));
}
