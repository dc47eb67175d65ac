//! The page for mail to many households with the list of campaigns, and the page for creating a new
//! campaign.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use platform::key::Key;
use platform::mail::suppression;
use web::form_state::{self, FormState};
use web::{Form, PageQuery, Problem, Text, When};

use super::filters::Filters;
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::campaign::audience::Audience;
use crate::hosting::campaign::progress::{self, Counts, Recipient, RecipientState};
use crate::hosting::campaign::{self, Campaign, CampaignId, CampaignState, Order, Report, Step};
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind, MailText, Piece};
use crate::hosting::obstacles;
use crate::hosting::reminders::{self, ReminderRule};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::question;

const SHOWN: i64 = 200;
/// In mails per minute. 0 means no limit.
const SPEEDS: [(i64, &str); 4] = [
    (0, "host-speed-any"),
    (60, "host-speed-60"),
    (20, "host-speed-20"),
    (5, "host-speed-5"),
];

#[derive(Template)]
#[template(path = "host/mail.html")]
struct MailPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    stream: String,
    obstacle: Option<Banner>,
    kinds: Vec<KindRow>,
    rules: Vec<String>,
    may_write: bool,
    campaigns: Vec<CampaignRow>,
    next: Option<String>,
}

struct KindRow {
    label: &'static str,
    about: &'static str,
    text: String,
    order: String,
}

struct CampaignRow {
    href: String,
    kind: &'static str,
    subject: String,
    state: &'static str,
    class: &'static str,
    when: (String, String),
    numbers: String,
}

fn obstacle(
    tx: &mut Tx<'_>,
    req: &HostRequest,
    context: &PageContext,
    kind: MailKind,
) -> Result<Option<Banner>, Refusal> {
    let found = obstacles::of_campaign(tx, &req.site, &context.host, kind)?;
    Ok(found.map(|kind| send_words::banner(req, context, kind)))
}

/// The filter of the households that most often get this kind.
pub(super) fn usual(kind: MailKind) -> &'static str {
    match kind {
        MailKind::SaveTheDate | MailKind::News | MailKind::Moved => "",
        MailKind::Invitation => "&sent=no",
        MailKind::Reminder => "&response=pending&access=open",
        MailKind::Thanks => "&response=attending",
    }
}

fn about(kind: MailKind) -> &'static str {
    match kind {
        MailKind::SaveTheDate => "host-about-save-the-date",
        MailKind::Invitation => "host-about-invitation",
        MailKind::Reminder => "host-about-reminder",
        MailKind::Thanks => "host-about-thanks",
        MailKind::News => "host-about-news",
        MailKind::Moved => "host-about-moved",
    }
}

/// Handles `GET /admin/o/{slug}/mail`.
pub(super) async fn show(req: HostRequest, paging: PageQuery) -> Result<Response, Problem> {
    let of = req.clone();
    let (context, (campaigns, rules, obstacle)) = req
        .read(move |tx, context| {
            Ok((
                campaign::list(tx, &context.host, &paging)?,
                reminders::of(tx, context.host.occasion())?,
                obstacle(tx, &of, context, MailKind::News)?,
            ))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let kinds = MailKind::ALL.iter().copied().map(|kind| KindRow {
        label: kind.label(),
        about: about(kind),
        text: wording.at(&format!("/mail/texts/{}", kind.word())),
        order: order_page(&wording, kind),
    });
    let active = rules.iter().filter(|rule| rule.active);
    let body = MailPage {
        text,
        done: req.done(),
        stream: stream(&context),
        obstacle,
        kinds: kinds.collect(),
        rules: active.map(|rule| rule_words(text, rule)).collect(),
        may_write: context.may(Permission::Write),
        next: campaigns
            .next_cursor
            .map(|cursor| wording.at(&format!("/mail?cursor={cursor}"))),
        campaigns: campaigns
            .items
            .iter()
            .map(|one| row(&wording, one))
            .collect(),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Mail, &text.say("host-mail"), body))
}

/// Where hosts choose who gets it. Who is told that an event has moved is on the page of the event.
fn order_page(wording: &Wording<'_>, kind: MailKind) -> String {
    if kind.is_for_all() {
        wording.at(&format!("/mail/new?kind={}{}", kind.word(), usual(kind)))
    } else {
        wording.at("/send")
    }
}

fn stream(context: &PageContext) -> String {
    format!("/api/v1/occasions/{}/stream", context.occasion.id)
}

/// Formats a reminder rule, such as "3 days before, at 10:00, also to guests’ own addresses".
pub(super) fn rule_words(text: &Text, rule: &ReminderRule) -> String {
    let values = [("n", rule.days.into()), ("hour", rule.hour.as_str().into())];
    let mut words = text.with("host-reminder-rule", values);
    if rule.to_guests {
        words.push_str(&text.say("list-comma"));
        words.push_str(&text.say("host-reminder-also-guests"));
    }
    words
}

fn row(wording: &Wording<'_>, report: &Report) -> CampaignRow {
    let one = &report.campaign;
    CampaignRow {
        href: wording.at(&format!("/mail/{}", one.id)),
        kind: one.kind.label(),
        subject: subject(wording, one),
        state: label(report),
        class: class(report),
        when: (wording.machine(one.due_at), wording.moment(one.due_at)),
        numbers: sent_of(wording.text, &report.counts),
    }
}

fn subject(wording: &Wording<'_>, one: &Campaign) -> String {
    let own = MailText {
        subject: one.subject.clone(),
        body: one.body.clone(),
        ..MailText::unwritten(one.kind)
    };
    said(wording, &own)
}

/// Placeholders that depend on the household are left out.
pub(super) fn said(wording: &Wording<'_>, own: &MailText) -> String {
    let (subject, _) = own.in_language(wording.text, wording.occasion);
    let pieces = mail_text::pieces(&subject).into_iter();
    let said = pieces.map(|piece| match piece {
        Piece::Words(words) => words.to_owned(),
        Piece::Placeholder("hosts") => wording.hosts().to_string(),
        Piece::Placeholder("occasion_title") => wording.pick(&wording.occasion.title).to_string(),
        Piece::Placeholder(_) => "…".to_owned(),
    });
    said.collect()
}

/// Whether mails of the campaign stay in the mailbox of a site without a mail server.
fn is_kept(report: &Report) -> bool {
    report.campaign.state == CampaignState::Sent
        && number(&report.counts, RecipientState::Mailbox) > 0
}

fn label(report: &Report) -> &'static str {
    if is_kept(report) {
        RecipientState::Mailbox.label()
    } else {
        report.campaign.state.label()
    }
}

fn class(report: &Report) -> &'static str {
    match report.campaign.state {
        _ if is_kept(report) => "wait",
        CampaignState::Sending => "maybe",
        CampaignState::Paused | CampaignState::Scheduled => "wait",
        CampaignState::Sent => "yes",
        CampaignState::Cancelled => "",
    }
}

fn number(counts: &Counts, state: RecipientState) -> i64 {
    counts.get(state.word()).copied().unwrap_or(0)
}

fn total(counts: &Counts) -> i64 {
    counts.values().sum::<i64>() - number(counts, RecipientState::Skipped)
}

pub(super) fn sent_of(text: &Text, counts: &Counts) -> String {
    let values = [
        (
            "sent",
            text.number(number(counts, RecipientState::Sent)).into(),
        ),
        ("total", text.number(total(counts)).into()),
    ];
    text.with("host-mail-sent-of", values)
}

#[derive(Template)]
#[template(path = "host/mail_new.html")]
struct NewPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    form_state: &'a FormState,
    obstacle: Option<Banner>,
    kind: MailKind,
    about: &'static str,
    filters: Filters<'a>,
    query: String,
    to_guests: bool,
    /// The link that switches mail to guests' own email addresses on or off.
    toggle: String,
    audience: Audience,
    /// Why nobody can get it, and what to do.
    nobody: Option<&'static str>,
    /// Whether it can be ordered for later all the same.
    may_wait: bool,
    /// Where it goes by message too.
    by_message: Option<String>,
    without_address: String,
    subject: String,
    texts: String,
    speeds: form_state::Field,
    send_at: form_state::Field,
}

/// Handles `GET /admin/o/{slug}/mail/new`. Shows the recipients, and lets the host choose a time.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    show_new(&req, &FormState::of(Form::default()), &req.query).await
}

fn kind(query: &Form) -> MailKind {
    let found = MailKind::find(query.text("kind")).filter(|kind| kind.is_for_all());
    found.unwrap_or(MailKind::Invitation)
}

async fn show_new(
    req: &HostRequest,
    form_state: &FormState,
    query: &Form,
) -> Result<Response, Problem> {
    let (kind, to_guests) = (kind(query), query.text("guests") == "yes");
    let (filter, _) = InvitationFilter::read(query)?;
    let (asked, key, of) = (filter.clone(), suppression_key(req), req.clone());
    let (context, (audience, own, questions, obstacle)) = req
        .read(move |tx, context| {
            let host = &context.host;
            Ok((
                Audience::count(tx, &key, host, &asked, to_guests)?,
                mail_text::load(tx, host, kind)?,
                question::of(tx, host.occasion())?,
                obstacle(tx, &of, context, kind)?,
            ))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let mut filters = Filters::of_invitations(&wording, &context.events, &questions, query);
    filters.path = wording.at("/mail/new");
    let toggled = [
        format!("kind={}", kind.word()),
        wording::query(&filter.query()),
        if to_guests { "" } else { "guests=yes" }.to_owned(),
    ];
    let narrowed = [wording::query(&filter.query()), "email=no".to_owned()];
    let speeds = SPEEDS
        .iter()
        .map(|(n, id)| (n.to_string(), text.say(id).into_owned()));
    let control = form_state::Control::Line("datetime-local", "off");
    let body = NewPage {
        text,
        submission: req.submission(),
        obstacle,
        kind,
        about: about(kind),
        query: wording::query(&filter.query()),
        to_guests,
        toggle: wording.at(&format!("/mail/new?{}", toggled.join("&"))),
        nobody: send_words::no_mail(&own, &filter, &audience),
        may_wait: own.is_written(true),
        by_message: match kind {
            MailKind::News | MailKind::Thanks => {
                Some(wording.at(&format!("/send/{}", kind.word())))
            }
            MailKind::Invitation | MailKind::Reminder => Some(wording.at("/send")),
            MailKind::SaveTheDate | MailKind::Moved => None,
        },
        audience,
        without_address: wording.at(&format!("/invites?{}", narrowed.join("&"))),
        subject: said(&wording, &own),
        texts: wording.at(&format!("/mail/texts/{}", kind.word())),
        speeds: form_state
            .select("per_minute", text.say("host-speed"), speeds)
            .hint(text.say("host-speed-hint")),
        send_at: form_state
            .field("send_at", text.say("host-send-at"), control)
            .hint(format!(
                "{} {}",
                text.say("host-send-at-hint"),
                wording.zone_hint()
            )),
        filters,
        form_state,
        wording: wording.clone(),
    };
    let title = text.say(kind.label());
    let page = req.page(&context, Place::Mail, &title, body);
    Ok(page)
}

fn suppression_key(req: &HostRequest) -> Key {
    req.site.keys.key(suppression::PURPOSE)
}

/// Handles `POST /admin/o/{slug}/mail`. Creates a campaign.
pub(super) async fn order(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let mut query = Form::parse(form.text("query").as_bytes())?;
    let (audience, _) = InvitationFilter::read(&query)?;
    let wanted = Order {
        kind: kind(form),
        audience,
        to_guests: form.text("guests") == "yes",
        send_at: form_state::some(form, "send_at").map(When),
        per_minute: form_state::number(form, "per_minute").unwrap_or(0),
    };
    let (slug, site) = (req.piece("slug").to_owned(), req.site.clone());
    let key = suppression_key(req);
    let done = posted
        .once(move |tx, host: &HostOf| {
            obstacles::check_campaign(tx, &site, host, wanted.kind)?;
            let report = campaign::order(tx, &key, host, &wanted)?;
            Ok(wording::at(&slug, &format!("/mail/{}", report.campaign.id)))
        })
        .await;
    query.set("kind", kind(form).word());
    query.set("guests", form.text("guests"));
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(form.clone(), &problem, &req.text);
        show_new(req, &form_state, &query).await
    })
    .await
}

#[derive(Template)]
#[template(path = "host/mail_one.html")]
struct OnePage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    stream: String,
    at: String,
    kind: &'static str,
    subject: String,
    state: CampaignState,
    label: &'static str,
    class: &'static str,
    when: String,
    sent: i64,
    total: i64,
    sent_words: String,
    speed: String,
    numbers: Vec<NumberRow>,
    /// The label of the button that sends mails again; `None` if no mail can be sent again.
    retry: Option<&'static str>,
    /// Why the campaign cannot continue; `None` if it can continue or has ended.
    obstacle: Option<Banner>,
    recipients: Vec<RecipientRow>,
    chosen: Option<RecipientState>,
    more: Option<String>,
    all: String,
}

struct NumberRow {
    label: &'static str,
    n: String,
    href: String,
}

struct RecipientRow {
    href: String,
    household: String,
    state: &'static str,
    class: &'static str,
    why: String,
}

/// Handles `GET /admin/o/{slug}/mail/{id}`. Shows the campaign's progress.
pub(super) async fn one(req: HostRequest) -> Result<Response, Problem> {
    let id: CampaignId = req.id();
    let chosen = RecipientState::find(req.query.text("state"));
    let after = form_state::number(&req.query, "after").unwrap_or(0);
    let of = req.clone();
    let (context, (report, recipients, obstacle)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let found = progress::recipients(tx, host, &id, chosen, after, SHOWN + 1)?;
            let report = campaign::load(tx, host, &id)?;
            let obstacle = obstacle(tx, &of, context, report.campaign.kind)?;
            Ok((report, found, obstacle))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let (one, counts) = (&report.campaign, &report.counts);
    let at = wording.at(&format!("/mail/{}", one.id));
    let filtered = |state: &str, after: i64| {
        let after = if after > 0 {
            after.to_string()
        } else {
            String::new()
        };
        wording::address(&at, [("state", state), ("after", after.as_str())])
    };
    let numbers = RecipientState::ALL.iter().filter_map(|state| {
        let n = number(counts, *state);
        (n > 0).then(|| NumberRow {
            label: state.label(),
            n: text.number(n),
            href: filtered(state.word(), 0),
        })
    });
    let failed = number(counts, RecipientState::Failed) + number(counts, RecipientState::Bounced);
    let unsent = number(counts, RecipientState::Mailbox) > 0 && req.site.settings.has_mail;
    let is_long = i64::try_from(recipients.len()).unwrap_or(0) > SHOWN;
    let shown = recipients
        .iter()
        .take(recipients.len() - usize::from(is_long));
    let word = chosen.map_or("", RecipientState::word);
    let last = shown.clone().next_back().map_or(0, |one| one.place);
    let body = OnePage {
        text,
        submission: req.submission(),
        done: req.done(),
        stream: stream(&context),
        kind: one.kind.label(),
        subject: subject(&wording, one),
        state: one.state,
        label: label(&report),
        class: class(&report),
        when: wording.moment(one.due_at),
        sent: number(counts, RecipientState::Sent),
        total: total(counts),
        sent_words: sent_of(text, counts),
        speed: speed(text, one.per_minute),
        numbers: numbers.collect(),
        obstacle: obstacle.filter(|_| one.finished_at.is_none()),
        retry: match one.state {
            CampaignState::Sending | CampaignState::Sent if unsent => Some("host-mail-send-kept"),
            CampaignState::Sending | CampaignState::Sent if failed > 0 => Some("host-mail-retry"),
            _ => None,
        },
        recipients: shown.map(|one| recipient(&wording, one)).collect(),
        chosen,
        more: is_long.then(|| filtered(word, last)),
        all: at.clone(),
        at,
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Mail, &text.say(one.kind.label()), body))
}

fn speed(text: &Text, per_minute: i64) -> String {
    match per_minute {
        0 => text.say("host-speed-any").into_owned(),
        n => text.with("host-speed-n", [("n", n.into())]),
    }
}

fn recipient(wording: &Wording<'_>, one: &Recipient) -> RecipientRow {
    let class = match one.state {
        RecipientState::Sent => "yes",
        RecipientState::Bounced | RecipientState::Failed => "error",
        RecipientState::Queued | RecipientState::Skipped | RecipientState::Cancelled => "pending",
        RecipientState::Sending
        | RecipientState::Mailbox
        | RecipientState::Deferred
        | RecipientState::Suppressed
        | RecipientState::Uncertain => "maybe",
    };
    let why = match (one.reason, &one.answer) {
        (Some(reason), _) => wording.text.say(reason.label()).into_owned(),
        (None, Some(answer)) if one.state != RecipientState::Sent => answer.clone(),
        (None, _) => String::new(),
    };
    RecipientRow {
        href: wording.at(&format!("/invites/{}", one.invitation)),
        household: match &one.guest {
            Some(guest) => format!("{} · {guest}", one.household),
            None => one.household.clone(),
        },
        state: one.state.label(),
        class,
        why,
    }
}

/// Handles `POST /admin/o/{slug}/mail/{id}/pause`.
pub(super) async fn pause(posted: HostForm) -> Result<Response, Problem> {
    step(&posted, Step::Pause).await
}

/// Handles `POST /admin/o/{slug}/mail/{id}/resume`.
pub(super) async fn resume(posted: HostForm) -> Result<Response, Problem> {
    step(&posted, Step::Resume).await
}

/// Handles `POST /admin/o/{slug}/mail/{id}/cancel`.
pub(super) async fn cancel(posted: HostForm) -> Result<Response, Problem> {
    step(&posted, Step::Cancel).await
}

/// Handles `POST /admin/o/{slug}/mail/{id}/retry`.
pub(super) async fn retry(posted: HostForm) -> Result<Response, Problem> {
    step(&posted, Step::Retry).await
}

async fn step(posted: &HostForm, step: Step) -> Result<Response, Problem> {
    let id: CampaignId = posted.req.id();
    let to = posted.req.at(&format!("/mail/{id}"));
    let site = posted.req.site.clone();
    let done = posted
        .once(move |tx, host: &HostOf| {
            campaign::check_step(tx, &site, host, &id, step)?;
            match campaign::step(tx, host, &id, step) {
                // Either the host pressed the button twice, or the campaign has ended in the
                // meantime. The page shows its current state.
                Ok(_) | Err(Refusal::WrongState) => Ok(to.clone()),
                Err(refusal) => Err(refusal),
            }
        })
        .await;
    Ok(done?)
}
