//! Data about the browser that sent a request. The functions for signing in use it.

use platform::audit::{RequestFacts, shorten};
use platform::{Secret, text_cleaning};

#[derive(Clone, Debug)]
pub struct Client {
    /// The request's id and client address, for the audit log.
    pub request: RequestFacts,
    pub user_agent: String,
    /// The session secret in the browser's cookie, if there is one. A new sign-in ends that
    /// session.
    pub session: Option<Secret>,
    /// The secret that the browser received at an earlier sign-in. The server recognizes the
    /// browser by this secret.
    pub device: Option<Secret>,
    /// The secret under which an identity from a sign-in provider is stored. The next sign-in links
    /// this identity to the account.
    pub identity: Option<Secret>,
}

impl Client {
    /// The maximum length of a stored `User-Agent` header, in characters.
    const LONGEST_NAME: usize = 256;

    pub(crate) fn name(&self) -> String {
        text_cleaning::clean_line(&self.user_agent)
            .chars()
            .take(Self::LONGEST_NAME)
            .collect()
    }

    /// The client's network, as it is stored. For privacy, this is a shortened IP address.
    pub(crate) fn network(&self) -> String {
        self.request.network.map(shorten).unwrap_or_default()
    }
}

/// A short description of the browser that sends this `User-Agent` header, such as "Firefox,
/// Android"; empty if the header is not recognized.
pub fn describe(user_agent: &str) -> String {
    // Most `User-Agent` headers also name other browsers, so the more specific names come first.
    const BROWSERS: [(&str, &str); 7] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let parts: Vec<&str> = [find(&BROWSERS), find(&SYSTEMS)]
        .into_iter()
        .flatten()
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_their_names() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            ("curl/8.0", ""),
            ("", ""),
        ] {
            assert_eq!(describe(user_agent), name);
        }
    }
}
