//! Creates, changes, publishes and archives occasions, on behalf of hosts.

use identity::grant::{self, GrantError};
use identity::notification::{self, NewNotification};
use identity::session::signed_in::SignedIn;
use jiff::tz::TimeZone;
use platform::audit::{Entity, RequestFacts};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::dates;
use web::fields::{
    self, Part, choice, color, currency, day, email, flag, key, line, number, part, phone, texts,
    words,
};
use web::{Deadline, Field, Findings, Input, Limits, Region, Site, Theme};

use super::history::{self, Changes};
use super::member_occasions::{self, LIMIT, Maker, Makers};
use super::permissions::{self, HostOf, Permission};
use super::{Current, Refusal, told};
use crate::cover;
use crate::diet;
use crate::event::{self, whole_days};
use crate::form_event;
use crate::id::OccasionId;
use crate::invitation;
use crate::look;
use crate::occasion::{self, Contact, Occasion, Switches};
use crate::phone;
use crate::role::{self, Role};
use crate::words::OccasionStatus;

const THEME: Part<Theme> = Part::new(&[
    choice()
        .label("host-style")
        .named("preset", |theme: &Theme| &theme.preset),
    choice()
        .or("host-ground-usual")
        .label("host-field-ground")
        .named("ground", |theme: &Theme| &theme.way),
    color()
        .optional()
        .label("host-field-accent")
        .hint("host-field-accent-hint")
        .named("accent", |theme: &Theme| &theme.accent),
]);

const SWITCHES: Part<Switches> = web::part! { Switches:
    dietary: flag().label("host-switch-dietary").hint("host-switch-dietary-off"),
    notes: flag().label("host-switch-notes").hint("host-switch-notes-off"),
    children: flag().label("host-switch-children").hint("host-switch-children-off"),
    undecided: flag().label("host-switch-undecided").hint("host-switch-undecided-off"),
    plus_one_name_required: flag().label("host-switch-names").hint("host-switch-names-on"),
    gifts: flag().label("host-switch-gifts").hint("host-switch-gifts-on"),
    cash_links: flag().label("host-switch-cash").hint("host-switch-cash-on"),
    uploads: flag().label("host-switch-uploads").hint("host-switch-uploads-on"),
    gifts_only_if_attending: flag().label("host-switch-gifts-attending")
        .hint("host-switch-gifts-attending-on"),
    late_gifts_notes: flag().label("host-switch-late").hint("host-switch-late-off"),
    confirmation_mail: flag().label("host-switch-mail").hint("host-switch-mail-off"),
    days_left: flag().label("host-switch-days-left").hint("host-switch-days-left-on"),
    waitlist: flag().label("host-switch-waitlist").hint("host-switch-waitlist-on"),
    open_rsvp: flag().label("host-switch-open").hint("host-switch-open-on"),
    public_wishes: flag().label("host-switch-wishes").hint("host-switch-wishes-on"),
    ask_name: flag().label("host-switch-ask-name").hint("host-switch-ask-name-on"),
    made_with: flag().label("host-switch-made-with").hint("host-switch-made-with-off"),
    freeze: flag().label("host-switch-freeze").hint("host-switch-freeze-on"),
};

const CONTACT: Part<Contact> = web::part! { Contact:
    name: line(100).label("host-field-name").hint("host-contact-hint"),
    phone: phone(32).label("host-field-phone"),
    email: email().label("host-field-email"),
};

/// The fields that hosts can change. Each section is a separate form. Its name is a message id.
pub const FIELDS: &[Field] = web::fields! { Occasion:
    hosts: texts(Limits::required(160)).label("host-field-hosts").section("host-texts").wording(),
    title: texts(Limits::required(120)).label("host-field-title").section("host-texts").wording(),
    kicker: texts(Limits::line(60)).label("host-field-kicker").section("host-texts").wording(),
    subtitle: texts(Limits::line(200)).label("host-field-subtitle").section("host-texts").wording(),
    welcome: texts(Limits::lines(4_000))
        .label("host-field-welcome").section("host-texts").wording(),
    farewell: texts(Limits::lines(4_000))
        .label("host-field-farewell").section("host-texts").wording(),
    cover_alt: texts(Limits::line(200)).label("host-field-cover-alt")
        .hint("host-field-cover-alt-hint").section("host-texts").wording(),
    rsvp_deadline: day().optional().label("host-field-deadline").hint("host-field-last-day-hint")
        .section("host-deadline"),
    theme: part(THEME).label("host-look-title").section("host-look-title"),
    switches: part(SWITCHES).label("host-switches").section("host-switches"),
    form_events: flag().label("host-switch-form-events").hint("host-switch-form-events-off")
        .section("host-switches"),
    contact: part(CONTACT).label("host-contact").section("host-contact"),
    languages: words().label("host-field-languages").section("host-field-languages"),
    default_language: line(64).label("host-field-default-language").section("host-field-languages"),
    slug: key(3, 63).label("host-field-slug").hint("host-field-slug-hint").section("host-basics")
        .required(),
    kind: choice().label("host-field-kind").section("host-basics"),
    tone: choice().label("host-field-tone").hint("host-field-tone-hint")
        .section("host-basics"),
    time_zone: line(64).label("host-field-time-zone").hint("host-field-time-zone-hint")
        .section("host-basics").required(),
    currency: currency("unknown_option").label("host-field-currency").section("host-basics"),
    country: line(2).label("host-field-country").hint("host-field-country-hint")
        .section("host-basics"),
    default_plus_ones: number(0, 20).label("host-field-plus-ones").hint("host-field-for-new")
        .section("host-basics"),
    default_children: number(0, 20).label("host-field-children").hint("host-field-for-new")
        .section("host-basics"),
    open_party_limit: number(1, crate::open_rsvp::PARTY_LIMIT).label("host-field-open-party")
        .section("host-basics"),
    retention_days: number(30, 1_825).label("host-field-retention")
        .hint("host-field-retention-hint").section("host-end"),
};

/// Creates a draft of an occasion. Its creator becomes the owner.
pub fn create(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    input: &Input,
    request: Option<RequestFacts>,
) -> Result<OccasionId, Refusal> {
    let makers = Makers::of(&site.declared.settings);
    let Some(maker) = member_occasions::maker(tx, makers, who)? else {
        return Err(Refusal::Forbidden);
    };
    let id: OccasionId = tx.id();
    let mut new = apply(input, &Occasion::blank(id.clone()), true)?;
    if !input.has("theme") {
        new.theme = Theme::of(look::usual(new.kind, &new.default_language));
    }
    let (there,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM occasion"), &[])?;
    if there >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    let account = &who.account().id;
    if maker == Maker::Member {
        member_occasions::check_room(tx, account, there)?;
    }
    take_slug(tx, &new.slug, None, maker == Maker::Member)?;
    occasion::insert(tx, &new).map_err(slug_taken)?;
    diet::insert_built_in(tx, &id)?;
    if maker == Maker::Member {
        member_occasions::mark(tx, &id, account)?;
        let told = NewNotification {
            kind: "notification-members-occasion",
            about: &who.account().display_name,
            href: "/admin",
        };
        notification::tell_site(tx, site, grant::ADMIN, told)?;
    }
    let scope = role::scope(&id);
    match grant::give(
        tx,
        account,
        Role::OccasionOwner.into(),
        &scope,
        Some(account),
    ) {
        Ok(()) => {}
        Err(GrantError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(Refusal::Forbidden),
    }
    let host = permissions::enter(tx, who, &id, request)?;
    let changes = json!([{"field": "slug", "old": null, "new": new.slug}]);
    history::record(
        tx,
        &host,
        "occasion.created",
        Entity::new("occasion", id.to_string()),
        changes,
    )?;
    Ok(id)
}

pub fn may_create(tx: &mut Tx<'_>, site: &Site, who: &SignedIn) -> Result<bool, StoreError> {
    let makers = Makers::of(&site.declared.settings);
    Ok(member_occasions::maker(tx, makers, who)?.is_some())
}

/// Returns the occasions in which `who` is a host, newest first.
pub fn list(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<(Occasion, Role)>, StoreError> {
    let mut found = Vec::new();
    for (id, role) in permissions::occasions_of(tx, who)? {
        if let Some(occasion) = occasion::find(tx, &id)? {
            found.push((occasion, role));
        }
    }
    Ok(found)
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Occasion, Refusal> {
    occasion::find(tx, host.occasion())?.ok_or(Refusal::NotFound)
}

/// Like [`load`], but also locks the occasion. Events and invitations must be locked after it.
pub fn lock(tx: &mut Tx<'_>, host: &HostOf) -> Result<Occasion, Refusal> {
    occasion::lock(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    load(tx, host)
}

/// Changes an occasion. Coordinators can change only its texts.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    version: i64,
    input: &Input,
) -> Result<Occasion, Refusal> {
    host.needs(Permission::Write)?;
    let old = lock(tx, host)?;
    check_version(&old, version)?;
    let mut new = apply(input, &old, false)?;
    keep_last_day(&old, &mut new);
    let changes = fields::difference(FIELDS, &old, &new);
    if changes.is_empty() {
        return Ok(old);
    }
    if !host.may(Permission::Own) && !fields::is_wording(FIELDS, &changes) {
        return Err(Refusal::Forbidden);
    }
    check_deadline(tx, &old, &new)?;
    if new.slug != old.slug {
        let scope = role::scope(&new.id);
        let is_members = !member_occasions::makes_host(tx, &scope)?;
        take_slug(tx, &new.slug, Some(&new.id), is_members)?;
    }
    if new.time_zone != old.time_zone {
        let zones = [&old.zone(), &new.zone()];
        let mut events = event::planned(tx, &new.id)?;
        // Locks are taken in the order of ids.
        events.sort_by_key(|event| event.id.clone());
        for planned in events {
            event::lock(tx, &planned.id)?;
            told::note_zone(tx, &new.id, &planned, zones)?;
            if let Some(event) = planned.dated(zones[0]) {
                dates::moved(tx, event.id.as_str())?;
                whole_days::move_to_zone(tx, event, zones)?;
            }
        }
    }
    invitation::wait_for_answers(tx, &new.id)?;
    occasion::update(tx, &new).map_err(slug_taken)?;
    if new.home_country() != old.home_country() {
        phone::read_again(tx, &new.id)?;
    }
    if new.slug != old.slug {
        leave_slug(tx, &old)?;
    }
    if !new.form_events {
        form_event::delete_all(tx, &new.id)?;
    }
    let entity = Entity::new("occasion", new.id.to_string());
    history::record(tx, host, "occasion.changed", entity, changes.into())?;
    history::tell_of_occasion(tx, host, "edited")?;
    load(tx, host)
}

/// A deadline at the end of a day stays at the end of that day in another time zone.
fn keep_last_day(old: &Occasion, new: &mut Occasion) {
    if let Some(deadline) = old.rsvp_deadline
        && new.rsvp_deadline == old.rsvp_deadline
        && new.time_zone != old.time_zone
        && let Deadline::EndOf(day) = Deadline::of(&deadline.to_zoned(old.zone()))
        && let Some(end) = web::dates::end_of_day(day, &new.zone())
    {
        new.rsvp_deadline = Some(end);
    }
}

/// Sets the cover picture, or removes it if `cover` is empty. Deletes the files of the previous
/// picture.
pub fn set_cover(tx: &mut Tx<'_>, host: &HostOf, cover: &str) -> Result<(), Refusal> {
    host.needs(Permission::Own)?;
    let old = lock(tx, host)?;
    if old.cover == cover {
        return Ok(());
    }
    invitation::wait_for_answers(tx, &old.id)?;
    occasion::set_cover(tx, &old.id, cover)?;
    cover::remove(tx, &old.cover)?;
    let changes = json!([
        {"field": "cover", "old": !old.cover.is_empty(), "new": !cover.is_empty()}
    ]);
    let entity = Entity::new("occasion", old.id.to_string());
    history::record(tx, host, "occasion.changed", entity, changes)?;
    history::tell_of_occasion(tx, host, "edited")?;
    Ok(())
}

/// Changes an occasion's status. Forward changes cannot skip a status. Backward changes can go to
/// any earlier status. An occasion whose data was deleted cannot be restored.
pub fn set_status(
    tx: &mut Tx<'_>,
    host: &HostOf,
    version: Option<i64>,
    status: OccasionStatus,
) -> Result<Occasion, Refusal> {
    host.needs(Permission::Own)?;
    let old = lock(tx, host)?;
    if let Some(version) = version {
        check_version(&old, version)?;
    }
    if old.status == status {
        return Ok(old);
    }
    // Guests have never been able to open a draft, so there is nothing to close.
    if (old.status, status) == (OccasionStatus::Draft, OccasionStatus::Closed) {
        return Err(Refusal::WrongState);
    }
    invitation::wait_for_answers(tx, host.occasion())?;
    occasion::set_status(tx, host.occasion(), status)?;
    if status != OccasionStatus::Published {
        form_event::delete_all(tx, host.occasion())?;
    }
    let mut changes = Changes::default();
    changes.compare("status", &old.status, &status);
    let entity = Entity::new("occasion", old.id.to_string());
    history::record(tx, host, "occasion.moved", entity, changes.into_json())?;
    history::tell_of_occasion(tx, host, status.word())?;
    load(tx, host)
}

fn check_version(occasion: &Occasion, seen: i64) -> Result<(), Refusal> {
    if occasion.version == seen {
        return Ok(());
    }
    Err(Refusal::VersionConflict(Current::Occasion(Box::new(
        occasion.clone(),
    ))))
}

/// Refuses a last day to answer where the day of no event is known.
pub fn check_deadline(tx: &mut Tx<'_>, old: &Occasion, new: &Occasion) -> Result<(), Refusal> {
    let mut findings = Findings::default();
    if new.rsvp_deadline.is_some()
        && new.rsvp_deadline != old.rsvp_deadline
        && event::list(tx, &new.id)?.is_empty()
        && !event::without_day(tx, &new.id)?.is_empty()
    {
        findings.add("/rsvp_deadline", "deadline_without_day", []);
    }
    findings.finish().map_err(Refusal::Fields)
}

/// Applies `input` to an occasion and writes nothing. Reports all invalid fields together.
pub fn apply(input: &Input, old: &Occasion, is_new: bool) -> Result<Occasion, Refusal> {
    // If the input contains a new time zone, the dates in the input are dates in that time zone.
    let zone = TimeZone::get(input.text("time_zone").trim()).unwrap_or_else(|_| old.zone());
    let mut findings = Findings::default();
    let mut new = input.apply(FIELDS, old, is_new, &zone, &mut findings);
    validate(&mut new, old, input, &mut findings);
    findings.sort(FIELDS);
    findings.finish()?;
    Ok(new)
}

fn validate(new: &mut Occasion, old: &Occasion, input: &Input, findings: &mut Findings) {
    if new.time_zone != old.time_zone {
        match TimeZone::get(&new.time_zone) {
            // Hosts may type the time zone in any case. It is stored in its official spelling.
            Ok(zone) => {
                if let Some(proper) = zone.iana_name() {
                    proper.clone_into(&mut new.time_zone);
                }
            }
            Err(_) => findings.add("/time_zone", "time_zone_unknown", []),
        }
    }
    phone::check_digits("/contact/phone", Some(&new.contact.phone), findings);
    new.country = new.country.to_uppercase();
    if !new.country.is_empty() && Region::find(&new.country).is_none() {
        findings.add("/country", "unknown_option", []);
    }
    new.languages = findings.languages("/languages", &new.languages);
    if !new.languages.contains(&new.default_language) {
        match new.languages.first() {
            // If the input names no default language, the first of the new languages becomes the
            // default.
            Some(first) if !input.has("default_language") => {
                new.default_language.clone_from(first);
            }
            _ => findings.add("/default_language", "not_allowed", []),
        }
    }
}

/// For a member's occasion, also refuses a slug that another occasion had before, because guests
/// may still have links with it.
fn take_slug(
    tx: &mut Tx<'_>,
    slug: &str,
    occasion: Option<&OccasionId>,
    is_members: bool,
) -> Result<(), Refusal> {
    let taken: Option<(OccasionId,)> =
        sql!("SELECT id FROM occasion WHERE slug = :slug", slug).maybe(tx)?;
    let former: Option<(OccasionId,)> = sql!(
        "SELECT occasion FROM occasion_alias WHERE slug = :slug",
        slug
    )
    .maybe(tx)?;
    let is_anothers = former.is_some_and(|(former,)| Some(&former) != occasion);
    if taken.is_some() || is_members && is_anothers {
        return Err(Refusal::SlugTaken);
    }
    sql!("DELETE FROM occasion_alias WHERE slug = :slug", slug).run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Returns the first free one of `base`, `base` with the year, and that with a number from 2 on.
pub(crate) fn free_slug(tx: &mut Tx<'_>, base: &str, year: &str) -> Result<String, StoreError> {
    let dated = if base.contains(year) {
        base.to_owned()
    } else {
        format!("{base}-{year}")
    };
    let (mut slug, mut number) = (base.to_owned(), 0);
    while occasion::find_by_slug(tx, &slug)?.is_some() {
        number += 1;
        slug = if number == 1 {
            dated.clone()
        } else {
            format!("{dated}-{number}")
        };
    }
    Ok(slug)
}

/// The old slug redirects until another occasion takes it.
fn leave_slug(tx: &mut Tx<'_>, old: &Occasion) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO occasion_alias (slug, occasion) VALUES (:slug, :occasion)
         ON CONFLICT (slug) DO UPDATE SET occasion = excluded.occasion",
        slug = old.slug,
        occasion = old.id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Another occasion may have taken the slug after the check.
fn slug_taken(error: StoreError) -> Refusal {
    match error.constraint() {
        Some("occasion_slug_taken") => Refusal::SlugTaken,
        _ => Refusal::Store(error),
    }
}

/// Returns the number of calendar days from today to `instant`, in the occasion's time zone. Today
/// is 0, and past days are negative.
pub fn days_until(occasion: &Occasion, now: jiff::Timestamp, instant: jiff::Timestamp) -> i32 {
    let zone = occasion.zone();
    let today = now.to_zoned(zone.clone()).date();
    web::dates::days_between(today, instant.to_zoned(zone).date())
}

/// Like [`days_until`], but for a deadline. Midnight counts as part of the day that ends then.
pub fn days_until_deadline(
    occasion: &Occasion,
    now: jiff::Timestamp,
    deadline: jiff::Timestamp,
) -> i32 {
    let zone = occasion.zone();
    Deadline::of(&deadline.to_zoned(zone.clone())).days_left(&now.to_zoned(zone))
}
