use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use edge::{CertificateFiles, InheritedError, ListenFault};
use tokio::net::UnixStream;

use super::*;

const LAST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

fn on(address: ListenAddress) -> Settings {
    let mut settings = Settings::default();
    settings.listen.http = vec![address];
    settings
}

#[tokio::test]
async fn a_socket_in_the_file_system_serves_and_a_stale_one_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/edge.sock");
    let (_, app) = scene();
    for _ in 0..2 {
        let edge = start(on(ListenAddress::Unix(path.clone())), &app);
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(LAST).await.unwrap();
        assert!(all(&mut stream).await.ends_with("hello"));
        edge.stop().await;
        assert!(
            path.exists(),
            "left behind, as by a process that was killed"
        );
    }
}

#[tokio::test]
async fn what_is_in_use_or_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (used, file) = (folder.path().join("used"), folder.path().join("file"));
    let _listener = UnixListener::bind(&used).unwrap();
    std::fs::write(&file, "mine").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_, app) = scene();
    for (address, in_use) in [
        (ListenAddress::Unix(used), true),
        (ListenAddress::Unix(file.clone()), false),
        (ListenAddress::Tcp(port.local_addr().unwrap()), true),
    ] {
        let started = try_start(on(address), 1, Inherited::default(), &app);
        let Err(EdgeError::Listen(error)) = started else {
            panic!("it cannot be listened on");
        };
        assert_eq!(matches!(error.fault, ListenFault::InUse), in_use, "{error}");
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[tokio::test]
async fn two_edges_do_not_share_a_port_unseen() {
    let (edge, address, _) = simple(ListenSettings::default());
    let (_, app) = scene();
    let second = try_start(
        on(ListenAddress::Tcp(address)),
        1,
        Inherited::default(),
        &app,
    );
    assert!(matches!(second, Err(EdgeError::Listen(_))));
    edge.stop().await;
}

#[tokio::test]
async fn sockets_that_were_handed_in_are_used_first() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.sock");
    let unix = UnixListener::bind(&path).unwrap();
    let inherited = Inherited::new(vec![OwnedFd::from(listener), OwnedFd::from(unix)]).unwrap();
    let mut settings = on(ListenAddress::Tcp(address));
    settings.listen.http.push(ListenAddress::Unix(path.clone()));
    let (_, app) = scene();
    // This connection waits in the listener's queue until the edge starts.
    let mut early = connect(address).await;
    early.write_all(LAST).await.unwrap();
    let edge = try_start(settings, 2, inherited, &app).unwrap();
    assert!(all(&mut early).await.ends_with("hello"));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(LAST).await.unwrap();
    assert!(all(&mut stream).await.ends_with("hello"));
    edge.stop().await;
}

#[tokio::test]
async fn more_sockets_than_workers_are_all_served() {
    let sockets: Vec<_> = (0..3)
        .map(|_| ())
        .scan(0, |port, ()| {
            let socket =
                socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
            socket.set_reuse_port(true).unwrap();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            socket.bind(&address.into()).unwrap();
            socket.listen(64).unwrap();
            *port = socket.local_addr().unwrap().as_socket().unwrap().port();
            Some(OwnedFd::from(socket))
        })
        .collect();
    let address = TcpListener::from(sockets[0].try_clone().unwrap())
        .local_addr()
        .unwrap();
    let inherited = Inherited::new(sockets).unwrap();
    let (_, app) = scene();
    let edge = try_start(on(ListenAddress::Tcp(address)), 1, inherited, &app).unwrap();
    for _ in 0..32 {
        assert!(exchange(address, LAST).await.ends_with("hello"));
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_reload_that_fails_uses_no_socket_up() {
    let (first, second) = (
        TcpListener::bind("127.0.0.1:0"),
        TcpListener::bind("127.0.0.1:0"),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    let (at_first, at_second) = (first.local_addr().unwrap(), second.local_addr().unwrap());
    let used = TcpListener::bind("127.0.0.1:0").unwrap();
    let inherited = Inherited::new(vec![first.into(), second.into()]).unwrap();
    let (_, app) = scene();
    let edge = try_start(on(ListenAddress::Tcp(at_first)), 2, inherited, &app).unwrap();
    let both = || {
        let mut settings = on(ListenAddress::Tcp(at_first));
        settings.listen.http.push(ListenAddress::Tcp(at_second));
        settings
    };
    let mut in_use = both();
    let taken = ListenAddress::Tcp(used.local_addr().unwrap());
    in_use.listen.http.push(taken);
    assert!(matches!(
        edge.apply(in_use.plan()),
        Err(EdgeError::Listen(_))
    ));
    let mut unreadable = both();
    unreadable.tls.certificates.push(CertificateFiles {
        hosts: Vec::new(),
        chain: "none.pem".into(),
        key: "none.key".into(),
        is_default: false,
    });
    assert!(matches!(
        edge.apply(unreadable.plan()),
        Err(EdgeError::Tls(_))
    ));
    edge.apply(both().plan()).unwrap();
    assert!(exchange(at_second, LAST).await.ends_with("hello"));
    edge.stop().await;
}

#[test]
fn what_is_no_listening_socket_is_refused() {
    let file = tempfile::tempfile().unwrap();
    let refused = Inherited::new(vec![OwnedFd::from(file)]);
    assert!(matches!(refused, Err(InheritedError::NotListening)));
    let own = std::process::id().to_string();
    let refused = Inherited::receive(Some("many"), Some(&own));
    assert!(matches!(refused, Err(InheritedError::Count { .. })));
    for (count, process) in [(None, None), (Some("1"), None), (Some("1"), Some("1"))] {
        assert_eq!(Inherited::receive(count, process).unwrap().left(), 0);
    }
}

#[test]
fn a_process_takes_the_sockets_its_environment_names() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let status = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --exact sockets::in_a_process_of_its_own")
        .arg(std::env::current_exe().unwrap())
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

/// Does nothing unless the test above runs it in a separate process with a socket.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "what the environment says is tested"
)]
fn in_a_process_of_its_own() {
    let (Ok(count), Ok(process)) = (std::env::var("LISTEN_FDS"), std::env::var("LISTEN_PID"))
    else {
        return;
    };
    let inherited = Inherited::receive(Some(&count), Some(&process)).unwrap();
    assert_eq!(inherited.left(), 1);
    let again = Inherited::receive(Some(&count), Some(&process));
    assert!(matches!(again, Err(InheritedError::TakenBefore)));
}
