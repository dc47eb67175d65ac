//! Reading forms from request bodies.

mod paced;

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use paced::{Paced, Unread};
use platform::Files;
use platform::files::Arriving;
use platform::request;
use platform::text_cleaning::hexadecimal;
use sha2::{Digest as _, Sha256};

use crate::form::Form;
use crate::media_type;
use crate::problem::Problem;

/// The largest form or JSON body, in bytes.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// The maximum number of fields in a form. A form for 30 people with 20 events and 30 questions
/// sends 1,600.
pub(crate) const MOST_FIELDS: usize = 2000;

#[derive(Clone, Debug)]
pub struct SentFile {
    pub field: String,
    /// The file's name on the sender's machine.
    pub name: String,
    /// The file's content, which is never empty.
    pub bytes: Bytes,
}

impl Form {
    /// Parses `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Result<Self, Problem> {
        // `form_urlencoded` would silently replace invalid UTF-8, and so change names.
        if percent_encoding::percent_decode(text)
            .decode_utf8()
            .is_err()
        {
            return Err(invalid());
        }
        let fields: Vec<_> = form_urlencoded::parse(text)
            .take(MOST_FIELDS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if fields.len() > MOST_FIELDS {
            return Err(too_large());
        }
        Ok(Self(fields))
    }

    /// Parses a urlencoded or `multipart/form-data` (RFC 7578) form. Files are skipped, but count
    /// towards the size of the body.
    pub async fn of_either_kind(request: Request) -> Result<Self, Problem> {
        if !media_type::is(request.headers(), media_type::MULTIPART) {
            return Self::from_request(request, &()).await;
        }
        let (form, _) = Self::parse_multipart(request, MOST_BYTES, false).await?;
        Ok(form)
    }

    /// Parses a urlencoded or multipart form, and returns it with its files. The body may have
    /// `max_file_bytes` bytes more than a form without files. Unless `keep_files` is true, files
    /// are read and dropped.
    pub async fn with_files(
        request: Request,
        max_file_bytes: usize,
        keep_files: bool,
    ) -> Result<(Self, Vec<SentFile>), Problem> {
        if !media_type::is(request.headers(), media_type::MULTIPART) {
            return Ok((Self::from_request(request, &()).await?, Vec::new()));
        }
        Self::parse_multipart(
            request,
            MOST_BYTES.saturating_add(max_file_bytes),
            keep_files,
        )
        .await
    }

    /// Parses the fields of a multipart body, or of its beginning. Returns also whether that is
    /// everything: whether no field is missing, and no file was sent.
    pub(crate) async fn of_beginning(request: Request) -> (Self, bool) {
        let mut fields = Vec::new();
        let Ok(mut parts) = PartReader::of(request).await else {
            return (Self(fields), false);
        };
        let mut is_everything = true;
        loop {
            match parts.next().await {
                Ok(Some(Part::Field(name, value))) => fields.push((name, value)),
                Ok(Some(Part::File(mut file))) => loop {
                    match file.chunk().await {
                        Ok(Some(chunk)) => is_everything &= chunk.is_empty(),
                        Ok(None) => break,
                        Err(_) => return (Self(fields), false),
                    }
                },
                Ok(None) => return (Self(fields), is_everything),
                Err(_) => return (Self(fields), false),
            }
        }
    }

    /// Parses a body of at most `most` bytes. The fields together may have at most [`MOST_BYTES`].
    async fn parse_multipart(
        mut request: Request,
        most: usize,
        keep_files: bool,
    ) -> Result<(Self, Vec<SentFile>), Problem> {
        DefaultBodyLimit::max(most).apply(&mut request);
        let mut parts = PartReader::of(request).await?;
        let (mut fields, mut files) = (Vec::new(), Vec::new());
        while let Some(part) = parts.next().await? {
            match part {
                Part::Field(name, value) => fields.push((name, value)),
                Part::File(mut file) if keep_files => {
                    let field = file.part.name().unwrap_or_default().to_owned();
                    let name = file.part.file_name().unwrap_or_default().to_owned();
                    let mut bytes = Vec::new();
                    while let Some(chunk) = file.chunk().await? {
                        bytes.extend_from_slice(&chunk);
                    }
                    // Browsers send an empty file if no file was chosen.
                    if !bytes.is_empty() {
                        request::hold(bytes.len());
                        let bytes = bytes.into();
                        files.push(SentFile { field, name, bytes });
                    }
                }
                Part::File(mut file) => while file.chunk().await?.is_some() {},
            }
        }
        Ok((Self(fields), files))
    }
}

/// Reads the parts of a `multipart/form-data` body (RFC 7578) as they arrive.
#[derive(Debug)]
pub struct PartReader {
    multipart: Multipart,
    unread: Unread,
    /// How many bytes the remaining fields may have together.
    left: usize,
    parts: usize,
}

/// A part of a form.
#[derive(Debug)]
pub enum Part<'a> {
    /// The name and the value of a field.
    Field(String, String),
    File(Box<SentPart<'a>>),
}

/// A file in a form. Its content has not been read yet.
#[derive(Debug)]
pub struct SentPart<'a> {
    part: Field<'a>,
    unread: Unread,
}

/// An uploaded file in the file store's folder, which is not stored under a key yet.
#[derive(Debug)]
pub struct ArrivedFile {
    /// The file's name on the sender's machine.
    pub name: String,
    pub content: Arriving,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 of the content, in hexadecimal digits.
    pub digest: String,
    /// The first bytes, by which the type is recognized.
    pub head: Vec<u8>,
}

/// The maximum length of [`ArrivedFile::head`], in bytes.
const HEAD: usize = 16;

impl PartReader {
    /// Reads a form with up to `files` files of `most` bytes each.
    pub async fn with_files(
        mut request: Request,
        files: usize,
        most: usize,
    ) -> Result<Self, Problem> {
        // The limit leaves room for one file that is too large. The rest of such a file is read and
        // dropped.
        let most = most.saturating_mul(files.saturating_add(1));
        DefaultBodyLimit::max(MOST_BYTES.saturating_add(most)).apply(&mut request);
        if !media_type::is(request.headers(), media_type::MULTIPART) {
            return Err(unsupported());
        }
        Self::of(request).await
    }

    async fn of(request: Request) -> Result<Self, Problem> {
        let unread = Unread::default();
        let request = request.map(|body| Body::new(Paced::new(body, unread.clone())));
        let multipart = Multipart::from_request(request, &()).await;
        Ok(Self {
            unread,
            multipart: multipart.map_err(|_| invalid())?,
            left: MOST_BYTES,
            parts: 0,
        })
    }

    pub async fn next(&mut self) -> Result<Option<Part<'_>>, Problem> {
        let Some(mut part) = self.multipart.next_field().await? else {
            return Ok(None);
        };
        self.unread.reset();
        self.parts += 1;
        if self.parts > MOST_FIELDS {
            return Err(too_large());
        }
        if is_file(&part) {
            let unread = self.unread.clone();
            return Ok(Some(Part::File(Box::new(SentPart { part, unread }))));
        }
        // A name that is not UTF-8 counts as missing.
        let name = part.name().ok_or_else(invalid)?.to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await? {
            self.unread.reset();
            self.left = self.left.checked_sub(chunk.len()).ok_or_else(too_large)?;
            value.extend_from_slice(&chunk);
        }
        request::hold(value.len());
        let value = String::from_utf8(value).map_err(|_| invalid())?;
        Ok(Some(Part::Field(name, value)))
    }
}

impl SentPart<'_> {
    /// The file's name on the sender's machine.
    pub fn name(&self) -> &str {
        self.part.file_name().unwrap_or_default()
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        let chunk = self.part.chunk().await?;
        self.unread.reset();
        Ok(chunk)
    }

    /// Writes the file to the file store's folder while it arrives. Returns `None` for an empty
    /// file, which browsers send if no file was chosen. A file with more than `most` bytes is read
    /// to its end, but only its beginning is written.
    pub async fn receive(
        mut self,
        files: &Files,
        most: usize,
    ) -> Result<Option<Result<ArrivedFile, Problem>>, Problem> {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let name = self.name().to_owned();
        let mut content = files.begin().await.map_err(Problem::internal)?;
        let (mut bytes, mut head, mut hash) = (0_u64, Vec::new(), Sha256::new());
        while let Some(chunk) = self.chunk().await? {
            bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if bytes > most {
                continue;
            }
            let missing = HEAD - head.len();
            head.extend(chunk.iter().take(missing));
            hash.update(&chunk);
            content.write(&chunk).await.map_err(Problem::internal)?;
        }
        if bytes == 0 {
            return Ok(None);
        }
        if bytes > most {
            return Ok(Some(Err(too_large())));
        }
        content.finish().await.map_err(Problem::internal)?;
        Ok(Some(Ok(ArrivedFile {
            name,
            content,
            bytes,
            digest: hexadecimal(&hash.finalize()),
            head,
        })))
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !media_type::is(request.headers(), media_type::URLENCODED) {
            return Err(unsupported());
        }
        Self::parse(&read_body(request.into_body(), MOST_BYTES).await?)
    }
}

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => invalid(),
        }
    }
}

/// Whether a part of a multipart form is a file, even if its file name is unreadable.
fn is_file(part: &Field<'_>) -> bool {
    let said = part.headers().get(CONTENT_DISPOSITION);
    let said = said
        .map_or(&b""[..], HeaderValue::as_bytes)
        .to_ascii_lowercase();
    let names = [&b"filename="[..], b"filename*="];
    names
        .iter()
        .any(|name| said.windows(name.len()).any(|place| place == *name))
}

/// Reads a body of at most `most` bytes.
pub async fn read_body(body: Body, most: usize) -> Result<Bytes, Problem> {
    match Limited::new(body, most).collect().await {
        Ok(whole) => {
            let whole = whole.to_bytes();
            request::hold(whole.len());
            Ok(whole)
        }
        Err(cause) if cause.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        // The client disconnected or broke the framing, so nobody reads this response.
        Err(_) => Err(invalid()),
    }
}

pub(crate) fn unsupported() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
}

pub(crate) fn invalid() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "body_invalid")
}

pub(crate) fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;
    use proptest::prelude::*;

    use super::*;
    use crate::form::NotANumber;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes()).unwrap()
    }

    async fn send(kind: &str, body: impl Into<Body>) -> Result<Form, Problem> {
        let request = Request::builder()
            .method("POST")
            .header(CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap();
        Form::from_request(request, &()).await
    }

    const KIND: &str = "application/x-www-form-urlencoded";

    #[test]
    fn fields_keep_their_order_and_their_text() {
        let form =
            form("diet.1=halal&diet.1=vegan&name.1=+Mei+%E9%99%88&child.1=0&child.1=1&age.1=");
        assert_eq!(form.all("diet.1").collect::<Vec<_>>(), ["halal", "vegan"]);
        assert_eq!(form.text("name.1"), " Mei 陈");
        assert!(form.is_ticked("child.1") && !form.is_ticked("child.2"));
        assert!(!format!("{form:?}").contains("Mei"));
        assert_eq!(form.number("age.1"), Ok(None));
        assert_eq!(form.number("name.1"), Err(NotANumber));
        assert_eq!(
            form.under("diet.").collect::<Vec<_>>(),
            [("1", "halal"), ("1", "vegan")]
        );
    }

    #[tokio::test]
    async fn bodies_are_of_one_kind_and_within_limits() {
        for (kind, body, status) in [
            (KIND, "a=1".to_owned(), 200),
            (
                "application/x-www-form-urlencoded; charset=UTF-8",
                "a=1".to_owned(),
                200,
            ),
            ("application/json", "{}".to_owned(), 415),
            ("", String::new(), 415),
            (KIND, "a=%FF".to_owned(), 400),
            (KIND, format!("a={}", "x".repeat(MOST_BYTES - 2)), 200),
            (KIND, format!("a={}", "x".repeat(MOST_BYTES - 1)), 413),
            (KIND, "a=1&".repeat(MOST_FIELDS), 200),
            (KIND, "a=1&".repeat(MOST_FIELDS + 1), 413),
        ] {
            let length = body.len();
            let answer = send(kind, body)
                .await
                .map_or_else(|p| p.status.as_u16(), |_| 200);
            assert_eq!(answer, status, "{kind} {length}");
        }
    }

    proptest! {
        #[test]
        fn what_was_typed_is_read_back(fields in proptest::collection::vec(("\\PC{1,10}", "(?s).{0,20}"), 0..20)) {
            let sent: Form = fields.into_iter().collect();
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(sent.iter()).finish();
            prop_assert_eq!(Form::parse(text.as_bytes()).unwrap(), sent);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::parse(&bytes);
        }
    }
}
