//! Tests of the page about machines.

use platform::{Rows, StoreError, Tx, sql};
use testkit::{Engine, World};

use super::{MIGRATIONS, site, somebody};

const PAGE: &str = "/admin/server/machines";

#[test]
fn owners_see_the_machines_that_use_the_store() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (accounts, router, _) = site(world);
        let mut owner = somebody(world, &accounts, &router, true).await;
        let overview = owner.get("/admin/server").await.text();
        assert!(overview.contains("Machines Mail and DNS"), "{overview}");
        let page = owner.get(PAGE).await.with(200).text();
        assert!(page.contains("1.0.0"), "{page}");
        let says_so = |part: &str| page.contains(part);
        let is_alone = world.engine() == Engine::Sqlite;
        assert_eq!(says_so("Several machines need PostgreSQL"), is_alone);
        // The server of the tests has no standby.
        assert_eq!(says_so("can be lost with the primary server"), !is_alone);
        assert_eq!(says_so("Leads"), !is_alone, "{page}");
        // The world's clock is not the database's.
        assert_eq!(says_so("Clock is wrong"), !is_alone, "{page}");

        if !is_alone {
            // A process that was killed. Nobody knows its clock any more.
            let kill = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                tx.run(
                    sql!(
                        "INSERT INTO machine_process (id, machine, boot, name, version, addresses,
                             files, files_mark, shared, clock_ahead, started_at, seen_at, until_at)
                         SELECT 'dead', 'dead', boot, 'dead', version, addresses, files, files_mark,
                             shared, 0, started_at, seen_at - 60000, seen_at - 50000
                         FROM machine_process"
                    ),
                    &[],
                    Rows::Exactly(1),
                )?;
                Ok(())
            };
            world.store().write(kill).await.unwrap();
            let page = owner.get(PAGE).await.with(200).text();
            assert!(page.contains("Not seen lately"), "{page}");
            assert!(!page.contains("Clock is right"), "{page}");
        }

        let mut other = somebody(world, &accounts, &router, false).await;
        other.get(PAGE).await.with(404);
    });
}
