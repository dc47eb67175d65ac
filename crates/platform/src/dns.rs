//! DNS queries for TXT records and addresses. They are sent to the system's name servers over TCP,
//! because long keys do not fit into a UDP packet.
//!
//! hickory-resolver (0.26.3 of September 2026, well maintained) would add ten crates, among them
//! moka and prefix-trie. Those crates serve caching, IPv6 races and search lists, which a few
//! queries a day do not need. hickory-proto has messages but no client. It would add two crates,
//! and would replace only the functions `question` and `read`. These have some 90 lines, and a test
//! gives them malformed responses.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::random::Random;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Record types (RFC 1035, section 3.2.2, and RFC 3596).
const A: u16 = 1;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;
const NO_SUCH_NAME: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServers(Vec<SocketAddr>);

#[derive(Debug, thiserror::Error)]
#[error("no name server answers: {0}; check /etc/resolv.conf")]
pub struct NoAnswer(String);

impl NameServers {
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self(servers)
    }

    /// The name servers in `/etc/resolv.conf`.
    pub fn of_system() -> Self {
        Self::of_file(Path::new("/etc/resolv.conf"))
    }

    fn of_file(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("nameserver"));
        let servers = lines.filter_map(|rest| {
            // An IP address with a scope, such as `fe80::1%eth0`, is not supported.
            let address: IpAddr = rest.trim().parse().ok()?;
            Some(SocketAddr::new(address, 53))
        });
        Self(servers.collect())
    }

    /// Returns the TXT records of a domain name. The list is empty if the name does not exist.
    pub async fn texts(&self, random: &Random, name: &str) -> Result<Vec<String>, NoAnswer> {
        let records = self.records(random, name, TXT).await?;
        Ok(records.iter().filter_map(|data| text(data)).collect())
    }

    /// Returns the IP addresses of a host name. The set is empty if the name does not exist. If
    /// `host` is itself an IP address, the set contains only that address.
    pub async fn addresses(
        &self,
        random: &Random,
        host: &str,
    ) -> Result<BTreeSet<IpAddr>, NoAnswer> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Ok([address].into());
        }
        let (four, six) = tokio::join!(
            self.records(random, host, A),
            self.records(random, host, AAAA)
        );
        let four = four?.into_iter().filter_map(|data| {
            let bytes: [u8; 4] = data.try_into().ok()?;
            Some(IpAddr::from(bytes))
        });
        let six = six?.into_iter().filter_map(|data| {
            let bytes: [u8; 16] = data.try_into().ok()?;
            Some(IpAddr::from(bytes))
        });
        Ok(four.chain(six).collect())
    }

    async fn records(
        &self,
        random: &Random,
        name: &str,
        kind: u16,
    ) -> Result<Vec<Vec<u8>>, NoAnswer> {
        let mut last = "none is configured".to_owned();
        for server in &self.0 {
            match timeout(TIMEOUT, ask(*server, random, name, kind)).await {
                Ok(Ok(records)) => return Ok(records),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => "too slow".clone_into(&mut last),
            }
        }
        Err(NoAnswer(last))
    }
}

async fn ask(
    server: SocketAddr,
    random: &Random,
    name: &str,
    kind: u16,
) -> io::Result<Vec<Vec<u8>>> {
    let mut id = [0; 2];
    random.fill(&mut id);
    let question = question(id, name, kind).ok_or(io::ErrorKind::InvalidInput)?;
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    stream
        .write_all(&[&length.to_be_bytes(), &question[..]].concat())
        .await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    read(&answer, id, kind).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The query message (RFC 1035, section 4.1); `None` if the name is too long.
fn question(id: [u8; 2], name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut query = id.to_vec();
    // The flags request recursion, and the counts announce one question.
    query.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|n| (1..64).contains(n))?;
        query.push(length);
        query.extend_from_slice(label.as_bytes());
    }
    query.push(0);
    query.extend_from_slice(&kind.to_be_bytes());
    query.extend_from_slice(&INTERNET.to_be_bytes());
    (name.len() < 254).then_some(query)
}

/// `None` if the response does not match the query.
fn read(answer: &[u8], id: [u8; 2], kind: u16) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader { left: answer };
    if reader.take(2)? != id {
        return None;
    }
    let flags = reader.take(2)?;
    let code = flags.get(1)? & 15;
    let [questions, answers] = [reader.number()?, reader.number()?];
    reader.take(4)?;
    if code == NO_SUCH_NAME {
        return Some(Vec::new());
    }
    if code != 0 || flags.first()? & 128 == 0 {
        return None;
    }
    for _ in 0..questions {
        reader.name()?;
        reader.take(4)?;
    }
    let mut records = Vec::new();
    for _ in 0..answers {
        reader.name()?;
        let (found, class) = (reader.number()?, reader.number()?);
        reader.take(4)?;
        let length = reader.number()?;
        let data = reader.take(length.into())?;
        // Aliases (CNAME) may precede the records and are skipped.
        if (found, class) == (kind, INTERNET) {
            records.push(data.to_vec());
        }
    }
    Some(records)
}

/// Concatenates the strings of one TXT record, as SPF and DKIM require.
fn text(data: &[u8]) -> Option<String> {
    let mut reader = Reader { left: data };
    let mut bytes = Vec::new();
    while !reader.left.is_empty() {
        let length = *reader.take(1)?.first()?;
        bytes.extend_from_slice(reader.take(length.into())?);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count)?;
        self.left = left;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Skips an encoded domain name, which ends with an empty label or a pointer.
    fn name(&mut self) -> Option<()> {
        loop {
            match *self.take(1)?.first()? {
                0 => return Some(()),
                pointer if pointer >= 192 => return self.take(1).map(drop),
                length => self.take(length.into()).map(drop)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_nothing_else_is_one() {
        let mut answer = vec![7, 7, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0];
        answer.extend_from_slice(b"\x01a\x02my\x00\x00\x10\x00\x01");
        // The response contains an alias, and a TXT record of two strings.
        answer.extend_from_slice(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x02\xc0\x0c");
        answer.extend_from_slice(b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x09\x00\x08\x03v=s\x03pf1");
        let found = read(&answer, [7, 7], TXT).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(text(&found[0]).unwrap(), "v=spf1");
        assert_eq!(read(&answer, [7, 7], A), Some(Vec::new()), "another type");
        assert_eq!(read(&answer, [7, 8], TXT), None, "another question's");
        for cut in 0..answer.len() {
            assert_eq!(read(&answer[..cut], [7, 7], TXT), None, "{cut}");
        }
        answer[3] = 0x83;
        assert_eq!(read(&answer, [7, 7], TXT), Some(Vec::new()), "no such name");
        answer[3] = 0x82;
        assert_eq!(read(&answer, [7, 7], TXT), None, "the server failed");
    }

    #[test]
    fn a_question_asks_for_texts_of_a_name() {
        let asked = question([0, 1], "a.my.", TXT).unwrap();
        assert!(asked.ends_with(b"\x01a\x02my\x00\x00\x10\x00\x01"));
        assert_eq!(question([0, 1], "a..my", TXT), None);
        assert_eq!(question([0, 1], &"a.".repeat(200), A), None);
    }

    #[test]
    fn the_systems_servers_are_those_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("resolv.conf");
        std::fs::write(
            &file,
            "# x\nsearch my\nnameserver 192.0.2.1\nnameserver ::1\n",
        )
        .unwrap();
        let expected = ["192.0.2.1:53", "[::1]:53"].map(|text| text.parse().unwrap());
        assert_eq!(NameServers::of_file(&file), NameServers(expected.to_vec()));
        assert_eq!(NameServers::of_file(folder.path()), NameServers(Vec::new()));
    }
}
