//! The reasons why a message is refused.

use http::StatusCode;

/// Why a message is refused. The error text explains the problem and the correct form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A line ends with a bare LF, or contains a bare CR (RFC 9112, section 2.2).
    #[error("a line does not end with CR LF; end every line of the head with both")]
    LineEnd,
    /// There is more than one empty line before the request line.
    #[error("there are empty lines before the request; send at most one")]
    EmptyLines,
    /// The head contains NUL or another control character.
    #[error("the head holds a control character; remove it")]
    Control,
    /// A header continues on the next line (RFC 9112, section 5.2).
    #[error("a header is folded over several lines; send it in one")]
    Folded,
    /// The request line is not `METHOD TARGET HTTP/1.1`.
    #[error(
        "the request line cannot be read; send METHOD, target and HTTP/1.1 with one space between"
    )]
    RequestLine,
    /// A header is not `Name: value`.
    #[error("a header cannot be read; send Name: value without a space before the colon")]
    Header,
    /// The version is written like HTTP/1.1, but is neither HTTP/1.0 nor HTTP/1.1.
    #[error("this version of HTTP is not supported; send HTTP/1.1")]
    Version,
    /// A method that is always refused, such as `CONNECT`.
    #[error("this method is never served; send another, such as GET or POST")]
    Method,
    /// The target is not a path, `*` or a URL (RFC 9112, section 3.2).
    #[error(
        "the request target is not a valid path or URL; percent-encode what is not allowed in one"
    )]
    Target,
    /// `Host` is missing, repeated, or not a host (RFC 9112, section 3.2).
    #[error("Host is missing, repeated or not a host; send exactly one")]
    Host,
    /// The URL in the request line and the header `Host` contain different hosts.
    #[error("the request line and Host name different hosts; send the same")]
    HostDiffers,
    /// `Content-Length` is repeated, or not a number (RFC 9112, section 6.3).
    #[error("Content-Length is repeated or not a number; send one number")]
    Length,
    /// An HTTP/2 or HTTP/3 message contains a header of HTTP/1 connections (RFC 9113, section
    /// 8.2.2; RFC 9114, section 4.2).
    #[error("a header is for connections of HTTP/1 only; leave it out")]
    OfConnection,
    /// The message has both `Content-Length` and `Transfer-Encoding`.
    #[error("Content-Length and Transfer-Encoding exclude each other; send one of them")]
    LengthAndEncoding,
    /// The last coding of `Transfer-Encoding` is not `chunked`.
    #[error("Transfer-Encoding does not end with chunked; send chunked alone")]
    Encoding,
    /// `Transfer-Encoding` contains an unsupported coding.
    #[error("Transfer-Encoding may only be chunked")]
    EncodingUnknown,
    /// `Expect` is not `100-continue`.
    #[error("Expect may only be 100-continue")]
    Expectation,
    /// The request line alone is larger than a whole head may be.
    #[error("the request target is too long; send a shorter one")]
    TargetTooLong,
    #[error("the headers are too large; send fewer, or smaller cookies")]
    HeadTooLarge,
    #[error("the headers did not arrive in time; send them at once")]
    HeadTooSlow,
    /// The body stalled for too long, or arrived too slowly.
    #[error("the body arrived too slowly; send it again over a faster connection")]
    BodyTooSlow,
    /// The chunked framing is invalid (RFC 9112, section 7.1), or contains too many bytes in
    /// addition to the data.
    #[error(
        "a chunk of the body is not valid; send its size in hexadecimal digits, then its bytes"
    )]
    Chunk,
    /// The trailers are too large, cannot be parsed, or contain fields that are only permitted in a
    /// head.
    #[error("the trailers are not valid; send them like headers, or none")]
    Trailers,
    /// The HTTP/2 implementation closes the connection with this error code (RFC 9113, section 7).
    #[error("the connection is not valid: HTTP/2 error {0:#x}; open another")]
    Http2(u32),
}

const PROTOCOL_ERROR: u32 = 0x1;
const FLOW_CONTROL_ERROR: u32 = 0x3;
const FRAME_SIZE_ERROR: u32 = 0x6;
const COMPRESSION_ERROR: u32 = 0x9;
const ENHANCE_YOUR_CALM: u32 = 0xb;

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Method | Self::EncodingUnknown => StatusCode::NOT_IMPLEMENTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::HeadTooSlow | Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// A stable identifier for logs.
    pub fn why(self) -> &'static str {
        match self {
            Self::LineEnd => "refused_line_end",
            Self::EmptyLines => "refused_empty_lines",
            Self::Control => "refused_control",
            Self::Folded => "refused_folded",
            Self::RequestLine => "refused_request_line",
            Self::Header => "refused_header",
            Self::Version => "refused_version",
            Self::Method => "refused_method",
            Self::Target => "refused_target",
            Self::Host => "refused_host",
            Self::HostDiffers => "refused_host_differs",
            Self::Length => "refused_length",
            Self::OfConnection => "refused_of_connection",
            Self::LengthAndEncoding => "refused_length_and_encoding",
            Self::Encoding => "refused_encoding",
            Self::EncodingUnknown => "refused_encoding_unknown",
            Self::Expectation => "refused_expectation",
            Self::TargetTooLong => "refused_target_too_long",
            Self::HeadTooLarge => "refused_head_too_large",
            Self::HeadTooSlow => "refused_head_too_slow",
            Self::BodyTooSlow => "refused_body_too_slow",
            Self::Chunk => "refused_chunk",
            Self::Trailers => "refused_trailers",
            Self::Http2(PROTOCOL_ERROR) => "refused_http2_protocol",
            Self::Http2(FLOW_CONTROL_ERROR) => "refused_http2_flow_control",
            Self::Http2(FRAME_SIZE_ERROR) => "refused_http2_frame_size",
            Self::Http2(COMPRESSION_ERROR) => "refused_http2_compression",
            Self::Http2(ENHANCE_YOUR_CALM) => "refused_http2_enhance_your_calm",
            Self::Http2(_) => "refused_http2",
        }
    }

    /// Whether the error is in the body, after a valid head.
    pub fn is_of_body(self) -> bool {
        matches!(self, Self::Chunk | Self::Trailers | Self::BodyTooSlow)
    }
}
