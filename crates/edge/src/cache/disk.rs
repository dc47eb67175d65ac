//! Kept answers in files, one each: they outlive the process.
//!
//! ```text
//! kenduri-cache 1 SHA-256 of the next line\n
//! {"key": …, "status": …, "headers": …, "length": …, "digest": …}\n
//! the body
//! ```
//!
//! A file is written under a name that nobody reads and then renamed, so a crash
//! leaves nothing half written; and it is checked against its digests before
//! anything of it is sent, so neither does a disk that lies.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rules::Freshness;
use super::stored::{Head, Held, Kept, Stored};

const FIRST: &str = "kenduri-cache 1 ";
/// Files that are whole.
const ENDING: &str = "answer";
/// Files that are being written, or were when the power went.
const UNFINISHED: &str = "part";
/// The longest description that is read: headers have an end long before.
const DESCRIPTION: u64 = 256 * 1_024;

/// What a file says of its answer.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    key: String,
    vary: Vec<(String, Option<String>)>,
    status: u16,
    headers: Vec<(String, String)>,
    tags: Vec<Box<str>>,
    freshness: Freshness,
    length: u64,
    digest: [u8; 32],
}

/// A file that nobody reads yet.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    kept: Kept,
}

impl Unfinished {
    /// Gives it the name under which it is read.
    pub(super) fn finish(self) -> io::Result<Kept> {
        if let Err(error) = fs::rename(&self.path, &self.kept.path) {
            remove(&self.path);
            return Err(error);
        }
        Ok(self.kept)
    }

    /// Throws it away.
    pub(super) fn discard(self) {
        remove(&self.path);
    }
}

/// Writes an answer; nothing if something in it is no text. `name` is one that no
/// other file has or had.
pub(super) fn write(
    folder: &Path,
    name: &str,
    stored: &Stored,
    body: &Bytes,
) -> io::Result<Option<Unfinished>> {
    let Some(description) = describe(stored, body) else {
        return Ok(None);
    };
    let line = serde_json::to_vec(&description)?;
    let first = format!("{FIRST}{}\n", hexadecimal(&Sha256::digest(&line)));
    let unfinished = folder.join(format!("{name}.{UNFINISHED}"));
    let path = folder.join(format!("{name}.{ENDING}"));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        for part in [first.as_bytes(), &line, b"\n", body] {
            file.write_all(part)?;
        }
        io::Result::Ok(())
    })();
    if let Err(error) = written {
        remove(&unfinished);
        return Err(error);
    }
    let kept = Kept {
        path,
        size: (first.len() + line.len() + 1 + body.len()) as u64,
        digest: description.digest,
    };
    Ok(Some(Unfinished {
        path: unfinished,
        kept,
    }))
}

/// The body in a file, checked.
pub(super) fn read(file: &Kept, length: u64) -> io::Result<Bytes> {
    let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut opened = File::open(&file.path)?;
    if opened.metadata()?.len() != file.size {
        return Err(wrong("it has another size than it was written with"));
    }
    let start = file.size.checked_sub(length);
    let start = start.ok_or_else(|| wrong("it is shorter than its body"))?;
    io::Seek::seek(&mut opened, io::SeekFrom::Start(start))?;
    let mut body = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    opened.read_exact(&mut body)?;
    if Sha256::digest(&body)[..] != file.digest {
        return Err(wrong("its content is not what was written"));
    }
    Ok(body.into())
}

/// Finds the answers that a run before left, and removes all else that it left.
pub(super) fn scan(folder: &Path) -> io::Result<Vec<Arc<Stored>>> {
    make(folder)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some(ENDING) => match open(&path) {
                Ok(stored) => found.push(Arc::new(stored)),
                Err(error) => {
                    tracing::debug!(%error, path = %path.display(), "a kept answer cannot be used");
                    remove(&path);
                }
            },
            Some(UNFINISHED) => remove(&path),
            // Nothing of ours.
            _ => {}
        }
    }
    Ok(found)
}

/// Removes every answer: what is kept while nobody looks cannot be purged.
pub(super) fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some(ENDING | UNFINISHED)) {
            remove(&path);
        }
    }
}

/// Removes a file. That it is not there is as well.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "a kept answer cannot be removed");
    }
}

/// Removes files.
pub(super) fn remove_all(paths: &[PathBuf]) {
    for path in paths {
        remove(path);
    }
}

/// How a file is called: by its key, and by what makes it another than those before.
pub(super) fn name(key: &str, run: u64, number: u64) -> String {
    let digest = Sha256::digest(key.as_bytes());
    format!("{}-{run:x}-{number:x}", hexadecimal(&digest[..16]))
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn describe(stored: &Stored, body: &Bytes) -> Option<Description> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let vary = stored.head.vary.iter().map(|(name, value)| {
        let value = match value {
            Some(value) => Some(text(value)?),
            None => None,
        };
        Some((name.as_str().to_owned(), value))
    });
    let headers = stored.head.headers.iter();
    let headers =
        headers.map(|(name, value)| Some((name.as_str().to_owned(), text(value.as_bytes())?)));
    Some(Description {
        key: stored.head.key.to_string(),
        vary: vary.collect::<Option<_>>()?,
        status: stored.head.status.as_u16(),
        headers: headers.collect::<Option<_>>()?,
        tags: stored.head.tags.clone(),
        freshness: stored.head.freshness.clone(),
        length: body.len() as u64,
        digest: Sha256::digest(body).into(),
    })
}

fn open(path: &PathBuf) -> io::Result<Stored> {
    let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut lines = BufReader::new(file).take(DESCRIPTION);
    let (mut first, mut line) = (Vec::new(), Vec::new());
    lines.read_until(b'\n', &mut first)?;
    lines.read_until(b'\n', &mut line)?;
    let before = (first.len() + line.len()) as u64;
    if line.pop() != Some(b'\n') {
        return Err(wrong("it ends in the middle of its description"));
    }
    if first != format!("{FIRST}{}\n", hexadecimal(&Sha256::digest(&line))).as_bytes() {
        return Err(wrong("its description is not what was written"));
    }
    let description: Description = serde_json::from_slice(&line)?;
    if size.checked_sub(before) != Some(description.length) {
        return Err(wrong("it ends in the middle of its body"));
    }
    let file = Kept {
        path: path.clone(),
        size,
        digest: description.digest,
    };
    understand(description, file).ok_or_else(|| wrong("it holds no answer"))
}

fn understand(description: Description, file: Kept) -> Option<Stored> {
    let mut headers = HeaderMap::with_capacity(description.headers.len());
    for (name, value) in &description.headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    let vary = description.vary.into_iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, value.map(String::into_bytes)))
    });
    let head = Head {
        key: description.key.into(),
        vary: vary.collect::<Option<_>>()?,
        status: StatusCode::from_u16(description.status).ok()?,
        headers,
        tags: description.tags,
        freshness: description.freshness,
        began: 0,
    };
    let held = Held {
        body: None,
        file: Some(file),
    };
    Some(Stored::new(Arc::new(head), description.length, held))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
