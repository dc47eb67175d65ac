//! The list of a host's occasions.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::Tx;
use site::asking::Sender;
use site::call::see_other;
use web::{Problem, Site, Text};

use super::request::HostRequest;
use super::wording::Wording;
use crate::event::{self, Event};
use crate::hosting::Refusal;
use crate::hosting::member_occasions::{self, Decision, MembersOccasion};
use crate::hosting::occasions;
use crate::id::OccasionId;
use crate::occasion::Occasion;
use crate::role::Role;
use crate::words::OccasionStatus;

#[derive(Template)]
#[template(path = "host/occasions.html")]
struct Occasions<'a> {
    text: &'a Text,
    done: Option<String>,
    all: Vec<OccasionItem<'a>>,
    may_create: bool,
    /// The occasions that the site's ordinary members have created. Only administrators see them.
    members: &'a [MembersOccasion],
}

struct OccasionItem<'a> {
    href: String,
    wording: Wording<'a>,
    when: String,
    role: Role,
}

impl OccasionItem<'_> {
    fn status(&self) -> &'static str {
        self.wording.occasion.status.label()
    }

    fn is_published(&self) -> bool {
        self.wording.occasion.status == OccasionStatus::Published
    }

    fn role_words(&self) -> &'static str {
        self.role.label()
    }
}

/// In this order: the host's occasions, each with its events and the host's role; whether the host
/// may create another occasion; the occasions that members have created; and the time of the
/// transaction.
type OccasionListData = (
    Vec<(Occasion, Vec<Event>, Role)>,
    bool,
    Vec<MembersOccasion>,
    jiff::Timestamp,
);

/// Handles `GET /admin`.
pub(super) async fn list(req: HostRequest) -> Result<Response, Problem> {
    let (who, site) = (req.who.clone(), req.site.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<OccasionListData, Refusal> {
        let mut all = Vec::new();
        for (occasion, role) in occasions::list(tx, &who)? {
            let events = event::list(tx, &occasion.id)?;
            all.push((occasion, events, role));
        }
        let may_create = occasions::may_create(tx, &site, &who)?;
        Ok((all, may_create, member_occasions::list(tx, &who)?, tx.now()))
    };
    let (all, may_create, members, now) = req.site.store.read(look).await?;
    let rows = all.iter().map(|(occasion, events, role)| {
        let wording = Wording::new(&req.text, occasion, now);
        OccasionItem {
            href: wording.at(""),
            when: wording.countdown_to(events),
            role: *role,
            wording,
        }
    });
    let body = Occasions {
        text: &req.text,
        done: req.done(),
        all: rows.collect(),
        may_create,
        members: &members,
    };
    let title = req.text.say("host-occasions");
    let facts = req.facts().await?;
    Ok(req.plain_page(&title, &facts, body))
}

/// Handles `POST /admin/members`. An administrator decides about a member's occasion.
pub(super) async fn decide(State(site): State<Site>, sender: Sender) -> Result<Response, Problem> {
    let wrong = |field| Problem::fields().field(field, "unknown_option", []);
    let id = sender.form.text("occasion").parse::<OccasionId>();
    let id = id.map_err(|_| wrong("/occasion"))?;
    let decision = match sender.form.text("action") {
        "mail" => Decision::LetSend,
        "no-mail" => Decision::StopSending,
        "take-on" => Decision::TakeOn,
        _ => return Err(wrong("/action")),
    };
    let (who, request) = (sender.who, sender.request);
    let change = move |tx: &mut Tx<'_>| member_occasions::decide(tx, &who, &id, decision, &request);
    site.store.write(change).await?;
    Ok(see_other("/admin?done=saved"))
}
