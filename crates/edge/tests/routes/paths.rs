//! Paths that one server may read in another way than the next.

use edge::log::{Format, Log, Mask};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::told::Lines;
use super::*;

const PATHS: [(&str, &str); 3] = [
    ("/%zz", "refused_path_escape"),
    ("/..%2fx", "refused_path_hidden_dots"),
    ("/a%00", "refused_path_character"),
];

/// What the connection answers until it is closed, when another request follows at once.
async fn answers(door: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(door).await.unwrap();
    let next = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let asked = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n{next}");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn they_are_refused_as_all_that_is_ambiguous() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let means = Means {
        log: Some(log),
        ..Means::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let services = [service("node", &["127.0.0.1:0"])];
    let plan = plan_with("[[route]]\nto = \"app\"\n", folder.path(), &services);
    let edge = Edge::start(plan, means, Some(&app())).unwrap();
    let (door, front) = (edge.http_addresses()[0], edge.front_addresses()[0]);
    for (path, _) in PATHS {
        // One needs no engine to be read, the other does.
        for (door, method) in [(door, "GET"), (door, "POST"), (front, "GET")] {
            let answers = answers(door, method, path).await;
            assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
            let heard = Heard::of(&answers);
            assert_eq!(heard.status, 400, "{answers}");
            assert_eq!(heard.header("connection"), Some("close"), "{answers}");
        }
    }
    let stream = TokioIo::new(TcpStream::connect(door).await.unwrap());
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
    let (mut send, connection) = shaken.unwrap();
    let driving = tokio::spawn(connection);
    for (path, status) in PATHS
        .map(|(path, _)| (path, 400))
        .into_iter()
        .chain([("/", 200)])
    {
        let request = http::Request::get(format!("http://a.example{path}"));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = send.send_request(request).await.unwrap();
        assert_eq!(answer.status(), status, "of one stream alone: {path}");
        assert!(!answer.headers().contains_key("connection"));
    }
    drop(send);
    driving.await.unwrap().unwrap();
    edge.stop().await;
    drop(writing);
    let text = lines.text();
    for (path, why) in PATHS {
        let is_it = |line: &&str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["path"] == path && line["why"] == why && line["status"] == 400
        };
        assert_eq!(text.lines().filter(is_it).count(), 4, "{path}: {text}");
    }
}
