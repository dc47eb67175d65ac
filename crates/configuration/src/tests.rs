//! Tests of reading, merging and checking settings, and a test that the documentation describes
//! every key.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use countdowns::watchers;
use edge::ListenAddress;
use platform::store;

use site::domain::Domains;
use units::{Origin, Problems};

use super::{Asked, Configuration, Flag};

mod alerts;
mod follow;
mod older_programs;
mod own_domains;
mod profiles;
mod providers;
mod second_place;
mod sources;
mod webhooks;

pub(super) fn load(asked: &Asked) -> Result<Configuration, Problems> {
    super::load(DOMAINS, asked)
}

/// Like the main program's list.
const DOMAINS: Domains = &[
    accounts::DOMAIN,
    occasions_all::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
    bookings::DOMAIN,
];

/// Writes a settings file into a temporary folder. Returns the folder and the inputs for reading
/// the file.
fn written(text: &str) -> (tempfile::TempDir, Asked) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    std::fs::write(&file, text).expect("a file");
    let asked = Asked {
        file: Some(file),
        ..Asked::default()
    };
    (folder, asked)
}

fn set(asked: &mut Asked, key: &str, value: &str) {
    asked.flags.push(Flag {
        typed: format!("--set {key}"),
        key: key.to_owned(),
        value: value.to_owned(),
    });
}

/// Returns the errors as text, without the folder's path.
fn problems(folder: &tempfile::TempDir, asked: &Asked) -> String {
    let told = load(asked).expect_err("a problem").to_string();
    told.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn nothing_is_needed_to_begin() {
    let settings = load(&Asked::default()).expect("built-in").settings;
    assert_eq!(settings.data, PathBuf::from("data"));
    assert!(settings.is_private() && settings.has_mailbox());
    assert!(settings.site.url.is_none());
    assert!(matches!(
        settings.store,
        store::Settings::Sqlite(store::SqliteSettings {
            batch: 512,
            durable: true,
            ..
        })
    ));
}

#[test]
fn a_first_page_of_own_files_stands_before_the_app() {
    let (folder, asked) = written("[site]\nhome = \"files:www\"\n");
    assert!(problems(&folder, &asked).contains("www"), "no such folder");
    std::fs::create_dir(folder.path().join("www")).expect("a folder");
    let loaded = load(&asked).expect("a first page");
    assert_eq!(loaded.settings.site.home, site::look::SITE);
    assert!(loaded.plan.needs_app());
}

#[test]
fn a_later_source_wins() {
    let (_folder, mut asked) = written(
        "data = \"d\"\n[site]\nname = \"file\"\nurl = \"https://file.example\"\n[jobs]\nat_once = 3\n",
    );
    asked.environment = vec![
        (
            "KENDURI_SITE_URL".to_owned(),
            "https://environment.example".to_owned(),
        ),
        (
            "KENDURI_LISTEN_HTTP".to_owned(),
            "127.0.0.1:1, [::1]:2".to_owned(),
        ),
        ("KENDURI_TEST_POSTGRES".to_owned(), "ignored".to_owned()),
        ("HOME".to_owned(), "ignored".to_owned()),
    ];
    set(&mut asked, "site.url", "https://flag.example");
    set(&mut asked, "jobs.at_once", "5");
    set(&mut asked, "countdowns.watchers", "9000");
    let found = load(&asked).expect("good");
    assert_eq!(found.settings.site.name, "file");
    assert_eq!(
        found.settings.site.url.as_ref().map(web::SiteUrl::origin),
        Some("https://flag.example")
    );
    assert_eq!(found.settings.jobs_at_once, 5);
    let values = &found.settings.domains;
    let watchers = [watchers::TOTAL, watchers::OF_NETWORK].map(|key| key.of(values));
    assert_eq!(watchers, [9_000, 5]);
    assert_eq!(
        found.settings.listen.http,
        ["127.0.0.1:1", "[::1]:2"].map(|text| ListenAddress::Tcp(text.parse().expect(text)))
    );
    let report = found.report();
    assert!(report.contains("# flag --set site.url"), "{report}");
    assert!(report.contains("kenduri.toml:3"), "{report}");
    assert!(
        report.contains("# environment KENDURI_LISTEN_HTTP"),
        "{report}"
    );
    assert!(report.parse::<toml::Table>().is_ok(), "{report}");
}

#[test]
fn every_slip_is_told_with_line_key_and_mend() {
    let (folder, mut asked) = written(
        "[site]\nulr = \"https://x.example\"\n\n[mial]\nper_minute = 1\n\n[jobs]\nat_once = \"two\"\n[log]\nlevel = \"loud\"\n",
    );
    asked.environment = vec![("KENDURI_SITE_NAMES".to_owned(), "x".to_owned())];
    set(&mut asked, "mail.per_minute", "many");
    set(&mut asked, "stor.url", "x");
    let told = problems(&folder, &asked);
    for expected in [
        "kenduri.toml:2: unknown key site.ulr\n  did you mean site.url?",
        "kenduri.toml:4: unknown key mial\n  did you mean [mail]?",
        "kenduri.toml:8: jobs.at_once is wrong: invalid type: string \"two\", expected u32\n  write it like the built-in jobs.at_once = 2",
        "kenduri.toml:10: log.level is wrong: unknown variant `loud`, expected one of `error`, `warn`, `info`, `debug`",
        "environment KENDURI_SITE_NAMES: KENDURI_SITE_NAMES is not a setting\n  did you mean KENDURI_SITE_NAME?",
        "flag --set mail.per_minute: mail.per_minute cannot be \"many\"",
        "flag --set stor.url: unknown key stor.url\n  did you mean store.url?",
    ] {
        assert!(
            told.contains(expected),
            "{expected}\n--- not in ---\n{told}"
        );
    }
}

#[test]
fn text_that_is_no_toml_names_its_line() {
    let (folder, asked) = written("[site]\nname = \"x\"\nurl = https\n");
    assert!(problems(&folder, &asked).starts_with("kenduri.toml:3: not valid TOML"));
}

#[test]
fn impossible_combinations_are_refused() {
    for (text, expected) in [
        (
            "[listen]\nhttp = [\":8080\"]\n",
            "kenduri.toml:2: mail.url is \"mailbox:\"",
        ),
        (
            "[listen]\nhttp = []\n",
            "kenduri.toml:2: listen.http: no address is set",
        ),
        (
            "[mail]\nurl = \"smtp://u@h\"\n",
            "kenduri.toml:2: mail.url names the user \"u\", but there is no password",
        ),
        (
            "[mail]\npassword = \"a\"\npassword_file = \"b\"\n",
            "kenduri.toml:3: mail.password and mail.password_file are both set",
        ),
        (
            "[mail]\npassword_file = \"missing\"\n",
            "kenduri.toml:2: mail.password_file: cannot read ",
        ),
        (
            "[store]\nurl = \"mysql://x\"\n",
            "kenduri.toml:2: store.url is neither",
        ),
        (
            "[store]\nurl = \"postgres://x@h/d\"\nbatch = 1\n",
            "kenduri.toml:3: store.batch is for SQLite only",
        ),
        (
            "[store]\npassword = \"x\"\n",
            "kenduri.toml:2: store.password or store.password_file is set, but the store is an SQLite file",
        ),
        (
            "[store]\nbatch = 0\n",
            "kenduri.toml:2: store.batch is 0\n  write a number from 1 to 4096",
        ),
        (
            "[site]\ntime_zone = \"Mars/Olympus\"\n",
            "kenduri.toml:2: site.time_zone",
        ),
        (
            "[site]\nlanguages = [\"xx\"]\n",
            "kenduri.toml:2: site.languages names \"xx\"",
        ),
        (
            "[site]\nurl = \"https://x.example/path\"\n",
            "kenduri.toml:2: site.url",
        ),
        (
            "[accounts]\nregistration = \"open\"\n[listen]\nhttp = [\"0.0.0.0:8080\"]\n",
            "kenduri.toml:2: accounts.registration is \"open\", but with mail.url",
        ),
        (
            "[files]\nurl = \"s3://bucket\"\n",
            "kenduri.toml:2: files.url",
        ),
        (
            "site = 3\n",
            "kenduri.toml:1: site is a section, not a value",
        ),
        (
            "[data]\nx = 3\n",
            "kenduri.toml:1: data is one value, not a section",
        ),
    ] {
        let (folder, asked) = written(text);
        let told = problems(&folder, &asked);
        assert!(
            told.contains(expected),
            "{text}\nexpected {expected}\ntold {told}"
        );
    }
}

#[test]
fn what_to_do_instead_of_a_setting_there_was_is_told() {
    let (folder, mut asked) = written("[cache]\ndisk = \"2G\"\n");
    asked.environment = vec![("KENDURI_CACHE_DISK".to_owned(), "2G".to_owned())];
    let told = problems(&folder, &asked);
    let instead = "\n  remove it: responses are cached in memory only; cache.memory sets how much";
    for expected in [
        "kenduri.toml:2: unknown key cache.disk",
        "environment KENDURI_CACHE_DISK: KENDURI_CACHE_DISK is not a setting",
    ] {
        assert!(told.contains(&format!("{expected}{instead}")), "{told}");
    }
}

#[test]
fn what_is_asked_of_the_edge_is_told_by_its_line() {
    for (text, expected) in [
        (
            "[[route]]\nto = \"app\"\n\n[[route]]\npath = \"/x\"\nto = \"upstream:flask\"\n",
            "kenduri.toml:6: route[1].to: there is no upstream \"flask\"\n  add [upstream.flask]",
        ),
        (
            "[[route]]\nto = \"app\"\n[[route]]\nhots = \"x\"\n",
            "kenduri.toml:4: unknown key route[1].hots",
        ),
        (
            "[[route]]\nto = \"app\"\n[[route]]\nhots = \"x\"\n",
            "\n  did you mean host?",
        ),
        (
            "[upstream.flask]\nto = [\n\"http://127.0.0.1:1\",\n\"http://nowhere\"]\n",
            "kenduri.toml:4: upstream.flask.to[1]: ",
        ),
        (
            "[upstream.flask]\nto = [\"unix:x\"]\nbalanse = \"least\"\n",
            "kenduri.toml:3: unknown key upstream.flask.balanse\n  did you mean balance?",
        ),
        (
            "[tls]\nhsts = \"long\"\nacme = { email = \"x\" }\n",
            "kenduri.toml:3: tls.acme.email: ",
        ),
        (
            "[tls]\nacme = { email = \"x@y.example\", challenge = \"tls-alpn01\" }\n",
            "unknown variant `tls-alpn01`, expected `tls-alpn-01` or `http-01`",
        ),
        (
            "[listen]\nhttp = [\"127.0.0.1:1\", \"nowhere\"]\n",
            "kenduri.toml:2: listen.http[1]: ",
        ),
        (
            "[[tls.certificate]]\nchain = \"a\"\n",
            "kenduri.toml:1: tls.certificate[0]: missing field `key`",
        ),
        (
            "[service.flask]\nrun = \"sleep 1\"\nlisten = \"unix\"\nfirst_byte_time = \"soon\"\n",
            "kenduri.toml:4: service.flask.first_byte_time: \"soon\" is not a time",
        ),
        (
            "[service.flask]\nrun = \"sleep 1\"\nlisten = \"unix\"\nidle_time = \"0s\"\n",
            "kenduri.toml:4: service.flask.idle_time: it must be longer than 0",
        ),
        ("upstream = 3\n", "kenduri.toml:1: upstream: invalid type"),
        (
            "[upstream.flask]\nto = [\n\"http://a:1\",\n{ address = \"http://b:1\", weight = 2 }]\n",
            "kenduri.toml:4: upstream.flask.to[1]: invalid type: map, expected a string\n  \
             write the address only: all servers get equal shares",
        ),
        (
            "[upstream.flask]\nto = [\"unix:x\"]\nbalance = \"hash:ip\"\n",
            "kenduri.toml:3: upstream.flask.balance: \"hash:ip\" is not a way to balance\n  \
             write round-robin, least or sticky",
        ),
        (
            "[upstream.flask]\nto = [3]\n",
            "kenduri.toml:2: upstream.flask.to[0]: invalid type: integer `3`, expected a string",
        ),
        (
            "[[route]]\nto = \"app\"\nheaders = { set = { \"X\" = 1 } }\n",
            "kenduri.toml:3: route[0].headers.set.X: invalid type: integer `1`, expected a string",
        ),
        (
            "route = [3]\n",
            "kenduri.toml:1: route[0]: invalid type: integer `3`, expected struct Route",
        ),
        (
            "[tls.acme]\nzzzzzzzzzz = 3\n",
            "kenduri.toml:2: unknown key tls.acme.zzzzzzzzzz\n  there are email, directory, ",
        ),
        (
            "[service.flask]\nrun = 3\n",
            "kenduri.toml:2: service.flask.run: expected a text or a list of texts",
        ),
    ] {
        let (folder, asked) = written(text);
        let told = problems(&folder, &asked);
        assert!(
            told.contains(expected),
            "{text}\nexpected {expected}\ntold {told}"
        );
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_the_lines() {
    let (folder, asked) = written(
        "[site]\nnam = \"x\"\n\
         [[route]]\nto = \"app\"\npth = \"/\"\nhots = \"x\"\n\
         [service.b]\nruns = \"x\"\n[service.a]\nrun = 3\n\
         [[route]]\ntoo = \"app\"\nlimit = { burst = 3 }\n\
         [log]\nlevell = \"info\"\n\
         [[tls.certificate]]\nchian = \"x\"\nkey = \"x\"\n",
    );
    let told = problems(&folder, &asked);
    let told = told.lines().filter(|line| !line.starts_with(' '));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "kenduri.toml:2: unknown key site.nam",
            "kenduri.toml:5: unknown key route[0].pth",
            "kenduri.toml:6: unknown key route[0].hots",
            "kenduri.toml:8: unknown key service.b.runs",
            "kenduri.toml:10: service.a.run: expected a text or a list of texts",
            "kenduri.toml:12: unknown key route[1].too",
            "kenduri.toml:13: route[1].limit: missing field `rate`",
            "kenduri.toml:15: unknown key log.levell",
            "kenduri.toml:17: unknown key tls.certificate[0].chian",
        ]
    );
}

#[test]
fn no_service_writes_into_the_file_of_the_parent() {
    for (to, is_refused) in [("logs", true), ("./logs/", true), ("log", false)] {
        let file = format!("[log]\nto = {to:?}\n[service.keeper]\nrun = \"sleep 1\"\n");
        let (_folder, asked) = written(&file);
        let told = load(&asked).err().map(|problems| problems.to_string());
        let is_told = told.is_some_and(|told| told.contains("kenduri.toml:2: log.to: "));
        assert_eq!(is_told, is_refused, "{to}");
    }
}

#[test]
fn what_is_reported_of_a_command_holds_no_secrets() {
    let file = "[service.a]\nrun = \"sleep 1 --token hunter2 --name x\"\n\
                [service.b]\nrun = [\"sleep\", \"postgres://u:hunter2@h\"]\nlisten = \"tcp\"\n\
                health = { path = \"/health?key=hunter2\" }\nenv = { run = \"hunter2\" }\n";
    let (_folder, asked) = written(file);
    let report = load(&asked).expect("good").report();
    assert!(!report.contains("hunter2"), "{report}");
    for shown in [
        "--token *** --name x",
        "postgres://u:***@h",
        "/health?key=***",
    ] {
        assert!(report.contains(shown), "{report}");
    }
}

#[test]
fn routes_are_reported_and_explained() {
    let (folder, asked) = written(
        "[[route]]\nto = \"app\"\n[[route]]\npath = \"/files/\"\nto = \"files:.\"\n[upstream.x]\nto = [\"http://a:1\"]\n",
    );
    let found = load(&asked).expect("good");
    assert_eq!(
        found.plan.table(),
        "host  path     to\n*     /files/  files:.\n*     /        app\n"
    );
    assert_eq!(found.warnings.len(), 1, "an upstream that no route names");
    let report: toml::Table = found.report().parse().expect("TOML");
    assert_eq!(report["route"].as_array().map(Vec::len), Some(2));
    assert!(report["upstream"]["x"].is_table());
    drop(folder);
}

#[test]
fn a_certificate_is_ordered_for_the_site_as_long_as_the_app_answers_there() {
    let names = |route: &str| {
        let (folder, asked) = written(&format!(
            "[site]\nurl = \"https://kad.example\"\n[mail]\nurl = \"smtp://u@h\"\npassword = \"x\"\n\
             [listen]\nhttps = [\":443\"]\n[tls]\nacme = {{ email = \"a@kad.example\" }}\n{route}"
        ));
        let plan = load(&asked).expect("good").plan;
        drop(folder);
        let is_there = plan.has_certificate("kad.example");
        let names = &plan.authority().expect("an authority").names;
        assert_eq!(names.contains("kad.example"), is_there, "{route}");
        is_there
    };
    assert!(names(""));
    assert!(!names("[[route]]\nto = \"status:404\"\n"));
}

#[test]
fn our_sign_in_stands_where_people_can_sign_in() {
    let told = |site: &str, routes: &str| {
        let (folder, asked) = written(&format!("{site}\n{routes}"));
        match load(&asked) {
            Ok(_) => String::new(),
            Err(_) => problems(&folder, &asked),
        }
    };
    let site = "[site]\nurl = \"https://kad.example\"\n[mail]\nurl = \"smtp://u@h\"\npassword = \"x\"\n[[route]]\nto = \"app\"";
    let studio = |host: &str, who: &str| {
        format!(
            "[[route]]\n{host}\npath = \"/studio\"\nto = \"status:204\"\naccess = {{ sign_in = {who:?} }}\n"
        )
    };
    for host in ["", "host = \"kad.example\"", "host = \"*.example\""] {
        assert_eq!(told(site, &studio(host, "owner")), "", "{host}");
    }
    let open = "[[route]]\nto = \"app\"";
    assert_eq!(told(open, &studio("", "hosts")), "");
    for (site, host, who, what) in [
        (site, "", "everybody", "\"everybody\" is not a value"),
        (
            site,
            "host = \"b.example\"",
            "owner",
            "do not send the sign-in to b.example",
        ),
        (open, "host = \"b.example\"", "owner", "site.url is not set"),
        ("", "", "owner", "nobody can sign in"),
    ] {
        let told = told(site, &studio(host, who));
        assert!(told.contains(what), "{told}");
        assert!(told.contains(".access.sign_in"), "{told}");
        assert!(told.contains("kenduri.toml:"), "{told}");
    }
}

#[test]
fn without_the_app_there_is_no_mailbox_to_guard() {
    let (_folder, asked) =
        written("[listen]\nhttp = [\":8080\"]\n[[route]]\nto = \"status:410\"\n");
    assert_eq!(load(&asked).expect("good").warnings, [""; 0]);
}

#[test]
fn a_public_mailbox_can_be_allowed() {
    let (_folder, mut asked) = written("[listen]\nhttp = [\":8080\"]\n");
    asked.allow_public_mailbox = true;
    assert_eq!(load(&asked).expect("allowed").warnings.len(), 1);
}

#[test]
fn secrets_are_read_from_files_and_never_printed() {
    let (folder, asked) = written(
        "[store]\nurl = \"postgres://ken:hunter2@h/d\"\n[mail]\nurl = \"smtp://u@h\"\npassword_file = \"mail.secret\"\n",
    );
    std::fs::write(folder.path().join("mail.secret"), "hunter3\n").expect("a file");
    let found = load(&asked).expect("good");
    let everything = format!("{}{:?}", found.report(), found.settings);
    assert!(!everything.contains("hunter"), "{everything}");
    assert!(
        everything.contains("postgres://ken:***@h/d"),
        "{everything}"
    );
    let super::MailRoute::Smtp(server) = &found.settings.mail.route else {
        panic!("a server");
    };
    assert_eq!(
        server.login.as_ref().map(|(_, password)| password.reveal()),
        Some("hunter3")
    );
}

#[test]
fn the_section_of_a_domain_is_checked_by_its_table() {
    for (line, expected) in [
        ("watcher = 5", "unknown key countdowns.watcher"),
        ("watchers = \"many\"", "countdowns.watchers is wrong"),
        ("watchers = -1", "countdowns.watchers is wrong"),
        ("watchers = 1000001", "countdowns.watchers is 1000001"),
    ] {
        let (_folder, asked) = written(&format!("[countdowns]\n{line}\n"));
        let problems = load(&asked).expect_err(line).0;
        assert_eq!(problems.len(), 1, "{line}");
        let problem = &problems[0];
        assert!(problem.what.starts_with(expected), "{}", problem.what);
        let Origin::File { line, .. } = &problem.origin else {
            panic!("{:?}", problem.origin);
        };
        assert_eq!(*line, 2);
    }
}

#[test]
fn every_example_of_the_documents_is_accepted() {
    let documents = [
        include_str!("../../../docs/clouds.md"),
        include_str!("../../../docs/configure.md"),
        include_str!("../../../docs/edge.md"),
        include_str!("../../../docs/edge-reference.md"),
        include_str!("../../../docs/install.md"),
        include_str!("../../../docs/older-personal-site.md"),
        include_str!("../../../docs/services.md"),
    ];
    let examples = documents
        .iter()
        .flat_map(|text| text.split("```toml\n").skip(1));
    let mut count = 0;
    for example in examples {
        let (folder, asked) = written(example.split("```").next().unwrap_or_default());
        std::fs::write(folder.path().join("mail.secret"), "x").expect("a file");
        std::fs::create_dir(folder.path().join("album")).expect("a folder");
        std::fs::create_dir(folder.path().join("secrets")).expect("a folder");
        std::fs::create_dir(folder.path().join("site")).expect("a folder");
        let program = folder.path().join("backend/venv/bin/gunicorn");
        std::fs::create_dir_all(program.parent().expect("a folder")).expect("a folder");
        std::fs::write(&program, "#!/bin/sh\n").expect("a program");
        std::fs::set_permissions(&program, Permissions::from_mode(0o700)).expect("a mode");
        std::os::unix::fs::symlink("backend", folder.path().join("current")).expect("a link");
        let hash = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let people = format!("aisyah:{hash}\n");
        let shop = rcgen::generate_simple_self_signed(["shop.example".to_owned()]).expect("a pair");
        std::fs::write(folder.path().join("shop.pem"), shop.cert.pem()).expect("a file");
        std::fs::write(
            folder.path().join("shop.key"),
            shop.signing_key.serialize_pem(),
        )
        .expect("a file");
        std::fs::write(folder.path().join("secrets/album"), people).expect("a file");
        let warnings = load(&asked).expect(example).warnings;
        assert!(warnings.is_empty(), "{warnings:?}");
        count += 1;
    }
    assert!(count >= 4);
}
