//! The pages of reviews: a member's own reviews, those that a provider can take, and all of them.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use platform::Tx;
use site::proof::Requester;
use site::request::{FormContext, FormPost, PageRequest};
use web::fields::Input;
use web::file_response::{FileResponse, disposition};
use web::form_state::{self, Field, FormState, Group};
use web::{Problem, Site, Text};

use super::frame::BookingPage as _;
use super::slots::table_form;
use super::{own, words};
use crate::booking::Party;
use crate::review::files::Document;
use crate::review::view::{self, Before, ReviewView};
use crate::review::{
    self, ASKED, FIELDS, OWN, PartyToReview, ReviewMode, ReviewState, Submitter, Taker, files,
};
use crate::{Refusal, credit, gateway, settings};

const ALL: &str = "/admin/sessions/reviews";
const DONE: &[(&str, &str)] = &[
    ("submitted", "review-was-submitted"),
    ("start", "review-was-started"),
    ("complete", "review-was-completed"),
    ("cancel", "review-was-cancelled"),
];

#[derive(Template)]
#[template(path = "reviews/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    title: &'static str,
    is_own: bool,
    /// Each review, the time when it was submitted, and the CSS class of its state.
    rows: Vec<(ReviewView, String, &'static str)>,
    next: Option<String>,
}

/// `GET /me/reviews`.
pub(super) async fn own(req: PageRequest) -> Result<Response, Problem> {
    list(&req, Party::Member, "review-mine").await
}

/// `GET /me/slots/reviews`.
pub(super) async fn asked(req: PageRequest) -> Result<Response, Problem> {
    list(&req, Party::Provider, "review-asked").await
}

/// `GET /admin/sessions/reviews`.
pub(super) async fn all(req: PageRequest) -> Result<Response, Problem> {
    list(&req, Party::Administrator, "review-all").await
}

async fn list(req: &PageRequest, party: Party, title: &'static str) -> Result<Response, Problem> {
    let paging = req.page_query()?.under(&party);
    let (before, limit): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look =
        move |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, party, before.as_ref(), limit);
    let (found, text) = (req.read(look).await?, &req.text);
    let found = paging.list(found, |one| (one.created_at, one.id.clone()));
    let zone = words::zone(&req.site, Some(&req.who));
    let rows = found.items.into_iter().map(|one| {
        let at = text.moment_short_in(&zone, one.created_at);
        let class = tag(one.state);
        (one, at, class)
    });
    let body = ListPage {
        text,
        title,
        is_own: party == Party::Member,
        rows: rows.collect(),
        next: found
            .next_cursor
            .map(|cursor| format!("{}?cursor={cursor}", address(party))),
    };
    req.show(address(party), &text.say(title), body).await
}

const fn address(party: Party) -> &'static str {
    match party {
        Party::Member => OWN,
        Party::Provider => ASKED,
        Party::Administrator => ALL,
    }
}

pub(super) const fn tag(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Pending | ReviewState::InReview => "wait",
        ReviewState::Completed => "yes",
        ReviewState::Cancelled => "",
    }
}

#[derive(Template)]
#[template(path = "reviews/new.html")]
struct NewPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    left: i64,
    fields: Vec<Field>,
    /// In minutes; `None` if the member may not have one or has already booked one.
    to_book: Option<i64>,
    megabytes: usize,
}

/// `GET /me/reviews/new`.
pub(super) async fn new(req: PageRequest) -> Result<Response, Problem> {
    new_page(&req, &FormState::default()).await
}

async fn new_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let mode = gateway::mode(&req.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let account = &who.who.account().id;
        let sessions = if review::call::is_allowed(tx, account, mode)? {
            Some(review::call::bookings(tx, account)?)
        } else {
            None
        };
        let minutes = settings::load(tx)?.review_call_minutes;
        let left = credit::reviews_left(tx, account, mode)?;
        Ok::<_, Refusal>((left, sessions, minutes))
    };
    let ((left, sessions, minutes), text) = (req.read(look).await?, &req.text);
    let to_book = sessions.as_ref().filter(|all| all.is_empty());
    let to_book = to_book.map(|_| minutes);
    let zone = words::zone(&req.site, Some(&req.who));
    let mut fields = vec![
        form_state.line("goal", text.say("review-goal")).required(),
        form_state.lines("focus", text.say("review-focus")),
        form_state.lines("note", text.say("review-note")),
    ];
    if let Some(sessions) = sessions.filter(|all| !all.is_empty()) {
        let written = text.say(ReviewMode::Written.label()).into_owned();
        let sessions = sessions.into_iter().map(|one| {
            let when = words::moment(text, &zone, one.starts_at);
            let values = [("title", one.title.as_str().into()), ("when", when.into())];
            (one.id.to_string(), text.with("review-in-session", values))
        });
        let choices = [(String::new(), written)].into_iter().chain(sessions);
        let field = form_state.select("booking_id", text.say("review-mode"), choices);
        fields.push(field.hint(text.say("review-mode-hint")));
    }
    let body = NewPage {
        text,
        form: req.form(&[], form_state),
        left,
        fields,
        to_book,
        megabytes: files::most_bytes(&req.site) >> 20,
    };
    req.show(own::HERE, &text.say("review-new"), body).await
}

/// `POST /me/reviews/new`.
pub(super) async fn create(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    let most = files::most_bytes(&site);
    let (posted, file) = FormPost::<PageRequest>::receive(request, &site, most).await?;
    let form = &posted.form;
    let kept = match files::admit(&site, &posted.req.who) {
        Ok(()) => files::keep(&site, file, form).await,
        Err(problem) => Err(problem),
    };
    let done = match kept {
        Ok(new) => {
            let (used, file) = (site.clone(), new.document.file.clone());
            let change = move |tx: &mut Tx<'_>, by: &Submitter| {
                let made = review::create(tx, &used, by, &new)?;
                Ok::<_, Refusal>(format!("{}?done=submitted", made.page()))
            };
            let done = posted.once(change).await.map_err(Problem::from);
            files::discard(&site, done.as_ref().err(), &file).await;
            done
        }
        Err(problem) => Err(problem),
    };
    form_state::answer(done, async |problem| {
        new_page(&posted.req, &refused(&posted, &problem)).await
    })
    .await
}

/// The state of a refused form with a file. An error about the file is shown at its field.
fn refused(posted: &FormPost, problem: &Problem) -> FormState {
    let text = &posted.req.text;
    let mut form_state = FormState::refused(posted.form.clone(), problem, text);
    match problem.code {
        "unsupported_media_type" => {
            form_state.trouble = Some(text.say("review-file-wrong").into_owned());
            form_state.at("file")
        }
        "body_too_large" => form_state.at("file"),
        _ => form_state,
    }
}

#[derive(Template)]
#[template(path = "reviews/review.html")]
struct ReviewPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    /// The path and the message id of the title of the list that contains the review.
    back: (&'static str, &'static str),
    review: &'a ReviewView,
    tag: &'static str,
    submitted: String,
    /// The time of the session, the message id of its state, and the CSS class of the state.
    session: Option<(String, &'static str, &'static str)>,
    kilobytes: (i64, i64),
    /// The maximum size of a file, in megabytes.
    megabytes: usize,
    may_start: bool,
    may_cancel: bool,
    /// The form in which the reviewer writes; empty for everybody else.
    groups: Vec<Group>,
}

/// `GET /me/reviews/{id}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyToReview| {
        Ok::<_, Refusal>((party.clone(), ReviewView::of_party(tx, party.clone())?))
    };
    let (party, review) = req.read(look).await?;
    let (text, state) = (&req.text, review.state);
    let zone = words::zone(&req.site, Some(&req.who));
    let is_written = party.is_reviewer && state == ReviewState::InReview;
    let body = ReviewPage {
        text,
        form: req.form(DONE, form_state),
        back: match party.party {
            Party::Member => (OWN, "review-mine"),
            Party::Provider => (ASKED, "review-asked"),
            Party::Administrator => (ALL, "review-all"),
        },
        tag: tag(state),
        submitted: text.moment_in(&zone, review.created_at),
        session: review.booking.as_ref().map(|one| {
            let when = text.moment_in(&zone, one.starts_at);
            (when, one.state.label(), words::tag(one.state))
        }),
        kilobytes: (
            kilobytes(review.bytes),
            review
                .reference
                .as_ref()
                .map_or(0, |file| kilobytes(file.bytes)),
        ),
        megabytes: files::most_bytes(&req.site) >> 20,
        may_start: party.may_start(),
        may_cancel: party.may_cancel(),
        groups: if is_written {
            table_form(req, form_state).groups(FIELDS, "review-assessment")
        } else {
            Vec::new()
        },
        review: &review,
    };
    req.show(address(party.party), &review.goal, body).await
}

fn kilobytes(bytes: i64) -> i64 {
    (bytes / 1024).max(1)
}

/// `POST /me/reviews/{id}/complete`, with or without a file.
pub(super) async fn complete(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    let most = files::most_bytes(&site);
    let (posted, file) = FormPost::<PageRequest>::receive(request, &site, most).await?;
    let file = match file {
        Some(file) => match files::admit(&site, &posted.req.who) {
            Ok(()) => files::accept(&site, file).await.map(Some),
            Err(problem) => Err(problem),
        },
        None => Ok(None),
    };
    let done = match file {
        Ok(file) => {
            let input = Input::Form(posted.form.clone(), FIELDS.to_vec());
            let (used, kept) = (site.clone(), file.clone());
            let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
                let completed = review::complete(tx, &used, party, &input, kept.as_ref())?;
                Ok::<_, Refusal>(format!("{}?done=complete", completed.page()))
            };
            let done = posted.once(change).await.map_err(Problem::from);
            if let Some(file) = &file {
                files::discard(&site, done.as_ref().err(), &file.file).await;
            }
            done
        }
        Err(problem) => Err(problem),
    };
    form_state::answer(done, async |problem| {
        page(&posted.req, &refused(&posted, &problem)).await
    })
    .await
}

/// `POST /me/reviews/{id}/{step}`: the step is `start` or `cancel`.
pub(super) async fn decide(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let address = |review: &review::Review, step| format!("{}?done={step}", review.page());
    match req.piece("step") {
        "start" => {
            let change = move |tx: &mut Tx<'_>, by: &Taker| {
                Ok::<_, Refusal>(address(&review::start(tx, by)?, "start"))
            };
            posted.save(change, page).await
        }
        "cancel" => {
            let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
                Ok::<_, Refusal>(address(&review::cancel(tx, party)?, "cancel"))
            };
            posted.save(change, page).await
        }
        _ => Err(Problem::not_found()),
    }
}

/// `GET /me/reviews/{id}/file`.
pub(super) async fn file(req: PageRequest, headers: HeaderMap) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| Ok::<_, Refusal>(party.clone());
    download(&req.site, req.read(look).await?.document(), &headers).await
}

/// `GET /me/reviews/{id}/reference`.
pub(super) async fn reference(req: PageRequest, headers: HeaderMap) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| Ok::<_, Refusal>(party.clone());
    download(&req.site, req.read(look).await?.reference(), &headers).await
}

/// Sends a document, if the person may read it. A browser saves it and never shows it, because its
/// content comes from a stranger.
pub async fn download(
    site: &Site,
    document: Option<Document>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let document = document.ok_or_else(Problem::not_found)?;
    let key = files::FOLDER.key(&document.file);
    let key = key.map_err(Problem::internal)?;
    let response = FileResponse {
        key: &key,
        bytes: u64::try_from(document.bytes).unwrap_or_default(),
        media_type: document.file_type.media_type(),
        disposition: disposition("attachment", &document.file_name),
        caching: "private, no-store",
    };
    let mut response = response.send(&site.files, headers).await?;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
