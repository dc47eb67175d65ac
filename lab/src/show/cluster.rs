//! Shows that several machines on one PostgreSQL lose nothing while machines and servers fail. Each
//! part runs a test of the built program in steps, with the full number of repetitions. Needs
//! `PostgreSQL`, Patroni, etcd and `HAProxy`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::repeated::{Plan, Results};
use crate::command::{program, run};
use crate::example::{install_node, install_python};
use crate::postgres::PrivatePostgres;
use crate::workspace::root;

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
    /// Two machines behind `HAProxy`, one of which is killed, stopped or frozen, 100 times.
    Machines,
    /// 20 planned switches of Patroni.
    Switches,
    /// 20 primary servers killed under Patroni, which come back as standbys.
    Kills,
    /// The network to a primary server under Patroni cut 10 times. As root only.
    Cuts,
    /// 20 standbys that take over without Patroni.
    Standbys,
    /// 200 commits whose answer is lost.
    Commits,
    /// Both machines become another version, one after the other, 10 times.
    Upgrades,
    /// 5,000 mails and 200 reminders of three machines, of which two are killed 10 times, and one
    /// has a wrong clock.
    Mails,
    /// The stories of the browser and the test of the API, each request to the next of two programs.
    Stories,
    /// A table of one, two and four programs.
    Table,
}

impl Part {
    fn plan(self) -> Option<Plan> {
        let (name, times, step, tests) = match self {
            Self::Machines => ("machines", 100, 10, "a_machine_may_die_stop_or_freeze"),
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
            Self::Cuts => (
                "cuts",
                10,
                5,
                "nobody_sees_that_a_primary_server_is_cut_off",
            ),
            Self::Standbys => ("standbys", 20, 1, "nobody_sees_that_a_standby_takes_over"),
            Self::Upgrades => (
                "upgrades",
                10,
                5,
                "nobody_sees_that_both_machines_become_another_version",
            ),
            Self::Mails => ("mails", 10, 10, "three_machines_send_each_mail_once"),
            Self::Commits | Self::Stories | Self::Table => return None,
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
            if *part == Part::Cuts && !rustix::process::geteuid().is_root() {
                println!("\ncuts: left out, because only root may make a network");
                continue;
            }
            match (part, part.plan()) {
                (_, Some(plan)) => plan.run(&into)?,
                (Part::Stories, None) => stories()?,
                (Part::Table, None) => {
                    run(program("cargo").args(["xtask", "bench", "machines"]))?;
                }
                (_, None) => commits()?,
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

/// A script stands in for the program, and starts two of it behind `HAProxy` on one `PostgreSQL`.
fn stories() -> Result<()> {
    run(program("cargo").args(["build", "--locked", "-p", "kenduri"]))?;
    let (browser, api) = (root().join("tests/browser"), root().join("tests/api"));
    install_node(&browser)?;
    install_python(&api)?;
    let script = root().join("tests/balanced/kenduri.py");
    run(program(api.join(".venv/bin/python"))
        .arg("api.py")
        .current_dir(&api)
        .env("TESTED_PROGRAM", &script))?;
    run(program("npm")
        .args(["test", "--silent"])
        .current_dir(&browser)
        .env("TESTED_PROGRAM", &script))
}
