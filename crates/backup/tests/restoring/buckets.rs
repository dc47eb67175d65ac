//! Tests of backups in an S3 bucket. `KENDURI_TEST_S3` is the URL of an S3-compatible server such
//! as moto, which `cargo xtask test` starts. Without it, these tests are skipped.

use backup::{BackupError, S3Access, Target};
use platform::Secret;

use crate::place::{Place, answer, answers};

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
fn server() -> Option<String> {
    let server = std::env::var("KENDURI_TEST_S3").ok();
    if server.is_none() {
        eprintln!("skipped: KENDURI_TEST_S3 names no server");
    }
    server
}

fn access(endpoint: &str) -> S3Access {
    S3Access {
        endpoint: endpoint.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        secret_key: Some(Secret::new("secret")),
    }
}

fn bucket(place: &Place, endpoint: &str) -> Target {
    // The bucket's name is derived from the unique name of the temporary folder.
    let name = place.folder.path().file_name().unwrap().to_string_lossy();
    let name = name.trim_start_matches('.').to_lowercase();
    let to = format!("s3://kenduri-{name}/a/prefix");
    Target::parse(&to, &access(endpoint)).unwrap()
}

fn make(endpoint: &str, target: &Target) {
    let name = target.name();
    let bucket = name.trim_start_matches("s3://").split('/').next().unwrap();
    let host = endpoint.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let request = format!(
        "PUT /{bucket} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_backup_in_a_bucket_is_restored() {
    let Some(endpoint) = server() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    let mut place = Place::new();
    let target = bucket(&place, &endpoint);
    place.bucket = Some(target.clone());
    let store = place.open();
    let agent = place.agent(&store);
    let refused = agent.now();
    assert!(
        matches!(&refused, Err(BackupError::Target { reason, .. }) if reason.contains("NoSuchBucket")),
        "{refused:?}"
    );
    make(&endpoint, &target);
    agent.now().unwrap();
    for number in 0..20 {
        runtime.block_on(answer(&store, number)).unwrap();
        if number % 10 == 5 {
            agent.now().unwrap();
        }
    }
    agent.stop();
    assert!(agent.status().failure.is_none(), "{:?}", agent.status());
    backup::open(&target, &place.passphrase).unwrap();
    let (data, _) = place.restore("again", None).unwrap();
    assert_eq!(answers(&data), (0..20).collect::<Vec<_>>());
}
