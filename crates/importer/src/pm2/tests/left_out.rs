//! Tests of apps that do not become services, and of services that exit permanently.

use serde_json::{Value, json};

use super::made;

fn flat(app: &Value) -> String {
    made(app).replace("\n#  ", "")
}

#[test]
fn who_is_left_out_is_named() {
    for (app, told) in [
        (
            json!({ "name": "broken" }),
            "# broken: left out: no script is named",
        ),
        (
            json!({ "name": "odd", "script": "a.js", "args": "b\nc" }),
            "# odd: left out: its command has line breaks",
        ),
    ] {
        let text = flat(&app);
        assert!(text.contains(told) && !text.contains("[service."), "{text}");
    }
}

#[test]
fn a_job_that_may_end_gets_a_schedule_only_as_a_proposal() {
    let cron = "0 3 * * *";
    for (app, line) in [
        (
            json!({ "script": "a.js", "cron_restart": cron, "autorestart": false }),
            "\n# cron = ",
        ),
        (
            json!({ "script": "a.js", "cron": cron, "stop_exit_codes": [0] }),
            "\n# cron = ",
        ),
        (
            json!({ "script": "a.js", "cron_restart": cron }),
            "\ncron_restart = ",
        ),
    ] {
        let text = made(&app);
        assert!(text.contains(&format!("{line}\"{cron}\"")), "{text}");
    }
}

#[test]
fn the_file_server_of_pm2_is_a_route() {
    let app = json!({
        "name": "client", "script": "serve", "cwd": "client",
        "env": { "PM2_SERVE_PATH": "dist", "PM2_SERVE_PORT": 3000, "PM2_SERVE_SPA": "true" },
    });
    let text = made(&app);
    assert!(!text.contains("[service."), "{text}");
    assert!(
        text.contains(
            "\n# [[route]]\n# host = \"HOST\"\n# to = \"files:client/dist\"\n\
             # try = [\"{path}\", \"{path}/\", \"/index.html\"]\n"
        ),
        "{text}"
    );
    assert!(
        flat(&app).contains("# client: left out: `serve` is the file server of PM2"),
        "{text}"
    );
    assert!(flat(&app).contains("port 3000"), "{text}");
    assert!(!text.contains("CAREFUL"), "{text}");
    // Without the variables of PM2's file server, `serve` is the npm package of that name.
    let other = flat(&json!({ "name": "client", "script": "serve", "args": "-s build" }));
    assert!(
        other.contains("run = \"serve -s build\"") && other.contains("file server of PM2"),
        "{other}"
    );
    let plain = json!({ "script": "serve", "env": { "PM2_SERVE_PATH": "/srv/www" } });
    let text = made(&plain);
    assert!(
        text.contains("# to = \"files:/srv/www\"\n") && !text.contains("try ="),
        "{text}"
    );
    assert!(flat(&plain).contains("port 8080"), "{text}");
}

#[test]
fn a_password_before_files_is_not_forgotten() {
    let app = json!({
        "name": "album", "script": "serve",
        "env": {
            "PM2_SERVE_PATH": ".", "PM2_SERVE_BASIC_AUTH": "true",
            "PM2_SERVE_BASIC_AUTH_USERNAME": "aisyah", "PM2_SERVE_BASIC_AUTH_PASSWORD": "s3cret",
        },
    });
    let text = made(&app);
    assert!(
        text.contains("\n# access = { basic = { file = \"secrets/album\" } }\n"),
        "{text}"
    );
    assert!(flat(&app).contains("# CAREFUL: album: "), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
