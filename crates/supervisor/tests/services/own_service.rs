//! Tests of the program's own service, which runs in a separate process.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use supervisor::state::{Exit, InstanceState};
use supervisor::{
    Channel, Control, ControlError, LogQuery, NotificationKind, OWN_SERVICE, OwnService, Plan,
};
use tempfile::TempDir;

use crate::support::{Fixture, PATIENCE, folder, kill, lives, plan, until, wish};

/// A script that sends its pid, its argument and the value of `MARK` on its channel, and obeys
/// one-letter commands from the channel. At the stop signal, it reports the signal and continues
/// until a command ends it.
const PART: &str = r#"
import os, signal, socket, sys
channel = socket.socket(fileno=0)
def asked(*_):
    with open("order", "a") as order:
        order.write("own asked\n")
    try:
        channel.sendall(b"asked\n")
    except OSError:
        pass
signal.signal(signal.SIGTERM, asked)
channel.sendall(("%d %s %s\n" % (os.getpid(), sys.argv[1], os.environ.get("MARK"))).encode())
while True:
    told = channel.recv(1)
    if told == b"r":
        out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        out.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    elif told == b"7":
        os._exit(7)
    else:
        os._exit(0)
"#;

fn part(folder: &TempDir, word: &str) -> OwnService {
    let script = folder.path().join("part.py");
    fs::write(&script, PART).unwrap();
    let command = [
        "python3".to_owned(),
        script.display().to_string(),
        word.to_owned(),
    ];
    let mut own = OwnService::new(command.into());
    own.directory = folder.path().to_owned();
    own.environment
        .insert("MARK".to_owned(), "{instance}".to_owned());
    own.backoff = (Duration::from_millis(1), Duration::from_millis(1));
    own
}

struct Talk {
    channel: Channel,
    lines: BufReader<UnixStream>,
}

impl Talk {
    fn begin(fixture: &mut Fixture) -> Self {
        let channel = fixture.channel();
        channel.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let lines = BufReader::new(channel.stream.try_clone().unwrap());
        Self { channel, lines }
    }

    /// Waits for the next start of the program's own service, and makes it ready.
    fn ready(fixture: &mut Fixture) -> Self {
        let mut talk = Self::begin(fixture);
        talk.hear();
        talk.tell("r");
        let run = talk.channel.run;
        fixture.crew(OWN_SERVICE, |crew| {
            crew.ready.iter().any(|member| member.run == run)
        });
        talk
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    fn tell(&mut self, letter: &str) {
        self.channel.stream.write_all(letter.as_bytes()).unwrap();
    }
}

/// Applies a plan in which only the program's own service has changed.
async fn renewed(control: &Control, wanted: Plan) -> Result<(), ControlError> {
    let [changed] = <[_; 1]>::try_from(control.apply(wanted).await?).unwrap();
    changed.outcome
}

#[test]
fn it_has_a_channel_the_environment_and_the_outputs_and_is_ready_when_it_says_so() {
    let folder = folder();
    let own = part(&folder, "{socket}");
    // A service without a socket or a health check counts as ready after a second.
    let mut fixture = Fixture::with_own(folder, "[other]\nrun = \"sleep 1000\"", own);
    let mut talk = Talk::begin(&mut fixture);
    let pid = talk.channel.pid;
    assert_eq!(
        talk.hear(),
        format!("{pid} {{socket}} {{instance}}\n"),
        "words stay as they are"
    );
    fixture.ready("other", 1);
    assert_eq!(fixture.rows(OWN_SERVICE)[0].state, InstanceState::Starting);
    talk.tell("r");
    fixture.ready(OWN_SERVICE, 1);
    assert_eq!(fixture.pid(OWN_SERVICE), pid);
    let mine = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let environment = mine("environ");
    assert!(environment.contains("CARGO_MANIFEST_DIR=") && environment.contains("NOTIFY_SOCKET="));
    let is_setting =
        |variable: &str| variable.starts_with("KENDURI_") && !variable.starts_with("KENDURI_TEST_");
    assert!(
        !environment.split('\0').any(is_setting),
        "those are settings"
    );
    for output in [1, 2] {
        let leads = |pid: &str| fs::read_link(format!("/proc/{pid}/fd/{output}")).unwrap();
        assert_eq!(leads(&pid.to_string()), leads("self"));
    }
    let named = wish(OWN_SERVICE);
    let all = fixture.wait(fixture.control.logs(&LogQuery::default()));
    assert_eq!(all.unwrap(), []);
    let said = fixture.wait(fixture.control.logs(&named));
    assert!(matches!(said, Err(ControlError::Refused(_))));
    let followed = fixture.wait(fixture.control.follow(named));
    assert!(matches!(followed, Err(ControlError::Refused(_))));
    assert!(!fixture.folder.path().join("logs/kenduri.log").exists());
    talk.tell("0");
    let mut rest = Vec::new();
    talk.lines.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"", "the channel ends with it");
}

#[test]
fn a_next_one_takes_over_while_the_old_one_finishes() {
    let folder = folder();
    let own = part(&folder, "old");
    let next = part(&folder, "new");
    let mut fixture = Fixture::with_own(folder, "", own);
    let mut old = Talk::ready(&mut fixture);
    let control = fixture.control.clone();
    let wanted = plan(fixture.folder.path(), "").unwrap().with(next);
    let renewal = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(renewed(&control, wanted))
    });
    let mut new = Talk::begin(&mut fixture);
    assert!(new.hear().contains(" new "), "the other command");
    assert_eq!((old.channel.generation, new.channel.generation), (1, 2));
    assert_eq!(
        fixture.ready(OWN_SERVICE, 1).ready[0].run,
        old.channel.run,
        "nobody leaves before"
    );
    new.tell("r");
    assert_eq!(old.hear(), "asked\n");
    assert_eq!(renewal.join().unwrap(), Ok(()));
    assert_eq!(fixture.ready(OWN_SERVICE, 1).ready[0].run, new.channel.run);
    // The new process exits while the old one is still finishing its requests.
    new.tell("7");
    let third = Talk::ready(&mut fixture);
    assert_eq!(third.channel.generation, 2);
    assert!(lives(old.channel.pid));
    let standings: Vec<_> = fixture
        .rows(OWN_SERVICE)
        .iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(standings, [InstanceState::Stopping, InstanceState::Ready]);
    old.tell("0");
    until("the old one is gone", || {
        fixture.rows(OWN_SERVICE).len() == 1
    });
    assert_eq!(fixture.pid(OWN_SERVICE), third.channel.pid);
    // The new plan does not contain the program's own service.
    let other = plan(fixture.folder.path(), "[a]\nrun = \"sleep 1000\"").unwrap();
    fixture.wait(fixture.control.apply(other)).unwrap();
    assert_eq!(fixture.pid(OWN_SERVICE), third.channel.pid);
    kill(third.channel.pid, Signal::KILL);
    Talk::ready(&mut fixture);
}

#[test]
fn a_next_one_that_is_never_ready_leaves_the_old_one() {
    let folder = folder();
    let own = part(&folder, "old");
    let mut late = part(&folder, "late");
    late.start_within = Duration::from_millis(300);
    late.stop_within = Duration::from_millis(100);
    let mut broken = part(&folder, "broken");
    broken.command = vec!["false".to_owned()];
    let mut fixture = Fixture::with_own(folder, "", own);
    let old = Talk::ready(&mut fixture);
    for (next, why) in [
        (late, "not ready within"),
        (broken, "code 1 before it was ready"),
    ] {
        let wanted = plan(fixture.folder.path(), "").unwrap().with(next);
        let refused = fixture.wait(renewed(&fixture.control, wanted)).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
        until("it is alone", || fixture.rows(OWN_SERVICE).len() == 1);
        assert_eq!(fixture.pid(OWN_SERVICE), old.channel.pid);
        assert_eq!(fixture.rows(OWN_SERVICE)[0].state, InstanceState::Ready);
    }
}

#[test]
fn the_program_learns_that_it_cannot_start_and_with_what_code() {
    let folder = folder();
    let own = part(&folder, "word");
    let mut fixture = Fixture::with_own(folder, "", own);
    let mut news = fixture.control.notifications();
    let mut failure = |fixture: &Fixture| {
        fixture.wait(async {
            loop {
                if let NotificationKind::Failed {
                    exit, was_ready, ..
                } = news.recv().await.unwrap().what
                {
                    return (exit, was_ready);
                }
            }
        })
    };
    for _ in 0..12 {
        let mut talk = Talk::begin(&mut fixture);
        talk.hear();
        talk.tell("7");
        assert_eq!(
            failure(&fixture),
            (Some(Exit::Code(7)), false),
            "never given up"
        );
    }
    let mut talk = Talk::ready(&mut fixture);
    talk.tell("7");
    assert_eq!(failure(&fixture), (Some(Exit::Code(7)), true));
    Talk::ready(&mut fixture);
}

#[test]
fn it_is_stopped_before_everybody_else() {
    let folder = folder();
    let own = part(&folder, "word");
    let mut fixture = Fixture::with_own(
        folder,
        r#"
        [a]
        run = 'trap "echo a asked >> order; exit" TERM; echo here; while :; do sleep 0.05; done'
        shell = true
        "#,
        own,
    );
    let mut talk = Talk::ready(&mut fixture);
    until("it listens", || fixture.log_text("a").contains("here"));
    let order = fixture.folder.path().join("order");
    let ending = std::thread::spawn(move || {
        assert_eq!(talk.hear(), "asked\n");
        let before = fs::read_to_string(&order).unwrap();
        talk.tell("0");
        before
    });
    let folder = fixture.stop();
    assert_eq!(ending.join().unwrap(), "own asked\n");
    let order = fs::read_to_string(folder.path().join("order")).unwrap();
    assert_eq!(order, "own asked\na asked\n");
}
