//! Tests of the mails that tell of new ways into an account.

use identity::session::token::{self, NewToken};
use platform::Tx;
use testkit::World;

use crate::identities::{EMAIL, browser, claims};
use crate::provider::Provider;
use crate::second_factors::{enrol, sudo};
use crate::stage::{MIGRATIONS, SONGS_READ, client, english, person};
use crate::unconfirmed::verify;

#[test]
fn a_mail_tells_of_a_linked_provider_a_second_factor_and_a_token() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let farah = person(world, EMAIL, None).await;
        verify(world, &farah).await;
        let told = async |message: &str, label: &str| {
            let site = accounts.site.settings.name.as_str();
            let subject = english(&accounts).fill(message, [("site", site.into())]);
            let mails = world.mails().await.into_iter();
            let mails = mails.filter(|mail| mail.recipient == EMAIL && mail.subject == subject);
            let texts: Vec<String> = mails.map(|mail| mail.text).collect();
            let is_named = texts.iter().all(|text| text.contains(label));
            assert!(is_named, "{label}: {texts:?}");
            texts.len()
        };
        let all = async || {
            [
                told("mail-identity-linked", "signing in with").await,
                told("mail-factor-added", "/me/security").await,
                told("mail-token-created", "Kitchen screen").await,
            ]
        };
        assert_eq!(all().await, [0, 0, 0]);
        let mut own = browser(world, &accounts, &farah).await;
        provider.link(world, &mut own, &claims("1")).await.with(303);
        assert_eq!(all().await, [1, 0, 0]);
        enrol(world, &farah).await;
        assert_eq!(all().await, [1, 1, 0]);
        let (site, sudo) = (accounts.site.clone(), sudo(world, &farah).await);
        let new = NewToken {
            name: "Kitchen screen".to_owned(),
            scopes: vec![SONGS_READ],
            scope: None,
            days: token::DEFAULT_DAYS,
        };
        let request = client(1).request;
        let create =
            move |tx: &mut Tx<'_>| token::create_own(tx, &site, &sudo, &new, &request).map(drop);
        world.store().write(create).await.unwrap();
        assert_eq!(all().await, [1, 1, 1]);
    });
}
