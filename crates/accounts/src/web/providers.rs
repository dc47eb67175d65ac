//! Buttons and sections for identity providers.

use askama::Template;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::outbound;
use web::Text;

use identity::credential::linked_identity::Linked;
use identity::credential::provider::Provider;
use site::Context;

/// A button that leads to the sign-in at a provider.
pub(super) struct Button {
    pub(super) action: String,
    pub(super) label: String,
}

impl Button {
    /// Makes a button for each provider. `label` is the message id of the buttons' labels.
    pub(super) fn all(accounts: &Context, text: &Text, label: &str) -> Vec<Self> {
        let providers = accounts.providers.iter();
        providers
            .map(|provider| Self::of(provider, text, label))
            .collect()
    }

    pub(super) fn of(provider: &Provider, text: &Text, label: &str) -> Self {
        let settings = &provider.settings;
        let values = [("provider", settings.label.as_str().into())];
        Self {
            action: format!("/oauth/{}/start", settings.name),
            label: text.with(label, values),
        }
    }
}

/// Changes a page's content security policy so that its forms can redirect to providers. Browsers
/// apply the policy for forms to redirects too.
pub(super) fn allow_forms(accounts: &Context, mut response: Response) -> Response {
    let issuers = accounts.providers.iter();
    let origins: Vec<String> = issuers
        .filter_map(|provider| outbound::origin(&provider.settings.issuer))
        .collect();
    if !origins.is_empty() {
        let policy = web::policy_with_forms_to(&origins);
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The section about linked identities on the security page.
#[derive(Template)]
#[template(path = "identities.html")]
pub(super) struct Section<'a> {
    pub(super) text: &'a Text,
    pub(super) zone: &'a TimeZone,
    pub(super) identities: Vec<(String, Linked)>,
    /// Buttons for those providers at which the account has no identity.
    pub(super) buttons: Vec<Button>,
}

impl<'a> Section<'a> {
    pub(super) fn of(
        accounts: &Context,
        text: &'a Text,
        zone: &'a TimeZone,
        linked: Vec<Linked>,
    ) -> Self {
        let is_linked = |provider: &&Provider| {
            let issuer = &provider.settings.issuer;
            linked.iter().any(|one| one.issuer == *issuer)
        };
        let free = accounts.providers.iter().filter(|one| !is_linked(one));
        let buttons = free
            .map(|provider| Button::of(provider, text, "account-identity-link"))
            .collect();
        let named = |one: Linked| {
            let provider = accounts.providers.of_issuer(&one.issuer);
            let label = provider.map(|provider| provider.settings.label.clone());
            (label.unwrap_or_else(|| one.issuer.clone()), one)
        };
        Self {
            text,
            zone,
            identities: linked.into_iter().map(named).collect(),
            buttons,
        }
    }

    fn is_shown(&self) -> bool {
        !self.identities.is_empty() || !self.buttons.is_empty()
    }

    fn use_of(&self, linked: &Linked) -> String {
        let moment = |at: Timestamp| self.text.moment_short_in(self.zone, at);
        let used = linked.last_used_at.map(moment);
        let values = [
            ("since", moment(linked.linked_at).into()),
            ("used", used.unwrap_or_else(|| "none".to_owned()).into()),
        ];
        self.text.with("account-identity-use", values)
    }
}
