//! The common code of the gateways' test doubles: a server in a background task, and faults that
//! make requests fail.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::watch;

/// The way in which a request to a double fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection closes before the double processes the request.
    Before,
    /// The double processes the request, but the connection closes without a response.
    After,
    /// The double does not process the request, and responds with this status.
    Status(u16),
    /// The double neither processes the request nor responds.
    SilentBefore,
    /// The double processes the request, but never responds.
    SilentAfter,
}

/// A gateway's records.
pub(crate) trait Answering: Send + 'static {
    fn answer(&mut self, head: &Parts, body: &[u8]) -> (u16, Value);
}

/// A running double. Clones share its state.
#[derive(Debug)]
pub(crate) struct Double<B> {
    pub(crate) url: String,
    book: Arc<Mutex<B>>,
    /// The planned fault, and the number of requests before it.
    fault: Arc<Mutex<Option<(usize, Fault)>>>,
    calls: Arc<Mutex<Vec<String>>>,
    is_down: Arc<AtomicBool>,
    silent: watch::Sender<usize>,
}

impl<B> Clone for Double<B> {
    fn clone(&self) -> Self {
        Self {
            url: self.url.clone(),
            book: self.book.clone(),
            fault: self.fault.clone(),
            calls: self.calls.clone(),
            is_down: self.is_down.clone(),
            silent: self.silent.clone(),
        }
    }
}

impl<B: Answering> Double<B> {
    /// Starts the double in a background task.
    pub(crate) async fn start(book: B) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let double = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            book: Arc::new(Mutex::new(book)),
            fault: Arc::default(),
            calls: Arc::default(),
            is_down: Arc::default(),
            silent: watch::channel(0).0,
        };
        let served = double.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| served.clone().serve(request));
                    let http = hyper::server::conn::http1::Builder::new();
                    // This fails if a fault closes the connection.
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        double
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, B> {
        self.book.lock().unwrap()
    }

    /// Plans a fault: after `others` further requests, the next one fails in this way.
    pub(crate) fn fail(&self, others: usize, fault: Fault) {
        *self.fault.lock().unwrap() = Some((others, fault));
    }

    /// Cancels the planned fault.
    pub(crate) fn recover(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// Answers every request with an error, or works again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    /// Waits until the double leaves a request without a response.
    pub(crate) fn silence(&self) -> impl Future<Output = ()> + use<B> {
        let mut silent = self.silent.subscribe();
        let before = *silent.borrow_and_update();
        async move {
            silent.wait_for(|count| *count > before).await.unwrap();
        }
    }

    /// The requests so far, each with method and path.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut planned = self.fault.lock().unwrap();
        match planned.take() {
            Some((0, fault)) => Some(fault),
            Some((others, fault)) => {
                *planned = Some((others - 1, fault));
                None
            }
            None => None,
        }
    }

    async fn serve(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let fault = self.next_fault();
        if let Some(Fault::Before | Fault::SilentBefore | Fault::Status(_)) = fault {
            return self.fail_now(fault).await;
        }
        let call = format!("{} {}", head.method, head.uri.path());
        self.calls.lock().unwrap().push(call);
        if self.is_down.load(Ordering::Relaxed) {
            return self.fail_now(Some(Fault::Status(500))).await;
        }
        let (status, answer) = self.book().answer(&head, &body);
        if fault.is_some() {
            return self.fail_now(fault).await;
        }
        let mut response = Response::new(Full::new(answer.to_string().into()));
        *response.status_mut() = status.try_into().unwrap();
        Ok(response)
    }

    async fn fail_now(&self, fault: Option<Fault>) -> Result<Response<Full<Bytes>>, io::Error> {
        match fault {
            Some(Fault::Status(status)) => {
                let body = json!({"error": {"code": "SERVER_ERROR", "description": "later"}});
                let mut response = Response::new(Full::new(body.to_string().into()));
                *response.status_mut() = status.try_into().unwrap();
                Ok(response)
            }
            Some(Fault::SilentBefore | Fault::SilentAfter) => {
                self.silent.send_modify(|count| *count += 1);
                let never: Infallible = std::future::pending().await;
                match never {}
            }
            _ => Err(io::Error::other("closed on purpose")),
        }
    }
}

/// Runs `work` until it completes, or until the gateway leaves a request without a response. In the
/// second case, `work` is dropped, as if the process had been killed.
pub(crate) async fn run_or_die<B: Answering, T: Send + 'static>(
    double: &Double<B>,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let silence = double.silence();
    let mut running = tokio::spawn(work);
    let ended = tokio::select! {
        ended = &mut running => Some(ended.unwrap()),
        () = silence => None,
    };
    running.abort();
    double.recover();
    ended
}
