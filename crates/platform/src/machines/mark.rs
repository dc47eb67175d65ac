//! The mark in the folder of files, by which machines tell whether they use the same folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::JoinError;
use crate::files::{Files, Folder};
use crate::id;
use crate::random::Random;

/// In the folder of files. A stored file cannot have this name, because it begins with a dot.
const MARKER: &str = ".in-use";
/// How long a start waits for the file system.
const FIRST_ANSWER: Duration = Duration::from_secs(15);
/// How long a renewal waits for the file system. Afterwards, it tells what was read before.
const ANSWER: Duration = Duration::from_millis(200);

/// What tells whether two places of files are the same: the mark in a folder, the address of a
/// bucket. A thread of its own uses the folder, because a file system of the network may hang.
#[derive(Debug)]
pub(super) struct Mark {
    /// Empty if it could not be read.
    latest: Arc<Mutex<String>>,
    /// `None` for a bucket.
    reader: Option<SyncSender<oneshot::Sender<()>>>,
}

impl Mark {
    /// Writes a new random mark into the folder. Other machines find it there if the folder is the
    /// same. A bucket needs none. This function blocks.
    pub(super) fn write(files: &Files, random: &Random) -> Result<Self, JoinError> {
        let folder = match files {
            Files::Folder(folder) => folder.clone(),
            Files::Bucket(bucket, _) => {
                return Ok(Self {
                    latest: Arc::new(Mutex::new(bucket.address())),
                    reader: None,
                });
            }
        };
        let path = folder.root().join(MARKER);
        let failed = |reason| JoinError::File {
            path: path.clone(),
            reason,
        };
        let mark = id::generate_random(random);
        let latest = Arc::new(Mutex::new(mark.clone()));
        let (reader, asked) = sync_channel(1);
        let (answer, written) = sync_channel(1);
        let (there, known) = (path.clone(), Arc::clone(&latest));
        let follow = move || {
            // The start may have given up.
            let _ = answer.send(write(&folder, &there, &mark));
            follow(&there, &known, &asked);
        };
        let thread = std::thread::Builder::new().name("files-mark".to_owned());
        // It is not waited for, because the file system may never answer.
        thread.spawn(follow).map_err(failed)?;
        let written = written.recv_timeout(FIRST_ANSWER);
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the file system does not answer");
        written.map_err(late).flatten().map_err(failed)?;
        Ok(Self {
            latest,
            reader: Some(reader),
        })
    }

    /// The mark, as it is in the folder now or, if that takes too long, as it was read last.
    pub(super) async fn read(&self) -> String {
        if let Some(reader) = &self.reader {
            let (answer, read) = oneshot::channel();
            // The thread may be waiting for the file system.
            if reader.try_send(answer).is_ok() {
                let _ = timeout(ANSWER, read).await;
            }
        }
        let latest = self.latest.lock();
        latest.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads the mark whenever it is asked for, until the process leaves the list.
fn follow(path: &Path, latest: &Mutex<String>, asked: &Receiver<oneshot::Sender<()>>) {
    for answer in asked {
        let mark = read(path).unwrap_or_default();
        *latest.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        // The renewal may have gone on without it.
        let _ = answer.send(());
    }
}

fn write(folder: &Folder, path: &Path, mark: &str) -> io::Result<()> {
    folder.create()?;
    // In its place, and always equally long: others read it at the same time, and a file system of
    // the network shows a new name late.
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let mut file = options.mode(0o600).open(path)?;
    file.write_all(mark.as_bytes())?;
    file.sync_all()
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(64).read_to_string(&mut text)?;
    Ok(text)
}
