//! Copies files to another place, and compares them there.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Files, Folder, Key, found, off_the_runtime};

/// What is in a folder of files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FolderContent {
    pub keys: Vec<Key>,
    /// Paths that nothing has stored, because they cannot be names of files.
    pub others: Vec<PathBuf>,
}

impl Files {
    /// Lists the folder; `None` for a bucket. Incomplete files, whose names begin with a dot, are
    /// left out.
    pub async fn list(&self) -> io::Result<Option<FolderContent>> {
        let Self::Folder(folder) = self else {
            return Ok(None);
        };
        let folder = folder.clone();
        let content = off_the_runtime(move || {
            let mut content = FolderContent::default();
            folder.list_into(&folder.root, &mut content)?;
            content.keys.sort();
            content.others.sort();
            Ok(content)
        });
        content.await.map(Some)
    }

    /// Copies a file to another place, unless it is there already, and returns its length. Fails if
    /// it does not read back equal.
    pub async fn copy(&self, key: &Key, to: &Self) -> io::Result<u64> {
        let from = || async {
            let file = self.open(key).await?;
            file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        if !is_equal(from().await?, key, to).await? {
            let mut file = from().await?;
            let fill = move |copy: &mut dyn io::Write| io::copy(&mut file, copy).map(drop);
            to.put(key, fill).await?;
            if !is_equal(from().await?, key, to).await? {
                return Err(io::Error::other("it does not read back equal"));
            }
        }
        Ok(from().await?.metadata()?.len())
    }
}

async fn is_equal(mut file: fs::File, key: &Key, to: &Files) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let Some(mut there) = to.read(key, 0..u64::MAX).await? else {
        return Ok(false);
    };
    let mut compared: u64 = 0;
    while compared < length {
        let Some(part) = there.next().await? else {
            return Ok(false);
        };
        let mut here = vec![0; part.len()];
        let read = off_the_runtime(move || {
            let read = file.read_exact(&mut here);
            Ok((file, here, read.is_ok()))
        });
        let (same_file, here, is_read) = read.await?;
        if !is_read || here != part {
            return Ok(false);
        }
        file = same_file;
        compared += part.len() as u64;
    }
    // A file in a folder reports an end before the range's end as an error.
    Ok(compared == length && !matches!(there.next().await, Ok(Some(_))))
}

impl Folder {
    fn list_into(&self, folder: &Path, content: &mut FolderContent) -> io::Result<()> {
        let Some(entries) = found(fs::read_dir(folder))? else {
            return Ok(());
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.list_into(&path, content)?;
                continue;
            }
            let name = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
            match name.and_then(|name| name.parse().ok()) {
                Some(key) if kind.is_file() => content.keys.push(key),
                _ => content.others.push(path),
            }
        }
        Ok(())
    }
}
