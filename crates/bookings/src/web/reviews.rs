//! The pages of reviews: a member's own ones, those that a provider can take, and all of them.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use platform::Tx;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::fields::Input;
use web::file_response::{FileResponse, disposition};
use web::form_state::{self, Field, FormState, Group};
use web::{Problem, Site, Text};

use super::slots::table_form;
use super::{own, slots, words};
use crate::booking::Party;
use crate::review::view::{self, ReviewView};
use crate::review::{
    self, ASKED, FIELDS, OWN, PartyToReview, ReviewState, Submitter, Taker, files,
};
use crate::{Refusal, credit, gateway};

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
    let look = move |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, party);
    let (found, text) = (req.read(look).await?, &req.text);
    let zone = words::zone(&req.site, Some(&req.who));
    let rows = found.into_iter().map(|one| {
        let at = text.moment_short(&one.created_at.to_zoned(zone.clone()));
        let class = tag(one.state);
        (one, at, class)
    });
    let body = ListPage {
        text,
        title,
        is_own: party == Party::Member,
        rows: rows.collect(),
    };
    req.page(here(party), &text.say(title), body).await
}

const fn here(party: Party) -> &'static str {
    match party {
        Party::Member => own::HERE,
        Party::Provider | Party::Administrator => slots::HERE,
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
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    /// How many documents the member can submit.
    left: i64,
    fields: Vec<Field>,
    megabytes: usize,
}

/// `GET /me/reviews/new`.
pub(super) async fn new(req: PageRequest) -> Result<Response, Problem> {
    new_page(&req, &FormState::default()).await
}

async fn new_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let mode = gateway::mode(&req.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(credit::reviews_left(tx, &who.who.account().id, mode)?)
    };
    let (left, text) = (req.read(look).await?, &req.text);
    let body = NewPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        form_state,
        left,
        fields: vec![
            form_state.line("goal", text.say("review-goal")).required(),
            form_state.lines("focus", text.say("review-focus")),
            form_state.lines("note", text.say("review-note")),
        ],
        megabytes: files::most_bytes(&req.site) >> 20,
    };
    req.page(own::HERE, &text.say("review-new"), body).await
}

/// `POST /me/reviews/new`.
pub(super) async fn create(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    let most = files::most_bytes(&site);
    let (posted, file) = FormPost::<PageRequest>::receive(request, &site, most).await?;
    let form = &posted.form;
    let texts = (form.text("goal"), form.text("focus"), form.text("note"));
    let done = match files::keep(&site, file, texts).await {
        Ok(new) => {
            let (used, file) = (site.clone(), new.file.clone());
            let change = move |tx: &mut Tx<'_>, by: &Submitter| {
                let made = review::create(tx, &used, by, &new)?;
                Ok::<_, Refusal>(format!("{}?done=submitted", made.page()))
            };
            let done = posted.once(change).await.map_err(Problem::from);
            if let Err(problem) = &done {
                files::discard(&site, problem, &file).await;
            }
            done
        }
        Err(problem) => Err(problem),
    };
    form_state::answer(done, async |problem| {
        let text = &posted.req.text;
        let mut form_state = FormState::refused(posted.form.clone(), &problem, text);
        form_state = match problem.code {
            "unsupported_media_type" => {
                form_state.trouble = Some(text.say("review-file-wrong").into_owned());
                form_state.at("file")
            }
            "body_too_large" => form_state.at("file"),
            _ => form_state,
        };
        new_page(&posted.req, &form_state).await
    })
    .await
}

#[derive(Template)]
#[template(path = "reviews/review.html")]
struct ReviewPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    form_state: &'a FormState,
    done: Option<&'static str>,
    /// The path and the message id of the title of the list that contains the review.
    back: (&'static str, &'static str),
    review: &'a ReviewView,
    tag: &'static str,
    submitted: String,
    kilobytes: i64,
    may_start: bool,
    may_cancel: bool,
    /// The form in which the reviewer writes; empty for others.
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
        csrf: &req.csrf,
        form_state,
        done: req.done(DONE),
        back: match party.party {
            Party::Member => (OWN, "review-mine"),
            Party::Provider => (ASKED, "review-asked"),
            Party::Administrator => ("/admin/sessions/reviews", "review-all"),
        },
        tag: tag(state),
        submitted: text.moment(&review.created_at.to_zoned(zone)),
        kilobytes: (review.bytes / 1024).max(1),
        may_start: party.party != Party::Member && state == ReviewState::Pending,
        may_cancel: party.may_cancel(),
        groups: if is_written {
            table_form(req, form_state).groups(FIELDS, "review-assessment")
        } else {
            Vec::new()
        },
        review: &review,
    };
    req.page(here(party.party), &review.goal, body).await
}

/// `POST /me/reviews/{id}/{step}`: the step is `start`, `complete` or `cancel`.
pub(super) async fn decide(posted: FormPost) -> Result<Response, Problem> {
    let (req, site) = (&posted.req, posted.req.site.clone());
    let address = |review: &review::Review, step| format!("{}?done={step}", review.page());
    let done = match req.piece("step") {
        "start" => {
            let change = move |tx: &mut Tx<'_>, by: &Taker| {
                Ok::<_, Refusal>(address(&review::start(tx, by)?, "start"))
            };
            posted.once(change).await
        }
        "complete" => {
            let input = Input::Form(posted.form.clone(), FIELDS.to_vec());
            let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
                let completed = review::complete(tx, &site, party, &input)?;
                Ok::<_, Refusal>(address(&completed, "complete"))
            };
            posted.once(change).await
        }
        "cancel" => {
            let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
                Ok::<_, Refusal>(address(&review::cancel(tx, party)?, "cancel"))
            };
            posted.once(change).await
        }
        _ => return Err(Problem::not_found()),
    };
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
        page(req, &form_state).await
    })
    .await
}

/// `GET /me/reviews/{id}/file`.
pub(super) async fn file(req: PageRequest, headers: HeaderMap) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| Ok::<_, Refusal>(party.clone());
    download(&req.site, &req.read(look).await?, &headers).await
}

/// Sends the document. A browser saves it and never shows it, because its content is a stranger's.
pub async fn download(
    site: &Site,
    party: &PartyToReview,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let review = &party.review;
    if !party.may_read() || review.file.is_empty() {
        return Err(Problem::not_found());
    }
    let key = files::FOLDER.key(&review.file).map_err(Problem::internal)?;
    let response = FileResponse {
        key: &key,
        bytes: u64::try_from(review.bytes).unwrap_or_default(),
        media_type: review.file_type.media_type(),
        disposition: disposition("attachment", &review.file_name),
        caching: "private, no-store",
    };
    let mut response = response.send(&site.files, headers).await?;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
