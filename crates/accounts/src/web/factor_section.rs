//! The section about the second factor on the page of the reader's own account.

use askama::Template;
use jiff::tz::TimeZone;
use web::Text;

use identity::credential::second_factor::Factors;

/// The section's data.
#[derive(Template)]
#[template(path = "factors.html")]
pub(super) struct Section<'a> {
    pub(super) text: &'a Text,
    pub(super) csrf: &'a str,
    pub(super) zone: &'a TimeZone,
    pub(super) factors: Factors,
    /// Whether the email address must be confirmed first.
    pub(super) is_pending: bool,
}

impl Section<'_> {
    /// The sentence with the date since which codes are required and the number of unused recovery
    /// codes.
    fn state(&self) -> Option<String> {
        let since = self.factors.totp_since?.to_zoned(self.zone.clone());
        let values = [
            ("since", self.text.moment_short(&since).into()),
            ("left", self.factors.recovery_codes.into()),
        ];
        Some(self.text.with("account-factors-on", values))
    }
}
