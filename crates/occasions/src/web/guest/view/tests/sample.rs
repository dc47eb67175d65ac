//! An example of each guests' page. Tests render every page in every language.

use jiff::Zoned;
use jiff::civil::date;
use jiff::tz::TimeZone;
use web::theme::Preset;
use web::{FirstItems, I18n, Language, Spoken, Text, Theme, ZonedPage};

use crate::occasion_page::PageHead;
use crate::web::guest::view::{
    AnsweredQuestion, AppLink, Card, Closing, CodeEntry, Confirmation, ConfirmationMail, Contact,
    Counts, Cover, DaysLeft, EventRow, Frame, Hosts, InfoPage, Known, Mark, NewsItem, OpenEvent,
    PageLink, PortalPage, Progress, ScheduleRow, Standing, Stored, Thanks, Tile, Timer, Tone,
    Typed,
};
use crate::words::{PageAudience, PageKind};

/// Returns a text that hosts might have written, in the language of `text` or else in English.
pub(super) fn spoken(
    text: &Text,
    en: &'static str,
    ms: &'static str,
    zh: &'static str,
    ar: &'static str,
) -> Spoken<'static> {
    Spoken::plain(match text.language().tag.as_ref() {
        "ms" => ms,
        "zh-Hans" => zh,
        "ar" => ar,
        _ => en,
    })
}

pub(super) fn nikah(text: &Text) -> Spoken<'static> {
    spoken(text, "Akad nikah", "Akad nikah", "证婚仪式", "عقد القران")
}

pub(super) fn reception(text: &Text) -> Spoken<'static> {
    spoken(text, "Reception", "Majlis resepsi", "婚宴", "حفل الاستقبال")
}

pub(super) fn at(hour: i8, minute: i8) -> Zoned {
    date(2027, 1, 16)
        .at(hour, minute, 0, 0)
        .in_tz("Asia/Kuala_Lumpur")
        .unwrap()
}

pub(super) fn hours(text: &Text, from: &Zoned, to: &Zoned) -> String {
    let venue = ZonedPage::at_venue(text, from.time_zone());
    venue.time_range(from.timestamp(), to.timestamp())
}

fn hosts(text: &Text) -> Hosts<'static> {
    Hosts(spoken(
        text,
        "Aisyah & Daniel",
        "Aisyah & Daniel",
        "陈美玲与李文杰",
        "عائشة و دانيال",
    ))
}

fn contact() -> Contact {
    Contact {
        name: "Farah".to_owned(),
        phone: Some("012-345 6789".to_owned()),
        dialled: "+60123456789".to_owned(),
        email: None,
    }
}

pub(super) fn frame(text: &Text) -> Frame<'static> {
    Frame {
        theme: Theme {
            preset: Preset::Songket,
            ..Theme::PLAIN
        },
        hosts: hosts(text),
        home: "/invite/RAHMA".to_owned(),
        answer: "/invite/RAHMA/rsvp".to_owned(),
        household: household(text),
        code: "RAHMA",
        contact: Some(contact()),
        made_with: true,
    }
}

fn cover(text: &Text) -> Cover<'static> {
    Cover {
        id: "c".to_owned(),
        heading: "h1",
        is_wedding: true,
        kicker: Some(spoken(
            text,
            "Together with their families",
            "Walimatulurus",
            "诚邀您参加我们的婚礼",
            "بكل سرور ندعوكم إلى حفل زفاف",
        )),
        date: text.date(at(9, 30)),
        date_machine: "2027-01-16".to_owned(),
        picture: None,
    }
}

fn household(text: &Text) -> &'static str {
    spoken(
        text,
        "Rahman family",
        "Keluarga Encik Rahman",
        "陈府",
        "السيد رحمن",
    )
    .text
}

pub(super) fn closing(text: &Text) -> Closing {
    Closing::Day {
        date: text.day_and_month(date(2027, 1, 14)),
        weekday: text.weekday(date(2027, 1, 14)),
        days: 55,
    }
}

fn events(text: &Text) -> Vec<EventRow<'static>> {
    let row = |name, from: (i8, i8), to: (i8, i8), venue, dress| EventRow {
        name,
        day: "16".to_owned(),
        month: text.month_short(date(2027, 1, 16)),
        when: format!(
            "{}, {}",
            text.weekday(date(2027, 1, 16)),
            hours(text, &at(from.0, from.1), &at(to.0, to.1))
        ),
        moment: format!(
            "{}, {}",
            text.date(date(2027, 1, 16)),
            hours(text, &at(from.0, from.1), &at(to.0, to.1))
        ),
        when_machine: web::dates::machine(&at(from.0, from.1)),
        was: None,
        venue,
        address: "Jalan Perdana, 50480 Kuala Lumpur",
        dress,
        map: Some("https://maps.example/?q=3.14,101.69"),
        apps: vec![AppLink {
            label: "portal-map",
            address: "https://maps.example/?q=3.14,101.69".to_owned(),
        }],
        schedule: (0..from.0 - 7)
            .map(|n| ScheduleRow {
                time: ZonedPage::at_venue(text, &TimeZone::UTC).clock(at(from.0, n).time()),
                title: nikah(text),
                detail: Spoken::plain(""),
            })
            .collect(),
    };
    let dress = spoken(
        text,
        "Baju Melayu or lounge suit",
        "Baju Melayu atau sut",
        "正装",
        "لباس رسمي",
    );
    vec![
        row(
            nikah(text),
            (9, 30),
            (11, 0),
            "Masjid Wilayah Persekutuan",
            Spoken::plain(""),
        ),
        row(
            reception(text),
            (12, 0),
            (16, 0),
            "Dewan Seri Melati, Jalan Duta",
            dress,
        ),
    ]
}

fn stored(text: &Text) -> Vec<Stored<'static>> {
    let person =
        |name: &str, child: Option<String>, nikah_mark, reception_mark, diets: &str| Stored {
            name: name.to_owned(),
            child,
            above: false,
            replies: vec![(nikah(text), nikah_mark), (reception(text), reception_mark)],
            diets: diets.to_owned(),
            told: vec![answer_text(text, "7")],
        };
    let seven = text.with("guest-child-age", [("age", 7.into())]);
    vec![
        person("Rahman bin\u{a0}Ali", None, Mark::Yes, Mark::Yes, "Halal"),
        person(
            "Siti Aminah binti\u{a0}Yusof",
            None,
            Mark::Yes,
            Mark::No,
            "",
        ),
        person(
            "Nur Iman",
            Some(seven),
            Mark::Undecided,
            Mark::Waitlisted,
            "",
        ),
        person("Layla Haddad", None, Mark::Pending, Mark::Pending, ""),
    ]
}

fn answer_text(text: &Text, words: &str) -> AnsweredQuestion<'static> {
    AnsweredQuestion {
        question: song(text),
        words: words.to_owned(),
    }
}

pub(super) fn song(text: &Text) -> Spoken<'static> {
    spoken(
        text,
        "A song that gets you dancing?",
        "Lagu apa yang membuatkan anda menari?",
        "哪首歌会让您翩翩起舞？",
        "ما الأغنية التي تدعوكم إلى الرقص؟",
    )
}

fn counts() -> Counts {
    Counts {
        yes: 2,
        undecided: 1,
        pending: 1,
        ..Counts::default()
    }
}

fn tiles(text: &Text) -> Vec<Tile> {
    vec![
        Tile {
            address: "/invite/RAHMA/dietary".to_owned(),
            title: text.say("tile-dietary").into_owned(),
            state: text.with("tile-diets", [("n", 1.into())]),
        },
        Tile {
            address: "/invite/RAHMA/notes".to_owned(),
            title: text.say("tile-note").into_owned(),
            state: text.say("tile-none").into_owned(),
        },
    ]
}

/// Returns the invitation page of a household that has not answered.
pub(super) fn portal(text: &Text) -> PortalPage<'_> {
    let mut guests = stored(text);
    for guest in &mut guests {
        guest.diets.clear();
        for reply in &mut guest.replies {
            reply.1 = Mark::Pending;
        }
    }
    PortalPage {
        text,
        frame: frame(text),
        cover: cover(text),
        standing: Standing::Open,
        salutation: Tone::Formal.salutation(text, household(text), None),
        closing: Some(closing(text)),
        progress: Progress::Unanswered,
        invitation: None,
        welcome: spoken(
            text,
            "We cannot wait to celebrate with you.\nYour prayers mean the world to us.",
            "Dengan penuh kesyukuran kami menjemput tuan sekeluarga.\nDoa restu tuan amat kami hargai.",
            "我们诚挚地邀请您见证我们的幸福。\n您的祝福是我们最珍贵的礼物。",
            "يسعدنا أن تشاركونا فرحتنا.\nدعواتكم أغلى ما نتمناه.",
        ),
        message: None,
        typed: Vec::new(),
        days_left: Some(DaysLeft {
            words: text.with("portal-days-left", [("n", 12.into())]),
            day_machine: "2027-01-16".to_owned(),
            timer: Some(Timer {
                from: 1_799_870_400_000,
                zero: 1_800_043_200_000,
                turn: 1_799_000_000_000,
            }),
        }),
        news: vec![NewsItem {
            title: Spoken::plain("Parking"),
            body: Spoken::plain("There is room behind the hall."),
            when: "12 January 2027".to_owned(),
        }],
        cancelled: Vec::new(),
        asked_again: Vec::new(),
        events: events(text),
        calendar: Some("/invite/RAHMA/calendar.ics".to_owned()),
        guests,
        counts: Counts {
            pending: 4,
            ..Counts::default()
        },
        waiting: None,
        household: vec![answer_text(text, "Getaran Jiwa")],
        tiles: tiles(text),
        pages: page_links(text),
    }
}

/// Returns the invitation page of a household that has answered for some guests.
pub(super) fn portal_partly(text: &Text) -> PortalPage<'_> {
    PortalPage {
        progress: Progress::Partly,
        guests: stored(text),
        counts: counts(),
        ..portal(text)
    }
}

/// Returns the invitation page after the deadline, with typed answers that came too late.
pub(super) fn portal_closed(text: &Text) -> PortalPage<'_> {
    PortalPage {
        standing: Standing::Closed(Some(text.day_and_month(date(2027, 1, 14)))),
        typed: vec![Typed {
            what: format!("Layla Haddad, {}", reception(text)),
            words: text.say("reply-yes").into_owned(),
        }],
        ..portal_partly(text)
    }
}

pub(super) fn confirmation(text: &Text) -> Confirmation<'_> {
    Confirmation {
        text,
        frame: frame(text),
        tone: Tone::Formal,
        progress: Progress::Complete,
        closing: Some(closing(text)),
        open: true,
        events: events(text),
        guests: stored(text).into_iter().take(3).collect(),
        counts: Counts {
            pending: 0,
            ..counts()
        },
        waiting: None,
        unconfirmed: false,
        code: Some("RAHMA"),
        household: vec![answer_text(text, "Getaran Jiwa")],
        calendar: Some("/invite/RAHMA/calendar.ics".to_owned()),
        mail: Some("r•••@x.my".to_owned()),
        unmailed: None,
        tiles: tiles(text),
    }
}

/// Returns the page on which guests type a code, with a household that the browser remembers.
pub(super) fn code(text: &Text) -> CodeEntry<'_> {
    CodeEntry {
        text,
        action: "/".to_owned(),
        typed: String::new(),
        name: None,
        problem: None,
        kept: Vec::new(),
        known: vec![Known {
            household: household(text).to_owned(),
            address: "/invite/RAHMA".to_owned(),
            code: "RAHMA".to_owned(),
        }],
        contact: None,
    }
}

pub(super) fn card(text: &Text) -> Card<'_> {
    Card {
        thanks: None,
        since: None,
        text,
        theme: frame(text).theme,
        hosts: hosts(text),
        cover: cover(text),
        preparing: false,
        host: None,
        days_left: None,
        welcome: portal(text).welcome,
        cancelled: Vec::new(),
        events: open_events(text),
        pages: page_links(text),
        answer: Some("/o/aisyah-daniel/rsvp".to_owned()),
        wishes: const {
            &FirstItems {
                items: Vec::new(),
                has_more: false,
            }
        },
        made_with: true,
        entry: CodeEntry {
            known: Vec::new(),
            contact: Some(contact()),
            ..code(text)
        },
    }
}

pub(super) fn open_events(text: &Text) -> Vec<OpenEvent<'_>> {
    vec![OpenEvent {
        key: "reception",
        field: "event.reception".to_owned(),
        name: Spoken::plain("Resepsi"),
        when: text.date(at(12, 0)),
        when_machine: "2027-01-16T12:00+08:00".to_owned(),
        venue: "Dewan Seri Melati",
        address: "12 Jalan Melati\nKuala Lumpur",
        apps: Vec::new(),
    }]
}

fn page_links(text: &Text) -> Vec<PageLink> {
    let head = |kind: PageKind, title| PageHead {
        key: kind.word().to_owned(),
        kind,
        title,
        audience: PageAudience::Everybody,
    };
    let own = I18n::one("ms", "Anak-anak");
    [
        head(PageKind::Stay, I18n::default()),
        head(PageKind::Other, own),
    ]
    .map(|head| PageLink {
        href: format!("/o/aisyah-daniel/pages/{}", head.key),
        title: head.title(text, "ms"),
    })
    .into()
}

/// Returns a page that hosts wrote, as an invited guest sees it.
pub(super) fn info_page(text: &Text) -> InfoPage<'_> {
    let travel = PageHead {
        key: "travel".to_owned(),
        kind: PageKind::Travel,
        title: I18n::default(),
        audience: PageAudience::Everybody,
    };
    InfoPage {
        text,
        home: "/invite/RAHMA".to_owned(),
        hosts: hosts(text),
        title: travel.title(text, "ms"),
        html: "<p>MRT Semantan</p>".to_owned(),
        other: Some(Language::of("ms")),
        pages: page_links(text),
        contact: None,
        made_with: true,
        frame: Some(frame(text)),
    }
}

pub(super) fn thanks(text: &Text) -> Thanks<'_> {
    Thanks {
        text,
        theme: frame(text).theme,
        hosts: hosts(text),
        cover: cover(text),
        since: Some(text.with("thanks-days-since", [("n", 40.into())])),
        farewell: Spoken::plain(""),
        contact: Some(contact()),
    }
}

pub(super) fn mail(text: &Text) -> ConfirmationMail<'_> {
    ConfirmationMail {
        text,
        theme: frame(text).theme,
        hosts: hosts(text).0.text,
        date: text.date(at(9, 30)),
        salutation: Tone::Formal.salutation(text, household(text), None),
        tone: Tone::Formal,
        progress: Progress::Complete,
        counts: counts(),
        waiting: None,
        has_moved_up: false,
        events: events(text),
        calendar: Some("https://kenduri.example/invite/RAHMA/calendar.ics".to_owned()),
        guests: stored(text).into_iter().take(2).collect(),
        told: vec![answer_text(text, "Getaran Jiwa")],
        change: Some(closing(text).change(text)),
        link: "https://kenduri.example/invite/RAHMA?k=7d2kq0m1xz".to_owned(),
        site: "kenduri.example".to_owned(),
        code: "RAHMA",
        household: household(text),
        contact: Some(contact()),
    }
}
