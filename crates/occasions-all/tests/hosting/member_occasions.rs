//! Tests of occasions that ordinary members of the site create.

use identity::notification;
use identity::people::invite;
use occasions::hosting::answers::{self, Overrides};
use occasions::hosting::member_occasions::{
    self, CREATE, Decision, MAILS_A_DAY, MailLeave, OWN_LIMIT,
};
use occasions::hosting::occasions::{self as made, may_create};
use occasions::hosting::{Refusal, enter, members};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::id::OccasionId;
use occasions::role;
use occasions::words::ReplyStatus;
use platform::audit::RequestFacts;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::setting::SettingValues;
use web::{Input, Site};

use crate::parts::portal;
use crate::stage::{Host, Stage, on_default};

fn with_members(site: &Site) -> Site {
    let mut values = SettingValues::default();
    values.set_word(CREATE, "members").unwrap();
    site.clone().with_settings(values)
}

async fn make(
    stage: &Stage<'_>,
    site: &Site,
    by: &Host,
    number: i64,
) -> Result<OccasionId, Refusal> {
    let (site, who) = (site.clone(), by.who.clone());
    let input = Input::from(json!({
        "slug": format!("kenduri-{number}"), "kind": "wedding", "title": {"en": "Kenduri"},
        "hosts": {"en": "Farah"}, "time_zone": "Asia/Kuala_Lumpur", "languages": ["en"],
        "default_language": "en",
    }));
    let change = move |tx: &mut Tx<'_>| made::create(tx, &site, &who, &input, None);
    stage.site.store.write(change).await
}

async fn decide(
    stage: &Stage<'_>,
    by: &Host,
    id: &OccasionId,
    decision: Decision,
) -> Result<(), Refusal> {
    let (who, id) = (by.who.clone(), id.clone());
    let request = RequestFacts {
        request_id: "test".to_owned(),
        network: None,
    };
    let change = move |tx: &mut Tx<'_>| member_occasions::decide(tx, &who, &id, decision, &request);
    stage.site.store.write(change).await
}

async fn makes_host(stage: &Stage<'_>, id: &OccasionId) -> bool {
    let scope = role::scope(id);
    let look = move |tx: &mut Tx<'_>| (occasions_all::DOMAIN.accounts.makes_host)(tx, &scope);
    stage.site.store.read(look).await.unwrap()
}

#[test]
fn members_make_five_where_the_configuration_lets_them() {
    on_default(async |stage| {
        let (site, member) = (with_members(&stage.site), &stage.observer);
        for (site, may) in [(&stage.site, false), (&site, true)] {
            let (site, who) = (site.clone(), member.who.clone());
            let look = move |tx: &mut Tx<'_>| may_create(tx, &site, &who);
            assert_eq!(stage.site.store.read(look).await.unwrap(), may);
        }
        let refused = make(stage, &stage.site, member, 0).await;
        assert!(matches!(refused, Err(Refusal::Forbidden)));
        for number in 0..OWN_LIMIT {
            make(stage, &site, member, number).await.unwrap();
        }
        let refused = make(stage, &site, member, OWN_LIMIT).await;
        assert!(matches!(refused, Err(Refusal::LimitReached(OWN_LIMIT))));
        // Administrators are notified once about a member's new occasion. Administrators themselves
        // have no limit on occasions.
        let id = stage.stranger.account.clone();
        let unread = move |tx: &mut Tx<'_>| notification::count_unread(tx, &id);
        assert_eq!(stage.site.store.read(unread).await.unwrap(), 1);
        let own = make(stage, &site, &stage.stranger, 9).await.unwrap();
        assert!(makes_host(stage, &own).await);
    });
}

#[test]
fn the_last_hundred_are_the_staffs() {
    on_default(async |stage| {
        let site = with_members(&stage.site);
        let fill = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 1..900 {
                sql!(
                    "INSERT INTO occasion SELECT :id, :slug, kind, status, title, subtitle, kicker,
                         welcome, farewell, hosts, time_zone, currency, languages,
                         default_language, rsvp_deadline, default_plus_ones, default_children,
                         contact_name, contact_email, contact_phone, theme, tone, switches,
                         retention_days, version, made_by, by_staff, sends_mail, revision,
                         created_at, updated_at, open_party_limit, cover, cover_alt,
                         archived_for, country, channels, form_events
                     FROM occasion ORDER BY created_at LIMIT 1",
                    id = format!("00000000-0000-7000-8000-{number:012}"),
                    slug = format!("full-{number}")
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.site.store.write(fill).await.unwrap();
        let refused = make(stage, &site, &stage.observer, 1).await;
        assert!(matches!(refused, Err(Refusal::LimitReached(900))));
        make(stage, &site, &stage.stranger, 1).await.unwrap();
    });
}

#[test]
fn a_members_occasion_sends_what_somebody_of_the_site_let_it_send() {
    on_default(async |stage| {
        let site = with_members(&stage.site);
        let id = make(stage, &site, &stage.observer, 1).await.unwrap();
        assert!(!makes_host(stage, &id).await);
        let own = stage.invitation("RAHMA").await;
        let open = stage.invitation("ROSSI").await;
        let (opened, here) = (open.clone(), id.clone());
        let answer = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            sql!(
                "INSERT INTO open_answer (invitation, occasion, likeness, is_duplicate, created_at)
                 VALUES (:invitation, :occasion, 'x', 0, 0)",
                invitation = opened,
                occasion = here
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        stage.site.store.write(answer).await.unwrap();
        let leave = async || {
            let (id, own, open) = (id.clone(), own.clone(), open.clone());
            let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                Ok((
                    member_occasions::may_mail(tx, &id, &own)?,
                    member_occasions::may_mail(tx, &id, &open)?,
                ))
            };
            stage.site.store.read(look).await.unwrap()
        };
        // Nobody has answered for either of them.
        assert_eq!(leave().await, (MailLeave::Denied, MailLeave::Denied));
        let refused = decide(stage, &stage.owner, &id, Decision::LetSend).await;
        assert!(matches!(refused, Err(Refusal::NotFound)));
        let mut boss = stage.visitor(&stage.stranger);
        let page = boss.get("/admin").await;
        let mut form = page.form("/admin/members");
        form.press("action", "mail");
        boss.submit(&page, &form).await.expect(303);
        assert_eq!(leave().await, (MailLeave::Granted, MailLeave::Granted));
        // Administrators can also revoke and restore the permission to send mail.
        for (action, leave_now) in [("no-mail", MailLeave::Denied), ("mail", MailLeave::Granted)] {
            let page = boss.get("/admin").await;
            let mut form = page.form("/admin/members");
            form.press("action", action);
            boss.submit(&page, &form).await.expect(303);
            assert_eq!(leave().await, (leave_now, leave_now), "{action}");
        }
        assert!(!makes_host(stage, &id).await);
        let nobody = stage.visitor(&stage.observer).get("/admin").await;
        assert!(
            nobody
                .forms()
                .iter()
                .all(|form| form.action != "/admin/members")
        );

        let scope = id.to_string();
        let send = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 0..MAILS_A_DAY {
                sql!(
                    "INSERT INTO mail (id, scope, stream, recipient, recipient_name, subject, text,
                         state, doubts, created_at, changed_at)
                     VALUES (:id, :scope, 'transactional', 'a@example.com', '', '', '', 'sent', 0,
                         :now, :now)",
                    id = number.to_string(),
                    scope = &scope,
                    now = tx.now()
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.site.store.write(send).await.unwrap();
        assert_eq!(leave().await, (MailLeave::Later, MailLeave::Later));
        decide(stage, &stage.stranger, &id, Decision::TakeOn)
            .await
            .unwrap();
        assert_eq!(leave().await, (MailLeave::Granted, MailLeave::Granted));
        assert!(makes_host(stage, &id).await);
        let forget =
            |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM mail WHERE subject = ''"), &[], Rows::Any);
        stage.site.store.write(forget).await.unwrap();
    });
}

#[test]
fn what_a_host_types_is_mailed_only_where_the_site_lets_the_occasion_send() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let set = |sends_mail: bool| {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!("UPDATE occasion SET sends_mail = :sends_mail", sends_mail)
                    .run(tx, Rows::Any)?;
                sql!(
                    "UPDATE invitation SET email = :email WHERE code = 'RAHMA'",
                    email = "rahma@example.my"
                )
                .run(tx, Rows::Any)?;
                Ok(())
            };
            stage.site.store.write(change)
        };
        let answer = async |status: ReplyStatus| {
            let (id, before) = (id.clone(), portal(stage, &id).await);
            let change = HouseholdChange {
                version: Some(before.household.invitation.version),
                guests: vec![GuestUpdate {
                    id: Some(before.household.guests[0].id.clone()),
                    replies: [("reception".to_owned(), status)].into(),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            };
            let overrides = Overrides {
                mail: true,
                ..Overrides::default()
            };
            stage
                .done(move |tx, host| answers::save(tx, host, &id, &change, overrides))
                .await;
        };
        let waiting = || {
            let look = |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                let kind = "occasions.confirm";
                sql!("SELECT COUNT(*) FROM job WHERE kind = :kind", kind).one::<(i64,)>(tx)
            };
            stage.site.store.read(look)
        };
        set(false).await.unwrap();
        answer(ReplyStatus::Yes).await;
        assert_eq!(waiting().await.unwrap(), (0,));
        set(true).await.unwrap();
        stage.expect_confirmations();
        answer(ReplyStatus::No).await;
        assert_eq!(waiting().await.unwrap(), (1,));
    });
}

#[test]
fn a_members_occasion_admits_nobody_without_an_account() {
    on_default(async |stage| {
        let site = with_members(&stage.site);
        for (number, by, admits) in [(1, &stage.observer, false), (2, &stage.stranger, true)] {
            let id = make(stage, &site, by, number).await.unwrap();
            let who = by.who.clone();
            let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
                let host = enter(tx, &who, &id, None)?;
                let secret = members::invite(tx, &host, role::Role::Observer)?;
                let domains = crate::stage::DOMAINS;
                Ok(
                    invite::find(tx, &site::domains::for_identity(domains), &secret)?
                        .unwrap()
                        .admits_newcomers,
                )
            };
            let found = stage.site.store.write(look).await.unwrap();
            assert_eq!(found, admits);
        }
    });
}

#[test]
fn a_member_takes_no_address_that_led_to_another_occasion() {
    on_default(async |stage| {
        let site = with_members(&stage.site);
        let occasion = stage.occasion.clone();
        let leave = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            sql!(
                "INSERT INTO occasion_alias (slug, occasion) VALUES ('kenduri-1', :occasion)",
                occasion
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        stage.site.store.write(leave).await.unwrap();
        let refused = make(stage, &site, &stage.observer, 1).await;
        assert!(matches!(refused, Err(Refusal::SlugTaken)));
        make(stage, &site, &stage.stranger, 1).await.unwrap();
    });
}
