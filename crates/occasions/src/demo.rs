//! The demo occasion, a wedding with forty households. Its dates are relative to the day of its
//! creation.

mod households;

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use platform::id::Id;
use platform::{Random, Rows, StoreError, Tx, sql};
use web::theme::Preset;
use web::{I18n, Theme};

use crate::code::{self, CodeKey};
use crate::event::{self, Event, ScheduleLine};
use crate::guest::{self, Guest, Reply};
use crate::id::{EventId, GuestId, InvitationId, OccasionId, OccasionPageId, QuestionId};
use crate::invitation::{self, Details as InvitationDetails};
use crate::occasion::{self, Contact, Occasion, Switches};
use crate::occasion_page::OccasionPage;
use crate::question::Question;
use crate::words::{
    ActedBy, AskedOf, GuestKind, LockMode, OccasionStatus, PageAudience, PageKind, ReplyStatus,
    Source,
};
use crate::{diet, household, rsvp};
use households::{Answers, Sample};

pub const SLUG: &str = "aisyah-daniel";

pub const ZONE: &str = "Asia/Kuala_Lumpur";

/// Longer ago than the first answer.
const SENT_BEFORE: SignedDuration = SignedDuration::from_hours(864);

/// Returns the day of the wedding for a demo created at `now`.
pub fn wedding_day(now: Timestamp) -> Date {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    Days::from(now.to_zoned(zone).date()).wedding
}

/// Creates the demo occasion, and returns its id. Returns `None` if the store already contains an
/// occasion.
pub fn seed(tx: &mut Tx<'_>) -> Result<Option<OccasionId>, StoreError> {
    let (there,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM occasion"), &[])?;
    if there > 0 {
        return Ok(None);
    }
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let today = tx.now().to_zoned(zone.clone()).date();
    let days = Days::from(today);
    let id: OccasionId = tx.id();
    occasion::insert(tx, &occasion(id.clone(), &days, &zone))?;
    occasion::set_status(tx, &id, OccasionStatus::Published)?;
    diet::insert_built_in(tx, &id)?;
    let events = insert_events(tx, &id, &days, &zone)?;
    let song = song(tx.id());
    song.insert(tx, &id)?;
    travel(tx.id()).insert(tx, &id)?;
    // The seed is fixed, so the random codes are always the same. Documentation and tests mention
    // some of them.
    let codes = Random::seeded(40);
    let households = households::all().map_err(|error| StoreError::Schema(error.to_string()))?;
    for (number, sample) in households.iter().enumerate() {
        let shown = match sample.code.as_str() {
            "" => code::draw(&codes, 5),
            code => code.to_owned(),
        };
        insert_household(tx, &id, &events, number, sample, &shown)?;
    }
    event::recount_seats(tx, &id)?;
    Ok(Some(id))
}

struct Days {
    deadline: Date,
    wedding: Date,
}

impl Days {
    fn from(today: Date) -> Self {
        let deadline = today.saturating_add(31.days());
        let mut wedding = today.saturating_add(57.days());
        while wedding.weekday() != Weekday::Saturday {
            wedding = wedding.saturating_add(1.day());
        }
        Self { deadline, wedding }
    }
}

fn instant(zone: &TimeZone, day: Date, hour: i8, minute: i8) -> Timestamp {
    zone.to_zoned(day.to_datetime(time(hour, minute, 0, 0)))
        .as_ref()
        .map_or(Timestamp::UNIX_EPOCH, Zoned::timestamp)
}

fn i18n(texts: &[(&str, &str)]) -> I18n {
    texts
        .iter()
        .map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()))
        .collect()
}

fn occasion(id: OccasionId, days: &Days, zone: &TimeZone) -> Occasion {
    Occasion {
        slug: SLUG.to_owned(),
        title: i18n(&[
            ("ms", "Walimatulurus Aisyah & Daniel"),
            ("en", "The wedding of Aisyah & Daniel"),
            ("it", "Il matrimonio di Aisyah e Daniel"),
            ("zh-Hans", "艾莎与丹尼尔的婚礼"),
            ("ar", "حفل زفاف عائشة ودانيال"),
        ]),
        kicker: i18n(&[
            ("ms", "Walimatulurus"),
            ("en", "Together with their families"),
            ("it", "Insieme alle loro famiglie"),
            ("zh-Hans", "谨订于"),
            ("ar", "بمشاركة عائلتيهما"),
        ]),
        welcome: i18n(&[
            (
                "ms",
                "Dengan penuh kesyukuran kami menjemput tuan/puan sekeluarga.\nDoa restu tuan/puan amat kami hargai.",
            ),
            (
                "en",
                "We cannot wait to celebrate with you.\nYour prayers mean the world to us.",
            ),
            (
                "it",
                "Non vediamo l’ora di festeggiare con voi.\nLa vostra presenza sarà il dono più bello.",
            ),
            (
                "zh-Hans",
                "诚挚邀请您与家人莅临，\n与我们一同分享这份喜悦。",
            ),
            ("ar", "يسعدنا أن تشاركونا فرحتنا.\nدعواتكم أغلى ما نرجوه."),
        ]),
        hosts: i18n(&[
            ("ms", "Aisyah & Daniel"),
            ("en", "Aisyah & Daniel"),
            ("it", "Aisyah e Daniel"),
            ("zh-Hans", "艾莎 与 丹尼尔"),
            ("ar", "عائشة و دانيال"),
        ]),
        time_zone: ZONE.to_owned(),
        currency: "MYR".to_owned(),
        languages: ["ms", "en", "it", "zh-Hans", "ar"]
            .map(str::to_owned)
            .to_vec(),
        default_language: "ms".to_owned(),
        rsvp_deadline: Some(instant(zone, days.deadline, 0, 0)),
        contact: Contact {
            name: "Farah".to_owned(),
            email: "farah@example.com".to_owned(),
            phone: "012-345 6789".to_owned(),
        },
        theme: Theme {
            preset: Preset::Songket,
            ..Theme::PLAIN
        },
        switches: Switches {
            open_rsvp: true,
            ..Switches::default()
        },
        ..Occasion::blank(id)
    }
}

fn song(id: QuestionId) -> Question {
    Question {
        id,
        key: "song".to_owned(),
        asked_of: AskedOf::Household,
        title: i18n(&[
            ("ms", "Lagu apa yang membuatkan anda menari?"),
            ("en", "A song that gets you dancing?"),
            ("it", "Una canzone che vi fa ballare?"),
            ("zh-Hans", "哪首歌会让您翩翩起舞？"),
            ("ar", "ما الأغنية التي تدعوكم إلى الرقص؟"),
        ]),
        coming_only: true,
        active: true,
        version: 1,
        ..Question::default()
    }
}

fn travel(id: OccasionPageId) -> OccasionPage {
    OccasionPage {
        id,
        key: "travel".to_owned(),
        kind: PageKind::Travel,
        title: I18n::default(),
        body: i18n(&[
            (
                "ms",
                "Dewan ini terletak **10 minit berjalan kaki** dari MRT Semantan.\n\n## Dengan kereta\n\n- Tempat letak kereta percuma di belakang dewan.\n- Dari Lebuhraya Duke, ambil susur keluar Jalan Duta.",
            ),
            (
                "en",
                "The hall is a **ten-minute walk** from MRT Semantan.\n\n## By car\n\n- Parking behind the hall is free.\n- From the Duke Highway, take the exit Jalan Duta.",
            ),
            (
                "it",
                "La sala è a **dieci minuti a piedi** dalla stazione MRT Semantan.\n\n## In auto\n\n- Il parcheggio dietro la sala è gratuito.\n- Dall’autostrada Duke, uscita Jalan Duta.",
            ),
        ]),
        audience: PageAudience::Everybody,
        position: 0,
        version: 1,
    }
}

fn insert_events(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    days: &Days,
    zone: &TimeZone,
) -> Result<Vec<EventId>, StoreError> {
    let sunday = days.wedding.saturating_add(1.day());
    let line = |time: &str, ms: &str, en: &str| ScheduleLine {
        time: time.to_owned(),
        title: i18n(&[("ms", ms), ("en", en)]),
        detail: I18n::default(),
    };
    let mut event = |key: &str, name: &[(&str, &str)], day, from: (i8, i8), to: (i8, i8)| Event {
        id: tx.id(),
        key: key.to_owned(),
        name: i18n(name),
        starts_at: instant(zone, day, from.0, from.1),
        ends_at: instant(zone, day, to.0, to.1),
        hour_known: true,
        end_known: true,
        venue: "Dewan Seri Melati".to_owned(),
        address: "12 Jalan Duta, 50480 Kuala Lumpur".to_owned(),
        map_url: "https://www.openstreetmap.org/?mlat=3.1615&mlon=101.6720#map=17/3.1615/101.6720"
            .to_owned(),
        version: 1,
        ..Event::default()
    };
    let nikah = Event {
        venue: "Masjid Wilayah Persekutuan".to_owned(),
        address: "Jalan Tuanku Abdul Halim, 50480 Kuala Lumpur".to_owned(),
        map_url: "https://www.openstreetmap.org/?mlat=3.1719&mlon=101.6708#map=17/3.1719/101.6708"
            .to_owned(),
        capacity: Some(150),
        ..event(
            "nikah",
            &[
                ("ms", "Akad nikah"),
                ("en", "Akad nikah"),
                ("it", "Akad nikah"),
                ("zh-Hans", "证婚仪式"),
                ("ar", "عقد القران"),
            ],
            days.wedding,
            (9, 30),
            (11, 0),
        )
    };
    let reception = Event {
        capacity: Some(200),
        position: 1,
        dress_code: i18n(&[
            ("ms", "Baju tradisional, warna emas atau merah"),
            ("en", "Traditional dress, gold or red"),
            ("it", "Abito tradizionale, oro o rosso"),
            ("zh-Hans", "传统服装，金色或红色"),
            ("ar", "لباس تقليدي، ذهبي أو أحمر"),
        ]),
        schedule: vec![
            line("12:00", "Ketibaan tetamu", "Guests arrive"),
            line("12:45", "Ketibaan pengantin", "The couple arrives"),
            line("13:15", "Jamuan makan", "The meal"),
        ],
        ..event(
            "reception",
            &[
                ("ms", "Majlis resepsi"),
                ("en", "Reception"),
                ("it", "Ricevimento"),
                ("zh-Hans", "喜宴"),
                ("ar", "حفل الاستقبال"),
            ],
            days.wedding,
            (12, 0),
            (16, 0),
        )
    };
    let brunch = Event {
        position: 2,
        ..event(
            "brunch",
            &[
                ("ms", "Sarapan bersama"),
                ("en", "Brunch"),
                ("it", "Brunch"),
                ("zh-Hans", "早午餐"),
                ("ar", "إفطار متأخر"),
            ],
            sunday,
            (10, 0),
            (12, 30),
        )
    };
    let events = [nikah, reception, brunch];
    for event in &events {
        event.insert(tx, occasion)?;
    }
    Ok(events.map(|event| event.id).into())
}

fn insert_household(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    events: &[EventId],
    number: usize,
    sample: &Sample,
    shown: &str,
) -> Result<(), StoreError> {
    let key = CodeKey::parse(shown).map_err(|_| StoreError::rule(format!("{shown} is no code")))?;
    let details = invitation_details(tx.now(), sample);
    let id = invitation::insert(tx, occasion, shown, &key, &details)?
        .ok_or_else(|| StoreError::rule(format!("the code {shown} is taken")))?;
    let invited = if sample.code.is_empty() && number % 2 == 1 {
        &events[..2]
    } else {
        events
    };
    for event in invited {
        household::invite(tx, &id, event)?;
    }
    if !sample.unsent {
        let at = tx.now() - SENT_BEFORE;
        sql!("UPDATE invitation SET sent_at = :at WHERE id = :id", id, at)
            .run(tx, Rows::Exactly(1))?;
    }
    let answered = insert_guests(tx, &id, invited, number, sample)?;
    if let Some(at) = answered {
        sql!(
            "UPDATE invitation SET replied_at = :at, first_opened_at = :at,
             last_opened_at = :at, open_count = 1 WHERE id = :id",
            id,
            at
        )
        .run(tx, Rows::Exactly(1))?;
        rsvp::insert_submission(tx, &id, 0, &[], "household", Source::Web)?;
    }
    let invitation = invitation::find(tx, &id)?;
    if let Some(invitation) = invitation {
        let guests = guest::list(tx, &id)?;
        invitation::update_search(tx, &invitation, &guests)?;
    }
    Ok(())
}

fn invitation_details(now: Timestamp, sample: &Sample) -> InvitationDetails {
    InvitationDetails {
        household: sample.household.clone(),
        salutation: sample.salutation.clone(),
        email: sample.email.clone(),
        phone: sample.phone.clone(),
        language: Some(sample.language.clone()),
        plus_ones: sample.plus_ones,
        children: sample.children,
        deadline_override: (sample.code == "LATE1").then(|| now - SignedDuration::from_hours(24)),
        lock_mode: if sample.code == "SHUT1" {
            LockMode::Locked
        } else {
            LockMode::Auto
        },
        host_message: sample.message.clone(),
        tags: sample.tags.clone(),
        ..InvitationDetails::default()
    }
}

/// Returns when the household answered.
fn insert_guests(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    events: &[EventId],
    number: usize,
    sample: &Sample,
) -> Result<Option<Timestamp>, StoreError> {
    let now = tx.now();
    // Spreads the answers over the last five weeks, so that the chart of answers shows a curve.
    let ago = SignedDuration::from_hours(i64::try_from((number * 97) % 840).unwrap_or(0) + 2);
    let mut answered = None;
    for (position, person) in sample.guests.iter().enumerate() {
        let id: GuestId = Id::from_text(platform::id::generate(now, tx.random()));
        let mut replies = BTreeMap::new();
        for (which, event) in events.iter().enumerate() {
            let status = answer_of(sample.answers, position, which);
            let at = (status != ReplyStatus::Pending).then(|| now - ago);
            answered = answered.or(at);
            replies.insert(event.clone(), Reply::at(status, now - ago));
        }
        let guest = Guest {
            id,
            name: person.name.clone(),
            kind: if person.brought {
                GuestKind::PlusOne
            } else {
                GuestKind::Named
            },
            is_child: person.age.is_some(),
            child_age: person.age,
            added_by: if person.brought {
                ActedBy::Household
            } else {
                ActedBy::Host
            },
            position: i64::try_from(position).unwrap_or(0),
            diets: person.diets.clone(),
            replies,
            ..Guest::default()
        };
        guest::insert(tx, invitation, &guest, Source::Web)?;
    }
    Ok(answered)
}

fn answer_of(answers: Answers, position: usize, event: usize) -> ReplyStatus {
    let or_pending = |yes: bool| {
        if yes {
            ReplyStatus::Yes
        } else {
            ReplyStatus::Pending
        }
    };
    let or_no = |yes: bool| {
        if yes {
            ReplyStatus::Yes
        } else {
            ReplyStatus::No
        }
    };
    let first = position == 0;
    match answers {
        Answers::Nobody => ReplyStatus::Pending,
        Answers::FirstOnly => or_pending(first),
        Answers::Unsure if first => ReplyStatus::Undecided,
        Answers::Mixed if (position + event) % 3 == 2 => ReplyStatus::Undecided,
        Answers::Mixed => or_no((position + event).is_multiple_of(3)),
        Answers::ReceptionOnly => or_no(event == 1),
        Answers::AllDecline => ReplyStatus::No,
        Answers::All | Answers::Unsure => ReplyStatus::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_households_of_one_to_eight_with_good_codes() {
        let households = households::all().unwrap();
        assert_eq!(households.len(), 40);
        for sample in &households {
            assert!(
                (1..=8).contains(&sample.guests.len()),
                "{}",
                sample.household
            );
            if !sample.code.is_empty() {
                assert!(CodeKey::parse(&sample.code).is_ok());
            }
        }
    }

    #[test]
    fn the_wedding_is_on_a_saturday_after_the_deadline() {
        for day in 1..=28 {
            let days = Days::from(jiff::civil::date(2026, 11, day));
            assert_eq!(days.wedding.weekday(), Weekday::Saturday);
            assert!(days.deadline < days.wedding);
        }
    }
}
