//! Tests that the head of a file's response, which is written once for each route, is what the
//! headers say.

use super::*;

/// The header lines, without those that differ in each response.
fn lines(heard: &Heard) -> Vec<&str> {
    let lines = heard.head.split("\r\n").skip(1);
    let mut lines: Vec<&str> = lines
        .filter(|line| !line.starts_with("date: ") && !line.starts_with("x-request-id: "))
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_file_has_the_headers_of_its_route_and_plan() {
    let files = "[[route]]\npath = \"/\"\nto = \"files:files\"\n";
    let routes = [
        String::new(),
        "headers.set.X-Note = \"one\"\nheaders.remove = [\"ETag\"]\n".to_owned(),
        "headers.set.X-Note = \"two\"\nheaders.set.Cache-Control = \"no-cache\"\n".to_owned(),
        "headers.set.Date = \"yesterday\"\n".to_owned(),
        "cors = { origins = [\"https://b.example\"] }\n".to_owned(),
        String::new(),
    ];
    let site = Site::open(&format!("{files}{}", routes[0]), Options::default());
    for (number, changes) in routes.iter().enumerate() {
        site.edge
            .apply(site.plan(&format!("{files}{changes}")))
            .unwrap();
        // A response to `HEAD` has the headers one by one.
        let head = site.ask("HEAD", "/page.html", "", "").await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            let heard = site.get("/page.html").await;
            assert_eq!((heard.status, heard.body.as_str()), (200, "<p>A page</p>"));
            assert!(heard.head.starts_with("http/1.1 200 ok\r\n"));
            assert_eq!(lines(&heard), lines(&head), "{changes}");
            assert_eq!(heard.head.matches("\r\ndate: ").count(), 1);
            ids.push(heard.header("x-request-id").unwrap().to_owned());
        }
        assert_ne!(ids[0], ids[1]);
        let note = ["one", "two"].get(number.wrapping_sub(1)).copied();
        assert_eq!(head.header("x-note"), note);
        assert_eq!(
            head.header("date") == Some("yesterday"),
            changes.contains("Date")
        );
    }
}
