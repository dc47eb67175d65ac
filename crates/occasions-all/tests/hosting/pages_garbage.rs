//! Tests that forms with made-up fields and values are refused, and never cause a server error.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

/// Returns the paths of all pages that accept forms.
async fn addresses(stage: &Stage<'_>) -> Vec<String> {
    let invitation = stage.invitation("RAHMA").await;
    let mut owner = stage.visitor(&stage.owner);
    let events = owner.get(&format!("{HOME}/settings/events")).await;
    let event = events.link("Reception").href;
    let page = owner.get(&format!("{HOME}/invites/{invitation}")).await;
    let guest = page
        .link(&format!("{}, Rahman", stage.say("host-change")))
        .href;
    let of_invitation = [
        "edit",
        "answers",
        "lock",
        "unlock",
        "deadline",
        "sent",
        "order",
        "code",
        "restore",
        "guests/new",
    ];
    let of_occasion = [
        "invites/new",
        "invites/bulk",
        "reports",
        "settings/texts",
        "settings/basics",
        "settings/languages",
        "settings/look",
        "settings/cover",
        "settings/deadline",
        "settings/switches",
        "settings/contact",
        "settings/state",
        "settings/nothing",
        "settings/events/new",
        "members/invite",
        "members/withdraw",
        "members/change",
        "members/remove",
        "invites/nobody/edit",
        "invites/nobody/answers",
        "settings/events/nothing",
        "settings/questions/new",
        "settings/questions/song",
        "settings/questions/nothing",
        "settings/questions/song/remove",
        "settings/diets/new",
        "settings/diets/vegan",
        "settings/diets/nothing",
        "settings/diets/vegan/remove",
    ];
    let mut all = vec![
        "/admin/new".to_owned(),
        guest,
        event.clone(),
        format!("{event}/remove"),
        format!("{event}/schedule"),
    ];
    all.extend(of_invitation.map(|rest| format!("{HOME}/invites/{invitation}/{rest}")));
    all.extend(of_occasion.map(|rest| format!("{HOME}/{rest}")));
    all
}

const NAMES: &str = "version|submission_id|household|guests|email|tags|events|language|plus_ones|code|action|ids|all|query|go|tag|deadline|kind|format|title.en|hosts|slug|time_zone|languages|default_language|theme.preset|rsvp_deadline|contact.email|status|confirm|name|name.en|starts_at|ends_at|capacity|role|account|invite|until|open|deadline_override|age|reply.x.nikah|new.0.name|event.name|event.starts_at|switches.undecided|default_plus_ones|retention_days|asked_of|title.ms|choices.0.key|choices.0.label.en|choices.7.label.en|required|label.en|schedule.0.time|schedule.3.title.en|household.song|answer.x.bus|new.0.answer.bus|first|second|day|day_unknown|deadline|country|hour_known";

#[test]
fn no_form_makes_us_fail() {
    on_default(async |stage| {
        let addresses = addresses(stage).await;
        let names: Vec<&str> = NAMES.split('|').collect();
        let value = prop_oneof![
            Just(String::new()),
            Just("1".to_owned()),
            Just("-1".to_owned()),
            Just("99999999999999999999".to_owned()),
            Just("9999-12-31".to_owned()),
            Just("9999-12-31T23:59".to_owned()),
            Just("-9999-01-01T00:00".to_owned()),
            Just("2027-03-28T02:30".to_owned()),
            Just("deadline".to_owned()),
            Just("en".to_owned()),
            "\\PC{0,12}",
        ];
        let field = (proptest::sample::select(names), value);
        let form = proptest::collection::vec(field, 0..12);
        let sent = (proptest::sample::select(addresses), form);
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(
            config,
            proptest::test_runner::TestRng::deterministic_rng(
                proptest::test_runner::RngAlgorithm::ChaCha,
            ),
        );
        let mut owner = stage.visitor(&stage.stranger);
        let mut host = stage.visitor(&stage.owner);
        let mut read = 0;
        for _ in 0..400 {
            let (address, form) = sent.new_tree(&mut runner).unwrap().current();
            let fields: Vec<(&str, &str)> = form
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let visitor = if address == "/admin/new" {
                &mut owner
            } else {
                &mut host
            };
            let page = visitor.post(&address, &fields).await;
            // Advancing the clock keeps the requests below the limit on changes per minute.
            stage
                .world
                .clock
                .advance(jiff::SignedDuration::from_secs(2));
            read += usize::from(matches!(page.status.as_u16(), 200 | 303 | 409 | 422));
            assert!(
                page.status.as_u16() < 500,
                "{address} {fields:?}: {}",
                page.body
            );
        }
        assert!(read > 200, "only {read} of them came as far as a rule");
    });
}
