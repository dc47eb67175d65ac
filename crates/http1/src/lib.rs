//! HTTP/1 as bytes: what a message says, where it ends, and whether that can be read in one way
//! only. Nothing in here reads, writes or waits.

mod brief;
mod chunks;
mod framing;
mod refusal;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use brief::{FastRequest, Unread, brief};
pub use chunks::{BadChunk, Chunks, Decoded};
pub use framing::{Followed, Framing};
pub use refusal::Refusal;
pub use request::{LINES, METHOD_LENGTH, content_length, is_host, judge_fields};
pub use response::{Head, LARGEST_HEAD, Left, Read, has_no_body, read};
