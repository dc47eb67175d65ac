use std::iter;

use super::*;

/// The table of a file of cards, with a line for each filled cell.
fn shown(file: &[u8]) -> Vec<String> {
    let mut without = WithoutPictures::default();
    without.push(file);
    let found = read(&without.finish()).unwrap();
    let mut all = Vec::new();
    for (number, cells) in &found.rows {
        for (heading, cell) in found.headings.iter().zip(cells) {
            if !cell.is_empty() {
                all.push(format!("{number} {heading} = {cell}"));
            }
        }
    }
    for (name, times) in &found.unread {
        all.push(format!("unread {name} {times}"));
    }
    if !found.outside.is_empty() {
        all.push(format!("outside {}", found.outside));
    }
    all
}

#[test]
fn the_cards_of_a_phone_become_rows() {
    let file = "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iPhone OS 18//EN\r\n\
        N:Lim;Ann;;;\r\nFN:Ann Lim\r\nORG:Acme\\, Inc.;Sales\r\nTITLE:Manager\r\n\
        TEL;type=WORK;type=VOICE;type=pref:03-1111 2222\r\n\
        item1.TEL:019-333 4444\r\nitem1.X-ABLabel:Boat\r\n\
        TEL;type=CELL;type=VOICE:+60 12-345 6789\r\n\
        item2.EMAIL;type=INTERNET:ann@example.com\r\nitem2.X-ABLabel:_$!<Other>!$_\r\n\
        EMAIL;TYPE=\"work,internet\":ann@acme.example\r\n\
        ADR;TYPE=WORK:;;9 Office Road;KL;;50000;Malaysia\r\n\
        ADR;TYPE=home:;Unit 5;12 Long Road\\nNear the park;Ipoh;Perak;30000;Malaysia\r\n\
        NOTE:Brings a cake\\; no nuts.\r\n  And a very long story that is \r\n folded.\r\n\
        BDAY:1990-01-01\r\nURL:https://example.com\r\nCATEGORIES:Friends,myContacts,School\r\n\
        PHOTO;ENCODING=b;TYPE=JPEG:QUJD\r\n QUJD\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:4.0\r\nFN;LANGUAGE=ms:Hafiz\r\nN:bin Omar;Hafiz;;Dato’;\r\n\
        TEL;VALUE=uri;TYPE=\"cell\";PREF=1:tel:+60-19-555-6666\r\nBDAY:--0203\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:\r\nORG:Kedai Bunga;\r\nTEL;TYPE=FAX:03-9\r\n\
        X-ABShowAs:COMPANY\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:3.0\r\nN:陈;志明;;;\r\nEND:VCARD\r\n";
    let wanted = [
        "1 Name = Ann Lim",
        "1 Phone (mobile) = +60 12-345 6789",
        "1 Phone (work) = 03-1111 2222",
        "1 Phone (Boat) = 019-333 4444",
        "1 Email (work) = ann@acme.example",
        "1 Email (Other) = ann@example.com",
        "1 Address = Unit 5, 12 Long Road\nNear the park, Ipoh, Perak, 30000, Malaysia",
        "1 Other address = work: 9 Office Road, KL, 50000, Malaysia",
        "1 Organisation = Acme, Inc., Sales",
        "1 Labels = Friends, School",
        "1 Note = Brings a cake; no nuts. And a very long story that is folded.",
        "2 Name = Hafiz",
        "2 Full name = Dato’ Hafiz bin Omar",
        "2 Phone (mobile) = +60-19-555-6666",
        "3 Name = Kedai Bunga",
        "3 Phone (fax) = 03-9",
        "4 Name = 陈志明",
        "unread BDAY 2",
        "unread PHOTO 1",
        "unread TITLE 1",
        "unread URL 1",
    ];
    assert_eq!(shown(file.as_bytes()), wanted);
}

#[test]
fn cards_of_version_2_1_are_decoded() {
    let file = b"BEGIN:VCARD\r\nVERSION:2.1\r\n\
        N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=96zil;=41nna;;;\r\n\
        NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:caf=E9 =\r\n\
        TEL: is no number=0D=0Aend\r\n\
        TEL;CELL;PREF:012-1\r\nTEL;X-Custom(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=42oat):013-2\r\n\
        X-NOTE;BASE64:\r\n QUJD\r\n\r\nADR;HOME:;;1 Road\r\n  North;;;;\r\n\
        AGENT:\r\nBEGIN:VCARD\r\nFN:Somebody else\r\nEND:VCARD\r\nTEL;HOME:014-3\r\n\
        EMAIL;INTERNET:o@example.com\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:2.1\r\nN:M\xfcller;J\xf6rg\r\nTEL;CELL:015-4\r\n";
    let wanted = [
        "1 Name = Anna Özil",
        "1 Phone (mobile) = 012-1",
        "1 Phone (home) = 014-3",
        "1 Phone (Boat) = 013-2",
        "1 Email = o@example.com",
        "1 Address = 1 Road  North",
        "1 Note = café TEL: is no number\nend",
        "2 Name = Jörg Müller",
        "2 Phone (mobile) = 015-4",
        "unread AGENT 1",
        "unread X-NOTE 1",
    ];
    assert_eq!(shown(file), wanted);
}

#[test]
fn what_is_no_card_is_named_and_nothing_takes_much_memory() {
    let file = "BEGIN:VCARD\nFN:Ann\nno property\nBEGIN:VCARD\nFN:Ben\nEND:VCARD\nCiao: bella\n\
                \u{feff}BEGIN:VCARD\nEND:VCARD\n";
    let wanted = [
        "1 Name = Ann",
        "2 Name = Ben",
        "outside no property CIAO:bella",
    ];
    assert_eq!(shown(file.as_bytes()), wanted);
    assert_eq!(read(b"BEGIN:VCARD\nEND:VCARD\n"), Err(Unreadable::Empty));
    let many = "BEGIN:VCARD\n".repeat(10_001);
    assert_eq!(read(many.as_bytes()), Err(Unreadable::TooManyRows));
    // Every number has a label of its own.
    let lines = (0..3_000)
        .map(|at| format!("item{at}.TEL:012-{at}\nitem{at}.X-ABLabel:L{at}\nX-P{at}:1\n"));
    let file: String = iter::once("BEGIN:VCARD\nFN:Ann\n".to_owned())
        .chain(lines)
        .collect();
    let found = read(file.as_bytes()).unwrap();
    assert!(found.headings.len() < 30, "{}", found.headings.len());
    assert!(found.unread.len() < 120, "{}", found.unread.len());
    let all: usize = found.unread.iter().map(|(_, times)| times).sum();
    assert_eq!(
        found.rows[0].1.concat().matches("012-").count() + all,
        6_000
    );
}
