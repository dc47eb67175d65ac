//! Short answers to what hosts ask most, each with the page on which it is done, and whom they can
//! ask.

use askama::Template;
use axum::response::Response;
use identity::grant::{self, ADMIN};
use web::{Problem, Text};

use super::frame::Place;
use super::request::HostRequest;
use super::wording::Wording;
use crate::hosting::Permission::{self, Invite, Own, See, SeeAnswers, Write};
use crate::hosting::{member_occasions, members};
use crate::role::Role;

/// A question with its answer and the page that it leads to. Hosts without the permission that the
/// page needs read the question without the link.
struct Topic {
    question: &'static str,
    answer: &'static str,
    page: &'static str,
    label: &'static str,
    needs: Permission,
}

const TOPICS: &[Topic] = &[
    Topic {
        question: "host-help-send",
        answer: "host-help-send-answer",
        page: "/send",
        label: "host-menu-send",
        needs: Invite,
    },
    Topic {
        question: "host-help-owing",
        answer: "host-help-owing-answer",
        page: "/send/unanswered",
        label: "host-help-owing-do",
        needs: Invite,
    },
    Topic {
        question: "host-help-no-phone",
        answer: "host-help-no-phone-answer",
        page: "/print",
        label: "host-print",
        needs: See,
    },
    Topic {
        question: "host-help-called",
        answer: "host-help-called-answer",
        page: "/invites",
        label: "host-invitations",
        needs: Invite,
    },
    Topic {
        question: "host-help-day",
        answer: "host-help-day-answer",
        page: "/settings/events",
        label: "host-events",
        needs: Own,
    },
    Topic {
        question: "host-help-look",
        answer: "host-help-look-answer",
        page: "/see",
        label: "host-menu-see",
        needs: See,
    },
    Topic {
        question: "host-help-print",
        answer: "host-help-print-answer",
        page: "/print",
        label: "host-print",
        needs: See,
    },
    Topic {
        question: "host-help-table",
        answer: "host-help-table-answer",
        page: "/invites",
        label: "host-invitations",
        needs: Invite,
    },
    Topic {
        question: "host-help-food",
        answer: "host-help-food-answer",
        page: "/reports#kitchen",
        label: "host-kitchen-menu",
        needs: See,
    },
    Topic {
        question: "host-help-thanks",
        answer: "host-help-thanks-answer",
        page: "/gifts/received",
        label: "host-received",
        needs: See,
    },
    Topic {
        question: "host-help-pictures",
        answer: "host-help-pictures-answer",
        page: "/uploads",
        label: "host-uploads",
        needs: SeeAnswers,
    },
    Topic {
        question: "host-help-words",
        answer: "host-help-words-answer",
        page: "/settings/texts",
        label: "host-menu-words",
        needs: Write,
    },
];

#[derive(Template)]
#[template(path = "host/help.html")]
struct Help<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    rows: Vec<(&'static Topic, bool)>,
    /// Who can help, below the message that says who they are.
    groups: Vec<(&'static str, Vec<Person>)>,
}

/// Somebody who can help.
struct Person {
    name: String,
    email: String,
}

/// Handles `GET /admin/o/{slug}/help`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, (owners, administrators)) = req
        .read(|tx, context| {
            let host = &context.host;
            let mut owners = members::list(tx, host)?;
            owners.retain(|one| one.role == Role::OccasionOwner.into());
            owners.retain(|one| one.account != *host.account());
            // Whoever has made an occasion without being asked to gets nobody's address.
            let is_trusted = member_occasions::sends_mail(tx, host.occasion())?;
            let administrators = if is_trusted && host.may(Permission::SeeContacts) {
                grant::list_ranked(tx, ADMIN)?
            } else {
                Vec::new()
            };
            Ok((owners, administrators))
        })
        .await?;
    let text = &req.text;
    let person = |one: grant::Member| Person {
        name: one.display_name,
        email: one.email,
    };
    let body = Help {
        text,
        rows: TOPICS
            .iter()
            .map(|one| (one, context.may(one.needs)))
            .collect(),
        groups: [
            ("host-help-owners", owners),
            ("host-help-administrators", administrators),
        ]
        .into_iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(words, all)| (words, all.into_iter().map(person).collect()))
        .collect(),
        wording: req.wording(&context),
    };
    Ok(req.page(&context, Place::Help, &text.say("host-help"), body))
}
