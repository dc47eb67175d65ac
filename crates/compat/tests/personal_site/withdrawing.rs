//! Tests that ending all sessions also deletes the person's invites, because an intruder may have
//! created them.

use identity::grant::{self, ADMIN, OWNER, Scope};
use identity::people::invite;
use platform::Tx;
use serde_json::Value;

use crate::stage::{ALONE, OWN, give, in_world, older, post, write};

#[test]
fn ending_all_sessions_withdraws_what_somebody_offered() {
    in_world(async |world| {
        let stage = older(world, ALONE);
        let mut farah = stage.person("Farah Ali").await;
        let who = farah.who.clone();
        give(world, &who.account().id, OWNER, &Scope::site()).await;
        let offer = move |tx: &mut Tx<'_>| {
            let by = grant::manager(tx, &who, Scope::site(), None)?.unwrap();
            Ok(invite::create(tx, &by, ADMIN).unwrap())
        };
        let link = format!("/admin/join/{}", write(world, offer).await.reveal());
        let mut newcomer = stage.visitor();
        newcomer.get(&link).await.with(200);
        let all = format!("{OWN}/revoke-all");
        post(&mut farah.browser, &all, Value::Null).await.with(200);
        newcomer.get(&link).await.with(400);
    });
}
