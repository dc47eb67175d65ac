//! The rows of the results table. Each row defines a request, how it is sent, and a goal.

use super::app;
use super::h2load::Protocol;

const CLIENTS: usize = 64;

#[derive(Clone, Copy)]
pub(in crate::bench) struct Case {
    pub(super) name: &'static str,
    pub(in crate::bench) path: &'static str,
    pub(super) ask: Ask,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// A minimal request, as in most benchmarks.
    Barely,
    /// A request with the headers of a browser.
    AsBrowser,
    /// A request with a body of 1 KiB.
    Post,
    /// Mostly pages and an occasional form, on one connection per visitor.
    Mixed,
    /// A minimal request for a missing page.
    Missing,
}

impl Ask {
    /// Returns the headers that are sent in addition to h2load's own.
    pub(super) fn headers(self) -> &'static [&'static str] {
        const BARE: [&str; 1] = ["Accept-Encoding: identity"];
        // h2load also sends Host and User-Agent, so these make 14 lines.
        const BROWSER: [&str; 12] = [
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "Accept-Encoding: identity",
            "Accept-Language: ms-MY,ms;q=0.9,en-GB;q=0.8,en;q=0.7",
            "Cache-Control: max-age=0",
            "Connection: keep-alive",
            "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
            "Referer: http://127.0.0.1/wedding/rahma-and-farid?lang=ms",
            "Sec-Fetch-Dest: document",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Site: same-origin",
            "Sec-CH-UA-Mobile: ?0",
            "Upgrade-Insecure-Requests: 1",
        ];
        if self == Self::AsBrowser {
            &BROWSER
        } else {
            &BARE
        }
    }
}

pub(in crate::bench) const STATIC: Case = Case {
    name: "static 1 KiB",
    path: "/static/1k.bin",
    ask: Ask::Barely,
};
const LARGE: Case = Case {
    name: "static 100 KiB",
    path: "/static/100k.bin",
    ask: Ask::Barely,
};
const TCP: Case = Case {
    name: "proxy to TCP",
    path: "/tcp/",
    ask: Ask::Barely,
};
const UNIX: Case = Case {
    name: "proxy to unix",
    path: "/unix/",
    ask: Ask::Barely,
};
/// This upstream closes the connection after each response, so no proxy can reuse connections.
const CLOSING: Case = Case {
    name: "proxy, closed each time",
    path: "/closing/",
    ask: Ask::Barely,
};

/// As people and small services send them, over clear-text HTTP/1.1, each with its goal.
const PEOPLE: [(Case, f64); 8] = [
    (
        Case {
            name: "browser: static 1 KiB",
            path: STATIC.path,
            ask: Ask::AsBrowser,
        },
        1.1,
    ),
    (
        Case {
            name: "browser: proxy to TCP",
            path: TCP.path,
            ask: Ask::AsBrowser,
        },
        1.0,
    ),
    (
        Case {
            name: "POST 1 KiB",
            path: TCP.path,
            ask: Ask::Post,
        },
        1.0,
    ),
    (
        Case {
            name: "GET, with one POST in 20",
            path: TCP.path,
            ask: Ask::Mixed,
        },
        1.0,
    ),
    (
        Case {
            name: "page of 20 KiB",
            path: "/tcp/page/20k.bin",
            ask: Ask::Barely,
        },
        1.0,
    ),
    (
        Case {
            name: "page of 60 KiB",
            path: "/tcp/page/60k.bin",
            ask: Ask::Barely,
        },
        1.28,
    ),
    (
        Case {
            name: "chunked 20 KiB",
            path: app::CHUNKED,
            ask: Ask::Barely,
        },
        1.0,
    ),
    (
        Case {
            name: "404 NOT FOUND of Flask",
            path: app::MISSING,
            ask: Ask::Missing,
        },
        1.0,
    ),
];

#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) case: Case,
    pub(super) protocol: Protocol,
    pub(super) connections: usize,
    /// The number of concurrent requests on each connection, since browsers send many at once.
    pub(super) streams: usize,
    /// The smallest acceptable ratio of nginx's processor time to Kenduri's.
    pub(super) goal: f64,
}

impl Row {
    fn of(case: Case, protocol: Protocol, goal: f64) -> Self {
        Self {
            case,
            protocol,
            connections: CLIENTS,
            streams: 1,
            goal,
        }
    }

    /// The largest product of connections and streams equals the number of upstream connections
    /// that nginx is configured to keep open.
    fn of_streams(case: Case, connections: usize, streams: usize, goal: f64) -> Self {
        Self {
            connections,
            streams,
            ..Self::of(case, Protocol::Http2, goal)
        }
    }

    pub(super) fn name(&self) -> String {
        let (protocol, case) = (self.protocol.name(), self.case.name);
        format!("{protocol} {}x{} {case}", self.connections, self.streams)
    }

    /// Whether the request is passed to an upstream, so that `HAProxy` can be compared too.
    pub(super) fn is_proxied(&self) -> bool {
        !self.case.path.starts_with("/static/")
    }

    /// Whether there are also goals for the request rate and the response times.
    pub(super) fn is_timed(&self) -> bool {
        self.case.path == CLOSING.path
    }
}

/// The rows that compare single workers on the same core.
pub(super) fn rows() -> Vec<Row> {
    let clear = [(STATIC, 1.2), (LARGE, 1.0), (TCP, 1.0), (UNIX, 1.0)];
    let tls = [(STATIC, 1.26), (TCP, 1.27)];
    let mut rows: Vec<_> = clear
        .map(|(case, goal)| Row::of(case, Protocol::Http1, goal))
        .into();
    rows.extend(PEOPLE.map(|(case, goal)| Row::of(case, Protocol::Http1, goal)));
    rows.push(Row::of(CLOSING, Protocol::Http1, 1.0));
    rows.extend(tls.map(|(case, goal)| Row::of(case, Protocol::Http1Tls, goal)));
    for (connections, streams, goals) in [
        (CLIENTS, 1, [1.0, 1.0]),
        (8, 8, [1.0, 1.0]),
        (4, 32, [1.29, 1.22]),
    ] {
        let cases = [STATIC, TCP].into_iter().zip(goals);
        rows.extend(cases.map(|(case, goal)| Row::of_streams(case, connections, streams, goal)));
    }
    rows
}

/// The requests whose instructions are counted.
pub(super) fn counted() -> [Case; 4] {
    let [(file, _), (proxied, _), ..] = PEOPLE;
    [STATIC, file, TCP, proxied]
}

/// The rows that are measured with two workers on two cores. The client runs on the same two cores,
/// as on a small server.
pub(super) fn rows_as_shipped() -> Vec<Row> {
    let both = [(STATIC, 1.2), (TCP, 1.0)];
    let mut rows: Vec<_> = both
        .map(|(case, goal)| Row::of(case, Protocol::Http1, goal))
        .into();
    rows.extend(both.map(|(case, _)| Row::of_streams(case, 8, 8, 1.0)));
    rows.extend(PEOPLE.map(|(case, goal)| Row::of(case, Protocol::Http1, goal)));
    rows
}
