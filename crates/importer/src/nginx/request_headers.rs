//! Converts `proxy_set_header` to lists of client headers that routes withhold from upstreams.

use edge::RequestHeaders;
use edge::headers::StrippedHeaders;

use super::directive::Directive;
use super::import_result::Made;
use super::remarks::Remarks;

const SENT_BY_EDGE: [&str; 6] = [
    "host",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-request-id",
    "forwarded",
];

/// The edge accepts them only from trusted proxies.
const CLAIMS: [&str; 6] = [
    "x-real-ip",
    "x-client-ip",
    "x-forwarded-port",
    "x-forwarded-ssl",
    "x-forwarded-scheme",
    "x-forwarded-server",
];

/// Converts a `proxy_set_header` directive. nginx replaces the client's header by the value, or
/// removes the header if the value is empty; a Kenduri route can only remove the header.
pub(super) fn read(
    directive: &Directive,
    keeps_host: &mut bool,
    withheld: &mut Vec<String>,
    remarks: &mut Remarks,
) {
    const TOLD: &str = "programs are told client, scheme, host and id of a request";
    let (named, value) = (directive.word(0), directive.word(1));
    let name = named.to_ascii_lowercase();
    let mut withhold = || {
        let is_there = |other: &String| other.eq_ignore_ascii_case(named);
        if !withheld.iter().any(is_there) {
            withheld.push(named.to_owned());
        }
    };
    match name.as_str() {
        "host" => {
            *keeps_host = matches!(value, "$host" | "$http_host" | "$host:$server_port");
            if *keeps_host {
                remarks.settled(directive, TOLD);
            } else if value != "$proxy_host" {
                *keeps_host = true;
                remarks.about(
                    directive,
                    "programs are sent the host that the client asked for, and must answer for it",
                );
            }
        }
        "upgrade" | "connection" => remarks.settled(directive, "websockets pass by themselves"),
        name if is_written_alike(name, value) => remarks.settled(directive, TOLD),
        name if SENT_BY_EDGE.contains(&name) => remarks.about(
            directive,
            "Kenduri writes this header itself, with what it sees of the request: this value is not sent. Behind a proxy that \
             speaks TLS, say in `trusted_proxies` who it is, or programs are told http",
        ),
        name if is_own(name, value) => {
            remarks.settled(directive, "it goes on as the client sends it");
        }
        name if CLAIMS.contains(&name) || matches!(name, "x-scheme" | "true-client-ip") => {
            withhold();
            remarks.settled(
                directive,
                "not sent; let the program read X-Forwarded-For and X-Forwarded-Proto",
            );
        }
        // The remark omits the value, which may be a secret.
        _ => {
            let shown = format!("{}: {} {named}", directive.place, directive.name);
            if let Some(what) = why_not_withheld(named) {
                remarks.line(format!("{shown}: not carried over: {what}"));
                return;
            }
            withhold();
            if !value.is_empty() {
                remarks.line(format!(
                    "CAREFUL: {shown}: the value is not sent, and what clients say in its place is taken away; \
                     if it proves to the program who asks, give it another proof",
                ));
            }
        }
    }
}

fn is_written_alike(name: &str, value: &str) -> bool {
    match name {
        "x-forwarded-for" => matches!(value, "$proxy_add_x_forwarded_for" | "$remote_addr"),
        "x-forwarded-proto" => value == "$scheme",
        "x-forwarded-host" => matches!(value, "$host" | "$http_host" | "$host:$server_port"),
        "x-request-id" => value == "$request_id",
        _ => false,
    }
}

/// Such as `$http_authorization` for `Authorization`.
fn is_own(name: &str, value: &str) -> bool {
    let own = format!("http_{}", name.replace('-', "_"));
    let variable = value.strip_prefix('$').unwrap_or_default();
    let variable = variable
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(variable);
    variable == own || (variable == "content_type" && name == "content-type")
}

/// `None` if a route can withhold this header.
fn why_not_withheld(name: &str) -> Option<String> {
    let mut why = None;
    let written = RequestHeaders {
        remove: vec![name.to_owned()],
    };
    StrippedHeaders::check(&written, &mut |_, what, _| why = Some(what));
    why
}

/// The client headers that a route must withhold from its upstream.
pub(super) fn withheld(names: &[String], made: &Made) -> Vec<String> {
    let is_heard = |name: &&String| {
        let is_claim = CLAIMS.iter().any(|claim| name.eq_ignore_ascii_case(claim));
        !is_claim || !made.trusted_proxies.is_empty()
    };
    names.iter().filter(is_heard).cloned().collect()
}
