use crate::description::Acme;

use super::*;

fn asked() -> Acme {
    Acme {
        email: "owner@example.org".to_owned(),
        directory: "https://authority.example/directory".to_owned(),
        challenge: Challenge::Http01,
        eab: None,
        ca: String::new(),
        force: false,
    }
}

fn wrong_keys(asked: &Acme, folder: &Path) -> Vec<String> {
    match Settings::check(asked, folder, folder) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|problem| problem.key).collect(),
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    assert!(wrong_keys(&asked(), folder.path()).is_empty());
    fs::write(folder.path().join("key"), "not base64url!").unwrap();
    fs::write(folder.path().join("empty.pem"), "").unwrap();
    let wrong = Acme {
        email: "owner@example.org,other@example.org".to_owned(),
        directory: "http://authority.example/directory".to_owned(),
        eab: Some(description::ExternalAccount {
            kid: "k".to_owned(),
            key_file: "key".to_owned(),
        }),
        ca: "empty.pem".to_owned(),
        ..asked()
    };
    let keys = [
        "tls.acme.directory",
        "tls.acme.email",
        "tls.acme.ca",
        "tls.acme.eab.key_file",
    ];
    assert_eq!(wrong_keys(&wrong, folder.path()), keys);
    let nowhere = Acme {
        ca: "nowhere.pem".to_owned(),
        directory: "authority".to_owned(),
        ..asked()
    };
    let keys = ["tls.acme.directory", "tls.acme.ca"];
    assert_eq!(wrong_keys(&nowhere, folder.path()), keys);
}

#[test]
fn the_key_of_an_account_is_read_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "c2VjcmV0LWtleQ==\n").unwrap();
    let asked = Acme {
        eab: Some(description::ExternalAccount {
            kid: "k".to_owned(),
            key_file: "key".to_owned(),
        }),
        ..asked()
    };
    let settings = Settings::check(&asked, folder.path(), folder.path()).unwrap();
    let external = settings.external_account.as_ref().unwrap();
    assert_eq!(external.key, b"secret-key");
    let shown = format!("{settings:?}");
    assert!(shown.contains("***") && !shown.contains("115"), "{shown}");
}

#[test]
fn names_that_no_authority_vouches_for_are_not_ordered() {
    for name in ["a.example", "xn--mnchen-3ya.example", "intern", "1.example"] {
        assert_eq!(can_be_ordered(name), Ok(()), "{name}");
    }
    for (name, why) in [
        ("*.example", Unorderable::Wildcard),
        ("192.0.2.1", Unorderable::Address),
        ("[2001:db8::1]", Unorderable::Address),
        ("localhost", Unorderable::Localhost),
        ("app.localhost", Unorderable::Localhost),
        ("", Unorderable::Malformed),
        ("a..example", Unorderable::Malformed),
        ("a.example.", Unorderable::Malformed),
        ("-a.example", Unorderable::Malformed),
        ("../account", Unorderable::Malformed),
        ("a/b.example", Unorderable::Malformed),
        ("A.example", Unorderable::Malformed),
        ("münchen.example", Unorderable::Malformed),
    ] {
        assert_eq!(can_be_ordered(name), Err(why), "{name}");
    }
    let long = format!("{}.example", "a".repeat(64));
    assert_eq!(can_be_ordered(&long), Err(Unorderable::Malformed));
}
