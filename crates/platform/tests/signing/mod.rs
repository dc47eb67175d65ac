//! Tests of the parts of a mail that its signature covers.

use platform::mail::dkim;
use platform::{Keyring, StoreError, Tx};
use testkit::World;

use super::smtp::{Encryption, Server};
use super::{MIGRATIONS, mail_to, send, worker_to};

/// Mail programs show the first of two header fields with the same name, while verifiers check the
/// last. The DKIM signature lists each field once more than it occurs, so that inserting a second
/// field breaks the signature.
#[test]
fn no_second_field_can_be_put_before_a_signed_one() {
    World::each_engine(MIGRATIONS, async |world| {
        let (private, public) = dkim::generate().unwrap();
        let make = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let key = Keyring::new([7; 32], &[]).key(dkim::PURPOSE);
            dkim::keep(tx, &key, "example.org", &private, &public)?;
            dkim::note_seen(tx, "example.org", true)
        };
        world.store().write(make).await.unwrap();
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        send(world, mail_to("rahma@example.my")).await;
        worker.run_due().await.unwrap();
        let received = server.received();
        let mut lines = received[0].text.lines();
        let list = lines
            .find_map(|line| line.trim().strip_prefix("h="))
            .unwrap();
        let names: Vec<&str> = list.trim_end_matches(';').split(':').collect();
        for name in ["from", "to", "subject", "date", "reply-to"] {
            let count = names.iter().filter(|one| **one == name).count();
            assert_eq!(count, 2, "{name}: {list}");
        }
    });
}
