use super::*;

const DIRECTORY: &str = "https://authority.example:14000/dir";

fn made(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.signing_key.serialize_pem(), made.cert.pem())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folders_and_files_are_for_us_alone() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("acme")).unwrap();
    let storage = Storage::open(data.path(), DIRECTORY).unwrap();
    storage
        .store_attempt("a.example", &Attempt::default())
        .unwrap();
    assert_eq!(mode(&data.path().join("acme")), 0o700);
    assert_eq!(mode(&storage.folder), 0o700);
    assert_eq!(mode(&storage.folder.join("a.example.attempt.json")), 0o600);
    assert_eq!(
        storage.folder.file_name().unwrap(),
        "authority.example%3A14000%2Fdir"
    );
}

#[test]
fn what_was_kept_is_found_and_replaced_whole() {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::open(data.path(), DIRECTORY).unwrap();
    assert!(storage.load_certificate("a.example").unwrap().is_none());
    for _ in 0..2 {
        // A crash during an earlier write left this file.
        fs::write(storage.folder.join(".a.example.certificate.pem"), "half").unwrap();
        let (key, chain) = made("a.example");
        let pem = format!("{key}{chain}");
        storage.store_certificate("a.example", &pem).unwrap();
        assert!(storage.load_certificate("a.example").unwrap().is_some());
        assert_eq!(fs::read_dir(&storage.folder).unwrap().count(), 1);
    }
}

#[test]
fn another_authority_has_another_folder() {
    let data = tempfile::tempdir().unwrap();
    let (key, chain) = made("a.example");
    let storage = Storage::open(data.path(), DIRECTORY).unwrap();
    storage
        .store_certificate("a.example", &format!("{key}{chain}"))
        .unwrap();
    let other = Storage::open(data.path(), "https://authority.example:14000/other").unwrap();
    let found = other.load_certificate("a.example").unwrap();
    assert!(found.is_none());
}

#[test]
fn damage_is_told_and_never_a_panic() {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::open(data.path(), DIRECTORY).unwrap();
    let (key, chain) = made("a.example");
    let (other_key, other_chain) = made("b.example");
    let whole = format!("{key}{chain}");
    for pem in [
        String::new(),
        "no PEM".to_owned(),
        key.clone(),
        chain.clone(),
        format!("{other_key}{chain}"),
        format!("{other_key}{other_chain}"),
        whole[..whole.len() / 2].to_owned(),
        whole.replace("MII", "AAA"),
    ] {
        storage.store_certificate("a.example", &pem).unwrap();
        let found = storage.load_certificate("a.example");
        assert!(matches!(found, Err(StorageError::Damaged { .. })), "{pem}");
    }
    let large = vec![b' '; (1 << 20) + 1];
    for bytes in [&b"{"[..], b"\xff\xfe", b"[]", &large] {
        storage.write("a.example.attempt.json", bytes).unwrap();
        storage.write("account.json", bytes).unwrap();
        let attempt = storage.load_attempt("a.example");
        assert!(matches!(attempt, Err(StorageError::Damaged { .. })) || bytes == b"[]");
        let account = storage.load_account();
        assert!(matches!(account, Err(StorageError::Damaged { .. })));
    }
}

#[test]
fn an_order_whose_certificate_is_kept_is_over() {
    let data = tempfile::tempdir().unwrap();
    let storage = Storage::open(data.path(), DIRECTORY).unwrap();
    let (key, chain) = made("a.example");
    let attempt = Attempt {
        pending: Some(Pending {
            url: "https://authority.example/order/1".to_owned(),
            key: key.clone(),
        }),
        ..Attempt::default()
    };
    storage.store_attempt("a.example", &attempt).unwrap();
    assert!(storage.load_attempt("a.example").unwrap().pending.is_some());
    storage
        .store_certificate("a.example", &format!("{key}{chain}"))
        .unwrap();
    assert!(storage.load_attempt("a.example").unwrap().pending.is_none());
    assert!(!format!("{attempt:?}").contains("PRIVATE"));
}
