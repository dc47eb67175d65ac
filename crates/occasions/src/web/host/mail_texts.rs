//! The page on which hosts write the text of one kind of mail, in every language. It has a preview,
//! and can send a test mail to the host.

use askama::Template;
use axum::response::Response;
use platform::mail::{Address, Stream};
use platform::{StoreError, Tx};
use web::form_state::{self, FormState, Group};
use web::{Form, Input, Language, Problem, Site, Text, fields};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::send_rows::count;
use super::wording::{self, Wording};
use crate::hosting::handed;
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::mail_text::{self, MailKind, MailText, PLACEHOLDERS};
use crate::hosting::moved::{self, Moved};
use crate::hosting::thanks::DayAfter;
use crate::hosting::{HostOf, Permission, Refusal, member_occasions, occasions, portals};
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::web::letter::{self, Parts};

#[derive(Template)]
#[template(path = "host/mail_text.html")]
struct TextPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    form_state: &'a FormState,
    kind: MailKind,
    at: String,
    /// How many households have the message that is changed here.
    have: Option<String>,
    version: &'a str,
    groups: Vec<Group>,
    names: Vec<(String, &'static str)>,
    may_send: bool,
    /// See [`walk`].
    walk: String,
}

impl TextPage<'_> {
    /// Where the host came from.
    fn back(&self) -> String {
        match self.walk.as_str() {
            "" if self.kind == MailKind::News => self.wording.at("/send/news"),
            "" => self.wording.at("/mail"),
            walk => self.wording.at(&format!("/send/walk?{walk}")),
        }
    }

    fn back_label(&self) -> &'static str {
        match self.walk.as_str() {
            "" if self.kind == MailKind::News => "host-send-tell",
            "" => "host-mail",
            _ => "host-send-home",
        }
    }
}

/// The query of the way through the households from which a host came here to change its message;
/// empty for a host who came otherwise.
fn walk(form: &Form) -> String {
    let walk = Form::parse(form.text("walk").as_bytes()).unwrap_or_default();
    wording::query(&walk)
}

fn kind(req: &HostRequest) -> Result<MailKind, Problem> {
    MailKind::find(req.piece("kind")).ok_or_else(Problem::not_found)
}

/// Handles `GET /admin/o/{slug}/mail/texts/{kind}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let kind = kind(&req)?;
    let (context, (own, have)) = req
        .read(move |tx, context| load(tx, &context.host, kind))
        .await?;
    let form_state = FormState::of(stored(&req, &context, &own));
    let walk = walk(&req.query);
    Ok(page(
        &req,
        &context,
        &form_state,
        Shown { kind, have, walk },
    ))
}

/// Where the hosts have written no text, the value is the built-in text.
fn stored(req: &HostRequest, context: &PageContext, own: &MailText) -> Form {
    let whole = own.completed(&req.text, &context.occasion);
    fields::form(
        own.kind.fields(),
        &whole,
        own.version,
        &context.occasion.zone(),
    )
}

/// Older names of placeholders still work, but the page does not explain them.
const MEANINGS: [(&str, &str); 23] = [
    ("change", "host-placeholder-change"),
    ("news", "host-placeholder-news"),
    ("event", "host-placeholder-event"),
    ("was", "host-placeholder-was"),
    ("now", "host-placeholder-now"),
    ("answer", "host-placeholder-answer"),
    ("salutation", "host-placeholder-salutation"),
    ("household", "host-placeholder-household"),
    ("guests", "host-placeholder-guests"),
    ("hosts", "host-placeholder-hosts"),
    ("occasion_title", "host-placeholder-title"),
    ("occasion_date", "host-placeholder-date"),
    ("venue", "host-placeholder-venue"),
    ("events", "host-placeholder-events"),
    ("rsvp_deadline", "host-placeholder-deadline"),
    ("rsvp_link", "host-placeholder-link"),
    ("code", "host-placeholder-code"),
    ("status", "host-placeholder-status"),
    ("still_open", "host-placeholder-open"),
    ("thanks_for_coming", "host-placeholder-thanks"),
    ("gift", "host-placeholder-gift"),
    ("pictures_link", "host-placeholder-pictures"),
    ("unsubscribe_link", "host-placeholder-unsubscribe"),
];

/// The text, and how many households have the message that it is changed of.
fn load(tx: &mut Tx<'_>, host: &HostOf, kind: MailKind) -> Result<(MailText, usize), Refusal> {
    let own = mail_text::load(tx, host, kind)?;
    let have = match kind {
        MailKind::News => handed::with_news(tx, host)?,
        _ => 0,
    };
    Ok((own, have))
}

struct Shown {
    kind: MailKind,
    have: usize,
    walk: String,
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    shown: Shown,
) -> Response {
    let Shown { kind, have, walk } = shown;
    let (text, wording) = (&req.text, req.wording(context));
    debug_assert!(MEANINGS.iter().all(|(name, _)| PLACEHOLDERS.contains(name)));
    let names = MEANINGS
        .iter()
        .filter(|(name, _)| mail_text::replaces(kind, name))
        .map(|(name, id)| (format!("{{{name}}}"), *id));
    let body = TextPage {
        text,
        submission: req.submission(),
        done: req.done(),
        kind,
        at: wording.at(&format!("/mail/texts/{}", kind.word())),
        have: (have > 0).then(|| text.with("host-send-have-it", [("n", count(have).into())])),
        version: form_state.form.text("version"),
        groups: wording.table_form(form_state).groups(kind.fields(), ""),
        names: names.collect(),
        may_send: context.may(Permission::Invite),
        walk,
        form_state,
        wording: wording.clone(),
    };
    req.page(context, Place::Mail, &text.say(kind.label()), body)
}

/// Handles `POST /admin/o/{slug}/mail/texts/{kind}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let kind = kind(req)?;
    let version = form_state::number(form, "version").unwrap_or_default();
    let input = Input::Form(form.clone(), kind.fields().to_vec());
    let text = req.text.clone();
    let walk = walk(form);
    let at = format!("/mail/texts/{}", kind.word());
    let to = req.at(&if form.is_ticked("preview") {
        wording::address(&format!("{at}/preview"), [("walk", walk.as_str())])
    } else if walk.is_empty() && kind == MailKind::News {
        "/send/news?done=saved".to_owned()
    } else if walk.is_empty() {
        format!("{at}?done=saved")
    } else {
        format!("/send/walk?{walk}")
    });
    let done = posted
        .once(move |tx, host: &HostOf| {
            mail_text::change(tx, host, kind, version, &input, &text)?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, (own, have)) = req
            .read(move |tx, context| load(tx, &context.host, kind))
            .await?;
        let stored = || stored(req, &context, &own);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        Ok(page(req, &context, &form_state, Shown { kind, have, walk }))
    })
    .await
}

#[derive(Template)]
#[template(path = "host/mail_preview.html")]
struct Preview<'a> {
    text: &'a Text,
    submission: String,
    done: Option<String>,
    kind: MailKind,
    at: String,
    back: String,
    household: &'a str,
    /// The email address of the signed-in host. The test mail goes there.
    me: &'a str,
    may_send: bool,
    /// What leaves by WhatsApp and SMS.
    message: Option<String>,
    parts: Option<Parts>,
    frame: String,
    language: Language,
    /// Each with the link to its preview, and whether the page shows this preview now.
    languages: Vec<(Language, String, bool)>,
}

/// A household as which a text is shown; `None` while nobody is invited.
pub(super) struct Sample {
    own: MailText,
    pub(super) snapshot: Option<InvitationSnapshot>,
    day_after: DayAfter,
    may_send: bool,
}

pub(super) fn sample(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    kind: MailKind,
) -> Result<Sample, Refusal> {
    host.needs(Permission::Invite)?;
    // A household that gave a gift shows what becomes of it, and who has answered is not reminded.
    let filter = InvitationFilter {
        thanks: (kind == MailKind::Thanks).then_some(true),
        answered: (kind == MailKind::Reminder).then_some(false),
        ..InvitationFilter::default()
    };
    let mut all = listing::all_invitations(tx, host, &filter)?;
    if all.is_empty() {
        all = listing::all_invitations(tx, host, &InvitationFilter::default())?;
    }
    let named = all.iter().find(|line| line.people.total > 0);
    let first: Option<&InvitationId> = named.or(all.first()).map(|line| &line.id);
    let snapshot = first.map(|id| portals::load(tx, host, id)).transpose()?;
    let mut own = mail_text::load(tx, host, kind)?;
    if kind == MailKind::Moved {
        let occasion = occasions::load(tx, host)?;
        let moved = match moved::list(tx, &occasion.id)?.into_iter().next() {
            Some(moved) => Some(moved),
            None => Moved::example(tx, &occasion.id)?,
        };
        if let Some(moved) = moved {
            own = moved.message(site, &occasion, &own);
        }
    }
    Ok(Sample {
        own,
        day_after: match &snapshot {
            Some(snapshot) => DayAfter::load(tx, snapshot)?,
            None => DayAfter::default(),
        },
        snapshot,
        may_send: member_occasions::sends_mail(tx, host.occasion())?,
    })
}

fn chosen(query: &Form, context: &PageContext) -> String {
    let asked = query.text("language");
    let mut offered = context.occasion.languages.iter();
    let found = offered.find(|tag| *tag == asked);
    found.unwrap_or(&context.occasion.default_language).clone()
}

/// What leaves by WhatsApp and SMS, in the language with this tag.
pub(super) fn message(req: &HostRequest, sample: &Sample, tag: &str) -> Option<String> {
    let snapshot = sample.snapshot.as_ref()?;
    let text = req.site.catalogue.speak(&Language::of(tag));
    let (own, day_after) = (&sample.own, &sample.day_after);
    let is_handed = own.kind.is_handed();
    is_handed.then(|| letter::message(&req.site, &text, snapshot, day_after, own))
}

impl Sample {
    /// As another household reads it.
    pub(super) fn show(
        &mut self,
        tx: &mut Tx<'_>,
        host: &HostOf,
        id: &InvitationId,
    ) -> Result<(), Refusal> {
        let snapshot = portals::load(tx, host, id)?;
        self.day_after = DayAfter::load(tx, &snapshot)?;
        self.snapshot = Some(snapshot);
        Ok(())
    }
}

fn rendered(req: &HostRequest, sample: &Sample, tag: &str) -> Result<Option<Parts>, Problem> {
    let Some(snapshot) = &sample.snapshot else {
        return Ok(None);
    };
    let text = req.site.catalogue.speak(&Language::of(tag));
    let link = req.site.url().join("/unsubscribe/…");
    let (own, day_after) = (&sample.own, &sample.day_after);
    let parts = letter::render(&req.site, &text, snapshot, own, day_after, Some(&link));
    parts.map(Some).map_err(Problem::internal)
}

/// Handles `GET /admin/o/{slug}/mail/texts/{kind}/preview`.
pub(super) async fn preview(req: HostRequest) -> Result<Response, Problem> {
    let kind = kind(&req)?;
    let site = req.site.clone();
    let (context, sample) = req
        .read(move |tx, context| sample(tx, &site, &context.host, kind))
        .await?;
    let wording = req.wording(&context);
    let tag = chosen(&req.query, &context);
    let (at, walk) = (
        wording.at(&format!("/mail/texts/{}", kind.word())),
        walk(&req.query),
    );
    let languages = context.occasion.languages.iter().map(|other| {
        let pairs = [("language", other.as_str()), ("walk", walk.as_str())];
        let address = wording::address(&format!("{at}/preview"), pairs);
        (Language::of(other), address, *other == tag)
    });
    let household = sample.snapshot.as_ref().map_or("", |snapshot| {
        snapshot.household.invitation.details.household.as_str()
    });
    let body = Preview {
        text: &req.text,
        submission: req.submission(),
        done: req.done(),
        kind,
        household,
        me: req.who.account().email.as_str(),
        may_send: sample.may_send && sample.snapshot.is_some(),
        message: message(&req, &sample, &tag),
        parts: rendered(&req, &sample, &tag)?,
        back: wording::address(&at, [("walk", walk.as_str())]),
        frame: format!("{at}/preview/page?language={tag}"),
        language: Language::of(&tag),
        languages: languages.collect(),
        at,
    };
    let title = req.text.say("host-mail-preview");
    Ok(req.page(&context, Place::Mail, &title, body))
}

/// Handles `GET /admin/o/{slug}/mail/texts/{kind}/preview/page`. Shows only the mail, as mail
/// programs show it.
pub(super) async fn preview_page(req: HostRequest) -> Result<Response, Problem> {
    let kind = kind(&req)?;
    let site = req.site.clone();
    let (context, sample) = req
        .read(move |tx, context| sample(tx, &site, &context.host, kind))
        .await?;
    let parts = rendered(&req, &sample, &chosen(&req.query, &context))?;
    let parts = parts.ok_or_else(Problem::not_found)?;
    Ok(web::mailbox::as_mail(parts.html))
}

/// Handles `POST /admin/o/{slug}/mail/texts/{kind}/test`. Sends a test mail to the host only.
pub(super) async fn test(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let kind = kind(req)?;
    let site = req.site.clone();
    let (context, sample) = req
        .read(move |tx, context| sample(tx, &site, &context.host, kind))
        .await?;
    let tag = chosen(form, &context);
    let (Some(mut parts), Some(snapshot)) = (rendered(req, &sample, &tag)?, &sample.snapshot)
    else {
        return Err(Problem::not_found());
    };
    let values = [("subject", parts.subject.as_str().into())];
    parts.subject = req.text.with("host-mail-trial", values);
    let account = req.who.account();
    let to: Address = account.email.parse().map_err(|_| Problem::not_found())?;
    let text = req.site.catalogue.speak(&Language::of(&tag));
    let mut mail = letter::mail(snapshot, parts, to, &text);
    // The host asked for this test mail. So it needs no unsubscribe link.
    mail.stream = Stream::Transactional;
    mail.to_name.clone_from(&account.display_name);
    let at = format!(
        "/mail/texts/{}/preview?language={tag}&done=trial",
        kind.word()
    );
    let to = req.at(&at);
    let done = posted
        .once(move |tx, host: &HostOf| {
            host.needs_person()?;
            send_trial(tx, host, &mail)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

fn send_trial(
    tx: &mut Tx<'_>,
    host: &HostOf,
    mail: &platform::mail::NewMail,
) -> Result<(), Refusal> {
    if !member_occasions::sends_mail(tx, host.occasion())?
        || member_occasions::mails_left(tx, host.occasion())? == Some(0)
    {
        return Err(Refusal::MailNotAllowed);
    }
    tx.send_mail(mail.clone())
        .map(drop)
        .map_err(|error: StoreError| error.into())
}
