//! Applies changed settings without a restart.
//!
//! The supervisor process reads and checks the file, opens new sockets, and sends both to the
//! worker that serves. A worker that is starting gets them too. A worker that starts later gets the
//! settings that were last applied, whatever the file says by then.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Error, Result, bail};
use configuration::Asked;
use operate::control_requests::ControlResponse;
use operate::control_requests::Reply;
use operate::messages::ToWorker;
use supervisor::ServiceChange;
use supervisor::state::RunId;

use super::permissions;
use super::process::{ChangeLock, ParentProcess, is_stopped};
use super::service_config;
use super::sockets::Sockets;
use super::workers::answer;

/// The result of applying new settings. The settings are active even if some services failed.
pub(super) struct Applied {
    said: String,
    file: Option<PathBuf>,
    /// One sentence per failed service.
    failed: Vec<String>,
}

impl Applied {
    pub(super) fn outcome(self) -> Result<ControlResponse> {
        if !self.failed.is_empty() {
            bail!("{}", self.describe_all());
        }
        let Self { said, file, .. } = self;
        Ok(ControlResponse::Applied { said, file })
    }

    fn describe_all(&self) -> String {
        let Self { said, failed, .. } = self;
        format!(
            "the settings were applied, but not to every service\n{said}{}",
            failed.join("\n")
        )
    }
}

impl ParentProcess {
    /// Waits for the lock that every change of the settings needs.
    pub(super) async fn alone(&self) -> Result<ChangeLock> {
        let turn = Arc::clone(&self.changes).lock_owned();
        self.gate.unless_shut(turn).await
    }

    /// Reads the settings, and applies either all of them or none. However, if a service fails to
    /// start, the other settings are applied nevertheless.
    pub(super) async fn apply(&self) -> Result<Applied> {
        let alone = self.alone().await?;
        self.apply_alone(alone).await
    }

    async fn apply_alone(&self, _alone: ChangeLock) -> Result<Applied> {
        let (asked, configuration, plan) = {
            let mut settings = self.settings.lock().await;
            let (asked, configuration) = settings.read()?;
            let plan = service_config::plan(&configuration, &self.program)?;
            settings.sockets.open(&configuration.plan)?;
            (asked, configuration, plan)
        };
        let taken = self.serve_by(&asked).await;
        let mut settings = self.settings.lock().await;
        let (run, mut said) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                settings.close_others();
                return Err(error);
            }
        };
        let file = asked.found_file();
        let opened = permissions::let_through(&configuration, &settings.run, &plan);
        settings.replace(asked.clone(), configuration.plan);
        self.bring_along(run, &asked, &settings.sockets);
        drop(settings);
        let mut failed = Vec::new();
        if let Err(error) = opened {
            failed.push(format!("{error:#}"));
        }
        let changes = match self.control.apply(plan).await {
            Ok(changes) => changes,
            Err(error) => {
                failed.push(error.to_string());
                return Ok(Applied { said, file, failed });
            }
        };
        // Applying the settings succeeds even if a service does not start. So the services' states
        // are checked here.
        let rows = self.control.ps().await.unwrap_or_default();
        for changed in changes {
            let name = &changed.service;
            let (done, undone) = match changed.change {
                ServiceChange::Added => ("is being started", "was not started"),
                ServiceChange::Changed if is_stopped(&rows, name) => (
                    "is stopped; its new settings are used at its next start",
                    "was not changed",
                ),
                ServiceChange::Changed => ("was changed", "was not changed"),
                ServiceChange::Removed => ("was stopped", "was not stopped"),
            };
            match changed.outcome {
                Ok(()) => drop(writeln!(said, "Service {name} {done}.")),
                Err(error) => failed.push(format!("Service {name} {undone}: {error}")),
            }
        }
        Ok(Applied { said, file, failed })
    }

    /// Returns the worker's run and a description of the changes.
    async fn serve_by(&self, asked: &Asked) -> Result<(RunId, String)> {
        let (run, line) = self.workers.one_that_serves().await?;
        let sockets = self.settings.lock().await.sockets.share()?;
        let message = |id| ToWorker::Apply {
            id,
            asked: asked.clone(),
        };
        match answer(&line, message, sockets).await {
            Reply::Ok(ControlResponse::Applied { said, .. }) => Ok((run, said)),
            Reply::Ok(_) => bail!("the worker has another version; run `kenduri upgrade`"),
            Reply::Error(reason) => Err(Error::msg(reason)),
        }
    }

    /// To workers that were started after `run` and do not serve requests yet.
    fn bring_along(&self, run: RunId, asked: &Asked, sockets: &Sockets) {
        for (run, line) in self.workers.later_than(run) {
            let (asked, sockets) = (asked.clone(), sockets.share());
            tokio::spawn(async move {
                let message = |id| ToWorker::Apply { id, asked };
                let reply = match sockets {
                    Ok(sockets) => answer(&line, message, sockets).await,
                    Err(error) => Reply::Error(error.to_string()),
                };
                if let Reply::Error(reason) = reply {
                    tracing::error!(
                        run,
                        reason,
                        "a starting worker did not accept the settings; when it serves, replace it: kenduri reload kenduri"
                    );
                }
            });
        }
    }

    /// Like [`Self::apply`], but runs in the background and logs the result.
    pub(super) fn apply_and_log(self: &Arc<Self>, alone: ChangeLock) {
        let parent = Arc::clone(self);
        tokio::spawn(async move {
            match parent.apply_alone(alone).await {
                Ok(applied) if applied.failed.is_empty() => {
                    tracing::info!("{}", applied.said.trim_end());
                }
                Ok(applied) => tracing::error!("{}", applied.describe_all()),
                Err(error) => tracing::error!(
                    "nothing was changed; correct the settings, and reload again: {error:#}"
                ),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::future;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use configuration::Flag;
    use edge::Inherited;
    use jiff::Timestamp;
    use operate::channel::{self, Parcel};
    use operate::control_requests::{ControlRequest, services};
    use operate::messages::{RequestIds, ServeMode, ToParent};
    use supervisor::{Channel, OWN_SERVICE, Plan, ShimProgram, Supervisor, SupervisorOptions};
    use tokio::io::AsyncReadExt as _;
    use tokio::sync::mpsc;

    use super::*;
    use crate::domains::DOMAINS;
    use crate::parent::active_settings::Settings;
    use crate::parent::handover_note::HandoverNote;
    use crate::parent::process::UpgradeRequest;
    use crate::parent::program_file::ProgramFile;
    use crate::parent::service_config::FromSupervisor;

    const PATIENCE: Duration = Duration::from_secs(30);
    const ONE: &str = "[listen]\nhttp = [\"unix:one.sock\"]\n";
    const TWO: &str = "[listen]\nhttp = [\"unix:one.sock\", \"unix:two.sock\"]\n";

    /// A supervisor process with simulated workers and without services.
    struct TestParent {
        folder: tempfile::TempDir,
        parent: Arc<ParentProcess>,
        started: mpsc::UnboundedSender<Channel>,
        /// Sends the names of services whose planned restart is due.
        due: mpsc::UnboundedSender<Arc<str>>,
        _renewals: mpsc::Receiver<UpgradeRequest>,
    }

    struct Worker {
        outbox: mpsc::Sender<Parcel<ToParent>>,
        inbox: mpsc::Receiver<Parcel<ToWorker>>,
    }

    impl TestParent {
        fn build() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("kenduri.toml");
            std::fs::write(&file, ONE).unwrap();
            let asked = Asked {
                file: Some(file),
                flags: vec![Flag {
                    typed: "--data".to_owned(),
                    key: "data".to_owned(),
                    value: folder.path().to_string_lossy().into_owned(),
                }],
                ..Asked::default()
            };
            let configuration = configuration::load(DOMAINS, &asked).unwrap();
            let means = SupervisorOptions {
                launcher: ShimProgram::Other("/bin/false".into()),
                adopt_orphans: false,
                ..SupervisorOptions::in_folder(folder.path())
            };
            // These tests need no services, so the supervisor does not run.
            let (_, control) = Supervisor::new(&Plan::default(), means).unwrap();
            let mut sockets = Sockets::new(Inherited::default());
            sockets.open(&configuration.plan).unwrap();
            let run = configuration.folders.open().unwrap();
            let settings = Settings::new(asked, configuration, sockets, ServeMode::Usual, run);
            let (started, channels) = mpsc::unbounded_channel();
            let (due, due_restarts) = mpsc::unbounded_channel();
            let from_supervisor = FromSupervisor {
                channels,
                due_restarts,
            };
            let program = ProgramFile::this().unwrap();
            let numbers = RequestIds::after(41);
            let (parent, renewals) =
                ParentProcess::new(control, program, settings, from_supervisor, numbers);
            Self {
                folder,
                parent,
                started,
                due,
                _renewals: renewals,
            }
        }

        fn write(&self, text: &str) {
            std::fs::write(self.folder.path().join("kenduri.toml"), text).unwrap();
        }

        /// Starts a simulated worker. Returns the worker, the text of its settings, and the number
        /// of sockets that it received.
        async fn start(&self, run: RunId) -> (Worker, String, usize) {
            let (stream, theirs) = UnixStream::pair().unwrap();
            let channel = Channel {
                instance: 0,
                generation: 1,
                run,
                pid: 1,
                stream,
            };
            self.started.send(channel).unwrap();
            let (outbox, inbox, _) = channel::open(theirs).unwrap();
            let mut worker = Worker { outbox, inbox };
            match worker.hear().await {
                (ToWorker::Begin { asked, .. }, sockets) => (worker, asked.text.unwrap(), sockets),
                (other, _) => panic!("{other:?}"),
            }
        }
    }

    impl Worker {
        /// Returns the next message to the worker. Skips updates of the ready instances.
        async fn hear(&mut self) -> (ToWorker, usize) {
            loop {
                let heard = tokio::time::timeout(PATIENCE, self.inbox.recv()).await;
                match heard.expect("a message").expect("a supervisor process") {
                    (ToWorker::ReadyInstances(_), _) => {}
                    (message, sockets) => return (message, sockets.len()),
                }
            }
        }

        async fn hear_of_settings(&mut self) -> (u64, String, usize) {
            match self.hear().await {
                (ToWorker::Apply { id, asked }, sockets) => (id, asked.text.unwrap(), sockets),
                (other, _) => panic!("{other:?}"),
            }
        }

        /// Waits until the supervisor process asks whether an event is near, and replies.
        async fn tell_of_freeze(&mut self, until: Option<Timestamp>) {
            let (ToWorker::Request { id, order }, _) = self.hear().await else {
                panic!("no request");
            };
            assert!(matches!(order, ControlRequest::Freeze), "{order:?}");
            let reply = Reply::Ok(ControlResponse::Frozen { until });
            self.say(ToParent::Reply { id, reply }).await;
        }

        async fn say(&self, message: ToParent) {
            self.outbox.send((message, Vec::new())).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_worker_that_starts_meanwhile_does_what_is_applied() {
        let house = TestParent::build();
        let (mut first, text, sockets) = house.start(1).await;
        assert_eq!((text.as_str(), sockets), (ONE, 1));
        first.say(ToParent::Serving).await;
        house.parent.workers.first_served().await;
        house.write(TWO);
        let parent = Arc::clone(&house.parent);
        let applying = tokio::spawn(async move { parent.apply().await });
        let (id, text, sockets) = first.hear_of_settings().await;
        assert_eq!((text.as_str(), sockets), (TWO, 2));
        assert_eq!(
            id, 42,
            "no number is given twice, whichever program gives it"
        );
        // The new settings are not active yet, so a worker that starts now still gets the old ones.
        let (mut second, text, _) = house.start(2).await;
        assert_eq!(text, ONE);
        let said = "Changed: listen.http.\n".to_owned();
        let reply = Reply::Ok(ControlResponse::Applied {
            said: said.clone(),
            file: None,
        });
        first.say(ToParent::Reply { id, reply }).await;
        let (_, text, sockets) = second.hear_of_settings().await;
        assert_eq!((text.as_str(), sockets), (TWO, 2));
        assert_eq!(applying.await.unwrap().unwrap().said, said);
        let (_, text, _) = house.start(3).await;
        assert_eq!(text, TWO);
    }

    #[tokio::test]
    async fn settings_that_the_worker_refuses_leave_nothing_open() {
        let house = TestParent::build();
        let (mut first, ..) = house.start(1).await;
        first.say(ToParent::Serving).await;
        house.parent.workers.first_served().await;
        // Only root can run services as other users.
        let is_root = rustix::process::geteuid().is_root();
        let (service, through) = if is_root {
            (
                "[service.guest]\nrun = \"sleep 1\"\nuser = \"nobody\"\n",
                0o011,
            )
        } else {
            ("", 0o000)
        };
        house.write(&format!("{TWO}{service}"));
        let data = house.folder.path();
        std::fs::set_permissions(data, Permissions::from_mode(0o700)).unwrap();
        for (is_refused, others) in [(true, 0o000), (false, through)] {
            let parent = Arc::clone(&house.parent);
            let applying = tokio::spawn(async move { parent.apply().await });
            let (id, ..) = first.hear_of_settings().await;
            let reply = if is_refused {
                Reply::Error("no".to_owned())
            } else {
                Reply::Ok(ControlResponse::Applied {
                    said: String::new(),
                    file: None,
                })
            };
            first.say(ToParent::Reply { id, reply }).await;
            assert_eq!(applying.await.unwrap().is_err(), is_refused);
            let found = std::fs::metadata(data).unwrap();
            assert_eq!(found.permissions().mode() & 0o077, others);
            if is_refused {
                let (_, text, sockets) = house.start(2).await;
                assert_eq!((text.as_str(), sockets), (ONE, 1));
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_planned_while_an_event_is_near_unless_forced() {
        use services::ServiceRequest::{Reload, Restart};

        let house = TestParent::build();
        let parent = &house.parent;
        // Only a worker knows whether an event is near. No worker is running, so the action is
        // permitted.
        parent.check_freeze(false).await.unwrap();
        let (mut worker, ..) = house.start(1).await;
        worker.say(ToParent::Serving).await;
        parent.workers.first_served().await;
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        let service = || "web".to_owned();
        let all = || supervisor::ALL_SERVICES.to_owned();
        let force = false;
        for order in [
            Restart {
                service: service(),
                force,
            },
            Restart {
                service: all(),
                force,
            },
            Reload {
                service: service(),
                force,
            },
            Reload {
                service: all(),
                force,
            },
        ] {
            let inside = parent.gate.enter().unwrap();
            let order = ControlRequest::Services(order);
            let (reply, ()) = tokio::join!(
                parent.reply(order, &inside),
                worker.tell_of_freeze(Some(until))
            );
            let Reply::Error(why) = reply else {
                panic!("{reply:?}");
            };
            assert!(
                why.contains("until 2027-01-15T08:00:00Z, because of an event"),
                "{why}"
            );
        }
        let (client, mut told) = tokio::net::UnixStream::pair().unwrap();
        let (done, ()) = tokio::join!(
            parent.upgrade(client, false),
            worker.tell_of_freeze(Some(until))
        );
        done.unwrap();
        let mut said = String::new();
        told.read_to_string(&mut said).await.unwrap();
        assert!(said.contains("because of an event"), "{said}");

        let (free, ()) = tokio::join!(parent.check_freeze(false), worker.tell_of_freeze(None));
        free.unwrap();
        // Before a forced action, the worker is not asked.
        parent.check_freeze(true).await.unwrap();
    }

    #[tokio::test]
    async fn a_restart_that_is_due_while_an_event_is_near_waits_until_after() {
        let house = TestParent::build();
        let postponed = || -> Vec<Arc<str>> {
            let services = house.parent.postponed_restarts.lock();
            services.iter().cloned().collect()
        };
        // Waits until exactly these services wait for their restart.
        let waits = async |wanted: &[&str]| {
            let wait = async {
                while !postponed()
                    .iter()
                    .map(|name| &**name)
                    .eq(wanted.iter().copied())
                {
                    tokio::task::yield_now().await;
                }
            };
            let waited = tokio::time::timeout(PATIENCE, wait).await;
            waited.unwrap_or_else(|_| panic!("{:?} and not {wanted:?} wait", postponed()));
        };
        // Only a worker knows whether an event is near. No worker is running, so the restart waits.
        house.due.send("api".into()).unwrap();
        waits(&["api"]).await;
        let (mut worker, ..) = house.start(1).await;
        worker.say(ToParent::Serving).await;
        house.parent.workers.first_served().await;
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        for _ in 0..2 {
            house.due.send("web".into()).unwrap();
            worker.tell_of_freeze(Some(until)).await;
            waits(&["api", "web"]).await;
        }
        let note = HandoverNote::of(&house.parent, None).await;
        let written = serde_json::to_vec(&note).unwrap();
        let note: HandoverNote = serde_json::from_slice(&written).unwrap();
        assert_eq!(note.postponed_restarts.len(), 2);
        // The event is over when the next restart is due.
        house.due.send("web".into()).unwrap();
        worker.tell_of_freeze(None).await;
        waits(&[]).await;
    }

    #[tokio::test]
    async fn who_waits_to_change_something_is_told_when_another_program_comes() {
        let house = TestParent::build();
        let parent = &house.parent;
        let alone = parent.alone().await.unwrap();
        let waits = |order: ControlRequest| async move {
            let inside = parent.gate.enter().unwrap();
            parent.reply(order, &inside).await
        };
        let reload = services::ServiceRequest::Reload {
            force: false,
            service: OWN_SERVICE.to_owned(),
        };
        let both = async {
            tokio::join!(
                waits(ControlRequest::Services(reload)),
                waits(ControlRequest::Apply)
            )
        };
        tokio::pin!(both);
        tokio::select! {
            biased;
            done = &mut both => panic!("{done:?}, and somebody else is at it"),
            () = future::ready(()) => {}
        }
        let (shut, told) = tokio::join!(parent.gate.shut(future::ready(())), both);
        let _held = (alone, shut.unwrap());
        for reply in <[Reply; 2]>::from(told) {
            assert!(matches!(reply, Reply::Error(why) if why.contains("try again")));
        }
    }
}
