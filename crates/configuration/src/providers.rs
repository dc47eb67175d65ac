//! Reads `[[accounts.provider]]`: the providers through which people can sign in.

use identity::credential::provider::ProviderSettings;
use platform::Secret;
use platform::outbound::{self, Reach};
use units::Check;

use super::value_checks::secret;
use super::written::Provider;

pub(super) fn read(written: &[Provider], check: &mut Check) -> Vec<ProviderSettings> {
    let mut all: Vec<ProviderSettings> = Vec::new();
    for (number, provider) in written.iter().enumerate() {
        let key = |name: &str| format!("accounts.provider[{number}].{name}");
        if !is_name(&provider.name) {
            check.refuse(
                &key("name"),
                format!("{:?} cannot be a part of an address", provider.name),
                "write 1 to 30 small letters, digits and hyphens, like \"google\"",
            );
        }
        for (name, value) in [("name", &provider.name), ("issuer", &provider.issuer)] {
            let is_taken = |one: &ProviderSettings| [&one.name, &one.issuer].contains(&value);
            if all.iter().any(is_taken) {
                check.refuse(
                    &key(name),
                    format!("another provider has {value:?} too"),
                    "give each provider a name and an issuer of its own",
                );
            }
        }
        if let Some((what, mend)) = issuer_flaw(provider) {
            check.refuse(&key("issuer"), what, mend);
        }
        if provider.client_id.is_empty() {
            check.refuse(
                &key("client_id"),
                "it is missing",
                "the provider shows it where this site is registered",
            );
        }
        let secret = client_secret(provider, &key("client_secret"), check);
        let label = provider.label.trim();
        all.push(ProviderSettings {
            name: provider.name.clone(),
            label: if label.is_empty() {
                &provider.name
            } else {
                label
            }
            .to_owned(),
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            client_secret: secret.unwrap_or_else(|| Secret::new("")),
            is_email_trusted: provider.trusted_email,
            is_private: provider.private_network,
        });
    }
    all
}

fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=30).contains(&name.len()) && name.bytes().all(is_fine)
}

/// The problem and its remedy.
fn issuer_flaw(provider: &Provider) -> Option<(String, &'static str)> {
    let issuer = &provider.issuer;
    let is_plain = !issuer.contains(['?', '#', ';', ',', '\'', '"']) && issuer.len() <= 255;
    if !is_plain || !outbound::is_permitted(issuer, Reach::Private) {
        return Some((
            format!("{issuer:?} is not an address of a provider"),
            "write it as the provider writes its issuer, like \"https://accounts.example.org\"; \
             http:// is for this machine only",
        ));
    }
    if !provider.private_network && !outbound::is_permitted(issuer, Reach::Public) {
        return Some((
            format!("{issuer:?} is in a private network"),
            "set private_network = true for this provider",
        ));
    }
    None
}

fn client_secret(provider: &Provider, key: &str, check: &mut Check) -> Option<Secret> {
    let (written, file) = (&provider.client_secret, &provider.client_secret_file);
    let secret = secret(check, key, written, file);
    if written.is_empty() && file.is_empty() {
        check.refuse(
            key,
            "it is missing",
            "set client_secret_file to a file that holds what the provider gave this site",
        );
    }
    secret
}
