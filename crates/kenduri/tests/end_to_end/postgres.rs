//! A database of our own on the server that `KENDURI_TEST_POSTGRES` names.

/// A database; dropped when dropped.
pub(crate) struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Makes a database, if there is a server to make it on.
    pub(crate) fn create(name: &str) -> Option<Self> {
        let (_, server) = std::env::vars().find(|(name, _)| name == "KENDURI_TEST_POSTGRES")?;
        let name = format!("kenduri_{name}_{}", std::process::id());
        let mut client = connect(&server);
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database");
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{address}/{name}");
        Some(Self { server, name, url })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server is private and goes away with the tests in any case.
        let _ = connect(&self.server)
            .batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn connect(server: &str) -> postgres::Client {
    postgres::Client::connect(server, postgres::NoTls).expect("the server answers")
}
