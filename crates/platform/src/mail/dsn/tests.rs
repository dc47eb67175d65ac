//! Tests that delivery reports are read as mail servers write them, and that other mail is ignored.

use super::*;

const MESSAGE: &str = "<0197f0c0-0000-7000-8000-00000000000a.abc@kenduri.example>";

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../tests/bounces/samples/", $name, ".eml"))
    };
}

fn bytes(sample: &str) -> Vec<u8> {
    let message = sample.replace("{message}", MESSAGE).replace('\n', "\r\n");
    message.into_bytes()
}

#[test]
fn reports_of_usual_servers_say_what_became_of_which_mail() {
    for (sample, is_unknown, reason) in [
        (
            sample!("postfix"),
            true,
            "5.1.1 550 5.1.1 <rahma@example.my>: Recipient address rejected: User unknown",
        ),
        (
            sample!("exim"),
            true,
            "5.0.0 550-5.1.1 The address has no 550 5.1.1 mailbox here",
        ),
        (
            sample!("exchange"),
            true,
            "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient rahma@example.my not \
             found by SMTP address lookup",
        ),
        (
            sample!("gmail"),
            false,
            "5.2.2 552-5.2.2 The recipient's inbox is out of storage space. 552 5.2.2 \
             https://support.example/mail - gsmtp",
        ),
    ] {
        let bounce = read(&bytes(sample)).unwrap();
        assert_eq!(bounce.messages[0], MESSAGE);
        assert_eq!(
            (bounce.is_unknown, bounce.reason.as_str()),
            (is_unknown, reason)
        );
    }
}

#[test]
fn a_report_that_was_cut_off_or_returns_nothing_still_names_the_mail() {
    let whole = bytes(sample!("exim"));
    let text = String::from_utf8(whole).unwrap();
    let returned = text.find("Content-type: message/rfc822").unwrap();
    let cut = read(&text.as_bytes()[..returned]).unwrap();
    assert_eq!(cut.messages, [MESSAGE]);
    let cut = read(&text.as_bytes()[..text.len() - 60]).unwrap();
    assert_eq!(cut.messages, [MESSAGE, MESSAGE]);
}

#[test]
fn other_mail_is_no_report() {
    let delayed = sample!("delayed");
    let read_receipt = sample!("postfix").replace(
        "message/delivery-status",
        "message/disposition-notification",
    );
    let reply = sample!("postfix").replace("multipart/report", "multipart/mixed");
    let arrived = sample!("postfix").replace("Action: failed", "Action: relayed");
    for sample in [
        delayed,
        &read_receipt,
        &reply,
        &arrived,
        "",
        "Subject: x\n\nx",
    ] {
        assert_eq!(read(&bytes(sample)), None, "{sample}");
    }
}

#[test]
fn of_several_recipients_all_must_be_unknown() {
    let second = "\nFinal-Recipient: rfc822; b@example.my\nAction: failed\nStatus: 5.2.2\n\n--";
    let two =
        sample!("postfix").replacen("User unknown\n\n--", &format!("User unknown\n{second}"), 1);
    assert!(two.contains("b@example.my"));
    assert!(!read(&bytes(&two)).unwrap().is_unknown);
}

#[test]
fn no_bytes_bring_it_down() {
    for sample in [
        sample!("postfix"),
        sample!("exim"),
        sample!("exchange"),
        sample!("gmail"),
    ] {
        let whole = bytes(sample);
        for end in 0..whole.len() {
            read(&whole[..end]);
        }
        for at in (0..whole.len()).step_by(3) {
            let mut changed = whole.clone();
            changed[at] ^= 0x8d;
            read(&changed);
        }
    }
}

#[test]
fn a_report_of_very_many_parts_is_not_taken_apart() {
    let whole = bytes(sample!("exim"));
    assert!(read(&[&whole, b"\r\n--".repeat(PARTS / 2).as_slice()].concat()).is_some());
    assert!(read(&[&whole, b"\r\n--".repeat(PARTS + 1).as_slice()].concat()).is_none());
}
