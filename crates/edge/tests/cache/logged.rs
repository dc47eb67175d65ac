//! Tests the access log's lines for cached responses.

use std::io::{self, Write};
use std::time::Instant;

use edge::access_log::{Format, Mask, Writing};

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Returns the whole log after the logging thread has stopped. Dropping `writing` waits for
    /// only a second, which may be too short on a busy machine.
    fn after(&self, writing: Writing) -> String {
        drop(writing);
        let begin = Instant::now();
        while Arc::strong_count(&self.0) > 1 {
            assert!(begin.elapsed() < LONG, "somebody writes for ever");
            std::thread::sleep(Duration::from_millis(1));
        }
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn what_the_client_hears_is_told_whoever_said_it() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let site = Site::with_log(ROUTE, tempfile::tempdir().unwrap(), Some(log));
    let control = ("cache-control", "max-age=60, stale-if-error=600");
    let tagged = Said::of(&[control, ("etag", "\"v1\"")], "whole");
    for path in ["/confirmed", "/known"] {
        site.script.says(path, tagged.clone());
    }
    let streamed = tagged.clone().streamed(&["who", "le"]);
    site.script.says("/streamed", streamed.without_length());
    site.script.says("/fault", Said::of(&[control], "whole"));
    // These responses do not come from the cache.
    assert_eq!(site.get("/confirmed").await.status, 200);
    assert_eq!(site.get("/fault").await.status, 200);
    // The edge responds with 304 because the client has the content, although the app sends it
    // whole.
    let known = [("If-None-Match", "\"v1\"")];
    assert_eq!(site.ask("GET", "/known", &known).await.status, 304);
    assert_eq!(site.ask("GET", "/streamed", &known).await.status, 304);
    site.later(61);
    // The app responds with 304 or an error, and the client gets the whole response from the cache.
    assert_eq!(site.get("/confirmed").await.status, 200);
    site.script.says("/fault", Said::of(&[], "no").status(500));
    assert_eq!(site.get("/fault").await.status, 200);
    site.edge.stop().await;
    let text = lines.after(writing);
    let told: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // Each worker has its own buffer, so the lines have no order.
    let mut told: Vec<_> = told
        .iter()
        .map(|line| (line["path"].as_str().unwrap(), line["status"].as_u64()))
        .collect();
    told.sort_unstable();
    let expected = [
        ("/confirmed", Some(200)),
        ("/confirmed", Some(200)),
        ("/fault", Some(200)),
        ("/fault", Some(200)),
        ("/known", Some(304)),
        ("/streamed", Some(304)),
    ];
    assert_eq!(told, expected);
}
