//! The account at the authority: created once, stored, and updated when the settings change.

use instant_acme::{Account, ExternalAccountKey, NewAccount};

use super::OrderContext;
use super::order::OrderError;
use super::storage::{ACCOUNT, StorageError, StoredAccount};

pub(super) async fn open(shared: &OrderContext) -> Result<Account, OrderError> {
    match shared.storage.load_account() {
        Ok(Some(stored)) => resume(shared, stored).await,
        Ok(None) => create(shared).await,
        Err(error @ StorageError::Damaged { .. }) => {
            tracing::error!(%error, "cannot read the stored ACME account; a new one is made, and nothing needs to be done");
            create(shared).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn resume(shared: &OrderContext, stored: StoredAccount) -> Result<Account, OrderError> {
    let builder = Account::builder_with_http(Box::new(shared.client.clone()));
    let account = builder.from_credentials(stored.credentials).await?;
    if stored.contact != shared.settings.email {
        let contact = contact(shared);
        let contacts: Vec<&str> = contact.iter().map(String::as_str).collect();
        match account.update_contacts(&contacts).await {
            // The account is loaded from disk, because instant-acme has consumed the credentials.
            Ok(()) => {
                if let Some(mut stored) = shared.storage.load_account()? {
                    stored.contact.clone_from(&shared.settings.email);
                    shared.storage.store_account(&stored)?;
                    shared.share(ACCOUNT).await;
                }
            }
            // An error is only logged, because certificates matter more than mail from the
            // authority.
            Err(error) => {
                tracing::warn!(%error, "the certificate authority did not accept the new mail address; certificates are renewed all the same; correct tls.acme.email, if the error is about it");
            }
        }
    }
    Ok(account)
}

async fn create(shared: &OrderContext) -> Result<Account, OrderError> {
    let external = shared
        .settings
        .external_account
        .as_ref()
        .map(|external| ExternalAccountKey::new(external.kid.clone(), &external.key));
    let contact = contact(shared);
    let asked = NewAccount {
        contact: &contact.iter().map(String::as_str).collect::<Vec<_>>(),
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(shared.client.clone()));
    let directory = shared.settings.directory.clone();
    let (account, credentials) = builder.create(&asked, directory, external.as_ref()).await?;
    shared.storage.store_account(&StoredAccount {
        contact: shared.settings.email.clone(),
        credentials,
    })?;
    shared.share(ACCOUNT).await;
    tracing::info!(
        account = account.id(),
        "a new account was made at the certificate authority"
    );
    Ok(account)
}

fn contact(shared: &OrderContext) -> Option<String> {
    let email = &shared.settings.email;
    (!email.is_empty()).then(|| format!("mailto:{email}"))
}
