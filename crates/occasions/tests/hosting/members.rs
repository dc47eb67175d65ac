//! Who works on an occasion: whom its owners share it with.

use crate::pages::HOME;
use crate::stage::on_both;

#[test]
fn the_other_hosts_of_one_s_own_occasion_are_listed_with_what_is_shared() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get("/me/shared").await;
        let ends = page.forms().into_iter();
        let mut ends: Vec<_> = ends
            .filter(|form| form.action == format!("{HOME}/members/remove"))
            .collect();
        assert_eq!(ends.len(), 2, "{}", page.text());
        let form = ends.pop().unwrap();
        let ended = owner.submit(&page, &form).await;
        assert_eq!(ended.location(), Some("/me/shared?done=ended"));
        let page = owner.get("/me/shared").await;
        assert!(page.text().contains("Works on your occasion"));
        // Who owns no occasion shares none.
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = coordinator.get("/me/shared").await;
        assert!(!page.text().contains("Works on your occasion"));
    });
}
