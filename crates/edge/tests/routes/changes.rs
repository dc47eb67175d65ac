//! Tests changes to routes, servers and certificates while requests run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::services::{at, ready};
use super::*;

/// Clients that send requests on persistent connections until `stop` is set. They collect
/// unexpected responses.
struct Guests {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Guests {
    fn come(address: SocketAddr, target: &'static str, number: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answers = Arc::new(AtomicUsize::new(0));
        let tasks = (0..number)
            .map(|_| {
                let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
                tokio::spawn(async move { ask(address, target, &stop, &answers).await })
            })
            .collect();
        Self {
            stop,
            answers,
            tasks,
        }
    }

    async fn have_heard(&self, more: usize) {
        let until = self.answers.load(Ordering::Relaxed) + more;
        let waiting = async {
            while self.answers.load(Ordering::Relaxed) < until {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting)
            .await
            .unwrap();
    }

    /// Stops the clients. Returns the number of responses, and the unexpected ones.
    async fn leave(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut bad = Vec::new();
        for task in self.tasks {
            bad.extend(task.await.unwrap());
        }
        (self.answers.load(Ordering::Relaxed), bad)
    }
}

async fn ask(
    address: SocketAddr,
    target: &str,
    stop: &AtomicBool,
    answers: &AtomicUsize,
) -> Vec<String> {
    let mut bad = Vec::new();
    let mut stream = None;
    let request = format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n");
    while !stop.load(Ordering::Relaxed) {
        let mut open = match stream.take() {
            Some(open) => open,
            None => TcpStream::connect(address).await.unwrap(),
        };
        match exchange(&mut open, &request).await {
            Some(heard) if heard.starts_with("HTTP/1.1 200 ") => {
                answers.fetch_add(1, Ordering::Relaxed);
                if !heard.to_ascii_lowercase().contains("connection: close") {
                    stream = Some(open);
                }
            }
            heard => bad.push(heard.unwrap_or_else(|| "closed".to_owned())),
        }
    }
    bad
}

/// Returns the whole response, or `None` if the connection closed first.
async fn exchange(stream: &mut TcpStream, request: &str) -> Option<String> {
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut heard = Vec::new();
    loop {
        if stream.read_buf(&mut heard).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&heard);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let (_, rest) = lower.split_once("content-length: ")?;
            let length: usize = rest.split("\r\n").next()?.parse().ok()?;
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_plan_changes() {
    let (one, _first) = server("one").await;
    let (two, _second) = server("two").await;
    let route = |server: SocketAddr| format!("[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&route(one), Options::default());
    let guests = Guests::come(site.address, "/x", 8);
    for round in 0..20 {
        guests.have_heard(100).await;
        let server = if round % 2 == 0 { two } else { one };
        site.edge.apply(site.plan(&route(server))).unwrap();
    }
    let (answers, bad) = guests.leave().await;
    assert!(answers >= 2_000, "{answers}");
    assert_eq!(bad, Vec::<String>::new());
    site.edge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_servers_take_turns() {
    let site = Site::open("[[route]]\nto = \"service:node\"\n", Options::default());
    let (address, mut running) = server("old").await;
    let mut address = at(address);
    site.edge.set_servers("node", &ready(&[&address]));
    let guests = Guests::come(site.address, "/x", 8);
    for _ in 0..20 {
        guests.have_heard(100).await;
        let (next, started) = server("new").await;
        let next = at(next);
        site.edge.set_servers("node", &ready(&[&next]));
        // The old server may stop after all its requests have finished.
        site.edge.drained("node", &address).await;
        drop(std::mem::replace(&mut running, started));
        address = next;
    }
    let (answers, bad) = guests.leave().await;
    assert!(answers >= 2_000, "{answers}");
    assert_eq!(bad, Vec::<String>::new());
    let status = site.edge.servers("node");
    assert_eq!(status.members.len(), 1, "{status:?}");
    assert_eq!(status.members[0].address, address);
    assert!(status.requests >= answers as u64, "{status:?}");
    drop(running);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_limit_goes_on_counting_over_a_change() {
    let routes = "[[route]]\nto = \"status:204\"\nlimit = { rate = \"1/h\" }\n";
    let site = Site::open(routes, Options::default());
    assert_eq!(site.get("/").await.status, 204);
    assert_eq!(site.get("/").await.status, 429);
    site.edge.apply(site.plan(routes)).unwrap();
    assert_eq!(site.get("/").await.status, 429);
    let other = routes.replace("1/h", "2/h");
    site.edge.apply(site.plan(&other)).unwrap();
    assert_eq!(site.get("/").await.status, 204, "another limit begins anew");
    site.edge.stop().await;
}

#[tokio::test]
async fn certificates_that_cannot_be_kept_leave_everything_as_it_was() {
    let site = Site::open("[[route]]\nto = \"status:410\"\n", Options::default());
    let in_the_way = site.folder.path().join("acme");
    std::fs::write(&in_the_way, "no folder").unwrap();
    let secured = "listen.https = [\"127.0.0.1:0\"]\n\
        tls.acme = { email = \"owner@a.example\" }\n\
        [[route]]\nto = \"status:404\"\n";
    let refused = site.edge.apply(site.plan(secured)).unwrap_err();
    assert!(matches!(refused, edge::EdgeError::Acme(_)), "{refused}");
    assert_eq!(site.edge.https_addresses(), []);
    assert_eq!(site.get("/").await.status, 410);
    std::fs::remove_file(in_the_way).unwrap();
    site.edge.apply(site.plan(secured)).unwrap();
    assert_eq!(site.edge.https_addresses().len(), 1);
    assert_eq!(site.get("/").await.status, 404);
    site.edge.stop().await;
}

#[tokio::test]
async fn certificates_are_ordered_for_further_names_while_they_are_wanted() {
    // Nobody listens at this authority, so orders fail and the names stay in the report.
    let settings = |more: &str| {
        format!(
            "listen.https = [\"127.0.0.1:0\"]\n\
             tls.acme = {{ email = \"owner@a.example\", directory = \"https://127.0.0.1:9/\" }}\n\
             [[route]]\nhost = \"a.example\"\nto = \"status:404\"\n{more}"
        )
    };
    let site = Site::open(&settings(""), Options::default());
    let ordered = async |expected: &[&str]| {
        let is_so = || {
            let report = site.edge.certificates();
            report
                .iter()
                .map(|one| &*one.name)
                .eq(expected.iter().copied())
        };
        let waited = async {
            while !is_so() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(30), waited).await;
        waited.unwrap_or_else(|_| panic!("{expected:?}: {:?}", site.edge.certificates()));
    };
    ordered(&["a.example"]).await;
    let names = ["our-day.example", "192.0.2.1", "localhost", "a.example"];
    site.edge.order_also(names.map(str::to_owned).into());
    ordered(&["a.example", "our-day.example"]).await;
    // The names stay when the settings change.
    let more = "[[route]]\nhost = \"b.example\"\nto = \"status:404\"\n";
    site.edge.apply(site.plan(&settings(more))).unwrap();
    ordered(&["a.example", "b.example", "our-day.example"]).await;
    site.edge.order_also(std::collections::BTreeSet::new());
    ordered(&["a.example", "b.example"]).await;
    site.edge.stop().await;
}

/// Starts a server that is unhealthy at `/sick`, healthy at `/well`, and never responds at `/held`.
/// The semaphores count the requests for each of these paths, and for all other paths together.
async fn patient() -> (SocketAddr, [Arc<Semaphore>; 4]) {
    let asked = [(); 4].map(|()| Arc::new(Semaphore::new(0)));
    let [sick, well, held, elsewhere] = asked.clone();
    let app = Router::new()
        .route(
            "/sick",
            get(async move || {
                sick.add_permits(1);
                http::StatusCode::SERVICE_UNAVAILABLE
            }),
        )
        .route("/well", get(async move || well.add_permits(1)))
        .route(
            "/held",
            get(async move || {
                held.add_permits(1);
                std::future::pending::<()>().await;
            }),
        )
        .fallback(async move || {
            elsewhere.add_permits(1);
            "the patient"
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, asked)
}

/// Waits for the beginning of three health checks. The first may use earlier settings.
async fn asked(by: &Semaphore) {
    by.forget_permits(usize::MAX);
    let asked = tokio::time::timeout(Duration::from_mins(1), by.acquire_many(3));
    asked.await.unwrap().unwrap().forget();
}

#[tokio::test]
async fn servers_are_as_well_after_a_change_of_their_upstream_as_before() {
    let (address, [sick, well, _, elsewhere]) = patient().await;
    let (other, _running) = server("other").await;
    let group = |servers: &str, more: &str| {
        format!(
            "[[route]]\nto = \"upstream:group\"\n\
             access = {{ ask = {{ to = \"http://{address}\", path = \"/may\" }} }}\n\
             [upstream.group]\nto = [{servers}]\n{more}\n"
        )
    };
    let patient = format!("\"http://{address}\"");
    let health = |path: &str| {
        format!("health = {{ path = \"{path}\", every = \"10ms\", fall = 1, rise = 1 }}")
    };
    let site = Site::open(&group(&patient, &health("/sick")), Options::default());
    let change = |servers: &str, more: &str| {
        let changed = site.plan(&group(servers, more));
        site.edge.apply(changed).unwrap();
    };
    let is_ready = || site.edge.upstream("group").unwrap().status()[0].ready;
    asked(&sick).await;
    assert!(!is_ready());
    // A changed health check or timeout does not make the server healthy. Only a successful check
    // does.
    change(
        &patient,
        &format!("{}\nconnect_time = \"4s\"", health("/sick")),
    );
    assert!(!is_ready());
    change(&patient, &health("/sick").replace("10ms", "11ms"));
    assert!(!is_ready());
    asked(&sick).await;
    // A request that waits for a healthy server goes to a new server.
    let answers = tokio::join!(site.get("/x"), async {
        elsewhere.acquire().await.unwrap().forget();
        change(&format!("{patient}, \"http://{other}\""), &health("/sick"));
    });
    assert!(answers.0.body.starts_with("other GET /x "), "{answers:?}");
    change(&patient, &health("/well"));
    asked(&well).await;
    assert!(is_ready());
    // Without health checks, an unhealthy server could never recover, so it counts as healthy.
    change(&patient, &health("/sick"));
    asked(&sick).await;
    assert!(!is_ready());
    change(&patient, "");
    assert!(is_ready());
    assert_eq!(site.get("/x").await.body, "the patient");
    site.edge.stop().await;
}

#[tokio::test]
async fn nobody_is_asked_in_the_old_way_by_what_still_runs() {
    let (address, [sick, well, held, _]) = patient().await;
    let group = |path: &str| {
        format!(
            "[[route]]\nto = \"upstream:group\"\n[upstream.group]\nto = [\"http://{address}\"]\n\
             health = {{ path = \"{path}\", every = \"10ms\", fall = 1, rise = 1 }}\n"
        )
    };
    let site = Site::open(&group("/well"), Options::default());
    let mut runs = TcpStream::connect(site.address).await.unwrap();
    let head = "GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n";
    runs.write_all(head.as_bytes()).await.unwrap();
    held.acquire().await.unwrap().forget();
    asked(&well).await;
    site.edge.apply(site.plan(&group("/sick"))).unwrap();
    asked(&sick).await;
    for _ in 0..20 {
        asked(&sick).await;
        assert!(!site.edge.upstream("group").unwrap().status()[0].ready);
    }
    drop(runs);
    site.edge.stop().await;
}
