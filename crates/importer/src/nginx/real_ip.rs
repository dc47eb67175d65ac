//! Converts `set_real_ip_from` and `real_ip_header`: which proxies may say who the client is.

use super::directive::Directive;
use super::import_result::Made;
use super::scope::Level;

const HIDDEN: &str = "so no proxy is trusted here, every client has the address of the proxy in front, and routes with `allow` \
     or `deny` are closed";

/// Sets the trusted proxies. nginx decides for each server block whom it trusts, Kenduri for all of
/// them. So proxies are trusted only if the server blocks agree. A block that answers everything
/// with its `return` has no say, since its answer is the same for all clients.
pub(super) fn settle<'a>(levels: impl Iterator<Item = &'a Level>, made: &mut Made) {
    let mut levels: Vec<&Level> = levels.collect();
    let unasked = levels.iter().find_map(|level| level.scope.trusted.first());
    if levels.iter().any(|level| level.answer.is_none()) {
        levels.retain(|level| level.answer.is_none());
    }
    let named = || levels.iter().flat_map(|level| &level.scope.trusted);
    let Some(first) = named().next() else {
        if let Some(directive) = unasked {
            made.remarks.about(
                directive,
                "not carried over, since the servers that trust these proxies answer everybody alike; nothing needs to be done",
            );
        }
        return;
    };
    let header = |level: &Level| level.scope.real_ip_header.to_ascii_lowercase();
    let speaks_proxy = |level: &&Level| header(level) == "proxy_protocol";
    let trusting = |level: &&&Level| !level.scope.trusted.is_empty();
    if levels
        .iter()
        .copied()
        .filter(|level| trusting(&level))
        .all(|level| speaks_proxy(&level))
    {
        if levels.len() > 1 || made.http.len() + made.https.len() > made.proxy_protocol.len() {
            made.remarks.careful(
                first,
                "without the PROXY protocol, X-Forwarded-For and Forwarded of these proxies are \
                 trusted: they must set these or remove them",
            );
        }
        named().for_each(|directive| trust(directive, made));
        return;
    }
    let words = |level: &Level| -> Vec<String> {
        let networks = level.scope.trusted.iter();
        networks.map(|one| one.word(0).to_owned()).collect()
    };
    let is_agreed = levels
        .windows(2)
        .all(|two| words(two[0]) == words(two[1]) && header(two[0]) == header(two[1]));
    if !is_agreed {
        made.remarks.careful(
            first,
            &format!(
                "nginx trusts these proxies in one server, and Kenduri would in all, {HIDDEN}. Name those in trusted_proxies that may speak for the clients of every server"
            ),
        );
        made.hides_clients = true;
        return;
    }
    let header = header(levels[0]);
    if header == "x-forwarded-for" {
        made.forwarded_header = edge::ForwardedHeader::XForwardedFor;
        made.remarks.about(
            first,
            "X-Forwarded-Proto and X-Forwarded-Host of trusted proxies are trusted too: they must \
             set these or remove them",
        );
        levels[0]
            .scope
            .trusted
            .iter()
            .for_each(|directive| trust(directive, made));
        return;
    }
    let instead = if header == "cf-connecting-ip" {
        "Behind Cloudflare write trusted_proxies = \"cloudflare\""
    } else {
        "If the proxy sets X-Forwarded-For, and removes what clients send there, name it in trusted_proxies"
    };
    let header = match &*levels[0].scope.real_ip_header {
        "" => "X-Real-IP",
        written => written,
    };
    made.remarks.careful(
        first,
        &format!(
            "nginx reads the client's address in {header}, and Kenduri in X-Forwarded-For or Forwarded, {HIDDEN}. {instead}"
        ),
    );
    made.hides_clients = true;
}

fn trust(directive: &Directive, made: &mut Made) {
    let network = directive.word(0);
    if edge::values::network(network).is_err() {
        made.remarks.about(
            directive,
            "only addresses and networks can be trusted; name them in trusted_proxies",
        );
    } else if !made.trusted_proxies.iter().any(|known| known == network) {
        made.trusted_proxies.push(network.to_owned());
    }
}
