//! Tests of a supervisor process that runs as root, with data that belongs to another user. Its
//! sockets and logs are outside the data folder, where that user cannot replace them.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::parent::SERVER;
use crate::program::{Program, text};
use crate::upgrade::Copy;
use crate::users::{DAEMON, OWNER, STRANGER, give};

/// Runs a program with the umask of the unit that `kenduri install` writes.
pub(crate) const SCRIPT: &str = "umask 077; exec \"$0\" \"$@\"";

/// Returns the settings of a listening service that runs as `user`.
fn web(user: &str) -> String {
    format!(
        "[service.web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\n{user}\n\
         [[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n"
    )
}

/// An installation with data that belongs to another user. Dropping it deletes the separate folders
/// for sockets and logs.
pub(crate) struct Site(pub(crate) Copy);

impl Site {
    pub(crate) fn new(settings: &str) -> Self {
        let copy = Copy::new(settings);
        fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::write(copy.path().join("server.py"), SERVER).expect("written");
        fs::create_dir(copy.data()).expect("a folder");
        fs::set_permissions(copy.data(), fs::Permissions::from_mode(0o700)).expect("a mode");
        chown(copy.data(), Some(OWNER), Some(OWNER)).expect("an owner");
        Self(copy)
    }

    pub(crate) fn start(&self, more: &[&str]) -> Program {
        let (program, settings, data) = (self.0.program(), self.0.settings(), self.0.data());
        let mut words: Vec<&OsStr> = ["-c", SCRIPT].map(OsStr::new).to_vec();
        words.push(program.as_os_str());
        words.extend(["serve", "--listen", "127.0.0.1:0", "--config"].map(OsStr::new));
        words.extend([settings.as_os_str(), "--data".as_ref(), data.as_ref()]);
        words.extend(more.iter().map(OsStr::new));
        Copy::start(Path::new("sh"), &words)
    }
}

/// Returns an installation's separate folders for sockets and logs.
fn apart(copy: &Copy) -> [PathBuf; 2] {
    let data = fs::canonicalize(copy.data()).expect("data");
    let bytes = data.as_os_str().as_bytes();
    let letters = bytes[1..].iter().map(|byte| match byte {
        b'/' => "-".to_owned(),
        b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    let name: String = letters.collect();
    ["/run/kenduri", "/var/log/kenduri"].map(|folder| Path::new(folder).join(&name))
}

impl Drop for Site {
    fn drop(&mut self) {
        for folder in apart(&self.0) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Returns the id of the user who runs the process that responds at `/web/`.
fn user_of_web(program: &Program) -> u32 {
    let answer = program.get("/web/x");
    assert_eq!(answer.status, 200);
    let said = answer.text();
    let process = said.split(' ').next().expect("a process");
    let status = fs::metadata(format!("/proc/{process}"));
    status.expect("it runs").uid()
}

#[test]
fn what_another_user_puts_into_its_data_leads_root_nowhere() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let site = Site::new(&web("user = \"daemon\""));
    let here = site.0.path();
    let (target, lines) = (here.join("target"), here.join("lines"));
    fs::create_dir(&target).expect("a folder");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).expect("a mode");
    fs::write(&lines, "").expect("a file");
    let mut program = site.start(&["--set", "log.to=logs"]);
    assert_eq!(user_of_web(&program), *DAEMON);

    let exchange = "mv run run2; mv logs logs2; mkdir -p run/services run/processes logs; \
                    ln -s $0 run/services/web; ln -s ../run2/control.sock run/control.sock; \
                    ln -s $1 logs/web.log; ln -s $1 logs/parent.log";
    let mut command = Command::new("sh");
    command.args(["-c", exchange]).args([&target, &lines]);
    command.current_dir(site.0.data()).stderr(Stdio::null());
    let done = command.uid(OWNER).gid(OWNER).status();
    assert!(done.expect("sh").success());
    let restarted = site.0.order(&["restart", "web"]);
    assert_eq!(
        restarted.status.code(),
        Some(0),
        "{}",
        text(&restarted.stderr)
    );
    assert_eq!(user_of_web(&program), *DAEMON);
    // After a restart, the existing folders are reused.
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let mut program = site.start(&["--set", "log.to=logs"]);
    assert_eq!(user_of_web(&program), *DAEMON);
    let facts = fs::metadata(&target).expect("it is there");
    assert_eq!((facts.uid(), facts.mode() & 0o777), (0, 0o700));
    assert_eq!(fs::metadata(&lines).expect("it is there").len(), 0);

    // The folders depend on the data's real path, so a symbolic link leads to the same folders.
    let link = here.join("link");
    std::os::unix::fs::symlink(site.0.data(), &link).expect("a link");
    let mut found = Command::new(site.0.program());
    found
        .args(["ps", "--data"])
        .arg(&link)
        .stdout(Stdio::null());
    assert_eq!(found.status().expect("kenduri").code(), Some(0));
    // Only the users of the service and of the worker can access the socket.
    let [run, logs] = apart(&site.0);
    let folder = run.join("services/web");
    let facts = fs::metadata(&folder).expect("a folder");
    let rights = (facts.uid(), facts.gid(), facts.mode() & 0o777);
    assert_eq!(rights, (*DAEMON, OWNER, 0o710));
    for socket in fs::read_dir(&folder).expect("a folder") {
        let facts = socket.expect("an entry").metadata().expect("a socket");
        let rights = (facts.uid(), facts.gid(), facts.mode() & 0o777);
        assert_eq!(rights, (*DAEMON, OWNER, 0o660));
    }
    assert!(fs::metadata(logs.join("web.log")).expect("lines").len() > 0);
    // An upgrade keeps the folders for sockets and logs.
    site.0.change(&program);
    assert_eq!(user_of_web(&program), *DAEMON);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn services_that_name_nobody_run_as_the_settings_say() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let site = Site::new(&web(""));
    let mut program = site.start(&[]);
    assert_eq!(
        user_of_web(&program),
        OWNER,
        "as whoever the data belong to"
    );
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    let mut program = site.start(&["--set", "service_user=daemon"]);
    assert_eq!(user_of_web(&program), *DAEMON);
    let words = [
        "owner",
        "create",
        "--email",
        "evil@x.example",
        "--name",
        "Evil",
    ];
    // When Kenduri is stopped, a user without permission gets the same refusal.
    let refused = give(&site.0, *DAEMON, &words);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stdout));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let refused = give(&site.0, *DAEMON, &words);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stdout));
}

#[test]
fn root_in_a_folder_of_root_says_so_once() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let copy = Copy::new("");
    let log = copy.path().join("log");
    let file = fs::File::create(&log).expect("a file");
    let mut program = Program::watch_with(copy.command(), file.into());
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let said = fs::read_to_string(&log).expect("a log");
    assert_eq!(said.matches("the worker runs as root").count(), 1, "{said}");
    assert!(Path::new(&copy.data()).join("run").is_dir());
}

/// A Python script that listens on Kenduri's control socket and prints everything that it receives.
const LIAR: &str = "import socket, sys\n\
                    liar = socket.socket(socket.AF_UNIX)\n\
                    liar.bind(sys.argv[1])\n\
                    liar.listen()\n\
                    print('listens', flush=True)\n\
                    print(liar.accept()[0].recv(1000), flush=True)\n";

#[test]
fn whoever_answers_in_the_place_of_kenduri_is_told_nothing() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let copy = Copy::new("");
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let run = Path::new(&copy.data()).join("run");
    fs::create_dir_all(&run).expect("a folder");
    chown(&run, Some(STRANGER), Some(STRANGER)).expect("an owner");
    let mut liar = Command::new("python3");
    liar.args(["-c", LIAR]).arg(run.join("control.sock"));
    liar.uid(STRANGER).gid(STRANGER).stdout(Stdio::piped());
    let mut liar = liar.spawn().expect("python3");
    let mut lines = BufReader::new(liar.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("a line"), "listens");
    let refused = copy.order(&["ps"]);
    let why = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(why.contains("user 65533, who is neither root"), "{why}");
    assert_eq!(lines.next().expect("a line").expect("a line"), "b''");
    liar.wait().expect("its end");
    // Kenduri refuses a folder for sockets that belongs to another user.
    fs::remove_file(run.join("control.sock")).expect("removed");
    let refused = copy.command().output().expect("kenduri");
    let why = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(why.contains("belongs to another user"), "{why}");
}
