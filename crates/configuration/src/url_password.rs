//! Separates passwords from URLs.

use platform::Secret;

/// Splits `scheme://user:password@host/…` into the URL without the password, and the password.
pub fn without_password(url: &str) -> (String, Option<Secret>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (user, host) = rest.get(..end)?.rsplit_once('@')?;
        let (user, password) = user.split_once(':')?;
        let tail = rest.get(end..)?;
        Some((
            format!("{scheme}://{user}@{host}{tail}"),
            Secret::new(password),
        ))
    };
    split().map_or_else(
        || (url.to_owned(), None),
        |(url, password)| (url, Some(password)),
    )
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn the_password_leaves_the_url() {
        let (url, password) = without_password("postgres://ken:p@ss:w@db.example/kenduri?x=1");
        assert_eq!(url, "postgres://ken@db.example/kenduri?x=1");
        assert_eq!(
            password.as_ref().map(platform::Secret::reveal),
            Some("p@ss:w")
        );
        let (url, password) = without_password("postgres://ken@db.example/kenduri");
        assert_eq!(url, "postgres://ken@db.example/kenduri");
        assert!(password.is_none());
    }
}
