//! The demo site, with the paths of older wedding cards in addition to the guests' pages.

use axum::Extension;
use axum::extract::Request;
use compat::kadkahwin::{self, ServedOccasion};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use occasions::rsvp;
use site::domain::Domains;
use site::domains;
use testkit::World;
use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;
use upgrade::OnUpgrade;
use web::Peer;

pub(crate) use crate::demo::{Stage, guest, state};
pub(crate) use testkit::assert_private;

const DOMAINS: Domains = &[accounts::DOMAIN, occasions_all::DOMAIN, kadkahwin::DOMAIN];

pub(crate) fn on_sqlite<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::in_file(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Runs the test with SQLite, in a runtime with paused time.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_one_thread<F: AsyncFn(&Stage<'_>)>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = World::sqlite(&domains::migrations(DOMAINS));
    runtime.block_on(run(&world, &test));
}

/// Runs the test on the default engine.
pub(crate) fn on_default<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::default_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::each_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

async fn run<F: AsyncFn(&Stage<'_>)>(world: &World, test: &F) {
    // Nearly every reply enqueues a confirmation mail, which may still wait when a test ends.
    world.expect_jobs(rsvp::CONFIRM);
    let languages = ["en", "ms", "it", "zh-Hans", "ar"];
    let stage = Stage::build(world, DOMAINS, &languages, |site, gate| {
        let served = ServedOccasion::new(occasions::demo::SLUG);
        kadkahwin::routes(served, site, gate, CancellationToken::new())
    });
    test(&stage.await).await;
}

impl Stage<'_> {
    /// A raw connection from this IP address, on which a test can send any bytes.
    pub(crate) fn connection(&self, address: &str) -> DuplexStream {
        let (client, server) = tokio::io::duplex(64 << 10);
        let peer = Extension(Peer(address.parse().unwrap()));
        let upgrade = axum::middleware::map_request(async |mut request: Request| {
            let switching = hyper::upgrade::on(&mut request);
            let switching = async { Some(Box::new(TokioIo::new(switching.await.ok()?)) as _) };
            request.extensions_mut().insert(OnUpgrade::new(switching));
            request
        });
        let service = self.router.clone().layer(peer).layer(upgrade);
        let service = TowerToHyperService::new(service);
        let served = http1::Builder::new().serve_connection(TokioIo::new(server), service);
        tokio::spawn(served.with_upgrades());
        client
    }
}
