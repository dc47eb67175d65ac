//! The largest parts of a message.

/// The header lines of a request, and of trailers.
pub const LINES: usize = 128;
/// The maximum length of a method in bytes. This is twice the length of the longest registered
/// method.
pub const METHOD_LENGTH: usize = 32;
/// In bytes: a name of 253 characters and a port fit into it.
pub(crate) const MAX_HOST_LENGTH: usize = 260;
/// The maximum size of a response head, in bytes.
pub const LARGEST_HEAD: usize = 64 << 10;
