//! A server that speaks as much of S3 as a backup needs. It writes conditionally without a gap, or,
//! as some servers do, lets two writes at once through.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use backup::{S3Access, Target};
use jiff::fmt::rfc2822::DateTimePrinter;
use platform::{ManualClock, Secret};

const WHOLE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) address: String,
    state: Arc<State>,
}

struct State {
    /// By name: the content and the number of its writing, which is its tag.
    objects: Mutex<BTreeMap<String, (Vec<u8>, u64)>>,
    /// Lets two conditional writes meet after both have found their condition true.
    meeting: Option<Barrier>,
    /// What goes wrong with requests for names that contain this text, and how often.
    fault: Mutex<Option<(&'static str, Fault, usize)>>,
    /// Of the field `Date`; without it, there is none.
    clock: Mutex<Option<ManualClock>>,
}

/// The way of one machine to the server.
pub(crate) struct Way {
    address: String,
    is_cut: Arc<AtomicBool>,
}

impl Way {
    pub(crate) fn target(&self) -> Target {
        target(&self.address)
    }

    pub(crate) fn set_cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

/// What a server, or a proxy before it, does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is carried out.
    Away,
    /// A write is carried out, and its answer is lost.
    LostAnswer,
    /// A write is repeated, so that its condition does not hold any more.
    Repeated,
    /// Conditional writes are answered with this status and code.
    Condition(&'static str, &'static str),
    /// Nothing may be removed.
    NoRemoval,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(None)
    }

    /// Like a server that looks first, and writes then.
    pub(crate) fn without_conditions() -> Self {
        Self::with(Some(Barrier::new(2)))
    }

    fn with(meeting: Option<Barrier>) -> Self {
        let state = Arc::new(State {
            objects: Mutex::default(),
            meeting,
            fault: Mutex::new(None),
            clock: Mutex::new(None),
        });
        let way = listen(&state);
        let address = way.address;
        Self { address, state }
    }

    /// The same server, at another address.
    pub(crate) fn way(&self) -> Way {
        listen(&self.state)
    }

    /// From now on, each answer says what time it is by this clock.
    pub(crate) fn tell_time(&self, clock: &ManualClock) {
        *self.state.clock.lock().unwrap() = Some(clock.clone());
    }

    pub(crate) fn target(&self) -> Target {
        target(&self.address)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let objects = self.state.objects.lock().unwrap();
        objects.keys().cloned().collect()
    }

    /// While it is away, it answers 503.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.refuse(is_away.then_some(""));
    }

    pub(crate) fn refuse(&self, part: Option<&'static str>) {
        *self.state.fault.lock().unwrap() = part.map(|part| (part, Fault::Away, usize::MAX));
    }

    /// The next requests of this kind for names that contain `part` go wrong.
    pub(crate) fn fail(&self, part: &'static str, fault: Fault, times: usize) {
        *self.state.fault.lock().unwrap() = Some((part, fault, times));
    }

    /// The content of the only object whose name ends so.
    pub(crate) fn content(&self, end: &str) -> Vec<u8> {
        let objects = self.state.objects.lock().unwrap();
        let found = objects.iter().find(|(name, _)| name.ends_with(end));
        found.unwrap().1.0.clone()
    }
}

fn listen(state: &Arc<State>) -> Way {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let is_cut = Arc::new(AtomicBool::new(false));
    let (serving, cut) = (Arc::clone(state), Arc::clone(&is_cut));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, state, cut) = (stream.unwrap(), Arc::clone(&serving), Arc::clone(&cut));
            std::thread::spawn(move || state.answer(stream, &cut));
        }
    });
    Way { address, is_cut }
}

fn target(address: &str) -> Target {
    let access = S3Access {
        endpoint: address.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        secret_key: Some(Secret::new("secret")),
    };
    Target::parse("s3://bucket/a/prefix", &access).unwrap()
}

impl State {
    fn answer(&self, mut stream: TcpStream, is_cut: &AtomicBool) {
        stream.set_read_timeout(Some(WHOLE)).unwrap();
        let Some((head, body)) = read(&mut stream) else {
            return;
        };
        if is_cut.load(Ordering::SeqCst) {
            return;
        }
        let (status, tag, body) = self.reply_or_fail(&head, body);
        let clock = self.clock.lock().unwrap();
        let date = clock.as_ref().map_or_else(String::new, |clock| {
            let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&clock.now());
            format!("Date: {}\r\n", date.unwrap())
        });
        drop(clock);
        let tag = tag.map_or_else(String::new, |tag| format!("ETag: \"{tag}\"\r\n"));
        let head = format!(
            "HTTP/1.1 {status}\r\n{date}{tag}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        // The client may have gone.
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    }

    fn reply_or_fail(&self, head: &str, body: Vec<u8>) -> (&'static str, Option<u64>, Vec<u8>) {
        let (method, name, _) = request(head);
        let away = || ("503 Service Unavailable", None, Vec::new());
        match self.fault(head, method, name) {
            None => self.reply(head, body),
            Some(Fault::Away) => away(),
            Some(Fault::LostAnswer) => {
                self.reply(head, body);
                away()
            }
            Some(Fault::Repeated) => {
                self.reply(head, body.clone());
                self.reply(head, body)
            }
            Some(Fault::Condition(status, code)) => {
                (status, None, format!("<Code>{code}</Code>").into_bytes())
            }
            Some(Fault::NoRemoval) => ("403 Forbidden", None, Vec::new()),
        }
    }

    fn fault(&self, head: &str, method: &str, name: &str) -> Option<Fault> {
        let mut all = self.fault.lock().unwrap();
        let (part, fault, times) = all.as_mut().filter(|(_, _, times)| *times > 0)?;
        let is_meant = match fault {
            Fault::Away => true,
            Fault::LostAnswer => method == "PUT",
            Fault::Repeated | Fault::Condition(..) => {
                let head = head.to_ascii_lowercase();
                head.contains("if-match") || head.contains("if-none-match")
            }
            Fault::NoRemoval => method == "DELETE",
        };
        if !is_meant || !name.contains(*part) {
            return None;
        }
        *times -= 1;
        Some(*fault)
    }

    fn reply(&self, head: &str, body: Vec<u8>) -> (&'static str, Option<u64>, Vec<u8>) {
        let (method, name, query) = request(head);
        let header = |wanted: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        let tag_of =
            |objects: &BTreeMap<String, (Vec<u8>, u64)>| objects.get(name).map(|(_, tag)| *tag);
        match method {
            "PUT" => {
                let must_be = header("if-match").map(|(_, tag)| tag.trim_matches('"').to_owned());
                let is_new = header("if-none-match").is_some();
                let holds = |found: Option<u64>| match &must_be {
                    Some(tag) => found.is_some_and(|found| found.to_string() == *tag),
                    None => !is_new || found.is_none(),
                };
                let mut objects = self.objects.lock().unwrap();
                let found = tag_of(&objects);
                if !holds(found) {
                    return ("412 Precondition Failed", None, Vec::new());
                }
                if let Some(meeting) = &self.meeting
                    && name.contains("lease-trial-")
                {
                    drop(objects);
                    meeting.wait();
                    objects = self.objects.lock().unwrap();
                }
                let tag = objects.values().map(|(_, tag)| *tag).max().unwrap_or(0) + 1;
                objects.insert(name.to_owned(), (body, tag));
                ("200 OK", Some(tag), Vec::new())
            }
            "DELETE" => {
                self.objects.lock().unwrap().remove(name);
                ("204 No Content", None, Vec::new())
            }
            _ if name.is_empty() => ("200 OK", None, self.list(query)),
            _ => match self.objects.lock().unwrap().get(name) {
                Some((content, tag)) => ("200 OK", Some(*tag), content.clone()),
                None => ("404 Not Found", None, b"<Code>NoSuchKey</Code>".to_vec()),
            },
        }
    }

    fn list(&self, query: &str) -> Vec<u8> {
        let value = |wanted: &str| {
            let mut all = query.split('&').filter_map(|pair| pair.split_once('='));
            let found = all.find(|(name, _)| *name == wanted);
            found.map_or_else(String::new, |(_, value)| value.replace("%2F", "/"))
        };
        let (prefix, after) = (value("prefix"), value("start-after"));
        let objects = self.objects.lock().unwrap();
        let there = objects
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix) && **name > after);
        let mut contents = String::new();
        for (name, (content, tag)) in there {
            let _ = write!(
                contents,
                "<Contents><Key>{name}</Key><LastModified>2027-01-16T10:00:00.000Z</LastModified>\
                 <ETag>\"{tag}\"</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                content.len()
            );
        }
        let all = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>bucket</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        );
        all.into_bytes()
    }
}

/// Its method, the object's name and the query.
fn request(head: &str) -> (&str, &str, &str) {
    let mut words = head.split_whitespace();
    let (method, address) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let name = path.trim_start_matches("/bucket").trim_start_matches('/');
    (method, name, query)
}

fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut part) = (Vec::new(), [0; 8_192]);
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes.split_off(end + 4)));
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
}
