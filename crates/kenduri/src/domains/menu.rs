//! Tests of the menu: what each kind of person sees in it, that all of it is there, and where they
//! start after signing in.

use std::collections::BTreeSet;

use identity::grant::{self, Role, Scope};
use identity::session::Stay;
use occasions::id::OccasionId;
use platform::{StoreError, Tx, sql};
use site::{Context, domains};
use testkit::people::{begin, client, give, person};
use testkit::{Page, Visitor, World};
use web::setting::SettingValues;

use super::DOMAINS;
use super::off::{ALL, accounts, everything_on, off, router};

/// An account with these roles, each in its scope.
async fn somebody(world: &World, accounts: &Context, roles: &[(Role, Scope)]) -> Visitor {
    let email = format!("{}@example.my", world.platform.random.below(u32::MAX));
    let id = person(world, &email, None).await;
    for (role, scope) in roles {
        give(world, &id, *role, scope).await;
    }
    let begun = begin(world, &id, Stay::Visit, client(1)).await;
    let mut visitor = Visitor::new(router(accounts).await);
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor
}

/// The paths to which the element with this class leads.
fn links_in(page: &Page, nav: &str) -> Vec<String> {
    let Some((_, nav)) = page.body.split_once(&format!("<nav class=\"{nav}\"")) else {
        return Vec::new();
    };
    let (nav, _) = nav.split_once("</nav>").unwrap();
    let links = nav.split("href=\"").skip(1);
    let links = links.filter_map(|link| Some(link.split_once('"')?.0.to_owned()));
    links.filter(|href| href != "/").collect()
}

fn menu(page: &Page) -> Vec<String> {
    let (staff, member) = (links_in(page, "navigation"), links_in(page, "mytabs"));
    assert_ne!(staff.is_empty(), member.is_empty(), "one of the two frames");
    [staff, member].concat()
}

/// Opens everything to which the menu leads, and the tabs there.
async fn open_all(visitor: &mut Visitor, menu: &[String]) {
    let mut seen = BTreeSet::new();
    let mut next = menu.to_vec();
    next.push("/me/profile".to_owned());
    while let Some(path) = next.pop() {
        // The router of these tests has no pages of the operator.
        if path.starts_with("/admin/server") || !seen.insert(path.clone()) {
            continue;
        }
        let page = visitor.get(&path).await.with(200);
        for link in page.links() {
            assert!(!link.text.is_empty(), "{path}: {link:?}");
        }
        next.extend(links_in(&page, "subtabs"));
    }
}

/// Makes an occasion of these two people, whose slug are their names.
async fn make_occasion(world: &World, owner: &mut Visitor, first: &str, second: &str) -> Scope {
    owner.set_cookie("kd_zone", "Asia/Kuching");
    let page = owner.get("/admin/new").await;
    let mut form = page.form("/admin/new");
    form.fill("first", first)
        .fill("second", second)
        .fill("day", "2027-02-20");
    owner.submit(&page, &form).await.expect(303);
    let slug = format!("{first}-{second}").to_lowercase();
    let look = move |tx: &mut Tx<'_>| -> Result<OccasionId, StoreError> {
        let (id,): (OccasionId,) =
            sql!("SELECT id FROM occasion WHERE slug = :slug", slug).one(tx)?;
        Ok(id)
    };
    occasions::role::scope(&world.store().read(look).await.unwrap())
}

/// The path where a person starts, and their menu.
async fn start_and_menu(visitor: &mut Visitor) -> (String, Vec<String>) {
    let start = visitor.get("/me/start").await;
    let start = start.expect(303).location().unwrap().to_owned();
    visitor.get(&start).await.expect(200);
    let menu = menu(&visitor.get("/me").await.with(200));
    open_all(visitor, &menu).await;
    (start, menu)
}

const GIVEN: [&str; 5] = [
    "/me/slots",
    "/me/slots/requests",
    "/me/offers",
    "/me/hours",
    "/me/slots/payouts",
];
const RUN: [&str; 4] = [
    "/admin/people",
    "/admin/sessions",
    "/admin/money",
    "/admin/audit",
];

#[test]
fn each_kind_of_person_has_a_menu_and_a_start() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        let accounts = accounts(world, everything_on()).await;
        let duties = grant::site_duties(accounts.domain_accounts);
        let site = |word: &str| {
            let all = [grant::OWNER, grant::ADMIN];
            let mut all = all.iter().chain(&duties);
            let role = all.find(|role| role.word() == word).unwrap();
            (*role, Scope::site())
        };
        let mut owner = somebody(world, &accounts, &[site("owner")]).await;
        let tea = make_occasion(world, &mut owner, "Mei", "Tan").await;
        let (start, menu) = start_and_menu(&mut owner).await;
        assert_eq!(start, "/me");
        let all = ["/me", "/me/posts", "/me/countdowns", "/admin/o/mei-tan"];
        let run = ["/admin/look", RUN[0], RUN[1], RUN[2], "/admin/server"];
        assert_eq!(menu, [&all[..], &GIVEN, &run].concat());
        let more = make_occasion(world, &mut owner, "Ali", "Siti").await;

        let host = |scope: &Scope| -> (Role, Scope) {
            (occasions::role::Role::Observer.into(), scope.clone())
        };
        let administrator: Vec<&str> = ["/me", "/me/posts", "/me/countdowns", "/admin"]
            .into_iter()
            .chain(GIVEN)
            .chain(RUN)
            .collect();
        let provider: Vec<&str> = ["/me", "/me/countdowns"].into_iter().chain(GIVEN).collect();
        for (roles, start, entries) in [
            (vec![site("admin")], "/me", administrator),
            (
                vec![site("editor")],
                "/me/posts",
                vec!["/me", "/me/posts", "/me/countdowns"],
            ),
            (vec![site("provider")], "/me/slots", provider),
            (
                vec![site("moderator")],
                "/me/countdowns",
                vec!["/me", "/me/countdowns"],
            ),
            (
                vec![host(&tea)],
                "/admin/o/mei-tan",
                vec!["/me", "/me/countdowns", "/admin/o/mei-tan"],
            ),
            (
                vec![host(&tea), host(&more)],
                "/me",
                vec!["/me", "/me/countdowns", "/admin"],
            ),
            (
                vec![host(&tea), site("editor")],
                "/me",
                vec!["/me", "/me/posts", "/me/countdowns", "/admin/o/mei-tan"],
            ),
            (
                Vec::new(),
                "/book",
                vec!["/me/countdowns", "/me/bookings", "/me/profile"],
            ),
        ] {
            let mut visitor = somebody(world, &accounts, &roles).await;
            let found = start_and_menu(&mut visitor).await;
            let entries = entries.into_iter().map(str::to_owned).collect();
            assert_eq!(found, (start.to_owned(), entries));
        }
    });
}

#[test]
fn what_people_work_on_comes_first_on_their_home_page() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        let accounts = accounts(world, everything_on()).await;
        let site = |role| (role, Scope::site());
        let mut owner = somebody(world, &accounts, &[site(grant::OWNER)]).await;
        let tea = make_occasion(world, &mut owner, "Mei", "Tan").await;
        let duties = grant::site_duties(accounts.domain_accounts);
        let editor = duties.into_iter().find(|role| role.word() == "editor");
        let host = (occasions::role::Role::Observer.into(), tea);
        let roles = [host, site(editor.unwrap())];
        let mut visitor = somebody(world, &accounts, &roles).await;
        let page = visitor.get("/me").await;
        let begins = page.body.split("class=\"begins\"").nth(1).unwrap();
        let (post, countdown) = (
            begins.find("/me/posts/new"),
            begins.find("/me/countdowns/new"),
        );
        assert!(post.unwrap() < countdown.unwrap(), "{begins}");
    });
}

#[test]
fn members_see_and_start_with_what_is_on() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        for (values, start, tabs) in [
            (
                SettingValues::default(),
                "/me/countdowns",
                &["/me/countdowns", "/me/profile"][..],
            ),
            (off(&ALL), "/me", &["/me/profile"]),
        ] {
            let accounts = accounts(world, values).await;
            let mut visitor = somebody(world, &accounts, &[]).await;
            let (started, menu) = start_and_menu(&mut visitor).await;
            assert_eq!(started, start);
            assert_eq!(menu, tabs);
        }
    });
}
