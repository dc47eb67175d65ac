//! Who may go on to a program beside us.

use accounts::session::Stay;
use accounts::web::neighbour::{self, Found, Who};
use accounts::{Accounts, grant};
use axum::http::{HeaderMap, HeaderValue, header};
use jiff::SignedDuration;
use platform::Secret;
use testkit::World;

use crate::stage::{MIGRATIONS, accounts, accounts_at, begin, client, give, person};

async fn judge(accounts: &Accounts, cookie: &str, who: Who) -> &'static str {
    let cookie = HeaderValue::from_str(cookie).unwrap();
    let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
    match neighbour::judge(accounts, &headers, who).await.unwrap() {
        Found::Welcome(_) => "welcome",
        Found::Stranger => "stranger",
        Found::Nobody => "nobody",
    }
}

fn shown(secret: &Secret) -> String {
    format!("theme=dark; kd_session={}", secret.reveal())
}

#[test]
fn roles_open_and_the_rest_is_told_apart() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let mut cookies = Vec::new();
        for (name, role) in [
            ("owner", Some((grant::Role::Owner, grant::Scope::Site))),
            ("admin", Some((grant::Role::Admin, grant::Scope::Site))),
            (
                "host",
                Some((grant::Role::Observer, grant::Scope::occasion("wedding"))),
            ),
            ("none", None),
        ] {
            let id = person(world, &format!("{name}@example.my"), None).await;
            if let Some((role, scope)) = role {
                give(world, &id, role, &scope).await;
            }
            let begun = begin(world, &id, Stay::Visit, client(1)).await;
            cookies.push(shown(&begun.session));
        }
        for (who, expected) in [
            (Who::Owner, ["welcome", "stranger", "stranger", "stranger"]),
            (Who::Hosts, ["welcome", "welcome", "welcome", "stranger"]),
        ] {
            for (cookie, expected) in cookies.iter().zip(expected) {
                assert_eq!(judge(&accounts, cookie, who).await, expected, "{who:?}");
            }
        }
        for cookie in ["", "kd_session=", "kd_session=made-up", "x=y"] {
            assert_eq!(judge(&accounts, cookie, Who::Hosts).await, "nobody");
        }
        world.clock.advance(SignedDuration::from_hours(13));
        let ended = judge(&accounts, &cookies[0], Who::Owner).await;
        assert_eq!(ended, "nobody");
    });
}

#[test]
fn a_session_in_use_lives_on_and_its_cookie_stays_with_us() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "owner@example.my", None).await;
        give(world, &id, grant::Role::Owner, &grant::Scope::Site).await;
        let begun = begin(world, &id, Stay::Remembered, client(1)).await;
        let cookie = HeaderValue::from_str(&shown(&begun.session)).unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
        for _ in 0..3 {
            world.clock.advance(SignedDuration::from_hours(24 * 6));
            let found = neighbour::judge(&accounts, &headers, Who::Owner).await;
            let Found::Welcome(welcome) = found.unwrap() else {
                panic!("the session has ended");
            };
            assert_eq!(welcome.account.email, "owner@example.my");
            let renewed = welcome.renewed.unwrap();
            let renewed = renewed.to_str().unwrap();
            assert!(renewed.contains("Max-Age=604800"), "{renewed}");
        }
        assert_eq!(
            neighbour::own_cookies(&accounts),
            ["kd_session", "kd_device", "kd_before"]
        );
        let secure = accounts_at(world, "https://kad.example");
        assert_eq!(neighbour::own_cookies(&secure)[0], "__Host-kd_session");
    });
}
