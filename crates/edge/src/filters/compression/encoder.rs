//! One of the two encoders, bytes in and bytes out.

use std::io::{self, Write as _};

use bytes::Bytes;

use super::Encoding;

/// What is compressed, which decides how much memory may go into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A file that is compressed once and kept: it sees the whole of it.
    Kept,
    /// One of many streams: a window of 256 KiB, however long it is.
    Stream,
}

const BROTLI_LEVEL: u32 = 4;
const GZIP_LEVEL: u32 = 5;
/// The powers of two that windows have.
const STREAM_WINDOW: u32 = 18;
const KEPT_WINDOW: u32 = 20;
const BROTLI_BUFFER: usize = 4_096;

/// An encoder that writes into memory, from where [`Encoder::take`] takes it.
pub(crate) enum Encoder {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
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
            Encoding::Gzip => Self::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::new(GZIP_LEVEL),
            )),
        }
    }

    /// For one of many streams.
    pub(crate) fn stream(encoding: Encoding) -> Self {
        Self::new(encoding, Effort::Stream)
    }

    /// Makes gzip with so many bytes more in its header (RFC 1952, section 2.3.1.1),
    /// under a name that nobody reads.
    pub(crate) fn padded_gzip(padding: u8) -> Self {
        let mut extra = vec![b'K', b'n', padding, 0];
        extra.resize(extra.len() + usize::from(padding), 0);
        let gzip = flate2::GzBuilder::new().extra(extra);
        Self::Gzip(gzip.write(Vec::new(), flate2::Compression::new(GZIP_LEVEL)))
    }

    /// The whole of something that is kept.
    pub(crate) fn once(encoding: Encoding, bytes: &[u8]) -> io::Result<Bytes> {
        let mut encoder = Self::new(encoding, Effort::Kept);
        encoder.write(bytes)?;
        encoder.finish()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Brotli(encoder) => encoder.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    /// Lets out everything that was written, so that it can be decoded.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Brotli(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }

    /// What has come out since the last time.
    pub(crate) fn take(&mut self) -> Bytes {
        let out = match self {
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        };
        std::mem::take(out).into()
    }

    /// The rest.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Gzip(encoder) => encoder.finish(),
        }
        .map(Bytes::from)
    }
}
