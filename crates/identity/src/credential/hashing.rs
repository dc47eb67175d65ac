//! Password hashing with argon2id, a few hashes at a time.
//!
//! A hash deliberately costs some 20 ms and 19 MiB. Hashes are computed only on the cores that the
//! caller sets aside, one hash per core, on threads of the lowest priority. Pages therefore stay
//! fast while many people sign in. At most [`QUEUE`] hashes wait. Further sign-ins are refused and
//! may be retried after a second. New passwords are hashed one at a time, so a sign-in waits for at
//! most one new password.
//!
//! An imported account may have a bcrypt hash from an older system. Typed passwords are compared
//! with this hash in the same way as in the older system. The first sign-in replaces the hash with
//! an argon2id hash.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use platform::{Random, Secret};
use rustix::process::nice;
use tokio::sync::{Semaphore, oneshot};

use crate::credential::password::{self, Password, PasswordHash};

/// How many hashes may wait for a core.
pub const QUEUE: usize = 64;
/// How many new passwords may wait to be hashed.
const NEW_QUEUE: usize = QUEUE / 4;
/// The `nice` increment of the hashing threads.
const PRIORITY_STEPS: i32 = 19;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// The accepted costs of bcrypt hashes. Cheaper hashes give no protection. More expensive hashes
/// occupy a core for seconds.
const BCRYPT_COSTS: RangeInclusive<u32> = 4..=15;

/// The hash with which typed passwords are compared if the account has no password. The comparison
/// costs as much as with a real hash, and no known password matches.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Computes password hashes. Clones share the same cores.
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    random: Random,
    priority_steps: i32,
    places: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    new_places: Semaphore,
    new_turn: Semaphore,
    count: AtomicU64,
}

/// Too many passwords are being hashed. The caller may try again after a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

impl Hasher {
    pub fn new(cores: usize, random: Random) -> Self {
        Self::with_priority(cores, random, PRIORITY_STEPS)
    }

    /// For tests, whose hashes would otherwise wait for all programs that run beside them.
    pub fn at_normal_priority(cores: usize, random: Random) -> Self {
        Self::with_priority(cores, random, 0)
    }

    fn with_priority(cores: usize, random: Random, priority_steps: i32) -> Self {
        let cores = cores.max(1);
        Self(Arc::new(Inner {
            random,
            priority_steps,
            places: Arc::new(Semaphore::new(cores + QUEUE)),
            cores: Arc::new(Semaphore::new(cores)),
            new_places: Semaphore::new(NEW_QUEUE + 1),
            new_turn: Semaphore::new(1),
            count: AtomicU64::new(0),
        }))
    }

    /// Hashes a new password with a fresh salt.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, Busy> {
        let _place = self.0.new_places.try_acquire().map_err(|_| Busy)?;
        let _turn = self.0.new_turn.acquire().await.map_err(|_| Busy)?;
        let text = password.text().clone();
        let mut salt = [0; SALT_BYTES];
        self.0.random.fill(&mut salt);
        let hashed = self.run(move || {
            argon2()
                .and_then(|argon2| argon2.hash_password_with_salt(text.reveal().as_bytes(), &salt))
                .map(|hash: phc::PasswordHash| PasswordHash::from_phc(hash.to_string()))
        });
        hashed.await?.map_err(|cause| {
            tracing::error!(%cause, "cannot hash a password; free memory; if there is enough, please report this");
            Busy
        })
    }

    /// Whether `hash` is a hash of `typed`. If `hash` is `None`, the check takes the same time and
    /// returns `false`.
    pub async fn verify(&self, typed: &Secret, hash: Option<&PasswordHash>) -> Result<bool, Busy> {
        let typed = typed.clone();
        let phc = hash.map_or(DECOY, PasswordHash::phc).to_owned();
        let is_real = hash.is_some();
        let matches = self
            .run(move || match bcrypt_cost(&phc) {
                // The older system hashed passwords without normalization, and only their first 72
                // bytes.
                Some(_) => bcrypt::verify(typed.reveal(), &phc).unwrap_or(false),
                None => argon2().is_ok_and(|argon2| {
                    let text = password::normal(&typed);
                    argon2
                        .verify_password(text.reveal().as_bytes(), phc.as_str())
                        .is_ok()
                }),
            })
            .await?;
        Ok(matches && is_real)
    }

    /// The number of hashes computed so far. Tests use it to check that a failed attempt costs as
    /// much as a successful one.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = Arc::clone(&self.0.places).try_acquire_owned();
        let place = place.map_err(|_| Busy)?;
        let core = Arc::clone(&self.0.cores).acquire_owned().await;
        let core = core.map_err(|_| Busy)?;
        self.0.count.fetch_add(1, Ordering::Relaxed);
        let (sender, result) = oneshot::channel();
        let priority_steps = self.0.priority_steps;
        // If the client disconnects, the core still stays occupied until the hash is computed.
        let work = move || {
            // A thread cannot raise its priority again, so each hash is computed on a new thread.
            if let Err(cause) = nice(priority_steps) {
                tracing::debug!(%cause, "hashing runs at normal priority");
            }
            let result = work();
            drop((place, core));
            sender.send(result).ok();
        };
        let thread = thread::Builder::new().name("hashing".to_owned());
        thread.spawn(work).map_err(|error| {
            tracing::error!(%error, "cannot start a thread that checks a password, so nobody can sign in; the system allows no more threads: raise TasksMax= in the systemd unit, or `ulimit -u`");
            Busy
        })?;
        result.await.map_err(|_| Busy)
    }
}

/// Whether a hash was computed with weaker parameters than today's.
pub fn is_outdated(hash: &PasswordHash) -> bool {
    phc::PasswordHash::new(hash.phc())
        .ok()
        .filter(|phc| phc.algorithm.as_str() == Algorithm::Argon2id.ident().as_str())
        .and_then(|phc| Params::try_from(&phc).ok())
        .is_none_or(|params| params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES)
}

/// Whether this module can verify passwords with this hash, which comes from another system.
pub(crate) fn is_supported(hash: &PasswordHash) -> bool {
    let is_argon2 = || {
        let phc = phc::PasswordHash::new(hash.phc()).ok();
        phc.is_some_and(|phc| phc.hash.is_some() && Params::try_from(&phc).is_ok())
    };
    bcrypt_cost(hash.phc()).is_some() || is_argon2()
}

/// The cost of a bcrypt hash; `None` if the hash is invalid or its cost is not accepted.
fn bcrypt_cost(hash: &str) -> Option<u32> {
    let is_known = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|version| hash.starts_with(version));
    let parts = is_known.then(|| hash.parse::<bcrypt::HashParts>())?.ok()?;
    Some(parts.get_cost()).filter(|cost| BCRYPT_COSTS.contains(cost))
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(2, Random::seeded(1))
    }

    fn password(text: &str) -> Password {
        Password::choose(&Secret::new(text), &[]).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_again_in_either_spelling() {
        let hasher = hasher();
        let hash = hasher.hash(&password("caf\u{e9} di roma")).await.unwrap();
        assert!(hash.phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (typed, same) in [
            ("caf\u{e9} di roma", true),
            ("cafe\u{301} di roma", true),
            ("cafe di roma", false),
            ("", false),
        ] {
            let result = hasher.verify(&Secret::new(typed), Some(&hash)).await;
            assert_eq!(result, Ok(same), "{typed}");
        }
        assert_eq!(hasher.count(), 5);
    }

    #[tokio::test]
    async fn two_hashes_of_one_password_differ() {
        let hasher = hasher();
        let one = hasher.hash(&password("caf\u{e9} di roma")).await.unwrap();
        let two = hasher.hash(&password("caf\u{e9} di roma")).await.unwrap();
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn without_a_password_one_hash_is_made_all_the_same() {
        let hasher = hasher();
        assert_eq!(
            hasher.verify(&Secret::new("anything"), None).await,
            Ok(false)
        );
        assert_eq!(hasher.count(), 1);
        let decoy = PasswordHash::from_phc(DECOY.to_owned());
        assert!(
            !is_outdated(&decoy),
            "the decoy must cost what a real hash costs"
        );
    }

    fn bcrypt_hash(password: &str, cost: u32, version: bcrypt::Version) -> PasswordHash {
        let parts = bcrypt::hash_with_salt(password, cost, [7; 16]).unwrap();
        PasswordHash::from_phc(parts.format_for_version(version))
    }

    #[tokio::test]
    async fn bcrypt_compares_the_first_72_bytes_as_they_were_typed() {
        use bcrypt::Version::{TwoA, TwoB, TwoX, TwoY};
        let hasher = hasher();
        let long = "x".repeat(72);
        let longer = format!("{long}and more");
        let mut count = 0;
        for (password, cost, version, typed, same) in [
            ("kopi o kosong", 4, TwoA, "kopi o kosong", true),
            ("kopi o kosong", 5, TwoB, "kopi o kosong", true),
            ("kopi o kosong", 4, TwoY, "kopi o", false),
            ("kopi o kosong", 4, TwoX, "kopi o kosong", false),
            ("cafe\u{301} latte", 4, TwoB, "cafe\u{301} latte", true),
            ("cafe\u{301} latte", 4, TwoB, "caf\u{e9} latte", false),
            (&long, 4, TwoB, &longer, true),
            (&longer, 4, TwoB, &long, true),
            ("short", 4, TwoB, "", false),
        ] {
            let hash = bcrypt_hash(password, cost, version);
            let result = hasher.verify(&Secret::new(typed), Some(&hash)).await;
            assert_eq!(result, Ok(same), "{password} {typed}");
            assert!(is_outdated(&hash));
            count += 1;
            assert_eq!(hasher.count(), count, "one hash");
        }
    }

    #[test]
    fn hashes_of_other_programs_are_supported_or_not() {
        let bcrypt = "$2b$12$abcdefghijklmnopqrstuuFnEnqcHPXXdrnQQhqOrZ0Kk2wsvDbQy";
        for (hash, supported) in [
            (DECOY.to_owned(), true),
            (bcrypt.to_owned(), true),
            (bcrypt.replace("$12$", "$04$"), true),
            (bcrypt.replace("$12$", "$15$"), true),
            (bcrypt.replace("$12$", "$03$"), false),
            (bcrypt.replace("$12$", "$16$"), false),
            (bcrypt.replace("$2b$", "$2x$"), false),
            (bcrypt[..59].to_owned(), false),
            ("$2b$12$system.hash.placeholder".to_owned(), false),
            ("$argon2id$v=19$m=19456,t=2,p=1".to_owned(), false),
            (String::new(), false),
        ] {
            let hash = PasswordHash::from_phc(hash);
            assert_eq!(is_supported(&hash), supported, "{}", hash.phc());
        }
    }

    #[tokio::test]
    async fn hashes_give_way_to_everything_else() {
        let priority = || getpriority_process(None).unwrap();
        let before = priority();
        let hashing = hasher().run(priority).await.unwrap();
        assert_eq!(hashing, 19, "the least urgent");
        assert_eq!(priority(), before, "of its own thread alone");
    }

    #[tokio::test]
    async fn beyond_the_queue_people_are_sent_away() {
        let hasher = Hasher::new(1, Random::seeded(1));
        let taken = hasher
            .0
            .places
            .acquire_many(u32::try_from(QUEUE).unwrap() + 1)
            .await
            .unwrap();
        assert_eq!(hasher.verify(&Secret::new("x"), None).await, Err(Busy));
        drop(taken);
        assert_eq!(hasher.verify(&Secret::new("x"), None).await, Ok(false));
    }

    #[tokio::test]
    async fn a_sign_in_waits_for_one_new_password_at_most() {
        let hasher = Hasher::new(1, Random::seeded(1));
        let tasks: Vec<_> = (0..=NEW_QUEUE)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.hash(&password("kopi o kosong")).await })
            })
            .collect();
        while hasher.count() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.hash(&password("kopi o kosong")).await, Err(Busy));
        let verified = hasher.verify(&Secret::new("x"), None).await;
        assert_eq!(verified, Ok(false));
        assert!(hasher.count() <= 3, "{}", hasher.count());
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }

    #[test]
    fn weaker_hashes_are_noticed() {
        for (phc, outdated) in [
            (
                "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                false,
            ),
            (
                "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                false,
            ),
            (
                "$argon2id$v=19$m=4096,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                true,
            ),
            (
                "$argon2i$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                true,
            ),
            ("nonsense", true),
        ] {
            assert_eq!(
                is_outdated(&PasswordHash::from_phc(phc.to_owned())),
                outdated,
                "{phc}"
            );
        }
    }
}
