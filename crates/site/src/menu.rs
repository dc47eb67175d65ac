//! The menu for signed-in people: one table, of which each person sees the entries that they may
//! open. The entries of every site are here; domains declare theirs in
//! [`Domain::menu`](crate::domain::Domain::menu).

use platform::{StoreError, Tx};
use web::page::{Entry, Section};
use web::state::{Audience, MenuEntry, MenuPage, MenuPlace, Start};
use web::{Site, Text};

use crate::addresses;
use crate::domain::Domain;
use Audience::{Administrators, Everybody, Owners};
use identity::grant::{self, Role};

/// The home page of the staff.
pub const HOME: &str = "/me";
/// Redirects people to the page where they start after signing in.
pub const START: &str = "/me/start";

const SHARED: &[MenuEntry] = &[
    MenuEntry {
        place: MenuPlace::Account,
        position: 0,
        label: "shell-account",
        pages: &[
            MenuPage {
                below: &[addresses::SLUG],
                ..MenuPage::new("profile-title", addresses::PROFILE, Everybody)
            },
            MenuPage::new("account-security", addresses::SECURITY, Everybody),
            MenuPage::new("account-email-tab", addresses::EMAIL, Everybody),
            MenuPage {
                below: &[addresses::TRUSTED],
                ..MenuPage::new("shared-title", addresses::SHARED, Everybody)
            },
            MenuPage::new("account-programs", addresses::WEBHOOKS, Everybody),
            MenuPage::new("account-data", addresses::DATA, Everybody),
        ],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: MenuPlace::Site,
        position: 10,
        label: "look-title",
        pages: &[MenuPage::new("look-title", addresses::LOOK, Owners)],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: MenuPlace::Site,
        position: 40,
        label: "people-title",
        pages: &[
            MenuPage::new("people-everybody", addresses::PEOPLE, Administrators),
            MenuPage::new("account-invites", addresses::INVITES, Administrators),
            MenuPage::new("group-links-title", addresses::GROUP_LINKS, Administrators),
            MenuPage::new("suppressed-title", addresses::SUPPRESSED, Administrators),
        ],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: MenuPlace::Site,
        position: 70,
        label: "host-server",
        pages: &[
            MenuPage::new("host-server-overview", addresses::SERVER, Owners),
            MenuPage::new("host-server-mail", "/admin/server/mail", Owners),
            MenuPage::new("host-server-machines", "/admin/server/machines", Owners),
            MenuPage::new("overview-title", addresses::AUDIT, Administrators),
        ],
        start: None,
        waits: None,
    },
];

/// All entries of a site with these domains, in their order.
pub(crate) fn of(domains: &[Domain]) -> Vec<MenuEntry> {
    let own = domains.iter().flat_map(|domain| domain.menu);
    let mut all: Vec<MenuEntry> = SHARED.iter().chain(own).copied().collect();
    all.sort_by_key(|entry| entry.position);
    all
}

/// The part of the menu that a person sees.
#[derive(Clone, Debug)]
pub(crate) struct OwnMenu {
    entries: Vec<OwnEntry>,
    has_rank: bool,
}

#[derive(Clone, Debug)]
struct OwnEntry {
    place: MenuPlace,
    label: &'static str,
    /// At least one.
    pages: Vec<MenuPage>,
    start: Option<Start>,
    /// By the paths of the pages.
    waits: Vec<(&'static str, i64)>,
}

impl OwnMenu {
    pub(crate) fn find(
        tx: &mut Tx<'_>,
        site: &Site,
        account: &str,
        rank: Option<Role>,
    ) -> Result<Self, StoreError> {
        let mut known: Vec<Known> = Vec::new();
        let mut entries = Vec::new();
        for entry in &site.declared.menu {
            let mut pages = Vec::new();
            for page in entry.pages {
                let may_open = match page.audience {
                    Everybody => true,
                    Administrators => rank.is_some(),
                    Owners => rank == Some(grant::OWNER),
                    Audience::Some(is_for) => Known::ask(&mut known, is_for, tx, site, account)?,
                };
                if may_open {
                    pages.push(*page);
                }
            }
            if pages.is_empty() {
                continue;
            }
            entries.push(OwnEntry {
                place: entry.place,
                label: entry.label,
                pages,
                start: match entry.start {
                    Some(find) => find(tx, site, account)?,
                    None => None,
                },
                waits: match entry.waits {
                    Some(count) => count(tx, site, account)?,
                    None => Vec::new(),
                },
            });
        }
        Ok(Self {
            entries,
            has_rank: rank.is_some(),
        })
    }

    /// Whether the person only takes part: they run nothing, host nothing and offer nothing.
    pub(crate) fn is_member(&self) -> bool {
        !self.has_rank && self.works().next().is_none()
    }

    fn works(&self) -> impl Iterator<Item = &Start> {
        let starts = self.entries.iter().filter_map(|one| one.start.as_ref());
        starts.filter(|start| start.is_work)
    }

    /// The path of the page where the person starts.
    pub(crate) fn start(&self) -> &str {
        let mut works = self.works();
        match (self.has_rank, works.next(), works.next()) {
            (false, Some(only), None) => &only.href,
            (false, None, _) => {
                let mut starts = self.entries.iter().filter_map(|one| one.start.as_ref());
                starts.next().map_or(HOME, |start| start.href.as_str())
            }
            _ => HOME,
        }
    }

    /// The menu's sections, and the tabs of the current page. `path` is the requested path; `here`
    /// is the path of the page's entry, for a page whose own path belongs to none.
    pub(crate) fn sections(
        &self,
        text: &Text,
        path: &str,
        here: &str,
    ) -> (Vec<Section>, Vec<Entry>) {
        let current = self.current(path, here);
        let is_member = self.is_member();
        let is_tab = |place: MenuPlace| match place {
            MenuPlace::Personal | MenuPlace::Account => !is_member,
            MenuPlace::Own | MenuPlace::Duty(_) | MenuPlace::Site => false,
        };
        let link = |(number, one): (usize, &OwnEntry)| {
            let is_current = current.is_some_and(|(entry, _)| entry == number);
            one.entry(text, is_current)
        };
        let numbered = || self.entries.iter().enumerate();
        let section = |title: Option<&str>, place: MenuPlace| {
            let entries = numbered().filter(|(_, one)| one.place == place && !is_tab(place));
            Section {
                title: title.map(|title| text.say(title).into_owned()),
                entries: entries.map(link).collect(),
            }
        };
        let mut first = section(None, MenuPlace::Own);
        if is_member {
            for place in [MenuPlace::Personal, MenuPlace::Account] {
                first.entries.extend(section(None, place).entries);
            }
        } else {
            let home = Entry {
                label: text.say("host-home").into_owned(),
                href: HOME.to_owned(),
                current: current.is_none() && here == HOME,
                ..Entry::default()
            };
            first.entries.insert(0, home);
        }
        let mut sections = vec![first];
        let mut titles: Vec<&'static str> = Vec::new();
        for one in &self.entries {
            if let MenuPlace::Duty(title) = one.place
                && !titles.contains(&title)
            {
                titles.push(title);
            }
        }
        let duties = titles.into_iter();
        sections.extend(duties.map(|title| section(Some(title), MenuPlace::Duty(title))));
        sections.push(section(Some("host-site"), MenuPlace::Site));
        sections.retain(|section| !section.entries.is_empty());

        let Some((entry, page)) = current else {
            return (sections, Vec::new());
        };
        let place = self.entries[entry].place;
        // The tabs of the account of staff have one for each of their personal entries.
        let tabs: Vec<Entry> = if is_tab(place) {
            let all = numbered().filter(|(_, one)| is_tab(one.place));
            let (account, personal): (Vec<_>, Vec<_>) =
                all.partition(|(_, one)| one.place == MenuPlace::Account);
            let account = account.into_iter().flat_map(|(number, one)| {
                let shown = (number == entry).then_some(page);
                one.tabs(text, shown)
            });
            account.chain(personal.into_iter().map(link)).collect()
        } else {
            self.entries[entry].tabs(text, Some(page))
        };
        (sections, if tabs.len() > 1 { tabs } else { Vec::new() })
    }

    /// The current entry and page, by their numbers. A path that belongs to none is of `here`, and so is
    /// one of people's own pages that somebody opens for their work.
    fn current(&self, path: &str, here: &str) -> Option<(usize, usize)> {
        let (of_path, of_here) = (self.find_page(path), self.find_page(here));
        let is_own = |(entry, _): &(usize, usize)| {
            let place = self.entries.get(*entry).map(|one| one.place);
            place == Some(MenuPlace::Personal)
        };
        match (of_path, of_here) {
            (Some(own), Some(work)) if is_own(&own) && !is_own(&work) => Some(work),
            (of_path, of_here) => of_path.or(of_here),
        }
    }

    fn find_page(&self, path: &str) -> Option<(usize, usize)> {
        let entries = self.entries.iter().enumerate();
        let pages = entries.flat_map(|(entry, one)| {
            let pages = one.pages.iter().enumerate();
            pages.filter_map(move |(number, page)| {
                let below = page.below.iter().copied();
                let matched = below.chain([page.href]).filter(|href| is_at(path, href));
                Some((matched.map(str::len).max()?, (entry, number)))
            })
        });
        let longest = pages.max_by_key(|(length, _)| *length)?;
        Some(longest.1)
    }

    /// Whether the person is on a page of the administration or of their work for others.
    pub(crate) fn is_work(&self, path: &str, here: &str) -> bool {
        let current = self.current(path, here);
        let place = current.map(|(entry, _)| self.entries[entry].place);
        path.starts_with("/admin")
            || here.starts_with("/admin")
            || !matches!(place, None | Some(MenuPlace::Account))
    }
}

impl OwnEntry {
    fn entry(&self, text: &Text, is_current: bool) -> Entry {
        let title = |start: &Start| Some((start.title.clone()?, start.href.clone()));
        let named = self.start.as_ref().and_then(title);
        let (label, href) = named.unwrap_or_else(|| {
            let first = self.pages.first().map_or("", |page| page.href);
            (text.say(self.label).into_owned(), first.to_owned())
        });
        Entry {
            label,
            href,
            count: self.count(text, |_| true),
            current: is_current,
            ..Entry::default()
        }
    }

    /// How much waits on these of the pages that the person may open; `None` if nothing does.
    fn count(&self, text: &Text, is_meant: impl Fn(&str) -> bool) -> Option<String> {
        let is_shown = |href: &str| self.pages.iter().any(|page| page.href == href);
        let waits = self.waits.iter();
        let waits = waits.filter(|(href, _)| is_shown(href) && is_meant(href));
        let count = waits.map(|(_, count)| count).sum();
        (count > 0).then(|| text.number(count))
    }

    fn tabs(&self, text: &Text, shown: Option<usize>) -> Vec<Entry> {
        let pages = self.pages.iter().enumerate();
        let tabs = pages.map(|(number, page)| Entry {
            label: text.say(page.label).into_owned(),
            href: page.href.to_owned(),
            count: self.count(text, |href| href == page.href),
            current: shown == Some(number),
            ..Entry::default()
        });
        tabs.collect()
    }
}

/// Whether a path is this one or below it. `/me` and `/admin` have everything below them, so pages
/// below them must be named.
fn is_at(path: &str, href: &str) -> bool {
    let is_root = href.matches('/').count() == 1;
    let rest = path.strip_prefix(href);
    rest.is_some_and(|rest| rest.is_empty() || !is_root && rest.starts_with('/'))
}

type IsFor = fn(&mut Tx<'_>, &Site, &str) -> Result<bool, StoreError>;

/// What a function said about the person. Several pages have the same function.
struct Known {
    is_for: IsFor,
    may_open: bool,
}

impl Known {
    fn ask(
        all: &mut Vec<Self>,
        is_for: IsFor,
        tx: &mut Tx<'_>,
        site: &Site,
        account: &str,
    ) -> Result<bool, StoreError> {
        // If the compiler makes one of two equal functions, the answers are equal too.
        let found = all
            .iter()
            .find(|one| std::ptr::fn_addr_eq(one.is_for, is_for));
        if let Some(found) = found {
            return Ok(found.may_open);
        }
        let may_open = is_for(tx, site, account)?;
        all.push(Self { is_for, may_open });
        Ok(may_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_entry_with_the_longest_path() {
        let page = |href: &'static str, below: &'static [&'static str]| MenuPage {
            below,
            ..MenuPage::new("", href, Everybody)
        };
        let entry = |place, pages: &[MenuPage]| OwnEntry {
            place,
            label: "",
            pages: pages.to_vec(),
            start: None,
            waits: vec![("/me/slots/requests", 2), ("/admin", 0), ("/closed", 1)],
        };
        let menu = OwnMenu {
            entries: vec![
                entry(MenuPlace::Own, &[page("/admin", &["/admin/new"])]),
                entry(MenuPlace::Own, &[page("/me/slots", &[])]),
                entry(MenuPlace::Own, &[page("/me/slots/requests", &["/me/odd"])]),
            ],
            has_rank: false,
        };
        for (path, entry) in [
            ("/admin", Some(0)),
            ("/admin/new", Some(0)),
            ("/admin/people", None),
            ("/me", None),
            ("/me/slots", Some(1)),
            ("/me/slots/a/edit", Some(1)),
            ("/me/slotsies", None),
            ("/me/slots/requests", Some(2)),
            ("/me/odd/one", Some(2)),
        ] {
            let found = menu.find_page(path);
            assert_eq!(found.map(|found| found.0), entry, "{path}");
        }
        // A page may be the member's own, and somebody's work.
        let menu_of_both = OwnMenu {
            entries: vec![
                entry(MenuPlace::Personal, &[page("/me/things", &[])]),
                entry(MenuPlace::Duty("given"), &[page("/me/slots", &[])]),
            ],
            has_rank: false,
        };
        for (here, entry) in [("/me/things", 0), ("/me/slots", 1), ("/admin", 0)] {
            let found = menu_of_both.current("/me/things/one", here);
            assert_eq!(found.map(|found| found.0), Some(entry), "{here}");
        }
        // What waits on a page that the person may not open is not counted.
        let text = web::Catalogue::build(&[web::LOCALES]).speak(&web::Language::ENGLISH);
        let counts = menu.entries.iter().map(|one| one.count(&text, |_| true));
        let two = Some("2".to_owned());
        assert_eq!(counts.collect::<Vec<_>>(), [None, None, two]);
    }

    #[test]
    fn people_start_with_their_one_work_and_staff_at_home() {
        let starts = |has_rank, all: &[(&str, bool)]| {
            let entries = all.iter().map(|(href, is_work)| OwnEntry {
                place: MenuPlace::Own,
                label: "",
                pages: Vec::new(),
                start: Some(Start {
                    href: (*href).to_owned(),
                    title: None,
                    is_work: *is_work,
                }),
                waits: Vec::new(),
            });
            let menu = OwnMenu {
                entries: entries.collect(),
                has_rank,
            };
            (menu.start().to_owned(), menu.is_member())
        };
        let member = [("/book", false), ("/me/days", false)];
        for (has_rank, all, start, is_member) in [
            (false, &[][..], HOME, true),
            (false, &member[..], "/book", true),
            (
                false,
                &[member[1], ("/me/slots", true)][..],
                "/me/slots",
                false,
            ),
            (false, &[("/a", true), ("/b", true)][..], HOME, false),
            (true, &[member[0], ("/a", true)][..], HOME, false),
        ] {
            assert_eq!(
                starts(has_rank, all),
                (start.to_owned(), is_member),
                "{all:?}"
            );
        }
    }
}
