//! The pages for administering accounts.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::audit::{Record, RequestFacts};
use serde::Deserialize;
use web::cursor::PageQuery;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use super::audit_sentences;
use super::own_data;

use identity::account::{AccountId, State as AccountState};
use identity::grant::administrator::{self, PeopleError};
use identity::grant::{self, Role};
use identity::people::{self, Details, Person, Search, factor_reset};
use identity::person::erasure::{self, EraseError, When};
use identity::person::export::{self, ExportError};
use identity::session::sudo::Sudo;
use site::asking::{PageUser, Reader, Sender};
use site::call::{self, see_other};
use site::confirmation::{self, Question, SentForm};
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::PEOPLE;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    query: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    rank: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct ListPage<'a> {
    text: &'a Text,
    fields: Vec<Field>,
    people: Vec<Person>,
    next: Option<String>,
}

pub(super) async fn list(
    State(accounts): State<Context>,
    Query(asked): Query<Asked>,
    paging: PageQuery,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let search = Search {
        text: asked.query.clone(),
        state: AccountState::find(&asked.state),
        rank: asked.rank.clone(),
    };
    let (who, request) = (reader.who.clone(), reader.request.clone());
    let before: Option<String> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &who, &request)?;
        Ok::<_, PeopleError>(people::list(tx, &by, &search, before.as_deref(), rows)?)
    };
    let found = accounts.site.store.read(look).await?;
    let found = paging.list(found, |person| person.id.to_string());
    let text = accounts.site.speak(&wishes);
    let onward = found.next_cursor.map(|cursor| {
        let form = [
            ("query", asked.query.as_str()),
            ("state", &asked.state),
            ("rank", &asked.rank),
            ("cursor", &cursor),
        ];
        format!("{HERE}?{}", query(&form))
    });
    let body = ListPage {
        fields: fields(&text, &asked),
        text: &text,
        people: found.items,
        next: onward,
    };
    let (site, title) = (&accounts.site, text.say("people-title"));
    frame::show(site, &text, reader.user(), HERE, &title, body).await
}

fn query(pairs: &[(&str, &str)]) -> String {
    let mut written = form_urlencoded::Serializer::new(String::new());
    written.extend_pairs(pairs);
    written.finish()
}

fn fields(text: &Text, asked: &Asked) -> Vec<Field> {
    let form_state = FormState::of(form_state::form([
        ("query", asked.query.as_str()),
        ("state", &asked.state),
        ("rank", &asked.rank),
    ]));
    let any = || (String::new(), text.say("people-any").into_owned());
    let states = AccountState::ALL.iter().map(|state| {
        let words = text.say(state.label()).into_owned();
        (state.word().to_owned(), words)
    });
    vec![
        form_state.field(
            "query",
            text.say("people-search"),
            Control::Line("search", "off"),
        ),
        form_state.select(
            "state",
            text.say("people-state"),
            [any()].into_iter().chain(states),
        ),
        form_state.select(
            "rank",
            text.say("people-rank"),
            [any()].into_iter().chain(ranks(text)),
        ),
    ]
}

fn ranks(text: &Text) -> impl Iterator<Item = (String, String)> {
    [grant::OWNER, grant::ADMIN].into_iter().map(|rank| {
        let words = text.say(rank.label()).into_owned();
        (rank.word().to_owned(), words)
    })
}

fn rank_words(rank: &str) -> &'static str {
    if rank == grant::OWNER.word() {
        grant::OWNER.label()
    } else {
        grant::ADMIN.label()
    }
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    text: &'a Text,
    zone: TimeZone,
    done: bool,
    details: &'a Details,
    /// The field for the person's rank; `None` if the administrator may not change it.
    rank: Option<Field>,
    duties: Vec<Duty<'a>>,
    form_state: &'a FormState,
}

struct Duty<'a> {
    word: &'static str,
    label: Cow<'a, str>,
    is_held: bool,
}

impl PersonPage<'_> {
    fn moment(&self, at: Timestamp) -> String {
        self.text.moment_short_in(&self.zone, at)
    }

    fn facts(&self) -> String {
        let (details, person) = (self.details, &self.details.person);
        let last = person.last_login_at.map(|at| self.moment(at));
        let values = [
            ("since", self.moment(person.created_at).into()),
            ("last", last.unwrap_or_else(|| "none".to_owned()).into()),
            ("sessions", details.sessions.into()),
            ("tokens", details.tokens.into()),
        ];
        self.text.with("people-facts", values)
    }

    fn erased(&self) -> Option<String> {
        let at = self.details.erased_at?;
        let values = [("at", self.moment(at).into())];
        Some(self.text.with("people-erased-at", values))
    }

    fn reset(&self) -> Option<String> {
        let at = self.details.factors_reset_at?;
        let values = [("at", self.moment(at).into())];
        Some(self.text.with("people-factors-reset-at", values))
    }

    fn event(&self, line: &Record) -> String {
        audit_sentences::sentence(self.text, &line.action)
    }

    fn line(&self, line: &Record) -> String {
        let network = line.network.as_deref().unwrap_or_default();
        format!("{} {network}", self.moment(line.at))
    }
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    page(
        &accounts,
        &text,
        reader.user(),
        &call::id(&id)?,
        done.done.is_some(),
        &FormState::default(),
        &reader.request,
    )
    .await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    id: &AccountId,
    done: bool,
    form_state: &FormState,
    request: &RequestFacts,
) -> Result<Response, Problem> {
    let (asking, id, request) = (user.who.clone(), id.clone(), request.clone());
    let domains = accounts.domain_accounts;
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &asking, &request)?;
        Ok::<_, PeopleError>((people::find(tx, domains, &by, &id)?, by.is_owner()))
    };
    let (details, is_owner) = accounts.site.store.read(look).await?;
    let zone = TimeZone::get(&user.who.account().time_zone);
    let none = (String::new(), text.say("people-rank-none").into_owned());
    let mut rank = form_state.select(
        "rank",
        text.say("people-rank"),
        [none].into_iter().chain(ranks(text)),
    );
    if form_state.is_fine() {
        rank.value = details.person.rank.clone().unwrap_or_default();
    }
    let duties = grant::site_duties(domains).into_iter().map(|duty| Duty {
        word: duty.word(),
        label: text.say(duty.label()),
        is_held: details.duties.contains(&duty),
    });
    let body = PersonPage {
        text,
        duties: duties.collect(),
        zone: zone.unwrap_or_else(|_| accounts.site.settings.time_zone.clone()),
        done,
        rank: is_owner.then_some(rank),
        details: &details,
        form_state,
    };
    let title = details.person.display_name.clone();
    frame::show(&accounts.site, text, user, HERE, &title, body).await
}

pub(super) async fn change(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: AccountId = call::id(&id)?;
    if let Some(question) = question_of(sender.form.text("action"))
        && !confirmation::is_sure(&sender.form)
    {
        return ask(&accounts, &wishes, &sender, &id, question).await;
    }
    let done = try_change(&accounts, &sender, &id).await;
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        page(
            &accounts,
            &text,
            sender.user(),
            &id,
            false,
            &form_state,
            &sender.request,
        )
        .await
    })
    .await
}

/// The confirmation question for an action; `None` if the action is easy to undo.
fn question_of(action: &str) -> Option<Question> {
    match action {
        "deactivate" => Some(Question {
            title: "question-block",
            facts: "question-block-facts",
            undo: "question-block-undo",
            button: "question-block-do",
            confirm: "question-block-confirm",
        }),
        "sign-out" => Some(Question {
            title: "question-sign-out",
            facts: "question-sign-out-facts",
            undo: "question-sign-out-undo",
            button: "question-sign-out-do",
            confirm: "question-sign-out-confirm",
        }),
        "erase" => Some(Question {
            title: "question-erase",
            facts: "question-erase-facts",
            undo: "question-erase-undo",
            button: "question-erase-do",
            confirm: "question-erase-confirm",
        }),
        _ => None,
    }
}

async fn ask(
    accounts: &Context,
    wishes: &Wishes,
    sender: &Sender,
    id: &AccountId,
    question: Question,
) -> Result<Response, Problem> {
    let (asking, request, one) = (sender.who.clone(), sender.request.clone(), id.clone());
    let domains = accounts.domain_accounts;
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &asking, &request)?;
        people::find(tx, domains, &by, &one)
    };
    let details = accounts.site.store.read::<_, PeopleError, _>(look).await?;
    let text = accounts.site.speak(wishes);
    let note = accounts.site.cache_note(&text).unwrap_or_default();
    let values = vec![
        ("name", details.person.display_name.as_str().into()),
        ("sessions", details.sessions.into()),
        ("caches", note.as_str().into()),
    ];
    let page = format!("{HERE}/{id}");
    let sent = SentForm {
        address: &page,
        here: &page,
        menu: &page,
        form: &sender.form,
    };
    confirmation::show(
        &accounts.site,
        &text,
        sender.user(),
        sent,
        question,
        &values,
    )
    .await
}

/// Finds the installation's duties with these names.
pub(super) fn read_duties<'a>(
    all: &[Role],
    words: impl Iterator<Item = &'a str>,
) -> Result<Vec<Role>, Problem> {
    let find = |word| all.iter().find(|duty| duty.word() == word).copied();
    let duties: Option<Vec<_>> = words.map(find).collect();
    duties.ok_or_else(|| Problem::fields().field("/duties", "unknown_option", []))
}

/// Exports a person's data on behalf of an owner of the installation.
pub(super) async fn export(
    accounts: &Context,
    sudo: Sudo,
    request: RequestFacts,
    id: AccountId,
) -> Result<Response, Problem> {
    let (domains, site) = (accounts.domain_accounts, accounts.site.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<_, ExportError> {
        let by = administrator::acting(tx, &sudo, &request)?;
        export::create_for_owner(tx, domains, &site, &by, &id)
    };
    let zip = accounts.site.store.write(change).await?;
    Ok(own_data::download(zip))
}

async fn try_change(
    accounts: &Context,
    sender: &Sender,
    id: &AccountId,
) -> Result<Response, Problem> {
    let action = sender.form.text("action").to_owned();
    let rank = match sender.form.find("rank") {
        _ if action != "rank" => None,
        Some("") => None,
        word => {
            let mut ranks = [grant::OWNER, grant::ADMIN].into_iter();
            let rank = ranks.find(|rank| Some(rank.word()) == word);
            Some(rank.ok_or_else(|| Problem::fields().field("/rank", "unknown_option", []))?)
        }
    };
    let all = grant::site_duties(accounts.domain_accounts);
    let duties = read_duties(&all, sender.form.all("duties"))?;
    let sudo = Sudo::check(sender.who.clone(), accounts.site.clock.now())?;
    let request = sender.request.clone();
    if action == "export" {
        return export(accounts, sudo, request, id.clone()).await;
    }
    let (person, domains, site) = (id.clone(), accounts.domain_accounts, accounts.site.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<(), EraseError> {
        let by = administrator::acting(tx, &sudo, &request)?;
        match action.as_str() {
            "deactivate" => Ok(people::deactivate(tx, &by, &person)?),
            "activate" => Ok(people::activate(tx, &by, &person)?),
            "reset" => Ok(people::send_reset(tx, &by, &person)?),
            "sign-out" => Ok(people::sign_out(tx, &by, &person).map(drop)?),
            "rank" => Ok(people::set_rank(tx, &by, &person, rank)?),
            "duties" => Ok(people::set_duties(tx, &by, &person, &all, &duties)?),
            "reset-factors" => Ok(factor_reset::ask(tx, &site, &by, &person).map(drop)?),
            "keep-factors" => Ok(factor_reset::withdraw(tx, &by, &person).map(drop)?),
            "erase" => erasure::order(tx, domains, &by, &person, When::Later),
            _ => Err(PeopleError::NotFound.into()),
        }
    };
    accounts.site.store.write(change).await?;
    Ok(see_other(&format!("{HERE}/{id}?done=1")))
}
