//! Leads a host through the households of one channel, one after the other. The host sends each
//! message with another app, and says so.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use platform::id::Id as _;
use web::{Form, Language, Problem, Site, Text};

use super::filters;
use super::frame::Place;
use super::request::{HostForm, HostRequest};
use super::send_kind;
use super::send_words::{self, Banner};
use super::sending::Sending;
use super::wording::{self, Wording};
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind};
use crate::hosting::nobody::Nobody;
use crate::hosting::sending::{self, Handing, Household, Line, ToSend};
use crate::hosting::thanks::DayAfter;
use crate::hosting::{HostOf, Permission, Refusal, channels, moved, portals};
use crate::household;
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::web::guest::show;

/// The people of a household with more are not named.
const MOST_NAMED: usize = 4;

/// Where the host is on the way through the households, as the query and the forms say.
#[derive(Clone)]
struct Walk {
    kind: MailKind,
    /// The id of the event that has moved, or whether thanks go to everybody.
    about: String,
    /// `None` if the household decides.
    by: Option<Channel>,
    /// The household to show.
    at: Option<InvitationId>,
    /// The household that the host has just seen.
    after: Option<InvitationId>,
    /// How many households the host has handed a message to on this way.
    passed: i64,
    /// Whether the host was asked about what does not stop the messages.
    was_asked: bool,
    filter: InvitationFilter,
}

impl Walk {
    fn read(form: &Form, filter: InvitationFilter) -> Self {
        let named = |name: &str| {
            let id = form.find(name).filter(|id| !id.is_empty())?;
            Some(InvitationId::from_text(id.to_owned()))
        };
        let (kind, about) = send_words::topic(form);
        Self {
            kind,
            about,
            by: Channel::find(form.text("by")),
            at: named("household"),
            after: named("after"),
            passed: form.number("n").ok().flatten().unwrap_or(0).clamp(0, 9_999),
            was_asked: form.text("anyway") == "yes",
            filter,
        }
    }

    fn posted(form: &Form) -> Result<Self, Problem> {
        let query = Form::parse(form.text("query").as_bytes())?;
        Ok(Self::read(form, InvitationFilter::read(&query)?.0))
    }

    fn by(&self) -> &'static str {
        self.by.map(Channel::word).unwrap_or_default()
    }

    fn anyway(&self) -> &'static str {
        if self.was_asked { "yes" } else { "" }
    }

    /// What the messages are recorded to be about.
    fn recorded(&self) -> String {
        match self.kind {
            MailKind::Moved => self.about.clone(),
            _ => String::new(),
        }
    }

    fn query(&self) -> String {
        wording::query(&self.filter.query())
    }

    /// The path of the page that follows.
    fn onward(&self, name: &str, id: &str, passed: i64, done: &str) -> String {
        let passed = passed.max(0).to_string();
        let filter = self.filter.query();
        let mut pairs = vec![
            ("kind", self.kind.word()),
            ("about", self.about.as_str()),
            ("by", self.by()),
            (name, id),
            ("n", passed.as_str()),
            ("anyway", self.anyway()),
            ("done", done),
        ];
        pairs.extend(filter.iter());
        wording::address("/send/walk", pairs)
    }

    /// Finds the households of the channel, and the position of the one to show.
    fn find<'f>(&self, found: &'f sending::Sending) -> Option<(&'f Line, usize)> {
        let all: &ToSend = found.of(self.kind, &self.about)?;
        let holds = |line: &&Line| {
            let mut households = line.households.iter();
            households.any(|one| Some(&one.id) == self.at.as_ref())
        };
        let line = match self.by {
            Some(channel) => all.line(channel)?,
            // A household that is asked for and is not among them is not another one.
            None if self.at.is_some() => all.lines.iter().find(holds)?,
            None => all.lines.first()?,
        };
        let of = |wanted: &dyn Fn(&Household) -> bool| line.households.iter().position(wanted);
        let at = self.at.as_ref().and_then(|at| of(&|one| one.id == *at));
        let after = self.after.as_ref().and_then(|id| found.places.get(id));
        let next = after.and_then(|after| of(&|one| one.place > *after));
        Some((line, at.or(next).unwrap_or(0)))
    }
}

#[derive(Template)]
#[template(path = "host/send_walk.html")]
struct WalkPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    /// The page on which the channels are, and the label of its link.
    back: (String, &'static str),
    walk: &'a Walk,
    /// When hosts began the message that the page shows.
    begun: i64,
    /// The household that was just handled: the sentence, and its id if that can be taken back.
    just: Option<(String, Option<String>)>,
    /// What stands in the way.
    blocked: Option<Banner>,
    asks: Option<(Banner, &'static str, String)>,
    turn: Option<Turn>,
    /// Why there is nobody to send to, if there is nobody.
    nobody: &'static str,
    title: String,
}

/// The household that is sent to now.
struct Turn {
    id: String,
    household: String,
    progress: String,
    about: String,
    send: Sending,
    open: Option<(String, &'static str)>,
    is_whatsapp: bool,
    /// The link's preview, as the app shows it above the message.
    card: Option<LinkCard>,
    later: String,
    /// Where the message of all households is changed.
    words: Option<String>,
    /// The other channels that the household can take.
    others: Vec<Channel>,
}

/// The preview of an invitation's link.
struct LinkCard {
    /// The path of the picture.
    image: String,
    title: String,
    description: String,
    /// The host name, and the port if it is not the usual one.
    host: String,
}

impl LinkCard {
    fn new(site: &Site, snapshot: &InvitationSnapshot, language: &Language) -> Self {
        let text = site.catalogue.speak(language);
        let share = show::share(site, &text, &snapshot.occasion, snapshot.invited_events());
        let path = share.image.strip_prefix(site.url().origin());
        Self {
            image: path.unwrap_or(&share.image).to_owned(),
            title: share.title,
            description: share.description,
            host: snapshot.url(site).authority().to_owned(),
        }
    }
}

/// Handles `GET /admin/o/{slug}/send/walk`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let walk = Walk::read(&req.query, filter);
    let (site, asked) = (req.site.clone(), walk.clone());
    let (context, (found, next, before, begun)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let found = sending::load(tx, &site, host, &asked.filter)?;
            let turn = asked
                .find(&found)
                .map(|(line, at)| line.households[at].id.clone());
            let turn = match &turn {
                Some(id) => {
                    let snapshot = portals::load(tx, host, id)?;
                    let day_after = DayAfter::load(tx, &snapshot)?;
                    let own = mail_text::load(tx, host, asked.kind)?;
                    Some((snapshot, day_after, own))
                }
                None => None,
            };
            let before = match &asked.after {
                Some(id) => Some(portals::load(tx, host, id)?),
                None => None,
            };
            let begun = begun(tx, host, asked.kind, &asked.about)?;
            Ok((found, turn, before, begun))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let before = before.map(|snapshot| {
        let invitation = snapshot.household.invitation;
        (invitation.id.to_string(), invitation.details.household)
    });
    let just = before.and_then(|(id, name): (String, String)| {
        let with = |words| text.with(words, [("household", name.into())]);
        match req.query.text("done") {
            "sent" => Some((with("host-send-marked"), Some(id))),
            "way" => Some((with("host-send-other-way"), None)),
            _ => None,
        }
    });
    let just = match req.query.text("done") {
        "begun" => Some((text.say("host-send-begun-meanwhile").into_owned(), None)),
        _ => just,
    };
    let place = walk.find(&found);
    let line = place.map(|(line, _)| line);
    let blocked = line.and_then(|line| line.off);
    let asks = line.and_then(|line| line.asks).filter(|_| !walk.was_asked);
    let turn = place.zip(next.as_ref());
    let turn = turn.filter(|_| blocked.is_none() && asks.is_none());
    let turn = turn.map(|((line, at), (snapshot, day_after, own))| {
        let (one, details) = (&line.households[at], &snapshot.household.invitation.details);
        let moved = found
            .moved(&walk.about)
            .filter(|_| walk.kind == MailKind::Moved);
        let moved = moved.map(|one| one.moved.message(&req.site, &context.occasion, own));
        let own = moved.as_ref().unwrap_or(own);
        let send = Sending::new(&req.site, &wording, snapshot, own, day_after);
        let at = i64::try_from(at).unwrap_or(0);
        let left = i64::try_from(line.households.len()).unwrap_or(0);
        let progress = text.with(
            send_words::by(walk.kind, line.channel),
            [("n", (walk.passed + left).into())],
        );
        let of = [
            ("n", (walk.passed + at + 1).into()),
            ("of", progress.into()),
        ];
        let address = match line.channel {
            Channel::WhatsApp | Channel::Sms => details.phone.clone(),
            Channel::Email => details.email.clone(),
            Channel::Paper if !send_words::has_card(walk.kind) => details.phone.clone(),
            Channel::Paper | Channel::Other => None,
        };
        let about = [
            address.unwrap_or_default(),
            people(text, &snapshot.household),
            filters::language(text, Some(&send.language.tag)),
        ];
        let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
        Turn {
            id: one.id.to_string(),
            household: one.household.clone(),
            progress: text.with("host-send-progress", of),
            about: about.join(" · "),
            open: match line.channel {
                Channel::WhatsApp => Some((send.whatsapp.clone(), "host-open-whatsapp")),
                Channel::Sms => Some((send.sms.clone(), "host-open-sms")),
                Channel::Email => Some((send.mail.clone(), "host-open-email")),
                Channel::Paper | Channel::Other => None,
            },
            is_whatsapp: line.channel == Channel::WhatsApp,
            card: (line.channel == Channel::WhatsApp)
                .then(|| LinkCard::new(&req.site, snapshot, &send.language)),
            words: (walk.kind.is_handed() && context.may(Permission::Write)).then(|| {
                let page = wording.at(&format!("/mail/texts/{}", walk.kind.word()));
                let here = walk.onward("household", one.id.as_str(), walk.passed, "");
                let here = here.split_once('?').map_or("", |(_, query)| query);
                format!("{}#message", wording::address(&page, [("walk", here)]))
            }),
            later: wording.at(&walk.onward("after", one.id.as_str(), walk.passed, "")),
            others: one
                .possible
                .iter()
                .copied()
                .filter(|other| *other != line.channel)
                .filter(|other| send_words::has_card(walk.kind) || *other != Channel::Paper)
                .collect(),
            send,
        }
    });
    let anyway = Walk {
        was_asked: true,
        ..walk.clone()
    };
    let at = walk
        .at
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let title = text.say(match walk.kind {
        MailKind::Reminder => "host-send-reminders",
        MailKind::Moved => "host-send-moved",
        MailKind::Thanks => "host-send-thank",
        MailKind::News => "host-send-tell",
        _ => "host-send",
    });
    let walk = Walk {
        by: walk.by.or(line.map(|line| line.channel)),
        ..walk
    };
    let nobody = Nobody::why(&found, &walk.filter, walk.kind, &walk.about, walk.by);
    let body = WalkPage {
        text,
        // Whoever has come to the end knows why nobody is left.
        nobody: nobody
            .filter(|_| walk.passed == 0)
            .map_or("host-send-through", |one| one.label()),
        submission: req.submission(),
        back: send_kind::page_of(&wording, walk.kind, &walk.about),
        begun,
        just,
        blocked: blocked.map(|kind| send_words::banner(&req, &context, kind)),
        asks: asks.map(|kind| {
            let onward = wording.at(&anyway.onward("household", &at, walk.passed, ""));
            let banner = send_words::banner(&req, &context, kind);
            (banner, send_words::question(kind), onward)
        }),
        turn,
        walk: &walk,
        title: title.clone().into_owned(),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Sending, &title, body))
}

/// When the message became what it is: hosts began it, or the event changed. In milliseconds.
/// Names the people of a small household, unless its own name says who it is. Of others it says how
/// many there are.
fn people(text: &Text, household: &household::Household) -> String {
    let names: Vec<&str> = household
        .guests
        .iter()
        .map(|guest| guest.name.as_str())
        .collect();
    if names == [household.invitation.details.household.as_str()] {
        return String::new();
    }
    if names.is_empty() || names.len() > MOST_NAMED || names.contains(&"") {
        return text.with("host-send-people", [("n", names.len().into())]);
    }
    names.join(&text.say("list-comma"))
}

fn begun(tx: &mut Tx<'_>, host: &HostOf, kind: MailKind, about: &str) -> Result<i64, Refusal> {
    let changed_at = match kind {
        MailKind::Moved => moved::changed_at(tx, about)?,
        _ => None,
    };
    let begun_at = match changed_at {
        Some(at) => at,
        None => mail_text::begun_at(tx, host.occasion(), kind)?,
    };
    Ok(begun_at.as_millisecond())
}

/// The household that a form names. Who may not send learns nothing about it.
fn named(host: &HostOf, at: Option<&InvitationId>) -> Result<InvitationId, Refusal> {
    host.needs(Permission::Invite)?;
    at.cloned().ok_or(Refusal::NotFound)
}

/// Handles `POST /admin/o/{slug}/send/hand`. Records that a household was handed a message, or takes
/// that back. If hosts have begun another message meanwhile, nothing is recorded about that one.
pub(super) async fn hand(posted: HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let walk = Walk::posted(form)?;
    let at = walk.at.clone();
    let id = at.as_ref().map(ToString::to_string).unwrap_or_default();
    let is_sent = form.text("sent") != "0";
    let has_already = form.text("has") == "1";
    let channel = walk.by.filter(|_| !has_already).unwrap_or(Channel::Other);
    let handing = Handing {
        kind: walk.kind,
        about: walk.recorded(),
        channel,
        was_asked: walk.was_asked,
    };
    let to = if is_sent {
        walk.onward("after", &id, walk.passed + 1, "sent")
    } else {
        walk.onward("household", &id, walk.passed - 1, "")
    };
    let other = walk.onward("household", &id, walk.passed, "begun");
    let (to, other) = (posted.req.at(&to), posted.req.at(&other));
    let (site, shown) = (posted.req.site.clone(), form.number("begun").ok().flatten());
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let id = named(host, at.as_ref())?;
            let begun = begun(tx, host, handing.kind, &handing.about)?;
            if shown.is_some_and(|shown: i64| shown != begun) {
                return Ok(other.clone());
            }
            if is_sent {
                sending::check_text(tx, host, handing.kind, handing.channel)?;
                sending::hand(tx, &site, host, &id, &handing)?;
            } else {
                sending::withdraw(tx, host, &id, handing.kind, &handing.about)?;
            }
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

/// Handles `POST /admin/o/{slug}/send/way`. Chooses another channel for a household.
pub(super) async fn another_way(posted: HostForm) -> Result<Response, Problem> {
    let walk = Walk::posted(&posted.form)?;
    let at = walk.at.clone();
    let id = at.as_ref().map(ToString::to_string).unwrap_or_default();
    let channel = Channel::find(posted.form.text("channel"));
    let to = walk.onward("after", &id, walk.passed, "way");
    let to = posted.req.at(&to);
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let id = named(host, at.as_ref())?;
            let channel = channel.ok_or(Refusal::NotFound)?;
            channels::choose(tx, host, &id, Some(channel))?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}
