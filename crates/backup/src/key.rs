//! The key that encrypts a backup, and the passphrase that protects the key. The key is random. The
//! machine stores it in a separate file, so that backups need no operator. The backup contains a
//! copy of the key, encrypted with the passphrase.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::text_cleaning::hexadecimal;
use platform::{Keyring, Random, Secret, key};
use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The name of the envelope, the object with the encrypted copy of the key.
pub(crate) const OBJECT: &str = "kenduri-backup.json";
/// The name of the key file inside the data folder.
pub const FILE: &str = "backup.key";
/// Of all objects in a backup.
const FORMAT: u32 = 1;
/// 64 MiB of memory and three passes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// Each word has 16 random bits.
const PASSPHRASE_WORDS: usize = 6;
const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

/// Useless without the passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Envelope {
    format: u32,
    /// The version of Kenduri that generated the key.
    made_by: String,
    installation: String,
    salt: String,
    sealed_key: String,
}

#[derive(Clone)]
pub struct BackupKey {
    envelope: Envelope,
    key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Kept {
    key: String,
    envelope: Envelope,
}

impl std::fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl BackupKey {
    /// Generates a new key and its passphrase. The passphrase is not stored anywhere.
    pub fn make(random: &Random) -> Result<(Self, Secret), BackupError> {
        let words: Vec<String> = (0..PASSPHRASE_WORDS).map(|_| word(random)).collect();
        let passphrase = Secret::new(words.join("-"));
        let (key, salt) = (random.token(), random.token());
        let mut id = [0; 16];
        random.fill(&mut id);
        let installation = hexadecimal(&id);
        let sealed = derive(&passphrase, &salt)?.seal(random, &place(&installation), &key);
        let envelope = Envelope {
            format: FORMAT,
            made_by: crate::VERSION.to_owned(),
            installation,
            salt: STANDARD.encode(salt),
            sealed_key: STANDARD.encode(sealed),
        };
        Ok((Self { envelope, key }, passphrase))
    }

    /// Reads the key file in the data folder. Returns `None` if there is none.
    pub fn read(data: &Path) -> Result<Option<Self>, BackupError> {
        let path = data.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(BackupError::file(&path))?,
        };
        let kept = serde_json::from_slice::<Kept>(&text).ok().and_then(|kept| {
            let key = STANDARD.decode(kept.key).ok()?.try_into().ok()?;
            let envelope = kept.envelope;
            Some(Self { envelope, key })
        });
        let broken = || {
            BackupError::file(&path)(io::Error::other(
                "it does not hold the key of a backup; put it back from a copy of the data folder",
            ))
        };
        kept.map(Some).ok_or_else(broken)
    }

    /// Writes the key file into the data folder. Fails if a key file exists.
    pub fn keep(&self, data: &Path) -> Result<(), BackupError> {
        let path = data.join(FILE);
        let kept = Kept {
            key: STANDARD.encode(self.key),
            envelope: self.envelope.clone(),
        };
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            // If root runs this command, the file must belong to the user that runs Kenduri.
            let owner = fs::metadata(data)?;
            if file.metadata()?.uid() == 0 && owner.uid() != 0 {
                fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
            }
            file.write_all(&serde_json::to_vec(&kept)?)?;
            file.sync_all()?;
            fs::File::open(data)?.sync_all()
        };
        write().map_err(BackupError::file(&path))
    }

    pub(crate) fn open(envelope: &[u8], passphrase: &Secret) -> Result<Self, BackupError> {
        let envelope = Self::envelope(envelope)?;
        let decode = |text: &str| STANDARD.decode(text).unwrap_or_default();
        let key = derive(&normalize(passphrase), &decode(&envelope.salt))?
            .open(
                &place(&envelope.installation),
                &decode(&envelope.sealed_key),
            )
            .and_then(|key| key.try_into().ok())
            .ok_or(BackupError::Passphrase)?;
        Ok(Self { envelope, key })
    }

    fn envelope(bytes: &[u8]) -> Result<Envelope, BackupError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
            made_by: String,
        }
        let damaged = |_| BackupError::damaged(OBJECT);
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.format > FORMAT {
            return Err(BackupError::Newer {
                made_by: head.made_by,
                ours: crate::VERSION,
            });
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }

    pub(crate) fn envelope_bytes(&self) -> Vec<u8> {
        // Serializing a struct of strings cannot fail.
        serde_json::to_vec_pretty(&self.envelope).unwrap_or_default()
    }

    /// Whether the envelope belongs to the same installation as this key.
    pub(crate) fn is_of(&self, envelope: &[u8]) -> Result<bool, BackupError> {
        Ok(Self::envelope(envelope)?.installation == self.envelope.installation)
    }

    /// Returns the key that encrypts the backup's objects.
    pub(crate) fn sealing(&self) -> key::Key {
        Keyring::new(self.key, &[]).key("backup")
    }
}

/// Pronounceable: three consonants and two vowels, 16 random bits.
fn word(random: &Random) -> String {
    let mut letters = String::new();
    for place in 0..5 {
        let (alphabet, many): (&[u8], u32) = if place % 2 == 0 {
            (CONSONANTS, 16)
        } else {
            (VOWELS, 4)
        };
        let letter = alphabet.get(random.below(many) as usize);
        letters.push(char::from(letter.copied().unwrap_or(b'a')));
    }
    letters
}

fn normalize(typed: &Secret) -> Secret {
    let text = typed.reveal().to_lowercase();
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    Secret::new(words.join("-"))
}

fn place(installation: &str) -> [&str; 2] {
    ["backup key", installation]
}

fn derive(passphrase: &Secret, salt: &[u8]) -> Result<key::Key, BackupError> {
    let mut key = [0; 32];
    Params::new(MEMORY_KIB, PASSES, 1, Some(key.len()))
        .and_then(|params| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(passphrase.reveal().as_bytes(), salt, &mut key)
        })
        // A damaged envelope may contain a salt that is too short.
        .map_err(|_| BackupError::damaged(OBJECT))?;
    Ok(Keyring::new(key, &[]).key("passphrase"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passphrase_opens_the_key_however_it_is_typed() {
        let random = Random::seeded(1);
        let (key, passphrase) = BackupKey::make(&random).unwrap();
        assert_eq!(passphrase.reveal().split('-').count(), PASSPHRASE_WORDS);
        let typed = format!(
            " {}\n",
            passphrase.reveal().replace('-', "  ").to_uppercase()
        );
        let opened = BackupKey::open(&key.envelope_bytes(), &Secret::new(typed)).unwrap();
        assert_eq!(opened.key, key.key);
        let wrong = BackupKey::open(&key.envelope_bytes(), &Secret::new("lusab-babad"));
        assert!(matches!(wrong, Err(BackupError::Passphrase)), "{wrong:?}");
        let text = String::from_utf8(key.envelope_bytes()).unwrap();
        assert!(!text.contains(&STANDARD.encode(key.key)));
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let newer = br#"{"format": 2, "made_by": "9.0.0", "odd": true}"#;
        let refused = BackupKey::open(newer, &Secret::new("x"));
        assert!(
            matches!(&refused, Err(BackupError::Newer { made_by, .. }) if made_by == "9.0.0"),
            "{refused:?}"
        );
    }

    #[test]
    fn the_key_is_kept_for_its_user_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        assert!(BackupKey::read(folder.path()).unwrap().is_none());
        let (key, _) = BackupKey::make(&random).unwrap();
        key.keep(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(key.keep(folder.path()).is_err());
        let read = BackupKey::read(folder.path()).unwrap().unwrap();
        assert_eq!(read.key, key.key);
        assert!(key.is_of(&read.envelope_bytes()).unwrap());
    }
}
