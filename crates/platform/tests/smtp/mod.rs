//! A small mail server for tests, which misbehaves on demand.

use std::sync::{Arc, Mutex};

use platform::mail;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The server's behaviour: obedient, or misbehaving at a certain step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Obedient,
    RefusesLogin,
    SaysAtSender(&'static str),
    SaysAtRecipient(&'static str),
    SaysAtText(&'static str),
    /// The server accepts the text, then closes the connection without a reply.
    DropsAfterText,
    /// The server accepts the text and never replies.
    SilentAfterText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Never,
    OnRequest,
    AtOnce,
}

/// A mail whose text has arrived, whatever the server's reply was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) encrypted: bool,
    pub(crate) login: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Server {
    port: u16,
    certificate: String,
    manner: Arc<Mutex<Manner>>,
    received: watch::Sender<Vec<Received>>,
    connections: watch::Sender<usize>,
}

#[derive(Default)]
struct Talk {
    encrypted: bool,
    login: Option<String>,
    from: String,
    to: String,
}

enum Step {
    Over,
    Encrypt,
}

impl Server {
    pub(crate) async fn start(encryption: Encryption) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            certificate: cert.pem(),
            manner: Arc::new(Mutex::new(Manner::Obedient)),
            received: watch::Sender::new(Vec::new()),
            connections: watch::Sender::new(0),
        };
        let (tls, running) = (TlsAcceptor::from(Arc::new(tls)), server.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                running.connections.send_modify(|count| *count += 1);
                let (server, tls) = (running.clone(), tls.clone());
                tokio::spawn(async move { server.serve(stream, tls, encryption).await });
            }
        });
        server
    }

    /// The settings with which the platform connects to this server.
    pub(crate) fn settings(&self, tls: mail::Tls) -> mail::Server {
        mail::Server {
            host: "localhost".to_owned(),
            port: self.port,
            tls,
            login: Some(("ken".to_owned(), platform::Secret::new("hunter2"))),
            per_minute: 0,
            authorities: vec![self.certificate.clone()],
        }
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    pub(crate) async fn has_received(&self, count: usize) {
        let mut watch = self.received.subscribe();
        watch.wait_for(|mails| mails.len() >= count).await.unwrap();
    }

    async fn serve(&self, stream: TcpStream, tls: TlsAcceptor, encryption: Encryption) {
        let mut talk = Talk::default();
        if encryption == Encryption::AtOnce {
            talk.encrypted = true;
            if let Ok(stream) = tls.accept(stream).await {
                self.talk(&mut BufReader::new(stream), &mut talk, true, false)
                    .await;
            }
            return;
        }
        let offers = encryption == Encryption::OnRequest;
        let mut plain = BufReader::new(stream);
        if let Some(Step::Encrypt) = self.talk(&mut plain, &mut talk, true, offers).await {
            talk.encrypted = true;
            if let Ok(stream) = tls.accept(plain.into_inner()).await {
                self.talk(&mut BufReader::new(stream), &mut talk, false, false)
                    .await;
            }
        }
    }

    /// Serves the session until the client quits or starts TLS.
    async fn talk<S>(
        &self,
        stream: &mut BufReader<S>,
        talk: &mut Talk,
        greets: bool,
        offers_tls: bool,
    ) -> Option<Step>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets {
            say(stream, "220 localhost").await?;
        }
        loop {
            let line = hear(stream).await?;
            let word = line.split([' ', ':']).next().unwrap_or("").to_uppercase();
            let manner = *self.manner.lock().unwrap();
            match (word.as_str(), manner) {
                ("EHLO", _) => {
                    let offer = if offers_tls { "250-STARTTLS\r\n" } else { "" };
                    say(stream, &format!("250-localhost\r\n{offer}250 AUTH PLAIN")).await?;
                }
                ("STARTTLS", _) => {
                    say(stream, "220 go on").await?;
                    return Some(Step::Encrypt);
                }
                ("AUTH", Manner::RefusesLogin) => say(stream, "535 5.7.8 wrong password").await?,
                ("AUTH", _) => {
                    talk.login = Some(line);
                    say(stream, "235 welcome").await?;
                }
                ("MAIL", Manner::SaysAtSender(answer))
                | ("RCPT", Manner::SaysAtRecipient(answer)) => say(stream, answer).await?,
                ("MAIL", _) => {
                    talk.from = line;
                    say(stream, "250 ok").await?;
                }
                ("RCPT", _) => {
                    talk.to = line;
                    say(stream, "250 ok").await?;
                }
                ("DATA", _) => {
                    say(stream, "354 go on").await?;
                    self.take(stream, talk, manner).await?;
                }
                ("QUIT", _) => {
                    say(stream, "221 bye").await?;
                    return Some(Step::Over);
                }
                _ => say(stream, "500 what?").await?,
            }
        }
    }

    async fn take<S>(&self, stream: &mut BufReader<S>, talk: &Talk, manner: Manner) -> Option<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut text = String::new();
        loop {
            let line = hear(stream).await?;
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push('\n');
        }
        self.received.send_modify(|mails| {
            mails.push(Received {
                from: talk.from.clone(),
                to: talk.to.clone(),
                text,
                encrypted: talk.encrypted,
                login: talk.login.clone(),
            });
        });
        match manner {
            Manner::DropsAfterText => None,
            Manner::SilentAfterText => hear(stream).await.map(|_| ()),
            Manner::SaysAtText(answer) => say(stream, answer).await,
            _ => say(stream, "250 2.0.0 queued as 1").await,
        }
    }
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.text
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or("")
    }
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(count) if count > 0 => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

async fn say<S>(stream: &mut BufReader<S>, line: &str) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()?;
    stream.flush().await.ok()
}
