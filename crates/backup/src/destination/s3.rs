//! Backup targets in an S3 bucket. Calls block until the bucket's server responds. This is no
//! problem, because backups have a thread of their own.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use platform::s3::{Conditional, Precondition, S3, S3Access, S3Error, Tagged};
use tokio::time::{interval, timeout};

use super::LEASE_ENDED;
use crate::BackupError;

/// A server that lets two writes through does not do so each time.
const TRIES: usize = 4;
/// For small objects on which a decision waits.
pub(crate) const SHORT_TIME: Duration = Duration::from_secs(20);
/// Until a write notices that it must end.
const NOTICED_AFTER: Duration = Duration::from_millis(500);

/// Which of two writes at once succeeded.
enum Pair {
    One(String),
    /// Some servers refuse both.
    Neither,
    /// Or conditions are not known at all.
    Both,
}

impl Pair {
    /// `None` if that is not known.
    fn is_kept(&self) -> Option<bool> {
        match self {
            Self::One(_) => Some(true),
            Self::Neither => None,
            Self::Both => Some(false),
        }
    }
}

/// A bucket, with a prefix. The names of all the backup's objects begin with this prefix.
#[derive(Clone, Debug)]
pub struct Bucket(S3);

impl Bucket {
    /// Parses `BUCKET/PREFIX` from the setting.
    pub(super) fn at(place: &str, access: &S3Access) -> Result<Self, BackupError> {
        Ok(Self(S3::at(place, access)?))
    }

    pub(super) fn name(&self) -> String {
        self.0.name()
    }

    /// Gives the write up as soon as `must_end`.
    pub(super) fn put(
        &self,
        name: &str,
        bytes: &[u8],
        must_end: impl Fn() -> bool,
    ) -> Result<(), BackupError> {
        wait(async {
            let mut put = pin!(self.0.put(name, Bytes::copy_from_slice(bytes)));
            // Looks also while nothing arrives.
            let mut look = interval(NOTICED_AFTER);
            poll_fn(|cx| {
                // The machine may have been suspended since the last look.
                if must_end() {
                    return Poll::Ready(Err(self.failed(LEASE_ENDED)));
                }
                while look.poll_tick(cx).is_ready() {}
                put.as_mut().poll(cx)
            })
            .await
        })
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let found = wait(self.0.get(name, None))?;
        Ok(found.map(Vec::from))
    }

    pub(super) fn get_with_tag(&self, name: &str) -> Result<Option<Tagged>, BackupError> {
        wait(self.soon(self.0.get_with_tag(name)))
    }

    pub(super) fn put_if(
        &self,
        name: &str,
        bytes: &[u8],
        condition: Precondition<'_>,
    ) -> Result<Conditional, BackupError> {
        let put = self
            .0
            .put_if(name, Bytes::copy_from_slice(bytes), condition);
        wait(self.soon(put))
    }

    pub(super) fn keeps_conditions(&self, name: &str) -> Result<bool, BackupError> {
        wait(async {
            let mut is_tried = false;
            for number in 0..TRIES {
                let name = format!("{name}-{number}");
                let tried = self.try_pairs(&name).await;
                // Who may not remove objects goes on without. An error of before says more.
                let _ = self.soon(self.0.remove(&name)).await;
                match tried? {
                    Some(true) => is_tried = true,
                    Some(false) => return Ok(false),
                    None => {}
                }
            }
            if is_tried {
                return Ok(true);
            }
            // Some servers refuse two at once, and some refuse each write with a condition.
            let name = format!("{name}-alone");
            let alone = self.try_alone(&name).await;
            let _ = self.soon(self.0.remove(&name)).await;
            alone
        })
    }

    /// Whether of two writes at once only one succeeds. `None` if none did.
    async fn try_pairs(&self, name: &str) -> Result<Option<bool>, S3Error> {
        let first = Box::pin(self.put_both(name, Precondition::Absent, "ab")).await?;
        let Pair::One(tag) = first else {
            return Ok(first.is_kept());
        };
        let over = Precondition::Tag(&tag);
        Ok(Box::pin(self.put_both(name, over, "cd")).await?.is_kept())
    }

    /// Nobody else writes this object, so the conditions hold.
    async fn try_alone(&self, name: &str) -> Result<bool, S3Error> {
        let put = |text: &'static str, condition| {
            self.soon(
                self.0
                    .put_if(name, Bytes::from_static(text.as_bytes()), condition),
            )
        };
        let Conditional::Written(tag) = put("a", Precondition::Absent).await? else {
            return Ok(false);
        };
        let over = put("b", Precondition::Tag(&tag)).await?;
        Ok(matches!(over, Conditional::Written(_)))
    }

    /// Writes twice at once, one half of `contents` each. No two writes may have the same content,
    /// because a tag may be the content's hash.
    async fn put_both(
        &self,
        name: &str,
        condition: Precondition<'_>,
        contents: &'static str,
    ) -> Result<Pair, S3Error> {
        let put = |text: &'static str| {
            let text = Bytes::from_static(text.as_bytes());
            self.soon(self.0.put_if(name, text, condition))
        };
        let (one, other) = contents.split_at(1);
        let (one, other) = tokio::join!(put(one), put(other));
        Ok(match (one?, other?) {
            (Conditional::Written(tag), Conditional::Refused)
            | (Conditional::Refused, Conditional::Written(tag)) => Pair::One(tag),
            (Conditional::Refused, Conditional::Refused) => Pair::Neither,
            _ => Pair::Both,
        })
    }

    pub(super) fn has(&self, name: &str) -> Result<bool, BackupError> {
        let found = wait(self.0.get(name, Some(0..1)))?;
        Ok(found.is_some())
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let objects = wait(self.0.list(prefix))?.into_iter();
        Ok(objects.map(|(name, _)| name).collect())
    }

    pub(super) fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, BackupError> {
        let objects = wait(self.0.list_after(prefix, Some(after)))?.into_iter();
        Ok(objects.map(|(name, _)| name).collect())
    }

    pub(super) fn bytes(&self) -> Result<u64, BackupError> {
        let objects = wait(self.0.list(""))?.into_iter();
        Ok(objects.map(|(_, bytes)| bytes).sum())
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        wait(self.0.remove(name))
    }

    async fn soon<T>(&self, call: impl Future<Output = Result<T, S3Error>>) -> Result<T, S3Error> {
        let done = timeout(SHORT_TIME, call).await;
        done.unwrap_or_else(|_| Err(self.failed("no response in time")))
    }

    fn failed(&self, reason: &str) -> S3Error {
        S3Error::Target {
            target: self.name(),
            reason: reason.to_owned(),
        }
    }
}

fn wait<T>(call: impl Future<Output = Result<T, S3Error>>) -> Result<T, BackupError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(BackupError::thread("the connection to the bucket"))?;
    Ok(runtime.block_on(call)?)
}

impl From<S3Error> for BackupError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Access(reason) => Self::Access(reason),
            S3Error::Target { target, reason } => Self::Target { target, reason },
        }
    }
}
