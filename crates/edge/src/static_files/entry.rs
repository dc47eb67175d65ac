//! A file in all its variants, uncompressed and compressed, with prepared headers.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderValue, LAST_MODIFIED, RANGE, VARY,
};
use tokio::sync::OnceCell;

use super::RequestParts;
use super::folder::Folder;
use super::media_types;
use super::ready_head::ReadyHead;
use crate::file_stamp::{FileStamp, StampedFile};
use crate::filters::compression::{
    Accepted, EncoderMemory, Encoding, Offers, SMALLEST, is_compressible,
};
use crate::filters::headers;

/// The maximum size of a file in memory, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;
/// A file in memory is also kept open from this size on. For smaller ones, `sendfile` costs more.
const MIN_KEPT_OPEN_BYTES: u64 = 64 << 10;
/// The time after which the file system's clock has certainly advanced.
const SETTLING: Duration = Duration::from_secs(2);
/// Approximate, in bytes.
const ENTRY_OVERHEAD: usize = 2_048;

pub(super) struct Opened {
    pub(super) plain: (File, FileStamp),
    pub(super) siblings: [Option<(File, FileStamp)>; 2],
}

/// Metadata that shows whether a file or its precompressed siblings have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamps {
    plain: FileStamp,
    siblings: [Option<FileStamp>; 2],
}

impl Opened {
    pub(super) fn stamps(&self) -> Stamps {
        Stamps {
            plain: self.plain.1,
            siblings: self
                .siblings
                .each_ref()
                .map(|sibling| sibling.as_ref().map(|(_, stamp)| *stamp)),
        }
    }
}

impl Stamps {
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let until = now.saturating_sub(SETTLING).as_nanos();
        let siblings = self.siblings.iter().flatten();
        siblings
            .chain([&self.plain])
            .all(|stamp| u128::try_from(stamp.changed).unwrap_or_default() < until)
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    /// The ID of the folder. `name` is the file's path in it.
    pub(super) folder: u64,
    pub(super) name: Box<str>,
    pub(super) stamps: Stamps,
    /// Whether any later change would alter the stamps. File system clocks are coarse, so this is
    /// not certain shortly after a change. The file is then read again.
    pub(super) is_settled: bool,
    common: Common,
    pub(super) plain: Variant,
    coded: [Coded; 2],
    offers: Offers,
}

#[derive(Debug)]
struct Common {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    /// `None` if the modification time is in the future.
    modified: Option<SystemTime>,
    varies: bool,
}

#[derive(Debug)]
enum Coded {
    No,
    Ready(Box<Variant>),
    /// Compressed at first use. The cell contains `None` if compression saves too little.
    Later(OnceCell<Option<Box<Variant>>>),
}

#[derive(Debug)]
pub(super) struct Variant {
    /// The headers of a response with the whole variant.
    pub(super) headers: HeaderMap,
    /// The headers for a 304 (RFC 9110, section 15.4.5).
    pub(super) unchanged: HeaderMap,
    pub(super) tag: HeaderValue,
    pub(super) content: Content,
    pub(super) ready: ReadyHead,
}

#[derive(Debug)]
pub(super) enum Content {
    Memory(Bytes),
    /// A file of medium size, which is in memory and also open.
    Kept(Bytes, Arc<StampedFile>),
    File(Arc<File>, u64),
    /// The plain file and its length. It is compressed while it is sent.
    Coded(Arc<File>, u64, Encoding),
}

pub(super) enum LoadError {
    /// Another process is writing the file.
    Changing,
    Disk(io::Error),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Entry {
    /// Reads a small file into memory. Keeps only the descriptor of a larger one.
    pub(super) fn load(
        folder: &Folder,
        name: &str,
        opened: Opened,
        now: SystemTime,
    ) -> Result<Self, LoadError> {
        let stamps = opened.stamps();
        let content_type = media_types::of(name);
        let (file, stamp) = opened.plain;
        let is_kept = stamp.size <= LARGEST;
        let has_siblings = opened.siblings.iter().any(Option::is_some);
        let shrinks = !has_siblings && stamp.size >= SMALLEST && is_compressible(&content_type);
        let is_page = content_type.as_bytes().starts_with(b"text/html");
        let common = Common {
            cache_control: folder.cache_control(name, is_page),
            modified: believable(stamp.modified, now),
            varies: has_siblings || shrinks,
            content_type,
        };
        let mut coded = [const { Coded::No }; 2];
        for (encoding, sibling) in Encoding::ALL.into_iter().zip(opened.siblings) {
            if let Some((file, stamp)) = sibling
                && (!is_kept || stamp.size <= LARGEST)
            {
                let content = Content::of(file, stamp, is_kept)?;
                let variant = Variant::new(&common, stamp, Some(encoding), content);
                coded[encoding as usize] = Coded::Ready(Box::new(variant));
            }
        }
        let content = Content::of(file, stamp, is_kept)?;
        if shrinks {
            for encoding in Encoding::ALL {
                coded[encoding as usize] = match &content {
                    Content::File(file, length) => {
                        let content = Content::Coded(Arc::clone(file), *length, encoding);
                        let variant = Variant::new(&common, stamp, Some(encoding), content);
                        Coded::Ready(Box::new(variant))
                    }
                    _ => Coded::Later(OnceCell::new()),
                };
            }
        }
        Ok(Self {
            folder: folder.id(),
            name: name.into(),
            is_settled: stamps.is_settled(now),
            stamps,
            plain: Variant::new(&common, stamp, None, content),
            offers: Offers(coded.each_ref().map(|coded| !matches!(coded, Coded::No))),
            coded,
            common,
        })
    }

    pub(super) fn modified(&self) -> Option<SystemTime> {
        self.common.modified
    }

    pub(super) fn is_kept(&self) -> bool {
        self.plain.content.bytes().is_some()
    }

    /// Returns the memory that a newly loaded file occupies, in bytes.
    pub(super) fn weight(&self) -> usize {
        let siblings = self.coded.iter().map(|coded| match coded {
            Coded::Ready(variant) => variant.content.weight(),
            Coded::No | Coded::Later(_) => 0,
        });
        ENTRY_OVERHEAD + self.plain.content.weight() + siblings.sum::<usize>()
    }

    /// Returns the variant that the client prefers. If it must be made first, the error is its
    /// coding.
    pub(super) fn at_hand(
        &self,
        request: RequestParts<'_>,
        encoders: &EncoderMemory,
    ) -> Result<&Variant, Encoding> {
        if !self.offers.any() {
            return Ok(&self.plain);
        }
        let Some(encoding) = Accepted::of(request.headers).choose(self.offers) else {
            return Ok(&self.plain);
        };
        Ok(match &self.coded[encoding as usize] {
            Coded::No => &self.plain,
            // If content is compressed while it is sent, its ranges are unknown.
            Coded::Ready(variant)
                if matches!(variant.content, Content::Coded(..))
                    && (request.headers.contains_key(RANGE) || !encoders.has_room(encoding)) =>
            {
                &self.plain
            }
            Coded::Ready(variant) => variant,
            Coded::Later(cell) => {
                let made = cell.get().ok_or(encoding)?;
                made.as_deref().unwrap_or(&self.plain)
            }
        })
    }

    /// Returns the cell for a variant that is compressed at first use; `None` if this coding has no
    /// such variant.
    pub(super) fn later(&self, encoding: Encoding) -> Option<&OnceCell<Option<Box<Variant>>>> {
        match &self.coded[encoding as usize] {
            Coded::Later(cell) => Some(cell),
            Coded::No | Coded::Ready(_) => None,
        }
    }

    /// Makes a compressed variant. Returns `None` if the variant is not at least a tenth shorter
    /// than the file.
    pub(super) fn form(&self, encoding: Encoding, coded: Bytes, plain: &Bytes) -> Option<Variant> {
        if coded.len() > plain.len() / 10 * 9 {
            return None;
        }
        let (common, stamp) = (&self.common, self.stamps.plain);
        let content = Content::Memory(coded);
        Some(Variant::new(common, stamp, Some(encoding), content))
    }
}

/// The modification time; `None` if it is in the future (RFC 9110, section 8.8.2.1).
fn believable(nanoseconds: i128, now: SystemTime) -> Option<SystemTime> {
    let seconds = u64::try_from(nanoseconds / 1_000_000_000).ok()?;
    let modified = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    (modified <= now).then_some(modified)
}

impl Content {
    fn of(file: File, stamp: FileStamp, is_kept: bool) -> Result<Self, LoadError> {
        if !is_kept {
            return Ok(Self::File(Arc::new(file), stamp.size));
        }
        let size = usize::try_from(stamp.size).map_err(|_| LoadError::Changing)?;
        let mut bytes = Vec::with_capacity(size + 1);
        (&file).take(stamp.size + 1).read_to_end(&mut bytes)?;
        // The file changed while it was read. The bytes may be a mixture of two versions, and a
        // mixture must not get an ETag.
        if bytes.len() != size || FileStamp::of(&file)? != stamp {
            return Err(LoadError::Changing);
        }
        bytes.shrink_to_fit();
        if stamp.size < MIN_KEPT_OPEN_BYTES {
            return Ok(Self::Memory(bytes.into()));
        }
        let file = Arc::new(StampedFile { file, stamp });
        Ok(Self::Kept(bytes.into(), file))
    }

    /// Returns the content if it is in memory.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Memory(bytes) | Self::Kept(bytes, ..) => Some(bytes),
            Self::File(..) | Self::Coded(..) => None,
        }
    }

    fn weight(&self) -> usize {
        self.bytes().map_or(0, Bytes::len)
    }

    /// The content's length; `None` if it is unknown before compression.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Memory(bytes) | Self::Kept(bytes, ..) => Some(bytes.len() as u64),
            Self::File(_, length) => Some(*length),
            Self::Coded(..) => None,
        }
    }
}

impl Variant {
    fn new(
        common: &Common,
        stamp: FileStamp,
        encoding: Option<Encoding>,
        content: Content,
    ) -> Self {
        let tag = tag(stamp, encoding);
        // The map gets room for the headers that are added to every response, because a cloned map
        // has no spare room.
        let mut unchanged = headers::prepared();
        unchanged.insert(CACHE_CONTROL, common.cache_control.clone());
        unchanged.insert(ETAG, tag.clone());
        if common.varies {
            unchanged.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if let Some(modified) = common.modified
            && let Ok(modified) = HeaderValue::try_from(httpdate::fmt_http_date(modified))
        {
            unchanged.insert(LAST_MODIFIED, modified);
        }
        let mut headers = unchanged.clone();
        headers.insert(CONTENT_TYPE, common.content_type.clone());
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        if let Some(length) = content.length() {
            headers.insert(CONTENT_LENGTH, length.into());
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        Self {
            headers,
            unchanged,
            tag,
            content,
            ready: ReadyHead::default(),
        }
    }
}

fn tag(stamp: FileStamp, encoding: Option<Encoding>) -> HeaderValue {
    let FileStamp {
        inode,
        size,
        modified,
        changed,
        ..
    } = stamp;
    let (dash, name) = encoding.map_or(("", ""), |encoding| ("-", encoding.name()));
    let text = format!("\"{inode:x}-{size:x}-{modified:x}-{changed:x}{dash}{name}\"");
    // Digits, letters and dashes between quotes are always a valid header.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("W/\"\""))
}
