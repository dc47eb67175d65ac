//! What a client sends to open an invitation.

use axum::http::Uri;
use web::Form;

use crate::link;

/// What a client sends to open an invitation: a code, and possibly the parameter `k` of a link or a
/// guest's name.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The code in the client's spelling.
    pub(crate) code: String,
    /// The parameter `k` of an invitation link. It proves that the code was not guessed.
    pub(crate) check: Option<String>,
    /// A guest's name. It is required while somebody is guessing codes.
    pub(crate) name: Option<String>,
}

impl Credentials {
    #[must_use]
    pub fn code(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            ..Self::default()
        }
    }

    /// Takes the code from the path, and `k` and the guest's name from the query.
    pub(super) fn of_address(code: String, uri: &Uri) -> Self {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        Self::code(code)
            .with_check(query.find(link::PARAMETER))
            .with_name(query.find("name"))
    }

    #[must_use]
    pub fn with_check(mut self, check: Option<&str>) -> Self {
        self.check = check.map(str::to_owned);
        self
    }

    #[must_use]
    pub fn with_name(mut self, name: Option<&str>) -> Self {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        self.name = name.map(str::to_owned);
        self
    }
}
