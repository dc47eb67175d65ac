//! The columns and rows of each list that can be exported. For a host who may not see codes and
//! contact data, these columns are left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use occasions::diet;
use occasions::event::{self, Event};
use occasions::hosting::guests::Contact;
use occasions::hosting::listing::people::{self, Person};
use occasions::hosting::listing::{self, InvitationRow};
use occasions::hosting::tally::{self, Answered};
use occasions::hosting::{self, Refusal};
use occasions::id::{EventId, GuestId, InvitationId};
use occasions::occasion::Occasion;
use occasions::words::{AskedOf, ExportKind, GuestKind, ReplyStatus, Source};
use platform::{Tx, sql};
use web::{Deadline, Language, Text};

use super::kitchen::words;
use super::{Cell, Order, Sheet};

/// The data from which the tables are built.
pub(super) struct Ground<'a> {
    pub(super) order: &'a Order,
    pub(super) text: &'a Text,
    pub(super) occasion: Occasion,
    pub(super) events: Vec<Event>,
    pub(super) people: Vec<Person>,
    pub(super) answered: Answered,
}

pub(super) fn build(tx: &mut Tx<'_>, order: &Order, text: &Text) -> Result<Vec<Sheet>, Refusal> {
    let host = &order.host;
    let occasion = hosting::occasions::load(tx, host)?;
    let lines = listing::all_invitations(tx, host, &order.request.invitations)?;
    let meant: BTreeMap<&InvitationId, &InvitationRow> =
        lines.iter().map(|line| (&line.id, line)).collect();
    let mut people = people::all_people(tx, host, &order.request.guests)?;
    people.retain(|person| meant.contains_key(&person.invitation));
    let ground = Ground {
        order,
        text,
        events: event::list(tx, &occasion.id)?,
        answered: tally::load(tx, host)?,
        occasion,
        people,
    };
    match order.request.kind {
        ExportKind::Households => Ok(vec![ground.households(tx, &lines)?]),
        ExportKind::Guests => Ok(vec![ground.guests(tx, &meant)?]),
        ExportKind::Replies => Ok(vec![ground.replies(tx)?]),
        ExportKind::Diets => ground.kitchen(tx),
        ExportKind::Questions => Ok(vec![ground.all_answers(&lines)]),
        ExportKind::Gifts => Ok(vec![ground.gifts(tx, host)?]),
        ExportKind::ReceivedGifts => Ok(vec![ground.received_gifts(tx)?]),
        ExportKind::Uploads => Ok(vec![ground.uploads(tx, host)?]),
        ExportKind::Everything => Ok(Vec::new()),
    }
}

impl Ground<'_> {
    fn households(&self, tx: &mut Tx<'_>, lines: &[InvitationRow]) -> Result<Sheet, Refusal> {
        let mut headings = self.say(&["host-export-household"]);
        if self.order.contacts {
            headings.extend(self.say(&[
                "host-export-code",
                "host-export-email",
                "host-export-phone",
                "host-export-address",
            ]));
        }
        headings.extend(self.say(&[
            "host-export-language",
            "host-export-tags",
            "host-export-access",
            "host-export-guests",
            "host-export-yes",
            "host-export-no",
            "host-export-undecided",
            "host-export-pending",
            "host-export-response",
            "host-export-deadline",
            "host-export-sent",
            "host-export-opened",
            "host-export-answered",
        ]));
        headings.extend(self.question_headings(AskedOf::Household));
        if self.order.contacts {
            headings.extend(self.say(&[
                "host-export-note",
                "host-export-host-message",
                "host-export-host-note",
            ]));
        }
        let mut private = if self.order.contacts {
            self.private(tx)?
        } else {
            BTreeMap::new()
        };
        let rows = lines.iter().map(|line| {
            let own = private.remove(&line.id).unwrap_or_default();
            let mut row = vec![Cell::from(line.household.as_str())];
            if self.order.contacts {
                row.extend([
                    Cell::from(line.code.clone()),
                    Cell::from(line.email.clone()),
                    Cell::from(own.phone),
                    Cell::from(own.address),
                ]);
            }
            row.extend([
                Cell::from(line.language.clone()),
                Cell::from(line.tags.join(", ")),
                Cell::from(
                    &*self
                        .text
                        .say(&format!("host-access-{}", line.access.word())),
                ),
                Cell::from(line.people.total),
                Cell::from(line.people.yes),
                Cell::from(line.people.no),
                Cell::from(line.people.undecided),
                Cell::from(line.people.pending),
                Cell::from(
                    &*self
                        .text
                        .say(&format!("host-response-{}", line.response.word())),
                ),
                self.deadline(line.deadline_override),
                self.moment(line.sent_at),
                self.moment(line.last_opened_at),
                self.moment(line.replied_at),
            ]);
            row.extend(self.question_cells(&line.id, None));
            if self.order.contacts {
                row.extend([
                    Cell::from(own.note),
                    Cell::from(own.host_message),
                    Cell::from(own.host_note),
                ]);
            }
            row
        });
        Ok(Sheet {
            rows: rows.collect(),
            name: self.name("host-export-sheet-households"),
            headings,
        })
    }

    fn guests(
        &self,
        tx: &mut Tx<'_>,
        lines: &BTreeMap<&InvitationId, &InvitationRow>,
    ) -> Result<Sheet, Refusal> {
        let mut headings = self.say(&["host-export-household", "host-export-guest"]);
        if self.order.contacts {
            headings.extend(self.say(&[
                "host-export-code",
                "host-export-email",
                "host-export-phone",
            ]));
        }
        headings.extend(self.say(&[
            "host-export-kind",
            "host-export-child",
            "host-export-age",
            "host-export-diets",
            "host-export-diet-note",
            "host-export-answer",
        ]));
        headings.extend(self.events.iter().map(|event| self.event_name(event)));
        headings.extend(self.question_headings(AskedOf::Guest));
        let contacts = if self.order.contacts {
            self.contacts(tx)?
        } else {
            BTreeMap::new()
        };
        let labels = self.labels(tx)?;
        let mut answers: BTreeMap<(GuestId, EventId), ReplyStatus> = BTreeMap::new();
        for reply in self.all_replies(tx)? {
            answers.insert((reply.guest, reply.event), reply.status);
        }
        let rows = self.people.iter().map(|person| {
            let mut row = vec![
                Cell::from(person.household.as_str()),
                Cell::from(person.shown_name(self.text)),
            ];
            if self.order.contacts {
                let Contact { email, phone } =
                    contacts.get(&person.id).cloned().unwrap_or_default();
                let code = lines
                    .get(&person.invitation)
                    .and_then(|line| line.code.clone());
                row.extend([Cell::from(code), Cell::from(email), Cell::from(phone)]);
            }
            row.extend([
                self.kind(person.kind),
                self.yes_or_no(person.is_child),
                Cell::from(person.age),
                words(person.diets.iter().map(String::as_str), &labels),
                Cell::from(person.diet_note.as_str()),
                self.answer_of(person),
            ]);
            row.extend(self.events.iter().map(|event| {
                let answer = answers.get(&(person.id.clone(), event.id.clone()));
                answer.map_or(Cell::Empty, |status| self.status(*status))
            }));
            row.extend(self.question_cells(&person.invitation, Some(&person.id)));
            row
        });
        Ok(Sheet {
            rows: rows.collect(),
            name: self.name("host-export-sheet-guests"),
            headings,
        })
    }

    fn replies(&self, tx: &mut Tx<'_>) -> Result<Sheet, Refusal> {
        let mut by_guest: BTreeMap<GuestId, Vec<OneReply>> = BTreeMap::new();
        for reply in self.all_replies(tx)? {
            by_guest.entry(reply.guest.clone()).or_default().push(reply);
        }
        let mut rows = Vec::new();
        for event in &self.events {
            for person in &self.people {
                let replies = by_guest.get(&person.id);
                let of_event = replies.and_then(|all| all.iter().find(|one| one.event == event.id));
                let Some(reply) = of_event else {
                    continue;
                };
                rows.push(vec![
                    Cell::from(self.event_name(event)),
                    Cell::from(person.household.as_str()),
                    Cell::from(person.shown_name(self.text)),
                    self.status(reply.status),
                    self.moment(reply.answered_at),
                    reply.source.map_or(Cell::Empty, |source| {
                        Cell::from(&*self.text.say(&format!("host-source-{}", source.word())))
                    }),
                ]);
            }
        }
        Ok(Sheet {
            name: self.name("host-export-sheet-replies"),
            headings: self.say(&[
                "host-export-event",
                "host-export-household",
                "host-export-guest",
                "host-export-answer",
                "host-export-answered",
                "host-export-source",
            ]),
            rows,
        })
    }

    pub(super) fn say(&self, ids: &[&str]) -> Vec<String> {
        ids.iter()
            .map(|id| self.text.say(id).into_owned())
            .collect()
    }

    pub(super) fn name(&self, id: &str) -> String {
        let name = self.text.say(id);
        name.chars().take(31).collect()
    }

    pub(super) fn event_name(&self, event: &Event) -> String {
        let language = Language::of(&self.order.language);
        let name = event.name.pick(&language, &self.occasion.default_language);
        name.to_string()
    }

    pub(super) fn labels(&self, tx: &mut Tx<'_>) -> Result<BTreeMap<String, String>, Refusal> {
        let language = Language::of(&self.order.language);
        let default = &self.occasion.default_language;
        let options = diet::list(tx, &self.occasion.id)?;
        Ok(options
            .into_iter()
            .map(|option| {
                let label = if option.label.is_empty() {
                    self.text.say(&format!("diet-{}", option.key)).into_owned()
                } else {
                    option.label.pick(&language, default).to_string()
                };
                (option.key, label)
            })
            .collect())
    }

    fn status(&self, status: ReplyStatus) -> Cell {
        let offers_undecided = self.occasion.switches.undecided;
        let shown = if status == ReplyStatus::Undecided && !offers_undecided {
            ReplyStatus::Pending
        } else {
            status
        };
        Cell::from(&*self.text.say(&format!("reply-{}", shown.word())))
    }

    fn answer_of(&self, person: &Person) -> Cell {
        if person.is_partial {
            Cell::from(&*self.text.say("host-person-partial"))
        } else {
            self.status(person.status)
        }
    }

    fn kind(&self, kind: GuestKind) -> Cell {
        let id = match kind {
            GuestKind::Named => "host-guest-named",
            GuestKind::PlusOne => "host-guest-plus-one",
        };
        Cell::from(&*self.text.say(id))
    }

    pub(super) fn yes_or_no(&self, yes: bool) -> Cell {
        let id = if yes { "value-yes" } else { "value-no" };
        Cell::from(&*self.text.say(id))
    }

    /// Formats a time in the occasion's time zone. Other software can sort the result.
    fn moment(&self, at: Option<Timestamp>) -> Cell {
        let zone = self.occasion.zone();
        at.map_or(Cell::Empty, |at| {
            let local = at.to_zoned(zone).datetime();
            Cell::from(format!(
                "{} {:02}:{:02}",
                local.date(),
                local.hour(),
                local.minute()
            ))
        })
    }

    /// Formats a deadline at the end of a day as this day, as an import reads it.
    fn deadline(&self, at: Option<Timestamp>) -> Cell {
        let last = at.map(|at| Deadline::of(&at.to_zoned(self.occasion.zone())));
        match last {
            Some(Deadline::EndOf(day)) => Cell::from(day.to_string()),
            Some(Deadline::Within(_)) | None => self.moment(at),
        }
    }

    fn private(&self, tx: &mut Tx<'_>) -> Result<BTreeMap<InvitationId, Private>, Refusal> {
        type Columns = (
            InvitationId,
            Option<String>,
            Option<String>,
            String,
            String,
            String,
        );
        let rows: Vec<Columns> = sql!(
            "SELECT id, phone, address, note, host_message, host_note
             FROM invitation WHERE occasion = :occasion",
            occasion = self.occasion.id
        )
        .all(tx)?;
        let keyed = rows
            .into_iter()
            .map(|(id, phone, address, note, host_message, host_note)| {
                let own = Private {
                    phone,
                    address,
                    note,
                    host_message,
                    host_note,
                };
                (id, own)
            });
        Ok(keyed.collect())
    }

    fn contacts(&self, tx: &mut Tx<'_>) -> Result<BTreeMap<GuestId, Contact>, Refusal> {
        let rows: Vec<(GuestId, Option<String>, Option<String>)> = sql!(
            "SELECT guest.id, guest.email, guest.phone FROM guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = :occasion",
            occasion = self.occasion.id
        )
        .all(tx)?;
        let keyed = rows
            .into_iter()
            .map(|(id, email, phone)| (id, Contact { email, phone }));
        Ok(keyed.collect())
    }

    fn all_replies(&self, tx: &mut Tx<'_>) -> Result<Vec<OneReply>, Refusal> {
        type Columns = (
            GuestId,
            EventId,
            ReplyStatus,
            Option<Timestamp>,
            Option<Source>,
        );
        let rows: Vec<Columns> = sql!(
            "SELECT reply.guest, reply.event, reply.status, reply.answered_at, reply.source
             FROM event JOIN reply ON reply.event = event.id
             WHERE event.occasion = :occasion",
            occasion = self.occasion.id
        )
        .all(tx)?;
        let replies = rows
            .into_iter()
            .map(|(guest, event, status, answered_at, source)| OneReply {
                guest,
                event,
                status,
                answered_at,
                source,
            });
        Ok(replies.collect())
    }
}

/// Household data that only some hosts may see.
#[derive(Default)]
struct Private {
    phone: Option<String>,
    address: Option<String>,
    note: String,
    host_message: String,
    host_note: String,
}

struct OneReply {
    guest: GuestId,
    event: EventId,
    status: ReplyStatus,
    answered_at: Option<Timestamp>,
    source: Option<Source>,
}
