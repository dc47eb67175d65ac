//! Tests of group links to a date of a class.

use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::classes::class;
use crate::hours::listed;
use crate::newcomers;
use crate::stage::{Stage, call_as_script, on_default};

const LINKS: &str = "/api/v1/me/group-links";

#[test]
fn who_registers_with_a_link_to_a_class_lands_on_its_page() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = newcomers::open(stage).await;
        let (farah, _, _) = class(&stage, &json!({"seats": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[0].clone();
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let places = format!("{LINKS}/places");
        let found = call_as_script(&stage, &farah, "GET", &places, &Value::Null).await;
        let found = found.with(200).json();
        assert_eq!(found["items"][0]["path"], path.as_str());
        assert_eq!(found["items"][0]["starts_at"], slot["starts_at"]);
        // Providers make links to their own classes alone, administrators to everybody's.
        let new = json!({"path": path, "uses": 2, "days": 7});
        let mei = stage.person_as("Mei Lin", PROVIDER).await;
        let refused = call_as_script(&stage, &mei, "POST", LINKS, &new).await;
        refused.expect(403);
        let nowhere = json!({"uses": 2, "days": 7});
        let refused = call_as_script(&stage, &farah, "POST", LINKS, &nowhere).await;
        refused.expect(422);
        let owner = stage.person_as("Siti Owner", OWNER).await;
        for maker in [&farah, &owner] {
            let made = call_as_script(&stage, maker, "POST", LINKS, &new).await;
            assert_eq!(made.with(201).json()["title"], slot["title"]);
        }

        let page = stage.person("Tan Wei").await.browser.get(&path).await;
        page.expect(200);
        let found = call_as_script(&stage, &farah, "GET", LINKS, &Value::Null).await;
        let found = found.with(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        let url = found["items"][0]["url"].as_str().unwrap();
        let group = &url[url.find("/group/").unwrap()..];
        let mut ravi = stage.visitor();
        ravi.get(group).await.expect(303);
        let page = ravi.get("/register").await;
        let mut form = page.expect(200).form("/register");
        form.fill("display_name", "Ravi Kumar")
            .fill("email", "ravi@example.my")
            .fill("password", "a long sentence of five words");
        stage.world.clock.advance(SignedDuration::from_secs(10));
        ravi.submit(&page, &form).await.expect(202);
        let mails = stage.world.mails().await;
        let mail = mails.iter().find(|mail| mail.recipient.contains("ravi@"));
        let text = &mail.unwrap().text;
        let at = text.find("/verify/").unwrap();
        let link = text[at..].split_whitespace().next().unwrap();
        let page = ravi.get(link).await;
        let form = page.expect(200).form("");
        let done = ravi.submit(&page, &form).await;
        assert_eq!(done.expect(303).location(), Some(path.as_str()));
        // Who is signed in is led there at once.
        let page = aina.browser.get(group).await;
        assert_eq!(page.expect(303).location(), Some(path.as_str()));
    });
}
