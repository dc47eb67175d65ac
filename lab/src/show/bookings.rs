//! Shows that bookings hold what they promise when everything happens at once: every race, random
//! days, a kill at each step between gateway and store, and reminders. Each proof is a test, which
//! runs on both stores with the full number of repetitions. The results are kept in a file, so that
//! an interrupted run can be resumed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::{output, program};
use crate::interrupt;
use crate::postgres::PrivatePostgres;
use crate::workspace::root;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    /// Repeat each proof at most so many times, for a trial.
    #[arg(long, value_name = "NUMBER")]
    at_most: Option<usize>,
    /// The file to which the result of each step is appended.
    #[arg(long, value_name = "FILE", default_value = "target/show-bookings.txt")]
    into: PathBuf,
    /// Continue an interrupted run: skip the steps whose results are in the file.
    #[arg(long)]
    resume: bool,
}

/// A part of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// 200 rounds of every race: two who book, cancel, move, pay or decide at once.
    Races,
    /// 10,000 random days of booking, paying, cancelling, moving, disputing and crashing.
    Model,
    /// 200 payments at each gateway, with the process killed on the way.
    Kills,
    /// Reminders over a change of the clock, and after an outage.
    Reminders,
}

/// Of `crates/bookings/tests/booking`.
struct Proof {
    part: Part,
    /// The races of the specification, or what else the test is about.
    about: &'static str,
    test: &'static str,
    times: usize,
    /// The number of repetitions in one process.
    step: usize,
}

const fn race(about: &'static str, test: &'static str) -> Proof {
    Proof {
        part: Part::Races,
        about,
        test,
        times: 200,
        step: 200,
    }
}

const fn days(about: &'static str, test: &'static str) -> Proof {
    Proof {
        part: Part::Model,
        about,
        test,
        times: 5_000,
        step: 100,
    }
}

const fn kill(about: &'static str, test: &'static str) -> Proof {
    Proof {
        part: Part::Kills,
        about,
        test,
        times: 200,
        step: 50,
    }
}

const fn reminder(about: &'static str, test: &'static str) -> Proof {
    Proof {
        part: Part::Reminders,
        about,
        test,
        times: 1,
        step: 1,
    }
}

const PROOFS: &[Proof] = &[
    race("R1", "races::of_two_members_and_one_slot_one_books"),
    race(
        "R1",
        "races_of_times::of_many_members_one_books_and_the_others_keep_their_credits",
    ),
    race("R2", "races::a_double_click_books_once"),
    race(
        "R2",
        "races_of_times::a_double_click_with_a_key_books_once_and_gets_one_answer",
    ),
    race("R3", "credits::the_last_credit_books_one_of_two_sessions"),
    race(
        "R4",
        "races_of_times::a_booking_that_two_cancel_at_once_gives_one_credit_back",
    ),
    race(
        "R5",
        "races_of_times::a_session_that_is_cancelled_at_the_last_moment_does_not_take_place_too",
    ),
    race(
        "R5",
        "races_of_times::a_session_ends_in_one_way_whoever_says_so_first",
    ),
    race(
        "R6",
        "races_of_times::a_time_is_booked_after_it_was_given_back_or_not_at_all",
    ),
    race(
        "R7",
        "races_of_times::of_two_who_move_onto_one_time_one_does_and_the_other_keeps_theirs",
    ),
    race(
        "R8",
        "races_of_times::a_time_is_hidden_or_deleted_or_booked_and_only_one_of_it",
    ),
    race(
        "R8",
        "races_of_times::a_time_is_changed_or_booked_and_only_one_of_it",
    ),
    race("R9", "requests::of_two_who_confirm_at_once_one_does"),
    race(
        "R9",
        "requests::confirming_and_withdrawing_at_once_have_one_outcome",
    ),
    race(
        "R10",
        "races_of_money::an_event_and_a_return_and_their_repeats_settle_once",
    ),
    race(
        "R10",
        "races_of_money::a_payment_that_was_captured_never_counts_as_failed",
    ),
    race(
        "R10",
        "races_of_money::two_orders_that_are_paid_at_once_get_receipts_without_a_gap",
    ),
    race("R10", "races::two_who_settle_at_once_settle_once"),
    race(
        "R11",
        "races_of_money::a_receipt_that_is_replayed_on_a_dearer_order_meanwhile_pays_nothing",
    ),
    race(
        "R12",
        "races_of_money::money_that_lands_as_the_hold_ends_is_a_session_or_goes_back",
    ),
    race(
        "R12",
        "races::cancelling_and_paying_at_once_ends_without_money_or_with_a_session",
    ),
    race(
        "R13",
        "races_of_money::an_order_that_is_paid_in_two_tabs_is_settled_once_and_the_rest_goes_back",
    ),
    race(
        "R14",
        "races_of_money::two_who_cancel_what_was_paid_give_the_money_back_once",
    ),
    race(
        "R14",
        "races_of_money::nobody_books_with_a_credit_whose_payment_is_disputed",
    ),
    race(
        "R15",
        "races_of_money::a_plan_that_changes_while_it_is_bought_is_paid_and_granted_in_one_version",
    ),
    race(
        "R16",
        "races_of_times::a_credit_that_ends_meanwhile_is_spent_before_its_end_or_not",
    ),
    race(
        "R17",
        "memberships::the_last_one_of_a_plan_is_sold_once_and_the_other_payer_is_refunded",
    ),
    race("R18", "races_of_times::two_workers_do_each_job_once"),
    race(
        "R19",
        "payouts::an_approval_and_a_correction_at_once_end_as_one_of_both",
    ),
    race(
        "R20",
        "races_of_times::nobody_who_leaves_meanwhile_has_a_booking",
    ),
    race(
        "R20",
        "races_of_money::what_somebody_pays_who_leaves_meanwhile_goes_back",
    ),
    race(
        "one member, two sessions",
        "races::one_member_is_never_in_two_sessions_at_once",
    ),
    race("rooms", "rooms::as_many_book_at_once_as_there_are_rooms"),
    race(
        "reviews",
        "reviews::of_two_reviewers_one_takes_a_review_and_a_cancellation_wins_or_loses_whole",
    ),
    days("days", "model::random_days_leave_everything_in_agreement"),
    days(
        "days with disputes",
        "model::random_days_at_a_gateway_with_disputes_and_kills_leave_everything_in_agreement",
    ),
    kill(
        "Razorpay",
        "razorpay::a_kill_between_gateway_and_store_loses_neither_money_nor_service",
    ),
    kill(
        "Stripe",
        "stripe::a_kill_between_gateway_and_store_loses_neither_money_nor_service",
    ),
    reminder(
        "change of the clock",
        "reminding::each_side_is_reminded_once_24_hours_before_over_a_change_of_the_clock",
    ),
    reminder(
        "outage of two hours",
        "reminding::after_an_outage_it_comes_late_or_is_told_as_missed",
    ),
];

pub(super) fn show(wanted: &Wanted) -> Result<()> {
    let into = root().join(&wanted.into);
    if !wanted.resume {
        fs::write(&into, "").with_context(|| format!("cannot write {}", into.display()))?;
    }
    let postgres = PrivatePostgres::start(&[])?;
    println!(
        "{:<26}{:>8}{:>9}  violations  on SQLite and PostgreSQL",
        "", "times", "time"
    );
    for proof in PROOFS {
        if wanted.only.is_none_or(|only| only == proof.part) {
            let times = wanted.at_most.unwrap_or(proof.times).min(proof.times);
            proof.run(times, &into, &postgres.url())?;
        }
    }
    Ok(())
}

impl Proof {
    fn run(&self, times: usize, into: &Path, postgres: &str) -> Result<()> {
        let mut done = self.done(into);
        let begin = Instant::now();
        while done < times {
            ensure!(!interrupt::is_wanted(), "interrupted");
            let step = self.step.min(times - done);
            let said = output(
                program("cargo")
                    .args(["test", "--workspace", "--locked", "--test", "booking"])
                    .args(["--", "--nocapture", "--exact", self.test])
                    .env("KENDURI_TEST_POSTGRES", postgres)
                    .env("KENDURI_TEST_ROUNDS", step.to_string())
                    .env("KENDURI_TEST_SEED", done.to_string()),
            )?;
            ensure!(
                ran_on_both(&said),
                "{} did not run on both stores:\n{said}",
                self.test
            );
            done += step;
            let mut file = OpenOptions::new().create(true).append(true).open(into)?;
            writeln!(file, "{}: {done} of {}", self.test, self.times)?;
        }
        println!(
            "{:<26}{done:>8}{:>7.0} s{:>12}  {}",
            self.about,
            begin.elapsed().as_secs_f64(),
            0,
            self.test
        );
        Ok(())
    }

    /// According to the file.
    fn done(&self, into: &Path) -> usize {
        let text = fs::read_to_string(into).unwrap_or_default();
        let prefix = format!("{}: ", self.test);
        let marks = text.lines().filter_map(|line| line.strip_prefix(&prefix));
        let counts = marks.filter_map(|mark| mark.split_once(" of ")?.0.parse().ok());
        counts.max().unwrap_or(0)
    }
}

/// A name that no test has would succeed too, so the output must be that of one test.
fn ran_on_both(said: &str) -> bool {
    ["test result: ok. 1 passed", "on Sqlite", "on Postgres"]
        .iter()
        .all(|expected| said.contains(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_is_a_test() {
        let folder = root().join("crates/bookings/tests/booking");
        for Proof { test, .. } in PROOFS {
            let (module, name) = test.split_once("::").unwrap();
            let source = fs::read_to_string(folder.join(module).with_extension("rs")).unwrap();
            assert!(source.contains(&format!("#[test]\nfn {name}()")), "{test}");
        }
    }

    #[test]
    fn a_test_that_was_left_out_on_a_store_shows_nothing() {
        let whole = "on Sqlite\non Postgres\ntest result: ok. 1 passed; 0 failed";
        assert!(ran_on_both(whole));
        assert!(!ran_on_both(&whole.replace("1 passed", "0 passed")));
        assert!(!ran_on_both(&whole.replace("on Postgres\n", "")));
    }

    #[test]
    fn a_resumed_proof_goes_on_after_its_last_step() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results");
        let proof = days("", "model::some_days");
        assert_eq!(proof.done(&file), 0);
        let text = "model::other_days: 900 of 5000\nmodel::some_days: 100 of 5000\n";
        fs::write(&file, text).unwrap();
        assert_eq!(proof.done(&file), 100);
    }
}
