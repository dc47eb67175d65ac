//! The page for a message of the hosts' own, and for thanks to all who come: what it says, whom it
//! reaches by which channel, and whom by none.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::form_state;
use web::{Language, Problem, Text};

use super::frame::Place;
use super::mail_texts::{self, Sample};
use super::request::{HostForm, HostRequest};
use super::send_rows::{Row, Rows, count};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::listing::filter::Answered;
use crate::hosting::mail_text::{self, MailKind, MailText};
use crate::hosting::nobody::Nobody;
use crate::hosting::sending::{self, EVERYBODY};
use crate::hosting::{HostOf, Permission};
use crate::web::letter;

#[derive(Template)]
#[template(path = "host/send_kind.html")]
struct KindPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    banners: Vec<Banner>,
    kind: MailKind,
    title: &'static str,
    about: &'static str,
    /// Whether it is too early to thank.
    is_early: bool,
    texts: String,
    may_write: bool,
    /// The version of the text that the page shows.
    version: i64,
    /// Whether hosts still have to write it.
    is_unwritten: bool,
    says: Says,
    to_reach: String,
    /// How many households have it.
    have: Option<String>,
    /// Each with its address, and whether it is the one that the page shows.
    choices: Vec<(&'static str, String, bool)>,
    rows: Vec<Row>,
    query: String,
    order: String,
    neither: Option<Neither>,
    nobody: Option<Why>,
    /// The page on which it is mailed at another time, or also to guests' own addresses.
    later: String,
}

/// What a message says.
struct Says {
    /// As whom, if somebody is invited.
    reader: Option<String>,
    language: Language,
    words: String,
}

/// As the first household reads it that gets it.
fn says(req: &HostRequest, wording: &Wording<'_>, sample: &Sample, own: &MailText) -> Says {
    let text = &req.text;
    let Some(snapshot) = &sample.snapshot else {
        return Says {
            reader: None,
            language: text.language().clone(),
            words: own.message(text, wording.occasion),
        };
    };
    let tag = letter::language(snapshot);
    let household = snapshot.household.invitation.details.household.as_str();
    Says {
        reader: Some(text.with("host-send-as-read", [("household", household.into())])),
        language: Language::of(tag),
        words: mail_texts::message(req, sample, tag).unwrap_or_default(),
    }
}

/// The households that take neither a message nor a mail.
struct Neither {
    title: String,
    /// Each with its address.
    households: Vec<(String, String)>,
    /// Where hosts tick off whom they have told in another way.
    walk: Option<String>,
}

/// Why there is nobody to send to, with what a host can do.
struct Why {
    words: &'static str,
    link: Option<(String, &'static str)>,
}

/// The page on which the channels of messages of this kind are, and the label of its link.
pub(super) fn page_of(
    wording: &Wording<'_>,
    kind: MailKind,
    about: &str,
) -> (String, &'static str) {
    match kind {
        MailKind::News => (wording.at("/send/news"), "host-send-tell"),
        MailKind::Thanks if about == EVERYBODY => (wording.at("/send/thanks"), "host-send-thank"),
        _ => (wording.at("/send"), "host-send-home"),
    }
}

fn about_of(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Thanks => EVERYBODY,
        _ => "",
    }
}

/// Handles `GET /admin/o/{slug}/send/news`.
pub(super) async fn news(req: HostRequest) -> Result<Response, Problem> {
    show(req, MailKind::News).await
}

/// Handles `GET /admin/o/{slug}/send/thanks`.
pub(super) async fn thanks(req: HostRequest) -> Result<Response, Problem> {
    show(req, MailKind::Thanks).await
}

async fn show(req: HostRequest, kind: MailKind) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let (site, asked) = (req.site.clone(), filter.clone());
    let (context, (found, own, sample)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let found = sending::load(tx, &site, host, &asked)?;
            let mut sample = mail_texts::sample(tx, &site, host, kind)?;
            let of = found.of(kind, about_of(kind));
            let lines = of.into_iter().flat_map(|all| &all.lines);
            let households = lines.flat_map(|line| &line.households);
            if let Some(first) = households.min_by_key(|one| one.place) {
                sample.show(tx, host, &first.id)?;
            }
            Ok((found, mail_text::load(tx, host, kind)?, sample))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let (query, about) = (wording::query(&filter.query()), about_of(kind));
    let rows = Rows {
        wording: &wording,
        query: &query,
        found: &found,
        kind,
        about,
    };
    let (neither, mut rows): (Vec<Row>, Vec<Row>) = rows
        .all()
        .into_iter()
        .partition(|row| row.channel == Channel::Paper);
    let is_early = kind == MailKind::Thanks && !found.is_over;
    if let Some(row) = rows.iter_mut().find(|row| !row.is_off() && !is_early) {
        row.is_filled = true;
    }
    let neither = neither.into_iter().next().map(|row| {
        let line = found.of(kind, about);
        let line = line.and_then(|all| all.line(Channel::Paper));
        let households = line.map(|line| &*line.households).unwrap_or_default();
        let household = |one: &sending::Household| {
            let href = wording.at(&format!("/invites/{}", one.id));
            (href, one.household.clone())
        };
        Neither {
            households: households.iter().map(household).collect(),
            walk: (!row.is_off()).then_some(row.href),
            title: row.title,
        }
    });
    let (title, have, to_reach) = match kind {
        MailKind::Thanks => (
            "host-send-thank",
            found
                .to_thank
                .saturating_sub(found.thanks_to_all.households),
            found.thanks_to_all.households,
        ),
        _ => ("host-send-tell", found.have_news, found.news.households),
    };
    let unreached = neither.as_ref().map_or(0, |one| one.households.len());
    let said = |id, n| text.with(id, [("n", count(n).into())]);
    let nobody = Nobody::why(&found, &filter, kind, about, None);
    let names: Vec<_> = found
        .order
        .iter()
        .map(|one| text.say(one.label()))
        .collect();
    let is_unwritten = !own.is_written(false) && !own.is_written(true);
    let body = KindPage {
        text,
        submission: req.submission(),
        done: done(&req),
        is_early,
        version: own.version,
        banners: send_words::banners(&req, &context, &found.obstacles),
        kind,
        title,
        about: match kind {
            MailKind::Thanks => "host-send-thank-about",
            _ => "host-send-tell-about",
        },
        texts: wording.at(&format!("/mail/texts/{}", kind.word())),
        may_write: context.may(Permission::Write),
        is_unwritten,
        says: says(&req, &wording, &sample, &own),
        to_reach: said("host-send-to-reach", to_reach.saturating_sub(unreached)),
        have: (have > 0).then(|| said("host-send-have-it", have)),
        choices: choices(&wording, &filter, kind, &query),
        rows: if is_unwritten { Vec::new() } else { rows },
        order: names.join(&text.say("list-comma")),
        neither: neither.filter(|_| !is_unwritten),
        nobody: nobody.map(|one| why(&wording, kind, one)),
        later: wording.at(&format!(
            "/mail/new?kind={}{}",
            kind.word(),
            super::mail::usual(kind)
        )),
        query,
        wording: wording.clone(),
    };
    let title = text.say(title);
    Ok(req.page(&context, Place::Sending, &title, body))
}

fn done(req: &HostRequest) -> Option<String> {
    match req.query.text("done") {
        "rewritten" => Some(req.text.say("host-send-rewritten").into_owned()),
        "meanwhile" => Some(req.text.say("host-send-changed-meanwhile").into_owned()),
        _ => req.done(),
    }
}

/// To whom hosts most often write something. Thanks go to those who come.
fn choices(
    wording: &Wording<'_>,
    filter: &InvitationFilter,
    kind: MailKind,
    query: &str,
) -> Vec<(&'static str, String, bool)> {
    if kind == MailKind::Thanks {
        return Vec::new();
    }
    let all = [
        ("host-send-to-all", ""),
        ("host-send-to-coming", "response=attending"),
        ("host-send-to-owing", "response=pending"),
    ];
    let declined =
        (filter.response == Some(Answered::Declined)).then_some(("host-send-to-declined", query));
    let page = wording.at("/send/news");
    let choice = |(label, chosen): (&'static str, &str)| {
        let mark = if chosen.is_empty() { "" } else { "?" };
        (label, format!("{page}{mark}{chosen}"), chosen == query)
    };
    all.into_iter().chain(declined).map(choice).collect()
}

fn why(wording: &Wording<'_>, kind: MailKind, nobody: Nobody) -> Why {
    let link = match nobody {
        Nobody::NoHouseholds => Some((wording.at("/invites/new"), "host-nobody-add")),
        Nobody::NoneMatch | Nobody::NoneOfThemComes => {
            let page = wording.at(&format!("/send/{}", kind.word()));
            Some((page, "host-send-to-all"))
        }
        _ => None,
    };
    Why {
        words: nobody.label(),
        link,
    }
}

/// Handles `POST /admin/o/{slug}/send/news`. Begins another message, which everybody gets, unless
/// somebody has written one meanwhile.
pub(super) async fn begin(posted: HostForm) -> Result<Response, Problem> {
    let version = form_state::number(&posted.form, "version").unwrap_or_default();
    let (to, back) = (
        posted.req.at("/mail/texts/news"),
        posted.req.at("/send/news?done=meanwhile"),
    );
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let has_begun = mail_text::begin_news_after(tx, host, version)?;
            Ok(if has_begun { to.clone() } else { back.clone() })
        })
        .await;
    Ok(done?)
}
