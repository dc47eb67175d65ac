//! Tests which hosts get the stored response when they repeat a request.

use platform::{Rows, Sql, Tx, sql};
use serde_json::json;

use crate::stage::{Host, Stage, call, on_default};

/// Changes a host's grants directly in the store, bypassing all rules.
async fn regrant(stage: &Stage<'_>, host: &Host, change: Sql) {
    let account = host.account.clone();
    let regrant = move |tx: &mut Tx<'_>| tx.run(change, &[&account], Rows::Exactly(1));
    stage.site.store.write(regrant).await.unwrap();
}

#[test]
fn a_kept_answer_is_for_those_who_could_still_do_what_it_answers() {
    on_default(async |stage| {
        let path = stage.at("/invitations");
        let new = json!({"household": "Keluarga Ramli", "email": "ramli@example.com"});
        let mut visitor = stage.visitor(&stage.coordinator);
        visitor.header("idempotency-key", "one");
        let made = call(&mut visitor, "POST", &path, &new).await;
        made.expect(201);
        let again = call(&mut visitor, "POST", &path, &new).await;
        assert_eq!(again.expect(201).body, made.body);
        let observer = sql!("UPDATE role_grant SET role = 'observer' WHERE account_id = $1");
        regrant(stage, &stage.coordinator, observer).await;
        let refused = call(&mut visitor, "POST", &path, &new).await;
        assert_eq!(refused.expect(403).json()["code"], "forbidden");
        assert!(!refused.body.contains("ramli@"), "{}", refused.body);
        let code = made.json()["code"].as_str().unwrap().to_owned();
        assert!(!refused.body.contains(&code), "{}", refused.body);
    });
}

#[test]
fn an_occasion_s_first_answer_is_for_those_who_may_make_one() {
    on_default(async |stage| {
        let new = json!({
            "slug": "second", "title": {"en": "A birthday"}, "hosts": {"en": "Mei"},
            "time_zone": "Asia/Singapore", "kind": "birthday",
        });
        let path = "/api/v1/occasions";
        let mut administrator = stage.visitor(&stage.stranger);
        administrator.header("idempotency-key", "one");
        call(&mut administrator, "POST", path, &new)
            .await
            .expect(201);
        let nobody = sql!("DELETE FROM role_grant WHERE account_id = $1 AND scope_kind = 'site'");
        regrant(stage, &stage.stranger, nobody).await;
        let refused = call(&mut administrator, "POST", path, &new).await;
        assert_eq!(refused.expect(403).json()["code"], "forbidden");
    });
}
