//! HTTP Basic authentication (RFC 7617).
//!
//! Verifying a password against its argon2 hash is deliberately expensive. The edge therefore
//! verifies passwords on separate threads, a few at a time, and remembers a verified password for
//! some minutes.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use super::WRONG_PASSWORD;
use super::users::{Users, normal};
use super::verified_passwords::Verified;
use crate::crypto;
use crate::description::Limit;
use crate::filters::rate_limit::Limiter;

/// From one IP address (IPv6: a /64), `TRIES` are permitted at once, and then `TRIES_AGAIN`.
const TRIES: u32 = 10;
const TRIES_AGAIN: &str = "6/m";
const MAX_WAITING_VERIFICATIONS: usize = 64;
const RETRY_AFTER_FULL_QUEUE: Duration = Duration::from_secs(1);
const MAX_PASSWORD: usize = 1_024;
/// The decoder for the credentials in a request. Padding is optional, because some clients omit it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The users of one password file, and each client's count of wrong passwords.
#[derive(Debug)]
pub struct Basic {
    users: Users,
    challenge: HeaderValue,
    wrong: Limiter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Unknown,
    Wrong,
    /// The client has recently sent too many wrong passwords.
    TooOften(Duration),
    Busy(Duration),
}

impl Basic {
    /// Creates the password check; `None` if `realm` cannot be part of a header.
    pub fn new(users: Users, realm: &str) -> Option<Self> {
        let is_plain = !realm.is_empty()
            && realm
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte));
        let challenge = format!("Basic realm=\"{realm}\", charset=\"UTF-8\"");
        let written = Limit {
            rate: TRIES_AGAIN.to_owned(),
            burst: TRIES,
            by: "ip".to_owned(),
            on: WRONG_PASSWORD.to_owned(),
        };
        Some(Self {
            users,
            challenge: HeaderValue::from_str(&challenge)
                .ok()
                .filter(|_| is_plain)?,
            wrong: Limiter::check(&written, &mut |_, _, _| {})?,
        })
    }

    pub(crate) fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }

    pub(super) fn go_on_from(&self, other: &Self) {
        self.wrong.go_on_from(&other.wrong);
    }

    fn may_try(
        &self,
        client: IpAddr,
        headers: &HeaderMap,
    ) -> Result<crate::filters::rate_limit::Admitted, Denied> {
        let admitted = self.wrong.admit(client, headers);
        admitted.map_err(|refused| Denied::TooOften(refused.retry_after))
    }
}

#[derive(Debug)]
pub(crate) struct Passwords {
    /// Created at first use: its creation would delay the start, and few sites use passwords.
    verified: OnceLock<Arc<Verified>>,
    queue: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            verified: OnceLock::new(),
            queue: Arc::new(Semaphore::new(cores + MAX_WAITING_VERIFICATIONS)),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Passwords {
    fn verified(&self) -> &Arc<Verified> {
        self.verified
            .get_or_init(|| Arc::new(Verified::new(crypto::random().ok())))
    }

    /// Checks the user name and the password. Removes them from the request, because only the edge
    /// needs them.
    pub(crate) async fn admit(
        &self,
        basic: &Arc<Basic>,
        client: IpAddr,
        headers: &mut HeaderMap,
    ) -> Result<(), Denied> {
        let given = Credentials::read(headers).ok_or(Denied::Unknown)?;
        // The limit for wrong passwords is checked first. Otherwise, an attacker who has exceeded
        // the limit could still find out whether a guess is right, if the right password is
        // remembered.
        basic.may_try(client, headers)?;
        let (hash, is_real) = basic.users.find(&given.name);
        let verified = self.verified();
        let digest = verified.digest(&given.name, &given.password, hash.as_bytes());
        if !verified.knows(digest) {
            let busy = |_| Denied::Busy(RETRY_AFTER_FULL_QUEUE);
            let turn = Arc::clone(&self.queue).try_acquire_owned().map_err(busy)?;
            let core = Arc::clone(&self.cores).acquire_owned().await;
            let core = core.map_err(|_| Denied::Busy(RETRY_AFTER_FULL_QUEUE))?;
            // During the wait, another request may have verified the same password, or the client
            // may have sent too many wrong passwords.
            if !verified.knows(digest) {
                let tried = basic.may_try(client, headers)?;
                let (basic, verified) = (Arc::clone(basic), Arc::clone(verified));
                let hash = hash.clone();
                // The result of the verification counts even if the client disconnects.
                let work = move || {
                    let is_right = hash.is_of(&given.password) && is_real;
                    if is_right {
                        verified.remember(digest);
                    } else {
                        let outcome = HeaderValue::from_static(WRONG_PASSWORD);
                        basic.wrong.report(tried, &outcome);
                    }
                    drop((turn, core));
                    is_right
                };
                match tokio::task::spawn_blocking(work).await {
                    Ok(true) => {}
                    Ok(false) => return Err(Denied::Wrong),
                    Err(_) => return Err(Denied::Busy(RETRY_AFTER_FULL_QUEUE)),
                }
            }
        }
        headers.remove(AUTHORIZATION);
        Ok(())
    }
}

struct Credentials {
    name: String,
    password: String,
}

impl Credentials {
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (line, None) = (lines.next()?, lines.next()) else {
            return None;
        };
        let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(token.trim()).ok()?).ok()?;
        let (name, password) = text.split_once(':')?;
        if text.chars().any(char::is_control) || password.len() > MAX_PASSWORD {
            return None;
        }
        Some(Self {
            name: normal(name),
            password: normal(password),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(line).unwrap())]);
        Credentials::read(&headers).map(|given| (given.name, given.password))
    }

    #[test]
    fn what_somebody_says_is_read_in_one_way() {
        let told = |text: &str| read(&format!("bAsIc  {}", BASE64_STANDARD.encode(text)));
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(told("a:b:c"), pair("a", "b:c"));
        assert_eq!(
            told("te\u{301}st:123\u{a3}"),
            pair("t\u{e9}st", "123\u{a3}")
        );
        assert_eq!(told(":"), pair("", ""));
        assert_eq!(read("Basic YTpi"), pair("a", "b"));
        assert_eq!(read("Basic YTpiYw"), pair("a", "bc"), "without padding");
        for wrong in ["no colon", "a:b\n", "a\0:b"] {
            assert_eq!(told(wrong), None, "{wrong:?}");
        }
        assert_eq!(told(&format!("a:{}", "x".repeat(MAX_PASSWORD + 1))), None);
        for wrong in [
            "Basic",
            "Basic ",
            "Basic ?",
            "Bearer YTpi",
            "BasicYTpi",
            "Basic YTpi x",
            "Basic /w==",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let mut twice = HeaderMap::new();
        twice.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        twice.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert!(Credentials::read(&twice).is_none());
    }

    #[test]
    fn a_realm_is_plain() {
        let users = || {
            let hash = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
            Users::parse(&format!("a:{hash}")).unwrap()
        };
        let basic = Basic::new(users(), "The studio").unwrap();
        assert_eq!(
            basic.challenge(),
            "Basic realm=\"The studio\", charset=\"UTF-8\""
        );
        for wrong in ["", "a\"b", "a\\b", "a\nb", "caf\u{e9}"] {
            assert!(Basic::new(users(), wrong).is_none(), "{wrong:?}");
        }
    }

    fn people(password: &str) -> Arc<Basic> {
        use argon2::password_hash::PasswordHasher as _;
        let params = argon2::Params::new(64, 1, 1, None).unwrap();
        let argon2 =
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let hash: argon2::password_hash::phc::PasswordHash = argon2
            .hash_password_with_salt(password.as_bytes(), b"0123456789abcdef")
            .unwrap();
        let users = Users::parse(&format!("a:{hash}")).unwrap();
        Arc::new(Basic::new(users, "x").unwrap())
    }

    async fn ask(passwords: &Passwords, basic: &Arc<Basic>, text: &str) -> Result<(), Denied> {
        let line = format!("Basic {}", BASE64_STANDARD.encode(text));
        let line = HeaderValue::from_str(&line).unwrap();
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, line)]);
        let client = IpAddr::from([192, 0, 2, 1]);
        let admitted = passwords.admit(basic, client, &mut headers).await;
        assert_eq!(headers.is_empty(), admitted.is_ok());
        admitted
    }

    #[tokio::test]
    async fn what_was_right_costs_no_hash_and_beyond_the_queue_people_are_sent_away() {
        let (passwords, basic) = (Passwords::default(), people("right"));
        assert_eq!(ask(&passwords, &basic, "a:right").await, Ok(()));
        let all = u32::try_from(passwords.queue.available_permits()).unwrap();
        let taken = passwords.queue.acquire_many(all).await.unwrap();
        assert_eq!(ask(&passwords, &basic, "a:right").await, Ok(()));
        for unknown in ["a:wrong", "b:right", "a:right "] {
            assert_eq!(
                ask(&passwords, &basic, unknown).await,
                Err(Denied::Busy(RETRY_AFTER_FULL_QUEUE))
            );
        }
        let changed = people("right");
        assert_eq!(
            ask(&passwords, &changed, "a:right").await,
            Ok(()),
            "the same hash"
        );
        drop(taken);
        assert_eq!(ask(&passwords, &basic, "a:wrong").await, Err(Denied::Wrong));
    }

    #[tokio::test(start_paused = true)]
    async fn after_some_wrong_ones_nothing_is_looked_at_for_a_while() {
        let (passwords, basic) = (Passwords::default(), people("right"));
        assert_eq!(ask(&passwords, &basic, "a:right").await, Ok(()));
        for _ in 0..TRIES {
            assert_eq!(ask(&passwords, &basic, "a:wrong").await, Err(Denied::Wrong));
        }
        let later = Err(Denied::TooOften(Duration::from_secs(10)));
        assert_eq!(ask(&passwords, &basic, "a:wrong").await, later);
        assert_eq!(
            ask(&passwords, &basic, "a:right").await,
            later,
            "nor what is known"
        );
        let again = people("right");
        assert_eq!(ask(&passwords, &again, "a:right").await, Ok(()));
        again.go_on_from(&basic);
        assert_eq!(ask(&passwords, &again, "a:right").await, later);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(ask(&passwords, &basic, "a:right").await, Ok(()));
    }

    #[tokio::test]
    async fn who_goes_away_is_counted_all_the_same() {
        let (passwords, basic) = (Passwords::default(), people("right"));
        let all = u32::try_from(passwords.cores.available_permits()).unwrap();
        for _ in 0..TRIES {
            let asking = ask(&passwords, &basic, "a:wrong");
            let gone = async {
                // The future is polled until it waits for the hash, and is then dropped.
                let mut asking = std::pin::pin!(asking);
                std::future::poll_fn(|context| {
                    let _ = asking.as_mut().poll(context);
                    std::task::Poll::Ready(())
                })
                .await;
            };
            gone.await;
            // All verifications are complete when all permits are free.
            drop(passwords.cores.acquire_many(all).await.unwrap());
        }
        let refused = ask(&passwords, &basic, "a:right").await;
        assert!(matches!(refused, Err(Denied::TooOften(_))), "{refused:?}");
    }
}
