//! Simulated power failures on SQLite. While households answer and the backup checkpoints, a
//! preloaded library records every write and every flush of the store and its log.
//!
//! The test replays the record up to a random position. Everything that was flushed before this
//! position is on the disk. Each later write is on the disk completely, in some of its sectors, or
//! not at all. `cargo xtask show backup` does this 500 times.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use platform::Random;
use rusqlite::Connection;
use rustix::process::Signal;

use crate::backup::Machine;
use crate::killing::open_households;
use crate::load::{Acknowledged, Load, Until, last_versions, tell, times};
use crate::program::{PATIENCE, Program};

/// The number of acknowledged answers in a recording.
const ANSWERS: usize = 500;
/// The length of a header in the record, in bytes.
const HEADER: usize = 24;
/// The length of a sector, in bytes. A disk writes a sector completely or not at all.
const SECTOR: usize = 512;
/// The test also starts the program after one in this many power failures.
const STARTED: usize = 25;
/// The recorded files. A file's number in the record is its index here.
const FILES: [&str; 3] = ["kenduri.db", "kenduri.db-wal", "kenduri.db-journal"];
/// The folder's number in the record.
const FOLDER: usize = 3;

#[test]
fn power_failures_lose_no_acknowledged_answer() {
    let recording = Recording::make(&[]);
    let failures = times(20);
    let lost = recording.fail(failures);
    assert_eq!(lost, Ok(0));
    tell(&format!(
        "{failures} power failures among {} acknowledged answers, {} flushes and {} writes: 0 answers lost",
        recording.acknowledged.len(),
        recording.count(b'e'),
        recording.count(b'w'),
    ));
}

/// Shows that the replay can detect a lost answer.
#[test]
fn without_flushes_power_failures_lose_answers() {
    let recording = Recording::make(&[("KENDURI_STORE_SYNCHRONOUS", "off")]);
    // A store may also be damaged.
    assert_ne!(recording.fail(10), Ok(0));
}

/// What a program wrote to the disk under load.
struct Recording {
    machine: Machine,
    /// A copy of the data folder at the beginning of the recording.
    before: PathBuf,
    trace: Vec<u8>,
    records: Vec<Record>,
    /// The acknowledged answers, each with the length of the record at that time.
    acknowledged: Vec<Acknowledged<u64>>,
}

struct Record {
    kind: u8,
    file: usize,
    /// A flush's number, a write's offset, or the length after a truncation.
    number: u64,
    data: Range<usize>,
    begin: usize,
}

impl Recording {
    fn make(environment: &[(&str, &str)]) -> Self {
        let machine = Machine::new();
        let (settings, folder) = (machine.settings(), machine.folder.path());
        let data = machine.data().to_string_lossy().into_owned();
        let arguments = ["--demo", "--config", &*settings, "--data", &*data];
        let mut program = Program::serve(&arguments, &[]);
        machine.make_key();
        let mut households = open_households(
            &program,
            crate::engine::Engine::Sqlite.invitations(&machine.data()),
        );
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
        let before = folder.join("before");
        copy(&machine.data(), &before);

        let (library, trace) = (folder.join("trace.so"), folder.join("trace"));
        compile(&library);
        let store = machine.data().join(FILES[0]);
        let traced = [
            ("LD_PRELOAD", library.to_string_lossy()),
            ("TRACE_STORE", store.to_string_lossy()),
            ("TRACE_FILE", trace.to_string_lossy()),
        ];
        let mut all = environment.to_vec();
        all.extend(traced.iter().map(|(name, value)| (*name, &**value)));
        let program = Program::serve(&arguments, &all);
        let load = Load::default();
        let acknowledged = std::thread::scope(|scope| {
            let answering = scope.spawn(|| {
                let now = || fs::metadata(&trace).expect("the record").len();
                load.run(&program.address, &mut households, now)
            });
            let until = Until(&load.is_ended);
            wait_for(&load, ANSWERS / 2);
            machine.run(&["backup", "now"]).expect("a snapshot");
            wait_for(&load, ANSWERS);
            drop(until);
            answering.join().expect("the clients")
        });
        program.kill();
        let trace = fs::read(trace).expect("the record");
        let records = parse(&trace);
        Self {
            machine,
            before,
            trace,
            records,
            acknowledged,
        }
    }

    fn count(&self, kind: u8) -> usize {
        self.records.iter().filter(|one| one.kind == kind).count()
    }

    /// Simulates this many power failures. Returns the number of lost answers, or how the store is
    /// damaged.
    fn fail(&self, failures: usize) -> Result<i64, String> {
        let random = Random::system();
        let below = |bound: usize| random.below(u32::try_from(bound).expect("a count")) as usize;
        let mut cuts: Vec<usize> = (0..failures).map(|_| below(self.records.len())).collect();
        cuts.sort_unstable();
        let (mut disk, mut done, mut lost) = (Disk::of(&self.before), 0, 0);
        for (failure, cut) in cuts.into_iter().enumerate() {
            for record in &self.records[done..cut] {
                disk.write(record, &self.trace[record.data.clone()]);
            }
            done = cut;
            let data = self.machine.folder.path().join("after");
            copy(&self.before, &data);
            disk.fail(&data, &random);
            let end = self.records[cut].begin as u64;
            lost += self.count_lost(&data, end)?;
            if failure % STARTED == 0 {
                start(&data);
            }
            fs::remove_dir_all(&data).expect("removed");
        }
        Ok(lost)
    }

    /// Counts the answers that were acknowledged before the position `end` but are not in the
    /// store.
    fn count_lost(&self, data: &Path, end: u64) -> Result<i64, String> {
        let store = Connection::open(data.join(FILES[0])).expect("a store");
        let check = store.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        let check = check.map_err(|damage| damage.to_string())?;
        if check != "ok" {
            return Err(check);
        }
        let stored = versions(&store);
        let before = self.acknowledged.iter().filter(|one| one.at <= end);
        let known = last_versions(before).into_iter();
        let lost = known.map(|(code, version)| (version - stored[code]).max(0));
        Ok(lost.sum())
    }
}

/// Returns each invitation's version.
pub(crate) fn versions(store: &Connection) -> BTreeMap<String, i64> {
    let mut all = store
        .prepare("SELECT code, version FROM invitation")
        .expect("a table");
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Result<_, _> = rows.expect("rows").collect();
    rows.expect("versions")
}

/// Waits until this many answers are acknowledged.
pub(crate) fn wait_for(load: &Load, answers: usize) {
    let end = Instant::now() + PATIENCE * 5;
    while load.acknowledged.load(Ordering::Relaxed) < answers {
        assert!(Instant::now() < end, "too few answers");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts the program on a store after a power failure, and stops it.
fn start(data: &Path) {
    let data = data.to_string_lossy();
    let mut program = Program::serve(&["--data", &data], &[]);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

fn compile(library: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preload/trace_writes.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
        .args([library, &source])
        .arg("-ldl")
        .status();
    assert!(compiled.expect("a C compiler").success());
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("cp").success());
}

fn parse(trace: &[u8]) -> Vec<Record> {
    let (mut records, mut begin) = (Vec::new(), 0);
    while begin < trace.len() {
        let header = &trace[begin..begin + HEADER];
        let number = |at: usize| {
            let bytes = header[at..at + 8].try_into().expect("eight bytes");
            u64::from_ne_bytes(bytes)
        };
        let (kind, file) = (header[0], usize::from(header[1]));
        let length = usize::try_from(number(16)).expect("a length");
        // Truncations and flushes have no data.
        let end = begin + HEADER + length;
        records.push(Record {
            kind,
            file,
            number: number(8),
            data: begin + HEADER..end,
            begin,
        });
        begin = end;
    }
    records
}

/// The state of a disk after a power failure.
struct Disk<'a> {
    files: [File<'a>; FILES.len()],
    /// The position at which each unfinished flush began.
    flushes: BTreeMap<u64, usize>,
}

#[derive(Default)]
struct File<'a> {
    /// The position at which the file was created, if it was created during the recording.
    created: Option<usize>,
    /// Whether the file's directory entry survives a power failure.
    is_named: bool,
    flushed: Vec<u8>,
    /// The changes since the last flush, with their positions.
    later: Vec<(usize, Change<'a>)>,
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Write(usize, &'a [u8]),
    Truncate(usize),
}

impl<'a> Disk<'a> {
    fn of(folder: &Path) -> Self {
        let files = FILES.map(|name| {
            let flushed = fs::read(folder.join(name)).ok();
            File {
                created: None,
                is_named: flushed.is_some(),
                flushed: flushed.unwrap_or_default(),
                later: Vec::new(),
            }
        });
        Self {
            files,
            flushes: BTreeMap::new(),
        }
    }

    fn write(&mut self, record: &Record, data: &'a [u8]) {
        let number = || usize::try_from(record.number).expect("a position");
        match record.kind {
            b'b' => {
                self.flushes.insert(record.number, record.begin);
            }
            b'e' => {
                let begin = self.flushes.remove(&record.number).expect("it began");
                if record.file == FOLDER {
                    for file in &mut self.files {
                        file.is_named |= file.created.is_some_and(|at| at < begin);
                    }
                } else {
                    self.files[record.file].flush(begin);
                }
            }
            kind => {
                let file = &mut self.files[record.file];
                match kind {
                    b'c' => file.created = Some(record.begin),
                    b'w' => file
                        .later
                        .push((record.begin, Change::Write(number(), data))),
                    b't' => file.later.push((record.begin, Change::Truncate(number()))),
                    _ => panic!("a file of the store was removed under load"),
                }
            }
        }
    }

    /// Writes the files as they could be after a power failure.
    fn fail(&self, folder: &Path, random: &Random) {
        for (file, name) in self.files.iter().zip(FILES) {
            let path = folder.join(name);
            let is_there = file.is_named || (file.created.is_some() && random.below(2) == 0);
            if is_there {
                fs::write(path, file.after_failure(random)).expect("written");
            } else {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl File<'_> {
    /// Marks the changes before this position as flushed.
    fn flush(&mut self, position: usize) {
        let kept = self
            .later
            .iter()
            .position(|(at, _)| *at > position)
            .unwrap_or(self.later.len());
        for (_, change) in self.later.drain(..kept) {
            change.apply(&mut self.flushed);
        }
    }

    fn after_failure(&self, random: &Random) -> Vec<u8> {
        let mut bytes = self.flushed.clone();
        for (_, change) in &self.later {
            match (random.below(3), change) {
                (0, _) => {}
                (1, Change::Write(offset, data)) => {
                    for (sector, part) in data.chunks(SECTOR).enumerate() {
                        if random.below(2) == 0 {
                            Change::Write(offset + sector * SECTOR, part).apply(&mut bytes);
                        }
                    }
                }
                (_, change) => change.apply(&mut bytes),
            }
        }
        bytes
    }
}

impl Change<'_> {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let end = offset + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[offset..end].copy_from_slice(data);
            }
            Self::Truncate(length) => bytes.resize(length, 0),
        }
    }
}
