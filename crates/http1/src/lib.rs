//! Parses HTTP/1 messages, finds their ends, and refuses ambiguous messages. This crate does no
//! I/O.

mod chunks;
mod head;
mod names;
mod refusal;
mod request;
mod response;
mod section;
mod size_limits;
mod write;

pub use chunks::{Chunks, Decoded};
pub use head::{Heads, RequestBody, RequestHead};
pub use refusal::Refusal;
pub use request::{content_length, is_host, judge_fields, request_length};
pub use response::{BadAnswer, Head, Left, Read, Reason, has_no_body, read};
pub use size_limits::{LARGEST_HEAD, LINES, METHOD_LENGTH};
pub use write::write_lines;
