//! The pages of a bulk action. They show the chosen invitations, what the action would do, and its
//! progress.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::id::Id;
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::event::Event;
use crate::hosting::bulk::{self, Action, Bulk, BulkId, Outcome, Request, Target};
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::locks::Effect;
use crate::hosting::{HostOf, Refusal, When, portals};
use crate::id::InvitationId;
use crate::words::Progress;

const ACTIONS: [(&str, &str); 11] = [
    (SENT, "host-mark-sent"),
    (UNSENT, "host-bulk-unsent"),
    ("tag", "host-bulk-tag"),
    ("untag", "host-bulk-untag"),
    ("invite", "host-bulk-invite"),
    ("language", "host-bulk-language"),
    ("allowance", "host-bulk-allowance"),
    ("deadline", "host-bulk-deadline"),
    ("lock", "host-bulk-lock"),
    ("unlock", "host-bulk-unlock"),
    ("archive", "host-bulk-archive"),
];

/// These two actions run at once. They need no further input, and the host can undo them with a
/// single button.
const SENT: &str = "sent";
const UNSENT: &str = "unsent";

#[derive(Template)]
#[template(path = "host/bulk.html")]
struct Step<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    form_state: &'a FormState,
    n: usize,
    ids: Vec<&'a str>,
    query: &'a str,
    is_all: bool,
    action: &'a str,
    fields: Vec<Field>,
    /// What the action would do; `None` while a required field is empty.
    effect: Option<Effect>,
}

impl Step<'_> {
    fn title(&self) -> &'static str {
        let found = ACTIONS.iter().find(|(action, _)| *action == self.action);
        found.map_or("host-bulk", |(_, id)| id)
    }

    fn is_chosen(&self) -> bool {
        ACTIONS.iter().any(|(action, _)| *action == self.action)
    }

    fn consequence(&self, effect: &Effect) -> String {
        let values = [("n", effect.closes.into())];
        let reopens = [("n", effect.reopens.into())];
        match (self.action, effect.closes, effect.reopens) {
            ("archive", ..) => self
                .text
                .with("host-effect-archive", [("n", self.n.into())]),
            (_, 0, 0) => self
                .text
                .with("host-effect-changes", [("n", self.n.into())]),
            (_, _, 0) => self.text.with("host-effect-closes", values),
            (_, 0, _) => self.text.with("host-effect-reopens", reopens),
            _ => format!(
                "{} {}",
                self.text.with("host-effect-closes", values),
                self.text.with("host-effect-reopens", reopens)
            ),
        }
    }
}

/// Handles `POST /admin/o/{slug}/invites/bulk`. Shows the action and what it would do. The action
/// runs when the host presses the button `go`. The two actions that mark invitations as sent or
/// unsent run at once.
pub(super) async fn step(posted: HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let wanted = read_action(form);
    let target = read_target(form)?;
    let is_immediate = [SENT, UNSENT].contains(&form.text("action"));
    let is_some = !matches!(&target, Target::Chosen(ids) if ids.is_empty());
    if (form.is_ticked("go") || is_immediate && is_some)
        && let Some(action) = wanted.clone()
    {
        return start(&posted, Request { target, action }).await;
    }
    show(&posted, wanted, target, FormState::of(form.clone())).await
}

async fn show(
    posted: &HostForm,
    wanted: Option<Action>,
    target: Target,
    form_state: FormState,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let looked = target.clone();
    let look = move |tx: &mut platform::Tx<'_>, context: &PageContext| {
        let n = match &looked {
            Target::Chosen(ids) => ids.len(),
            Target::Matching(filter) => listing::all_invitations(tx, &context.host, filter)?.len(),
            Target::ChangedBy(id) => bulk::changed_by(tx, &context.host, id)?.len(),
        };
        let request = wanted.clone().map(|action| Request {
            target: looked.clone(),
            action,
        });
        let effect = match request {
            // If the action is invalid, the page shows the errors instead of the effect.
            Some(request) => match bulk::effect(tx, &context.host, &request) {
                Ok(effect) => Ok(Some(effect)),
                Err(Refusal::Fields(fields)) => Err(fields),
                Err(other) => return Err(other),
            },
            None => Ok(None),
        };
        Ok((n, effect))
    };
    let (context, (n, effect)) = req.read(look).await?;
    let (effect, form_state) = match effect {
        Ok(effect) => (effect, form_state),
        Err(fields) => {
            let problem = problem_of(Refusal::Fields(fields));
            (None, FormState::refused(form.clone(), &problem, &req.text))
        }
    };
    let wording = req.wording(&context);
    let action = form.text("action");
    let body = Step {
        text: &req.text,
        submission: req.submission(),
        fields: fields(&wording, &context.events, &form_state, action),
        n,
        ids: match &target {
            Target::Chosen(ids) => ids.iter().map(InvitationId::as_str).collect(),
            Target::Matching(_) | Target::ChangedBy(_) => Vec::new(),
        },
        query: form.text("query"),
        is_all: matches!(target, Target::Matching(_)),
        action,
        effect: effect.filter(|_| n > 0),
        form_state: &form_state,
        wording: wording.clone(),
    };
    let title = req.text.say(body.title());
    let status = if body.form_state.is_fine() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, req.page(&context, Place::Invitations, &title, body)).into_response())
}

async fn start(posted: &HostForm, request: Request) -> Result<Response, Problem> {
    let slug = posted.req.piece("slug").to_owned();
    let (action, target) = (request.action.clone(), request.target.clone());
    let done = posted
        .once(move |tx, host: &HostOf| {
            let bulk = bulk::start(tx, host, &request)?;
            Ok(super::wording::at(
                &slug,
                &format!("/invites/bulk/{}", bulk.id),
            ))
        })
        .await;
    match done {
        Ok(response) => Ok(response),
        Err(refusal @ Refusal::Fields(_)) => {
            let form_state =
                FormState::refused(posted.form.clone(), &problem_of(refusal), &posted.req.text);
            show(posted, Some(action), target, form_state).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// API clients send the action's values inside `args`, but the form sends them directly.
fn problem_of(refusal: Refusal) -> Problem {
    let mut problem = Problem::from(refusal);
    for error in &mut problem.errors {
        error.pointer = error.pointer.trim_start_matches("/args").to_owned();
    }
    problem
}

fn read_target(form: &Form) -> Result<Target, Refusal> {
    if let Some(id) = form_state::some(form, "changed_by") {
        return Ok(Target::ChangedBy(BulkId::from_text(id)));
    }
    if form.is_ticked("all") {
        let query = Form::parse(form.text("query").as_bytes()).map_err(|_| Refusal::NotFound)?;
        let (filter, _) = InvitationFilter::read(&query)?;
        return Ok(Target::Matching(filter));
    }
    let ids = form
        .all("ids")
        .map(|id| InvitationId::from_text(id.to_owned()));
    Ok(Target::Chosen(ids.collect()))
}

fn read_action(form: &Form) -> Option<Action> {
    let text = |name: &str| form_state::some(form, name);
    Some(match form.text("action") {
        "tag" => Action::Tag { tag: text("tag")? },
        "untag" => Action::Untag { tag: text("tag")? },
        "language" => Action::Language {
            language: form
                .find("language")
                .map(|tag| (tag != "none").then(|| tag.to_owned()))?,
        },
        "allowance" => {
            form.find("plus_ones")?;
            Action::Allowance {
                plus_ones: form_state::number(form, "plus_ones"),
                children: form_state::number(form, "children"),
            }
        }
        "deadline" => {
            form.find("deadline")?;
            Action::Deadline {
                deadline: text("deadline").map(When),
            }
        }
        "lock" => Action::Lock {
            reason: form.text("reason").to_owned(),
        },
        "invite" => Action::Invite {
            event: text("event")?,
        },
        "unlock" => Action::Unlock {},
        "archive" => Action::Archive {},
        SENT => Action::Sent {},
        UNSENT => Action::Unsent {},
        _ => return None,
    })
}

fn fields<'a>(
    wording: &Wording<'a>,
    events: &'a [Event],
    form_state: &FormState,
    action: &str,
) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    match action {
        "tag" | "untag" => vec![form_state.line("tag", say("host-field-tag")).required()],
        "invite" => {
            let events = events.iter().map(|event| {
                let name = wording.pick(&event.name).to_string();
                (event.key.clone(), name)
            });
            vec![form_state.select("event", say("host-bulk-event"), events)]
        }
        "language" => {
            let mut languages = wording.languages();
            languages.push(("none".to_owned(), say("host-language-unknown")));
            vec![form_state.select("language", say("host-language"), languages)]
        }
        "allowance" => vec![
            form_state
                .number("plus_ones", say("host-field-plus-ones"))
                .hint(say("host-field-keep")),
            form_state
                .number("children", say("host-field-children"))
                .hint(say("host-field-keep")),
        ],
        "deadline" => vec![
            form_state
                .date("deadline", say("host-field-deadline"))
                .hint(say("host-field-deadline-hint")),
        ],
        "lock" => vec![
            form_state
                .line("reason", say("host-field-reason"))
                .hint(say("host-field-reason-hint")),
        ],
        _ => Vec::new(),
    }
}

/// Formats a bulk action's progress, such as "Label “family”: 12 of 40 done, 1 failed".
pub(super) fn progress(text: &Text, job: &Bulk) -> String {
    let values = [
        ("what", named(text, &job.action).into()),
        ("done", job.done.into()),
        ("total", job.total.into()),
        ("failed", job.failed.into()),
    ];
    text.with("host-job", values)
}

fn named(text: &Text, action: &Action) -> String {
    let with = |id: &str, value: &str| text.with(id, [("value", value.to_owned().into())]);
    match action {
        Action::Tag { tag } => with("host-did-tag", tag),
        Action::Untag { tag } => with("host-did-untag", tag),
        Action::Language { language } => with(
            "host-did-language",
            &super::filters::language(text, language.as_deref()),
        ),
        Action::Allowance { .. } => text.say("host-bulk-allowance").into_owned(),
        Action::Deadline { .. } => text.say("host-bulk-deadline").into_owned(),
        Action::Lock { .. } => text.say("host-bulk-lock").into_owned(),
        Action::Invite { .. } => text.say("host-bulk-invite").into_owned(),
        Action::Unlock {} => text.say("host-bulk-unlock").into_owned(),
        Action::Archive {} => text.say("host-bulk-archive").into_owned(),
        Action::Sent {} => text.say("host-mark-sent").into_owned(),
        Action::Unsent {} => text.say("host-bulk-unsent").into_owned(),
    }
}

#[derive(Template)]
#[template(path = "host/job.html")]
struct JobPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    words: String,
    is_over: bool,
    job: &'a Bulk,
    failed: Vec<Failed>,
    submission: String,
    /// `None` if no action can undo it, or if it has not finished.
    undo: Option<&'static str>,
}

struct Failed {
    href: String,
    household: String,
    why: String,
}

/// Handles `GET /admin/o/{slug}/invites/bulk/{id}`. Shows the action's progress.
pub(super) async fn job(req: HostRequest) -> Result<Response, Problem> {
    let id: BulkId = req.id();
    let (context, (job, failed, undo)) = req
        .read(move |tx, context| {
            let job = bulk::load(tx, &context.host, &id)?;
            let undo = match job.action {
                Action::Sent {} => Some(UNSENT),
                Action::Unsent {} => Some(SENT),
                _ => None,
            };
            let undo = match undo {
                Some(_) if bulk::changed_by(tx, &context.host, &id)?.is_empty() => None,
                undo => undo,
            };
            let failures = bulk::failures(tx, &context.host, &id)?;
            let ids: Vec<InvitationId> =
                failures.iter().map(|one| one.invitation.clone()).collect();
            let invitations = portals::find_all(tx, &context.host, &ids)?.into_iter();
            let names = invitations.map(|one| one.details.household);
            let failed: Vec<_> = names.zip(failures).collect();
            Ok((job, failed, undo))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let body = JobPage {
        text,
        words: progress(text, &job),
        is_over: matches!(
            job.state,
            Progress::Ready | Progress::Failed | Progress::Expired
        ),
        failed: failed
            .into_iter()
            .map(|(household, outcome)| failure(&wording, household, outcome))
            .collect(),
        undo: undo.filter(|_| job.state == Progress::Ready),
        submission: req.submission(),
        job: &job,
        wording: wording.clone(),
    };
    let title = named(text, &job.action);
    let place = Place::Invitations;
    Ok(req.page_of_job(&context, place, &title, !body.is_over, body))
}

fn failure(wording: &Wording<'_>, household: String, outcome: Outcome) -> Failed {
    let code = outcome.problem.unwrap_or_default().replace('_', "-");
    Failed {
        href: wording.at(&format!("/invites/{}", outcome.invitation)),
        household,
        why: wording
            .text
            .attribute(&format!("problem-{code}"), "title", []),
    }
}
