//! A guest's reply over any channel of the older wedding card. This module passes the reply to the
//! crate `occasions`, and returns the result in the older programs' format.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use platform::audit::RequestFacts;
use platform::{StoreError, Tx};
use serde::Serialize;
use serde_json::{Map, Value, json};
use web::{Facts, Problem, Site, Text, Wishes};

use super::lenient_fields::{self, Said};
use occasions::code::CodeKey;
use occasions::id::OccasionId;
use occasions::occasion::{self, Occasion};
use occasions::open_rsvp::{self, Respondent};
use occasions::refusal::Refusal;
use occasions::rsvp::{OtherBody, Repeat};
use occasions::single_answer::{self, Answer, IncomingAnswer, Outcome};
use occasions::snapshot;
use occasions::web::api::problem;
use occasions::web::guest::{self, CodeGate, Credentials, Failure, GuestRequest};
use occasions::words::{ReplyStatus, Source};

/// The route for idempotency keys. All channels use the same route, so that a reply repeated over
/// another channel counts as the same reply.
const ROUTE: &str = "POST /api/flask/rsvp";

/// The sender of a reply, and the occasion to which it is sent.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) site: Site,
    pub(super) gate: CodeGate,
    pub(super) slug: Arc<str>,
    pub(super) facts: Facts,
    pub(super) wishes: Wishes,
    pub(super) headers: HeaderMap,
}

/// The HTTP response to a guest's reply.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The number of seconds after which a retry makes sense.
    pub(super) retry_after: Option<u32>,
    pub(super) told: Told,
}

/// The body of the response to a guest's reply.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attending: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guests: Option<usize>,
    /// The new invitation code for later changes; only if the reply was sent without a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_code: Option<String>,
}

impl Told {
    pub(super) fn over_http(&self) -> Value {
        json!(self)
    }

    fn is_ok(&self) -> bool {
        self.code.is_none()
    }

    /// Converts the body to a Socket.IO message.
    pub(super) fn over_socket(&self) -> Value {
        let mut told = json!(self);
        told["ok"] = json!(self.is_ok());
        told
    }
}

/// An accepted reply, with everything that the response needs.
pub(super) struct Taken {
    pub(super) outcome: Outcome,
    occasion: Arc<Occasion>,
    /// The invitation code of the reply, normalized for look-ups; `None` if the reply was sent
    /// without a code.
    pub(super) code: Option<CodeKey>,
}

impl Asker {
    /// Saves a reply from its submitted fields. `key` identifies a repeat, and takes precedence
    /// over the field `submission_id`.
    pub(super) async fn answer(
        &self,
        sent: &Map<String, Value>,
        key: Option<String>,
        source: Source,
    ) -> Reply {
        match self.take_sent(sent, key, source).await {
            Ok(taken) => self.thank(&taken),
            Err(problem) => self.refuse(&problem),
        }
    }

    /// Like [`Self::answer`], but for callers that make the response themselves.
    pub(super) async fn take_sent(
        &self,
        sent: &Map<String, Value>,
        key: Option<String>,
        source: Source,
    ) -> Result<Taken, Problem> {
        let said = lenient_fields::read(sent);
        let key = key.or_else(|| said.submission.clone());
        self.take(said, key, source).await
    }

    async fn take(
        &self,
        said: Said,
        key: Option<String>,
        source: Source,
    ) -> Result<Taken, Problem> {
        let incoming = IncomingAnswer {
            answer: Answer {
                // If the value could not be parsed, the reply is refused anyway, so the fallback
                // does not matter.
                attending: if said.attending == Some(true) {
                    ReplyStatus::Yes
                } else {
                    ReplyStatus::No
                },
                replies: None,
                party: said.party,
                wish: said.wish.clone(),
            },
            wrong: said.wrong.clone(),
            source,
            repeat: key.map(|key| Repeat {
                route: ROUTE,
                key,
                body: said.fingerprint(),
                other_body: OtherBody::Refuse,
            }),
            request: Some(RequestFacts {
                request_id: self.facts.request_id.to_string(),
                network: Some(self.facts.client),
            }),
        };
        if said.code.trim().is_empty() {
            self.take_open(said, incoming).await
        } else {
            let given = Credentials::code(said.code)
                .with_check(said.check.as_deref())
                .with_name(Some(&said.name));
            self.take_by_code(given, incoming).await
        }
    }

    /// After the same checks and within the same limits as on the guests' pages.
    async fn take_by_code(
        &self,
        given: Credentials,
        incoming: IncomingAnswer,
    ) -> Result<Taken, Problem> {
        let req = GuestRequest::of(
            self.site.clone(),
            self.gate.clone(),
            self.facts.clone(),
            self.headers.clone(),
            given,
        );
        let admitted = req.admit().await.map_err(|failure| match failure {
            Failure::Malformed => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "code_malformed"),
            other => other.into(),
        })?;
        let (slug, code) = (Arc::clone(&self.slug), admitted.key.clone());
        let saved = self.site.store.write(move |tx| {
            let occasion = find(tx, &slug)?;
            let outcome = single_answer::save(tx, &occasion, &code, &incoming)?;
            Ok(Taken::of(tx, outcome, &occasion, Some(code.clone()))?)
        });
        match saved.await {
            Ok(taken) => {
                admitted.succeeded();
                Ok(taken)
            }
            Err(refusal) => Err(named(req.refuse_save(admitted, refusal))),
        }
    }

    async fn take_open(&self, said: Said, incoming: IncomingAnswer) -> Result<Taken, Problem> {
        let respondent = Respondent {
            name: said.name,
            email: said.email,
            phone: said.phone,
            language: None,
            network: self.facts.network().to_string(),
        };
        let slug = Arc::clone(&self.slug);
        let refuse = |refusal| {
            named(problem(refusal, |snapshot| {
                guest::speak(&self.site, &self.wishes, &snapshot.occasion, None)
            }))
        };
        let admitted = self.gate.admit_stranger(&self.site, &self.facts);
        admitted.map_err(refuse)?;
        let saved = self.site.store.write(move |tx| {
            let occasion = find(tx, &slug)?;
            let outcome = open_rsvp::answer(tx, &occasion, &respondent, &incoming)?;
            Ok(Taken::of(tx, outcome, &occasion, None)?)
        });
        saved.await.map_err(refuse)
    }

    /// The response to an accepted reply, in the older programs' format.
    pub(super) fn thank(&self, taken: &Taken) -> Reply {
        let Taken {
            outcome, occasion, ..
        } = taken;
        let text = guest::speak(&self.site, &self.wishes, occasion, None);
        let message = match &outcome.code {
            Some(code) => text.with("kadkahwin-saved-code", [("code", code.as_str().into())]),
            None if outcome.attending == ReplyStatus::Waitlisted => {
                text.say("kadkahwin-waiting").into_owned()
            }
            None => text.say("kadkahwin-saved").into_owned(),
        };
        Reply {
            status: if outcome.is_new {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            },
            retry_after: None,
            told: Told {
                status: "ok",
                code: None,
                message,
                id: Some(outcome.id.to_string()),
                attending: Some(outcome.attending == ReplyStatus::Yes),
                guests: Some(outcome.guests),
                invite_code: outcome.code.clone(),
            },
        }
    }

    /// The response to a refused reply, in the guest's language. Its message includes the errors of
    /// fields, because the older wedding cards show nothing else.
    pub(super) fn refuse(&self, problem: &Problem) -> Reply {
        let usual = || self.site.speak_public(&self.wishes);
        let text = problem.text.clone().unwrap_or_else(usual);
        Reply {
            status: problem.status,
            retry_after: problem.retry_after,
            told: Told {
                status: "error",
                code: Some(problem.code),
                message: words(problem, &text),
                id: None,
                attending: None,
                guests: None,
                invite_code: None,
            },
        }
    }
}

impl Taken {
    fn of(
        tx: &mut Tx<'_>,
        outcome: Outcome,
        occasion: &OccasionId,
        code: Option<CodeKey>,
    ) -> Result<Self, StoreError> {
        let occasion = snapshot::load(tx, occasion)?.occasion;
        Ok(Self {
            outcome,
            occasion,
            code,
        })
    }
}

/// Finds the occasion by the slug in the configuration, which may be a current or a former slug.
fn find(tx: &mut Tx<'_>, slug: &str) -> Result<OccasionId, Refusal> {
    occasion::find_by_slug(tx, slug)?.ok_or(Refusal::NotFound)
}

/// A disabled feature becomes an error of the field `message`.
fn named(mut problem: Problem) -> Problem {
    if problem.code == "feature_disabled" {
        return problem.field("/message", "not_allowed", []);
    }
    for error in &mut problem.errors {
        if error.pointer == "/note/text" {
            "/message".clone_into(&mut error.pointer);
        }
    }
    problem
}

/// Only the errors of invalid fields, because the general message refers to a form on a page.
fn words(problem: &Problem, text: &Text) -> String {
    let findings = problem.errors.iter().map(|error| {
        let detail = error.detail(text);
        match error.pointer.strip_prefix('/') {
            Some(name) => format!("{name}: {detail}"),
            None => detail,
        }
    });
    let is_of_fields = problem.code == "validation_failed" && !problem.errors.is_empty();
    let whole = (!is_of_fields).then(|| problem.detail(text));
    let words: Vec<String> = whole.into_iter().chain(findings).collect();
    words.join(" ")
}
