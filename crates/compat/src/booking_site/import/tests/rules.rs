//! Tests of the rules by which rows are refused, and of a second import.

use super::*;

const SLOT: &str = r#""mentor_id":"65a000000000000000000002","status":"available""#;

fn slot(id: u64, date: &str, from: &str, until: &str) -> String {
    format!(
        "{{\"_id\":\"s{id}\",{SLOT},\"date\":\"{date}\",\"start_time\":\"{from}\",\"end_time\":\"{until}\"}}"
    )
}

#[test]
fn a_bad_row_is_named_by_its_line_and_stops_only_the_writing() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.append("users", "{\"_id\":\"x\",\"email\":\"nobody\"}");
        stage.append("users", "{\"_id\":\"y\",\"email\":\"ASHA@older.example\"}");
        stage.append("bookings", "{\"_id\":\"b9\",\"status\":");
        stage.append("mentor_slots", &slot(9, "2026-13-01", "10:00", "11:00"));
        stage.append(
            "orders",
            "{\"_id\":\"o9\",\"email\":\"dev@older.example\",\"plan_id\":\"pro\",\"amount\":149900,\
             \"currency\":\"INR\",\"status\":\"paid\",\"razorpay_payment_id\":\"pay_older1\"}",
        );
        stage.append(
            "feedbacks",
            "{\"_id\":\"f9\",\"booking_id\":\"65f000000000000000000005\"}",
        );
        let before = rows(world.store()).await;
        for is_to_be_written in [false, true] {
            let report = stage.import(is_to_be_written).await;
            let text = report.to_string();
            for words in [
                "users.json:7: \"nobody\" is not a mail address",
                "users.json:8: asha@older.example is the address of account",
                "bookings.json:6: the file is cut off here",
                "mentor_slots.json:6: date is not a date",
                "orders.json:5: order ",
                "was paid with its payment pay_older1",
                "feedbacks.json:2: it has no rating from 1 to 5",
            ] {
                assert!(
                    text.to_lowercase().contains(&words.to_lowercase()),
                    "{words}: {text}"
                );
            }
            assert_eq!(report.counts("slots").0, 6, "the others are tried: {text}");
            assert_eq!(rows(world.store()).await, before, "nothing was written");
        }
    });
}

#[test]
fn local_times_are_read_as_those_of_slots() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let mut stage = Stage::bare(world);
        stage.zone = "Europe/London";
        stage.write("mentor_slots", &slot(1, "2027-03-28", "01:30", "02:30"));
        let report = stage.import(false).await.to_string();
        let said = "mentor_slots.json:1: 2027-03-28 01:30:00 does not exist in Europe/London";
        assert!(report.contains(said), "{report}");
        let rows = [
            slot(2, "2027-03-28", "00:30", "02:30"),
            slot(3, "2027-10-31", "01:30", "02:30"),
            slot(4, "2027-07-01", "09:00", "10:00"),
        ];
        stage.write("mentor_slots", &rows.join("\n"));
        let report = stage.take_over().await.to_string();
        assert!(
            report.contains("of which the earlier counts: 1"),
            "{report}"
        );
        let query = sql!(
            "SELECT CAST(starts_at AS TEXT) || ' ' || CAST((ends_at - starts_at) / 60000 AS TEXT)
             FROM slot ORDER BY starts_at"
        );
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert_eq!(
            stage.texts(query).await,
            [
                format!("{} 120", at("2027-03-28T00:30:00Z")),
                format!("{} 60", at("2027-07-01T08:00:00Z")),
                format!("{} 60", at("2027-10-31T00:30:00Z")),
            ]
        );
    });
}

#[test]
fn slots_ahead_that_overlap_stop_the_run() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::bare(world);
        let rows = [
            slot(1, "2026-12-01", "10:00", "11:00"),
            slot(2, "2026-12-01", "11:00", "12:00"),
            slot(3, "2026-12-01", "10:30", "11:30"),
        ];
        stage.write("mentor_slots", &rows.join("\n"));
        let report = stage.import(true).await;
        let text = report.to_string();
        let said = "mentor_slots.json:3: it is not over, and overlaps mentor_slots.json:1";
        assert!(text.contains(said) && report.refused() == 1, "{text}");
        assert_eq!(stage.texts(sql!("SELECT id FROM slot")).await, [""; 0]);
        // Two bookings of one future slot are refused.
        stage.write("mentor_slots", &rows[..2].join("\n"));
        let booking = |id: &str, member: &str| {
            format!(
                "{{\"_id\":\"{id}\",\"slot_id\":\"s1\",\"mentee_id\":\"{member}\",\"status\":\"confirmed\"}}\n"
            )
        };
        let both = booking("b1", "65a000000000000000000006") + &booking("b2", ASHA);
        stage.write("bookings", &both);
        let text = stage.import(true).await.to_string();
        assert!(
            text.contains("bookings.json:2: it is not over, and its slot has booking"),
            "{text}"
        );
    });
}

#[test]
fn the_owner_is_somebody_there_or_an_owner_here() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let mut stage = Stage::bare(world);
        stage.owner = "farah@example.com";
        let report = stage.import(true).await;
        let said = "--owner: farah@example.com is neither an active person of the older site nor an owner of this one; name another";
        assert!(report.to_string().contains(said), "{report}");
        let farah = testkit::people::person(world, stage.owner, None).await;
        let site = identity::grant::Scope::site();
        testkit::people::give(world, &farah, identity::grant::OWNER, &site).await;
        let report = stage.take_over().await;
        assert_eq!(report.counts("owners"), (0, 0), "{report}");
        assert!(
            report
                .to_string()
                .contains("Mentors without slots or bookings"),
            "{report}"
        );
        let duties = sql!("SELECT role FROM role_grant WHERE role = 'provider'");
        assert_eq!(stage.texts(duties).await, [""; 0]);
    });
}

#[test]
fn a_second_run_adds_what_is_new() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.take_over().await;
        stage.append("mentor_slots", &slot(7, "2026-12-07", "10:00", "11:00"));
        stage.append(
            "bookings",
            "{\"_id\":\"b7\",\"slot_id\":\"s7\",\"mentee_id\":\"65a000000000000000000001\",\
             \"status\":\"confirmed\"}",
        );
        stage.append(
            "orders",
            "{\"_id\":\"o7\",\"user_id\":\"65a000000000000000000001\",\"plan_id\":\"starter\",\
             \"amount\":49900,\"currency\":\"INR\",\"status\":\"paid\",\"razorpay_order_id\":\"order_7\",\
             \"razorpay_payment_id\":\"pay_7\",\"paid_at\":\"2026-11-20T07:00:00Z\"}",
        );
        stage.append(
            "users",
            "{\"_id\":\"new\",\"email\":\"new@older.example\",\"name\":\"New\"}",
        );
        let report = stage.take_over().await;
        for (kind, counts) in [
            ("people", (1, 6)),
            ("slots", (1, 5)),
            ("bookings", (1, 5)),
            ("orders", (1, 4)),
            ("reviews", (0, 2)),
            ("payouts", (0, 2)),
        ] {
            assert_eq!(report.counts(kind), counts, "{kind}: {report}");
        }
        // The member had 3 credits. Since the first run, one was spent and one was bought.
        let query = sql!(
            "SELECT CAST(CAST(SUM(l.granted - l.used) AS BIGINT) AS TEXT)
             FROM credit_lot l JOIN money_party p ON p.id = l.party_id
             JOIN email e ON e.account_id = p.account_id
             WHERE e.address = 'asha@older.example' AND l.credit_kind = 'session'"
        );
        assert_eq!(stage.texts(query).await, ["3"]);
    });
}

#[test]
fn the_documentation_names_every_field() {
    let page = include_str!("../../../../../../docs/move.md");
    for names in names::ALL {
        assert!(
            page.contains(&format!("`{}`", names.collection)),
            "{}",
            names.collection
        );
        let fields = names
            .fields
            .iter()
            .flat_map(|(ours, theirs)| [ours].into_iter().chain(*theirs));
        for field in fields.chain(names.ids) {
            assert!(
                page.contains(&format!("`{field}`")),
                "{}.{field}",
                names.collection
            );
        }
    }
}
