//! Adds, changes and removes ways to give money, on behalf of hosts.

use ::web::fields::{choice, flag, https, line, texts};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use platform::Tx;

use super::resource::{Edit, History, Resource, history_of, next_position, position};
use super::{HostOf, Permission, Refusal};
use crate::cash_link::{self, CashKind, CashLink};
use crate::payment_qr;

impl Resource for CashLink {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { CashLink:
        kind: choice().label("host-field-cash-kind").section("host-cash-about"),
        label: line(60).label("host-field-cash-label").hint("host-field-cash-label-hint")
            .section("host-cash-about").required(),
        url: https().label("host-field-cash-url").hint("host-field-cash-url-hint")
            .section("host-cash-about"),
        holder: line(70).label("host-field-cash-holder").section("host-cash-about"),
        account: line(60).label("host-field-cash-account").hint("host-field-cash-account-hint")
            .section("host-cash-about"),
        bank: line(70).label("host-field-cash-bank").section("host-cash-about"),
        bic: line(20).label("host-field-cash-bic").section("host-cash-about"),
        reference: line(140).label("host-field-cash-reference")
            .hint("host-field-cash-reference-hint").section("host-cash-about"),
        active: flag().label("host-field-cash-active").section("host-cash-about"),
        position: position().label("host-field-position").section("host-cash-about"),
        note: texts(Limits::lines(1_000)).label("host-field-cash-note").wording(),
    };
    const HISTORY: History = history_of!("cash_link", named_by: "label");
    const NEWS: &'static str = "gifts";
    const LIMIT: Option<usize> = Some(20);
    const OWNERS: Permission = Permission::Write;
    const READERS: Permission = Permission::See;

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(cash_link::of(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            active: true,
            position: next_position(there.iter().map(|one| one.position)),
            version: 1,
            ..Self::default()
        })
    }

    /// Also empties the fields that this kind does not use.
    fn validate(
        &mut self,
        _: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        if self.kind == CashKind::Link {
            for none in [&mut self.holder, &mut self.account, &mut self.bank] {
                none.clear();
            }
            self.bic.clear();
            self.reference.clear();
            if self.url.is_empty() {
                findings.add("/url", "required", []);
            }
            return Ok(());
        }
        self.url.clear();
        if self.kind == CashKind::DuitNow {
            self.bank.clear();
            self.bic.clear();
        } else {
            let written = |text: &str| text.split_whitespace().collect::<String>().to_uppercase();
            self.bic = written(&self.bic);
            if payment_qr::looks_like_iban(&written(&self.account)) {
                self.account = written(&self.account);
                if !payment_qr::is_iban(&self.account) {
                    findings.add("/account", "invalid", []);
                }
            }
            if self.holder.is_empty() {
                findings.add("/holder", "required", []);
            }
            if !self.bic.is_empty() && !payment_qr::is_bic(&self.bic) {
                findings.add("/bic", "invalid", []);
            }
        }
        match self.account.chars().count() {
            0 => findings.add("/account", "required", []),
            1..=34 => {}
            _ => findings.add("/account", "too_long", [("max", 34.into())]),
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(cash_link::insert(tx, edit.parent.occasion(), self)?)
    }
}
