//! Tests that the signing keys are outside the store, and that a store works only with its own
//! keys.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use platform::{Keyring, Random};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::engine::{Database, Engine};
use crate::http::{self, Answer};
use crate::program::{Program, run, text};

/// Selects a text that changes only when somebody signs in or opens an invitation.
const STATE: &str = "SELECT key_fingerprint || ' ' || (SELECT COUNT(*) FROM session) || ' ' ||
    (SELECT COUNT(*) FROM one_time_token) || ' ' || (SELECT COUNT(*) FROM audit) FROM installation";

struct Installation {
    engine: Engine,
    folder: TempDir,
}

/// The cookies of a host's and a guest's browser.
struct Browser {
    host: String,
    /// The cookie of a guest who has opened an invitation.
    guest: String,
    /// The path of that invitation.
    invitation: String,
}

impl Installation {
    fn on_each_engine(name: &str, test: impl Fn(&Self)) {
        let database = Database::create(name).map(Engine::Postgres);
        for engine in [Some(Engine::Sqlite), database].into_iter().flatten() {
            test(&Self {
                engine,
                folder: tempfile::tempdir().expect("a folder"),
            });
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("secret.key")
    }

    fn place(&self) -> [String; 4] {
        let data = self.folder.path().to_string_lossy().into_owned();
        let url = format!("store.url={}", self.engine.url());
        ["--data".to_owned(), data, "--set".to_owned(), url]
    }

    fn serve(&self) -> Program {
        let place = self.place();
        let mut words = vec!["--demo"];
        words.extend(place.iter().map(String::as_str));
        Program::serve(&words, &[])
    }

    /// Runs a command on the installation, and returns its output. The command must succeed, or
    /// exit with 1 if `succeeds` is false.
    fn command(&self, words: &[&str], succeeds: bool) -> String {
        let place = self.place();
        let mut words = words.to_vec();
        words.extend(place.iter().map(String::as_str));
        let output = run(&words, self.folder.path(), &[]);
        let said = text(&output.stdout) + &text(&output.stderr);
        let code = i32::from(!succeeds);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    }

    /// Checks that every command that opens the store prints this refusal and changes nothing.
    fn refuses(&self, words: &[&str]) {
        let before = self.state();
        let owner = [
            "owner",
            "create",
            "--email",
            "o@example.my",
            "--name",
            "Ong",
        ];
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &owner] {
            let said = self.command(command, false);
            for word in words {
                assert!(said.contains(word), "{word:?} is not in {said}");
            }
        }
        assert_eq!(self.state(), before);
    }

    fn state(&self) -> String {
        self.engine.text(self.folder.path(), STATE)
    }

    fn write(&self, text: &str, mode: u32) {
        fs::write(self.file(), text).expect("written");
        fs::set_permissions(self.file(), Permissions::from_mode(mode)).expect("a mode");
    }
}

impl Browser {
    /// Signs in as the host, and opens the invitation whose link Kenduri printed.
    fn arrive(program: &mut Program) -> Self {
        let link = program.link("The host's side");
        let page = program.get(&link);
        let before = page.cookie().unwrap_or_default();
        let host = post(program, &link, &before, &token(&page));
        let invitation = program.link("A guest's invitation");
        Self {
            host: host.cookie().expect("a session"),
            guest: program.get(&invitation).cookie().expect("a cookie"),
            invitation,
        }
    }

    /// Whether the host is still signed in.
    fn is_signed_in(&self, program: &Program) -> bool {
        is_signed_in(program, &self.host)
    }

    /// Whether the page for entering a code offers to continue with the guest's invitation.
    fn is_known(&self, program: &Program) -> bool {
        get(program, "/invite", &self.guest)
            .text()
            .contains(&self.invitation)
    }
}

fn is_signed_in(program: &Program, cookies: &str) -> bool {
    match get(program, "/me/security", cookies).status {
        200 => true,
        303 => false,
        status => panic!("{status}"),
    }
}

fn get(program: &Program, path: &str, cookies: &str) -> Answer {
    let headers = [("Cookie", cookies), ("Accept", "text/html")];
    http::send(&program.address, "GET", path, &headers, b"").expect("an answer")
}

fn post(program: &Program, path: &str, cookies: &str, token: &str) -> Answer {
    let headers = [
        ("Cookie", cookies),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let form = format!("_csrf={token}");
    http::send(&program.address, "POST", path, &headers, form.as_bytes()).expect("an answer")
}

fn token(page: &Answer) -> String {
    let body = page.text();
    let (_, rest) = body.split_once(r#"name="_csrf" value=""#).expect("a form");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn a_store_starts_with_its_own_keys_alone() {
    Installation::on_each_engine("own_key", |site| {
        let mut program = site.serve();
        let browser = Browser::arrive(&mut program);
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
        let own = fs::read_to_string(site.file()).expect("a key file");
        let mode = fs::metadata(site.file()).expect("a file").permissions();
        assert_eq!(mode.mode() & 0o7777, 0o600);

        fs::remove_file(site.file()).expect("removed");
        site.refuses(&["secret.key is missing", "kenduri secret new"]);
        assert!(!site.file().exists());
        site.write(&STANDARD.encode([1; 32]), 0o600);
        site.refuses(&["do not belong to this store", "kenduri secret new"]);
        site.write(&own, 0o640);
        site.refuses(&["other users may use", "chmod 600"]);
        site.write("hunter2", 0o600);
        site.refuses(&["line 1 is not a key", "openssl rand -base64 32"]);

        site.write(&own, 0o600);
        let program = site.serve();
        assert!(browser.is_signed_in(&program) && browser.is_known(&program));
    });
}

#[test]
fn a_new_key_ends_all_sessions_and_spares_what_is_printed() {
    Installation::on_each_engine("new_key", |site| {
        let mut program = site.serve();
        let browser = Browser::arrive(&mut program);
        let own = fs::read(site.file()).expect("a key file");
        let said = site.command(&["secret", "new"], false);
        assert!(said.contains("stop it first"), "{said}");
        assert_eq!(fs::read(site.file()).expect("a key file"), own);
        assert!(browser.is_signed_in(&program));
        assert_eq!(program.end(Signal::TERM).code(), Some(0));

        // `secret new` works even if the key file is lost.
        for is_lost in [false, true] {
            if is_lost {
                fs::remove_file(site.file()).expect("removed");
            }
            let said = site.command(&["secret", "new"], true);
            let sessions = i32::from(!is_lost);
            assert!(
                said.contains(&format!(" {sessions} sessions were ended")),
                "{said}"
            );
            let mode = fs::metadata(site.file()).expect("a file").permissions();
            assert_eq!(mode.mode() & 0o7777, 0o600);
            let mut program = site.serve();
            assert!(!browser.is_signed_in(&program) && !browser.is_known(&program));
            assert_eq!(program.link("A guest's invitation"), browser.invitation);
            assert_eq!(program.end(Signal::TERM).code(), Some(0));
        }
        let mut program = site.serve();
        let again = Browser::arrive(&mut program);
        assert!(again.is_signed_in(&program) && again.is_known(&program));
    });
}

#[test]
fn a_new_first_line_signs_nobody_out() {
    Installation::on_each_engine("new_line", |site| {
        let mut program = site.serve();
        let browser = Browser::arrive(&mut program);
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
        let own = fs::read_to_string(site.file()).expect("a key file");
        let new = STANDARD.encode([1; 32]);
        site.write(&format!("{new}\n{own}"), 0o600);
        let mut program = site.serve();
        assert!(browser.is_signed_in(&program) && browser.is_known(&program));
        let after = Browser::arrive(&mut program);
        assert_eq!(program.end(Signal::TERM).code(), Some(0));

        // The lost key has signed the guest's cookie, so the cookie is invalid. The host's session
        // has no signature.
        site.write(&new, 0o600);
        let program = site.serve();
        assert!(browser.is_signed_in(&program) && !browser.is_known(&program));
        assert!(after.is_signed_in(&program) && after.is_known(&program));
        drop(program);
        site.write(&own, 0o600);
        site.refuses(&["do not belong to this store"]);
    });
}

#[test]
fn whoever_has_the_store_alone_can_sign_nothing() {
    Installation::on_each_engine("stolen", |site| {
        let mut program = site.serve();
        let browser = Browser::arrive(&mut program);
        let key = fs::read_to_string(site.file()).expect("a key file");
        let key = STANDARD.decode(key.trim()).expect("base64");

        // The store does not contain the key, and none of these values works as a key.
        let stolen: Vec<Vec<u8>> = [
            "SELECT printed_key FROM installation",
            "SELECT secret_hash FROM session",
            "SELECT hash FROM one_time_token",
            "SELECT secret_hash FROM device",
        ]
        .iter()
        .flat_map(|sql| site.engine.bytes(site.folder.path(), sql))
        .collect();
        assert!(stolen.len() >= 3, "{}", stolen.len());
        let cookie = browser.guest.split("kd_guest=").nth(1).expect("a cookie");
        let cookie = cookie.split(';').next().unwrap_or_default();
        let [id, epoch, signature] = cookie.split('.').collect::<Vec<_>>()[..] else {
            panic!("{cookie}");
        };
        let sign = |secret: &[u8]| {
            let secret = secret.try_into().expect("32 bytes");
            Keyring::new(secret, &[])
                .key("guest cookie")
                .sign(&[id, epoch])
        };
        assert_eq!(sign(&key), signature, "this is how it is signed");
        for secret in &stolen {
            assert_ne!(*secret, key);
            let forged = format!("kd_guest={id}.{epoch}.{}", sign(secret));
            assert!(
                !get(&program, "/", &forged)
                    .text()
                    .contains(&browser.invitation)
            );
            // The store contains only hashes of sessions. A hash works neither as a cookie nor as a
            // form token.
            for encoded in [STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)] {
                assert!(!is_signed_in(&program, &format!("kd_session={encoded}")));
                let forged = web::csrf::token(&encoded, &Random::seeded(1));
                assert_eq!(
                    post(&program, "/logout", &browser.host, &forged).status,
                    403
                );
            }
        }
        assert!(browser.is_signed_in(&program) && browser.is_known(&program));

        // No file contains the key, in any encoding.
        assert_eq!(program.end(Signal::TERM).code(), Some(0));
        for entry in fs::read_dir(site.folder.path()).expect("the data") {
            let path = entry.expect("an entry").path();
            if path == site.file() || !path.is_file() {
                continue;
            }
            let bytes = fs::read(&path).expect("a file");
            let forms = [
                &key[..],
                STANDARD.encode(&key).as_bytes(),
                URL_SAFE_NO_PAD.encode(&key).as_bytes(),
            ]
            .map(<[u8]>::to_vec);
            for form in forms {
                let is_there = bytes.windows(form.len()).any(|window| window == form);
                assert!(!is_there, "{}", path.display());
            }
        }
    });
}
