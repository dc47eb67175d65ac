use crate::stage::on_both;
use occasions::hosting::{
    listing::{self, people},
    summary,
};
use platform::{Rows, sql};
use std::time::Instant;
use web::Piece;
#[test]
fn bench() {
    on_both(async |stage| {
        for batch in 0..50 {
            stage
                .done(move |tx, host| {
                    for n in 0..100 {
                        let new = occasions::hosting::invitations::Change {
                            household: Some(format!("Household {batch} {n}")),
                            guests: Some(
                                (0..4)
                                    .map(|g| occasions::hosting::guests::New {
                                        name: format!("Guest {batch} {n} {g}"),
                                        ..Default::default()
                                    })
                                    .collect(),
                            ),
                            ..Default::default()
                        };
                        if batch * 100 + n < 4900 {
                            occasions::hosting::invitations::create(tx, host, &new, None)?;
                        }
                    }
                    Ok(())
                })
                .await;
        }
        stage
            .done(|tx, _| {
                tx.run(
                    sql!("UPDATE reply SET status = 'yes', answered_at = 1 WHERE guest < 'zzz'"),
                    &[],
                    Rows::Any,
                )
                .map_err(Into::into)
            })
            .await;
        for _ in 0..2 {
            let t = Instant::now();
            let list = stage
                .done(|tx, host| {
                    listing::invitations(
                        tx,
                        host,
                        &listing::Filter::default(),
                        listing::Sort::Household,
                        &Piece::read("").unwrap(),
                    )
                })
                .await;
            println!("list {:?} {:?}", t.elapsed(), list.total);
            let t = Instant::now();
            let f = listing::Filter {
                search: "household 7".into(),
                event: Some("nikah".into()),
                ..Default::default()
            };
            let list = stage
                .done(move |tx, host| {
                    listing::invitations(
                        tx,
                        host,
                        &f,
                        listing::Sort::Replied,
                        &Piece::read("").unwrap(),
                    )
                })
                .await;
            println!("search {:?} {:?}", t.elapsed(), list.total);
            let t = Instant::now();
            let list = stage
                .done(|tx, host| {
                    people::people(
                        tx,
                        host,
                        &people::Filter::default(),
                        &Piece::read("").unwrap(),
                    )
                })
                .await;
            println!("people {:?} {:?}", t.elapsed(), list.total);
            let t = Instant::now();
            stage.done(summary::load).await;
            println!("summary {:?}", t.elapsed());
        }
    });
}
