//! Shows that several machines on one PostgreSQL lose nothing while machines and servers fail. Each
//! part runs a test of the built program in steps, with the full number of repetitions. Needs
//! `PostgreSQL`, Patroni, etcd and `HAProxy`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::repeated::{Plan, Results};
use crate::command::{program, run};
use crate::postgres::PrivatePostgres;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    #[command(flatten)]
    results: Results,
}

/// A part of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Two machines behind `HAProxy`, one of which is killed or stopped, 100 times.
    Machines,
    /// 20 planned switches of Patroni.
    Switches,
    /// 20 primary servers killed under Patroni, which come back as standbys.
    Kills,
    /// 20 standbys that take over without Patroni.
    Standbys,
    /// 200 commits whose answer is lost.
    Commits,
}

impl Part {
    fn plan(self) -> Option<Plan> {
        let (name, times, step, tests) = match self {
            Self::Machines => ("machines", 100, 10, "a_machine_may_die_or_stop"),
            Self::Switches => (
                "switches",
                20,
                10,
                "nobody_sees_a_planned_switch_of_patroni",
            ),
            Self::Kills => (
                "kills",
                20,
                5,
                "nobody_sees_that_patroni_replaces_a_dead_server",
            ),
            Self::Standbys => ("standbys", 20, 1, "nobody_sees_that_a_standby_takes_over"),
            Self::Commits => return None,
        };
        Some(Plan {
            name,
            times,
            step,
            tests: ("end_to_end", tests),
        })
    }
}

pub(super) fn show(wanted: &Wanted) -> Result<()> {
    let into = wanted.results.open("cluster")?;
    for part in Part::value_variants() {
        if wanted.only.is_none_or(|only| only == *part) {
            match part.plan() {
                Some(plan) => plan.run(&into)?,
                None => commits()?,
            }
        }
    }
    Ok(())
}

/// Each round of the test loses two commits: one before it is done, and one after.
fn commits() -> Result<()> {
    let postgres = PrivatePostgres::start(&[])?;
    let test = "failover::a_commit_whose_answer_is_lost_is_done_once";
    run(program("cargo")
        .args(["test", "--workspace", "--locked", "--test", "ground"])
        .args(["--", "--exact", test])
        .env("KENDURI_TEST_POSTGRES", postgres.url())
        .env("KENDURI_TEST_ROUNDS", "100"))
}
