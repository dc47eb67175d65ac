//! A supervisor in a separate process, observed from outside.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{PATIENCE, SUPERVISE, kill};

pub(crate) struct Alone {
    pub(crate) child: Child,
    news: Receiver<Value>,
}

impl Alone {
    pub(crate) fn start(folder: &Path, services: &Value) -> Self {
        Self::begin(Command::new(SUPERVISE), folder, services)
    }

    /// Runs a command that eventually becomes `supervise`.
    pub(crate) fn begin(mut command: Command, folder: &Path, services: &Value) -> Self {
        let file = folder.join("services.json");
        fs::write(&file, services.to_string()).unwrap();
        let mut child = command
            .args([&file, folder])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, news) = mpsc::channel();
        std::thread::spawn(move || {
            let mut news = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
            news.try_for_each(|news| sender.send(news))
        });
        Self { child, news }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    pub(crate) fn wait_for(&mut self, service: &str, what: &str) -> Value {
        let [told] = self.wait_for_all([(service, what)]);
        told
    }

    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .unwrap()
            .count()
    }

    pub(crate) fn memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim()
            .strip_suffix(" kB")
            .unwrap()
            .parse::<u64>()
            .unwrap()
            << 10
    }

    pub(crate) fn children(&self) -> Vec<i32> {
        let me = self.pid().to_string();
        let pids = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let rest = stat
                .rsplit_once(") ")
                .map(|(_, rest)| rest.to_owned())
                .unwrap_or_default();
            rest.split(' ').nth(1) == Some(&me)
        })
        .collect()
    }

    /// Makes `supervise` replace itself with `FOLDER/next`, or with the same program if that file
    /// does not exist.
    pub(crate) fn renew(&mut self) {
        kill(self.pid(), Signal::USR2);
        let told = self.wait_until(|news| {
            ["resumed", "refused", "stayed"]
                .iter()
                .any(|what| news["what"] == *what)
        });
        assert_eq!(told["what"], "resumed", "{told}");
        assert_eq!(
            (&told["note"], &told["extra"][0]),
            (&"a note".into(), &"output".into())
        );
    }

    /// Waits until these notifications have arrived, in any order. Each is a service and an event.
    pub(crate) fn wait_for_all<const COUNT: usize>(
        &mut self,
        wanted: [(&str, &str); COUNT],
    ) -> [Value; COUNT] {
        let mut told = wanted.map(|_| Value::Null);
        self.wait_until(|news| {
            for (told, (service, what)) in told.iter_mut().zip(wanted) {
                if news["service"] == service && news["what"] == what {
                    told.clone_from(news);
                }
            }
            !told.contains(&Value::Null)
        });
        told
    }

    pub(crate) fn wait_until(&mut self, mut is_it: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let news = self.news.recv_timeout(PATIENCE);
            let news = news.expect("the supervisor has ended, or has nothing to tell");
            if is_it(&news) {
                return news;
            }
        }
    }

    pub(crate) fn stop(mut self) {
        kill(self.pid(), Signal::TERM);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
