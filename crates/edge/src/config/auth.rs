//! Validates the `access` settings of routes.

use std::sync::Arc;

use http::HeaderName;
use units::Check;

use super::PlanContext;
use super::server::server;
use super::upstreams::{Upstreams, request_path};
use crate::description;
use crate::filters::auth::{Access, Ask, Basic, Networks, Users};
use crate::values;

const MAX_FILE_BYTES: u64 = 4 << 20;

pub(super) fn access(
    written: &description::Access,
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Access> {
    let description::Access {
        allow,
        deny,
        basic: password,
        ask: server,
        sign_in,
    } = written;
    if allow.is_empty()
        && deny.is_empty()
        && password.is_none()
        && server.is_none()
        && sign_in.is_empty()
    {
        check.refuse(
            "access",
            "it is empty, so everybody would get in",
            "write allow, deny, basic, ask or sign_in, or remove it",
        );
    }
    let networks = Networks::new(
        networks("access.allow", allow, check),
        networks("access.deny", deny, check),
    );
    let basic = match password {
        None => None,
        Some(written) => Some(Arc::new(basic(written, ground, check)?)),
    };
    let ask = match server {
        None => None,
        Some(written) => Some(ask(written, upstreams, ground, check)?),
    };
    Some(Access {
        networks,
        basic,
        ask,
        sign_in: (!sign_in.is_empty()).then(|| sign_in.as_str().into()),
    })
}

fn networks(key: &str, written: &[String], check: &mut Check) -> Vec<ipnet::IpNet> {
    let networks = written.iter().enumerate().filter_map(|(number, text)| {
        check.accept(&format!("{key}[{number}]"), values::network(text))
    });
    networks.collect()
}

fn basic(
    written: &description::Basic,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Basic> {
    let file = "access.basic.file";
    let path = check.file(file, ground.folder, &written.file)?;
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    if size > MAX_FILE_BYTES {
        check.refuse(
            file,
            "it is larger than 4M",
            "name a file with lines NAME:HASH",
        );
        return None;
    }
    let Ok(text) = std::fs::read_to_string(&path) else {
        check.refuse(
            file,
            format!("{} is not UTF-8 text", path.display()),
            "write a line NAME:HASH for each user",
        );
        return None;
    };
    let users = check.accept(file, Users::parse(&text))?;
    if !users.is_even() {
        check.warn(
            file,
            "its hashes take different times to check, so response times may reveal which names exist",
            "make all of them again with `kenduri password hash`",
        );
    }
    let basic = Basic::new(users, &written.realm);
    if basic.is_none() {
        check.refuse(
            "access.basic.realm",
            format!(
                "{:?} has characters that a header cannot hold",
                written.realm
            ),
            "use letters, digits and spaces only",
        );
    }
    basic
}

fn ask(
    written: &description::Ask,
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Ask> {
    let to = "access.ask.to";
    let upstream = server(to, &written.to, upstreams, ground, check);
    if upstream.is_none() {
        check.refuse(
            to,
            format!("{:?} is not a server", written.to),
            "write http://HOST:PORT, unix:PATH, upstream:NAME or service:NAME",
        );
    }
    let path = check.accept("access.ask.path", request_path(&written.path));
    let mut copy: Vec<HeaderName> = Vec::new();
    for (number, name) in written.copy.iter().enumerate() {
        match name.parse::<HeaderName>() {
            Ok(header) if Ask::may_copy(&header) => copy.push(header),
            _ => check.refuse(
                &format!("access.ask.copy[{number}]"),
                format!("{name:?} cannot be copied"),
                "name a header that the server itself sets, such as X-User",
            ),
        }
    }
    Some(Ask {
        upstream: upstream?.ok()?,
        path: path?,
        copy,
    })
}
