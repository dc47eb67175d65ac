//! Objects in an S3 bucket, at Amazon or on a compatible server.

use std::fmt;
use std::io;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2};
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use url::Url;

use crate::outbound::{Answer, LONGEST_OBJECT};
use crate::{Outbound, Secret};

const VALID: Duration = Duration::from_mins(5);
/// With the status 400, the error codes of servers that do not know a header.
const UNSUPPORTED: [&str; 3] = ["InvalidArgument", "InvalidRequest", "NotImplemented"];
/// The size of a part in a multipart upload, in bytes. Amazon's minimum is 5 MiB.
pub const PART: usize = 8 << 20;

/// The address of the bucket's server, and the credentials for it.
#[derive(Clone, Debug, Default)]
pub struct S3Access {
    /// The server's URL; if it is empty, Amazon's URL for the region is used.
    pub endpoint: String,
    pub region: String,
    /// The access key id.
    pub access_key: String,
    pub secret_key: Option<Secret>,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum S3Error {
    /// The settings do not describe a usable bucket.
    #[error("{0}")]
    Access(String),
    #[error(
        "the bucket {target} cannot be used: {reason}; check that this machine reaches it, and its \
         endpoint and keys in the settings"
    )]
    Target { target: String, reason: String },
}

/// What must be true of an object for it to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// The object does not exist (`If-None-Match: *`, RFC 9110, section 13.1.2).
    Absent,
    /// The object has this `ETag` (`If-Match`, RFC 9110, section 13.1.1).
    Tag(&'a str),
}

/// The outcome of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conditional {
    /// The object was written, and has this tag now.
    Written(String),
    /// The condition did not hold, and nothing was written.
    Refused,
    /// The place cannot write conditionally.
    Unsupported,
}

/// An object's content with its tag, which differs for each content.
#[derive(Clone, Debug)]
pub struct Tagged {
    pub bytes: Vec<u8>,
    pub tag: String,
    /// When it was read, by the clock of the place; `None` if the place has no clock.
    pub date: Option<Timestamp>,
}

/// A bucket, and a prefix. The names of all objects that Kenduri stores in the bucket begin with
/// the prefix.
#[derive(Clone)]
pub struct S3 {
    bucket: Bucket,
    prefix: String,
    access_key: String,
    secret_key: Secret,
    outbound: Outbound,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl S3 {
    /// Makes a client for the bucket and prefix in `place`, which has the form `BUCKET/PREFIX`.
    pub fn at(place: &str, access: &S3Access) -> Result<Self, S3Error> {
        let wrong = |reason: String| S3Error::Access(reason);
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.trim_matches('/');
        let (endpoint, style) = if access.endpoint.is_empty() {
            let amazon = format!("https://s3.{}.amazonaws.com", access.region);
            (amazon, UrlStyle::VirtualHost)
        } else {
            (access.endpoint.clone(), UrlStyle::Path)
        };
        let secret_key = access.secret_key.clone();
        let secret_key = secret_key.filter(|_| !access.access_key.is_empty());
        let endpoint: Url = endpoint.parse().map_err(|error| {
            wrong(format!(
                "{endpoint:?} is not an address like https://s3.example.org: {error}"
            ))
        })?;
        let (bucket, region) = (bucket.to_owned(), access.region.clone());
        let bucket = Bucket::new(endpoint, style, bucket, region);
        Ok(Self {
            bucket: bucket.map_err(|error| wrong(error.to_string()))?,
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}/")
            },
            access_key: access.access_key.clone(),
            secret_key: secret_key.ok_or_else(|| {
                wrong("access_key and secret_key_file are not both set".to_owned())
            })?,
            outbound: Outbound::public().map_err(|error| wrong(error.to_string()))?,
        })
    }

    pub fn name(&self) -> String {
        let name = format!("s3://{}/{}", self.bucket.name(), self.prefix);
        name.trim_end_matches('/').to_owned()
    }

    /// The bucket's server, its name and the prefix.
    pub fn address(&self) -> String {
        format!("{}{}", self.bucket.base_url(), self.prefix)
    }

    /// Writes an object in a single request. An existing object with the same name is replaced.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), S3Error> {
        if bytes.len() > LONGEST_OBJECT {
            // An object of this size could not be read back.
            return Err(self.failed(&format!("{name} is longer than {LONGEST_OBJECT} bytes")));
        }
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.put_object(Some(&credentials), &key).sign(VALID);
        self.send(Method::PUT, &url, bytes).await.map(drop)
    }

    /// Writes an object in a single request, if the condition holds.
    pub async fn put_if(
        &self,
        name: &str,
        bytes: Bytes,
        condition: Precondition<'_>,
    ) -> Result<Conditional, S3Error> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.put_object(Some(&credentials), &key).sign(VALID);
        let header = match condition {
            Precondition::Absent => ("if-none-match", "*".to_owned()),
            Precondition::Tag(tag) => ("if-match", tag.to_owned()),
        };
        let answer = self.call(Method::PUT, &url, &[header], bytes).await?;
        match answer.status {
            StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => Ok(Conditional::Refused),
            // The object with the tag is gone.
            StatusCode::NOT_FOUND if !says(&answer, "NoSuchBucket") => Ok(Conditional::Refused),
            StatusCode::NOT_IMPLEMENTED => Ok(Conditional::Unsupported),
            // Other codes of this status are of requests that were slow, cut or signed too early.
            StatusCode::BAD_REQUEST if UNSUPPORTED.contains(&code(&answer).as_str()) => {
                Ok(Conditional::Unsupported)
            }
            _ => {
                let answer = self.check(answer)?;
                Ok(answer
                    .etag
                    .map_or(Conditional::Unsupported, Conditional::Written))
            }
        }
    }

    /// Reads an object and its `ETag`; `None` if the object does not exist.
    pub async fn get_with_tag(&self, name: &str) -> Result<Option<Tagged>, S3Error> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.get_object(Some(&credentials), &key).sign(VALID);
        let answer = self.call(Method::GET, &url, &[], Bytes::new()).await?;
        if answer.status == StatusCode::NOT_FOUND && !says(&answer, "NoSuchBucket") {
            return Ok(None);
        }
        let Answer {
            body, etag, date, ..
        } = self.check(answer)?;
        let tag = etag.ok_or_else(|| self.failed("an object has no ETag"))?;
        Ok(Some(Tagged {
            bytes: body.into(),
            tag,
            date,
        }))
    }

    /// Writes a file in parts of [`PART`] bytes, so that only one part is in memory. The object
    /// appears after the last part is written.
    pub async fn put_file(&self, name: &str, mut file: File) -> Result<(), S3Error> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let credentials = Some(&credentials);
        let read = |error: io::Error| self.failed(&error.to_string());
        let first = next_part(&mut file).await.map_err(read)?;
        if first.len() < PART {
            return self.put(name, first).await;
        }
        let begin = self.bucket.create_multipart_upload(credentials, &key);
        let begun = self
            .send(Method::POST, &begin.sign(VALID), Bytes::new())
            .await?;
        let begun = CreateMultipartUpload::parse_response(&String::from_utf8_lossy(&begun.body))
            .map_err(|error| self.failed(&error.to_string()))?;
        let id = begun.upload_id();
        let written = async {
            let (mut part, mut tags) = (first, Vec::new());
            while !part.is_empty() {
                let number = u16::try_from(tags.len() + 1)
                    .map_err(|_| self.failed(&format!("{name} has too many parts")))?;
                let put = self.bucket.upload_part(credentials, &key, number, id);
                let answer = self.send(Method::PUT, &put.sign(VALID), part).await?;
                let tag = answer
                    .etag
                    .ok_or_else(|| self.failed("a part has no ETag"))?;
                tags.push(tag);
                part = next_part(&mut file).await.map_err(read)?;
            }
            let tags = tags.iter().map(String::as_str);
            let end = self
                .bucket
                .complete_multipart_upload(credentials, &key, id, tags);
            let url = end.sign(VALID);
            let answer = self.send(Method::POST, &url, end.body().into()).await?;
            // Amazon reports an error of this request with the status 200.
            if says(&answer, "<Error>") {
                return Err(self.failed(&code(&answer)));
            }
            Ok(())
        };
        let written = written.await;
        if written.is_err() {
            let abort = self.bucket.abort_multipart_upload(credentials, &key, id);
            let url = abort.sign(VALID);
            drop(self.send(Method::DELETE, &url, Bytes::new()).await);
        }
        written
    }

    /// Reads an object, or a range of it; `None` if the object does not exist. A range beyond the
    /// object's end yields no bytes.
    pub async fn get(
        &self,
        name: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<Bytes>, S3Error> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.get_object(Some(&credentials), &key).sign(VALID);
        let range = range.map(|range| {
            let last = range.end.saturating_sub(1);
            ("range", format!("bytes={}-{last}", range.start))
        });
        let answer = self
            .call(Method::GET, &url, range.as_slice(), Bytes::new())
            .await?;
        if answer.status == StatusCode::NOT_FOUND && !says(&answer, "NoSuchBucket") {
            return Ok(None);
        }
        if answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(Some(Bytes::new()));
        }
        self.check(answer).map(|answer| Some(answer.body))
    }

    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, S3Error> {
        self.list_after(prefix, None).await
    }

    /// Lists the objects whose names begin with `prefix` and sort after `after`.
    pub async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<(String, u64)>, S3Error> {
        let (credentials, prefix) = (self.credentials(), self.key(prefix));
        let after = after.map(|after| self.key(after));
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let mut list = self.bucket.list_objects_v2(Some(&credentials));
            list.with_prefix(prefix.as_str());
            if let Some(after) = &after {
                list.with_start_after(after.as_str());
            }
            if let Some(token) = next.take() {
                list.with_continuation_token(token);
            }
            let answer = self
                .send(Method::GET, &list.sign(VALID), Bytes::new())
                .await?;
            let text = String::from_utf8_lossy(&answer.body);
            let page = ListObjectsV2::parse_response(&text)
                .map_err(|error| self.failed(&error.to_string()))?;
            let objects = page.contents.into_iter().filter_map(|object| {
                let name = object.key.strip_prefix(&self.prefix)?;
                Some((name.to_owned(), object.size.unwrap_or_default()))
            });
            all.extend(objects);
            match page.next_continuation_token {
                Some(token) => next = Some(token),
                None => break,
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Removes an object, if it exists.
    pub async fn remove(&self, name: &str) -> Result<(), S3Error> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self
            .bucket
            .delete_object(Some(&credentials), &key)
            .sign(VALID);
        let answer = self.call(Method::DELETE, &url, &[], Bytes::new()).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        self.check(answer).map(drop)
    }

    async fn send(&self, method: Method, url: &Url, body: Bytes) -> Result<Answer, S3Error> {
        let answer = self.call(method, url, &[], body).await?;
        self.check(answer)
    }

    async fn call(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, S3Error> {
        let sending = self.outbound.transfer(method, url.as_str(), headers, body);
        let answer = sending.await;
        answer.map_err(|error| self.failed(&error.to_string()))
    }

    fn check(&self, answer: Answer) -> Result<Answer, S3Error> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        // The error code in the response's XML says more than the HTTP status.
        let code = code(&answer);
        Err(self.failed(format!("{} {code}", answer.status).trim_end()))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(self.access_key.clone(), self.secret_key.reveal())
    }

    fn failed(&self, reason: &str) -> S3Error {
        S3Error::Target {
            target: self.name(),
            reason: reason.to_owned(),
        }
    }
}

async fn next_part(file: &mut File) -> io::Result<Bytes> {
    let mut part = Vec::with_capacity(PART);
    let most = u64::try_from(PART).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut part).await?;
    Ok(part.into())
}

fn code(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(String::new, |(code, _)| code.to_owned())
}

fn says(answer: &Answer, code: &str) -> bool {
    String::from_utf8_lossy(&answer.body).contains(code)
}
