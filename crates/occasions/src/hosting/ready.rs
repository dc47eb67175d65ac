//! Finds what hosts still have to do before the events. Each of these open points has a count. The
//! counts are computed in SQL, and agree with the lists that show the same households or guests.

use std::collections::BTreeSet;

use jiff::Timestamp;
use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::{self, Cause};
use platform::store::Row;
use platform::{Tx, sql};
use serde::Serialize;
use web::{I18n, Site, words};

use super::campaign::audience::STREAM;
use super::permissions::{HostOf, Permission};
use super::{Refusal, moved, occasions, sizes, thanks};
use crate::announcement::{self, Announcement};
use crate::event::{self, Event};
use crate::gift;
use crate::id::{InvitationId, OccasionId};
use crate::occasion::Occasion;
use crate::occasion_page;
use crate::own_domain;
use crate::phase;
use crate::question;
use crate::rsvp::waitlist;
use crate::upload;
use crate::words::{OccasionStatus, PageAudience};

const NAMED: usize = 10;

words! {
    /// What hosts still have to do.
    ReadyPoint {
        /// The occasion is a draft, so guests cannot open their invitations.
        Draft = "draft" => "host-ready-draft",
        /// The links of invitations have an address that only the site's own machine or network can
        /// open.
        PrivateAddress = "private_address" => "host-ready-private-address",
        /// There are no invitations.
        NoInvitations = "no_invitations" => "host-ready-no-invitations",
        /// `of` is the key of an event without a venue and without an address.
        NoPlace = "no_place" => "host-ready-no-place",
        /// The hosts gave no name, telephone number or email address for questions.
        NoContact = "no_contact" => "host-ready-no-contact",
        /// Answers never close.
        NoDeadline = "no_deadline" => "host-ready-no-deadline",
        /// The deadline has passed, and this many households have their invitation and have not
        /// answered completely.
        DeadlinePassed = "deadline_passed" => "host-ready-deadline-passed",
        /// Texts are missing in the languages that `languages` lists. `of` says which texts:
        /// `texts`, `events`, `questions`, `news`, `pages` or `gifts`.
        TextsMissing = "texts_missing" => "host-ready-texts-missing",
        /// Households that do not know that the event with the key `of` has moved.
        Moved = "moved" => "host-ready-moved",
        /// Announcements that the hosts have written but not published.
        NewsUnpublished = "news_unpublished" => "host-ready-news",
        /// Households without an answer that have no email address, telephone number or postal
        /// address.
        Unreachable = "unreachable" => "host-ready-unreachable",
        /// Households to which no mail goes, because earlier mail bounced, was marked as spam, or
        /// was stopped by an administrator.
        MailFails = "mail_fails" => "host-ready-mail-fails",
        /// Households that still need their invitation.
        NotSent = "not_sent" => "host-ready-not-sent",
        /// Households that have their invitation and have not answered completely.
        Owing = "owing" => "host-ready-owing",
        /// Answers without a code that wait for approval.
        Unapproved = "unapproved" => "host-ready-unapproved",
        /// Households that wait for seats at the event with the key `of`.
        Waiting = "waiting" => "host-ready-waiting",
        /// Guests who come but have not chosen a meal. `of` is the key of the question about the
        /// meal.
        MealOpen = "meal_open" => "host-ready-meal-open",
        /// After the last event, households that gave a gift for which they were not thanked.
        Unthanked = "unthanked" => "host-ready-unthanked",
        /// After the last event, households that come and have got no thanks, without those that
        /// wait for thanks for a gift.
        UnthankedComing = "unthanked_coming" => "host-ready-unthanked-coming",
        /// After the last event, guests' pictures that wait for the hosts to show them.
        PicturesWait = "pictures_wait" => "host-ready-pictures",
    }
}

/// The open points of an occasion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Ready {
    /// How many points are open.
    pub open: usize,
    /// Whether all events are over. If so, only what hosts do after the day is open.
    pub is_over: bool,
    /// The open points, in the order in which hosts deal with them.
    pub points: Vec<OpenPoint>,
}

/// An open point: something that hosts still have to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OpenPoint {
    /// The kind of point.
    pub point: ReadyPoint,
    /// How many households, guests or texts the point concerns; 1 for a point without a count.
    pub count: i64,
    /// The key of the event or question, or the kind of texts, that the point concerns.
    pub of: Option<String>,
    /// The languages in which texts are missing.
    pub languages: Vec<String>,
    /// Up to 10 of the households that the point concerns. Empty for points whose households can be
    /// listed by a filter.
    pub households: Vec<NamedHousehold>,
}

/// A household with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NamedHousehold {
    /// The invitation's id.
    pub id: InvitationId,
    /// The household's name.
    pub name: String,
}

impl OpenPoint {
    fn new(point: ReadyPoint, count: i64) -> Self {
        Self {
            point,
            count,
            of: None,
            languages: Vec::new(),
            households: Vec::new(),
        }
    }

    fn of(point: ReadyPoint, count: i64, of: &str) -> Self {
        Self {
            of: Some(of.to_owned()),
            ..Self::new(point, count)
        }
    }
}

/// Finds all open points. The site has the key that hashes email addresses, to look them up in the
/// suppression list, and the address of links.
pub fn load(tx: &mut Tx<'_>, site: &Site, host: &HostOf) -> Result<Ready, Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let events = event::list(tx, &occasion.id)?;
    let now = tx.now();
    let is_archived = occasion.status == OccasionStatus::Archived;
    let undated = event::without_day(tx, &occasion.id)?;
    if phase::has_ended(occasion.status, &events, !undated.is_empty(), now) {
        let mut points = Vec::new();
        // Nobody is thanked before the morning after, and nobody is reminded any more.
        let over_at = phase::over_at(&events, &occasion.zone());
        let is_over = is_archived || over_at.is_some_and(|at| at <= now);
        if !is_archived && is_over {
            let gave = thanks::waiting(tx, &occasion.id)?;
            let mut came = thanks::coming(tx, &occasion.id)?;
            came.retain(|household| !gave.contains(household));
            let (gave, came) = (number(gave.len()), number(came.len()));
            let pictures = upload::waiting(tx, &occasion.id)?;
            points.push(OpenPoint::new(ReadyPoint::Unthanked, gave));
            points.push(OpenPoint::new(ReadyPoint::UnthankedComing, came));
            points.push(OpenPoint::new(ReadyPoint::PicturesWait, pictures));
        }
        points.retain(|point| point.count > 0);
        return Ok(Ready {
            open: points.len(),
            is_over,
            points,
        });
    }
    let counts = count_households(tx, &occasion)?;
    let mut points = set_up(tx, &occasion, &events, counts, now)?;
    if events.is_empty() {
        // Without a day, there is no day to answer by.
        points.retain(|point| point.point != ReadyPoint::NoDeadline);
    }
    let is_private = own_domain::is_private(tx, site, &occasion.id)?;
    points.insert(
        1,
        OpenPoint::new(ReadyPoint::PrivateAddress, i64::from(is_private)),
    );
    for moved in moved::list(tx, &occasion.id)? {
        let households = number(moved.households.len());
        points.push(OpenPoint::of(ReadyPoint::Moved, households, &moved.key));
    }
    points.push(OpenPoint::new(ReadyPoint::Unreachable, counts.unreachable));
    if host.may(Permission::SeeContacts) {
        let key = site.keys.key(suppression::PURPOSE);
        points.push(mail_fails(tx, &key, &occasion.id)?);
    }
    points.extend([
        OpenPoint::new(ReadyPoint::NotSent, sizes::load(tx, host)?.unsent),
        OpenPoint::new(ReadyPoint::Owing, sizes::owing(tx, &occasion.id)?),
        OpenPoint::new(ReadyPoint::Unapproved, counts.unapproved),
    ]);
    let waiting = waitlist::count(tx, &occasion.id)?;
    for event in &events {
        let households = waiting.get(&event.id).map_or(0, |one| one.households);
        points.push(OpenPoint::of(ReadyPoint::Waiting, households, &event.key));
    }
    points.extend(open_meals(tx, &occasion.id)?);
    points.retain(|point| point.count > 0);
    Ok(Ready {
        open: points.len(),
        is_over: false,
        points,
    })
}

/// Archived households are not counted.
#[derive(Clone, Copy, Debug, Row)]
struct Households {
    total: i64,
    unreachable: i64,
    unapproved: i64,
}

fn count_households(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Households, Refusal> {
    let undecided = if occasion.switches.undecided {
        "undecided"
    } else {
        ""
    };
    Ok(sql!(
        "SELECT COUNT(*) AS total,
             COUNT(CASE WHEN is_answered = 0 AND email IS NULL AND phone IS NULL
                             AND address IS NULL THEN 1 END) AS unreachable,
             COUNT(CASE WHEN is_open = 1 AND is_approved = 0 THEN 1 END) AS unapproved
         FROM (SELECT invitation.email AS email, invitation.phone AS phone,
                   invitation.address AS address,
                   CASE WHEN open_answer.invitation IS NULL THEN 0 ELSE 1 END AS is_open,
                   CASE WHEN open_answer.approved_note_version = invitation.note_version
                        THEN 1 ELSE 0 END AS is_approved,
                   CASE WHEN EXISTS (SELECT 1 FROM guest JOIN reply ON reply.guest = guest.id
                       WHERE guest.invitation = invitation.id
                         AND reply.status IN ('yes', 'no', 'waitlisted', :undecided))
                       THEN 1 ELSE 0 END AS is_answered
               FROM invitation
               LEFT JOIN open_answer ON open_answer.invitation = invitation.id
               WHERE invitation.occasion = :occasion
                 AND invitation.archived_at IS NULL) AS household",
        occasion = occasion.id,
        undecided
    )
    .one(tx)?)
}

/// Finds the open points in the occasion's settings, events, texts and announcements.
fn set_up(
    tx: &mut Tx<'_>,
    occasion: &Occasion,
    events: &[Event],
    households: Households,
    now: Timestamp,
) -> Result<Vec<OpenPoint>, Refusal> {
    let is = |point, open: bool| OpenPoint::new(point, i64::from(open));
    let mut points = vec![
        is(ReadyPoint::Draft, occasion.status == OccasionStatus::Draft),
        is(ReadyPoint::NoInvitations, households.total == 0),
    ];
    for event in events {
        let is_nowhere = event.venue.is_empty() && event.address.is_empty();
        let point = OpenPoint::of(ReadyPoint::NoPlace, i64::from(is_nowhere), &event.key);
        points.push(point);
    }
    let contact = &occasion.contact;
    let reach = [&contact.name, &contact.phone, &contact.email];
    let no_contact = reach.iter().all(|text| text.is_empty());
    points.push(is(ReadyPoint::NoContact, no_contact));
    match occasion.rsvp_deadline {
        None => points.push(is(ReadyPoint::NoDeadline, true)),
        Some(at) if at <= now => {
            let owing = sizes::owing(tx, &occasion.id)?;
            points.push(OpenPoint::new(ReadyPoint::DeadlinePassed, owing));
        }
        Some(_) => {}
    }
    let news = announcement::list(tx, &occasion.id)?;
    let unpublished = news.iter().filter(|one| !one.published).count();
    points.extend(missing_texts(tx, occasion, events, news)?);
    points.push(OpenPoint::new(
        ReadyPoint::NewsUnpublished,
        number(unpublished),
    ));
    Ok(points)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

struct Texts {
    place: &'static str,
    texts: Vec<I18n>,
}

/// Hosts' names are left out, because they are usually the same in all languages.
fn missing_texts(
    tx: &mut Tx<'_>,
    occasion: &Occasion,
    events: &[Event],
    news: Vec<Announcement>,
) -> Result<Vec<OpenPoint>, Refusal> {
    if occasion.languages.len() < 2 {
        return Ok(Vec::new());
    }
    let own = [
        &occasion.title,
        &occasion.kicker,
        &occasion.subtitle,
        &occasion.welcome,
        &occasion.farewell,
    ];
    let of_events = events.iter().flat_map(|event| {
        let lines = event.schedule.iter();
        let lines = lines.flat_map(|line| [line.title.clone(), line.detail.clone()]);
        [event.name.clone(), event.dress_code.clone()]
            .into_iter()
            .chain(lines)
    });
    let questions = question::of(tx, &occasion.id)?;
    let asked = questions
        .into_iter()
        .filter(question::Question::is_for_guests);
    let of_questions = asked.flat_map(|one| {
        let choices = one.choices.into_iter().map(|choice| choice.label);
        [one.title, one.help].into_iter().chain(choices)
    });
    let news = news.into_iter().filter(|one| one.published);
    let pages = occasion_page::list(tx, &occasion.id)?.into_iter();
    let pages = pages.filter(|page| page.audience != PageAudience::Nobody);
    let gifts = if occasion.switches.gifts {
        gift::of(tx, &occasion.id)?
    } else {
        Vec::new()
    };
    let gifts = gifts.into_iter().filter(|gift| gift.active);
    let places = [
        Texts {
            place: "texts",
            texts: own.into_iter().cloned().collect(),
        },
        Texts {
            place: "events",
            texts: of_events.collect(),
        },
        Texts {
            place: "questions",
            texts: of_questions.collect(),
        },
        Texts {
            place: "news",
            texts: news.flat_map(|one| [one.title, one.body]).collect(),
        },
        Texts {
            place: "pages",
            texts: pages.flat_map(|page| [page.title, page.body]).collect(),
        },
        Texts {
            place: "gifts",
            texts: gifts
                .flat_map(|gift| [gift.name, gift.description])
                .collect(),
        },
    ];
    let points = places.into_iter().map(|Texts { place, texts }| {
        let mut lacking = BTreeSet::new();
        let mut count = 0;
        for text in texts.iter().filter(|text| !text.is_empty()) {
            for tag in &occasion.languages {
                if text.find(tag).is_none_or(str::is_empty) {
                    lacking.insert(tag.clone());
                    count += 1;
                }
            }
        }
        OpenPoint {
            languages: lacking.into_iter().collect(),
            ..OpenPoint::of(ReadyPoint::TextsMissing, count, place)
        }
    });
    Ok(points.collect())
}

/// Households that unsubscribed are left out.
fn mail_fails(tx: &mut Tx<'_>, key: &Key, occasion: &OccasionId) -> Result<OpenPoint, Refusal> {
    let mut point = OpenPoint::new(ReadyPoint::MailFails, 0);
    let blocked = suppression::blocked(tx, STREAM, occasion.as_str())?;
    if blocked.is_empty() {
        return Ok(point);
    }
    let found: Vec<(InvitationId, String, String)> = sql!(
        "SELECT id, household, email FROM invitation
         WHERE occasion = :occasion AND archived_at IS NULL AND email IS NOT NULL
         ORDER BY sort_name, id",
        occasion
    )
    .all(tx)?;
    for (id, name, email) in found {
        let address = email.parse::<Address>().ok();
        let cause = address.and_then(|address| blocked.find(key, &address));
        if cause.is_some_and(|cause| cause != Cause::Unsubscribe) {
            point.count += 1;
            if point.households.len() < NAMED {
                point.households.push(NamedHousehold { id, name });
            }
        }
    }
    Ok(point)
}

fn open_meals(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<OpenPoint>, Refusal> {
    let open: Vec<(String, i64)> = sql!(
        "SELECT question.key, COUNT(*)
         FROM question
         JOIN event ON event.occasion = question.occasion
             AND replace(question.events, '\"' || event.key || '\"', '') <> question.events
         JOIN reply ON reply.event = event.id AND reply.status = 'yes'
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         LEFT JOIN answer ON answer.question = question.id AND answer.guest = guest.id
         WHERE question.occasion = :occasion AND question.kind = 'meal' AND question.active = 1
           AND invitation.archived_at IS NULL AND answer.question IS NULL
         GROUP BY question.key, question.position ORDER BY question.position, question.key",
        occasion
    )
    .all(tx)?;
    let point = |(key, count): (String, i64)| OpenPoint::of(ReadyPoint::MealOpen, count, &key);
    Ok(open.into_iter().map(point).collect())
}
