//! The form for answers without a code (`/o/{slug}/rsvp`). The public page links to it.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::StoreError;
use platform::audit::RequestFacts;
use web::form_state::FormError;
use web::page::{Kind, Page};
use web::{Facts, FieldProblem, Form, Language, Problem, Site, Text, Wishes, csrf};

use super::entry::{self, Public, SlugLookup};
use super::frame::{keep_out_of_search, keep_private};
use super::gate::CodeGate;
use super::language::speak;
use super::refusal::problem;
use super::show::{self, EVENT};
use super::view::{Closing, Open, TypedAnswer};
use crate::event;
use crate::occasion::Occasion;
use crate::open_rsvp::{self, Respondent};
use crate::phase;
use crate::refusal::Refusal;
use crate::rsvp::{NOTE_LIMIT, OtherBody, Repeat};
use crate::single_answer::{Answer, IncomingAnswer, Outcome};
use crate::words::{OccasionStatus, ReplyStatus, Source};

/// Handles `GET /o/{slug}/rsvp`.
pub(super) async fn show(
    State(site): State<Site>,
    wishes: Wishes,
    Path(slug): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let public = match entry::find(&site, &slug).await? {
        SlugLookup::Here(public) => public,
        SlugLookup::Moved(slug) => return Ok(entry::moved(&format!("{slug}/rsvp"), &uri)),
    };
    let text = check_feature(&site, &wishes, &public)?;
    let typed = TypedAnswer {
        party: "1".to_owned(),
        ..TypedAnswer::default()
    };
    Ok(page(&site, &text, &public, typed, RsvpFailure::default()))
}

/// Handles `POST /o/{slug}/rsvp`.
pub(super) async fn save(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    wishes: Wishes,
    headers: HeaderMap,
    Path(slug): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let SlugLookup::Here(public) = entry::find(&site, &slug).await? else {
        return Err(Problem::not_found());
    };
    let text = check_feature(&site, &wishes, &public)?;
    let typed = typed(&form);
    if csrf::check_sender(&headers, site.url()).is_err() {
        let trouble = RsvpFailure {
            status: StatusCode::FORBIDDEN,
            words: Some(text.say("answer-elsewhere").into_owned()),
            ..RsvpFailure::default()
        };
        return Ok(page(&site, &text, &public, typed, trouble));
    }
    let incoming = incoming(&public, &typed, &form, &facts);
    let respondent = Respondent {
        name: typed.name.clone(),
        email: typed.email.clone(),
        phone: typed.phone.clone(),
        language: Some(text.language().tag.to_string()),
        network: facts.network().to_string(),
    };
    if let Err(refusal) = gate.admit_stranger(&site, &facts) {
        return refused(&site, &text, &public, typed, refusal);
    }
    let id = public.occasion.id.clone();
    let saved = site
        .store
        .write(move |tx| open_rsvp::answer(tx, &id, &respondent, &incoming));
    match saved.await {
        Ok(outcome) => Ok(thank(&site, &gate, &headers, outcome)),
        Err(refusal) => refused(&site, &text, &public, typed, refusal),
    }
}

/// Redirects to the page that thanks the guest and shows the new code.
pub fn thank(site: &Site, gate: &CodeGate, headers: &HeaderMap, outcome: Outcome) -> Response {
    let code = outcome.code.unwrap_or_default();
    let mut response = confirm(gate, &code);
    // If another site sent the form, the request has no cookie, so the cookie cannot be extended.
    if csrf::check_sender(headers, site.url()).is_ok() {
        // The browser that created the invitation remembers it. The epoch of a new invitation is 1.
        response = gate.remember(site, headers, outcome.id, 1, response);
    }
    response
}

pub fn confirm(gate: &CodeGate, code: &str) -> Response {
    let mut response = Redirect::to(&gate.links.below(code, "/confirmation")).into_response();
    keep_private(&mut response);
    response
}

fn check_feature(site: &Site, wishes: &Wishes, public: &Public) -> Result<Text, Problem> {
    let occasion = &public.occasion;
    if occasion.status == OccasionStatus::Draft {
        return Err(Problem::not_found());
    }
    let text = speak(site, wishes, occasion, None);
    if !occasion.switches.open_rsvp || public.events.is_empty() {
        return Err(Refusal::FeatureDisabled.problem().said_in(&text));
    }
    Ok(text)
}

fn typed(form: &Form) -> TypedAnswer {
    let text = |name: &str| form.text(name).to_owned();
    TypedAnswer {
        name: text("name"),
        replies: form
            .under(EVENT)
            .map(|(key, chosen)| (key.to_owned(), chosen.to_owned()))
            .collect(),
        party: text("guests"),
        wish: text("message"),
        email: text("email"),
        phone: text("phone"),
    }
}

fn incoming(public: &Public, typed: &TypedAnswer, form: &Form, facts: &Facts) -> IncomingAnswer {
    let mut wrong = Vec::new();
    let mut add = |pointer: String, code| wrong.push(FieldProblem::new(pointer, code, []));
    let mut replies = BTreeMap::new();
    for event in event::for_all(&public.events, &public.cancelled) {
        let status = match typed.reply(&event.key) {
            "yes" => ReplyStatus::Yes,
            "no" => ReplyStatus::No,
            "undecided" => ReplyStatus::Undecided,
            _ => {
                add(format!("/events/{}", event.key), "required");
                continue;
            }
        };
        replies.insert(event.key.clone(), status);
    }
    let says = |status| replies.values().any(|said| *said == status);
    let attending = if says(ReplyStatus::Yes) {
        ReplyStatus::Yes
    } else if says(ReplyStatus::Undecided) {
        ReplyStatus::Undecided
    } else {
        ReplyStatus::No
    };
    let limit = public.occasion.open_party_limit;
    let party = match form.number("guests") {
        // If the person declines, nobody comes. So the number of people in the form is ignored.
        _ if attending == ReplyStatus::No => None,
        Ok(Some(party)) if !(1..=limit).contains(&party) => {
            add("/guests".to_owned(), "out_of_range");
            None
        }
        Ok(party) => party,
        Err(_) => {
            add("/guests".to_owned(), "out_of_range");
            None
        }
    };
    let submission = form.text("submission_id");
    let fields = form.iter();
    let body: Vec<_> = fields
        .filter(|(name, _)| *name != "submission_id")
        .collect();
    IncomingAnswer {
        answer: Answer {
            attending,
            replies: Some(replies),
            party,
            wish: typed.wish.clone(),
        },
        wrong,
        source: Source::Web,
        repeat: (!submission.is_empty()).then(|| Repeat {
            route: "POST /o/rsvp",
            key: submission.to_owned(),
            body: serde_json::json!(body).to_string().into_bytes(),
            other_body: OtherBody::NewSave,
        }),
        request: Some(RequestFacts {
            request_id: facts.request_id.to_string(),
            network: Some(facts.client),
        }),
    }
}

fn wrong_party(text: &Text, occasion: &Occasion) -> FormError {
    let limit = occasion.open_party_limit;
    FormError {
        field: "guests".to_owned(),
        words: text.with("complaint-open-party", [("n", limit.into())]),
    }
}

#[derive(Default)]
struct RsvpFailure {
    status: StatusCode,
    words: Option<String>,
    errors: Vec<FormError>,
    retry_after: Option<u32>,
}

impl RsvpFailure {
    fn of(status: StatusCode, errors: Vec<FormError>) -> Self {
        Self {
            status,
            errors,
            ..Self::default()
        }
    }
}

fn refused(
    site: &Site,
    text: &Text,
    public: &Public,
    typed: TypedAnswer,
    refusal: Refusal,
) -> Result<Response, Problem> {
    let occasion = &public.occasion;
    let trouble = match refusal {
        Refusal::Fields(fields) => {
            let errors = errors(text, public, &fields);
            RsvpFailure::of(StatusCode::UNPROCESSABLE_ENTITY, errors)
        }
        Refusal::PartySize(_) => {
            let error = wrong_party(text, occasion);
            RsvpFailure::of(StatusCode::UNPROCESSABLE_ENTITY, vec![error])
        }
        // Hosts can switch off only one part of this form, the note.
        Refusal::FeatureDisabled => {
            let error = FormError {
                field: "message".to_owned(),
                words: Refusal::FeatureDisabled.problem().detail(text),
            };
            RsvpFailure::of(StatusCode::NOT_FOUND, vec![error])
        }
        Refusal::NoSeats { event, left } => {
            let mut events = public.events.iter();
            let found = events.find(|one| one.key == event);
            let name = found.map_or(event.clone(), |event| {
                show::pick(text, occasion, &event.name).to_string()
            });
            let values = [("event", name.into()), ("left", left.into())];
            let error = FormError {
                field: format!("{EVENT}{event}"),
                words: text.with("complaint-open-full", values),
            };
            RsvpFailure::of(StatusCode::CONFLICT, vec![error])
        }
        Refusal::Store(error) if error.is_passing() => RsvpFailure {
            status: StatusCode::SERVICE_UNAVAILABLE,
            words: Some(text.say("answer-failed").into_owned()),
            errors: Vec::new(),
            retry_after: Some(5),
        },
        Refusal::CodeRequired => {
            return Err(Refusal::FeatureDisabled.problem().said_in(text));
        }
        other => {
            let problem = problem(other, |snapshot| {
                speak(
                    site,
                    &Wishes::default(),
                    &snapshot.occasion,
                    Some(&text.language().tag),
                )
            });
            if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
                return Err(problem);
            }
            RsvpFailure {
                status: problem.status,
                words: Some(problem.detail(text)),
                errors: Vec::new(),
                retry_after: problem.retry_after,
            }
        }
    };
    Ok(page(site, text, public, typed, trouble))
}

/// In the order of the form's fields.
fn errors(text: &Text, public: &Public, wrong: &[FieldProblem]) -> Vec<FormError> {
    let events = public
        .events
        .iter()
        .map(|event| format!("/events/{}", event.key));
    let order: Vec<String> = ["/name".to_owned()]
        .into_iter()
        .chain(events)
        .chain(["/guests", "/message", "/email", "/phone"].map(str::to_owned))
        .collect();
    let find = |pointer: &String| wrong.iter().find(|field| field.pointer == *pointer);
    order
        .iter()
        .filter_map(find)
        .map(|field| complain(text, public, &field.pointer, field.code))
        .collect()
}

fn complain(text: &Text, public: &Public, pointer: &str, code: &str) -> FormError {
    let name = pointer.trim_start_matches('/');
    if let Some(key) = name.strip_prefix("events/") {
        let events = public.events.iter();
        let event = events.filter(|event| event.key == key);
        let name = event.map(|event| show::pick(text, &public.occasion, &event.name).text);
        let name = name.collect::<String>();
        return FormError {
            field: format!("{EVENT}{key}"),
            words: text.with("complaint-open-event", [("event", name.into())]),
        };
    }
    let long = |most: usize| text.with("complaint-too-long", [("n", most.into())]);
    let words = match (name, code) {
        ("guests", _) => return wrong_party(text, &public.occasion),
        ("name", "required") => text.say("complaint-open-name").into_owned(),
        ("name", _) => text.with("complaint-name-long", [("n", open_rsvp::NAME_LIMIT.into())]),
        ("email", "email_invalid") => text.say("complaint-open-email").into_owned(),
        ("email", _) => long(open_rsvp::EMAIL_LIMIT),
        ("phone", "phone_digits_lost") => text.say("problem-phone-digits-lost").into_owned(),
        ("phone", _) => long(open_rsvp::PHONE_LIMIT),
        _ => long(NOTE_LIMIT),
    };
    FormError {
        field: name.to_owned(),
        words,
    }
}

fn page(
    site: &Site,
    text: &Text,
    public: &Public,
    typed: TypedAnswer,
    trouble: RsvpFailure,
) -> Response {
    let occasion = &public.occasion;
    let switches = occasion.switches;
    let body = Open {
        text,
        hosts: show::hosts(text, occasion),
        events: show::open_events(text, occasion, [&public.events, &public.cancelled]),
        home: format!("/o/{}", occasion.slug),
        submission: platform::id::generate(site.clock.now(), &site.random),
        open: is_open(site, public) || trouble.status != StatusCode::OK,
        closing: closing(site, text, occasion),
        limit: occasion.open_party_limit,
        undecided: switches.undecided,
        // If a note was typed before the hosts switched notes off, the field for the note stays
        // visible.
        notes: switches.notes || !typed.wish.is_empty(),
        public: switches.public_wishes,
        trouble: trouble.words,
        errors: trouble.errors,
        typed,
        contact: show::contact(occasion),
    };
    let title = body.title();
    let tags = occasion.languages.iter();
    let languages: Vec<Language> = tags.map(|tag| Language::of(tag)).collect();
    let mut response = web::page(Page {
        title: &title,
        body,
        text,
        theme: occasion.theme,
        kind: Kind::Public {
            languages: &languages,
        },
    });
    *response.status_mut() = trouble.status;
    if let Some(seconds) = trouble.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    keep_out_of_search(&mut response);
    response
}

fn is_open(site: &Site, public: &Public) -> bool {
    let (now, occasion) = (site.clock.now(), &public.occasion);
    let over_at = phase::over_at(&public.events, &occasion.zone());
    occasion.status == OccasionStatus::Published
        && occasion.rsvp_deadline.is_none_or(|deadline| now < deadline)
        && over_at.is_none_or(|over| now < over)
}

/// Returns when answers close. There is no invitation yet, so only the occasion's deadline applies.
fn closing(site: &Site, text: &Text, occasion: &Occasion) -> Option<Closing> {
    let at = occasion.rsvp_deadline?.to_zoned(occasion.zone());
    let now = site.clock.now().to_zoned(occasion.zone());
    Some(show::closing(text, &at, &now))
}

/// Whether this invitation was created by an answer without a code. In that case, the page after a
/// save shows the code.
pub(super) async fn is_open_answer(
    site: &Site,
    snapshot: &crate::invitation_snapshot::InvitationSnapshot,
) -> Result<bool, StoreError> {
    let id = snapshot.household.invitation.id.clone();
    let mark = site.store.read(move |tx| open_rsvp::find_mark(tx, &id));
    Ok(mark.await?.is_some())
}
