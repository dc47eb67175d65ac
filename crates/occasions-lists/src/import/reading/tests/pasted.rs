//! Lists that people type or paste, one household a line, and the households that they have to become.

use web::sheet::read;

use super::super::columns::HeadingRow;
use super::super::commas::{self, Commas};
use super::generated::{meanings, read_pages};
use super::lists::all_shown;

/// A list, what its commas part, and the lines that it has to become.
const LISTS: &[(&str, Option<Commas>, &[&str])] = &[
    (
        "Anna, Ben and Carla Rossi\nTom Lim\nMei, Wei, Jun\nTotal 7\n",
        Some(Commas::People),
        &[
            "Anna & family: Anna, Ben, Carla Rossi !no_surname",
            "Tom Lim: Tom Lim",
            "Mei & family: Mei, Wei, Jun",
            "!line_left_out Total 7",
        ],
    ),
    (
        "Müller, Klaus\nSchmidt, Eva\nvon Berg, Jan\nWeiß, Ute und Uwe\nSumme: 5 Personen\n",
        Some(Commas::People),
        &[
            "Klaus Müller: Klaus Müller",
            "Eva Schmidt: Eva Schmidt",
            "Jan von Berg: Jan von Berg",
            "Ute Weiß & Uwe: Ute Weiß, Uwe",
            "!line_left_out Summe: 5 Personen",
        ],
    ),
    (
        "Ahmad, Siti dan Aminah\nKeluarga Hassan\nJumlah 7 orang\n",
        Some(Commas::People),
        &[
            "Ahmad & family: Ahmad, Siti, Aminah",
            "Keluarga Hassan:  +? !number_unknown !nobody_named",
            "!line_left_out Jumlah 7 orang",
        ],
    ),
    (
        "陈志明, 李秀英\n王小明一家, 4人\n合计6人\n",
        Some(Commas::People),
        &[
            "陈志明 & 李秀英: 陈志明, 李秀英",
            "王小明一家: 王小明 +3",
            "!line_left_out 合计6人",
        ],
    ),
    (
        "Anna, 2, anna@example.org\nBen, 4, ben@example.org\nCy, 1\nTotale, 7\n",
        Some(Commas::Columns),
        &[
            "Anna: Anna +1 | anna@example.org",
            "Ben: Ben +3 | ben@example.org",
            "Cy: Cy",
            "!line_left_out Totale · 7",
        ],
    ),
    (
        "Familie Schneider (Onkel Bernd + Tante Eva)\nLena (6) Becker, Tom Becker\n\
         Oma Trude - sitzt vorne!\nTeam Büro: Sven, Uwe\nKunz ABGESAGT\nGesamt 7\n",
        Some(Commas::People),
        &[
            "Familie Schneider: Onkel Bernd, Tante Eva",
            "Lena Becker & Tom Becker: Lena Becker*, Tom Becker",
            "Oma Trude: Oma Trude [Oma Trude: sitzt vorne] !in_note",
            "Sven & Uwe: Sven, Uwe [Team Büro] !in_note",
            "Kunz: Kunz [ABGESAGT] !not_coming",
            "!line_left_out Gesamt 7",
        ],
    ),
    (
        "Famiglia Rossi (Marco, Lia e nonna Pia)\nGenitori di Ugo\nZia Pina; Zio Ugo\n\
         Bianchi, Ada (forse)\nTotale: 8 persone\n",
        Some(Commas::People),
        &[
            "Famiglia Rossi: Marco, Lia, nonna Pia !no_surname",
            "Genitori di Ugo:  +2 !nobody_named",
            "Zia Pina & Zio Ugo: Zia Pina, Zio Ugo",
            "Ada Bianchi: Ada Bianchi [Ada: forse] !in_note !name_doubtful",
            "!line_left_out Totale: 8 persone",
        ],
    ),
    (
        "Famille Dupont et enfants\nM. et Mme Petit, Zoé et Luc\nSomme 6\n",
        Some(Commas::People),
        &[
            "Famille Dupont et enfants:  +? !number_unknown !nobody_named",
            "M. Petit & family: M. Petit, Mme Petit, Zoé, Luc",
            "!line_left_out Somme 6",
        ],
    ),
    (
        "Puan Siti + maid, Encik Ali\nTan + driver (tbc)\nAhmad - kerusi roda, hamil\nJumlah: 5\n",
        Some(Commas::People),
        &[
            "Puan Siti & Encik Ali: Puan Siti, Encik Ali +1 [+ maid] !plus_one",
            "Tan: Tan +1 [driver: tbc] [+ driver] !in_note !plus_one",
            "Ahmad: Ahmad [Ahmad: kerusi roda, hamil] !in_note",
            "!line_left_out Jumlah: 5",
        ],
    ),
    (
        "Uncle Bob\nAunt May & kids\nMak Ngah & anak-anak\nTotal guests: 7\n",
        None,
        &[
            "Uncle Bob: Uncle Bob",
            "Aunt May: Aunt May +? !number_unknown",
            "Mak Ngah: Mak Ngah +? !number_unknown",
            "!line_left_out Total guests: 7",
        ],
    ),
    (
        "Anna, vegan\nBen, halal\nCy, none\n",
        Some(Commas::Columns),
        &["Anna: Anna (vegan)", "Ben: Ben (halal)", "Cy: Cy"],
    ),
    (
        "Ana,Family\nBen,Friends\nCy,Work\n",
        Some(Commas::Columns),
        &["Ana: Ana [Family]", "Ben: Ben [Friends]", "Cy: Cy [Work]"],
    ),
    (
        "Name, Side\nAna, Bride\nBen, Groom\n",
        None,
        &["Ana: Ana #Bride", "Ben: Ben #Groom"],
    ),
    ("Ana\nBen\n", None, &["Ana: Ana", "Ben: Ben"]),
];

#[test]
fn commas_part_columns_or_people_by_the_whole_text() {
    let meanings = meanings();
    let mut wrong = Vec::new();
    for (text, commas, wanted) in LISTS {
        let pages = read::read(text.as_bytes()).unwrap();
        let (sheets, _, list) = read_pages(&pages, &meanings);
        let got = all_shown(&list);
        if got != *wanted || sheets.commas != *commas {
            let (got, wanted) = (got.join("\n"), wanted.join("\n"));
            let read = sheets.commas;
            wrong.push(format!(
                "{text}is {read:?}\n{got}\nnot {commas:?}\n{wanted}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_certainly_has_columns_is_not_asked_about() {
    let meanings = meanings();
    for text in [
        "Anna\tBen\nCy\tDi\n",
        "\"Rossi, Anna\",Ben\nCy,Di\n",
        "sep=,\nAnna, Ben\nCy\n",
    ] {
        let page = read::read(text.as_bytes()).unwrap().remove(0);
        assert_eq!(commas::found(&page, &meanings, None), None, "{text}");
    }
    let page = read::read(b"Anna, Ben\nCy, Di\n").unwrap().remove(0);
    let found = |said| commas::found(&page, &meanings, said);
    assert_eq!(found(Some(HeadingRow::At(1))), None);
    assert_eq!(found(Some(HeadingRow::Nowhere)), Some(Commas::People));
}
