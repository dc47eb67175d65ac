//! Lists with what people write beside the names, and the households that they have to become.

use super::super::words;
use super::cells::lines;
use super::generated::{meanings, read};
use super::lists::all_shown;
use crate::household_document::field::folded;

/// A list, and the lines that it has to become.
const LISTS: &[(&str, &[&str])] = &[
    (
        "\
Name,Note
Ana,halal
Ben & Cy,2 x vegetarisch
Dee & Eli,Laktose (beide)
Fay,Rollstuhl
",
        &[
            "Ana: Ana (halal) [halal] !allergy_note",
            "Ben & Cy: Ben (one of: 2 x vegetarisch), Cy (one of: 2 x vegetarisch) [2 x vegetarisch] !allergy_note",
            "Dee & Eli: Dee (Laktose (beide)), Eli (Laktose (beide)) [Laktose (beide)] !allergy_note",
            "Fay: Fay [Rollstuhl]",
        ],
    ),
    (
        "\
Household,Name,Meal,Note
Clarke,Emma,beef,
Clarke,James,fish,
Clarke,Poppy,fish,highchair
Lim,Ana,beef,late
Lim,Ben,beef,late
",
        &[
            "Clarke: Emma, James, Poppy [Emma: Meal: beef] [James, Poppy: Meal: fish] [Poppy: highchair]",
            "Lim: Ana, Ben [Meal: beef] [late]",
        ],
    ),
    (
        "\
Name,Table,Note
Oliver,4A,plus one
+1,4A,
Ben,5,
plus one,5,
",
        &[
            "Oliver: Oliver +1 #Table 4A [plus one] !plus_one !plus_one",
            "Ben: Ben +1 #Table 5 !plus_one",
        ],
    ),
    (
        "\
Name,Pax
\"Müller, Klaus\",2
\"Schmidt, Eva\",1
\"van der Berg, Jan\",1
\"Weber, Tom und Anna\",2
Uwe Kunz (3),3
",
        &[
            "Klaus Müller: Klaus Müller +1",
            "Eva Schmidt: Eva Schmidt",
            "Jan van der Berg: Jan van der Berg",
            "Tom Weber & Anna: Tom Weber, Anna",
            "Uwe Kunz: Uwe Kunz +2",
        ],
    ),
    (
        "\
Name
\"Anna, Ben\"
\"Carla, Dirk\"
\"Eva, Fred\"
\"Gina, Hans\"
",
        &[
            "Anna & Ben: Anna, Ben",
            "Carla & Dirk: Carla, Dirk",
            "Eva & Fred: Eva, Fred",
            "Gina & Hans: Gina, Hans",
        ],
    ),
    // Nothing shows which of the two is the surname.
    (
        "\
Name
\"Nyo, Thant\"
\"Bopha, Sok\"
\"Vong, Chea\"
\"Ratha, Pich\"
",
        &[
            "Thant Nyo: Thant Nyo !name_doubtful",
            "Sok Bopha: Sok Bopha !name_doubtful",
            "Chea Vong: Chea Vong !name_doubtful",
            "Pich Ratha: Pich Ratha !name_doubtful",
        ],
    ),
    (
        "\
Name
\"Rossi, Anna\"
\"Rossi, Marco\"
\"Kunz, Eva\"
\"Kunz, Uwe\"
",
        &[
            "Anna Rossi: Anna Rossi",
            "Marco Rossi: Marco Rossi",
            "Eva Kunz: Eva Kunz",
            "Uwe Kunz: Uwe Kunz",
        ],
    ),
    (
        "\
Household,Guest
Familie Kunz (sitzt vorne),Uwe Kunz
Familie Kunz (sitzt vorne),Ute Kunz
Tan & Lim,Mei Tan
Tan & Lim,Wei Lim
",
        &[
            "Familie Kunz: Uwe Kunz, Ute Kunz [Familie Kunz: sitzt vorne] !in_note !in_note",
            "Tan & Lim: Mei Tan, Wei Lim",
        ],
    ),
    (
        "\
Nama,Pax
\"Ahmad, Siti\",2
\"Razak, Aminah\",2
\"Omar, Farah\",2
",
        &[
            "Ahmad & Siti: Ahmad, Siti",
            "Razak & Aminah: Razak, Aminah !name_doubtful",
            "Omar & Farah: Omar, Farah !name_doubtful",
        ],
    ),
    (
        "\
Invitati
Rossi (4)
Bianchi (2)
Verdi (3)
",
        &["Rossi: Rossi +3", "Bianchi: Bianchi +1", "Verdi: Verdi +2"],
    ),
    (
        "\
Name,Pax,Status,Bemerkung
Ana,0,,
Ben,2,,abgesagt
Cy,2,ABGESAGT,
Dee,abgesagt,,
Eli,2,,
",
        &[
            "Ana: Ana !not_coming",
            "Ben: Ben +1 [abgesagt] !not_coming",
            "Cy: Cy (ABGESAGT) +1",
            "Dee: Dee [Pax: abgesagt] !not_coming",
            "Eli: Eli +1",
        ],
    ),
    (
        "\
Name,Children,Email
Anna,\"Lina (4), Max (2)\",anna@gmial.com
",
        &["Anna: Anna, Lina*, Max* | anna@gmial.com !email_doubtful"],
    ),
];

#[test]
fn messy_lists_become_their_households() {
    let meanings = meanings();
    let mut wrong = Vec::new();
    for (file, wanted) in LISTS {
        let (_, _, list) = read(&lines(file), &meanings);
        let got = all_shown(&list);
        if got != *wanted {
            let (got, wanted) = (got.join("\n"), wanted.join("\n"));
            wrong.push(format!("{file}is\n{got}\nnot\n{wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_note_that_speaks_of_food_is_known_in_every_language() {
    for note in [
        "Anna: Nussallergie",
        "Zöliakie (Tochter Elif)",
        "vegan, Erdnuss!!!",
        "Laktose (beide)",
        "kein Schweinefleisch",
        "isst keinen Fisch",
        "no beef (both)",
        "Ama pregnant, no raw fish",
        "diabetic; sits near the door",
        "Dev eats no onion or garlic (Jain)",
        "no nuts pls, gf",
        "Mak Long alergi udang",
        "kencing manis",
        "tidak makan ikan",
        "non mangia carne",
        "celiachia",
        "sans porc",
        "intolérante au lactose",
        "花生过敏",
        "不吃牛肉",
        "لا يأكل اللحم",
    ] {
        assert!(words::is_food_note(&folded(note)), "{note}");
    }
    for note in [
        "kommen evtl. nur zur Trauung",
        "Name der Gattin erfragen",
        "photographer + assistant need dinner",
        "different Emma!",
        "age 3, highchair",
        "no phone",
        "tak datang",
    ] {
        assert!(!words::is_food_note(&folded(note)), "{note}");
    }
}

#[test]
fn a_heading_may_speak_of_an_event_that_it_does_not_name() {
    for (heading, asks) in [
        ("RSVP", true),
        ("Invited?", true),
        ("zum Fest eingeladen", true),
        ("Jemput makan malam", true),
        ("Einladung verschickt?", false),
        ("Meal", false),
    ] {
        assert_eq!(super::super::asks_event(heading), asks, "{heading}");
    }
}
