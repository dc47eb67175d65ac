//! The brotli and gzip encoders behind one interface.

use std::io::{self, Write as _};

use bytes::Bytes;

use super::Encoding;

/// The kind of data to compress. It determines how much memory the encoder uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A file that is compressed once and cached. The window is as large as the largest such file.
    Kept,
    /// One of many streams. The window is 256 KiB.
    Stream,
}

const BROTLI_LEVEL: u32 = 4;
const GZIP_LEVEL: u32 = 5;
/// Window sizes as powers of two.
const STREAM_WINDOW: u32 = 18;
const KEPT_WINDOW: u32 = 20;
const BROTLI_BUFFER: usize = 4_096;

/// An encoder whose output stays in memory until [`Encoder::take`] returns it.
pub(crate) enum Encoder {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Gzip(Box<flate2::write::GzEncoder<Vec<u8>>>),
}

impl Encoder {
    pub(crate) fn new(encoding: Encoding, effort: Effort) -> Self {
        let window = match effort {
            Effort::Kept => KEPT_WINDOW,
            Effort::Stream => STREAM_WINDOW,
        };
        match encoding {
            Encoding::Brotli => Self::Brotli(Box::new(brotli::CompressorWriter::new(
                Vec::new(),
                BROTLI_BUFFER,
                BROTLI_LEVEL,
                window,
            ))),
            Encoding::Gzip => Self::Gzip(Box::new(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::new(GZIP_LEVEL),
            ))),
        }
    }

    pub(crate) fn stream(encoding: Encoding) -> Self {
        Self::new(encoding, Effort::Stream)
    }

    /// Adds `padding` bytes to the header, in a field that decoders ignore (RFC 1952, section
    /// 2.3.1.1).
    pub(crate) fn padded_gzip(padding: u8) -> Self {
        let mut extra = vec![b'K', b'n', padding, 0];
        extra.resize(extra.len() + usize::from(padding), 0);
        let gzip = flate2::GzBuilder::new().extra(extra);
        let encoder = gzip.write(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
        Self::Gzip(Box::new(encoder))
    }

    /// Compresses a whole file for the cache.
    pub(crate) fn once(encoding: Encoding, bytes: &[u8]) -> io::Result<Bytes> {
        Self::new(encoding, Effort::Kept).whole(bytes)
    }

    /// Compresses data that is in memory.
    pub(crate) fn whole(mut self, bytes: &[u8]) -> io::Result<Bytes> {
        self.write(bytes)?;
        self.finish()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Brotli(encoder) => encoder.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Brotli(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }

    /// Returns the output since the last call.
    pub(crate) fn take(&mut self) -> Bytes {
        let out = match self {
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        };
        std::mem::take(out).into()
    }

    pub(crate) fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Gzip(encoder) => encoder.finish(),
        }
        .map(Bytes::from)
    }
}
