//! The hosts' pages, with paths below `/admin`. This file lists every path with the permission that
//! it requires. A handler opens the occasion through its `HostRequest`, calls a function in
//! [`hosting`](crate::hosting), and renders the result. A page leaves out actions that the host's
//! role does not allow. All pages work without scripts.

mod announcements;
mod audit;
mod bulk;
mod card_so_far;
mod cash_links;
mod curve;
mod dietary_options;
mod end;
mod events;
mod filters;
pub mod frame;
mod gifts;
mod groups;
mod guests;
mod help;
pub mod history;
mod home;
mod home_new;
mod invite;
mod invite_acts;
mod invite_form;
mod invite_people;
mod invite_split;
mod invites;
mod looks;
mod mail;
mod mail_texts;
pub mod meals;
mod members;
mod menu;
mod new_occasion;
mod not_answered;
mod notifications;
mod occasion_pages;
pub(crate) mod occasions;
mod overview;
pub(crate) mod own_card;
mod own_domain;
mod own_pictures;
mod person;
mod photo;
pub mod picture_archive;
mod preview;
mod print;
mod publishing;
mod questions;
mod ready;
mod received_gifts;
mod reminders;
pub mod request;
mod resource;
mod schedule;
mod send_home;
mod send_kind;
mod send_mail;
mod send_moved;
mod send_rows;
mod send_walk;
mod send_words;
mod sending;
mod settings;
mod texts;
pub mod twins;
mod uploads;
pub mod wording;

use ::web::{Pages, Site};
use site::Callers::People;
use site::resource::pages::{PageResource as _, pages as pages_of};

use super::access::HostAccess;
use crate::announcement::Announcement;
use crate::cash_link::CashLink;
use crate::diet::DietaryOption;
use crate::event::PlannedEvent;
use crate::gift::Gift;
use crate::hosting::Permission::{Invite, Own, ReadLog, See, SeeAnswers, SeeContacts, Write};
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::reminders::ReminderRule;
use crate::occasion_page::OccasionPage;
use crate::question::Question;

/// The path below which the pages of an occasion are.
pub const OF_OCCASION: &str = "/admin/o/{slug}";

/// Lists the paths of the hosts' pages, without those of features, with the permission that each
/// requires.
pub fn pages() -> Pages<Site, HostAccess> {
    Pages::default()
        .get("/admin", People, occasions::list)
        .get("/admin/new", People, new_occasion::show)
        .post("/admin/new", People, new_occasion::create)
        .post("/admin/members", People, occasions::decide)
        .nest(OF_OCCASION, of_occasion())
}

fn of_occasion() -> Pages<Site, HostAccess> {
    Pages::default()
        .get("", See, home::show)
        .get("/preview/page", See, home_new::card)
        .get("/see", See, preview::see)
        .get("/see/preview/page", See, preview::see_page)
        .get("/ready", See, ready::show)
        .get("/answers", See, overview::show)
        .get("/answers/days", See, overview::table)
        .get("/invites", See, invites::list)
        .get("/invites/new", Invite, invite_form::new)
        .post("/invites/new", Invite, invite_form::create)
        .get("/invites/send", Invite, send_home::moved)
        .post("/invites/bulk", Invite, bulk::step)
        .get("/invites/bulk/{id}", Invite, bulk::job)
        .get("/invites/{id}", See, invite::show)
        .get("/invites/{id}/edit", Invite, invite_form::edit)
        .post("/invites/{id}/edit", Invite, invite_form::change)
        .post("/invites/{id}/answers", Invite, invite_acts::answer)
        .post("/invites/{id}/lock", Invite, invite_acts::lock)
        .post("/invites/{id}/unlock", Invite, invite_acts::unlock)
        .post("/invites/{id}/deadline", Invite, invite_acts::deadline)
        .post("/invites/{id}/sent", Invite, invite_acts::sent)
        .post("/invites/{id}/bounce", Invite, invite_acts::lift_bounce)
        .post("/invites/{id}/order", Invite, invite_acts::order)
        .post("/invites/{id}/code", Own, invite_acts::replace_code)
        .post("/invites/{id}/approve", Invite, invite_acts::approve)
        .post("/invites/{id}/merge", Invite, invite_acts::merge)
        .post("/invites/{id}/apart", Invite, invite_acts::keep_apart)
        .get("/invites/{id}/split", Invite, invite_split::show)
        .post("/invites/{id}/split", Invite, invite_split::save)
        .post("/invites/{id}/archive", Invite, invite_acts::archive)
        .post("/invites/{id}/restore", Invite, invite_acts::restore)
        .get("/invites/{id}/preview", See, preview::show)
        .get("/invites/{id}/preview/page", See, preview::page)
        .get("/invites/{id}/guests/new", Invite, person::new)
        .post("/invites/{id}/guests/new", Invite, person::add)
        .get("/invites/{id}/guests/{guest}", Invite, person::edit)
        .post("/invites/{id}/guests/{guest}", Invite, person::change)
        .post(
            "/invites/{id}/guests/{guest}/remove",
            Invite,
            person::remove,
        )
        .get("/mail", Invite, mail::show)
        .get("/mail/new", Invite, mail::new)
        .post("/mail", Invite, mail::order)
        .get("/mail/texts/{kind}", Write, mail_texts::edit)
        .post("/mail/texts/{kind}", Write, mail_texts::change)
        .get("/mail/texts/{kind}/preview", Invite, mail_texts::preview)
        .get(
            "/mail/texts/{kind}/preview/page",
            Invite,
            mail_texts::preview_page,
        )
        .post("/mail/texts/{kind}/test", Invite, mail_texts::test)
        .get("/mail/{id}", Invite, mail::one)
        .post("/mail/{id}/pause", Invite, mail::pause)
        .post("/mail/{id}/resume", Invite, mail::resume)
        .post("/mail/{id}/cancel", Invite, mail::cancel)
        .post("/mail/{id}/retry", Invite, mail::retry)
        .get("/send", Invite, send_home::show)
        .post("/send/order", Invite, send_home::order)
        .get("/send/unanswered", Invite, not_answered::show)
        .get("/send/walk", Invite, send_walk::show)
        .post("/send/hand", Invite, send_walk::hand)
        .post("/send/way", Invite, send_walk::another_way)
        .get("/send/news", Invite, send_kind::news)
        .post("/send/news", Write, send_kind::begin)
        .get("/send/thanks", Invite, send_kind::thanks)
        .get("/send/mail", Invite, send_mail::show)
        .post("/send/mail", Invite, send_mail::order)
        .post("/send/print", Invite, send_home::print)
        .get("/send/moved/{event}", Invite, send_moved::show)
        .post("/send/moved/{event}", Invite, send_moved::dismiss)
        .post("/send/moved/{event}/ask", Invite, send_moved::ask_again)
        .get("/guests", See, guests::list)
        .get("/print", See, print::choose)
        .get("/print/cards", SeeContacts, print::cards)
        .get("/print/a6", SeeContacts, print::invitations)
        .get("/print/labels", SeeContacts, print::labels)
        .get("/print/codes", SeeContacts, print::codes)
        .get("/print/door", SeeAnswers, print::door)
        .get("/print/places", SeeAnswers, print::places)
        .get("/settings/domain", Own, own_domain::show)
        .post("/settings/domain", Own, own_domain::change)
        .post("/settings/domain/check", Own, own_domain::check)
        .get("/settings", Write, texts::show)
        .get("/settings/texts", Write, texts::show)
        .post("/settings/texts", Write, texts::save)
        .get("/settings/texts/preview/page", Write, texts::preview)
        .post("/settings/texts/preview/page", Write, texts::preview_typed)
        // Unknown sections are not found, whoever asks. The others require a higher permission.
        .get("/settings/{part}", Write, settings::show)
        .get("/settings/look", Own, looks::wall)
        .post("/settings/look", Own, looks::choose)
        .get("/settings/look/{look}", Own, looks::show)
        .get("/settings/preview/page", Own, looks::preview)
        .get("/settings/cover", Own, photo::show)
        .post("/settings/cover", Own, photo::save)
        .get("/settings/cover/small", Own, photo::small)
        .get("/settings/cover/preview/page", Own, photo::preview)
        .post("/settings/cover/preview/page", Own, photo::preview_typed)
        .post("/settings/switches/{switch}", Own, settings::switch_on)
        .post("/settings/{part}", Write, settings::save)
        .nest(PlannedEvent::PAGES, pages_of::<PlannedEvent, _>())
        .get("/settings/events/{id}/schedule", Write, schedule::edit)
        .post("/settings/events/{id}/schedule", Write, schedule::change)
        .nest(Announcement::PAGES, pages_of::<Announcement, _>())
        .nest(Question::PAGES, pages_of::<Question, _>())
        .nest(DietaryOption::PAGES, pages_of::<DietaryOption, _>())
        .nest(OccasionPage::PAGES, pages_of::<OccasionPage, _>())
        .nest(ReminderRule::PAGES, pages_of::<ReminderRule, _>())
        .nest(Gift::PAGES, pages_of::<Gift, _>())
        .nest(CashLink::PAGES, pages_of::<CashLink, _>())
        .nest(ReceivedGift::PAGES, pages_of::<ReceivedGift, _>())
        .post("/gifts/received/{id}/thanked", Write, received_gifts::thank)
        .post("/gifts/reservations/{id}/given", Write, gifts::receive)
        .post("/gifts/reservations/{id}/release", Write, gifts::release)
        .get("/uploads", SeeAnswers, uploads::show)
        .get("/uploads/add", Write, own_pictures::form)
        .post("/uploads/add", Write, own_pictures::add)
        .get("/uploads/own/{id}", Write, own_pictures::edit)
        .post("/uploads/own/{id}", Write, own_pictures::change)
        .get("/uploads/all.zip", Write, picture_archive::download)
        .post("/uploads", Write, uploads::decide)
        .get("/members", See, members::show)
        .post("/members/invite", Own, members::invite)
        .post("/members/withdraw", Own, members::withdraw)
        .post("/members/change", Own, members::change)
        // Every member may leave the occasion, so `See` is enough.
        .post("/members/remove", See, members::remove)
        .get("/audit", ReadLog, audit::show)
        .get("/help", See, help::show)
        .get("/menu/{group}", See, menu::show)
        .get("/more", See, menu::moved)
        .get("/notifications", See, notifications::show)
        .post("/notifications", See, notifications::save)
}
