//! Tests of suppressed email addresses: unsubscribing, a mail provider's callbacks, and who may end
//! a suppression.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::account::AccountId;
use identity::grant::{ADMIN, OWNER, Scope};
use identity::session::Stay;
use jiff::SignedDuration;
use platform::jobs::Worker;
use platform::key::Key;
use platform::mail::suppression::{self, Cause, unsubscribe_link};
use platform::mail::{self, Address, Mailer, Post, Stream, dkim, sealed_text};
use platform::{Tx, audit, sql};
use serde_json::{Value, json};
use sha2::Sha256;
use site::Context;
use testkit::{Visitor, World};

use crate::api::csrf_token;
use crate::registering::{expect, link};
use crate::stage::{
    MIGRATIONS, accounts, actions, begin, client, give, person, read, visitor, write,
};

pub(crate) const FARAH: &str = "farah@example.my";

fn key(world: &World) -> Key {
    world.platform.keys.key(suppression::PURPOSE)
}

async fn suppress(world: &World, cause: Cause) {
    let key = key(world);
    write(world.store(), move |tx| {
        suppression::record(tx, &key, &FARAH.parse().unwrap(), cause)
    })
    .await;
}

pub(crate) async fn suppressed(world: &World) -> Vec<Cause> {
    let key = key(world);
    let look = move |tx: &mut Tx<'_>| suppression::list_of(tx, &key, &FARAH.parse().unwrap());
    let all = read(world.store(), look).await;
    all.into_iter().map(|one| one.cause).collect()
}

async fn browser(world: &World, accounts: &Context, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(accounts);
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

/// Delivers all waiting mails to the built-in mailbox.
async fn deliver(world: &World) {
    let post = Post {
        mailer: Mailer::Mailbox,
        from: "Kenduri <kenduri@example.org>".parse().unwrap(),
        site_host: "kenduri.example".to_owned(),
        site_url: "https://kenduri.example".to_owned(),
        suppression: key(world),
        text: world.platform.keys.key(sealed_text::PURPOSE),
        dkim: world.platform.keys.key(dkim::PURPOSE),
        hears_deliveries: false,
    };
    let handlers = vec![mail::handler(world.store().clone(), post)];
    let platform = &world.platform;
    let worker = Worker::new(
        world.store().clone(),
        platform.clock.clone(),
        platform.random.clone(),
        handlers,
    );
    worker.run_due().await.unwrap();
}

/// The delivery state of the newest mail.
async fn newest(world: &World) -> String {
    world.mails().await.pop().unwrap().state
}

#[test]
fn a_mail_program_unsubscribes_with_one_click_and_a_person_with_a_button() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let address: Address = FARAH.parse().unwrap();
        let path = unsubscribe_link(&key(world), &address, Stream::Notification, Some("club"));
        let mut stranger = visitor(&accounts);
        let page = stranger.get(&path).await.with(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(suppressed(world).await, [], "looking changes nothing");
        let form = page.form("");
        stranger.submit(&page, &form).await.with(200);
        assert_eq!(suppressed(world).await, [Cause::Unsubscribe]);

        // The unsubscribe link needs neither a cookie nor a CSRF token. It works any number of
        // times and does not expire.
        world.clock.advance(SignedDuration::from_hours(24 * 200));
        for _ in 0..2 {
            let mut program = visitor(&accounts);
            program.header("origin", "https://mail.example");
            let click = [("List-Unsubscribe", "One-Click")];
            let answer = program.post(&path, &click).await.with(200);
            assert_eq!(answer.header("set-cookie"), "");
        }
        let other = path.replace("notification", "marketing");
        stranger.get(&other).await.with(404);
        assert_eq!(suppressed(world).await, [Cause::Unsubscribe]);
        assert_eq!(actions(world).await, ["suppression.added"]);

        // The owner of the address, who has confirmed it, subscribes again.
        let id = person(world, FARAH, None).await;
        let mut farah = browser(world, &accounts, &id).await;
        let page = farah.get("/me/email").await.with(200);
        assert!(!page.body.contains("/me/email/subscribe"));
        let owned = id.clone();
        write(world.store(), move |tx| {
            sql!(
                "UPDATE email SET verified_by = 'mail' WHERE account_id = :id",
                id = owned
            )
            .run(tx, platform::Rows::Exactly(1))
        })
        .await;
        let page = farah.get("/me/email").await.with(200);
        let form = page.form("/me/email/subscribe");
        farah.submit(&page, &form).await.with(303);
        assert_eq!(suppressed(world).await, []);
    });
}

#[test]
fn one_mail_a_day_goes_past_a_bounce_and_its_link_ends_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, FARAH, None).await;
        let mut farah = browser(world, &accounts, &id).await;
        suppress(world, Cause::HardBounce).await;
        let page = farah.get("/me/email").await.with(200);
        let form = page.form("/me/email/receive");
        farah.submit(&page, &form).await.with(303);
        farah.submit(&page, &form).await.with(429);
        let path = link(world, "/email/receive/").await;
        deliver(world).await;
        assert_eq!(newest(world).await, "sent");
        let page = farah.get(&path).await.with(200);
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
        let form = page.form("");
        farah.submit(&page, &form).await.with(200);
        farah.submit(&page, &form).await.with(200);
        assert_eq!(suppressed(world).await, []);
        expect(world, &accounts, FARAH, "mail-receive-subject");

        // The person cannot end a suppression that an administrator has made.
        suppress(world, Cause::Manual).await;
        let page = farah.get("/me/email").await.with(200);
        assert!(!page.body.contains("/me/email/receive"));
    });
}

#[test]
fn administrators_see_the_list_and_owners_lift_anything() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let [owner, admin, nobody] = [
            person(world, "owner@example.my", None).await,
            person(world, "admin@example.my", None).await,
            person(world, FARAH, None).await,
        ];
        give(world, &owner, OWNER, &Scope::site()).await;
        give(world, &admin, ADMIN, &Scope::site()).await;
        let list = "/api/v1/admin/suppressions";
        let mut nobody = browser(world, &accounts, &nobody).await;
        nobody.get(list).await.with(403);
        nobody.get("/admin/suppressions").await.with(403);
        for cause in [Cause::HardBounce, Cause::Complaint] {
            suppress(world, cause).await;
            let mut admin = browser(world, &accounts, &admin).await;
            let found = admin.get(list).await.with(200).json();
            let one = &found["items"][0];
            assert_eq!(one["cause"], cause.word());
            assert!(one["address"].is_null(), "no mail went there");
            assert_eq!(one["hash"].as_str().unwrap().len(), 12);
            let path = format!("{list}/{}", one["id"].as_str().unwrap());
            let (status, left) = match cause {
                Cause::Complaint => (403, vec![cause]),
                _ => (204, Vec::new()),
            };
            admin
                .call(Method::DELETE, &path, &Value::Null)
                .await
                .with(status);
            assert_eq!(suppressed(world).await, left);
        }
        let mut owner = browser(world, &accounts, &owner).await;
        let page = owner.get("/admin/suppressions").await.with(200);
        let form = page.form("/admin/suppressions/lift");
        owner.submit(&page, &form).await.with(303);
        owner.submit(&page, &form).await.with(404);
        assert_eq!(suppressed(world).await, []);
        let lifted = actions(world).await;
        let lifted = lifted.iter().filter(|one| *one == "suppression.lifted");
        assert_eq!(lifted.count(), 2);
    });
}

const SECRET: &str = "whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu";

async fn call_back(world: &World, accounts: &Context, path: &str, body: &Value) -> u16 {
    call_back_signed(world, accounts, path, "webhook", body).await
}

/// Posts a signed callback of a mail provider. Returns the response's status. The names of the
/// signature's headers begin with `prefix`.
async fn call_back_signed(
    world: &World,
    accounts: &Context,
    path: &str,
    prefix: &str,
    body: &Value,
) -> u16 {
    let at = world.clock.now().as_second();
    let signed = format!("msg.{at}.{body}");
    let secret = STANDARD.decode(&SECRET[6..]).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    let mac = mac.chain_update(signed).finalize().into_bytes();
    let mut provider = visitor(accounts);
    let [id, timestamp, signature] = if prefix == "svix" {
        ["svix-id", "svix-timestamp", "svix-signature"]
    } else {
        ["webhook-id", "webhook-timestamp", "webhook-signature"]
    };
    provider
        .header(id, "msg")
        .header(timestamp, &at.to_string())
        .header(signature, &format!("v1,{}", STANDARD.encode(mac)));
    let answer = provider.call(Method::POST, path, body).await;
    answer.status.as_u16()
}

#[test]
fn a_provider_tells_what_became_of_a_mail() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        let path = "/hooks/mail/generic";
        let say = |what: &str, address: &str, message: &str| json!({"type": what, "address": address, "message_id": message});
        let bounce = &say("hard_bounce", FARAH, "1");
        assert_eq!(call_back(world, &accounts, path, bounce).await, 404);
        accounts.mail_callbacks = platform::webhook_key::WebhookKey::parse(SECRET);
        assert_eq!(
            call_back(world, &accounts, "/hooks/mail/other", bounce).await,
            404
        );
        for body in [
            say("opened", FARAH, "1"),
            say("complaint", "farah", "1"),
            say("complaint", FARAH, ""),
            json!([]),
        ] {
            assert_eq!(
                call_back(world, &accounts, path, &body).await,
                422,
                "{body}"
            );
        }
        let mut unsigned = visitor(&accounts);
        unsigned.call(Method::POST, path, bounce).await.with(401);
        assert_eq!(suppressed(world).await, []);
        for _ in 0..2 {
            assert_eq!(call_back(world, &accounts, path, bounce).await, 204);
        }
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
        let filter = audit::Filter::default();
        let log = read(world.store(), move |tx| audit::list(tx, &filter, None, 10)).await;
        assert_eq!(log.len(), 1);
    });
}

#[test]
fn resend_tells_in_its_own_form_what_became_of_a_mail() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        let path = "/hooks/mail/resend";
        let say = |kind: &str, bounce: &str, id: &str| {
            json!({
                "type": kind,
                "created_at": "2026-11-22T23:41:12.126Z",
                "data": {
                    "email_id": id,
                    "from": "Kenduri <post@kad.example>",
                    "to": [FARAH, "not an address"],
                    "subject": "Save the date",
                    "bounce": { "type": bounce, "subType": "General", "message": "gone" },
                },
            })
        };
        let bounce = &say("email.bounced", "Permanent", "1");
        let call = async |accounts: &Context, prefix, body: &Value| {
            call_back_signed(world, accounts, path, prefix, body).await
        };
        assert_eq!(call(&accounts, "svix", bounce).await, 404);
        accounts.mail_callbacks = platform::webhook_key::WebhookKey::parse(SECRET);
        assert_eq!(call(&accounts, "webhook", bounce).await, 401);
        assert_eq!(call(&accounts, "svix", &json!([])).await, 422);
        for kind in ["email.opened", "email.sent", "domain.updated"] {
            let body = say(kind, "Permanent", "1");
            assert_eq!(call(&accounts, "svix", &body).await, 204, "{kind}");
        }
        let unnamed = say("email.complained", "", "");
        assert_eq!(call(&accounts, "svix", &unnamed).await, 204);
        assert_eq!(suppressed(world).await, []);
        for _ in 0..2 {
            assert_eq!(call(&accounts, "svix", bounce).await, 204);
        }
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
        let complaint = say("email.complained", "", "2");
        assert_eq!(call(&accounts, "svix", &complaint).await, 204);
        assert_eq!(suppressed(world).await, [Cause::Complaint]);
    });
}

#[test]
fn three_passing_failures_that_resend_tells_hold_an_address() {
    World::in_file(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        accounts.mail_callbacks = platform::webhook_key::WebhookKey::parse(SECRET);
        for id in ["1", "2", "3"] {
            assert_eq!(suppressed(world).await, []);
            let body = json!({
                "type": "email.bounced",
                "data": { "email_id": id, "to": [FARAH], "bounce": { "type": "Transient" } },
            });
            let status =
                call_back_signed(world, &accounts, "/hooks/mail/resend", "svix", &body).await;
            assert_eq!(status, 204);
        }
        assert_eq!(suppressed(world).await, [Cause::SoftBounce]);
    });
}
