//! Telephone numbers of other countries in lists.

use occasions_lists::import::ChoiceKind;
use platform::{Rows, sql};

use crate::import_choices::choose;
use crate::imports::{KEPT, apply, check, empty, records, upload};
use crate::stage::on_both;

#[test]
fn a_number_of_another_country_is_read_by_its_row_or_asked_about() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        stage
            .change(|tx| {
                let home = sql!("UPDATE occasion SET country = 'IT'");
                tx.run(home, &[], Rows::Any)?;
                Ok(())
            })
            .await;
        // In Italy, 012-345 6788 is a number too, and 013-345 6789 is none.
        let file = "Name,Phone,Country\nAnn Lim,012-345 6789,Malaysia\nBo Tan,013-345 6789,\n\
                    Cid Ong,+60 12-345 6780,\nDino Rossi,347 123 4567,\n\
                    Eva Bianchi,012-345 6781,Italy\nFay Ong,012-345 6788,\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let told = found.findings.iter();
        let told = told.filter(|one| one.code.starts_with("phone_"));
        let told: Vec<_> = told.map(|one| (one.row, one.code, &*one.value)).collect();
        let wanted = [
            (2, "phone_of_country", "012-345 6789 → +60123456789"),
            (3, "phone_abroad", "013-345 6789 · +60133456789"),
            (7, "phone_abroad", "012-345 6788 · +60123456788"),
        ];
        assert_eq!(told, wanted);
        let asked = found.choices.iter();
        let asked: Vec<_> = asked.map(|one| (one.row, one.kind, &*one.chosen)).collect();
        let phone = ChoiceKind::Phone;
        let wanted = [(3, phone, "013-345 6789"), (7, phone, "012-345 6788")];
        assert_eq!(asked, wanted);
        let key = found.choices[0].key.clone();
        choose(stage, &id, &key, Some("+60133456789")).await;
        let found = check(stage, &id).await;
        let left = found.findings.iter();
        let left = left.filter(|one| one.code == "phone_abroad");
        assert_eq!(left.map(|one| one.row).collect::<Vec<_>>(), [7]);
        assert_eq!(apply(stage, &id, KEPT).await.made, 6);
        let all = records(stage).await;
        let phone = |name: &str| {
            let one = all.iter().find(|one| one["household"] == name);
            one.unwrap()["phone"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        for (name, number) in [
            ("Ann Lim", "+60123456789"),
            ("Bo Tan", "+60133456789"),
            ("Dino Rossi", "347 123 4567"),
            ("Eva Bianchi", "012-345 6781"),
            ("Fay Ong", "012-345 6788"),
        ] {
            assert_eq!(phone(name), number, "{name}");
        }
    });
}
