//! Tests that files and scripts mean what they mean to PM2.

use super::*;

fn made(text: &str) -> String {
    made_of("ecosystem.json", text, Path::new(""), &asked(None))
        .unwrap()
        .text
}

#[test]
fn a_file_is_read_as_javascript_would() {
    for text in [
        "{ /* ours */ apps : [ // the site\n { name: \"API\", script: \"app.js\", env: { PORT: 3000 }, },\n ], }",
        "{apps:[{name:'API',script:'app.js',env:{PORT:3000}}]}",
        "\u{feff}{\"apps\":[{'name':\"API\", script: 'app.js', env: {PORT: 0xbb8}}]}",
    ] {
        let text = made(text);
        assert!(
            text.contains("[service.API]\nrun = \"node app.js\""),
            "{text}"
        );
        assert!(text.contains("front = \"127.0.0.1:3000\""), "{text}");
    }
    for (text, told) in [
        ("{\n apps: [,]\n}", "ecosystem.json:2: not valid JSON5"),
        ("module.exports = {}", "let its name end in .js"),
        ("{ apps: require('x') }", "not valid JSON5"),
        (&"[".repeat(1_000_000), "nested too deep"),
        (&format!("{{a:'{}'}}", "[".repeat(101)), "nested too deep"),
        ("", "not valid JSON5"),
    ] {
        let why = made_of("ecosystem.json", text, Path::new(""), &asked(None));
        let why = why.unwrap_err().to_string();
        assert!(why.contains(told), "{why}");
    }
}

#[test]
fn a_line_for_a_shell_is_read_by_one() {
    for (script, is_for_shell) in [
        ("cd app && npm start", true),
        ("NODE_ENV=production node app.js", true),
        ("tail -f log | grep error", true),
        ("node app.js > out.txt", true),
        ("sleep 1; node x", true),
        ("exec node app.js", true),
        ("node $APP x", true),
        ("npm start", false),
        ("node --port=3000 app.js", false),
        ("node 'my app.js'", false),
    ] {
        let text = made(&json!({ "apps": [{ "name": "a", "script": script }] }).to_string());
        assert_eq!(text.contains("shell = true"), is_for_shell, "{text}");
        assert_eq!(
            text.contains("PM2 runs this line with bash"),
            is_for_shell,
            "{text}"
        );
        assert_eq!(flaws(&text), [] as [&str; 0], "{text}");
    }
    // PM2 hands arguments to the program as they are.
    let text = made(&json!({ "apps": [{ "script": "a.js", "args": "x | y" }] }).to_string());
    assert!(!text.contains("shell = true\n"), "{text}");
}

#[test]
fn a_file_of_variables_lies_in_the_folder_of_the_app() {
    for (cwd, file, expected) in [
        (Some("/srv/app"), ".env", "/srv/app/.env"),
        (Some("app"), "./.env", "app/.env"),
        (Some("/srv/app"), "/etc/app.env", "/etc/app.env"),
        (None, ".env", ".env"),
    ] {
        let mut app = json!({ "script": "a.js", "env_file": file });
        if let Some(cwd) = cwd {
            app["cwd"] = cwd.into();
        }
        let text = made(&json!({ "apps": [app] }).to_string());
        assert!(
            text.contains(&format!("env_file = \"{expected}\"\n")),
            "{text}"
        );
    }
}
