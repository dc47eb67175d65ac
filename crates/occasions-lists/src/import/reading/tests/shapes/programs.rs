//! Lists as other programs write them. Their headings are from memory, but for those of Google.

use super::{ENGLISH, Wanted, Writer, all, capital};

/// A row for each person.
pub(super) fn joy(out: &mut Writer<'_>, households: usize) {
    out.push(&[
        "First Name",
        "Last Name",
        "Party",
        "Email",
        "Phone",
        "Street Address 1",
        "City",
        "Zip Code",
        "Tags",
        "Dietary Restrictions",
        "RSVP",
    ]);
    for _ in 0..households {
        let party = format!("Party {}", out.next());
        let mut wanted = Wanted {
            email: out.email(),
            phone: out.phone("012-"),
            ..Wanted::default()
        };
        let street = format!("{} Road", out.next());
        wanted.address = format!("{street}, Ipoh, 30000");
        let tag = out.next();
        wanted.tags = vec![tag.clone()];
        for place in 0..=out.draw.below(3) {
            let (given, family) = out.name(&ENGLISH);
            let food = out.some("no");
            wanted.adults.push(format!("{given} {family}"));
            wanted.food.extend(all(&[&food]));
            let is_first = place == 0;
            let first = |text: &String| {
                if is_first {
                    text.clone()
                } else {
                    String::new()
                }
            };
            let cells = [
                given,
                family,
                party.clone(),
                first(&wanted.email),
                first(&wanted.phone),
                first(&street),
                first(&"Ipoh".to_owned()),
                first(&"30000".to_owned()),
                tag.clone(),
                food,
                String::new(),
            ];
            out.rows.push(cells.to_vec());
        }
        out.wanted.push(wanted);
    }
}

/// A couple with its children in a row.
pub(super) fn zola(out: &mut Writer<'_>, households: usize) {
    out.push(&[
        "Title",
        "First Name",
        "Last Name",
        "Suffix",
        "Partner Title",
        "Partner First Name",
        "Partner Last Name",
        "Partner Suffix",
        "Child 1 First Name",
        "Child 1 Last Name",
        "Child 2 First Name",
        "Child 2 Last Name",
        "Email Address",
        "Phone Number",
        "Street Address",
        "Apt / Floor",
        "City",
        "Zip Code",
        "Notes",
    ]);
    for _ in 0..households {
        let mut wanted = Wanted {
            email: out.email(),
            phone: out.phone("555-"),
            ..Wanted::default()
        };
        let (given, family) = out.name(&ENGLISH);
        wanted.adults.push(format!("Ms {given} {family}"));
        let mut cells = vec!["Ms".to_owned(), given, family, String::new()];
        match out.draw.below(3) {
            0 => cells.extend(["", "", "", ""].map(str::to_owned)),
            1 => {
                cells.extend(["", "Guest", "", ""].map(str::to_owned));
                wanted.places.0 = 1;
            }
            _ => {
                let (given, family) = out.name(&ENGLISH);
                wanted.adults.push(format!("Mr {given} {family}"));
                cells.extend(["Mr".to_owned(), given, family, String::new()]);
            }
        }
        let children = out.draw.below(3);
        for child in 0..2 {
            let (given, family) = out.name(&ENGLISH);
            if child < children {
                wanted.children.push(format!("{given} {family}"));
                cells.extend([given, family]);
            } else {
                cells.extend([String::new(), String::new()]);
            }
        }
        let street = format!("{} Street", out.next());
        let floor = format!("{} floor", out.next());
        wanted.address = format!("{street}, {floor}, Springfield, 12345");
        let note = out.some("met in");
        wanted.notes = all(&[&note]);
        cells.extend([
            wanted.email.clone(),
            wanted.phone.clone(),
            street,
            floor,
            "Springfield".to_owned(),
            "12345".to_owned(),
            note,
        ]);
        out.rows.push(cells);
        out.wanted.push(wanted);
    }
}

pub(super) fn knot(out: &mut Writer<'_>, households: usize) {
    out.push(&[
        "First Name",
        "Last Name",
        "Plus One",
        "Household ID",
        "E-mail",
        "Mobile",
        "Group",
        "Wedding Ceremony",
        "Song",
    ]);
    for household in 0..households {
        let id = (household + 1).to_string();
        let mut wanted = Wanted {
            email: out.email(),
            phone: out.phone("+1 555 "),
            ..Wanted::default()
        };
        let tag = out.next();
        wanted.tags = vec![tag.clone()];
        for place in 0..=out.draw.below(2) {
            let (given, family) = out.name(&ENGLISH);
            wanted.adults.push(format!("{given} {family}"));
            let is_first = place == 0;
            let plus = if is_first && out.draw.is(3) {
                "Yes"
            } else {
                "No"
            };
            wanted.places.0 += i64::from(plus == "Yes");
            let song = out.some("Song");
            wanted.notes.extend(all(&[&song]));
            let first = |text: &String| {
                if is_first {
                    text.clone()
                } else {
                    String::new()
                }
            };
            let cells = [
                given,
                family,
                plus.to_owned(),
                id.clone(),
                first(&wanted.email),
                first(&wanted.phone),
                tag.clone(),
                String::new(),
                song,
            ];
            out.rows.push(cells.to_vec());
        }
        out.wanted.push(wanted);
    }
}

pub(super) fn google(out: &mut Writer<'_>, households: usize) {
    out.push(&[
        "First Name",
        "Middle Name",
        "Last Name",
        "Nickname",
        "Organization Name",
        "Birthday",
        "Notes",
        "Labels",
        "E-mail 1 - Label",
        "E-mail 1 - Value",
        "Phone 1 - Label",
        "Phone 1 - Value",
        "Address 1 - Formatted",
        "Address 1 - City",
    ]);
    for _ in 0..households {
        let (given, family) = out.name(&ENGLISH);
        let middle = capital(&out.next());
        let (first, second) = (out.email(), out.email());
        let note = out.some("old friend");
        let tag = out.next();
        let address = format!("{} Lane\nIpoh", out.next());
        let mut wanted = Wanted {
            phone: out.phone("+60 12-"),
            tags: vec![tag.clone()],
            address: address.clone(),
            notes: all(&[&note]),
            ..Wanted::default()
        };
        wanted.adults = vec![format!("{given} {middle} {family}")];
        let emails = all(&[&first, &second]);
        wanted.email = emails.first().cloned().unwrap_or_default();
        wanted.notes.extend(emails.iter().skip(1).cloned());
        let cells = [
            given,
            middle,
            family,
            String::new(),
            String::new(),
            String::new(),
            note,
            format!("{tag} ::: * myContacts"),
            "* Home".to_owned(),
            emails.join(" ::: "),
            "Mobile".to_owned(),
            wanted.phone.clone(),
            address,
            "Ipoh".to_owned(),
        ];
        out.rows.push(cells.to_vec());
        out.wanted.push(wanted);
    }
}
