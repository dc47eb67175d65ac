//! Tests of mails with a single-use link: neither the store nor the files beside it contain the
//! link in clear text.

use platform::Keyring;
use platform::mail::{Mailer, NewMail, State, mailbox, sealed_text};
use testkit::World;

use crate::smtp::{Encryption, Server};
use crate::{MIGRATIONS, mail_to, read, send, states, text_key, worker, worker_to};

const LINK: &str = "https://kenduri.example/reset/wXq2LkJ8pYt0sVb7RzN4cHg";

/// A mail with a link in its plain text and in its HTML part.
fn with_link() -> NewMail {
    NewMail {
        text: format!("Set a new password:\n{LINK}\n"),
        html: Some(format!("<a href=\"{LINK}\">New password</a>")),
        seal: Some(text_key()),
        scope: None,
        ..mail_to("rahma@example.my")
    }
}

#[test]
fn a_link_is_in_the_mail_that_leaves_and_nowhere_else() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        send(world, with_link()).await;
        assert_eq!(world.places_of(LINK), [""; 0], "while it waits");
        worker_to(world, &server).run_due().await.unwrap();
        let received = server.received().remove(0);
        assert_eq!(received.text.matches(LINK).count(), 2, "{}", received.text);
        assert_eq!(world.places_of(LINK), [""; 0], "when it has left");
    });
}

#[test]
fn the_mailbox_opens_what_is_sealed_with_its_key() {
    World::each_engine(MIGRATIONS, async |world| {
        let id = send(world, with_link()).await;
        worker(world, Mailer::Mailbox).run_due().await.unwrap();
        assert_eq!(world.places_of(LINK), [""; 0]);
        let search = mailbox::Search {
            words: "NEW password".to_owned(),
            ..mailbox::Search::default()
        };
        let found = read(world, move |tx| mailbox::list(tx, &text_key(), &search)).await;
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains(LINK));
        assert!(found[0].html.as_ref().unwrap().contains(LINK));
        let other = Keyring::new([8; 32], &[]).key(sealed_text::PURPOSE);
        let shown = read(world, move |tx| mailbox::find(tx, &other, &id)).await;
        assert_eq!(shown.unwrap().text, "", "the key file is another one");
    });
}

#[test]
fn what_another_key_sealed_is_given_up() {
    World::each_engine(MIGRATIONS, async |world| {
        let sealed = NewMail {
            seal: Some(Keyring::new([8; 32], &[]).key(sealed_text::PURPOSE)),
            ..mail_to("rahma@example.my")
        };
        send(world, sealed).await;
        worker(world, Mailer::Mailbox).run_due().await.unwrap();
        assert_eq!(states(world).await, [State::Failed]);
    });
}
