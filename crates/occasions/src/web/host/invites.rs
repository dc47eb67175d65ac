//! The list of invitations. It can be searched, filtered and sorted. Hosts select invitations in it
//! for bulk actions.

use askama::Template;
use axum::response::Response;
use web::{List, PageQuery, Problem, Text};

use super::filters::{self, Filters};
use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::twins::{self, TwinCard};
use super::wording::{self, Tag, Wording};
use crate::guest;
use crate::hosting::Permission;
use crate::hosting::bulk::{self, Bulk};
use crate::hosting::duplicates::{self, Pair};
use crate::hosting::listing::filter::Open;
use crate::hosting::listing::{self, InvitationFilter, InvitationRow, Sort};
use crate::hosting::sending;
use crate::hosting::summary::{self, ListNumbers};
use crate::question::{self, Question};
use crate::words::Progress;

const NAMES: usize = 4;

#[derive(Template)]
#[template(path = "host/invites.html")]
struct Invites<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    stream: String,
    done: Option<String>,
    filters: Filters<'a>,
    presets: Vec<Preset>,
    sort: Sort,
    rows: Vec<InvitationItem<'a>>,
    total: Option<i64>,
    next: Option<String>,
    previous: Option<String>,
    may_invite: bool,
    /// Whether the list is empty although no filter is set.
    is_empty: bool,
    job: Option<JobLine>,
    twins: Vec<TwinCard>,
    submission: String,
    send: Option<String>,
    query: String,
}

struct Preset {
    words: String,
    href: String,
    is_chosen: bool,
}

struct InvitationItem<'a> {
    line: &'a InvitationRow,
    href: String,
    names: String,
    tags: Vec<Tag>,
    language: String,
    access: &'static str,
    change: Option<(String, String)>,
    /// The link to the page for sending this invitation. `None` if it was already sent.
    send: Option<String>,
    open: Option<&'static str>,
}

/// A bulk action that is running or has recently ended.
pub(super) struct JobLine {
    pub(super) href: String,
    pub(super) words: String,
}

impl Invites<'_> {
    fn order(&self, sort: &str) -> String {
        self.filters.with("sort", sort)
    }

    fn is_sorted(&self, sort: &str) -> bool {
        self.sort.word() == sort
    }

    fn sorts(&self) -> Vec<(&'static str, &'static str, bool)> {
        let sorts = Sort::ALL.iter();
        sorts
            .map(|sort| (sort.word(), sort.label(), *sort == self.sort))
            .collect()
    }

    /// Wider screens always show the checkboxes.
    fn is_selecting(&self) -> bool {
        self.filters.query.text("select") == "1"
    }

    fn selecting(&self) -> String {
        let value = if self.is_selecting() { "" } else { "1" };
        self.filters.here("select", value)
    }

    fn range(&self) -> String {
        self.filters.range(self.rows.len(), self.total)
    }

    /// `None` if all of them are on this page.
    fn choose_matching(&self) -> Option<String> {
        let shown = i64::try_from(self.rows.len()).unwrap_or(i64::MAX);
        let total = self.total.filter(|total| *total > shown)?;
        let values = [("n", self.text.number(total).into())];
        Some(self.text.with("host-choose-matching", values))
    }
}

struct InvitationListData {
    list: List<InvitationRow>,
    limit: u32,
    names: Vec<String>,
    numbers: ListNumbers,
    jobs: Vec<Bulk>,
    questions: Vec<Question>,
    pairs: Vec<Pair>,
}

/// Handles `GET /admin/o/{slug}/invites`.
pub(super) async fn list(req: HostRequest, paging: PageQuery) -> Result<Response, Problem> {
    let (filter, sort) = InvitationFilter::read(&req.query)?;
    let asked = filter.clone();
    let (context, found) = req
        .read(move |tx, context| {
            let host = &context.host;
            let list = listing::invitations(tx, host, &asked, sort, &paging)?;
            let mut guests = guest::list_all(tx, list.items.iter().map(|line| &line.id))?;
            let names = list.items.iter().map(|line| {
                let guests = guests.remove(&line.id).unwrap_or_default();
                shortened(guests.into_iter().map(|guest| guest.name).collect())
            });
            let names = names.collect();
            Ok(InvitationListData {
                list,
                limit: paging.limit,
                names,
                numbers: summary::of_list(tx, host)?,
                jobs: bulk::list(tx, host, 1)?,
                questions: question::of(tx, host.occasion())?,
                pairs: duplicates::pairs(tx, host)?,
            })
        })
        .await?;
    Ok(page(&req, &context, &filter, sort, &found))
}

fn shortened(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    let mut shown: Vec<String> = names
        .into_iter()
        .take(NAMES)
        .filter(|name| !name.is_empty())
        .collect();
    if more > 0 {
        shown.push(format!("+{more}"));
    }
    shown.join(", ")
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    filter: &InvitationFilter,
    sort: Sort,
    found: &InvitationListData,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let filters = Filters::of_invitations(&wording, &context.events, &found.questions, &req.query);
    let lines = found.list.items.iter().zip(&found.names);
    let (query, may_invite) = (
        wording::query(&filter.query()),
        context.may(Permission::Invite) && !filter.archived,
    );
    let body = Invites {
        text,
        stream: format!("/api/v1/occasions/{}/stream", context.occasion.id),
        done: req.done(),
        presets: presets(&filters, &found.numbers),
        sort,
        rows: lines
            .map(|(line, names)| row(&wording, line, names, may_invite))
            .collect(),
        total: found.list.total,
        next: filters.next(&found.list),
        previous: filters.previous(&found.list, found.limit),
        send: (may_invite && context.sizes.unsent > 0)
            .then(|| wording.at(&format!("/send?{query}"))),
        may_invite,
        is_empty: context.sizes.invitations == 0 && *filter == InvitationFilter::default(),
        job: found.jobs.first().and_then(|job| job_line(&wording, job)),
        // A search is about what was searched.
        twins: if *filter == InvitationFilter::default() {
            twins::cards(context, &wording, &found.pairs)
        } else {
            Vec::new()
        },
        query,
        submission: req.submission(),
        filters,
        wording: wording.clone(),
    };
    let title = text.say("host-invitations");
    req.page(context, Place::Invitations, &title, body)
}

fn presets(filters: &Filters<'_>, numbers: &ListNumbers) -> Vec<Preset> {
    let (all, waiting) = (numbers.invitations, numbers.waiting);
    let words = [
        ("pending", "host-preset-pending", all.owing),
        ("attending", "host-preset-attending", all.attending),
        ("declined", "host-preset-declined", all.declined),
    ];
    let chosen = filters.query.text("response");
    let is_waiting = filters.query.text("open") == "waiting";
    let open = (waiting > 0 || is_waiting).then(|| Preset {
        words: filters
            .text
            .with("host-preset-open", [("n", waiting.into())]),
        href: filters.with("open", if is_waiting { "" } else { "waiting" }),
        is_chosen: is_waiting,
    });
    words
        .into_iter()
        .map(|(word, id, n)| {
            // Whoever has no invitation yet is not awaited.
            let invited = if word == "pending" { "yes" } else { "" };
            let is_chosen = chosen == word && filters.query.text("invited") == invited;
            Preset {
                words: filters
                    .text
                    .with(id, [("n", filters.text.number(n).into())]),
                href: if is_chosen {
                    filters.with_all([("response", ""), ("invited", "")])
                } else {
                    filters.with_all([("response", word), ("invited", invited)])
                },
                is_chosen,
            }
        })
        .chain(open)
        .collect()
}

fn row<'a>(
    wording: &Wording<'_>,
    line: &'a InvitationRow,
    names: &str,
    may_invite: bool,
) -> InvitationItem<'a> {
    let change = match (line.replied_at, line.sent_at) {
        (Some(at), _) => Some((wording.machine(at), wording.ago(at))),
        (None, Some(at)) => {
            let date = wording.ago(at);
            let words = wording.text.with("host-sent-on", [("date", date.into())]);
            Some((wording.machine(at), words))
        }
        (None, None) => None,
    };
    InvitationItem {
        href: wording.at(&format!("/invites/{}", line.id)),
        names: names.to_owned(),
        tags: wording::tags(wording.text, &line.people),
        language: filters::language(wording.text, line.language.as_deref()),
        access: line.access.label(),
        change,
        send: (may_invite && sending::waits(line))
            .then(|| wording.at(&format!("/send/walk?household={}", line.id))),
        open: line.open.map(|open| match open {
            Open::Duplicate => "host-open-tag-duplicate",
            Open::Approved => "host-open-tag-approved",
            Open::Waiting | Open::Yes | Open::No => "host-open-tag",
        }),
        line,
    }
}

/// Shown during the action and for ten minutes afterwards.
fn job_line(wording: &Wording<'_>, job: &Bulk) -> Option<JobLine> {
    let is_over = matches!(
        job.state,
        Progress::Ready | Progress::Failed | Progress::Expired
    );
    let ended = job.finished_at.unwrap_or(job.created_at);
    if is_over && wording.now.duration_since(ended).as_mins() >= 10 {
        return None;
    }
    Some(JobLine {
        href: wording.at(&format!("/invites/bulk/{}", job.id)),
        words: super::bulk::progress(wording.text, job),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_first_and_how_many_more() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(shortened(names(&["A", "B"])), "A, B");
        assert_eq!(
            shortened(names(&["A", "B", "C", "D", "E", "F"])),
            "A, B, C, D, +2"
        );
        assert_eq!(shortened(names(&["A", ""])), "A");
    }
}
