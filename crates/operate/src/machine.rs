//! Measures the machine's memory, disk and load, and the size of the store.

use std::fs;
use std::path::{Path, PathBuf};

use platform::{Store, StoreError, Tx, jobs, sql, store};

/// Inside a container, its files contain the memory limit of the whole container (cgroups(7)).
/// Outside, they do not exist.
const CONTAINER: &str = "/sys/fs/cgroup";

#[derive(Clone, Debug)]
pub struct Machine {
    data: PathBuf,
    /// The file of an SQLite store; `None` for PostgreSQL.
    file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineStatus {
    pub memory: Option<Room>,
    /// The file system that holds the data folder.
    pub disk: Option<Room>,
    /// The average number of processes that ran or waited in the last 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    pub processors: usize,
}

/// The number of free bytes and of all bytes, in the memory or on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub free: u64,
    pub total: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreFigures {
    pub bytes: Option<u64>,
    /// The number of seconds for which the oldest waiting job has been due.
    pub behind_seconds: i64,
}

impl Machine {
    pub fn new(data: &Path, store: &store::Settings) -> Self {
        Self {
            data: data.to_owned(),
            file: match store {
                store::Settings::Sqlite(sqlite) => Some(sqlite.path.clone()),
                store::Settings::Postgres(_) => None,
            },
        }
    }

    /// Reads the figures. A figure that the system does not report is `None`.
    pub async fn status(&self) -> MachineStatus {
        let data = self.data.clone();
        let read = tokio::task::spawn_blocking(move || read(&data)).await;
        read.unwrap_or_default()
    }

    pub async fn store(&self, store: &Store) -> Result<StoreFigures, StoreError> {
        let is_postgres = self.file.is_none();
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let (_, due) = jobs::pending(tx)?;
            let bytes = if is_postgres {
                Some(database_bytes(tx)?)
            } else {
                None
            };
            let behind = due.map(|due| tx.now().duration_since(due).as_secs());
            Ok((bytes, behind.unwrap_or_default().max(0)))
        };
        let (bytes, behind_seconds) = store.read(look).await?;
        Ok(StoreFigures {
            bytes: bytes.or_else(|| self.file.as_deref().and_then(file_bytes)),
            behind_seconds,
        })
    }
}

fn read(data: &Path) -> MachineStatus {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let of_container = |file: &str| text(&format!("{CONTAINER}/{file}"));
    let machine = memory(&text("/proc/meminfo"));
    let container = container_memory(
        &of_container("memory.max"),
        &of_container("memory.current"),
        &of_container("memory.stat"),
    );
    let disk = rustix::fs::statvfs(data).ok().map(|facts| Room {
        free: facts.f_bavail.saturating_mul(facts.f_frsize),
        total: facts.f_blocks.saturating_mul(facts.f_frsize),
    });
    MachineStatus {
        memory: match (machine, container) {
            (Some(machine), Some(container)) if container.total < machine.total => Some(Room {
                free: container.free.min(machine.free),
                ..container
            }),
            (machine, _) => machine,
        },
        disk,
        load: load(&text("/proc/loadavg")),
        processors: std::thread::available_parallelism().map_or(1, Into::into),
    }
}

/// Reads `/proc/meminfo` (proc(5)).
fn memory(meminfo: &str) -> Option<Room> {
    let kibibytes = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let number = line.strip_prefix(':')?.split_whitespace().next()?;
        number.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Room {
        free: kibibytes("MemAvailable")?,
        total: kibibytes("MemTotal")?,
    })
}

/// The inactive page cache counts as free, because the kernel can reclaim it.
fn container_memory(max: &str, current: &str, stat: &str) -> Option<Room> {
    let total: u64 = max.trim().parse().ok()?;
    let used: u64 = current.trim().parse().ok()?;
    let mut lines = stat.lines();
    let cache = lines.find_map(|line| line.strip_prefix("inactive_file "));
    let cache: u64 = cache.and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
    Some(Room {
        free: total.saturating_sub(used.saturating_sub(cache)),
        total,
    })
}

/// Reads `/proc/loadavg` (proc(5)).
fn load(loadavg: &str) -> Option<[f64; 3]> {
    let mut numbers = loadavg.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

/// Including the write-ahead log.
fn file_bytes(path: &Path) -> Option<u64> {
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    let log = fs::metadata(log).map_or(0, |facts| facts.len());
    Some(fs::metadata(path).ok()?.len() + log)
}

fn database_bytes(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let statement = sql!("SELECT pg_database_size(current_database())");
    let (bytes,): (i64,) = tx.one(statement, &[])?;
    Ok(bytes.unsigned_abs())
}

/// Formats a number of bytes in megabytes or gigabytes.
pub fn written_bytes(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000_000_000 => (100_000, "MB"),
        _ => (100_000_000, "GB"),
    };
    let tenths = bytes / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use testkit::World;

    use super::*;

    #[test]
    fn what_the_system_says_of_memory_and_load_is_understood() {
        let meminfo = "MemTotal:       2000 kB\nMemFree:  9 kB\nMemAvailable:    500 kB\n";
        let room = |free, total| Some(Room { free, total });
        assert_eq!(memory(meminfo), room(512_000, 2_048_000));
        assert_eq!(memory("MemTotal: 2000 kB\n"), None);
        assert_eq!(load("0.50 1.25 2.00 1/200 4711\n"), Some([0.5, 1.25, 2.0]));
        assert_eq!(load(""), None);
        let stat = "anon 5\ninactive_file 300\n";
        assert_eq!(container_memory("1000\n", "900\n", stat), room(400, 1000));
        assert_eq!(container_memory("max\n", "900\n", stat), None);
        assert_eq!(container_memory("", "", ""), None);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(written_bytes(48_200_000), "48.2 MB");
        assert_eq!(written_bytes(79_960_000_000), "79.9 GB");
    }

    #[test]
    fn the_machine_and_the_store_have_figures() {
        World::each_engine(&[platform::MIGRATIONS], async |world| {
            let folder = tempfile::tempdir().unwrap();
            let machine = Machine::new(folder.path(), &world.settings());
            let status = machine.status().await;
            for room in [status.memory.unwrap(), status.disk.unwrap()] {
                assert!(0 < room.total && room.free <= room.total, "{room:?}");
            }
            assert!(status.load.is_some() && status.processors > 0);
            let figures = machine.store(world.store()).await.unwrap();
            assert!(figures.bytes > Some(0), "{figures:?}");
            assert_eq!(figures.behind_seconds, 0);
        });
    }
}
