//! The menu of an occasion as a table: five groups of pages.

use site::resource::pages::PageResource as _;

use crate::announcement::Announcement;
use crate::cash_link::CashLink;
use crate::event::PlannedEvent;
use crate::gift::Gift;
use crate::hosting::Permission::{self, Invite, Own, ReadLog, See, SeeAnswers, Write};
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::reminders::ReminderRule;
use crate::occasion_page::OccasionPage;
use crate::question::Question;

/// The pages of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Group(Group),
    Invitations,
    Guests,
    Import,
    OpenRsvp,
    Look,
    Words,
    Events,
    Questions,
    Diets,
    Deadline,
    Pages,
    News,
    Sending,
    Reminders,
    Mail,
    Print,
    Overview,
    Kitchen,
    Gifts,
    Uploads,
    Reports,
    Members,
    Notifications,
    Switches,
    General,
    OwnDomain,
    State,
    Log,
    Help,
}

impl Place {
    /// Returns the navigation entry for the pages of a list. `pages` is the path of the list.
    pub fn of_list(pages: &str) -> Self {
        match pages {
            PlannedEvent::PAGES => Self::Events,
            Question::PAGES => Self::Questions,
            Announcement::PAGES => Self::News,
            OccasionPage::PAGES => Self::Pages,
            ReminderRule::PAGES => Self::Reminders,
            Gift::PAGES | CashLink::PAGES | ReceivedGift::PAGES => Self::Gifts,
            _ => Self::Diets,
        }
    }
}

web::words! {
    Group {
        Guests = "guests" => "host-group-guests",
        Invitation = "invitation" => "host-group-invitation",
        Send = "send" => "host-group-send",
        Answers = "answers" => "host-group-answers",
        More = "more" => "shell-more",
    }
}

/// A page in the menu.
#[derive(Clone, Copy)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) label: &'static str,
    /// The path below the occasion's.
    pub(super) path: &'static str,
    pub(super) needs: Permission,
}

const fn item(place: Place, label: &'static str, path: &'static str, needs: Permission) -> Item {
    Item {
        place,
        label,
        path,
        needs,
    }
}

const GUESTS: &[Item] = &[
    item(Place::Invitations, "host-invitations", "/invites", See),
    item(Place::Guests, "host-guests", "/guests", See),
    item(Place::Import, "host-import", "/import", Invite),
    item(
        Place::OpenRsvp,
        "host-menu-open-rsvp",
        "/invites?open=yes",
        See,
    ),
];
const INVITATION: &[Item] = &[
    item(Place::Look, "host-menu-look", "/settings/cover", Own),
    item(Place::Words, "host-menu-words", "/settings/texts", Write),
    item(Place::Events, "host-events", "/settings/events", Write),
    item(
        Place::Questions,
        "host-menu-questions",
        "/settings/questions",
        Write,
    ),
    item(Place::Diets, "host-menu-diets", "/settings/diets", Own),
    item(Place::Deadline, "host-deadline", "/settings/deadline", Own),
    item(Place::Pages, "host-info-pages", "/settings/pages", Write),
    item(Place::News, "host-news", Announcement::PAGES, Write),
];
const SEND: &[Item] = &[
    item(Place::Sending, "host-menu-send", "/send", Invite),
    item(Place::Reminders, "host-reminders", ReminderRule::PAGES, Own),
    item(Place::Mail, "host-mail", "/mail", Invite),
    item(Place::Print, "host-print", "/print", See),
];
const ANSWERS: &[Item] = &[
    item(Place::Overview, "host-overview", "/answers", See),
    item(Place::Kitchen, "host-kitchen-menu", "/reports#kitchen", See),
    item(Place::Gifts, "host-gifts", Gift::PAGES, See),
    item(Place::Uploads, "host-uploads", "/uploads", SeeAnswers),
    item(Place::Reports, "host-reports", "/reports", See),
];
const MORE: &[Item] = &[
    item(Place::Members, "host-members", "/members", See),
    item(Place::Notifications, "host-hear", "/notifications", See),
    item(Place::Switches, "host-switches", "/settings/switches", Own),
    item(Place::General, "host-menu-general", "/settings/basics", Own),
    item(Place::OwnDomain, "host-own-domain", "/settings/domain", Own),
    item(Place::State, "host-menu-state", "/settings/state", Own),
    item(Place::Log, "host-log", "/audit", ReadLog),
    item(Place::Help, "host-help", "/help", See),
];

impl Group {
    pub(super) fn items(self) -> &'static [Item] {
        match self {
            Self::Guests => GUESTS,
            Self::Invitation => INVITATION,
            Self::Send => SEND,
            Self::Answers => ANSWERS,
            Self::More => MORE,
        }
    }

    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Guests => {
                "M8.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.5a3.2 3.2 0 0 1 0 6.2M17.5 14.2c2.7.5 4.5 2.5 4.5 5.8"
            }
            Self::Invitation => {
                "M4 4h16v16H4zM8 9c1.5-2.5 4-1 4 .8C12 8 14.5 6.5 16 9c1 2-2 4.5-4 5.5C10 13.5 7 11 8 9zM8 17.5h8"
            }
            Self::Send => "M3 11.5L21 4l-5 17-4.5-7zM11.5 14L21 4",
            Self::Answers => "M4 5h16v11H10l-4 4v-4H4zM8.5 10.5l2.5 2.5 4.5-5",
            Self::More => "M5 12h.01M12 12h.01M19 12h.01",
        }
    }

    pub(super) fn path(self) -> String {
        format!("/menu/{}", self.word())
    }
}
