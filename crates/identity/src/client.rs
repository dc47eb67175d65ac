//! The browser that asks, as far as signing in is concerned.

use platform::audit::{RequestFacts, shorten};
use platform::{Secret, text_cleaning};

/// What a browser brings along when somebody signs in with it.
#[derive(Clone, Debug)]
pub struct Client {
    /// The request's id and the address it came from.
    pub request: RequestFacts,
    /// How the browser names itself.
    pub user_agent: String,
    /// The session it brings; it ends when a new one begins.
    pub session: Option<Secret>,
    /// The secret that marks it as known to an account.
    pub device: Option<Secret>,
    /// The secret under which an identity waits to be linked by a sign-in.
    pub identity: Option<Secret>,
}

impl Client {
    /// The longest name of a browser that is kept.
    const LONGEST_NAME: usize = 256;

    pub(crate) fn name(&self) -> String {
        text_cleaning::clean_line(&self.user_agent)
            .chars()
            .take(Self::LONGEST_NAME)
            .collect()
    }

    /// The network it comes from; the whole address is nobody's business.
    pub(crate) fn network(&self) -> String {
        self.request.network.map(shorten).unwrap_or_default()
    }
}

/// A browser in two words, as people know it: "Firefox, Android". Empty where
/// it names itself in a way nobody knows.
pub fn describe(user_agent: &str) -> String {
    // Most browsers call themselves by several names; the first here that is
    // found is the one that no other also uses.
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
