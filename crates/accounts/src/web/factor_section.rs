//! The section about the second factor on the security page.

use askama::Template;
use jiff::tz::TimeZone;
use web::Text;

use identity::credential::second_factor::Factors;

#[derive(Template)]
#[template(path = "factors.html")]
pub(super) struct Section<'a> {
    pub(super) text: &'a Text,
    pub(super) zone: &'a TimeZone,
    pub(super) factors: Factors,
    /// Whether the person must confirm their email address first.
    pub(super) is_pending: bool,
}

impl Section<'_> {
    fn state(&self) -> Option<String> {
        let since = self
            .text
            .moment_short_in(self.zone, self.factors.totp_since?);
        let values = [
            ("since", since.into()),
            ("left", self.factors.recovery_codes.into()),
        ];
        Some(self.text.with("account-factors-on", values))
    }
}
