//! Tests of events that delete a person's invites, because an intruder may have created an invite
//! for themselves.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::{OWNER, Scope};
use identity::people::invite;
use identity::session::Stay;
use serde_json::{Value, json};
use testkit::{Visitor, World};

use crate::grants::manager;
use crate::people::{API, browser};
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, OBSERVER, PASSWORD, accounts, begin, client, give, person,
    signed_in, usual_hash, visitor, write,
};

const NEW: &str = "dua pantun lama";

/// Creates an invite by a person. Nobody accepts it.
pub(crate) async fn invite(world: &World, id: &AccountId) -> String {
    let wedding = CLUB.scope("wedding");
    give(world, id, CLUB_OWNER, &wedding).await;
    let by = manager(world, &signed_in(world, id).await, &wedding).await;
    let by = by.unwrap();
    let secret = write(world.store(), move |tx| {
        Ok(invite::create(tx, &by, OBSERVER).unwrap())
    });
    format!("/admin/join/{}", secret.await.reveal())
}

#[test]
fn a_new_password_and_signing_out_everywhere_withdraw_what_somebody_offered() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let passwords = json!({"current_password": PASSWORD, "new_password": NEW});
        let everything = json!({});
        let but_this = json!({"keep_current": true});
        let (password, out) = ("/api/v1/me/password", "/api/v1/auth/logout-all");
        for (number, (method, path, body)) in [
            (Method::PUT, password, &passwords),
            (Method::POST, out, &everything),
            (Method::POST, out, &but_this),
        ]
        .into_iter()
        .enumerate()
        {
            let id = person(world, &format!("{number}@example.my"), Some(&hash)).await;
            let link = invite(world, &id).await;
            let mut newcomer = visitor(&accounts);
            newcomer.get(&link).await.with(200);
            let mut own: Visitor = browser(world, &id).await;
            let done = own.call(method, path, body).await;
            assert!(done.status.is_success(), "{path}: {}", done.body);
            newcomer.get(&link).await.with(400);
        }

        // First the person ends the other sessions on the security page, and later an administrator
        // ends all sessions.
        let id = person(world, "farah@example.my", None).await;
        let link = invite(world, &id).await;
        begin(world, &id, Stay::Visit, client(9)).await;
        let mut own = browser(world, &id).await;
        let page = own.get("/me/security").await.with(200);
        let mut forms = page.forms().into_iter();
        let others = forms
            .find(|form| form.action == "/me/security/sessions" && form.value("session").is_none());
        own.submit_surely(&page, &others.unwrap()).await.with(303);
        visitor(&accounts).get(&link).await.with(400);

        let link = invite(world, &id).await;
        let owner = person(world, "owner@example.my", Some(&hash)).await;
        give(world, &owner, OWNER, &Scope::site()).await;
        let mut owner = browser(world, &owner).await;
        let out = format!("{API}/{id}/sign-out");
        owner.call(Method::POST, &out, &Value::Null).await.with(200);
        visitor(&accounts).get(&link).await.with(400);
    });
}
