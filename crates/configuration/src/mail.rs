//! Reads `[mail]`: how mails are sent.

use platform::Secret;
use platform::dns::NameServers;
use platform::mail::bounces::Mailbox;
use platform::mail::{Sender, Server, SnsTopic, Tls, is_this_machine};
use platform::webhook_key::WebhookKey;
use units::Check;

use super::url_password::without_password;
use super::value_checks::{number, secret};
use super::written::Written;

#[derive(Debug, Clone)]
pub enum MailRoute {
    /// Mails are stored and shown at `/mailbox` instead of being sent.
    Mailbox,
    Smtp(Server),
}

/// Reads `mail.url` and its password.
pub(super) fn route(written: &Written, check: &mut Check) -> MailRoute {
    let mail = &written.mail;
    let given = secret(check, "mail.password", &mail.password, &mail.password_file);
    if mail.url == "mailbox:" {
        return MailRoute::Mailbox;
    }
    let (url, inside) = without_password(&mail.url);
    if inside.is_some() && given.is_some() {
        check.refuse_sentence(
            "mail.url",
            "mail.url holds a password, and mail.password or mail.password_file another",
            "keep one of them; mail.password_file is safest",
        );
    }
    let password = given.or(inside);
    match server(&url) {
        Ok((mut server, user)) => {
            server.per_minute = number(check, "mail.per_minute", mail.per_minute, 1, 10_000);
            match (user, password) {
                (Some(user), Some(password)) => server.login = Some((user, password)),
                (Some(user), None) => check.refuse_sentence(
                    "mail.url",
                    format!("mail.url names the user {user:?}, but there is no password"),
                    "set mail.password_file to a file that holds it",
                ),
                (None, Some(_)) => check.refuse_sentence(
                    "mail.url",
                    "mail.password or mail.password_file is set, but mail.url names no user",
                    "write smtp://USER@HOST:587, or remove the password",
                ),
                (None, None) => {}
            }
            MailRoute::Smtp(server)
        }
        Err(why) => {
            check.refuse("mail.url", why, HOW);
            MailRoute::Mailbox
        }
    }
}

pub(super) fn sender(written: &Written, check: &mut Check) -> Option<Sender> {
    let from = &written.mail.from;
    let sender = from.parse().ok();
    if sender.is_none() {
        check.refuse_sentence(
            "mail.from",
            format!("mail.from is {from:?}, which is not a mail address"),
            "write it like \"Aisyah & Daniel <rsvp@example.org>\"",
        );
    }
    sender
}

/// Returns the DNS servers from the settings, or the operating system's if the settings name none.
pub(super) fn name_servers(written: &Written, check: &mut Check) -> NameServers {
    let mut servers = Vec::new();
    for name in &written.mail.name_servers {
        match name.parse() {
            Ok(server) => servers.push(server),
            Err(_) => check.refuse_sentence(
                "mail.name_servers",
                format!("mail.name_servers has {name:?}, which is not an address and port"),
                "write it like \"192.0.2.53:53\"",
            ),
        }
    }
    if written.mail.name_servers.is_empty() {
        return NameServers::of_system();
    }
    NameServers::new(servers)
}

/// Reads `mail.bounces` and its password. If the settings contain no password for this mailbox,
/// uses the mail server's password.
pub(super) fn bounces(written: &Written, route: &MailRoute, check: &mut Check) -> Option<Mailbox> {
    let mail = &written.mail;
    let own = ("mail.bounces_password", &mail.bounces_password);
    let own = secret(check, own.0, own.1, &mail.bounces_password_file);
    if mail.bounces.is_empty() {
        return None;
    }
    let (url, inside) = without_password(&mail.bounces);
    let of_server = match route {
        MailRoute::Smtp(server) => server.login.clone().map(|(_, password)| password),
        MailRoute::Mailbox => None,
    };
    let password = own.or(inside).or(of_server);
    match mailbox(&url) {
        Ok(mut mailbox) => {
            if let Some(password) = password {
                mailbox.password = password;
                return Some(mailbox);
            }
            check.refuse_sentence(
                "mail.bounces",
                "mail.bounces names a mailbox, but there is no password",
                "set mail.bounces_password_file to a file that holds it",
            );
        }
        Err(why) => check.refuse_sentence(
            "mail.bounces",
            format!("mail.bounces: {why}"),
            "write imaps://user@host, or imap://user@localhost for a server on this machine",
        ),
    }
    None
}

/// RFC 5092, without its password.
fn mailbox(url: &str) -> Result<Mailbox, String> {
    let (scheme, rest) = url.split_once("://").ok_or("is not a URL")?;
    let (is_encrypted, usual_port) = match scheme {
        "imaps" => (true, 993),
        "imap" => (false, 143),
        other => return Err(format!("{other}:// is not a mailbox that can be read")),
    };
    let (user, rest) = rest.rsplit_once('@').ok_or("names no user")?;
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => {
            let port = port
                .parse()
                .map_err(|_| format!("{port:?} is not a port"))?;
            (host, port)
        }
        None => (host, usual_port),
    };
    if host.is_empty() || user.is_empty() {
        return Err("names no host or no user".to_owned());
    }
    if !is_encrypted && !is_this_machine(host) {
        return Err(format!(
            "the password would go to {host} without encryption"
        ));
    }
    Ok(Mailbox {
        host: host.to_owned(),
        port,
        is_encrypted,
        user: user.replace("%40", "@"),
        password: Secret::new(""),
        folder: if folder.is_empty() { "INBOX" } else { folder }.to_owned(),
        authorities: Vec::new(),
    })
}

/// Reads the secret with which the mail provider signs its delivery reports.
pub(super) fn callbacks(written: &Written, check: &mut Check) -> Option<WebhookKey> {
    let (mail, key) = (&written.mail, "mail.callback_secret");
    let secret = secret(
        check,
        key,
        &mail.callback_secret,
        &mail.callback_secret_file,
    )?;
    let read = WebhookKey::parse(secret.reveal());
    if read.is_none() {
        check.refuse_sentence(
            key,
            "mail.callback_secret is not whsec_ and base64 of 24 to 64 bytes",
            "make one with: echo whsec_$(openssl rand -base64 32)",
        );
    }
    read
}

/// Reads the Amazon SNS topic through which SES sends delivery reports.
pub(super) fn ses_topic(written: &Written, check: &mut Check) -> Option<SnsTopic> {
    let name = &written.mail.ses_topic;
    let topic = SnsTopic::parse(name);
    if topic.is_none() && !name.is_empty() {
        check.refuse_sentence(
            "mail.ses_topic",
            format!("mail.ses_topic is {name:?}, which is not a topic of Amazon SNS"),
            "write it as SNS shows it: arn:aws:sns:REGION:ACCOUNT:TOPIC",
        );
    }
    topic
}

const HOW: &str = "write mailbox:, smtp://user@host:587, smtps://user@host:465, mailgun:USER, resend: or ses:REGION:USER";

fn server(url: &str) -> Result<(Server, Option<String>), String> {
    let preset =
        |host: String, user: &str| (named(host, 587, Tls::StartTls), Some(user.to_owned()));
    if let Some(user) = url.strip_prefix("mailgun:").filter(|user| !user.is_empty()) {
        return Ok(preset("smtp.mailgun.org".to_owned(), user));
    }
    if url == "resend:" {
        return Ok(preset("smtp.resend.com".to_owned(), "resend"));
    }
    if let Some((region, user)) = url
        .strip_prefix("ses:")
        .and_then(|rest| rest.split_once(':'))
    {
        return Ok(preset(format!("email-smtp.{region}.amazonaws.com"), user));
    }
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| "is not a way to send mail".to_owned())?;
    let (tls, usual_port) = match scheme {
        "smtp" => (Tls::StartTls, 587),
        "smtps" => (Tls::AtOnce, 465),
        other => return Err(format!("{other}:// is not a way to send mail")),
    };
    let (user, host) = match rest.trim_end_matches('/').rsplit_once('@') {
        Some((user, host)) => (Some(user.replace("%40", "@")), host),
        None => (None, rest.trim_end_matches('/')),
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (
            host,
            port.parse()
                .map_err(|_| format!("{port:?} is not a port"))?,
        ),
        None => (host, usual_port),
    };
    if host.is_empty() || host.contains(['/', '?', ' ']) {
        return Err("names no host".to_owned());
    }
    Ok((named(host.to_owned(), port, tls), user))
}

fn named(host: String, port: u16, tls: Tls) -> Server {
    Server {
        host,
        port,
        tls,
        login: None,
        per_minute: 0,
        authorities: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use platform::mail::Tls;

    use super::{mailbox, server};

    #[test]
    fn mailboxes_are_read_over_tls_or_on_this_machine() {
        for (url, found) in [
            (
                "imaps://a@mail.example",
                ("a", "mail.example", 993, true, "INBOX"),
            ),
            (
                "imaps://rsvp%40kad.example@mail.example:1993/Reports/Mail",
                (
                    "rsvp@kad.example",
                    "mail.example",
                    1993,
                    true,
                    "Reports/Mail",
                ),
            ),
            (
                "imap://a@localhost:1143/",
                ("a", "localhost", 1143, false, "INBOX"),
            ),
        ] {
            let read = mailbox(url).expect(url);
            let parts = (
                &*read.user,
                &*read.host,
                read.port,
                read.is_encrypted,
                &*read.folder,
            );
            assert_eq!(parts, found, "{url}");
        }
        for wrong in [
            "",
            "mail.example",
            "pop3s://a@mail.example",
            "imaps://mail.example",
            "imaps://@mail.example",
            "imaps://a@",
            "imaps://a@mail.example:port",
            "imap://a@mail.example",
        ] {
            assert!(mailbox(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ways_to_a_mail_server() {
        for (url, host, port, tls, user) in [
            (
                "smtp://mail.example",
                "mail.example",
                587,
                Tls::StartTls,
                None,
            ),
            (
                "smtp://localhost:2525",
                "localhost",
                2525,
                Tls::StartTls,
                None,
            ),
            (
                "smtps://ken@mail.example",
                "mail.example",
                465,
                Tls::AtOnce,
                Some("ken"),
            ),
            (
                "smtp://ken%40my.example@mail.example:25",
                "mail.example",
                25,
                Tls::StartTls,
                Some("ken@my.example"),
            ),
            (
                "mailgun:postmaster@mg.example",
                "smtp.mailgun.org",
                587,
                Tls::StartTls,
                Some("postmaster@mg.example"),
            ),
            (
                "resend:",
                "smtp.resend.com",
                587,
                Tls::StartTls,
                Some("resend"),
            ),
            (
                "ses:eu-west-1:AKIA",
                "email-smtp.eu-west-1.amazonaws.com",
                587,
                Tls::StartTls,
                Some("AKIA"),
            ),
        ] {
            let (found, found_user) = server(url).expect(url);
            assert_eq!(found.host, host, "{url}");
            assert_eq!(found.port, port, "{url}");
            assert_eq!(found.tls, tls, "{url}");
            assert_eq!(found_user.as_deref(), user, "{url}");
        }
        for wrong in [
            "",
            "mailgun:",
            "ses:AKIA",
            "http://x",
            "smtp://",
            "smtp://host:port",
        ] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
