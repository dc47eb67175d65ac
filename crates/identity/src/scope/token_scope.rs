//! Token scopes, the permissions of API tokens. Each domain declares its own scopes; the scopes for
//! the account itself are declared here.

use std::fmt;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::scope::domain::DomainAccounts;

/// A permission of an API token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenScope {
    word: &'static str,
    label: &'static str,
}

/// Permits reading the account's own name and email address.
pub const PROFILE_READ: TokenScope = TokenScope::new("profile:read", "account-scope-profile-read");

impl TokenScope {
    /// Creates a token scope. `word` is its name in the store, in the API and on pages. The message
    /// `label` describes the scope to people who create a token.
    pub const fn new(word: &'static str, label: &'static str) -> Self {
        Self { word, label }
    }

    /// The scope's name in the store, in the API and on pages.
    pub fn word(self) -> &'static str {
        self.word
    }

    /// The id of the message that describes the scope.
    pub fn label(self) -> &'static str {
        self.label
    }

    /// All token scopes that the domains declare.
    pub fn all(domains: &[DomainAccounts]) -> impl Iterator<Item = Self> {
        domains
            .iter()
            .flat_map(|domain| domain.token_scopes)
            .copied()
    }

    /// Finds the token scopes with these names. The result has no duplicates. Its order is the
    /// order of the domains' declarations. The error is the index of the first unknown name.
    pub fn find_all<S: AsRef<str>>(
        domains: &[DomainAccounts],
        words: &[S],
    ) -> Result<Vec<Self>, usize> {
        let is = |scope: &Self, word: &S| scope.word == word.as_ref();
        let is_known = |word: &S| Self::all(domains).any(|scope| is(&scope, word));
        if let Some(unknown) = words.iter().position(|word| !is_known(word)) {
            return Err(unknown);
        }
        let is_wanted = |scope: &Self| words.iter().any(|word| is(scope, word));
        Ok(Self::all(domains).filter(is_wanted).collect())
    }
}

impl fmt::Debug for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl utoipa::PartialSchema for TokenScope {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What a token may be used for."))
            .into()
    }
}

impl utoipa::ToSchema for TokenScope {}

#[cfg(test)]
mod tests {
    use super::*;

    const SING: TokenScope = TokenScope::new("songs:write", "");

    #[test]
    fn scopes_are_found_by_their_words_once_each() {
        let domains = [
            DomainAccounts {
                token_scopes: &[PROFILE_READ],
                ..DomainAccounts::new("accounts")
            },
            DomainAccounts {
                token_scopes: &[SING],
                ..DomainAccounts::new("parks")
            },
        ];
        let find = |words: &[&str]| TokenScope::find_all(&domains, words);
        assert_eq!(
            find(&["songs:write", "profile:read", "songs:write"]),
            Ok(vec![PROFILE_READ, SING])
        );
        assert_eq!(find(&[]), Ok(Vec::new()));
        assert_eq!(find(&["songs:write", "songs:read"]), Err(1));
    }
}
