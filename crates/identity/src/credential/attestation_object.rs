//! Parsing of attestation objects (Web Authentication Level 3, §6.5.4), from which a new passkey's
//! data is read if a browser or a password manager does not send it separately.
//!
//! An attestation object is CBOR (RFC 8949). In it stands the authenticator data, and at its end
//! the public key as a `COSE_Key` (RFC 9052, §7; RFC 9053, §7; RFC 8230, §4).

/// The bytes are no attestation object, or no public key of a supported type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// How deep values may stand in each other. CTAP2 allows four levels.
const DEPTH: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Text(&'a [u8]),
    Other,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Values of unknown length are refused, as CTAP2 does.
    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        let first = *self.take(1)?.first().ok_or(Malformed)?;
        let argument = match first & 0x1f {
            small @ 0..24 => small.into(),
            size @ 24..28 => {
                let bytes = self.take(1 << (size - 24))?;
                bytes
                    .iter()
                    .fold(0, |all, byte| (all << 8) | u64::from(*byte))
            }
            _ => return Err(Malformed),
        };
        Ok((first >> 5, argument))
    }

    fn item(&mut self, depth: usize) -> Result<Item<'a>, Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed)?;
        let (major, argument) = self.head()?;
        let number = || i64::try_from(argument).map_err(|_| Malformed);
        match major {
            0 => return Ok(Item::Number(number()?)),
            1 => return Ok(Item::Number(-1 - number()?)),
            2 => return Ok(Item::Bytes(self.take(argument)?)),
            3 => return Ok(Item::Text(self.take(argument)?)),
            // Each value takes at least one byte, so the input limits these loops.
            4 => {
                for _ in 0..argument {
                    self.item(depth)?;
                }
            }
            5 => {
                for _ in 0..argument {
                    self.item(depth)?;
                    self.item(depth)?;
                }
            }
            6 => return self.item(depth),
            _ => {}
        }
        Ok(Item::Other)
    }

    fn map(&mut self) -> Result<Vec<(Item<'a>, Item<'a>)>, Malformed> {
        let (major, pairs) = self.head()?;
        if major != 5 {
            return Err(Malformed);
        }
        let mut all = Vec::new();
        for _ in 0..pairs {
            all.push((self.item(DEPTH)?, self.item(DEPTH)?));
        }
        Ok(all)
    }
}

/// Returns the authenticator data in an attestation object.
pub(super) fn authenticator_data(object: &[u8]) -> Result<&[u8], Malformed> {
    let all = Reader(object).map()?;
    all.into_iter()
        .find_map(|pair| match pair {
            (Item::Text(b"authData"), Item::Bytes(data)) => Some(data),
            _ => None,
        })
        .ok_or(Malformed)
}

/// Reads the public key of a new passkey. Returns its algorithm as a COSE number and the key as
/// `SubjectPublicKeyInfo`.
pub(super) fn public_key(cose: &[u8]) -> Result<(i64, Vec<u8>), Malformed> {
    let all = Reader(cose).map()?;
    let find = |label: i64| {
        let mut all = all.iter();
        let found = all.find(|(key, _)| *key == Item::Number(label));
        found.map_or(Item::Other, |(_, value)| *value)
    };
    let part = |label, length: usize| match find(label) {
        Item::Bytes(bytes) if bytes.len() == length => Ok(bytes),
        _ => Err(Malformed),
    };
    match (find(1), find(3), find(-1), find(-2)) {
        (Item::Number(1), Item::Number(algorithm), Item::Number(6), _) => {
            Ok((algorithm, [&ED25519_HEAD, part(-2, 32)?].concat()))
        }
        (Item::Number(2), Item::Number(algorithm), Item::Number(1), _) => {
            let point = [&P256_HEAD, part(-2, 32)?, part(-3, 32)?];
            Ok((algorithm, point.concat()))
        }
        (Item::Number(3), Item::Number(algorithm), Item::Bytes(n), Item::Bytes(e)) => {
            let numbers = [unsigned(n), unsigned(e)].concat();
            let key = [vec![0], der(0x30, &numbers)].concat();
            let all = [RSA_ALGORITHM.to_vec(), der(0x03, &key)].concat();
            Ok((algorithm, der(0x30, &all)))
        }
        _ => Err(Malformed),
    }
}

/// `SubjectPublicKeyInfo` of Ed25519 up to the key (RFC 8410, §4).
const ED25519_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// `SubjectPublicKeyInfo` of P-256 up to the coordinates of an uncompressed point (RFC 5480, §2).
const P256_HEAD: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The algorithm in the `SubjectPublicKeyInfo` of RSA (RFC 3279, §2.3.1).
const RSA_ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// Encodes a DER value of at most 65,535 bytes.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let [.., high, low] = value.len().to_be_bytes();
    let length = match (high, low) {
        (0, ..128) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], value].concat()
}

fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0);
    let bytes = start.map_or(&[0][..], |start| &bytes[start..]);
    let sign: &[u8] = if bytes[0] & 0x80 == 0 { &[] } else { &[0] };
    der(0x02, &[sign, bytes].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn authenticator_data_is_found_behind_a_statement() {
        // {"fmt": "packed", "attStmt": {"alg": -7, "x5c": [h'01']}, "authData": h'aabb'}
        let object = b"\xa3\x63fmt\x66packed\x67attStmt\xa2\x63alg\x26\x63x5c\x81\x41\x01\
                       \x68authData\x42\xaa\xbb";
        assert_eq!(authenticator_data(object).unwrap(), [0xaa, 0xbb]);
        for wrong in [
            &object[..object.len() - 1],
            b"\xa1\x63fmt\x64none",
            b"\x9f",
            b"",
        ] {
            assert_eq!(authenticator_data(wrong), Err(Malformed));
        }
        assert_eq!(authenticator_data(&[0x81; 1_000]), Err(Malformed));
    }

    #[test]
    fn a_public_key_is_written_as_browsers_write_it() {
        let mut edwards = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20".to_vec();
        edwards.extend([7; 32]);
        let (algorithm, key) = public_key(&edwards).unwrap();
        assert_eq!((algorithm, key.len()), (-8, 44));
        let mut elliptic = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
        elliptic.extend([7; 32]);
        elliptic.extend(b"\x22\x58\x20");
        elliptic.extend([9; 32]);
        let (algorithm, key) = public_key(&elliptic).unwrap();
        assert_eq!((algorithm, key.len()), (-7, 91));
        let mut rsa = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00".to_vec();
        rsa.extend([0xc1; 256]);
        rsa.extend(b"\x21\x43\x01\x00\x01");
        let (algorithm, key) = public_key(&rsa).unwrap();
        assert_eq!((algorithm, key.len()), (-257, 294));
        assert!(aws_lc_rs::rsa::PublicEncryptingKey::from_der(&key).is_ok());
        assert_eq!(public_key(&elliptic[..60]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = authenticator_data(&bytes);
            let _ = public_key(&bytes);
        }
    }
}
