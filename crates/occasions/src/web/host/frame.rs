//! The frame of hosts' pages. It contains the navigation, and the message about the last action.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use platform::Tx;
use site::asking::PageUser;
use site::frame;
use site::resource::pages::PageResource as _;
use web::page::{Action, Entry, Heading, Kind, Navigation, OwnFrame, Page, Section, Strip};
use web::{Problem, Theme};

use super::request::{HostRequest, PageContext};
use crate::announcement::Announcement;
use crate::cash_link::CashLink;
use crate::event::Event;
use crate::gift::Gift;
use crate::hosting::Permission;
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::reminders::ReminderRule;
use crate::occasion_page::OccasionPage;
use crate::own_domain::ALLOWED;
use crate::question::Question;
use crate::words::OccasionStatus;

/// The entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Invitations,
    Guests,
    Mail,
    Gifts,
    Uploads,
    Reports,
    Settings,
    Events,
    Questions,
    News,
    Pages,
    Diets,
    OwnDomain,
    Members,
    Log,
    Notifications,
    More,
}

impl Place {
    /// Returns the navigation entry for the pages of a list. `pages` is the path of the list.
    pub fn of_list(pages: &str) -> Self {
        match pages {
            Event::PAGES => Self::Events,
            Question::PAGES => Self::Questions,
            Announcement::PAGES => Self::News,
            OccasionPage::PAGES => Self::Pages,
            ReminderRule::PAGES => Self::Mail,
            Gift::PAGES | CashLink::PAGES | ReceivedGift::PAGES => Self::Gifts,
            _ => Self::Diets,
        }
    }
}

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
        let more = wording.at("/more");
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
                href: &state,
                fields: &fields,
            }),
        });
        let unread = (context.unread > 0).then(|| self.text.number(context.unread));
        let frame = OwnFrame {
            site: self.site.settings.name.clone(),
            sections: self.sections(context, place),
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
            }),
            more: Some(&more),
            strip,
            in_progress,
        };
        self.framed(&format!("{title} – {hosts}"), Kind::Host(navigation), body)
    }

    fn notes(&self, context: &PageContext, place: Place) -> Vec<String> {
        use Place::{Invitations, Mail, Members, Notifications, Overview, OwnDomain, Reports};
        let has_links = matches!(
            place,
            Overview | Invitations | Mail | Members | Reports | OwnDomain
        );
        let has_mail = matches!(place, Invitations | Mail | Notifications);
        let private = self.private_note(context).filter(|_| has_links);
        let mail = self.site.mail_note(&self.text).filter(|_| has_mail);
        private.into_iter().chain(mail).collect()
    }

    /// The sentence that says that guests cannot open the occasion's links; `None` if they can.
    pub fn private_note(&self, context: &PageContext) -> Option<String> {
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
        self.framed(&title, frame.kind(), body)
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

    fn sections(&self, context: &PageContext, place: Place) -> Vec<Section> {
        let wording = self.wording(context);
        let entry = |is, label, rest: &str| Entry {
            label: self.text.say(label).into_owned(),
            href: wording.at(rest),
            current: is == place,
            ..Entry::default()
        };
        let elsewhere = |label, href: &str| Entry {
            label: self.text.say(label).into_owned(),
            href: href.to_owned(),
            ..Entry::default()
        };
        let counted = |entry: Entry, count: i64| Entry {
            count: Some(self.text.number(count)),
            tab: true,
            ..entry
        };
        let mut work = vec![
            Entry {
                tab: true,
                ..entry(Place::Overview, "host-overview", "")
            },
            counted(
                entry(Place::Invitations, "host-invitations", "/invites"),
                context.sizes.invitations,
            ),
            counted(
                entry(Place::Guests, "host-guests", "/guests"),
                context.sizes.guests,
            ),
        ];
        if context.may(Permission::Invite) {
            work.push(entry(Place::Mail, "host-mail", "/mail"));
        }
        work.push(entry(Place::Gifts, "host-gifts", Gift::PAGES));
        work.push(entry(Place::Uploads, "host-uploads", "/uploads"));
        work.push(entry(Place::Reports, "host-reports", "/reports"));
        let server = context
            .owns_site
            .then(|| elsewhere("host-server", "/admin/server"));
        let mut set_up = Vec::new();
        if context.may(Permission::Write) {
            set_up.push(entry(Place::Settings, "host-settings", "/settings"));
            set_up.push(entry(Place::Events, "host-events", "/settings/events"));
            let questions = entry(Place::Questions, "host-questions", "/settings/questions");
            set_up.push(questions);
            set_up.push(entry(Place::News, "host-news", Announcement::PAGES));
            set_up.push(entry(Place::Pages, "host-info-pages", "/settings/pages"));
        }
        if context.may(Permission::Own) {
            set_up.push(entry(Place::Diets, "host-food", "/settings/diets"));
            if ALLOWED.of(&self.site.declared.settings) {
                let domain = entry(Place::OwnDomain, "host-own-domain", "/settings/domain");
                set_up.push(domain);
            }
        }
        set_up.push(entry(Place::Members, "host-members", "/members"));
        set_up.push(entry(Place::Notifications, "host-hear", "/notifications"));
        if context.may(Permission::ReadLog) {
            set_up.push(entry(Place::Log, "host-log", "/audit"));
        }
        vec![
            Section {
                title: None,
                entries: work,
            },
            Section {
                title: Some(self.text.say("host-set-up").into_owned()),
                entries: set_up,
            },
            Section {
                title: Some(self.site.settings.name.clone()),
                entries: [
                    elsewhere("host-home", frame::HOME),
                    elsewhere("host-occasions-yours", "/admin"),
                    elsewhere("account-security", "/me/security"),
                ]
                .into_iter()
                .chain(server)
                .collect(),
            },
        ]
    }

    pub fn places(&self, context: &PageContext) -> Vec<Section> {
        self.sections(context, Place::More)
    }

    /// Returns the message about the last action. The parameter `done` of the query says which
    /// action it was.
    pub fn done(&self) -> Option<String> {
        let id = match self.query.text("done") {
            "saved" => "host-done-saved",
            "created" => "host-done-created",
            "removed" => "host-done-removed",
            "away" => "host-done-away",
            "archived" => "host-done-archived",
            "restored" => "host-done-restored",
            "approved" => "host-done-approved",
            "merged" => "host-done-merged",
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
