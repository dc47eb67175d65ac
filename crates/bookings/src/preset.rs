//! Presets: the session types, levels, criteria of feedback, plans and settings with which a site
//! can begin, and hours and an offer for whoever begins it.

use platform::{StoreError, Tx, sql};
use serde_json::json;
use site::proof::Proof as _;
use site::resource::{change, create};
use web::{Input, zone};

use crate::Refusal;
use crate::choice_list::{Level, SessionType};
use crate::codes::PRESET_USED;
use crate::credit_kind::{self, CreditKind, DOCUMENT_REVIEW, SESSION};
use crate::feedback_criterion::{Author, Criterion, Kind};
use crate::offer::Offer;
use crate::plan::{self, Plan};
use crate::provider::Provider;
use crate::schedule::{self, Schedule};
use crate::settings::{self, Administrator, Reveal, Seen};
use crate::slot::Place;

web::words! {
    /// A kind of site.
    #[schema(as = BookingPreset)]
    Preset {
        /// Mentors who advise members.
        Mentoring = "mentoring" => "preset-mentoring",
        /// Studios such as those of photographers.
        Studio = "studio" => "preset-studio",
        /// Caterers, with whom members taste dishes and plan events.
        Catering = "catering" => "preset-catering",
        /// Consultants, who advise companies.
        Consulting = "consulting" => "preset-consulting",
    }
}

/// The code of an item, and the message id of its label.
type Item = (&'static str, &'static str);

struct Rows {
    types: [Item; 3],
    levels: [Item; 3],
    /// The side that gives feedback, and the message ids for the labels of its criteria: first the
    /// criteria that are answered with a score, then those that are answered in words.
    criteria: (Author, &'static [&'static str], &'static [&'static str]),
    /// The message id of a plan's name, its tier, credits and months, and an example price in
    /// whole units of a currency.
    plans: &'static [(&'static str, i64, i64, i64, i64)],
    reveal: Reveal,
    newcomers: bool,
}

const MENTORING: Rows = Rows {
    types: [
        ("mock-interview", "preset-mock-interview"),
        ("career-talk", "preset-career-talk"),
        ("document-review", "preset-document-review"),
    ],
    levels: [
        ("entry", "preset-entry"),
        ("middle", "preset-middle"),
        ("senior", "preset-senior"),
    ],
    criteria: (
        Author::Provider,
        &[
            "preset-problem-solving",
            "preset-communication",
            "preset-technical-depth",
            "preset-quality",
            "preset-overall",
        ],
        &[
            "preset-strengths",
            "preset-improvements",
            "preset-next-steps",
        ],
    ),
    plans: &[
        ("preset-plan-1", 1, 1, 1, 100),
        ("preset-plan-3", 1, 3, 3, 270),
        ("preset-plan-6", 1, 6, 6, 480),
        ("preset-add-on-1", 0, 1, 0, 110),
        ("preset-add-on-3", 0, 3, 0, 300),
        ("preset-add-on-5", 0, 5, 0, 450),
    ],
    reveal: Reveal::AfterBooking,
    newcomers: false,
};

const STUDIO: Rows = Rows {
    types: [
        ("portrait", "preset-portrait"),
        ("wedding", "preset-wedding"),
        ("product", "preset-product"),
    ],
    levels: GUESTS,
    criteria: (
        Author::Member,
        &[
            "preset-punctuality",
            "preset-communication",
            "preset-result",
        ],
        &[],
    ),
    plans: &[],
    reveal: Reveal::Always,
    newcomers: true,
};

const CATERING: Rows = Rows {
    types: [
        ("tasting", "preset-tasting"),
        ("menu", "preset-menu"),
        ("site-visit", "preset-site-visit"),
    ],
    levels: GUESTS,
    criteria: (
        Author::Member,
        &["preset-taste", "preset-presentation", "preset-service"],
        &[],
    ),
    plans: &[],
    reveal: Reveal::Always,
    newcomers: false,
};

const CONSULTING: Rows = Rows {
    types: [
        ("first-talk", "preset-first-talk"),
        ("strategy", "preset-strategy"),
        ("follow-up", "preset-follow-up"),
    ],
    levels: [
        ("individual", "preset-individual"),
        ("small-company", "preset-small-company"),
        ("large-company", "preset-large-company"),
    ],
    criteria: (
        Author::Member,
        &["preset-preparation", "preset-clarity", "preset-usefulness"],
        &[],
    ),
    plans: &[],
    reveal: Reveal::Always,
    newcomers: false,
};

const GUESTS: [Item; 3] = [
    ("small", "preset-small"),
    ("medium", "preset-medium"),
    ("large", "preset-large"),
];

impl Preset {
    const fn rows(self) -> &'static Rows {
        match self {
            Self::Mentoring => &MENTORING,
            Self::Studio => &STUDIO,
            Self::Catering => &CATERING,
            Self::Consulting => &CONSULTING,
        }
    }
}

/// Whether there are session types or levels, so that no preset can be applied any more.
pub(crate) fn is_used(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let count = sql!("SELECT (SELECT COUNT(*) FROM session_type) + (SELECT COUNT(*) FROM level)");
    let (count,): (i64,) = tx.one(count, &[])?;
    Ok(count > 0)
}

/// Adds the rows of a preset, with labels in the language of `say` and prices in a currency, and
/// changes the settings that it contains. Plans and criteria are only added if there are none, and the labels of kinds of
/// credits are only set if nobody has changed them. An administrator without hours gets some, and an
/// offer in them that nobody can book until it has a place. Refuses with 409 `preset_used` if there are
/// session types or levels already.
pub fn apply(
    tx: &mut Tx<'_>,
    by: &Administrator,
    preset: Preset,
    currency: &str,
    say: impl Fn(&'static str) -> String,
) -> Result<(), Refusal> {
    // Without the lock, two administrators could add the same rows at once.
    let rules = settings::lock(tx)?;
    if is_used(tx)? {
        return Err(PRESET_USED.into());
    }
    let rows = preset.rows();
    for (code, label) in rows.types {
        let row = json!({"code": code, "label": say(label)});
        create::<SessionType>(tx, by, &Input::from(row))?;
    }
    for (code, label) in rows.levels {
        let row = json!({"code": code, "label": say(label)});
        create::<Level>(tx, by, &Input::from(row))?;
    }
    let set = json!({
        "currency": currency, "reveal": rows.reveal, "newcomers": rows.newcomers
    });
    let seen = Seen::Version(rules.version);
    let currency = plan::change_rules(tx, by, &seen, &Input::from(set))?.currency();
    label_kinds(tx, by, &say)?;
    let (author, scores, texts) = rows.criteria;
    let scores = scores.iter().map(|label| (Kind::Score, *label));
    let texts = texts.iter().map(|label| (Kind::Text, *label));
    let (others,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM criterion"), &[])?;
    for (kind, label) in scores.chain(texts).filter(|_| others == 0) {
        let row = json!({"author": author, "kind": kind, "label": say(label)});
        create::<Criterion>(tx, by, &Input::from(row))?;
    }
    let (others,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM plan"), &[])?;
    for (name, tier, credits, months, price) in rows.plans.iter().filter(|_| others == 0) {
        let row = json!({
            "name": say(name), "tier": tier, "months": months, "price_minor": price * currency.units(),
            "grants": [{"credit_kind": SESSION, "quantity": credits}],
            // Nobody buys at an example price.
            "active": false,
        });
        create::<Plan>(tx, by, &Input::from(row))?;
    }
    let (_, title) = rows.types[0];
    begin_hours(tx, by, &say("preset-hours"), &say(title))
}

/// Makes hours on weekdays and an offer of an hour for an administrator who has no hours.
fn begin_hours(
    tx: &mut Tx<'_>,
    by: &Administrator,
    name: &str,
    title: &str,
) -> Result<(), Refusal> {
    let provider = Provider::enter_to_change(tx, by.requester())?;
    if !schedule::of_provider(tx, &provider.profile.id)?.is_empty() {
        return Ok(());
    }
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let week = days.map(|day| json!({"day": day, "opens": "09:00", "closes": "17:00"}));
    let time_zone = zone::name(&provider.zone()).to_owned();
    let hours = json!({"name": name, "time_zone": time_zone, "week": week});
    let hours = create::<Schedule>(tx, &provider, &Input::from(hours))?;
    let offer = json!({
        "title": title, "schedule_id": hours.id, "lengths": [{"minutes": 60}],
        // Nobody knows yet where people meet.
        "location_kind": Place::RoomPool, "active": false,
    });
    create::<Offer>(tx, &provider, &Input::from(offer))?;
    Ok(())
}

fn label_kinds(
    tx: &mut Tx<'_>,
    by: &Administrator,
    say: impl Fn(&'static str) -> String,
) -> Result<(), Refusal> {
    for kind in credit_kind::all(tx)?
        .iter()
        .filter(|kind| kind.version == 1)
    {
        let label = match kind.code.as_str() {
            SESSION => say("credit-kind-session"),
            DOCUMENT_REVIEW => say("credit-kind-review"),
            _ => continue,
        };
        let input = Input::from(json!({"label": label}));
        change::<CreditKind>(tx, by, kind.id.as_str(), kind.version, &input)?;
    }
    Ok(())
}
