//! Imports subscriptions to mail about new posts, and links to accounts of sign-in providers.

use anyhow::Result;
use identity::account::AccountId;
use identity::credential::linked_identity::Identity;
use identity::people::import as people;
use identity::people::import::Linked;
use jiff::Timestamp;
use platform::Tx;

use super::{Import, flag, id, instant};
use crate::dump::Row;

const GOOGLE: &str = "https://accounts.google.com";
const UNCONFIRMED_SUBSCRIBER: &str =
    "subscribers whose address was never confirmed, who choose the mail anew at /me/email";
const UNCONFIRMED_SIGN_IN: &str =
    "linked sign-ins of people whose address was never confirmed, who link them at /me/security";
const LINKED_ALREADY: &str =
    "linked sign-ins left out, because somebody has one of the provider, or was imported before";

impl Import<'_> {
    /// Imports a person's subscription to mail about new posts, with the time of its last change.
    pub(super) fn subscription(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        let is_wanted = flag(row, "notify_blog_posts", false)?;
        let Some(known) = self.people.get(&account).filter(|_| is_wanted) else {
            return Ok(());
        };
        if !known.is_confirmed {
            self.report.remark(UNCONFIRMED_SUBSCRIBER);
            return Ok(());
        }
        if known.is_new {
            let since = instant(row, "updated_at")?;
            posts::mailing::NEWSLETTER.import(tx, &account, since)?;
        }
        self.report.count("subscribers", known.is_new);
        Ok(())
    }

    pub(super) fn linked_sign_in(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let provider = row.require("provider")?;
        let issuer = match provider {
            "google" => GOOGLE,
            other => other,
        };
        let linked_at = instant(row, "linked_at")?;
        let account: AccountId = id(row, "user_id")?;
        let subject = row.require("provider_user_id")?;
        self.sign_in_by(tx, &account, issuer, subject, linked_at)
    }

    pub(super) fn google_sign_in(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let Some(subject) = row.get("google_user_id").filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        let linked_at = instant(row, "created_at")?;
        self.sign_in_by(tx, &id(row, "id")?, GOOGLE, subject, linked_at)
    }

    fn sign_in_by(
        &mut self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        issuer: &str,
        subject: &str,
        linked_at: Timestamp,
    ) -> Result<()> {
        let Some(known) = self.people.get_mut(account) else {
            return Ok(());
        };
        if !self.options.issuers.iter().any(|one| one == issuer) {
            self.report.leave_out_sign_in(issuer);
            return Ok(());
        }
        if !known.is_confirmed {
            self.report.remark(UNCONFIRMED_SIGN_IN);
            return Ok(());
        }
        let identity = Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
        };
        match people::link(tx, account, &identity, linked_at, known.is_new)? {
            Linked::Added => {
                known.can_sign_in = true;
                self.report.count("sign-ins", true);
            }
            Linked::Known => self.report.count("sign-ins", false),
            Linked::No => self.report.remark(LINKED_ALREADY),
        }
        Ok(())
    }
}
