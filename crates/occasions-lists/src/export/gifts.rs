//! Exports three lists: the wish list with its reservations, the received gifts, and the uploads.

use occasions::gift;
use occasions::hosting::{HostOf, Refusal, gifts, received_gifts, uploads};
use platform::Tx;
use platform::money::Money;

use super::table::Ground;
use super::{Cell, Sheet};
use web::Deadline;

impl Ground<'_> {
    /// Builds one row per reservation, and one row for each gift that nobody has reserved.
    pub(super) fn gifts(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<Sheet, Refusal> {
        let reservations = gifts::reservations(tx, host)?;
        let mut rows = Vec::new();
        for gift in gift::of(tx, &self.occasion.id)? {
            let default = &self.occasion.default_language;
            let name = gift.name.pick(self.text.language(), default).to_string();
            let price = gift.whole_price(&self.occasion).map(Money::decimal);
            let about = || {
                vec![
                    Cell::from(name.as_str()),
                    Cell::from(price.clone()),
                    Cell::from(gift.quantity),
                ]
            };
            let own: Vec<_> = reservations
                .iter()
                .filter(|one| one.gift == gift.id)
                .collect();
            if own.is_empty() {
                rows.push(about());
            }
            for one in own {
                let mut row = about();
                row.extend([
                    Cell::from(one.household.as_str()),
                    Cell::from(one.quantity),
                    Cell::from(&*self.text.say(one.state.label())),
                    Cell::from(one.note.as_str()),
                ]);
                rows.push(row);
            }
        }
        for row in &mut rows {
            row.resize_with(7, || Cell::Empty);
        }
        Ok(Sheet {
            name: self.name("host-export-sheet-gifts"),
            headings: self.say(&[
                "host-field-gift-name",
                "host-field-gift-price",
                "host-field-gift-quantity",
                "host-export-household",
                "host-export-pieces",
                "host-export-gift-state",
                "host-export-note",
            ]),
            rows,
        })
    }

    /// Builds one row per received gift, the latest first.
    pub(super) fn received_gifts(&self, tx: &mut Tx<'_>) -> Result<Sheet, Refusal> {
        let zone = self.occasion.zone();
        let all = received_gifts::of(tx, &self.occasion.id)?;
        let rows = all.iter().map(|one| {
            let day = Deadline::of(&one.received_on.to_zoned(zone.clone())).day();
            vec![
                Cell::from(one.giver.as_str()),
                Cell::from(one.description.as_str()),
                Cell::from(one.money().map(Money::decimal)),
                Cell::from(one.amount.map(|_| one.currency.clone())),
                Cell::from(day.to_string()),
                self.yes_or_no(one.thanked_at.is_some()),
            ]
        });
        Ok(Sheet {
            rows: rows.collect(),
            name: self.name("host-export-sheet-received"),
            headings: self.say(&[
                "host-field-received-giver",
                "host-field-received-description",
                "host-field-received-amount",
                "host-field-currency",
                "host-field-received-on",
                "host-thanked",
            ]),
        })
    }

    /// Builds one row per upload, the oldest first.
    pub(super) fn uploads(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<Sheet, Refusal> {
        let zone = self.occasion.zone();
        let all = uploads::all(tx, host)?;
        let rows = all.iter().map(|one| {
            let day = one.upload.created_at.to_zoned(zone.clone()).date();
            vec![
                Cell::from(one.household.as_str()),
                Cell::from(one.upload.name.as_str()),
                Cell::from(one.upload.caption.as_str()),
                Cell::from(&*self.text.say(one.upload.state.label())),
                Cell::from(one.upload.bytes),
                Cell::from(one.upload.file.as_str()),
                Cell::from(day.to_string()),
            ]
        });
        Ok(Sheet {
            rows: rows.collect(),
            name: self.name("host-export-sheet-uploads"),
            headings: self.say(&[
                "host-export-household",
                "host-upload-name",
                "host-upload-caption",
                "host-state",
                "host-upload-bytes",
                "host-upload-file",
                "host-upload-day",
            ]),
        })
    }
}
