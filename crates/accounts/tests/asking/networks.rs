//! Tests that limits on registrations and mails apply to a whole network, not only to single
//! addresses.

use identity::account;
use identity::limits::request_limits::RequestLimits;
use identity::person::registration::{self, RegisterError, Registrant};
use identity::person::reset::{self, AskError, Wanted};
use identity::person::verification;
use jiff::SignedDuration;
use platform::limits::Limits;
use platform::{Secret, Tx, sql};
use site::Context;
use testkit::World;
use web::Network;

use crate::registering::{expect, open};
use crate::resetting::work;
use crate::stage::{MIGRATIONS, PASSWORD, client, in_process, new_account, person, read};

/// The /64 network `number` in the /48 network `block`.
fn of_block(block: u16, number: u16) -> Network {
    let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, block, number, 0, 0, 0, 1);
    Network::of(address.into())
}

/// Two processes that share only the store.
fn processes(world: &World) -> [Context; 2] {
    let one = open(world);
    let other = {
        let mut changed = in_process(&one, &world.second_store());
        changed.limits = RequestLimits::of(&Limits::default());
        changed
    };
    [one, other]
}

async fn register(accounts: &Context, email: &str, network: Network) -> bool {
    let registrant = Registrant {
        account: new_account(email),
        password: identity::credential::password::Password::choose(&Secret::new(PASSWORD), &[])
            .unwrap(),
        slug: None,
        form_stamp: None,
        is_bot: false,
        group: None,
        earlier: None,
    };
    let before = accounts.hasher.count();
    let registered = registration::register(accounts, registrant, network, &client(1)).await;
    match registered {
        Ok(_) => true,
        Err(RegisterError::UsedUp { wait, .. }) => {
            assert!((1..=3_600).contains(&wait.seconds));
            assert_eq!(accounts.hasher.count(), before, "refused before the hash");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

async fn ask(accounts: &Context, number: u16, network: Network) -> bool {
    let email = format!("{number}@example.my").parse().unwrap();
    match reset::ask(accounts, &email, Wanted::Reset, network).await {
        Ok(()) => true,
        Err(AskError::UsedUp(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_v6_block_registers_four_times_as_often_as_one_network_through_whichever_process() {
    World::default_engine(&MIGRATIONS, async |world| {
        let processes = processes(world);
        let mut registered = Vec::new();
        for number in 0..120 {
            let email = format!("{number}@example.my");
            // Each registration comes from another /56 network of the same /48.
            let network = of_block(1, number << 8 | number);
            if register(&processes[usize::from(number % 2)], &email, network).await {
                registered.push(email);
            }
        }
        assert_eq!(registered.len(), 40);
        let elsewhere = "elsewhere@example.my".to_owned();
        assert!(register(&processes[0], &elsewhere, of_block(2, 0)).await);
        registered.push(elsewhere);
        for email in registered {
            expect(world, &processes[0], &email, "mail-verify-subject");
        }
    });
}

#[test]
fn each_larger_network_asks_for_more_links_and_shares_them_among_processes() {
    World::default_engine(&MIGRATIONS, async |world| {
        world.expect_jobs("accounts.mail_link");
        let processes = processes(world);
        let mut number = 0;
        // Sends each request from another one of these networks. Returns how many requests are
        // accepted.
        let mut count = async |networks: &dyn Fn(u16) -> Network, tries: u16| {
            let mut asked = 0;
            for turn in 0..tries {
                number += 1;
                let process = &processes[usize::from(turn % 2)];
                asked += u16::from(ask(process, number, networks(turn)).await);
            }
            asked
        };
        assert_eq!(count(&|_| of_block(1, 0x0100), 12).await, 10, "a /64");
        assert_eq!(
            count(&|turn| of_block(1, 0x0100 | turn), 30).await,
            10,
            "with the /56 20"
        );
        assert_eq!(
            count(&|turn| of_block(1, turn << 8), 60).await,
            20,
            "with the /48 40"
        );
        assert_eq!(
            count(&|turn| of_block(turn, turn), 200).await,
            120,
            "with the /32 160"
        );
        let v4 = |third, fourth| Network::of([203, 0, third, fourth].into());
        assert_eq!(count(&|_| v4(113, 7), 12).await, 10, "an address");
        let fourth = |turn: u16| u8::try_from(turn).unwrap();
        assert_eq!(
            count(&|turn| v4(113, fourth(turn)), 50).await,
            30,
            "with the /24 40"
        );
        assert_eq!(count(&|_| v4(114, 7), 1).await, 1, "another /24");
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(count(&|_| of_block(1, 0x0100), 1).await, 1, "an hour later");
    });
}

/// The priority and the queue lane of each waiting mail, ordered by recipient.
async fn waiting(world: &World) -> Vec<(String, i64, Option<String>)> {
    let look = |tx: &mut Tx<'_>| {
        let waiting = sql!(
            "SELECT mail.recipient, job.priority, job.line
             FROM job JOIN mail ON job.unique_key = 'mail:' || mail.id ORDER BY mail.recipient"
        );
        tx.all(waiting, &[])
    };
    read(world.store(), look).await
}

#[test]
fn mails_that_strangers_cause_wait_in_the_line_of_their_network() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        person(world, "known@example.my", None).await;
        assert!(register(&accounts, "new@example.my", of_block(1, 1)).await);
        for (email, network) in [("known", of_block(1, 2)), ("nobody", of_block(2, 1))] {
            let email = format!("{email}@example.my").parse().unwrap();
            let asked = reset::ask(&accounts, &email, Wanted::Reset, network).await;
            asked.unwrap();
        }
        let asked = world.jobs().await;
        assert_eq!(asked.len(), 3, "for an address that nobody has too");
        work(world, &accounts).await;
        let mails = waiting(world).await;
        let [(known, before, one), (new, behind, other)] = &mails[..] else {
            panic!("{mails:?}")
        };
        assert_eq!((&**known, &**new), ("known@example.my", "new@example.my"));
        assert!(one.is_some() && one == other, "one /48, one line");
        assert!(0 < *before && before < behind);
        // A link that a signed-in person requests has the normal priority and no queue lane.
        let find = |tx: &mut Tx<'_>| {
            account::find_by_email(tx, &"known@example.my".parse().unwrap()).map(Option::unwrap)
        };
        let known = read(world.store(), find).await;
        verification::send_again(&accounts, &known, of_block(1, 1))
            .await
            .unwrap();
        let mails = waiting(world).await;
        assert!(
            mails
                .iter()
                .any(|(_, priority, line)| *priority < 0 && line.is_none())
        );
        for (email, subject) in [
            ("known@example.my", "mail-reset-subject"),
            ("known@example.my", "mail-verify-subject"),
            ("new@example.my", "mail-verify-subject"),
        ] {
            expect(world, &accounts, email, subject);
        }
    });
}
