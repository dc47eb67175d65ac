//! Control groups (cgroups(7), version 2). Each instance gets its own control group if this process
//! may create control groups.
//!
//! With control groups, the kernel enforces memory limits, and all processes that an instance
//! started can be found. Control groups are created only below a control group that contains just
//! this process and was delegated to its user, as systemd does with `Delegate=`. So nothing else is
//! affected.
//!
//! A process enters its group while the shim waits for the start byte, and has started nothing by
//! then. `clone3` into the group would need `unsafe`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::plan::USUAL_WEIGHT;

/// A control group with controllers and child groups must not contain processes (cgroups(7), "no
/// internal processes"), so this process moves itself here.
const SUPERVISOR_GROUP: &str = "supervisor";

/// systemd sets the first one since version 251, for all users, and before that the second one, for
/// root only.
const DELEGATE_ATTRIBUTES: [&str; 2] = ["user.delegate", "trusted.delegate"];

const DELEGATE: &str = "under systemd, its unit needs Delegate=cpu memory";

/// Exists only if the total memory of all services is limited.
const SERVICES_GROUP: &str = "services";

#[derive(Debug)]
pub(crate) struct Cgroups {
    folder: PathBuf,
    /// The parent of the instances' control groups.
    parent: PathBuf,
    /// Whether control groups have the controller `cpu`.
    has_cpu: bool,
}

impl Cgroups {
    /// Prepares this process's control group for child groups. Changes nothing if this process has
    /// already prepared it before an `exec`.
    pub(crate) fn find() -> Result<Self, String> {
        let own = own_group(&text("/proc/self/cgroup"), &text("/proc/self/mountinfo"));
        let own = own.ok_or("this system has no control groups of version 2; start Linux with systemd.unified_cgroup_hierarchy=1")?;
        Self::at(&own, rustix::process::getpid())
    }

    fn at(own: &Path, me: Pid) -> Result<Self, String> {
        if own.ends_with(SUPERVISOR_GROUP)
            && let Some(parent) = own.parent()
            && has(parent, "cgroup.subtree_control", "memory")
            && read(parent, "cgroup.procs").is_ok_and(|inside| inside.is_empty())
        {
            let has_cpu = has(parent, "cgroup.subtree_control", "cpu");
            return Ok(Self::in_folder(parent, has_cpu));
        }
        let shown = own.display();
        if !has(own, "cgroup.controllers", "memory") {
            return Err(format!("{shown} does not control memory\n  {DELEGATE}"));
        }
        if !own.join("cgroup.kill").exists() {
            return Err(
                "the kernel cannot kill a whole control group; start Linux 5.14 or newer"
                    .to_owned(),
            );
        }
        if is_of_systemd(own) && !is_delegated(own) {
            return Err(format!(
                "systemd did not give {shown} to this process\n  {DELEGATE}"
            ));
        }
        let me = me.as_raw_nonzero().to_string();
        if !read(own, "cgroup.procs").is_ok_and(|inside| inside.trim() == me) {
            return Err(format!(
                "other processes are in {shown} too\n  run the program as a systemd service of its own"
            ));
        }
        let leaf = own.join(SUPERVISOR_GROUP);
        make(&leaf)?;
        let mut has_cpu = has(own, "cgroup.controllers", "cpu");
        let entered = write(&leaf, "cgroup.procs", &me).and_then(|()| {
            // The system may refuse only the controller `cpu`, for example because of realtime
            // processes.
            has_cpu = has_cpu && write(own, "cgroup.subtree_control", "+memory +cpu").is_ok();
            if has_cpu {
                Ok(())
            } else {
                write(own, "cgroup.subtree_control", "+memory")
            }
        });
        if let Err(error) = entered {
            // Undoes the previous changes. Errors are ignored.
            let _ = write(own, "cgroup.procs", &me);
            let _ = fs::remove_dir(leaf);
            return Err(error);
        }
        Ok(Self::in_folder(own, has_cpu))
    }

    fn in_folder(folder: &Path, has_cpu: bool) -> Self {
        Self {
            folder: folder.to_owned(),
            parent: folder.to_owned(),
            has_cpu,
        }
    }

    /// Limits the total memory of all instances, in bytes. The limit does not apply to instances
    /// that are already running.
    pub(crate) fn limit_all(&mut self, limit: u64) -> Result<(), String> {
        let parent = self.folder.join(SERVICES_GROUP);
        make(&parent)?;
        write(&parent, "memory.max", &limit.to_string())?;
        // The file does not exist on a system without swap.
        let _ = write(&parent, "memory.swap.max", "0");
        write(&parent, "cgroup.subtree_control", self.controllers('+'))?;
        self.parent = parent;
        Ok(())
    }

    pub(crate) fn share_processors(&self) -> bool {
        self.has_cpu
    }

    fn controllers(&self, sign: char) -> &'static str {
        match (sign, self.has_cpu) {
            ('+', true) => "+memory +cpu",
            ('+', false) => "+memory",
            (_, true) => "-memory -cpu",
            (_, false) => "-memory",
        }
    }

    /// Restores the original state of this process's control group. All instances must have exited.
    /// Errors are ignored, because the system removes the control groups later.
    pub(crate) fn restore(self) {
        let me = rustix::process::getpid().as_raw_nonzero().to_string();
        // This group exists only if the total memory of all services is limited.
        let _ = fs::remove_dir(self.folder.join(SERVICES_GROUP));
        let left = write(
            &self.folder,
            "cgroup.subtree_control",
            self.controllers('-'),
        )
        .and_then(|()| write(&self.folder, "cgroup.procs", &me));
        if left.is_ok() {
            let _ = fs::remove_dir(self.folder.join(SUPERVISOR_GROUP));
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates an empty control group. `limit` is the memory limit in bytes; `None` for no limit.
    /// `weight` is the share of the processor.
    pub(crate) fn make(
        &self,
        name: &str,
        limit: Option<u64>,
        weight: u32,
    ) -> Result<Cgroup, String> {
        let folder = self.parent.join(name);
        make(&folder)?;
        if self.has_cpu
            && weight != USUAL_WEIGHT
            && let Err(error) = write(&folder, "cpu.weight", &weight.to_string())
        {
            let _ = fs::remove_dir(folder);
            return Err(error);
        }
        if limit.is_none() && self.parent != self.folder {
            // If all services together reach their memory limit, the kernel kills a whole instance
            // instead of one of its processes.
            let _ = write(&folder, "memory.oom.group", "1");
        }
        if let Some(limit) = limit {
            let limited = write(&folder, "memory.max", &limit.to_string())
                // If memory is exhausted, the kernel kills the whole group, because a partly killed
                // instance would be useless.
                .and_then(|()| write(&folder, "memory.oom.group", "1"));
            if let Err(error) = limited {
                let _ = fs::remove_dir(folder);
                return Err(error);
            }
            // Without this limit of 0, swap would add to the memory limit. The file does not exist
            // on a system without swap.
            let _ = write(&folder, "memory.swap.max", "0");
        }
        Ok(Cgroup { folder })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Whether this control group is at the path that [`Cgroups::make`] uses for `name`. The path
    /// comes from a file that other users may have written. So this check ensures that only the
    /// supervisor's own control groups are changed.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.is_below(
            &cgroup_mount(&text("/proc/self/mountinfo")).unwrap_or_default(),
            name,
        )
    }

    fn is_below(&self, mount: &Path, name: &str) -> bool {
        let is_number = |part: &&str| part.parse::<u64>().is_ok();
        let parts: Vec<&str> = name.split('.').collect();
        // An instance's control group is named `NUMBER.NUMBER.SERVICE.NUMBER`. No systemd unit has
        // such a name.
        let is_name = match parts.as_slice() {
            [first, second, .., last] => {
                parts.len() >= 4 && [first, second, last].into_iter().all(is_number)
            }
            _ => false,
        };
        is_name
            && !mount.as_os_str().is_empty()
            && self.folder.starts_with(mount)
            && self.folder.iter().all(|part| part != "..")
            && self.folder.file_name().is_some_and(|last| last == name)
    }

    /// Moves a process into the control group. The process must not have children yet, because they
    /// would stay outside.
    pub(crate) fn add_process(&self, pid: Pid) -> Result<(), String> {
        let pid = pid.as_raw_nonzero().to_string();
        write(&self.folder, "cgroup.procs", &pid)
    }

    /// Whether the control group or one of its descendants contains a process.
    pub(crate) fn is_populated(&self) -> bool {
        let events = read(&self.folder, "cgroup.events");
        events.is_ok_and(|events| value_of(&events, "populated") == Some(1))
    }

    pub(crate) fn kill(&self) {
        // An error means that the control group no longer exists.
        let _ = write(&self.folder, "cgroup.kill", "1");
    }

    /// Returns the memory of the control group's processes, in bytes. It consists of their
    /// anonymous memory and of in-memory files (tmpfs). The page cache of files on disk is not
    /// included, because the kernel frees it when needed.
    pub(crate) fn memory(&self) -> Option<u64> {
        let stat = read(&self.folder, "memory.stat").ok()?;
        Some(value_of(&stat, "anon")? + value_of(&stat, "shmem")?)
    }

    /// Returns the user and system processor time of the control group's processes.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let stat = read(&self.folder, "cpu.stat").ok()?;
        Some(Duration::from_micros(value_of(&stat, "usage_usec")?))
    }

    /// Whether the kernel has killed a process of the control group because memory was exhausted.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let events = read(&self.folder, "memory.events");
        events.is_ok_and(|events| value_of(&events, "oom_kill").is_some_and(|kills| kills > 0))
    }

    /// Removes the control group and its descendants. They must not contain processes.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove(&self.folder)
    }
}

/// From the contents of `/proc/PID/cgroup` and `/proc/PID/mountinfo` (proc(5)).
fn own_group(groups: &str, mounts: &str) -> Option<PathBuf> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // A control group outside this process's cgroup namespace cannot be reached.
    if own.starts_with("..") {
        return None;
    }
    Some(cgroup_mount(mounts)?.join(own))
}

fn cgroup_mount(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, place) = (place.next()?, place.next()?);
        (kind.starts_with("cgroup2 ") && root == "/").then(|| place.into())
    })
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// In a file with one `name value` pair per line.
fn value_of(text: &str, name: &str) -> Option<u64> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.find(|(known, _)| *known == name)?.1.parse().ok()
}

fn is_of_systemd(folder: &Path) -> bool {
    let kind = folder.extension();
    kind.is_some_and(|kind| kind == "service" || kind == "scope")
}

fn is_delegated(folder: &Path) -> bool {
    DELEGATE_ATTRIBUTES.iter().any(|name| {
        let mut value = [0; 1];
        rustix::fs::getxattr(folder, *name, &mut value).is_ok() && value == *b"1"
    })
}

fn has(folder: &Path, file: &str, word: &str) -> bool {
    read(folder, file).is_ok_and(|text| text.split_whitespace().any(|known| known == word))
}

fn read(folder: &Path, file: &str) -> io::Result<String> {
    fs::read_to_string(folder.join(file))
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), String> {
    let path = folder.join(file);
    fs::write(&path, text).map_err(|why| refused(&path, &why))
}

fn make(folder: &Path) -> Result<(), String> {
    match fs::create_dir(folder) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => Err(refused(folder, &why)),
        _ => Ok(()),
    }
}

fn refused(path: &Path, why: &io::Error) -> String {
    format!("cannot write {}: {why}\n  {DELEGATE}", path.display())
}

fn remove(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // The kernel removes a control group's files together with the folder.
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 28 0:20 / /proc rw,nosuid - proc proc rw
26 23 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
";

    fn me() -> Pid {
        Pid::from_raw(4711).unwrap()
    }

    /// Makes a folder that looks like this process's control group.
    fn tree(controllers: &str, processes: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("cgroup.controllers", controllers),
            ("cgroup.procs", processes),
            ("cgroup.subtree_control", ""),
            ("cgroup.kill", ""),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn the_group_of_a_process_is_found() {
        let unit = "12:memory:/x\n0::/system.slice/kenduri.service\n";
        let found = |groups| own_group(groups, MOUNTS);
        let folder = Path::new("/sys/fs/cgroup/system.slice/kenduri.service");
        assert_eq!(found(unit).as_deref(), Some(folder));
        assert_eq!(found("0::/\n"), Some("/sys/fs/cgroup/".into()));
        assert_eq!(found("12:memory:/x\n"), None);
        assert_eq!(found("0::/../other\n"), None);
        assert_eq!(
            own_group(unit, "22 28 0:20 / /proc rw - proc proc rw\n"),
            None
        );
        let inside = MOUNTS.replace("0:23 / ", "0:23 /a ");
        assert_eq!(own_group(unit, &inside), None, "another part is mounted");
    }

    #[test]
    fn a_group_of_its_own_is_made_ready_and_found_again() {
        let folder = tree("cpu memory pids", "4711\n");
        let own = folder.path();
        // The kernel creates this file together with the folder.
        fs::create_dir(own.join(SUPERVISOR_GROUP)).unwrap();
        let groups = Cgroups::at(own, me()).unwrap();
        assert_eq!(groups.folder(), own);
        assert_eq!(
            read(&own.join(SUPERVISOR_GROUP), "cgroup.procs").unwrap(),
            "4711"
        );
        assert!(
            read(own, "cgroup.subtree_control")
                .unwrap()
                .contains("+memory")
        );
        // These are the contents that the kernel would show now.
        fs::write(own.join("cgroup.subtree_control"), "memory\n").unwrap();
        fs::write(own.join("cgroup.procs"), "").unwrap();
        let again = Cgroups::at(&own.join(SUPERVISOR_GROUP), me()).unwrap();
        assert_eq!(again.folder(), own);
    }

    #[test]
    fn what_belongs_to_others_is_left_alone() {
        let shared = tree("memory", "4711\n4712\n");
        let why = |folder: &tempfile::TempDir| Cgroups::at(folder.path(), me()).unwrap_err();
        assert!(why(&shared).starts_with("other processes are in"));
        let without = tree("cpu pids", "4711\n");
        assert!(why(&without).contains("does not control memory"));
        let old = tree("memory", "4711\n");
        fs::remove_file(old.path().join("cgroup.kill")).unwrap();
        assert!(why(&old).contains("Linux 5.14"));
        for folder in [shared, without, old] {
            assert!(!folder.path().join(SUPERVISOR_GROUP).exists());
        }
    }

    #[test]
    fn only_what_could_be_an_instance_s_is_believed() {
        let mount = Path::new("/sys/fs/cgroup");
        let is_of = |folder: &str, name: &str| {
            let folder = folder.into();
            Cgroup { folder }.is_below(mount, name)
        };
        let name = "4711.1700000000.web.one.3";
        assert!(is_of(
            &format!("/sys/fs/cgroup/kenduri.service/{name}"),
            name
        ));
        for (folder, name) in [
            ("/sys/fs/cgroup/system.slice/ssh.service", "ssh.service"),
            ("/sys/fs/cgroup/system.slice/a.1.2.service", "a.1.2.service"),
            ("/sys/fs/cgroup/x/1.2.web.3", "1.2.web.4"),
            ("/sys/fs/cgroup/../../srv/1.2.web.3", "1.2.web.3"),
            ("/srv/1.2.web.3", "1.2.web.3"),
            ("1.2.web.3", "1.2.web.3"),
        ] {
            assert!(!is_of(folder, name), "{folder}");
        }
        let group = Cgroup {
            folder: "/1.2.web.3".into(),
        };
        assert!(
            !group.is_below(Path::new(""), "1.2.web.3"),
            "no system has them"
        );
    }

    #[test]
    fn the_group_is_as_it_was_when_nothing_is_left() {
        let folder = tree("memory", "");
        fs::create_dir(folder.path().join(SUPERVISOR_GROUP)).unwrap();
        let groups = Cgroups::in_folder(folder.path(), false);
        groups.restore();
        let says = |file| read(folder.path(), file).unwrap();
        assert_eq!(says("cgroup.subtree_control"), "-memory");
        let me = rustix::process::getpid().as_raw_nonzero().to_string();
        assert_eq!(says("cgroup.procs"), me);
        assert!(!folder.path().join(SUPERVISOR_GROUP).exists());
    }

    #[test]
    fn who_may_not_go_on_goes_back() {
        let folder = tree("memory", "4711\n");
        let control = folder.path().join("cgroup.subtree_control");
        fs::remove_file(&control).unwrap();
        fs::create_dir(control).unwrap();
        let refused = Cgroups::at(folder.path(), me()).unwrap_err();
        assert!(refused.starts_with("cannot write"), "{refused}");
        assert_eq!(read(folder.path(), "cgroup.procs").unwrap(), "4711");
    }

    #[test]
    fn a_limit_is_for_the_whole_group_and_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let groups = Cgroups::in_folder(folder.path(), false);
        let group = groups.make("1.2.web.3", Some(32 << 20), 300).unwrap();
        assert!(!group.folder.join("cpu.weight").exists());
        let says = |file| read(&group.folder, file).unwrap();
        assert_eq!(says("memory.max"), "33554432");
        assert_eq!(says("memory.oom.group"), "1");
        assert_eq!(says("memory.swap.max"), "0");
        assert!(!group.is_populated() && !group.ran_out_of_memory());
        let stat = "anon 4096\nfile 81920\nkernel 7\nshmem 8192\nanon_thp 5\n";
        fs::write(group.folder.join("memory.stat"), stat).unwrap();
        assert_eq!(group.memory(), Some(12_288));
        let stat = "usage_usec 1500000\nuser_usec 900000\nsystem_usec 600000\n";
        fs::write(group.folder.join("cpu.stat"), stat).unwrap();
        assert_eq!(group.processor_time(), Some(Duration::from_millis(1_500)));
        let events = "low 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n";
        fs::write(group.folder.join("memory.events"), events).unwrap();
        assert!(group.ran_out_of_memory());
        fs::write(
            group.folder.join("cgroup.events"),
            "populated 1\nfrozen 0\n",
        )
        .unwrap();
        assert!(group.is_populated());
        group.kill();
        assert_eq!(says("cgroup.kill"), "1");

        let free = groups.make("1.2.web.4", None, 100).unwrap();
        fs::create_dir_all(free.folder.join("its/own")).unwrap();
        free.remove().unwrap();
        assert!(!free.folder.exists());
        free.remove().unwrap();
    }

    #[test]
    fn all_services_have_one_limit_and_share_the_processor_by_weight() {
        let folder = tree("cpu memory pids", "4711\n");
        // The kernel creates these files together with the folders.
        fs::create_dir(folder.path().join(SUPERVISOR_GROUP)).unwrap();
        let mut groups = Cgroups::at(folder.path(), me()).unwrap();
        assert!(groups.share_processors());
        let control = read(folder.path(), "cgroup.subtree_control").unwrap();
        assert_eq!(control, "+memory +cpu");
        groups.limit_all(600 << 20).unwrap();
        let all = folder.path().join(SERVICES_GROUP);
        assert_eq!(read(&all, "memory.max").unwrap(), "629145600");
        assert_eq!(read(&all, "memory.swap.max").unwrap(), "0");
        assert_eq!(
            read(&all, "cgroup.subtree_control").unwrap(),
            "+memory +cpu"
        );
        let group = groups.make("1.2.web.3", None, 300).unwrap();
        assert_eq!(group.folder, all.join("1.2.web.3"));
        assert_eq!(read(&group.folder, "cpu.weight").unwrap(), "300");
        assert_eq!(read(&group.folder, "memory.oom.group").unwrap(), "1");
        // These are the contents that the kernel shows after an upgrade by `exec`.
        fs::write(folder.path().join("cgroup.subtree_control"), "cpu memory\n").unwrap();
        fs::write(folder.path().join("cgroup.procs"), "").unwrap();
        let again = Cgroups::at(&folder.path().join(SUPERVISOR_GROUP), me()).unwrap();
        assert!(again.share_processors());
        again.restore();
        let control = read(folder.path(), "cgroup.subtree_control").unwrap();
        assert_eq!(control, "-memory -cpu");
    }
}
