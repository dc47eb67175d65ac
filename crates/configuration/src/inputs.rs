//! The inputs of the configuration: the settings file, the environment and flags.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::restart_only::RestartOnly;
use crate::folders::Folders;

const USUAL_FILE: &str = "kenduri.toml";

/// The inputs of the configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Asked {
    /// The value of `--config FILE`.
    pub file: Option<PathBuf>,
    /// The value of `--profile NAME`.
    #[serde(default)]
    pub profile: Option<String>,
    /// The text of the settings file, if it was read earlier. If `None`, the file is read now.
    pub text: Option<String>,
    /// The active values of settings that change only at a restart. `None` while Kenduri starts.
    #[serde(default)]
    pub lasting: Option<RestartOnly>,
    /// Whether the settings are for another machine or another user, so that files may be missing.
    #[serde(default, skip)]
    pub is_elsewhere: bool,
    /// Whether to read `kenduri.toml` in the current folder if no file is named.
    pub look_for_file: bool,
    /// The flags that set a key, such as `--set key=value`, in the given order.
    pub flags: Vec<Flag>,
    pub environment: Vec<(String, String)>,
    /// Whether `--allow-public-mailbox` was given.
    pub allow_public_mailbox: bool,
    /// The local ports of the services whose URLs appear in settings.
    pub ports: BTreeMap<String, u16>,
    /// The supervisor process's folders. If `None`, they are inside the data folder.
    #[serde(default)]
    pub folders: Option<Folders>,
}

/// A flag that sets a single key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flag {
    /// The flag as the user typed it, such as `--set site.url` or `--listen`. Messages show it.
    pub typed: String,
    pub key: String,
    pub value: String,
}

impl Asked {
    /// Returns the absolute path of the settings file, or `None` if there is none.
    pub fn found_file(&self) -> Option<PathBuf> {
        let file = find_file(self)?;
        Some(file.canonicalize().unwrap_or(file))
    }
}

pub(super) fn find_file(asked: &Asked) -> Option<PathBuf> {
    asked.file.clone().or_else(|| {
        let usual = PathBuf::from(USUAL_FILE);
        // The file may have been deleted after its text was read.
        let was_read = asked.text.is_some();
        (asked.look_for_file && (was_read || usual.exists())).then_some(usual)
    })
}
