//! The frame of hosts' pages. It contains the navigation, and the message about the last action.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use platform::Tx;
use site::asking::PageUser;
use site::frame;
use web::page::{
    Action, Entry, Heading, Kind, Link, Navigation, Note, OwnFrame, Page, Section, Strip,
};
use web::{Problem, Theme};

pub use super::groups::Place;
use super::groups::{Group, Item};
use super::publishing;
use super::request::{HostRequest, PageContext};
use crate::hosting::Permission;
use crate::own_domain::ALLOWED;
use crate::words::OccasionStatus;

impl HostRequest {
    pub fn page<B: Template>(
        &self,
        context: &PageContext,
        place: Place,
        title: &str,
        body: B,
    ) -> Response {
        self.page_of_job(context, place, title, false, body)
    }

    /// Like [`Self::page`], for a page that shows a job. While the job is running, the page follows
    /// it: by script where it has an element `data-again`, and without script too.
    pub fn page_of_job<B: Template>(
        &self,
        context: &PageContext,
        place: Place,
        title: &str,
        in_progress: bool,
        body: B,
    ) -> Response {
        if let Some(address) = self.moved(&context.occasion) {
            return Redirect::permanent(&address).into_response();
        }
        let wording = self.wording(context);
        let hosts = wording.hosts();
        let note = wording.countdown_to(&context.events);
        let see = wording.at("/see");
        let see_words = self.text.say("host-menu-see");
        let words = match context.occasion.status {
            OccasionStatus::Draft => Some("host-strip-draft"),
            // The publish button is on every page, and leads back to the same page. So every page
            // can show this message.
            OccasionStatus::Published if self.query.text("done") == "published" => {
                Some("host-done-published")
            }
            OccasionStatus::Published => None,
            OccasionStatus::Closed => Some("host-strip-closed"),
            OccasionStatus::Archived => Some("host-strip-archived"),
        };
        let words = words.map(|id| self.text.say(id));
        let publish = self.text.say("host-publish");
        let effect = publishing::effect(&self.site, &wording, context);
        let state = wording.at("/settings/state");
        let fields = [
            (web::csrf::FIELD, self.csrf.as_str()),
            ("status", OccasionStatus::Published.word()),
            ("back", self.here()),
        ];
        let is_draft = context.occasion.status == OccasionStatus::Draft;
        let strip = words.as_deref().map(|words| Strip {
            words,
            action: (is_draft && context.may(Permission::Own)).then_some(Action {
                label: &publish,
                effect: &effect,
                href: &state,
                fields: &fields,
            }),
        });
        let unread = (context.unread > 0).then(|| self.text.number(context.unread));
        let frame = OwnFrame {
            site: self.site.settings.name.clone(),
            sections: self.sections(context, place),
            tabs: Vec::new(),
            is_member: false,
            account: Some(frame::account(&self.who, &self.csrf, unread)),
            warnings: Vec::new(),
            notes: self.notes(context, place),
        };
        let navigation = Navigation {
            frame: &frame,
            heading: Some(Heading {
                title: hosts.text,
                note: &note,
                href: &wording.at(""),
                is_current: place == Place::Home,
            }),
            see: Some(Link {
                label: &see_words,
                href: &see,
            }),
            has_groups: true,
            strip,
            in_progress,
        };
        self.framed(&format!("{title} – {hosts}"), Kind::Host(navigation), body)
    }

    fn notes(&self, context: &PageContext, place: Place) -> Vec<Note> {
        use Place::{
            Home, Import, Invitations, Mail, Members, Notifications, Overview, OwnDomain, Print,
            Reminders, Reports,
        };
        let has_links = matches!(
            place,
            Home | Overview
                | Invitations
                | Import
                | Reminders
                | Mail
                | Print
                | Members
                | Reports
                | OwnDomain
        );
        let has_mail = matches!(
            place,
            Invitations | Import | Reminders | Mail | Notifications
        );
        let private = self.private_links(context).filter(|_| has_links);
        let mail = self.site.mail_note(&self.text).filter(|_| has_mail);
        private.into_iter().chain(mail).collect()
    }

    /// The sentence that says that guests cannot open the occasion's links; `None` if they can.
    pub fn private_note(&self, context: &PageContext) -> Option<String> {
        self.private_links(context).map(|note| note.words)
    }

    fn private_links(&self, context: &PageContext) -> Option<Note> {
        let note = self.site.private_note(&self.text, self.site.url());
        note.filter(|_| context.has_private_links)
    }

    /// Reads the data for the frame of a page that belongs to no occasion.
    pub async fn facts(&self) -> Result<frame::Facts, Problem> {
        let (who, site) = (self.who.clone(), self.site.clone());
        let look = move |tx: &mut Tx<'_>| frame::Facts::find(tx, &site, &who);
        Ok(self.site.store.read(look).await?)
    }

    /// Returns a page that belongs to no occasion.
    pub fn plain_page<B: Template>(&self, title: &str, facts: &frame::Facts, body: B) -> Response {
        let user = PageUser {
            who: &self.who,
            csrf: &self.csrf,
        };
        let frame = facts.frame(&self.site, &self.text, user, "/admin");
        let title = format!("{title} – {}", self.site.settings.name);
        self.framed(&title, frame.kind(&self.site), body)
    }

    fn framed<B: Template>(&self, title: &str, kind: Kind<'_>, body: B) -> Response {
        let mut response = web::page(Page {
            title,
            body,
            text: &self.text,
            theme: Theme::PLAIN,
            kind,
        });
        keep_private(&mut response);
        response
    }

    /// The pages of a group that the host may open.
    pub(super) fn items(&self, context: &PageContext, group: Group) -> Vec<&'static Item> {
        let mut items: Vec<&Item> = group.items().iter().collect();
        let has_domains = ALLOWED.of(&self.site.declared.settings);
        items.retain(|item| context.may(item.needs));
        items.retain(|item| match item.place {
            Place::OwnDomain => has_domains,
            Place::OpenRsvp => context.occasion.switches.open_rsvp,
            _ => true,
        });
        items
    }

    /// The groups, with the pages of the current one, and below them what leads out of the
    /// occasion.
    fn sections(&self, context: &PageContext, place: Place) -> Vec<Section> {
        let wording = self.wording(context);
        let mut groups = Vec::new();
        for &group in Group::ALL {
            let items = self.items(context, group);
            if items.is_empty() {
                continue;
            }
            let is_here = place == Place::Group(group);
            let has_page = items.iter().any(|item| item.place == place);
            let below = items.iter().filter(|_| is_here || has_page);
            groups.push(Entry {
                label: self.text.say(group.label()).into_owned(),
                href: wording.at(&group.path()),
                count: self.count(context, group),
                current: is_here,
                icon: Some(group.icon()),
                below: below
                    .map(|item| Entry {
                        label: self.text.say(item.label).into_owned(),
                        href: wording.at(item.path),
                        current: item.place == place,
                        ..Entry::default()
                    })
                    .collect(),
            });
        }
        let all = Entry {
            label: self.text.say("host-occasions-all").into_owned(),
            href: "/admin".to_owned(),
            ..Entry::default()
        };
        vec![
            Section {
                title: None,
                entries: groups,
            },
            Section {
                title: None,
                entries: vec![all],
            },
        ]
    }

    pub(super) fn count(&self, context: &PageContext, group: Group) -> Option<String> {
        let sizes = context.sizes;
        match group {
            Group::Guests => Some(self.text.number(sizes.invitations)),
            // Nobody is invited any more after the last event.
            Group::Send if context.has_ended() => None,
            Group::Send if context.may(Permission::Invite) && sizes.unsent > 0 => {
                let values = [("n", self.text.number(sizes.unsent).into())];
                Some(self.text.with("host-menu-unsent", values))
            }
            Group::Invitation | Group::Send | Group::Answers | Group::More => None,
        }
    }

    /// Returns the message about the last action. The parameter `done` of the query says which
    /// action it was.
    pub fn done(&self) -> Option<String> {
        let id = match self.query.text("done") {
            "saved" => "host-done-saved",
            "created" => "host-done-created",
            "untold" => "host-done-untold",
            "removed" => "host-done-removed",
            "away" => "host-done-away",
            "archived" => "host-done-archived",
            "restored" => "host-done-restored",
            "approved" => "host-done-approved",
            "merged" => "host-done-merged",
            "apart" => "host-done-apart",
            "locked" => "host-done-locked",
            "opened" => "host-done-opened",
            "deadline" => "host-done-deadline",
            "sent" => "host-done-sent",
            "ordered" => "host-done-ordered",
            "code" => "host-done-code",
            "mail" => "host-done-mail",
            "left" => "host-done-left",
            "given" => "host-done-gift-given",
            "released" => "host-done-gift-released",
            "thanked" => "host-done-gift-thanked",
            "upload-approved" => "host-done-upload-approved",
            "upload-rejected" => "host-done-upload-rejected",
            "upload-deleted" => "host-done-upload-deleted",
            "upload-hidden" => "host-done-upload-hidden",
            "pictures-added" => "host-done-pictures-added",
            "upload-none" => "host-done-upload-none",
            "export" => "host-done-export",
            "trial" => "host-done-trial",
            _ => return None,
        };
        Some(self.text.say(id).into_owned())
    }
}

/// Sets headers that keep the response out of caches.
pub fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
