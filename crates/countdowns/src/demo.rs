//! The demo's countdowns: one that counts to a day, and others that count up.

use identity::account::AccountId;
use jiff::SignedDuration;
use jiff::civil::Date;
use platform::{StoreError, Tx};

use crate::countdown::{self, Countdown, Kind, Visibility};
use crate::import::{self, ImportedPhrase, Reset};

struct Habit {
    title: &'static str,
    slug: &'static str,
    is_primary: bool,
    runs: &'static [(i64, &'static str)],
}

const WITHOUT_SUGAR: Habit = Habit {
    title: "Days without sugar in the coffee",
    slug: "without-sugar",
    is_primary: false,
    runs: &[
        (283, "The dentist asked nicely."),
        (241, "A wedding tasting does not count. It does."),
        (198, ""),
        (121, "Grandmother’s kopi"),
        (47, "Night shift"),
    ],
};

const SINCE_THE_OUTAGE: Habit = Habit {
    title: "Days since the last outage",
    slug: "last-outage",
    is_primary: true,
    runs: &[
        (340, "Somebody tripped over the cable."),
        (205, "A certificate that nobody renewed"),
        (88, "Rain in the server room"),
    ],
};

const PHRASES: &[&str] = &[
    "Slowly, slowly, the cup fills.",
    "Where there is a will, there are a thousand excuses; where there is a friend, one way.",
    "A day is long until it is counted.",
];

/// Creates the demo's countdowns. The account `one` gets a countdown to a day and a countdown that
/// counts up. The account `other` gets a countdown that counts up.
pub fn seed(
    tx: &mut Tx<'_>,
    [one, other]: [&AccountId; 2],
    zone: &str,
    title: &str,
    day: Date,
) -> Result<(), StoreError> {
    let now = tx.now();
    let until = Countdown {
        title: title.to_owned(),
        slug: "the-wedding".to_owned(),
        target: day.to_string(),
        is_primary: true,
        ..everybodys(tx, Kind::Until, zone)
    };
    countdown::insert(tx, one, &until, now)?;
    add(tx, one, zone, &WITHOUT_SUGAR)?;
    add(tx, other, zone, &SINCE_THE_OUTAGE)?;
    for text in PHRASES {
        let phrase = ImportedPhrase {
            id: tx.id(),
            text: (*text).to_owned(),
            is_active: true,
            author: Some(one.clone()),
            created_at: now,
        };
        import::add_phrase(tx, &phrase)?;
    }
    Ok(())
}

fn everybodys(tx: &mut Tx<'_>, kind: Kind, zone: &str) -> Countdown {
    Countdown {
        visibility: Visibility::Public,
        listed: true,
        show_notes: true,
        show_phrase: true,
        ..Countdown::blank(tx.id(), kind, zone)
    }
}

fn add(tx: &mut Tx<'_>, of: &AccountId, zone: &str, habit: &Habit) -> Result<(), StoreError> {
    let new = Countdown {
        title: habit.title.to_owned(),
        slug: habit.slug.to_owned(),
        is_primary: habit.is_primary,
        ..everybodys(tx, Kind::Since, zone)
    };
    let now = tx.now();
    let days_ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    let began = habit.runs.first().map_or(now, |(days, _)| days_ago(*days));
    countdown::insert(tx, of, &new, began)?;
    for (days, note) in habit.runs {
        let reset_at = days_ago(*days);
        let reset = Reset {
            id: tx.id(),
            reset_at,
            note: (*note).to_owned(),
            created_at: reset_at,
        };
        import::add_reset(tx, of, &new.id, &reset)?;
    }
    Ok(())
}
