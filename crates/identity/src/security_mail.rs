//! Mails that notify account owners of security events at once, in the owner's language.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::{self, RequestFacts};
use platform::mail::{Address, MailId, NewMail, Stranger, Stream, sealed_text};
use platform::{StoreError, Tx, text_cleaning};
use web::{Language, MailMessages, Network, Site, Value};

use crate::account::Account;
use crate::client::{self, Client};

#[derive(Clone, Debug)]
pub struct SecurityMail<'a> {
    /// The message id of the subject.
    pub subject: &'static str,
    /// The message id of the mail's text.
    pub text: &'static str,
    pub at: Timestamp,
    /// The path of the page with more information.
    pub path: &'a str,
    /// Further arguments for both messages. The arguments `name`, `site`, `time` (in the
    /// recipient's `zone`) and `address` (the URL of `path`) are always set.
    pub values: Vec<(&'static str, Value<'a>)>,
}

impl SecurityMail<'_> {
    /// Enqueues the mail. Does nothing if the account's address cannot receive mail.
    pub fn send(self, tx: &mut Tx<'_>, site: &Site, to: &Account) -> Result<(), StoreError> {
        self.write(tx, site, to, None).map(drop)
    }

    /// Like [`SecurityMail::send`], but also for mails that a person without a session (`stranger`)
    /// caused. Returns the mail's id.
    pub(crate) fn write(
        self,
        tx: &mut Tx<'_>,
        site: &Site,
        to: &Account,
        stranger: Option<Stranger>,
    ) -> Result<Option<MailId>, StoreError> {
        let Ok(address) = to.email.parse::<Address>() else {
            return Ok(None);
        };
        let text = site.catalogue.speak(&Language::of(&to.locale));
        let zone = TimeZone::get(&to.time_zone);
        let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
        let moment = text.moment_in(&zone, self.at);
        // The address may be somebody else's, where a person has just typed it.
        let name = text_cleaning::without_links(&to.display_name);
        let mut values = self.values;
        values.extend([
            ("name", name.as_str().into()),
            ("site", site.settings.name.as_str().into()),
            ("time", moment.into()),
            ("address", site.url().join(self.path).into()),
        ]);
        let mail = NewMail {
            to_name: name.clone(),
            subject: text.with(self.subject, &values),
            text: text.with(self.text, &values),
            // The mail is stored encrypted, because many of these mails contain a one-time link.
            seal: Some(site.keys.key(sealed_text::PURPOSE)),
            stranger,
            ..NewMail::new(address, Stream::Security)
        };
        tx.send_mail(mail).map(Some)
    }
}

/// The queue lane for mails caused by people who are not signed in. Each IPv4 /24 and each IPv6 /48
/// has one lane.
pub(crate) fn line(site: &Site, network: Network) -> String {
    let key = site.keys.key("line of a network");
    key.sign(&[&audit::shorten(network.address())])
}

/// Notifies the account's owner of a sign-in with a new browser.
pub(crate) fn new_sign_in(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let browser = client::describe(&client.user_agent);
    let browser = if browser.is_empty() { "none" } else { &browser };
    let messages = MailMessages {
        subject: "mail-sign-in-subject",
        text: "mail-sign-in-text",
    };
    let browser = vec![("browser", browser.into())];
    send(tx, site, account, client, messages, browser)
}

/// Notifies the account's owner that a refresh token was used twice and that its session was
/// therefore ended.
pub(crate) fn token_reused(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let messages = MailMessages {
        subject: "mail-reuse-subject",
        text: "mail-reuse-text",
    };
    send(tx, site, account, client, messages, Vec::new())
}

/// Notifies the account's owner that a passkey's signature counter did not increase. This suggests
/// that the passkey was copied.
pub(crate) fn passkey_copied(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let messages = MailMessages {
        subject: "mail-passkey-copied-subject",
        text: "mail-passkey-copied-text",
    };
    send(tx, site, account, client, messages, Vec::new())
}

/// A change to the ways in which an account is used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    PasskeyAdded,
    PasskeyRemoved,
    FactorAdded,
    RecoveryCodesRenewed,
    IdentityLinked,
    IdentityRemoved,
    TokenCreated,
    TokenRevoked,
}

impl Change {
    fn message(self) -> &'static str {
        match self {
            Self::PasskeyAdded => "mail-passkey-added",
            Self::PasskeyRemoved => "mail-passkey-removed",
            Self::FactorAdded => "mail-factor-added",
            Self::RecoveryCodesRenewed => "mail-recovery-codes-renewed",
            Self::IdentityLinked => "mail-identity-linked",
            Self::IdentityRemoved => "mail-identity-removed",
            Self::TokenCreated => "mail-token-created",
            Self::TokenRevoked => "mail-token-revoked",
        }
    }
}

/// Notifies the account's owner of a change to the ways in which the account is used. `label` is
/// the name of the passkey or the token, or the address of the sign-in provider.
pub(crate) fn credential_changed(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    change: Change,
    label: &str,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    let network = request.network.map(audit::shorten).unwrap_or_default();
    let label = match change {
        Change::IdentityLinked | Change::IdentityRemoved => label.to_owned(),
        // Whoever has taken over a session chooses the label.
        _ => text_cleaning::without_links(label),
    };
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let values = [
        ("site", site.settings.name.as_str().into()),
        ("label", label.as_str().into()),
    ];
    let what = text.attribute(change.message(), "what", values);
    let mail = SecurityMail {
        subject: change.message(),
        text: "mail-credential-text",
        at: tx.now(),
        path: "/me/security",
        values: vec![("what", what.into()), ("network", network.into())],
    };
    mail.send(tx, site, account)
}

pub(crate) fn recovery_code_used(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
    left: i64,
) -> Result<(), StoreError> {
    let messages = MailMessages {
        subject: "mail-recovery-code-subject",
        text: "mail-recovery-code-text",
    };
    let left = vec![("left", left.into())];
    send(tx, site, account, client, messages, left)
}

pub(crate) fn factor_removed(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let messages = MailMessages {
        subject: "mail-factor-removed-subject",
        text: "mail-factor-removed-text",
    };
    send(tx, site, account, client, messages, Vec::new())
}

fn send(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
    messages: MailMessages,
    mut values: Vec<(&'static str, Value<'_>)>,
) -> Result<(), StoreError> {
    values.push(("network", client.network().into()));
    let mail = SecurityMail {
        subject: messages.subject,
        text: messages.text,
        at: tx.now(),
        path: "/me/security",
        values,
    };
    mail.send(tx, site, account)
}
