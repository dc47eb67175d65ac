//! A DNS server that answers from a list, over TCP.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// RFC 1035, section 3.2.2, and RFC 3596.
const A: u16 = 1;
const TXT: u16 = 16;
const AAAA: u16 = 28;
/// RFC 1035, section 4.1.1.
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// A DNS server on a free port of this machine. Clones share its records.
#[derive(Clone)]
pub struct NameServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

#[derive(Default)]
struct Zone {
    /// The data of the records, by name and record type.
    records: HashMap<(String, u16), Vec<Vec<u8>>>,
    is_silent: bool,
    asked: usize,
}

impl NameServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let server = Self {
            address: listener.local_addr().expect("its address"),
            zone: Arc::default(),
        };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Errors are ignored, because a client may close the connection early.
                let _ = own.answer(stream);
            }
        });
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the only address of a name.
    pub fn set_address(&self, name: &str, address: &str) {
        let address: IpAddr = address.parse().expect("an address");
        let (kind, data) = match address {
            IpAddr::V4(address) => (A, address.octets().to_vec()),
            IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
        };
        self.zone()
            .records
            .insert((name.to_owned(), kind), vec![data]);
    }

    /// Sets the only TXT record of a name, of at most 255 bytes.
    pub fn set_text(&self, name: &str, text: &str) {
        let length = u8::try_from(text.len()).expect("a short text");
        let data = [&[length], text.as_bytes()].concat();
        self.zone()
            .records
            .insert((name.to_owned(), TXT), vec![data]);
    }

    /// Removes all records of a name.
    pub fn remove(&self, name: &str) {
        self.zone().records.retain(|(known, _), _| known != name);
    }

    /// Sets whether the server answers every question with a failure.
    pub fn set_silent(&self, is_silent: bool) {
        self.zone().is_silent = is_silent;
    }

    /// The number of questions so far.
    pub fn asked(&self) -> usize {
        self.zone().asked
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut query = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut query)?;
        let (name, kind, question) = question(&query).ok_or(io::ErrorKind::InvalidData)?;
        let (code, records) = {
            let mut zone = self.zone();
            zone.asked += 1;
            let is_known = zone.records.keys().any(|(known, _)| *known == name);
            let records = zone.records.get(&(name, kind)).cloned();
            match records {
                _ if zone.is_silent => (SERVER_FAILURE, Vec::new()),
                Some(records) => (0, records),
                None if is_known => (0, Vec::new()),
                None => (NO_SUCH_NAME, Vec::new()),
            }
        };
        let count = u8::try_from(records.len()).unwrap_or(u8::MAX);
        let mut answer = query[..2].to_vec();
        answer.extend_from_slice(&[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
        answer.extend_from_slice(question);
        for data in records {
            // A pointer to the question's name. The type, the class IN and a lifetime of 60 seconds
            // follow.
            answer.extend_from_slice(&[0xc0, 12]);
            answer.extend_from_slice(&kind.to_be_bytes());
            answer.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
            let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
            answer.extend_from_slice(&length.to_be_bytes());
            answer.extend_from_slice(&data);
        }
        let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
        stream.write_all(&[&length.to_be_bytes(), &answer[..]].concat())
    }
}

fn question(query: &[u8]) -> Option<(String, u16, &[u8])> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = query.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length;
    }
    let kind = query.get(at..at + 2)?.try_into().ok()?;
    let whole = query.get(12..at + 4)?;
    Some((labels.join("."), u16::from_be_bytes(kind), whole))
}
