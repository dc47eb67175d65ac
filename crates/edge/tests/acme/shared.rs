//! Two machines with the same names, which share a book in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edge::Challenge;
use edge::acme::{BookError, BookFuture, CertificateBook, Challenges, OrderPermit};
use tokio::sync::watch;

use crate::authority::Wishes;
use crate::house::{House, has_certificate, set, wait};

/// What the machines share.
#[derive(Default)]
struct Shelf {
    files: Mutex<BTreeMap<String, Arc<str>>>,
    changes: watch::Sender<u64>,
    /// The challenge responses of the machine that the authority asks.
    asked: Mutex<Option<Arc<Challenges>>>,
}

/// One machine's book.
struct Book {
    shelf: Arc<Shelf>,
    may_order: Arc<AtomicBool>,
    /// Whether puts fail.
    is_away: AtomicBool,
    tries: watch::Sender<u32>,
}

impl Book {
    fn of(shelf: &Arc<Shelf>, may_order: bool) -> Arc<Self> {
        Arc::new(Self {
            shelf: Arc::clone(shelf),
            may_order: Arc::new(may_order.into()),
            is_away: false.into(),
            tries: watch::Sender::default(),
        })
    }

    fn write(shelf: &Shelf, path: String, text: &str) {
        shelf.files.lock().unwrap().insert(path, text.into());
        shelf.changes.send_modify(|changes| *changes += 1);
    }
}

impl CertificateBook for Book {
    fn get(&self, folder: &str, file: &str) -> Option<Arc<str>> {
        let files = self.shelf.files.lock().unwrap();
        files.get(&format!("{folder}/{file}")).cloned()
    }

    fn put(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>> {
        self.tries.send_modify(|tries| *tries += 1);
        if self.is_away.load(Ordering::SeqCst) {
            return Box::pin(async { Err("the store is away".into()) });
        }
        Self::write(&self.shelf, format!("{folder}/{file}"), text);
        Box::pin(async { Ok(()) })
    }

    fn announce(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>> {
        Self::write(&self.shelf, format!("{folder}/{file}"), text);
        let text: serde_json::Value = serde_json::from_str(text).unwrap();
        let shelf = Arc::clone(&self.shelf);
        Box::pin(async move {
            let of_name = text[0]["TlsAlpn01"]["name"].as_str();
            let token = text[0]["Http01"]["token"].as_str();
            loop {
                let asked = shelf.asked.lock().unwrap().clone();
                let is_there = asked.is_some_and(|asked| {
                    token.is_some_and(|token| asked.http_01(token).is_some())
                        || of_name.is_some_and(|name| asked.tls_alpn_01(name).is_some())
                });
                if is_there {
                    return Ok(());
                }
                tokio::task::yield_now().await;
            }
        })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.shelf.changes.subscribe()
    }

    fn may_order(&self, _: &str) -> BookFuture<Option<OrderPermit>> {
        let may_order = Arc::clone(&self.may_order);
        let may = may_order.load(Ordering::SeqCst);
        let permit = may.then(|| OrderPermit::new(move || may_order.load(Ordering::SeqCst)));
        Box::pin(async move { permit })
    }
}

/// The authority asks the first machine, and the second one orders.
async fn one_orders_and_both_serve(challenge: Challenge) {
    let Some(mut asked) = House::with_authority(challenge, Wishes::default()).await else {
        return;
    };
    let (directory, ca) = (asked.asked.directory.clone(), asked.asked.ca.clone());
    let mut ordering = House::alone(challenge, directory, ca).await;
    let shelf = Arc::new(Shelf::default());
    let (first, second) = (Book::of(&shelf, false), Book::of(&shelf, true));
    asked.book = Some(Arc::clone(&first) as Arc<dyn CertificateBook>);
    ordering.book = Some(Arc::clone(&second) as Arc<dyn CertificateBook>);
    let acme = asked.start(&["a.example"]);
    *shelf.asked.lock().unwrap() = Some(Arc::clone(acme.challenges()));
    let other = ordering.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_certificate).await;
    assert_eq!(standing.failures, None);
    wait(&other, "a.example", has_certificate).await;
    let found = |acme: &edge::acme::Acme| acme.issued().find("a.example").unwrap();
    assert_eq!(found(&acme).cert, found(&other).cert);
    let read = |house: &House, file: &str| std::fs::read(house.storage().join(file)).unwrap();
    assert_eq!(
        read(&asked, "account.json"),
        read(&ordering, "account.json")
    );
    let file = "a.example.certificate.pem";
    assert_eq!(read(&asked, file), read(&ordering, file));
    let issued = asked.authority.as_ref().unwrap().issued();
    assert_eq!(issued, 1);

    // The machine that ordered is gone. The other one renews, with the same account.
    ordering.stop.cancel();
    other.stopped().await;
    second.may_order.store(false, Ordering::SeqCst);
    first.may_order.store(true, Ordering::SeqCst);
    let before = found(&acme);
    asked.set_clock(standing.valid_until.unwrap());
    acme.set_names(set(&["a.example"]));
    crate::wait_for_other(&acme, "a.example", &before).await;
    assert_eq!(
        read(&asked, "account.json"),
        read(&ordering, "account.json")
    );

    // When the first machine comes back with its old folder, it takes the newer certificate.
    let after = found(&acme);
    let other = ordering.start(&["a.example"]);
    crate::wait_for_other(&other, "a.example", &before).await;
    assert_eq!(found(&other).cert, after.cert);
    assert_eq!(asked.authority.as_ref().unwrap().issued(), 2);
}

#[tokio::test]
async fn another_machine_answers_in_the_clear() {
    one_orders_and_both_serve(Challenge::Http01).await;
}

#[tokio::test]
async fn another_machine_answers_in_handshakes() {
    one_orders_and_both_serve(Challenge::TlsAlpn01).await;
}

#[tokio::test]
async fn what_a_machine_had_alone_is_given_to_the_others() {
    let Some(mut alone) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    let acme = alone.start(&["a.example"]);
    wait(&acme, "a.example", has_certificate).await;
    alone.stop.cancel();
    acme.stopped().await;
    // The authority cannot be asked when to renew, so nothing else is to be done soon.
    alone.authority.as_mut().unwrap().stop();
    let shelf = Arc::new(Shelf::default());
    let book = Book::of(&shelf, true);
    let mut changed = book.changed();
    book.is_away.store(true, Ordering::SeqCst);
    alone.book = Some(Arc::clone(&book) as Arc<dyn CertificateBook>);
    let _acme = alone.start(&["a.example"]);
    let names = [
        "account.json",
        "a.example.certificate.pem",
        "a.example.attempt.json",
    ];
    let folder = alone.storage();
    let folder = folder.file_name().unwrap().to_str().unwrap();
    // It tries again after a while.
    let mut tries = book.tries.subscribe();
    tries.wait_for(|tries| *tries > 0).await.unwrap();
    book.is_away.store(false, Ordering::SeqCst);
    tokio::time::pause();
    let begin = tokio::time::Instant::now();
    changed
        .wait_for(|_| names.iter().all(|name| book.get(folder, name).is_some()))
        .await
        .unwrap();
    assert!(begin.elapsed() < Duration::from_mins(10));
    for name in names {
        let kept = std::fs::read_to_string(alone.storage().join(name)).unwrap();
        assert_eq!(book.get(folder, name).as_deref(), Some(&*kept), "{name}");
    }
}

#[tokio::test]
async fn who_loses_the_permission_does_not_go_on_and_the_next_one_does() {
    let Some(mut losing) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    let (directory, ca) = (losing.asked.directory.clone(), losing.asked.ca.clone());
    let mut next = House::alone(Challenge::Http01, directory, ca).await;
    let shelf = Arc::new(Shelf::default());
    let (first, second) = (Book::of(&shelf, true), Book::of(&shelf, true));
    losing.book = Some(Arc::clone(&first) as Arc<dyn CertificateBook>);
    next.book = Some(Arc::clone(&second) as Arc<dyn CertificateBook>);
    let acme = losing.start(&["a.example"]);
    // The order waits until the machine that is asked has the challenge response.
    let mut changed = first.changed();
    let is_announced = |_: &u64| {
        let files = shelf.files.lock().unwrap();
        files.keys().any(|path| path.ends_with("challenges.json"))
    };
    changed.wait_for(is_announced).await.unwrap();
    first.may_order.store(false, Ordering::SeqCst);
    *shelf.asked.lock().unwrap() = Some(Arc::clone(acme.challenges()));
    let other = next.start(&["a.example"]);
    for acme in [&other, &acme] {
        let standing = wait(acme, "a.example", has_certificate).await;
        assert_eq!(standing.failures, None);
    }
    let found = |acme: &edge::acme::Acme| acme.issued().find("a.example").unwrap();
    assert_eq!(found(&acme).cert, found(&other).cert);
    assert_eq!(losing.authority.as_ref().unwrap().issued(), 1);
}
