//! DNS queries for TXT records. They are sent to the system's name servers over TCP, because long
//! keys do not fit into a UDP packet.
//!
//! hickory-resolver (0.26.3 of September 2026, well maintained) would add ten crates, among them
//! moka and prefix-trie, for caching, IPv6 races and search lists, which one query a day does not
//! need. hickory-proto, which has messages but no client, would add two crates and replace
//! `question` and `read`, some 90 lines that a test checks with malformed responses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::random::Random;

/// The timeout for one name server.
const PATIENCE: Duration = Duration::from_secs(5);
const TXT: u16 = 16;
const INTERNET: u16 = 1;
const NO_SUCH_NAME: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServers(Vec<SocketAddr>);

/// No name server responded.
#[derive(Debug, thiserror::Error)]
#[error("no name server answers: {0}")]
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
        let mut last = "none is configured".to_owned();
        for server in &self.0 {
            match timeout(PATIENCE, ask(*server, random, name)).await {
                Ok(Ok(texts)) => return Ok(texts),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => "too slow".clone_into(&mut last),
            }
        }
        Err(NoAnswer(last))
    }
}

async fn ask(server: SocketAddr, random: &Random, name: &str) -> io::Result<Vec<String>> {
    let mut id = [0; 2];
    random.fill(&mut id);
    let question = question(id, name).ok_or(io::ErrorKind::InvalidInput)?;
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).unwrap_or(u16::MAX);
    stream
        .write_all(&[&length.to_be_bytes(), &question[..]].concat())
        .await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    read(&answer, id).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The query message (RFC 1035, section 4.1); `None` if the name is too long.
fn question(id: [u8; 2], name: &str) -> Option<Vec<u8>> {
    let mut query = id.to_vec();
    // Flags: recursion desired. Counts: one question.
    query.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|n| (1..64).contains(n))?;
        query.push(length);
        query.extend_from_slice(label.as_bytes());
    }
    query.push(0);
    query.extend_from_slice(&TXT.to_be_bytes());
    query.extend_from_slice(&INTERNET.to_be_bytes());
    (name.len() < 254).then_some(query)
}

/// Returns the TXT records in the response `answer`, or `None` if the response does not match the
/// query.
fn read(answer: &[u8], id: [u8; 2]) -> Option<Vec<String>> {
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
    let mut texts = Vec::new();
    for _ in 0..answers {
        reader.name()?;
        let (kind, class) = (reader.number()?, reader.number()?);
        reader.take(4)?;
        let length = reader.number()?;
        let data = reader.take(length.into())?;
        // Aliases (CNAME) may precede the TXT records and are skipped.
        if (kind, class) == (TXT, INTERNET) {
            texts.push(text(data)?);
        }
    }
    Some(texts)
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
        assert_eq!(read(&answer, [7, 7]), Some(vec!["v=spf1".to_owned()]));
        assert_eq!(read(&answer, [7, 8]), None, "another question's");
        for cut in 0..answer.len() {
            assert_eq!(read(&answer[..cut], [7, 7]), None, "{cut}");
        }
        answer[3] = 0x83;
        assert_eq!(read(&answer, [7, 7]), Some(Vec::new()), "no such name");
        answer[3] = 0x82;
        assert_eq!(read(&answer, [7, 7]), None, "the server failed");
    }

    #[test]
    fn a_question_asks_for_texts_of_a_name() {
        let asked = question([0, 1], "a.my.").unwrap();
        assert!(asked.ends_with(b"\x01a\x02my\x00\x00\x10\x00\x01"));
        assert_eq!(question([0, 1], "a..my"), None);
        assert_eq!(question([0, 1], &"a.".repeat(200)), None);
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
