//! Cells with email addresses and telephone numbers.

use super::super::contacts;

#[test]
fn signs_that_could_start_a_number_are_passed_once() {
    for sign in ["+", "+ "] {
        let many = format!("a {}b", sign.repeat(16_000));
        assert_eq!(contacts::take_phones(&many), (many.clone(), Vec::new()));
    }
}

#[test]
fn contacts_are_found_in_whatever_stands_around_them() {
    for (cell, emails, rest, is_mended) in [
        (
            "a@example.org; b@example.org",
            "a@example.org b@example.org",
            false,
            false,
        ),
        (
            "ben@example.org ::: ben@work.example",
            "ben@example.org ben@work.example",
            false,
            false,
        ),
        ("<d@example.org>", "d@example.org", false, false),
        ("Ed Example <ed@example.org>", "ed@example.org", true, false),
        ("mailto:fi@example.org", "fi@example.org", false, false),
        ("suami11@example,my", "suami11@example.my", false, true),
        ("no address", "", true, false),
        ("ana(at)example.org", "ana@example.org", false, true),
        ("ana [at] example(dot)org", "ana@example.org", false, true),
        ("ana at example.org", "ana@example.org", false, true),
        ("at home in the evening", "", true, false),
        ("a5@ x ::: b5@y", "", true, false),
    ] {
        let found = contacts::emails(cell);
        assert_eq!(found.emails.join(" "), emails, "{cell}");
        assert_eq!(
            (found.has_rest, found.is_mended),
            (rest, is_mended),
            "{cell}"
        );
    }
    for (cell, phones, has_rest, is_lost) in [
        ("6.01234E+11", "", false, true),
        ("6.01E+10", "", false, true),
        ("'0123", "0123", false, false),
        ("=\"0123456\"", "0123456", false, false),
        ("60123456789.0", "60123456789", false, false),
        (
            "+60 12-345 ::: +60 13-999",
            "+60 12-345|+60 13-999",
            false,
            false,
        ),
        ("012-3456789/8", "012-3456789|012-3456788", false, false),
        ("0351/4567890", "0351 4567890", false, false),
        ("(089) / 123456", "(089)   123456", false, false),
        ("+49 172/1112223", "+49 172 1112223", false, false),
        (
            "0351/4567890/0172/1112223",
            "0351 4567890|0172 1112223",
            false,
            false,
        ),
        ("0351/0172", "0351|0172", false, false),
        ("012 345 6789 call after 6", "012 345 6789", true, false),
        (
            "(555) 123-4567 or 555-0201",
            "(555) 123-4567|555-0201",
            false,
            false,
        ),
        ("٠١٢٣٤٥٦٧٨", "٠١٢٣٤٥٦٧٨", false, false),
    ] {
        let found = contacts::phones(cell);
        assert_eq!(found.phones.join("|"), phones, "{cell}");
        assert_eq!(
            (found.has_rest, found.has_lost_digits),
            (has_rest, is_lost),
            "{cell}"
        );
    }
}
