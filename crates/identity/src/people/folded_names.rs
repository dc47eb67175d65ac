//! Names as people search for them. The database engines know the capitals of ASCII letters only, so
//! Rust folds a name ([`text_cleaning::fold`]) where it is written. Names from before that, and names
//! that an older program wrote, are folded here, in batches.

use platform::jobs::{Done, Handler};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use web::Site;

use crate::account::AccountId;

const BATCH: u32 = 500;

#[derive(Row)]
struct Name {
    id: AccountId,
    #[row(rename = "display_name")]
    shown: String,
    #[row(rename = "folded_name")]
    folded: Option<String>,
}

/// The daily job that folds names.
pub fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::each_day("accounts.fold_names", move |_| {
        let site = site.clone();
        async move {
            run(&site).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`job`] once.
pub async fn run(site: &Site) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let look = move |tx: &mut Tx<'_>| -> Result<Vec<Name>, StoreError> {
            sql!(
                "SELECT {Name} FROM account WHERE id > :after ORDER BY id LIMIT :most",
                after,
                most = BATCH
            )
            .all(tx)
        };
        let names = site.store.read(look).await?;
        let Some(last) = names.last() else {
            return Ok(());
        };
        after = last.id.to_string();
        let stale = names
            .into_iter()
            .filter(|name| name.folded.as_ref() != Some(&name.fold()));
        let stale: Vec<Name> = stale.collect();
        if !stale.is_empty() {
            site.store.write(move |tx| fold(tx, &stale)).await?;
        }
    }
}

fn fold(tx: &mut Tx<'_>, names: &[Name]) -> Result<(), StoreError> {
    for name in names {
        sql!(
            "UPDATE account SET folded_name = :folded WHERE id = :id AND display_name = :name",
            folded = name.fold(),
            id = name.id,
            name = name.shown
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

impl Name {
    fn fold(&self) -> String {
        text_cleaning::fold(&self.shown)
    }
}
