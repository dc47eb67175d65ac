//! Carries out the steps of an installation, and undoes them if one fails.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::machine_state::identity;
use super::step::Step;
use super::steps::Work;

/// Carries out all steps. If a step fails, undoes the previous steps.
pub fn do_all<W: Write>(
    work: &Work,
    told: &mut W,
    carry_out: impl Fn(&Step, &mut W) -> Result<()>,
) -> Result<()> {
    let mut all = |steps: &[Step]| steps.iter().try_for_each(|step| carry_out(step, told));
    all(&work.prepare)?;
    let mut begun = 0;
    let done = work.change.iter().try_for_each(|change| {
        begun += 1;
        all(&change.steps)
    });
    let Err(error) = done else {
        return Ok(());
    };
    tell(told, "That failed. Undoing the changes:");
    let undo = work.change.iter().take(begun).rev();
    let back = undo.flat_map(|change| &change.undo).chain(&work.again);
    // If one undo step fails, the other undo steps still run, so that as little as possible
    // remains.
    let left: Vec<String> = back
        .filter_map(|step| carry_out(step, told).err())
        .map(|error| format!("\n  {error:#}"))
        .collect();
    Err(error.context(if left.is_empty() {
        "the installation failed; units and running services are as they were before\n  \
         `journalctl -u kenduri -u kenduri.socket` may say more"
            .to_owned()
    } else {
        format!(
            "the installation failed, and units or running services are not as they were \
             before:{}\n  \
             `systemctl status kenduri kenduri.socket` shows what runs",
            left.concat()
        )
    }))
}

/// Prints a step. The installation continues even if nobody reads the output, as in `kenduri
/// install | head`.
pub fn tell(told: &mut impl Write, text: impl Display) {
    let _ = writeln!(told, "{text}");
}

const CHECK_DISK: &str = "\n  its file system must be writable and have room";

pub fn carry_out(step: &Step, told: &mut impl Write) -> Result<()> {
    match step {
        Step::Run(words) => {
            tell(told, words.join(" "));
            let [program, arguments @ ..] = words.as_slice() else {
                return Ok(());
            };
            // The check's output is long, so it is printed only if the check fails.
            let output = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .output()
                .with_context(|| {
                    format!(
                        "{program} could not be started\n  install it, or add its folder to PATH"
                    )
                })?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                bail!(
                    "{} failed: {}\n  correct what it says, and install again\n{}",
                    words.join(" "),
                    output.status,
                    said.trim()
                );
            }
        }
        Step::Folder { path, user } => {
            tell(told, format_args!("folder {} of {user}", path.display()));
            let (user, group) =
                identity(user).with_context(|| {
                    format!("there is no user {user}\n  add it (`useradd --system {user}`), or name another: --user NAME")
                })?;
            fs::create_dir_all(path)
                .with_context(|| format!("cannot make {}{CHECK_DISK}", path.display()))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))
                .and_then(|()| std::os::unix::fs::chown(path, Some(user), Some(group)))
                .with_context(|| {
                    format!(
                        "cannot give {} to its user\n  its file system must keep owners and modes",
                        path.display()
                    )
                })?;
        }
        Step::Write { path, text } => {
            let before = fs::read_to_string(path).ok();
            let same = before.as_ref() == Some(text);
            let word = if same { "unchanged" } else { "written" };
            tell(told, format_args!("{} {word}", path.display()));
            if !same {
                replace(path, text)
                    .with_context(|| format!("cannot write {}{CHECK_DISK}", path.display()))?;
            }
        }
        Step::Remove { path } => {
            tell(told, format_args!("{} removed", path.display()));
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot remove {}{CHECK_DISK}", path.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// If this fails, the old file stays. systemd ignores the temporary file because of its extension.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    let write = || {
        let mut file = fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&fresh);
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::fs::MetadataExt as _;

    use super::super::change::Change;
    use super::*;

    fn steps(all: &[&str]) -> Vec<Step> {
        let runs = all.iter().map(|words| Step::Run(vec![(*words).to_owned()]));
        runs.collect()
    }

    /// Carries out steps, where the steps in `broken` fail. Returns the steps that ran, and the
    /// final message.
    fn tried(told: &mut impl Write, broken: &[&str]) -> (String, String) {
        let change = |begin: &[&str], undo: &[&str]| Change {
            steps: steps(begin),
            undo: steps(undo),
        };
        let work = Work {
            prepare: steps(&["check"]),
            change: vec![
                change(&["write"], &["write-old"]),
                change(&["open", "start"], &["stop", "close"]),
            ],
            again: steps(&["start-old"]),
        };
        let done = RefCell::new(Vec::new());
        let said = do_all(&work, told, |step, told| {
            let Step::Run(words) = step else {
                return Ok(());
            };
            tell(told, &words[0]);
            done.borrow_mut().push(words[0].clone());
            anyhow::ensure!(!broken.contains(&&*words[0]), "{} failed", words[0]);
            Ok(())
        });
        let said = said.map_or_else(|error| format!("{error:#}"), |()| String::new());
        (done.into_inner().join(" "), said)
    }

    /// Returns an output that accepts no data.
    fn gone() -> impl Write {
        io::Cursor::new([0_u8; 0])
    }

    #[test]
    fn what_was_begun_is_taken_back_where_a_change_fails() {
        let mut told = Vec::new();
        let (done, said) = tried(&mut told, &[]);
        assert_eq!((&*done, &*said), ("check write open start", ""));

        let (done, said) = tried(&mut told, &["check"]);
        assert_eq!((&*done, &*said), ("check", "check failed"));

        let (done, _) = tried(&mut told, &["write"]);
        assert_eq!(done, "check write write-old start-old");

        for (broken, begun) in [("open", "open"), ("start", "open start")] {
            told.clear();
            let (done, said) = tried(&mut told, &[broken]);
            let back = "stop close write-old start-old";
            assert_eq!(done, format!("check write {begun} {back}"));
            assert!(said.contains("are as they were before"), "{said}");
            assert!(said.ends_with(&format!("{broken} failed")), "{said}");
            let told = String::from_utf8(told.clone()).unwrap();
            assert!(told.contains("Undoing the changes:\nstop\n"), "{told}");
        }
    }

    #[test]
    fn what_cannot_be_taken_back_is_said_and_the_rest_is_taken_back() {
        let (done, said) = tried(&mut Vec::new(), &["open", "stop", "write-old"]);
        assert_eq!(done, "check write open stop close write-old start-old");
        assert!(said.contains("are not as they were before"), "{said}");
        for broken in ["stop", "write-old", "open"] {
            assert!(said.contains(&format!("{broken} failed")), "{said}");
        }
        assert!(!said.contains("close failed"), "{said}");
    }

    #[test]
    fn nobody_needs_to_listen() {
        let (done, said) = tried(&mut gone(), &[]);
        assert_eq!((&*done, &*said), ("check write open start", ""));
        let (done, _) = tried(&mut gone(), &["open"]);
        assert_eq!(done, "check write open stop close write-old start-old");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit");
        let text = "text".to_owned();
        let write = Step::Write {
            path: path.clone(),
            text,
        };
        carry_out(&write, &mut gone()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        let step = Step::Remove { path: path.clone() };
        for _ in 0..2 {
            carry_out(&step, &mut gone()).unwrap();
            assert!(!path.exists());
        }
        let step = Step::Run(vec!["touch".to_owned(), path.display().to_string()]);
        carry_out(&step, &mut gone()).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn a_unit_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kenduri.service");
        let write = |text: &str| {
            let (path, text) = (path.clone(), text.to_owned());
            carry_out(&Step::Write { path, text }, &mut io::sink())
        };
        let inode = || fs::metadata(&path).unwrap().ino();
        write("before").unwrap();
        let before = inode();
        write("before").unwrap();
        assert_eq!(inode(), before, "unchanged");
        write("after").unwrap();
        assert_ne!(inode(), before);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Writing fails, because a folder already has the temporary file's name.
        fs::create_dir(folder.path().join("kenduri.service.new")).unwrap();
        assert!(write("never").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
    }
}
