//! Tests of the page on which administrators change the rules of bookings, group by group.

use identity::grant::{ADMIN, OWNER};
use platform::sql;
use serde_json::json;
use testkit::{Form, Page};

use crate::stage::{Booking, Person, Stage, on_default, prove, provider, rows};
use crate::strangers::set;

const RULES: &str = "/admin/sessions/settings";
pub(crate) const GROUPS: [&str; 12] = [
    "who",
    "cancelling",
    "no-show",
    "paying",
    "tax",
    "credits",
    "payouts",
    "classes",
    "requests",
    "documents",
    "rooms",
    "limits",
];

fn form(page: &Page, group: &str) -> Form {
    page.form(&format!("{RULES}/{group}"))
}

/// The names of the fields that a form shows.
fn shown(form: &Form) -> Vec<&str> {
    let shown = form.fields.iter().filter(|field| {
        let is_unit = field.name.strip_suffix(".unit").is_some();
        !is_unit && !["hidden", "submit"].contains(&field.kind.as_str())
    });
    let names = shown.map(|field| field.name.as_str());
    names.filter(|name| !name.is_empty()).collect()
}

/// The groups whose forms the page has.
fn open(page: &Page) -> Vec<&'static str> {
    let forms = page.forms();
    let is_open = |group: &&str| {
        let action = format!("{RULES}/{group}");
        forms.iter().any(|form| form.action == action)
    };
    GROUPS.into_iter().filter(is_open).collect()
}

async fn get(person: &mut Person, group: &str) -> Page {
    let page = person.browser.get(&format!("{RULES}/{group}")).await;
    assert_eq!(open(page.expect(200)), [group]);
    page
}

async fn stored(stage: &Stage<'_>) -> (i64, i64, i64) {
    let found = sql!("SELECT reschedule_limit, hold_minutes, hold_limit FROM booking_setting");
    rows(stage, found).await[0]
}

async fn owner(stage: &Stage<'_>) -> Person {
    let mut owner = stage.person_as("Siti Owner", OWNER).await;
    prove(stage, &mut owner).await;
    owner
}

#[test]
fn each_rule_is_in_one_group_whose_address_opens_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = owner(stage).await;
        let mut names: Vec<String> = Vec::new();
        for group in GROUPS {
            // What is typed in one group cannot be lost by saving another one of the same page.
            let page = get(&mut owner, group).await;
            let form = form(&page, group);
            names.extend(shown(&form).into_iter().map(str::to_owned));
        }
        let classes = get(&mut owner, "classes").await;
        assert!(shown(&form(&classes, "classes")).contains(&"waiting_hours"));
        names.sort();
        let api = "/api/v1/admin/booking-settings";
        let settings = owner.browser.get(api).await.json();
        let mut all: Vec<String> = settings.as_object().unwrap().keys().cloned().collect();
        all.retain(|name| name != "version");
        all.sort();
        assert_eq!(names, all);
        let page = owner.browser.get(RULES).await;
        assert_eq!(open(page.expect(200)), [""; 0]);
        let link = page.link(&stage.say("rules-paying"));
        assert_eq!(link.href, "/admin/sessions/settings/paying#paying");
        owner
            .browser
            .get("/admin/sessions/settings/all")
            .await
            .expect(404);
        let money = owner.browser.get("/admin/money").await;
        let link = money.link(&stage.say("money-rules"));
        assert_eq!(link.href, "/admin/sessions/settings/paying#paying");
        let mut aina = stage.person("Aina Yusof").await;
        for path in [RULES, "/admin/sessions/settings/paying"] {
            aina.browser.get(path).await.expect(403);
        }
    });
}

#[test]
fn each_group_says_its_values_in_words() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = owner(stage).await;
        for words in [
            "Everybody sees the times. An account is needed. The provider’s name is always shown.",
            "Free until 24 hours before the start; nothing back later. Moved at most 2 times.",
            "Unused plans: 7 days, and later if no session could be offered for 14 days.",
            "Reports until 2 days after the session. 2 days to answer.",
            "Times are kept for 15 minutes, at most 2 for one person. New prices in MYR.",
            "No tax. Seller: Kenduri Kami. The fiscal year begins in January.",
            "A session may begin up to 30 days after they end.",
            "From 7 days after the session. One person may approve and send.",
            "Free places are kept for at most 12 hours for the first who wait.",
            "2 times each, 3 open at once, 3 days to answer, 24 hours to pay.",
            "10 a day, kept for 180 days, 30 minutes in a call.",
            "5 hosts. 15 minutes between two sessions in a room.",
            "Proposed for new offers: 1 hour long, booked 2 hours to 60 days ahead.",
        ] {
            owner.sees(RULES, words).await;
        }
        for (group, fields) in [
            (
                "who",
                [("reveal", "after_booking"), ("reveal", "after_booking")],
            ),
            (
                "cancelling",
                [("cancel_minutes", "0"), ("late_refund_bps", "12,5")],
            ),
            ("tax", [("tax_bps", "19"), ("tax_label", "VAT")]),
            (
                "tax",
                [("seller", "Studio Farah\nIpoh"), ("fiscal_month", "4")],
            ),
            ("payouts", [("payout_days", "0"), ("payout_days", "0")]),
        ] {
            let page = get(&mut owner, group).await;
            let mut form = form(&page, group);
            for (name, value) in fields {
                form.fill(name, value);
            }
            if group == "who" {
                form.untick("browse_public", "1").tick("newcomers", "1");
                form.untick("member_busy", "1");
            }
            if group == "payouts" {
                form.tick("payout_two_people", "1");
            }
            owner.browser.submit(&page, &form).await.expect(303);
        }
        for words in [
            "Only people who are signed in see the times. No account is needed. The provider’s \
             name is shown after booking. Two sessions at the same time are allowed.",
            "Free until the start; 12.5 % back later.",
            "VAT 19 %, included. Seller: Studio Farah. The fiscal year begins in April.",
            "From the end of the session. Two people approve and send.",
        ] {
            owner.sees(RULES, words).await;
        }
    });
}

#[test]
fn saving_a_group_keeps_what_others_changed_meanwhile_in_other_groups() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = owner(stage).await;
        let page = get(&mut owner, "cancelling").await;
        let mut cancelling = form(&page, "cancelling");
        let other_tab = get(&mut owner, "paying").await;
        let mut paying = form(&other_tab, "paying");
        let other = stage.person_as("Noor Owner", OWNER).await;
        set(stage, &other, "hold_limit", json!(7)).await;
        cancelling.fill("reschedule_limit", "5");
        // A field of another group is not read.
        let foreign = paying
            .fields
            .iter()
            .find(|field| field.name == "hold_limit");
        cancelling.fields.push(foreign.unwrap().clone());
        let saved = owner.browser.submit(&page, &cancelling).await;
        let onward = "/admin/sessions/settings/cancelling?done=saved#cancelling";
        assert_eq!(saved.expect(303).location(), Some(onward));
        assert_eq!(stored(stage).await, (5, 15, 7));
        let page_after = owner.browser.get(onward.split('#').next().unwrap()).await;
        assert_eq!(open(page_after.expect(200)), ["cancelling"]);
        let text = page_after.text();
        assert!(text.contains("Moved at most 5 times."), "{text}");
        assert!(text.contains(&*stage.say("slot-saved")), "{text}");

        // What changed in the same group is shown, and saved over only by who has seen it.
        paying.fill("hold_minutes", "30");
        let refused = owner.browser.submit(&other_tab, &paying).await;
        assert_eq!(stored(stage).await, (5, 15, 7));
        assert_eq!(open(refused.expect(409)), ["paying"]);
        let meanwhile = stage.fill("form-clash-stored", [("value", "7".into())]);
        assert!(refused.text().contains(&meanwhile), "{}", refused.text());
        let again = form(&refused, "paying");
        assert_eq!(again.value("hold_minutes"), Some("30"));
        assert_eq!(again.value("hold_limit"), Some("2"));
        owner.browser.submit(&refused, &again).await.expect(303);
        assert_eq!(stored(stage).await, (5, 30, 2));
    });
}

#[test]
fn what_is_wrong_is_named_and_nothing_of_its_group_is_saved() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = owner(stage).await;
        let before = owner.browser.get("/api/v1/admin/booking-settings").await;
        let before = before.json();
        for (group, name, typed, code, other) in [
            (
                "cancelling",
                "cancel_minutes",
                "a day",
                "field-duration-invalid",
                "refund_days",
            ),
            (
                "cancelling",
                "late_refund_bps",
                "much",
                "field-percentage-invalid",
                "refund_days",
            ),
            ("tax", "tax_bps", "19", "field-required", "money_years"),
            (
                "rooms",
                "meeting_hosts",
                "10.0.0.1",
                "problem-host-invalid",
                "room_margin_minutes",
            ),
        ] {
            let page = get(&mut owner, group).await;
            let mut form = form(&page, group);
            form.fill(name, typed).fill(other, "21");
            let refused = owner.browser.submit(&page, &form).await;
            assert_eq!(open(refused.expect(422)), [group], "{name}");
            let again = self::form(&refused, group);
            assert_eq!(again.value(name), Some(typed));
            assert_eq!(again.value(other), Some("21"));
            // A tax without a name lacks the name.
            let wrong = if name == "tax_bps" { "tax_label" } else { name };
            let link = format!("<a href=\"#{wrong}\">");
            assert!(refused.body.contains(&link), "{name}: {}", refused.body);
            assert!(refused.text().contains(&*stage.say(code)), "{name}");
        }
        let page = get(&mut owner, "limits").await;
        let mut form = form(&page, "limits");
        form.fill("shortest_minutes", "3")
            .fill("shortest_minutes.unit", "hours")
            .fill("longest_minutes", "2")
            .fill("longest_minutes.unit", "hours");
        let refused = owner.browser.submit(&page, &form).await;
        let said = stage.fill("field-too-low", [("min", "3 hours".into())]);
        assert!(refused.expect(422).text().contains(&said), "{said}");
        let now = owner.browser.get("/api/v1/admin/booking-settings").await;
        assert_eq!(now.json(), before);
    });
}

#[test]
fn an_administrator_who_may_not_end_the_rule_of_two_reads_so_beside_it() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = owner(stage).await;
        set(stage, &owner, "payout_two_people", json!(true)).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        prove(stage, &mut admin).await;
        let page = get(&mut admin, "payouts").await;
        let mut form = form(&page, "payouts");
        form.untick("payout_two_people", "1")
            .fill("payout_days", "9");
        let refused = admin.browser.submit(&page, &form).await;
        let link = "<a href=\"#payout_two_people\">";
        assert!(refused.expect(403).body.contains(link));
        assert_eq!(
            self::form(&refused, "payouts").value("payout_days"),
            Some("9")
        );
        let kept = sql!("SELECT payout_two_people, payout_days FROM booking_setting");
        assert_eq!(rows::<(bool, i64)>(stage, kept).await, [(true, 7)]);
    });
}

#[test]
fn length_notice_and_horizon_are_proposed_for_new_offers() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = owner(stage).await;
        let said = stage.say("booking-set-proposed");
        let page = get(&mut owner, "limits").await;
        assert_eq!(page.text().matches(&*said).count(), 3);
        let mut form = form(&page, "limits");
        form.fill("offer_minutes", "45")
            .fill("offer_minutes.unit", "minutes")
            .fill("notice_minutes", "3")
            .fill("notice_minutes.unit", "days")
            .fill("horizon_days", "90");
        owner.browser.submit(&page, &form).await.expect(303);
        let mut farah = provider(stage).await;
        let new = "/me/offers/new";
        let proposed = async |farah: &mut Person| {
            let page = farah.browser.get(new).await;
            let form = page.expect(200).form(new);
            let names = [
                "lengths.0.minutes",
                "min_notice",
                "min_notice.unit",
                "horizon_days",
            ];
            names.map(|name| form.value(name).unwrap_or_default().to_owned())
        };
        assert_eq!(proposed(&mut farah).await, ["45", "3", "days", "90"]);
        // A length that is no longer allowed gives way to the nearest that is.
        set(stage, &owner, "shortest_minutes", json!(50)).await;
        assert_eq!(proposed(&mut farah).await, ["50", "3", "days", "90"]);
    });
}
