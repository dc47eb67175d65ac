//! Parses password files: user names and the hashes of passwords.

use std::collections::HashMap;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _};
use unicode_normalization::UnicodeNormalization as _;

const MOST: usize = 10_000;
/// The limits for a hash: memory in KiB, passes and lanes. A typing error in a hash could otherwise
/// overload the machine.
const MEMORY_KIB: u32 = 256 << 10;
const PASSES: u32 = 16;
const LANES: u32 = 16;

#[derive(Debug)]
pub struct Users {
    by_name: HashMap<String, Hash>,
    /// Verified for unknown names: takes as long as for a known name, but always fails.
    decoy: Hash,
    is_even: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hash(Arc<str>);

impl std::fmt::Debug for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUsers {
    #[error(
        "line {0} is not NAME:HASH; write a name, a colon and what `kenduri password hash` prints"
    )]
    Line(usize),
    #[error(
        "line {0} has no argon2id hash; put there what `kenduri password hash` prints, never a password"
    )]
    Hash(usize),
    /// The hash would be too expensive to verify.
    #[error(
        "line {0} has a hash that takes too much memory or time; make one with `kenduri password hash`"
    )]
    Cost(usize),
    #[error("line {0} has a name of an earlier line; keep one of them")]
    Twice(usize),
    #[error(
        "the file is empty, so nobody could sign in; write lines NAME:HASH, with what `kenduri password hash` prints"
    )]
    Nobody,
    #[error("the file has more than {MOST} names; use access.ask with a server of your own")]
    TooMany,
}

impl Users {
    /// Parses lines of the form `name:hash`. Skips empty lines and lines that begin with `#`.
    pub fn parse(text: &str) -> Result<Self, BadUsers> {
        let mut by_name = HashMap::new();
        let mut costs: Vec<(u32, u32, u32)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = line.split_once(':').ok_or(BadUsers::Line(number))?;
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(BadUsers::Line(number));
            }
            costs.push(cost(hash, number)?);
            let hash = Hash(hash.into());
            if by_name.insert(normal(name), hash).is_some() {
                return Err(BadUsers::Twice(number));
            }
            if by_name.len() > MOST {
                return Err(BadUsers::TooMany);
            }
        }
        costs.sort_unstable();
        costs.dedup();
        let (memory, passes, lanes) = *costs.last().ok_or(BadUsers::Nobody)?;
        let decoy = format!(
            "$argon2id$v=19$m={memory},t={passes},p={lanes}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        );
        Ok(Self {
            by_name,
            decoy: Hash(decoy.into()),
            is_even: costs.len() == 1,
        })
    }

    /// Whether all hashes are equally expensive to verify. If they are not, response times may
    /// reveal which names exist.
    pub fn is_even(&self) -> bool {
        self.is_even
    }

    /// Returns the hash for verifying a user's password, and whether the user exists.
    pub(super) fn find(&self, name: &str) -> (&Hash, bool) {
        match self.by_name.get(name) {
            Some(hash) => (hash, true),
            None => (&self.decoy, false),
        }
    }
}

impl Hash {
    /// Whether this is the hash of the password. The check deliberately takes about 20 milliseconds
    /// and 20 MiB.
    pub(super) fn is_of(&self, password: &str) -> bool {
        Argon2::default()
            .verify_password(password.as_bytes(), &*self.0)
            .is_ok()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Normalizes a name or password to Unicode NFC (RFC 8265), because keyboards produce different
/// forms of the same letters.
pub(super) fn normal(text: &str) -> String {
    text.nfc().collect()
}

/// Returns the memory in KiB, the passes and the lanes of a hash.
fn cost(hash: &str, line: usize) -> Result<(u32, u32, u32), BadUsers> {
    let parsed = PasswordHash::new(hash).map_err(|_| BadUsers::Hash(line))?;
    let is_whole = parsed.algorithm.as_str() == Algorithm::Argon2id.ident().as_str()
        && parsed.salt.is_some()
        && parsed.hash.is_some();
    let params = Params::try_from(&parsed).ok().filter(|_| is_whole);
    let params = params.ok_or(BadUsers::Hash(line))?;
    let cost = (params.m_cost(), params.t_cost(), params.p_cost());
    if cost.0 > MEMORY_KIB || cost.1 > PASSES || cost.2 > LANES {
        return Err(BadUsers::Cost(line));
    }
    Ok(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const ZERO: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn hash(cost: &str) -> String {
        format!("$argon2id$v=19${cost}${SALT}${ZERO}")
    }

    #[test]
    fn a_file_names_people() {
        let one = hash("m=64,t=1,p=1");
        let text = format!("# who\n\n aisyah:{one}\r\ncafe\u{301}:{one}\n");
        let users = Users::parse(&text).unwrap();
        assert!(users.is_even());
        assert!(users.find("aisyah").1 && users.find("caf\u{e9}").1);
        let (decoy, is_real) = users.find("Aisyah");
        assert!(!is_real);
        assert_eq!(decoy.as_bytes(), one.as_bytes(), "as dear as the real ones");
        let uneven = format!("a:{one}\nb:{}", hash("m=128,t=1,p=1"));
        let users = Users::parse(&uneven).unwrap();
        assert!(!users.is_even());
        assert_eq!(
            users.find("c").0.as_bytes(),
            hash("m=128,t=1,p=1").as_bytes()
        );
        assert!(!format!("{users:?}").contains("argon2"));
    }

    #[test]
    fn what_is_no_hash_is_told_by_its_line() {
        let good = hash("m=64,t=1,p=1");
        for (text, why) in [
            (String::new(), BadUsers::Nobody),
            ("# nobody\n".to_owned(), BadUsers::Nobody),
            (format!("a:{good}\nb"), BadUsers::Line(2)),
            (format!(":{good}"), BadUsers::Line(1)),
            ("a:secret".to_owned(), BadUsers::Hash(1)),
            (
                "a:$2y$05$abcdefghijklmnopqrstuu".to_owned(),
                BadUsers::Hash(1),
            ),
            ("a:$apr1$x$y".to_owned(), BadUsers::Hash(1)),
            (
                format!("a:{}", good.replace("argon2id", "argon2i")),
                BadUsers::Hash(1),
            ),
            (
                format!("a:$argon2id$v=19$m=64,t=1,p=1${SALT}"),
                BadUsers::Hash(1),
            ),
            (
                format!("a:{}", hash("m=4194304,t=1,p=1")),
                BadUsers::Cost(1),
            ),
            (format!("a:{}", hash("m=64,t=1000,p=1")), BadUsers::Cost(1)),
            (format!("a:{good}\n\na:{good}"), BadUsers::Twice(3)),
        ] {
            let found = Users::parse(&text).map(drop);
            assert_eq!(found, Err(why.clone()), "{text}");
            assert!(!why.to_string().contains("secret"));
        }
    }
}
