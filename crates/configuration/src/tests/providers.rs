//! Tests of `[[accounts.provider]]`.

use super::{load, problems, written};

const PROVIDER: &str = "[[accounts.provider]]\nname = \"id\"\nissuer = \"https://id.example\"\n\
                        client_id = \"k\"\nclient_secret = \"hunter2\"\n";

#[test]
fn providers_are_read_and_their_secrets_never_printed() {
    let file = PROVIDER.replace(
        "client_secret = \"hunter2\"",
        "client_secret_file = \"id.secret\"",
    );
    let second = PROVIDER.replace("\"id\"", "\"home\"").replace(
        "https://id.example",
        "http://127.0.0.1:8/\"\nprivate_network = true\nlabel = \"Home",
    );
    let (folder, asked) = written(&format!("{file}{second}"));
    std::fs::write(folder.path().join("id.secret"), "hunter3\n").expect("a file");
    let found = load(&asked).expect("good");
    let everything = format!("{}{:?}", found.report(), found.settings);
    assert!(!everything.contains("hunter"), "{everything}");
    let report: toml::Table = found.report().parse().expect("TOML");
    assert_eq!(
        report["accounts"]["provider"].as_array().map(Vec::len),
        Some(2)
    );
    let [id, home] = &found.settings.providers[..] else {
        panic!("two");
    };
    assert_eq!(
        (id.label.as_str(), id.client_secret.reveal()),
        ("id", "hunter3")
    );
    assert!(!id.is_email_trusted && !id.is_private && home.is_private);
    assert_eq!(
        (home.label.as_str(), home.client_secret.reveal()),
        ("Home", "hunter2")
    );
}

#[test]
fn what_is_wrong_with_a_provider_is_told_by_its_line() {
    for (old, new, expected) in [
        (
            "\"id\"",
            "\"My id\"",
            "kenduri.toml:2: accounts.provider[0].name: \"My id\" cannot",
        ),
        (
            "https:",
            "http:",
            "kenduri.toml:3: accounts.provider[0].issuer: \"http://id.example\" is no",
        ),
        (
            "id.example",
            "10.0.0.1",
            "is in a private network\n  set private_network = true",
        ),
        (
            "\"k\"",
            "\"\"",
            "kenduri.toml:4: accounts.provider[0].client_id: it is missing",
        ),
        (
            "hunter2",
            "",
            "kenduri.toml:5: accounts.provider[0].client_secret: it is missing",
        ),
        (
            "client_id",
            "client",
            "kenduri.toml:4: unknown key accounts.provider[0].client\n",
        ),
        (
            "issuer",
            "trusted_email = 3\nissuer",
            "kenduri.toml:3: accounts.provider[0].trusted_email: ",
        ),
        (
            "\"hunter2\"",
            "\"a\"\nclient_secret_file = \"b\"",
            "kenduri.toml:6: accounts.provider[0].client_secret and ",
        ),
        (
            "\"hunter2\"\n",
            format!("\"a\"\n{PROVIDER}").as_str(),
            "kenduri.toml:7: accounts.provider[1].name: another provider has \"id\" too",
        ),
    ] {
        let (folder, asked) = written(&PROVIDER.replace(old, new));
        let told = problems(&folder, &asked);
        assert!(told.contains(expected), "expected {expected}\ntold {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
