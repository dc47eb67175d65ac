//! Small lists, with the households that they have to become and what is told of them.

use web::sheet::read::Page;

use super::cells::lines;
use super::generated::{meanings, read, read_pages};
use super::shapes::serial;
use crate::household_document::field::Column;
use crate::import::reading::households::{Household, List};

/// A household on one line: its name, its guests with what is theirs, and what the household has.
fn shown(one: &Household) -> String {
    let guests = one.guests.iter().map(|guest| {
        let mut text = guest.name.clone() + if guest.is_child { "*" } else { "" };
        let own = [&guest.email, &guest.phone];
        let own = own.into_iter().chain(&guest.diets).chain(&guest.diet_notes);
        let replies = guest.replies.iter().map(|(_, reply)| reply);
        for value in own.chain(replies).filter(|value| !value.is_empty()) {
            text = format!("{text} ({value})");
        }
        text
    });
    let mut all = format!("{}: {}", one.name, guests.collect::<Vec<_>>().join(", "));
    for (sign, number) in [("+", one.plus_ones), ("+child ", one.children)] {
        if let Some(number) = number.filter(|number| *number > 0) {
            all = format!("{all} {sign}{number}");
        }
    }
    if one.is_number_unknown {
        all += " +?";
    }
    for reply in &one.replies {
        all = format!("{all} ({})", reply.typed);
    }
    for line in one.lines.values() {
        all = format!("{all} | {line}");
    }
    for tag in &one.tags {
        all = format!("{all} #{tag}");
    }
    for note in &one.notes {
        all = format!("{all} [{note}]");
    }
    for told in &one.told {
        all = format!("{all} !{}", told.warning.word());
    }
    all
}

pub(super) fn all_shown(list: &List) -> Vec<String> {
    let told = list.told.iter();
    let told = told.map(|told| format!("!{} {}", told.warning.word(), told.value));
    list.households.iter().map(shown).chain(told).collect()
}

/// A list without empty lines at its ends, and the lines that it has to become.
const LISTS: &[(&str, &[&str])] = &[
    (
        "\
Our wedding,,
,,
Name,Email,Phone
Anna,a@example.org,1
",
        &[
            "Anna: Anna | a@example.org | 1",
        ],
    ),
    (
        "\
Name,Email
Anna,a@example.org; b@example.org
Di,<d@example.org>
Ed,Ed Example <ed@example.org>
Fi,mailto:fi@example.org
Gus,\"gus@example,my\"
Hal,nowhere
",
        &[
            "Anna: Anna | a@example.org [Email: b@example.org] !in_note",
            "Di: Di | d@example.org",
            "Ed: Ed | ed@example.org [Email: Ed Example <ed@example.org>] !in_note",
            "Fi: Fi | fi@example.org",
            "Gus: Gus | gus@example.my !email_mended",
            "Hal: Hal [Email: nowhere] !email_in_note",
        ],
    ),
    (
        "\
Name,Phone
Anna,6.01234E+11
Ben,'0123
Cy,60123456789.0
Di,012-3456789 / 013-1234567
",
        &[
            "Anna: Anna !digits_lost",
            "Ben: Ben | 0123",
            "Cy: Cy | 60123456789",
            "Di: Di | 012-3456789 [Phone: 013-1234567] !in_note",
        ],
    ),
    (
        "\
Name,Child 1 Name
Ana,Ella (6)
Ben,Max
",
        &["Ana & Ella: Ana, Ella*", "Ben & Max: Ben, Max*"],
    ),
    (
        "\
Name,Table
Ana,4
Ben,4A
Cy,Rose
Di,Head table
Ed,-
",
        &[
            "Ana: Ana #Table 4",
            "Ben: Ben #Table 4A",
            "Cy: Cy #Table Rose",
            "Di: Di #Head table",
            "Ed: Ed",
        ],
    ),
    (
        "\
Ana,Family
Ben,Friends
Cy,Work
",
        &["Ana: Ana [Family]", "Ben: Ben [Friends]", "Cy: Cy [Work]"],
    ),
    (
        "\
Household,Pax,Dietary needs
Mr & Mrs Goh,2,peanuts
Tan Ah Kow,4,halal
Keluarga Hassan,,
",
        &[
            "Mr & Mrs Goh: Mr Goh (one of: peanuts), Mrs Goh (one of: peanuts) !whose_diet",
            "Tan Ah Kow: Tan Ah Kow (halal) +3",
            "Keluarga Hassan:  +? !number_unknown !nobody_named",
        ],
    ),
    (
        "\
Name,Phone
Mr & Mrs Tan,012-3456789
Mr & Mrs Tan,012-3456789
Mr & Mrs Tan,013-3456789
Lee,
Lee,
Ong,012-3456789
",
        &[
            "Mr & Mrs Tan: Mr Tan, Mrs Tan | 012-3456789 !joined",
            "Mr & Mrs Tan: Mr Tan, Mrs Tan | 013-3456789",
            "Lee: Lee",
            "Lee: Lee",
            "Ong: Ong | 012-3456789",
        ],
    ),
    (
        "\
Nama,Pax,No HP
PIHAK LELAKI,,
Ali,2,012-1111111
Meja 5,,
Siti & Abu,2,012-2222222
Hassan,1,012-3333333
TBC,2,
Lim,3,
Ong,3,
JUMLAH,13,
",
        &[
            "Ali: Ali +1 | 012-1111111 #PIHAK LELAKI",
            "Siti & Abu: Siti, Abu | 012-2222222 #Meja 5",
            "Hassan: Hassan | 012-3333333 #Meja 5",
            "Lim: Lim +2 #Meja 5",
            "Ong: Ong +2 #Meja 5",
            "!section PIHAK LELAKI",
            "!section Meja 5",
            "!line_left_out TBC · 2",
            "!line_left_out JUMLAH · 13",
        ],
    ),
    (
        "\
First Name,Last Name,Household ID,Email
Ana,Lim,1,ana@example.org
Ben,Lim,1,ben@example.org
Cy,Ng,2,
",
        &[
            "Ana Lim: Ana Lim, Ben Lim (ben@example.org) | ana@example.org",
            "Cy Ng: Cy Ng",
        ],
    ),
    (
        "\
Guest 1 First Name,Guest 1 Last Name,Guest 1 Email,Guest 2 First Name,Guest 2 Last Name,Child 1 Name,Notes
Ana,Lim,a@example.org,Ben,Lim,Eli,allergic to nuts
Cy,Ng,,Guest,,,late
",
        &[
            "Ana Lim & family: Ana Lim (one of: allergic to nuts), Ben Lim (one of: allergic to nuts), Eli* | a@example.org [allergic to nuts] !allergy_note",
            "Cy Ng: Cy Ng +1 [late]",
        ],
    ),
    (
        "\
Family,Adults,Children,Telephone
Lim family,2,3,012-1
Tan,2,\"Eli, Fay\",012-2
",
        &[
            "Lim family:  +2 +child 3 | 012-1 !nobody_named",
            "Tan: Tan, Eli*, Fay* +1 | 012-2",
        ],
    ),
    (
        "\
Name,Plus one,RSVP
Ana,yes,yes
Ben,Sarah,no
Cy,-,maybe
Dee,3,
",
        &[
            "Ana: Ana (yes) +1",
            "Ben: Ben (no), Sarah (no)",
            "Cy: Cy (maybe)",
            "Dee: Dee +3",
        ],
    ),
    (
        "\
Nome,Cognome,N. persone,Intolleranze
Ana & Ben,Rossi,2,glutine
Cy / Dee,Bianchi / Verdi,2,
",
        &[
            "Ana & Ben Rossi: Ana (one of: glutine), Ben Rossi (one of: glutine) !no_surname !whose_diet",
            "Cy Bianchi & Dee Verdi: Cy Bianchi, Dee Verdi",
        ],
    ),
    (
        "\
Phone / Email,What is your full name?,How many adults?,Do you have any allergies?,Zodiac
012-3456789,Ana Lim,2,nuts,Leo
ben@example.org,Ben Ng,1,,
",
        &[
            "Ana Lim: Ana Lim (nuts) +1 | 012-3456789 [Zodiac: Leo]",
            "Ben Ng: Ben Ng | ben@example.org",
        ],
    ),
    (
        "\
Ana Lim,ana@example.org,012-3456789
Ben Ng,ben@example.org,012-3456780
",
        &[
            "Ana Lim: Ana Lim | ana@example.org | 012-3456789",
            "Ben Ng: Ben Ng | ben@example.org | 012-3456780",
        ],
    ),
    (
        "\
Friends:
Ana
Ben & Cy
Work:
Dee +1
",
        &[
            "Ana: Ana #Friends",
            "Ben & Cy: Ben, Cy #Friends",
            "Dee: Dee +1 #Work",
            "!section Friends:",
            "!section Work:",
        ],
    ),
    (
        "\
Tom Baker,tom@example.org
Guest of Tom Baker,
Eve,eve@example.org
",
        &[
            "Tom Baker: Tom Baker +1 | tom@example.org",
            "Eve: Eve | eve@example.org",
        ],
    ),
    (
        "\
Name,Pax,Code
Ana,40,A
Ben,0,B
Cy,some,C
",
        &[
            "Ana: Ana +20 | A [40] !number_doubtful",
            "Ben: Ben | B !not_coming",
            "Cy: Cy | C [Pax: some] !number_doubtful",
        ],
    ),
    (
        "\
Name,Note
Ana,\"vegetarian, arrives late\"
Ben,allergic to peanuts
Cy & Dee,allergic to peanuts
",
        &[
            "Ana: Ana (vegetarian, arrives late) [vegetarian, arrives late] !allergy_note",
            "Ben: Ben (allergic to peanuts) [allergic to peanuts] !allergy_note",
            "Cy & Dee: Cy (one of: allergic to peanuts), Dee (one of: allergic to peanuts) [allergic to peanuts] !allergy_note",
        ],
    ),
    (
        "\
Household,Name,Note
Lim,Ana Lim,allergic to nuts
Lim,Ben Lim,allergic to nuts
Ng,Cy Ng,late
Ng,Dee Ng,allergic to nuts
",
        &[
            "Lim: Ana Lim (allergic to nuts), Ben Lim (allergic to nuts) [allergic to nuts] !allergy_note !allergy_note",
            "Ng: Cy Ng, Dee Ng (allergic to nuts) [Cy Ng: late] [Dee Ng: allergic to nuts] !allergy_note",
        ],
    ),
    (
        "\
Household,Name,Code
n/a,Ana Lim,TBC
n/a,Ben Tan,TBC
TBC,Cy Ong,-
TBC,Dee Ng,-
",
        &[
            "Ana Lim: Ana Lim [Code: TBC] !in_note",
            "Ben Tan: Ben Tan [Code: TBC] !in_note",
            "Cy Ong: Cy Ong [Household: TBC] !in_note",
            "Dee Ng: Dee Ng [Household: TBC] !in_note",
        ],
    ),
    (
        "\
Name,Address,City,Town
Ana,-,Ipoh,-
Ben,Via Roma 1,Roma,Roma
",
        &[
            "Ana: Ana | Ipoh",
            "Ben: Ben | Via Roma 1, Roma",
        ],
    ),
    (
        "\
Name,Pax,Seats,Adults
Ana,4,4,
Ben,4,2,
Cy,TBC,TBC,4
",
        &[
            "Ana: Ana +3",
            "Ben: Ben +3 !number_doubtful",
            "Cy: Cy +3 [Pax: TBC] [Seats: TBC] !number_doubtful !number_doubtful",
        ],
    ),
    (
        "\
First Name,Last Name,Partner
Na,Lim,Y
Ana,none,FALSE
",
        &[
            "Na Lim: Na Lim +1",
            "Ana: Ana",
        ],
    ),
    (
        "\
Name,Dietary needs
Ana and Ben (vegan),
Eli (6); Fay (7),no nuts
",
        &[
            "Ana and Ben: Ana (one of: vegan), Ben (one of: vegan) !whose_diet",
            "Eli & Fay: Eli* (one of: no nuts), Fay* (one of: no nuts) !whose_diet",
        ],
    ),
    (
        "\
Household,Guest
Lim,Emma (maid of honour)
Lim,Tom - shellfish
",
        &["Lim: Emma, Tom (shellfish) [Emma: maid of honour] !in_note"],
    ),
    (
        "\
Ana Lim,Family
Ben Tan,Family
Cy Ong,Work
",
        &[
            "Ana Lim: Ana Lim [Family]",
            "Ben Tan: Ben Tan [Family]",
            "Cy Ong: Cy Ong [Work]",
        ],
    ),
    (
        "\
Guest,No
Ana,1
Ben,2
",
        &[
            "Ana: Ana",
            "Ben: Ben",
            "!column_left_alone No: 1, 2",
        ],
    ),
    (
        "\
Nombre,Teléfono,Mesa
Ana,600111222,3
Luis y Eva,600111333,4
",
        &[
            "Ana: Ana | 600111222 #Mesa 3",
            "Luis y Eva: Luis, Eva | 600111333 #Mesa 4",
        ],
    ),
];

#[test]
fn small_lists_become_their_households() {
    let meanings = meanings();
    let mut wrong = Vec::new();
    for (file, wanted) in LISTS {
        let (_, _, list) = read(&lines(file), &meanings);
        let got = all_shown(&list);
        if got != *wanted {
            wrong.push(format!(
                "{file}is\n{}\nnot\n{}",
                got.join("\n"),
                wanted.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_column_may_say_who_is_invited_to_an_event() {
    let mut meanings = meanings();
    for (heading, column) in [
        ("dinner", Column::Reply("dinner".to_owned())),
        ("invited to dinner", Column::Invited("dinner".to_owned())),
    ] {
        meanings.insert(heading.to_owned(), column);
    }
    for (file, wanted) in [
        (
            "Name,Invited to dinner\nAna,Yes\nBen,no\nCy,\n",
            &[Some(true), Some(false), None][..],
        ),
        ("Name,Dinner\nAna,x\nBen,\n", &[Some(true), None]),
        (
            "Household,Name,Invited to dinner\nLim,Ana,✓\nLim,Ben,-\n",
            &[Some(true)],
        ),
        // Replies, and what may be anything.
        ("Name,Dinner\nAna,yes\nBen,no\n", &[None, None]),
        (
            "Name,Invited to dinner\nAna,perhaps\nBen,yes\n",
            &[None, None],
        ),
    ] {
        let (_, _, list) = read(&lines(file), &meanings);
        let households = list.households.iter();
        let got: Vec<Option<bool>> = households
            .map(|one| one.invited.get("dinner").copied())
            .collect();
        assert_eq!(got, wanted, "{file}");
    }
}

#[test]
fn a_household_of_too_many_people_keeps_its_first_ones() {
    let file = format!("Name,Diet\n{}Ana,vegan\n", "Ana;".repeat(16_000));
    let (_, _, list) = read(&lines(&file), &meanings());
    let one = &list.households[0];
    assert_eq!((one.guests.len(), one.notes.is_empty()), (30, false));
}

#[test]
fn a_number_that_is_too_high_is_kept_as_it_stands() {
    for (headings, cells) in [
        ("Plus ones", "999"),
        ("Pax,Plus ones", "2,999"),
        ("Pax,Kids", "2,999"),
        ("Pax", "999"),
        ("Pax,Plus ones", "999,1"),
    ] {
        let file = format!("Name,{headings}\nAna Lim,{cells}\n");
        let (_, _, list) = read(&lines(&file), &meanings());
        let one = &list.households[0];
        assert!(one.notes.join(" ").contains("999"), "{file}{one:?}");
    }
}

#[test]
fn sheets_and_lists_beside_each_other_are_one_list() {
    let page = |name: &str, is_hidden, hidden_rows: &[usize], file: &str| Page {
        name: name.to_owned(),
        is_hidden,
        rows: (1..)
            .zip(lines(file))
            .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
            .collect(),
        hidden_rows: hidden_rows.to_vec(),
        separated: None,
    };
    let pages = [
        page(
            "Bride",
            false,
            &[4],
            "Our wedding,\nName,Phone\nAnn,012-1\nBen,012-2\n",
        ),
        page(
            "Groom",
            false,
            &[],
            "Phone,Name\n012-3,Cy\nPhone,Name\n012-4,Dee\n",
        ),
        page("Old", true, &[], "Name,Phone\nEve,012-5\n"),
        page("Costs", false, &[], "500,200\n"),
        page(
            "Two",
            false,
            &[],
            "Name,Phone,,Name,Phone\nFay,012-6,,Gus,012-7\n",
        ),
    ];
    let (sheets, _, list) = read_pages(&pages, &meanings());
    let wanted = [
        "Ann: Ann | 012-1 #Bride",
        "Cy: Cy | 012-3 #Groom",
        "Dee: Dee | 012-4 #Groom",
        "Fay: Fay | 012-6 #Two",
        "Gus: Gus | 012-7 #Two",
    ];
    assert_eq!(all_shown(&list), wanted);
    let left_out: Vec<String> = sheets
        .left_out
        .iter()
        .map(|(row, text)| format!("{row} {text}"))
        .collect();
    let wanted = [
        "4 Ben · 012-2",
        "1 Our wedding",
        "3 Phone · Name",
        "1 Old: Name · Phone · Eve · 012-5",
        "1 Costs: 500 · 200",
    ];
    assert_eq!(left_out, wanted);
}

#[test]
fn sheets_with_too_many_other_columns_are_left_out() {
    let page = |name: &str, first: usize| Page {
        name: name.to_owned(),
        rows: vec![
            (1, (first..first + 60).map(serial).collect()),
            (2, vec!["7".to_owned(); 60]),
        ],
        ..Page::default()
    };
    let pages = [page("One", 0), page("Two", 60), page("Three", 0)];
    let (sheets, _, _) = read_pages(&pages, &meanings());
    let places: Vec<usize> = sheets.left_out.iter().map(|(row, _)| *row).collect();
    assert_eq!(
        (sheets.headings.len(), sheets.rows.len(), places),
        (61, 2, vec![2])
    );
}
