//! Files of nginx.

use std::path::Path;

use edge::route::{HostPattern, NormalPath};
use edge::{Description, Plan, PlanContext};

use super::{Draw, comments, corpus, seeds};

/// Directives as they stand in server blocks and locations.
const LINES: [&str; 44] = [
    "listen 80;",
    "listen 127.0.0.1:9000;",
    "listen 443 ssl;",
    "listen 80 default_server;",
    "server_name extra.example *.extra.example;",
    "server_name _;",
    "root /srv/files;",
    "index home.html index.html;",
    "try_files $uri $uri/ /index.html;",
    "try_files $uri @app;",
    "try_files $uri =404;",
    "return 301 https://$host$request_uri;",
    "return 302 /else/;",
    "return 404;",
    "rewrite ^/(.*)$ https://b.example/$1 permanent;",
    "rewrite ^/old/(.*)$ /new/$1 last;",
    "if ($host = 'www.extra.example') { return 301 http://extra.example$request_uri; }",
    "if ($host != extra.example) { return 403; }",
    "if ($request_method !~ ^(GET|POST)$) { return 405; }",
    "if ($scheme = http) { return 301 https://$host$request_uri; }",
    "allow 10.0.0.0/8;",
    "deny all;",
    "satisfy any;",
    "auth_basic \"Members\";",
    "auth_basic_user_file /etc/nginx/.htpasswd;",
    "auth_request /verify;",
    "internal;",
    "set_real_ip_from 10.0.0.0/8;",
    "real_ip_header X-Forwarded-For;",
    "limit_req zone=z burst=5 nodelay;",
    "proxy_pass http://127.0.0.1:3000;",
    "proxy_pass http://127.0.0.1:3000/api/;",
    "proxy_read_timeout 5m;",
    "proxy_set_header X-Token \"\";",
    "add_header X-Frame-Options DENY always;",
    "expires 30d;",
    "error_page 404 /404.html;",
    "client_max_body_size 10m;",
    "large_client_header_buffers 4 16k;",
    "ssl_certificate tls/a.pem;",
    "ssl_certificate_key tls/a.key;",
    "location @app { proxy_pass http://unix:/run/app.sock; }",
    r"location ~* \.(css|js)$ { expires 1h; }",
    r"location ~ /\.(?!well-known) { deny all; }",
];

/// Guards of the path `/kept`, and of everything below it.
const GUARDS: [&str; 11] = [
    "location /kept/ { deny all; root /srv; }",
    "location ^~ /kept/ { allow 10.0.0.1; deny all; proxy_pass http://127.0.0.1:1; }",
    "location /kept/ { auth_basic A; auth_basic_user_file f; root /srv; }",
    "location /kept/ { auth_request /v; root /srv; }",
    "location /kept/ { limit_except GET { deny all; } root /srv; }",
    "location /kept/ { internal; root /srv; }",
    "location /kept/ { return 403; }",
    "location /kept/ { if ($arg_a = b) { return 403; } root /srv; }",
    "location ~ ^/kept/ { deny all; }",
    "location ~ /kept/ { deny all; }",
    "location ~ ^/kept/[a-z] { if ($arg_a = b) { return 403; } root /srv; }",
];

/// A file with what must be found in its import.
struct Generated {
    text: String,
    /// Directives that nobody knows.
    unknown: Vec<String>,
    guard: Option<&'static str>,
}

impl Generated {
    fn of(draw: &mut Draw, corpus: &[String]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for _ in 0..=draw.below(2) {
            let file = &corpus[draw.below(corpus.len())];
            lines.extend(file.lines().map(str::to_owned));
        }
        for _ in 0..draw.below(8) {
            change(draw, &mut lines);
        }
        if draw.below(8) == 0 {
            let mut text = lines.join("\n");
            spoil(draw, &mut text);
            lines = text.lines().map(str::to_owned).collect();
        }
        let mut unknown = Vec::new();
        for number in 0..draw.below(3) {
            let name = format!("wonder_{number}");
            if insert(draw, &mut lines, &format!("{name} on;")) {
                unknown.push(name);
            }
        }
        let guard = (draw.below(2) == 0).then(|| draw.one(&GUARDS));
        let guard = guard.filter(|guard| insert(draw, &mut lines, guard));
        Self {
            text: lines.join("\n"),
            unknown,
            guard,
        }
    }
}

/// Changes a line that neither begins nor ends a block, or adds one.
fn change(draw: &mut Draw, lines: &mut Vec<String>) {
    let at = draw.below(lines.len());
    let is_simple = |line: &String| !line.contains(['{', '}']);
    match draw.below(6) {
        0 if is_simple(&lines[at]) => drop(lines.remove(at)),
        1 if is_simple(&lines[at]) => {
            let to = draw.below(lines.len());
            let line = lines[at].clone();
            lines.insert(to, line);
        }
        2 if is_simple(&lines[at]) => {
            let other = draw.below(lines.len());
            if is_simple(&lines[other]) {
                lines.swap(at, other);
            }
        }
        3 if is_simple(&lines[at]) => {
            let mut words: Vec<&str> = lines[at].split_whitespace().collect();
            let other = draw.one(&LINES);
            let others: Vec<&str> = other.trim_end_matches(';').split_whitespace().collect();
            if words.len() > 1 {
                let place = 1 + draw.below(words.len() - 1);
                let is_last = place + 1 == words.len();
                words[place] = others[draw.below(others.len())];
                lines[at] = words.join(" ") + if is_last { ";" } else { "" };
            }
        }
        _ => {
            let line = draw.one(&LINES);
            lines.insert(at, line.to_owned());
        }
    }
}

/// Adds a line to a random server block. Returns whether there is one.
fn insert(draw: &mut Draw, lines: &mut Vec<String>, line: &str) -> bool {
    let is_server = |line: &String| line.trim() == "server {";
    // What follows could be a server block of `stream`.
    let http = lines.iter().take_while(|line| line.trim() != "stream {");
    let servers = http.enumerate();
    let servers: Vec<usize> = servers
        .filter(|(_, line)| is_server(line))
        .map(|(number, _)| number)
        .collect();
    if servers.is_empty() {
        return false;
    }
    lines.insert(servers[draw.below(servers.len())] + 1, line.to_owned());
    true
}

/// Removes, doubles or replaces a character.
fn spoil(draw: &mut Draw, text: &mut String) {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=draw.below(3) {
        let at = draw.below(letters.len());
        match draw.below(3) {
            0 => drop(letters.remove(at)),
            1 => letters.insert(at, letters[at]),
            _ => letters[at] = ['{', '}', ';', '"', '\'', '#', '\\', '$', ' ', 'é'][draw.below(10)],
        }
    }
    *text = letters.into_iter().collect();
}

/// A server block as the test reads it, which knows less of nginx than the import does.
#[derive(Default)]
struct Server {
    names: Vec<String>,
    is_tls: bool,
    has_guard: bool,
}

/// Reads the server blocks of a file. `None` if it has quotes or escapes that this does not follow.
fn servers(text: &str) -> Option<Vec<Server>> {
    let mut all: Vec<Server> = Vec::new();
    let mut blocks: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = match line.find('#') {
            Some(0) => "",
            Some(at) if line[..at].ends_with(char::is_whitespace) => &line[..at],
            Some(_) => return None,
            None => line,
        };
        let is_odd = |quote: char| line.matches(quote).count() % 2 == 1;
        if is_odd('"') || is_odd('\'') || line.ends_with('\\') {
            return None;
        }
        let mut word = String::new();
        let mut quote = None;
        for letter in line.chars().chain([' ']) {
            match (quote, letter) {
                (Some(open), letter) if open == letter => quote = None,
                (None, '"' | '\'') => quote = Some(letter),
                (None, letter) if letter.is_whitespace() || matches!(letter, ';' | '{' | '}') => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    let is_in = |name: &str| blocks.last().is_some_and(|block| block == name);
                    match letter {
                        '{' => {
                            let name = words.first()?.clone();
                            let is_stream = blocks.iter().any(|block| block == "stream");
                            if name == "server" && !is_stream {
                                // Nobody reads server blocks in a block that is unknown.
                                if blocks.iter().any(|block| block != "http") {
                                    return None;
                                }
                                all.push(Server::default());
                            }
                            if words.iter().any(|word| word.contains("/kept/")) && is_in("server") {
                                all.last_mut()?.has_guard = true;
                            }
                            blocks.push(name);
                            words.clear();
                        }
                        '}' => {
                            blocks.pop()?;
                            words.clear();
                        }
                        ';' => {
                            let is_name = words.first().is_some_and(|word| word == "server_name");
                            if is_name && is_in("server") && !blocks.contains(&"stream".to_owned())
                            {
                                all.last_mut()?.names.extend(words[1..].iter().cloned());
                            }
                            if is_in("server") && words.iter().any(|word| word == "ssl") {
                                all.last_mut()?.is_tls = true;
                            }
                            words.clear();
                        }
                        _ => {}
                    }
                }
                (_, letter) => word.push(letter),
            }
        }
    }
    blocks.is_empty().then_some(all)
}

/// The host as a route has it; `None` for names that no route can have.
fn host(name: &str) -> Option<String> {
    let name = name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase();
    let is_special =
        matches!(&*name, "" | "_" | "*") || name.starts_with('~') || name.contains('$');
    let pattern = HostPattern::parse(&name).ok().filter(|_| !is_special)?;
    Some(pattern.to_string())
}

fn context(folder: &Path) -> PlanContext<'_> {
    PlanContext {
        folder,
        data: folder,
        services: &[],
    }
}

/// The errors of Kenduri's own check, except for folders and files that are not there.
fn problems(description: &Description, folder: &Path) -> Vec<String> {
    let missing = [" is not a folder", " is not a file", "cannot read "];
    let flaws = Plan::check(description, &context(folder)).err();
    let flaws = flaws.into_iter().flatten();
    flaws
        .filter(|flaw| !missing.iter().any(|one| flaw.what.contains(one)))
        .map(|flaw| format!("{}: {}", flaw.key, flaw.what))
        .collect()
}

/// The plan as if all folders and files were there. Routes with `access` answer 403.
fn plan(mut description: Description, folder: &Path) -> Plan {
    description.tls.certificate.clear();
    for route in &mut description.route {
        if route.access.take().is_some() {
            *route = edge::Route {
                host: route.host.clone(),
                path: route.path.clone(),
                to: "status:403".to_owned(),
                ..edge::Route::default()
            };
        }
        if route.to.starts_with("files:") {
            "files:.".clone_into(&mut route.to);
        }
    }
    Plan::check(&description, &context(folder)).unwrap_or_else(|flaws| panic!("{flaws:?}"))
}

/// What is wrong with the import of a file; nothing if all is well.
fn wrong(generated: &Generated, made: &str, folder: &Path) -> Option<String> {
    let description: Description = match toml::from_str(made) {
        Ok(description) => description,
        Err(error) => return Some(error.to_string()),
    };
    let problems = problems(&description, folder);
    if !problems.is_empty() {
        return Some(problems.join("\n"));
    }
    let comments = comments(made);
    // The test follows fewer quotes than the import.
    let servers = servers(&generated.text)?;
    for name in &generated.unknown {
        if !comments.contains(name.as_str()) {
            return Some(format!("{name} is not told"));
        }
    }
    for name in servers.iter().flat_map(|server| &server.names) {
        let Some(host) = host(name) else {
            continue;
        };
        let has_route = description.route.iter().any(|route| route.host == host);
        if !has_route && !comments.contains(&format!("CAREFUL: {host}")) {
            return Some(format!("{host} has no route"));
        }
    }
    generated.guard?;
    let plan = plan(description, folder);
    let path = NormalPath::parse("/kept/x").unwrap();
    for server in servers.iter().filter(|server| server.has_guard) {
        let hosts: Vec<String> = if server.names.is_empty() {
            vec!["nobody.example".to_owned()]
        } else {
            server.names.iter().filter_map(|name| host(name)).collect()
        };
        for host in hosts {
            // Requests in the clear are led to the other server.
            let is_led = servers.iter().any(|other| {
                let mut names = other.names.iter().filter_map(|name| self::host(name));
                other.is_tls && !server.is_tls && names.any(|name| name == host)
            });
            if is_led {
                continue;
            }
            let host = host.replace("*.", "any.");
            let Some(route) = plan.find(&host, &path) else {
                continue;
            };
            let is_closed = route.to.starts_with("status:") || route.to.starts_with("redirect:");
            let others = [
                "is served with TLS by another server",
                "is answered by an earlier server",
            ];
            if !is_closed && !others.iter().any(|told| comments.contains(told)) {
                return Some(format!("{host}/kept/x is open: {}", route.to));
            }
        }
    }
    None
}

#[test]
fn whatever_nginx_says_is_kept_or_told() {
    let corpus = corpus("nginx", &["conf"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.conf");
    let (mut imported, mut guarded, all) = (0_u64, 0_u64, seeds());
    let number = all.end - all.start;
    for seed in all {
        let generated = Generated::of(&mut Draw(seed), &corpus);
        std::fs::write(&file, &generated.text).unwrap();
        let Ok(made) = importer::nginx::import(&file) else {
            continue;
        };
        imported += 1;
        guarded += u64::from(generated.guard.is_some());
        if let Some(wrong) = wrong(&generated, &made.text, folder.path()) {
            panic!(
                "seed {seed}: {wrong}\n{}\n=====\n{}",
                generated.text, made.text
            );
        }
    }
    // Otherwise the files would be too far from what people have.
    assert!(
        imported * 2 > number && guarded * 8 > number,
        "{imported}, {guarded}"
    );
}
