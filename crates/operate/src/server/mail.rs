//! The operator's page about outgoing mail. It shows whether the sender domain has its DNS records.
//! The records permit the mail server to send, and publish the key that signs mail.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::dns::NameServers;
use platform::jobs::{Done, Handler, NewJob};
use platform::mail::dkim::{self, DkimKey};
use platform::mail::{bounces, sender_domain};
use platform::{Random, StoreError, Tx};
use serde_json::json;
use site::asking::Sender;
use site::call::see_other;
use web::{Problem, Site, Text, Wishes};

use super::context::AdminContext;

const HERE: &str = "/admin/server/mail";
const DKIM_NAME: &str = "server-mail-dkim";
const DMARC_BEGIN: &str = "v=DMARC1";
const LOOK_JOB: &str = "mail.dkim_look";

/// The settings of outgoing mail, and the DNS servers to query.
#[derive(Clone, Debug)]
pub struct MailFacts {
    pub domain: String,
    /// The mail server's host name; `None` if mails are only stored in the built-in mailbox.
    pub server: Option<String>,
    pub dns: NameServers,
    /// Whether mail to many recipients waits until the domain has its DNS records.
    pub is_required: bool,
    /// The name of the mailbox from which Kenduri reads delivery reports, if any.
    pub bounces: Option<String>,
}

impl MailFacts {
    /// Stores the sender domain if its DNS records are required. If the records were not found yet,
    /// they are looked up again soon, because the domain may be new.
    pub fn begin(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let domain = self.is_required.then_some(self.domain.as_str());
        sender_domain::require(tx, domain)?;
        if !sender_domain::is_unverified(tx)? {
            return Ok(());
        }
        tx.enqueue(NewJob {
            key: Some(LOOK_JOB.to_owned()),
            ..NewJob::new(LOOK_JOB, json!({}))
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Yes,
    /// The record does not exist or has another value.
    No,
    /// No DNS server responded.
    Unknown,
}

impl Found {
    fn words(self) -> &'static str {
        match self {
            Self::Yes => "server-mail-there",
            Self::No => "server-mail-missing",
            Self::Unknown => "server-mail-unknown",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "error",
            Self::Unknown => "wait",
        }
    }
}

struct Record {
    what: &'static str,
    name: String,
    text: String,
    found: Found,
    /// Values in DNS, which the page shows if the required value is missing.
    instead: Vec<String>,
}

#[derive(Template)]
#[template(path = "server/mail.html")]
struct MailPage<'a> {
    text: &'a Text,
    domain: &'a str,
    is_mailbox: bool,
    key: Option<DkimKey>,
    /// Whether mail to many recipients is waiting for the DNS records.
    is_waiting: bool,
    records: Vec<Record>,
    /// Kenduri reads delivery reports from this mailbox. `read` says when it was last read, and
    /// `error` why this failed.
    bounces: Option<&'a str>,
    read: Option<String>,
    error: Option<&'a str>,
}

impl MailPage<'_> {
    fn is_signed(&self) -> bool {
        let key = self.key.as_ref();
        key.is_some_and(|key| key.verified_at.is_some())
    }
}

pub(super) async fn show(
    admin: AdminContext,
    Extension(facts): Extension<Arc<MailFacts>>,
) -> Result<Response, Problem> {
    let (key, records) = look_up_and_store(&admin.site, &facts).await?;
    let mailbox = facts.bounces.clone();
    let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let read = mailbox.as_ref().map(|mailbox| bounces::find(tx, mailbox));
        Ok((
            read.transpose()?.flatten(),
            sender_domain::is_unverified(tx)?,
        ))
    };
    let (read, is_waiting) = admin.site.store.read(find).await?;
    let body = MailPage {
        is_waiting,
        bounces: facts.bounces.as_deref(),
        read: read.as_ref().map(|read| admin.moment(read.looked_at)),
        error: read.as_ref().and_then(|read| read.error.as_deref()),
        text: &admin.text,
        domain: &facts.domain,
        is_mailbox: facts.server.is_none(),
        key,
        records,
    };
    Ok(admin.page(&admin.text.say("server-mail"), body))
}

/// If no DNS server responds, keeps the stored state.
async fn look_up_and_store(
    site: &Site,
    facts: &MailFacts,
) -> Result<(Option<DkimKey>, Vec<Record>), StoreError> {
    let domain = facts.domain.clone();
    let find = move |tx: &mut Tx<'_>| dkim::find(tx, &domain);
    let mut key = site.store.read::<_, StoreError, _>(find).await?;
    let records = look_up(facts, &site.random, key.as_ref()).await;
    let found = |record: &Record| match record.found {
        Found::Yes => Some(true),
        Found::No => Some(false),
        Found::Unknown => None,
    };
    let signs = records.iter().find(|record| record.what == DKIM_NAME);
    let signs = signs.and_then(found);
    let all: Vec<Option<bool>> = records.iter().map(found).collect();
    let is_verified = if all.contains(&Some(false)) {
        Some(false)
    } else {
        (!all.contains(&None)).then_some(true)
    };
    let domain = facts.domain.clone();
    let note = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        if let Some(is_there) = signs {
            dkim::note_seen(tx, &domain, is_there)?;
        }
        match is_verified {
            Some(is_verified) => sender_domain::note(tx, &domain, is_verified),
            None => Ok(()),
        }
    };
    if signs.is_some() || is_verified.is_some() {
        site.store.write(note).await?;
    }
    if let (Some(key), Some(is_there)) = (&mut key, signs)
        && is_there != key.verified_at.is_some()
    {
        key.verified_at = is_there.then(|| site.clock.now());
    }
    Ok((key, records))
}

/// Creates the key that signs mail, unless there is one already.
pub(super) async fn make_key(
    State(site): State<Site>,
    Extension(facts): Extension<Arc<MailFacts>>,
    uri: Uri,
    headers: HeaderMap,
    sender: Sender,
) -> Result<Response, Problem> {
    let wishes = Wishes::read(&uri, &headers);
    let Sender {
        who, csrf, request, ..
    } = sender;
    let admin = AdminContext::of(&site, who, csrf, &wishes).await?;
    let made = tokio::task::spawn_blocking(dkim::generate).await;
    let (private, public) = made
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    let (key, domain) = (site.keys.key(dkim::PURPOSE), facts.domain.clone());
    let actor = admin.owner.who().actor();
    let keep = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        if dkim::find(tx, &domain)?.is_some() {
            return Ok(());
        }
        dkim::keep(tx, &key, &domain, &private, &public)?;
        record(tx, &actor, &domain, &request)
    };
    site.store.write(keep).await?;
    Ok(see_other(HERE))
}

fn record(
    tx: &mut Tx<'_>,
    actor: &platform::audit::Actor,
    domain: &str,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: actor.clone(),
        action: "mail.key_made",
        entity: Entity::new("domain", domain.to_owned()),
        scope: None,
        changes: json!([]),
        request: Some(request.clone()),
    })
}

async fn look_up(facts: &MailFacts, random: &Random, key: Option<&DkimKey>) -> Vec<Record> {
    let domain = &facts.domain;
    let ask = async |name: &str| facts.dns.texts(random, name).await.ok();
    let dmarc_name = format!("_dmarc.{domain}");
    let (spf, dmarc) = tokio::join!(ask(domain), dmarc(facts, random));
    let begins = |begin: &'static str| {
        move |texts: &[String]| {
            texts
                .iter()
                .any(|text| text.trim_start().starts_with(begin))
        }
    };
    let mut records = vec![judge(
        "server-mail-spf",
        domain.clone(),
        spf_record(facts.server.as_deref()),
        spf,
        "v=spf1",
        begins("v=spf1"),
    )];
    if let Some(key) = key {
        let name = key.record_name();
        let found = ask(&name).await;
        let wanted = key.public_key.clone();
        let is_it = move |texts: &[String]| texts.iter().any(|text| public_key(text) == wanted);
        records.push(judge(DKIM_NAME, name, key.record(), found, "", is_it));
    }
    records.push(judge(
        "server-mail-dmarc",
        dmarc_name,
        "v=DMARC1; p=quarantine".to_owned(),
        dmarc,
        "",
        begins(DMARC_BEGIN),
    ));
    records
}

/// If there is no DMARC record, the one of the nearest parent domain applies (RFC 7489,
/// section 6.6.3).
async fn dmarc(facts: &MailFacts, random: &Random) -> Option<Vec<String>> {
    let (mut domain, mut own) = (facts.domain.as_str(), None);
    loop {
        let texts = facts
            .dns
            .texts(random, &format!("_dmarc.{domain}"))
            .await
            .ok()?;
        if texts
            .iter()
            .any(|text| text.trim_start().starts_with(DMARC_BEGIN))
        {
            return Some(texts);
        }
        let own = own.get_or_insert(texts);
        match domain
            .split_once('.')
            .filter(|(_, above)| above.contains('.'))
        {
            Some((_, above)) => domain = above,
            None => return Some(std::mem::take(own)),
        }
    }
}

/// The page shows values that begin with `shown`, because they may be an incorrect version of the
/// record. If `shown` is empty, it shows none.
fn judge(
    what: &'static str,
    name: String,
    text: String,
    answer: Option<Vec<String>>,
    shown: &str,
    is_there: impl Fn(&[String]) -> bool,
) -> Record {
    let found = match &answer {
        None => Found::Unknown,
        Some(texts) if is_there(texts) => Found::Yes,
        Some(_) => Found::No,
    };
    let mut instead = answer.unwrap_or_default();
    instead.retain(|text| found == Found::No && text.starts_with(shown) && !shown.is_empty());
    if shown.is_empty() && found != Found::No {
        instead.clear();
    }
    Record {
        what,
        name,
        text,
        found,
        instead,
    }
}

/// RFC 6376, section 3.6.1.
fn public_key(record: &str) -> String {
    let mut tags = record.split(';');
    let found = tags.find_map(|tag| tag.trim().strip_prefix("p="));
    let key = found.unwrap_or_default();
    key.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}

fn spf_record(server: Option<&str>) -> String {
    let allowed = match server {
        Some(host) if host.ends_with("amazonaws.com") => "include:amazonses.com".to_owned(),
        Some(host) if host.ends_with("mailgun.org") => "include:mailgun.org".to_owned(),
        Some(host) => format!("a:{host}"),
        None => "mx".to_owned(),
    };
    format!("v=spf1 {allowed} ~all")
}

/// Returns the handler of the job that looks up the DNS records once a day. Without the records,
/// receivers may reject signed mail, and mail to many recipients waits.
pub fn daily(site: &Site, facts: &Arc<MailFacts>) -> Handler {
    let (site, facts) = (site.clone(), Arc::clone(facts));
    Handler::each_day(LOOK_JOB, move |_| {
        let (site, facts) = (site.clone(), Arc::clone(&facts));
        async move {
            look_up_and_store(&site, &facts).await?;
            Ok(Done::nothing())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_record_however_it_is_written() {
        for record in [
            "v=DKIM1; k=rsa; p=AB+c==",
            "p=AB +c==;",
            " v=DKIM1;p=AB+c==",
        ] {
            assert_eq!(public_key(record), "AB+c==", "{record}");
        }
        assert_eq!(public_key("v=DKIM1; p="), "");
    }

    #[test]
    fn the_servers_of_providers_are_included_by_name() {
        for (server, expected) in [
            (None, "v=spf1 mx ~all"),
            (Some("mail.example"), "v=spf1 a:mail.example ~all"),
            (
                Some("email-smtp.eu-west-1.amazonaws.com"),
                "v=spf1 include:amazonses.com ~all",
            ),
            (Some("smtp.mailgun.org"), "v=spf1 include:mailgun.org ~all"),
        ] {
            assert_eq!(spf_record(server), expected);
        }
    }
}
