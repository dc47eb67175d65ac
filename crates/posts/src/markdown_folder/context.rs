//! What is known while a folder is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use identity::account::AccountId;
use web::Site;

use super::draft::Hidden;
use super::{Folder, Remark};

/// A picture's new file name, or the reason why the picture cannot be imported.
pub(super) type Found = Result<String, String>;

pub(super) struct Reading<'a> {
    pub(super) site: &'a Site,
    pub(super) author: Option<AccountId>,
    pub(super) root: PathBuf,
    pub(super) folder: Folder,
    /// The pictures that have been read so far, by path.
    pub(super) pictures: BTreeMap<PathBuf, Found>,
    /// Folders whose `_index.md` hides what they contain.
    pub(super) hidden: Vec<PathBuf>,
    /// Values that no post has, by key: the first one, and in how many more files there is one.
    pub(super) unused: BTreeMap<String, (Remark, usize)>,
}

impl Reading<'_> {
    /// The path of a file within the folder.
    pub(super) fn within<'f>(&self, file: &'f Path) -> &'f Path {
        file.strip_prefix(&self.root).unwrap_or(file)
    }

    pub(super) fn remark(&mut self, file: &Path, line: usize, words: impl Into<String>) {
        self.folder.remarks.push(Remark {
            file: self.within(file).to_owned(),
            line,
            words: words.into(),
        });
    }

    pub(super) fn hidden_by_folder(&self, file: &Path) -> Option<Hidden> {
        let mut folders = self.hidden.iter();
        let folder = folders.find(|folder| file.starts_with(folder))?;
        let words = format!(
            "{} hides it",
            self.within(&folder.join("_index.md")).display()
        );
        Some(Hidden {
            line: 0,
            words: Some(words),
        })
    }
}
