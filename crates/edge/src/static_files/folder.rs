//! A folder whose files are served, with its settings.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::HeaderValue;

use super::caching::Caching;
use super::open::Root;
use super::path::RequestedFile;

/// The file that is served when its folder is requested.
pub(super) const INDEX: &str = "index.html";

#[derive(Debug, Clone, Default)]
pub struct FolderSettings {
    /// The folder may be created later. Until then, every response is 404.
    pub root: PathBuf,
    /// The candidates to try, in this order: `{path}`, `{path}/`, `{path}.html`, or a fixed file
    /// such as `/index.html`. If empty, `{path}` is tried first and `{path}/` second.
    pub r#try: Vec<String>,
    /// Whether folders without an `index.html` are listed.
    pub listing: bool,
    /// The values of `Cache-Control` by name pattern, in which `*` stands for any text. A pattern
    /// with a slash applies to the whole path, any other pattern to the file's name. The longest
    /// matching pattern wins.
    pub cache: BTreeMap<String, String>,
    /// Whether access is restricted. Shared caches may then store only files that match a pattern
    /// in `cache`.
    pub is_for_some: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    #[error(
        "try: `{text}` cannot be looked for\n  \
         write `{{path}}`, `{{path}}/`, `{{path}}.html` or a file as `/index.html`"
    )]
    Try {
        /// The invalid entry.
        text: String,
    },
    #[error(
        "cache: the value of `{pattern}` is not a header value\n  write one as `public, max-age=3600`"
    )]
    Cache {
        /// The pattern with the invalid value.
        pattern: String,
    },
}

#[derive(Debug)]
pub struct Folder {
    /// The ID by which each worker's memory cache identifies the folder's files.
    id: AtomicU64,
    root: PathBuf,
    tries: Vec<TryEntry>,
    pub(super) listing: bool,
    caching: Caching,
    /// Paths in the folder that belong to other routes.
    elsewhere: Vec<PathBuf>,
    /// Whether the log has reported that the folder is missing.
    pub(super) is_missing: AtomicBool,
}

#[derive(Debug, PartialEq, Eq)]
enum TryEntry {
    Path(String),
    Folder,
    /// A file such as `/index.html`. It is tried for all paths except those of assets.
    Fixed(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Candidate<'a> {
    File(Cow<'a, str>),
    Folder(&'a str),
}

impl Folder {
    pub fn new(settings: FolderSettings) -> Result<Self, FolderError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let tries = if settings.r#try.is_empty() {
            vec![TryEntry::Path(String::new()), TryEntry::Folder]
        } else {
            let tries = settings.r#try.into_iter().map(TryEntry::parse);
            tries.collect::<Result<_, _>>()?
        };
        Ok(Self {
            id: AtomicU64::new(NEXT.fetch_add(1, Ordering::Relaxed)),
            root: settings.root,
            tries,
            listing: settings.listing,
            is_missing: AtomicBool::new(false),
            elsewhere: Vec::new(),
            caching: Caching::new(settings.cache, settings.is_for_some)
                .map_err(|pattern| FolderError::Cache { pattern })?,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Sets the paths to which links must not lead, because other routes control the access to
    /// them. The paths below them are included. The paths are percent-encoded as in a request.
    pub(crate) fn leave(&mut self, paths: impl IntoIterator<Item = String>) {
        let paths = paths.into_iter().filter_map(|path| {
            // A path that cannot be requested needs no protection.
            let asked = RequestedFile::parse(&path).ok()?;
            Some(PathBuf::from(asked.relative.into_owned()))
        });
        self.elsewhere = paths.collect();
    }

    pub(super) fn open(&self) -> io::Result<Root<'_>> {
        Root::open(&self.root, &self.elsewhere)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.root == other.root
            && self.tries == other.tries
            && self.listing == other.listing
            && self.caching == other.caching
            && self.elsewhere == other.elsewhere
    }

    /// Takes over the cached files of `old`. Both folders must be [the same](Self::is_same).
    pub(crate) fn go_on_from(&self, old: &Self) {
        self.id.store(old.id(), Ordering::Relaxed);
        let is_missing = old.is_missing.load(Ordering::Relaxed);
        self.is_missing.store(is_missing, Ordering::Relaxed);
    }

    pub(super) fn cache_control(&self, relative: &str, is_page: bool) -> HeaderValue {
        self.caching.of(relative, is_page)
    }

    pub(super) fn cache_control_of_listing(&self) -> HeaderValue {
        self.caching.of_listing()
    }

    /// The files to try for a path, in order. `original` is the path before a prefix was stripped.
    pub(super) fn candidates<'a>(
        &'a self,
        asked: &'a RequestedFile<'_>,
        original: &str,
    ) -> impl Iterator<Item = Candidate<'a>> {
        let whole = format!("/{}", asked.relative);
        let wants_page = !asked.is_asset() && !is_below_api(&whole) && !is_below_api(original);
        self.tries
            .iter()
            .filter_map(move |place| place.at(asked, wants_page))
    }

    /// The first file to try. It exists for most requests.
    pub(super) fn first<'a>(&self, asked: &'a RequestedFile<'_>) -> Option<Cow<'a, str>> {
        match self.tries.first()?.at(asked, false)? {
            Candidate::File(Cow::Borrowed(_)) => Some(Cow::Borrowed(&*asked.relative)),
            Candidate::File(Cow::Owned(file)) => Some(Cow::Owned(file)),
            Candidate::Folder(folder) if asked.is_folder => Some(Cow::Owned(index(folder))),
            Candidate::Folder(_) => None,
        }
    }
}

pub(super) fn index(folder: &str) -> String {
    if folder.is_empty() {
        INDEX.to_owned()
    } else {
        format!("{folder}/{INDEX}")
    }
}

fn is_below_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

impl TryEntry {
    fn parse(text: String) -> Result<Self, FolderError> {
        if let Some(suffix) = text.strip_prefix("{path}") {
            return match suffix {
                "/" => Ok(Self::Folder),
                suffix if suffix.contains(['{', '}', '\\', '\0']) || suffix.ends_with('/') => {
                    Err(FolderError::Try { text })
                }
                suffix => Ok(Self::Path(suffix.to_owned())),
            };
        }
        match RequestedFile::parse(&text) {
            Ok(asked) if text.starts_with('/') && !text.contains(['{', '}']) => {
                Ok(Self::Fixed(if asked.is_folder {
                    index(&asked.relative)
                } else {
                    asked.relative.into_owned()
                }))
            }
            _ => Err(FolderError::Try { text }),
        }
    }

    fn at<'a>(&'a self, asked: &'a RequestedFile<'_>, wants_page: bool) -> Option<Candidate<'a>> {
        let is_folder = asked.is_folder || asked.relative.is_empty();
        match self {
            Self::Path(suffix) if suffix.is_empty() && !is_folder => {
                Some(Candidate::File(Cow::Borrowed(&asked.relative)))
            }
            Self::Path(suffix) if suffix.is_empty() => Some(Candidate::Folder(&asked.relative)),
            Self::Path(suffix) if is_folder && !suffix.starts_with('/') => None,
            Self::Path(suffix) => {
                let joined = format!("{}{suffix}", asked.relative);
                let joined = joined.trim_start_matches('/').to_owned();
                Some(Candidate::File(Cow::Owned(joined)))
            }
            Self::Folder => Some(Candidate::Folder(&asked.relative)),
            Self::Fixed(file) => wants_page.then_some(Candidate::File(Cow::Borrowed(file))),
        }
    }
}
