//! Targets that are an S3 bucket, at Amazon or on a compatible server.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use platform::outbound::{Answer, LONGEST_OBJECT};
use platform::{Outbound, Secret};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use url::Url;

use crate::BackupError;

/// How long a presigned URL is valid.
const VALID: Duration = Duration::from_mins(5);

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

/// A bucket, and the prefix that the names of all our objects have in it.
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
    /// Parses the part `BUCKET/PREFIX` of the setting.
    pub(super) fn at(place: &str, access: &S3Access) -> Result<Self, BackupError> {
        let wrong = |reason: String| BackupError::Access(reason);
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
        let endpoint: Url = endpoint
            .parse()
            .map_err(|error| wrong(format!("{endpoint:?} is no address: {error}")))?;
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
            secret_key: secret_key
                .ok_or_else(|| wrong("backup.access_key and its secret are missing".to_owned()))?,
            outbound: Outbound::public().map_err(|error| wrong(error.to_string()))?,
        })
    }

    pub(super) fn name(&self) -> String {
        let name = format!("s3://{}/{}", self.bucket.name(), self.prefix);
        name.trim_end_matches('/').to_owned()
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        if bytes.len() > LONGEST_OBJECT {
            // A restore could not read such a large object.
            return Err(self.failed(&format!("{name} is longer than {LONGEST_OBJECT} bytes")));
        }
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.put_object(Some(&credentials), &key).sign(VALID);
        let answer = self.send(Method::PUT, &url, Bytes::copy_from_slice(bytes))?;
        self.check(&answer)
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self.bucket.get_object(Some(&credentials), &key).sign(VALID);
        let answer = self.send(Method::GET, &url, Bytes::new())?;
        if answer.status == StatusCode::NOT_FOUND && !says(&answer, "NoSuchBucket") {
            return Ok(None);
        }
        self.check(&answer)?;
        Ok(Some(answer.body.into()))
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let (credentials, prefix) = (self.credentials(), self.key(prefix));
        let mut names = Vec::new();
        let mut next = None;
        loop {
            let mut list = self.bucket.list_objects_v2(Some(&credentials));
            list.with_prefix(prefix.as_str());
            if let Some(token) = next.take() {
                list.with_continuation_token(token);
            }
            let answer = self.send(Method::GET, &list.sign(VALID), Bytes::new())?;
            self.check(&answer)?;
            let text = String::from_utf8_lossy(&answer.body);
            let page = ListObjectsV2::parse_response(&text)
                .map_err(|error| self.failed(&error.to_string()))?;
            let keys = page.contents.into_iter().filter_map(|object| {
                let name = object.key.strip_prefix(&self.prefix)?;
                Some(name.to_owned())
            });
            names.extend(keys);
            match page.next_continuation_token {
                Some(token) => next = Some(token),
                None => break,
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        let (credentials, key) = (self.credentials(), self.key(name));
        let url = self
            .bucket
            .delete_object(Some(&credentials), &key)
            .sign(VALID);
        let answer = self.send(Method::DELETE, &url, Bytes::new())?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        self.check(&answer)
    }

    fn send(&self, method: Method, url: &Url, body: Bytes) -> Result<Answer, BackupError> {
        let sending = self.outbound.transfer(method, url.as_str(), body);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| self.failed(&error.to_string()))?;
        let answer = runtime.block_on(sending);
        answer.map_err(|error| self.failed(&error.to_string()))
    }

    fn check(&self, answer: &Answer) -> Result<(), BackupError> {
        if answer.status.is_success() {
            return Ok(());
        }
        // The error code in the response's XML says more than the HTTP status.
        let text = String::from_utf8_lossy(&answer.body);
        let code = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        let code = code.map_or("", |(code, _)| code);
        Err(self.failed(format!("{} {code}", answer.status).trim_end()))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(self.access_key.clone(), self.secret_key.reveal())
    }

    fn failed(&self, reason: &str) -> BackupError {
        BackupError::Target {
            target: self.name(),
            reason: reason.to_owned(),
        }
    }
}

fn says(answer: &Answer, code: &str) -> bool {
    String::from_utf8_lossy(&answer.body).contains(code)
}
