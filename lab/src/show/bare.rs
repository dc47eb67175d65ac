//! README's two commands on a bare Debian: a clone where other users may not look, by root or by an
//! ordinary user, with or without sudo.
//!
//! Rust is the one of this machine, which may not be the one that rustup would install.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use tempfile::TempDir;

use super::dist::{debian, wait_for_invitation};
use crate::command::{output, program, run};
use crate::workspace::root;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    /// Who clones, builds and tests.
    #[arg(long, value_enum, default_value_t = Who::Root)]
    who: Who,
    /// Further words for `cargo xtask test`, such as `-- --fast`.
    #[arg(last = true)]
    words: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `cargo run -- serve --demo`, until an invitation is open.
    First,
    /// `cargo xtask test`.
    Tests,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    Root,
    /// An ordinary user, for whom root has installed the packages that tests need.
    User,
    /// An ordinary user who may use sudo.
    Sudo,
}

const USER: &str = "aisyah";
const RELEASE: &str = "bookworm";
const PACKAGES: &str = "build-essential,git,ca-certificates,sudo";
const FIRST_WITHIN: Duration = Duration::from_mins(30);

/// In a home folder that nobody else may enter. `$0` is the user.
const CLONE: &str = "
    id \"$0\" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash \"$0\"
    chmod 700 /root $(getent passwd \"$0\" | cut -d: -f6)
    exec setpriv --reuid=\"$0\" --regid=\"$0\" --init-groups --reset-env \
        sh -euc 'cd && git clone --quiet /opt/kenduri.bundle kenduri'";
/// What the test command says is missing.
const INSTALL: &str = "
    cd $(getent passwd \"$0\" | cut -d: -f6)/kenduri
    missing=$(cargo xtask test --no-install 2>&1 | sed -n 's/^hint: .*apt-get install //p')
    rm -rf target
    apt-get --quiet=2 update
    DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 install --no-install-recommends $missing";

pub(super) fn show(wanted: &Wanted) -> Result<()> {
    let is_wanted = |part| wanted.only.is_none_or(|only| only == part);
    let bare = Bare::new(wanted.who)?;
    if is_wanted(Part::First) {
        let took = bare.open_first()?;
        println!(
            "{:>7.0} s  cargo run -- serve --demo, to an invitation",
            took.as_secs_f64()
        );
    }
    if is_wanted(Part::Tests) {
        let took = bare.test(&wanted.words)?;
        println!(
            "{:>7.0} s  cargo xtask test {}",
            took.as_secs_f64(),
            wanted.words.join(" ")
        );
    }
    Ok(())
}

/// With a clone of the current commit.
struct Bare {
    place: TempDir,
    /// The folder of the Rust toolchain on this machine.
    rust: PathBuf,
    who: Who,
}

impl Bare {
    fn new(who: Who) -> Result<Self> {
        let folder = root().join("target/show");
        fs::create_dir_all(&folder)?;
        let place = TempDir::with_prefix_in("bare-", folder)?;
        let rust = output(program("rustc").args(["--print", "sysroot"]))?;
        let bare = Self {
            place,
            rust: PathBuf::from(rust),
            who,
        };
        let tree = bare.tree();
        debian(RELEASE, PACKAGES, &tree)?;
        for name in ["resolv.conf", "hosts", "ssl/certs/ca-certificates.crt"] {
            let name = Path::new("etc").join(name);
            fs::copy(Path::new("/").join(&name), tree.join(&name))?;
        }
        // Where it is missing, programs that share memory have to do without.
        fs::remove_dir(tree.join("dev/shm")).or_else(|failure| match failure.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(failure),
        })?;
        fs::write(
            tree.join("etc/sudoers.d/kenduri"),
            format!("{USER} ALL=(ALL) NOPASSWD: ALL\n"),
        )?;
        if who != Who::Sudo {
            fs::remove_file(tree.join("usr/bin/sudo"))?;
        }
        fs::create_dir_all(tree.join("opt/rust"))?;
        output(
            program("git")
                .args(["bundle", "create", "--quiet"])
                .arg(tree.join("opt/kenduri.bundle"))
                .arg("HEAD"),
        )?;
        run(&mut bare.inside(CLONE, bare.user()))?;
        if who == Who::User {
            run(&mut bare.inside(INSTALL, bare.user()))?;
        }
        Ok(bare)
    }

    fn tree(&self) -> PathBuf {
        self.place.path().join("system")
    }

    fn user(&self) -> &'static str {
        match self.who {
            Who::Root => "root",
            Who::User | Who::Sudo => USER,
        }
    }

    /// As root of the bare Debian; `$0` is `word`. The outer shell stays, because the kernel ends
    /// it with `unshare` only as long as it belongs to root, and everything else with it. The tree
    /// becomes the root of its mounts, because the kernel refuses user namespaces after `chroot`,
    /// and mmdebstrap needs one where it is not root.
    fn inside(&self, script: &str, word: &str) -> Command {
        let mount = format!(
            "mount --bind {tree} {tree}
             mount --bind {rust} {tree}/opt/rust
             mount -t proc proc {tree}/proc
             cd {tree}
             pivot_root . .
             umount --lazy .
             cd /
             /usr/bin/env --ignore-environment HOME=/root \
                 PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                 sh -euc \"$@\" || exit",
            rust = self.rust.display(),
            tree = self.tree().display(),
        );
        let mut command = program("unshare");
        command
            .args(["--fork", "--pid", "--kill-child", "--mount", "sh", "-euc"])
            .args([&mount, "sh", script, word]);
        command
    }

    fn in_clone(&self, words: &str) -> Command {
        let script = format!(
            "exec setpriv --reuid=\"$0\" --regid=\"$0\" --init-groups \
             env HOME=$(getent passwd \"$0\" | cut -d: -f6) USER=\"$0\" \
             sh -euc 'cd && cd kenduri && exec {words}'"
        );
        self.inside(&script, self.user())
    }

    fn open_first(&self) -> Result<Duration> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let said = self.place.path().join("said");
        let log = File::create(&said)?;
        let begin = Instant::now();
        let mut demo: Child = self
            .in_clone(&format!("cargo run -- serve --demo --listen {address}"))
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .context("unshare is of Debian's package util-linux")?;
        let took = wait_for_invitation(&mut demo, &said, begin, FIRST_WITHIN);
        // The process may have exited already.
        let _ = demo.kill();
        let _ = demo.wait();
        took
    }

    fn test(&self, words: &[String]) -> Result<Duration> {
        let ordinary = words.iter().all(|word| {
            let mut letters = word.chars();
            letters.all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        });
        ensure!(ordinary, "options of `cargo xtask test`, please");
        let begin = Instant::now();
        run(&mut self.in_clone(&format!("cargo xtask test {}", words.join(" "))))?;
        Ok(begin.elapsed())
    }
}
