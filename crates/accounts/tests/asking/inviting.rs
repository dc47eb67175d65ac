//! Tests of invites to the installation, each for one email address.

use axum::http::Method;
use identity::account::{self, AccountId};
use identity::grant::{self, Role, Scope};
use identity::person::registration::{Policy, Registration};
use identity::session::Stay;
use jiff::SignedDuration;
use platform::Tx;
use serde_json::{Value, json};
use site::Context;
use testkit::{Visitor, World};

use crate::api::csrf_token;
use crate::registering::{expect, link};
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts as closed, begin, client, give, person, read, role, visitor,
    write,
};

const EMAIL: &str = "mei@example.my";
const INVITES: &str = "/api/v1/admin/invites";

fn with(world: &World, registration: Registration, has_mail: bool) -> Context {
    {
        let mut changed = closed(world);
        changed.policy = Policy {
            registration,
            has_mail,
        };
        changed
    }
}

/// A browser session of a person who has this rank and has just signed in, for API calls.
pub(crate) async fn inviter(world: &World, accounts: &Context, email: &str, rank: Role) -> Visitor {
    let id = person(world, email, None).await;
    give(world, &id, rank, &Scope::site()).await;
    let begun = begin(world, &id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(accounts);
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

async fn find(world: &World, email: &str) -> Option<AccountId> {
    let email = email.parse().unwrap();
    let find = move |tx: &mut Tx<'_>| account::find_by_email(tx, &email);
    read(world.store(), find).await.map(|account| account.id)
}

async fn verified_by(world: &World, id: &AccountId) -> String {
    let id = id.clone();
    let (word,): (String,) = read(world.store(), move |tx| {
        platform::sql!(
            "SELECT verified_by FROM email WHERE account_id = :id AND is_primary = 1",
            id
        )
        .one(tx)
    })
    .await;
    word
}

/// Accepts an invite by creating an account.
async fn join(accounts: &Context, link: &str, email: Option<&str>) -> testkit::Page {
    let mut visitor = visitor(accounts);
    let page = visitor.get(link).await.with(200);
    let mut form = page.form("");
    form.fill("name", "Mei Lin").fill("password", PASSWORD);
    if let Some(email) = email {
        form.fill("email", email);
    }
    visitor.submit(&page, &form).await
}

#[test]
fn a_network_fails_ten_times_an_hour_to_make_an_account_of_an_invite() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Invite, true);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let page = owner.get("/admin/invites").await.with(200);
        let mut form = page.form("/admin/invites");
        form.fill("email", EMAIL).fill("role", "member");
        owner.submit(&page, &form).await.with(303);
        let sent = link(world, "/admin/join/").await;
        for _ in 0..10 {
            let page = join(&accounts, &sent, Some("other@example.my")).await;
            page.with(403);
        }
        let before = accounts.hasher.count();
        let refused = join(&accounts, &sent, None).await.with(429);
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(accounts.hasher.count(), before, "refused before the hash");
        world.clock.advance(SignedDuration::from_hours(1));
        join(&accounts, &sent, None).await.with(303);
        expect(world, &accounts, EMAIL, "mail-invite-subject");
    });
}

#[test]
fn a_mailed_invite_is_for_one_address_and_confirms_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Invite, true);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let page = owner.get("/admin/invites").await.with(200);
        let mut form = page.form("/admin/invites");
        form.fill("email", EMAIL).fill("role", "member");
        owner.submit(&page, &form).await.with(303);
        let page = owner.get("/admin/invites").await.with(200);
        assert!(page.text().contains(EMAIL));
        let sent = link(world, "/admin/join/").await;
        let secret = sent.rsplit_once('/').unwrap().1;
        assert!(
            !page.body.contains(secret),
            "whoever invites does not see it"
        );

        join(&accounts, &sent, Some("other@example.my"))
            .await
            .with(403);
        assert!(find(world, "other@example.my").await.is_none());
        join(&accounts, &sent, None).await.with(303);
        let id = find(world, EMAIL).await.unwrap();
        assert_eq!(verified_by(world, &id).await, "mail");
        assert_eq!(role(world, &id, &Scope::site()).await, None);
        visitor(&accounts).get(&sent).await.with(400);
        expect(world, &accounts, EMAIL, "mail-invite-subject");
    });
}

#[test]
fn without_mail_the_link_is_copied_and_confirms_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Closed, false);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let member = json!({"email": EMAIL, "role": "member"});
        let answer = owner.call(Method::POST, INVITES, &member).await.with(403);
        assert_eq!(answer.json()["code"], "registration_closed");
        let page = owner.get("/admin/invites").await.with(200);
        assert!(page.body.contains("value=\"admin\"") && !page.body.contains("value=\"member\""));
        let admin = json!({"email": EMAIL, "role": "admin"});
        let made = owner.call(Method::POST, INVITES, &admin).await.with(201);
        let secret = made.json()["secret"].as_str().unwrap().to_owned();
        join(&accounts, &format!("/admin/join/{secret}"), None)
            .await
            .with(303);
        let id = find(world, EMAIL).await.unwrap();
        assert_eq!(verified_by(world, &id).await, "none");
        assert_eq!(role(world, &id, &Scope::site()).await, Some(grant::ADMIN));
        assert!(world.mails().await.is_empty());
    });
}

#[test]
fn nobody_offers_a_rank_above_their_own_and_a_lost_rank_ends_the_offer() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Invite, false);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let mut admin = inviter(world, &accounts, "aisyah@example.my", grant::ADMIN).await;
        let call = async |visitor: &mut Visitor, role: &str| {
            let body = json!({"email": EMAIL, "role": role});
            visitor.call(Method::POST, INVITES, &body).await
        };
        let refused = call(&mut admin, "owner").await.with(403);
        assert_eq!(refused.json()["code"], "role_above_own");
        let above = call(&mut owner, "owner").await.with(201).json();
        let refused = call(&mut admin, "member").await.with(403);
        assert_eq!(refused.json()["code"], "role_above_own");
        let path = format!("/admin/join/{}", above["secret"].as_str().unwrap());
        owner.get(&path).await.with(200);
        call(&mut owner, "member").await.with(201);
        call(&mut admin, "king").await.with(422);
        let made = call(&mut admin, "admin").await.with(201).json();
        let mut stranger = {
            let id = person(world, "stranger@example.my", None).await;
            let begun = begin(world, &id, Stay::Visit, client(1)).await;
            let mut visitor = visitor(&accounts);
            visitor.set_cookie("kd_session", begun.session.reveal());
            visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
            visitor
        };
        call(&mut stranger, "member").await.with(403);
        stranger.get("/admin/invites").await.with(403);
        stranger.get(INVITES).await.with(403);

        let aisyah = find(world, "aisyah@example.my").await.unwrap();
        let id = aisyah.clone();
        write(world.store(), move |tx| {
            platform::sql!("DELETE FROM role_grant WHERE account_id = :id", id)
                .run(tx, platform::Rows::Exactly(1))
        })
        .await;
        let path = format!("/admin/join/{}", made["secret"].as_str().unwrap());
        join(&accounts, &path, None).await.with(400);
    });
}

#[test]
fn a_newer_invite_ends_the_older_and_one_can_be_withdrawn() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Open, false);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let body = json!({"email": EMAIL, "role": "member"});
        let older = owner
            .call(Method::POST, INVITES, &body)
            .await
            .with(201)
            .json();
        let newer = owner
            .call(Method::POST, INVITES, &body)
            .await
            .with(201)
            .json();
        let path = |made: &Value| format!("/admin/join/{}", made["secret"].as_str().unwrap());
        visitor(&accounts).get(&path(&older)).await.with(400);
        visitor(&accounts).get(&path(&newer)).await.with(200);
        let list = owner.get(INVITES).await.with(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let one = format!("{INVITES}/{}", list["items"][0]["id"].as_str().unwrap());
        owner
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(204);
        owner
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(404);
        visitor(&accounts).get(&path(&newer)).await.with(400);
        let known = json!({"email": "farah@example.my", "role": "member"});
        owner.call(Method::POST, INVITES, &known).await.with(409);

        world.clock.advance(SignedDuration::from_mins(10));
        let answer = owner.call(Method::POST, INVITES, &body).await.with(403);
        assert_eq!(answer.json()["code"], "sudo_required");
    });
}

#[test]
fn an_account_takes_an_invite_for_its_own_address_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with(world, Registration::Invite, false);
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let body = json!({"email": EMAIL, "role": "admin"});
        let made = owner
            .call(Method::POST, INVITES, &body)
            .await
            .with(201)
            .json();
        let path = format!("/admin/join/{}", made["secret"].as_str().unwrap());
        for (email, status) in [("other@example.my", 403), (EMAIL, 303)] {
            let id = person(world, email, None).await;
            let begun = begin(world, &id, Stay::Visit, client(1)).await;
            let mut visitor = visitor(&accounts);
            visitor.set_cookie("kd_session", begun.session.reveal());
            let page = visitor.get(&path).await.with(200);
            visitor.submit(&page, &page.form("")).await.with(status);
            let rank = role(world, &id, &Scope::site()).await;
            assert_eq!(rank.is_some(), status == 303);
        }
    });
}
