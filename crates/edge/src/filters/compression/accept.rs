//! Parses `Accept-Encoding` without allocating, because every request for a file needs this.

use http::header::{ACCEPT_ENCODING, HeaderMap};

use crate::quality_values::quality;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The coding's name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    pub fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    fn parse(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL
            .into_iter()
            .find(|encoding| name.eq_ignore_ascii_case(encoding.name().as_bytes()))
    }
}

/// The codings in which a resource is available.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offers(pub [bool; 2]);

impl Offers {
    pub const ALL: Self = Self([true; 2]);
    /// Only gzip, which every browser supports.
    pub const GZIP: Self = Self([false, true]);

    pub fn any(self) -> bool {
        self.0.contains(&true)
    }
}

/// The client's preference for each coding, in thousandths. The preference is 0 for codings that
/// the client rejects or does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted {
    coded: [u16; 2],
    identity: u16,
}

impl Accepted {
    /// Parses `Accept-Encoding`. Ignores unknown codings.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut named = [None; 2];
        let mut identity = 0;
        let mut others = 0;
        let words = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        for word in words {
            let end = word.iter().position(|byte| *byte == b';');
            let (name, parameters) = word.split_at(end.unwrap_or(word.len()));
            let Some(quality) = quality(parameters) else {
                continue;
            };
            let name = name.trim_ascii();
            if let Some(encoding) = Encoding::parse(name) {
                named[encoding as usize] = Some(quality);
            } else if name == b"*" {
                others = quality;
            } else if name.eq_ignore_ascii_case(b"identity") {
                identity = quality;
            }
        }
        Self {
            coded: named.map(|quality| quality.unwrap_or(others)),
            identity,
        }
    }

    /// Returns the available coding that the client prefers. Returns `None` if the client prefers
    /// an uncompressed response or accepts nothing (RFC 9110, section 12.5.3).
    pub fn choose(self, offers: Offers) -> Option<Encoding> {
        let mut best = None;
        let mut most = 0;
        for encoding in Encoding::ALL {
            let quality = self.coded[encoding as usize];
            if offers.0[encoding as usize] && quality > most && quality >= self.identity {
                best = Some(encoding);
                most = quality;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(lines: &[&str], offers: Offers) -> Option<Encoding> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, line.parse().unwrap());
        }
        Accepted::of(&headers).choose(offers)
    }

    #[test]
    fn takes_what_the_client_ranks_highest() {
        use Encoding::{Brotli, Gzip};
        let table: &[(&[&str], Option<Encoding>)] = &[
            (&[], None),
            (&[""], None),
            (&["gzip"], Some(Gzip)),
            (&["x-gzip"], Some(Gzip)),
            (&["GZIP"], Some(Gzip)),
            (&["gzip, deflate, br, zstd"], Some(Brotli)),
            (&["gzip, zstd"], Some(Gzip)),
            (&["zstd"], None),
            (&["gzip", "br;q=0.9"], Some(Gzip)),
            (&["gzip;q=0.8, br;q=0.81"], Some(Brotli)),
            (&["gzip;q=0.5"], Some(Gzip)),
            (&["gzip;q=0.5, identity"], None),
            (&["gzip, identity"], Some(Gzip)),
            (&["*"], Some(Brotli)),
            (&["*;q=0.3, br;q=0"], Some(Gzip)),
            (&["br;q=0, zstd;q=0.000, gzip;q=0.001"], Some(Gzip)),
            (&["identity;q=0, *;q=0"], None),
            (&["br;q=2"], None),
            (&["br;q=0.1234"], None),
            (&["br;q=abc, gzip"], Some(Gzip)),
            (&["br ; Q = 1.000"], Some(Brotli)),
            (&["br;q=1.001"], None),
            (&["deflate, compress"], None),
            (&[",, ,gzip,"], Some(Gzip)),
        ];
        for (lines, expected) in table {
            assert_eq!(chosen(lines, Offers::ALL), *expected, "{lines:?}");
        }
    }

    #[test]
    fn takes_only_what_is_offered() {
        assert_eq!(
            chosen(&["br, gzip;q=0.1"], Offers([false, true])),
            Some(Encoding::Gzip)
        );
        assert_eq!(chosen(&["br"], Offers([false, true])), None);
        assert_eq!(chosen(&["br"], Offers::default()), None);
    }
}
