//! Tests with random days of booking times and classes, paying, cancelling, moving, missing, disputing and crashing.
//! After every day, the tables for bookings, slots, payments, credits and payouts must be
//! consistent; at the end, the ledger must agree with the gateway's records. A run plays
//! `testkit::rounds` days; `KENDURI_TEST_SEED` is the number of the first one, so that a long run
//! can go on where it stopped.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use identity::grant::OWNER;
use jiff::{SignedDuration, Timestamp};
use platform::random::Random;
use platform::sql;
use serde_json::{Value, json};
use testkit::{first_round, rounds};

use crate::credits::{offer_at, order, plan};
use crate::double::{Fault, run_or_die};
use crate::hours::{every_day, offer};
use crate::razorpay::{open, post, restart, with_razorpay};
use crate::razorpay_double::Razorpay;
use crate::stage::{
    Booking, Person, Stage, drop_mail_jobs, ledger, on_both, prove, provider, rows, run, script,
    wrong,
};

/// The number of actions in a day.
const STEPS: usize = 8;
/// The number of slots that members may choose from: those of the last days.
const OFFERED: usize = 12;

struct Days<'a, 'w> {
    stage: &'a Stage<'w>,
    random: Random,
    farah: Person,
    owner: Person,
    people: Vec<Person>,
    plan: String,
    slots: Vec<Value>,
    /// The double of the gateway, if members do not pay with the test gateway.
    double: Option<Razorpay>,
    disputed: Vec<String>,
}

/// Offers a class of three seats each afternoon.
async fn offer_class(farah: &mut Person) {
    let hours = every_day(farah, "16:00", "17:00").await;
    let class = json!({"title": "Class", "seats": 3, "party_limit": 2, "horizon_days": 5,
        "lengths": [{"minutes": 60, "price_minor": 500}]});
    offer(farah, &hours, &class).await;
}

/// Polls `work` a few times, and then drops it, as if the process had been killed.
async fn cut_short<T>(work: impl Future<Output = T>, polls: usize) {
    let (mut work, mut left) = (pin!(work), polls);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(context).map(drop)
    })
    .await;
}

impl<'a, 'w> Days<'a, 'w> {
    async fn begin(stage: &'a Stage<'w>, double: Option<Razorpay>) -> Self {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(
            stage,
            sql!("UPDATE provider SET payout_minor = 10000, class_payout_minor = 300"),
        )
        .await;
        offer_class(&mut farah).await;
        stage.work().await;
        let mut people = Vec::new();
        for name in ["Aina Yusof", "Daniel Tan", "Mei Lin"] {
            people.push(stage.person(name).await);
        }
        Self {
            stage,
            random: Random::seeded(0),
            farah,
            owner,
            people,
            plan,
            slots: Vec::new(),
            double,
            disputed: Vec::new(),
        }
    }

    fn pick(&self, count: usize) -> usize {
        self.random.below(u32::try_from(count.max(1)).unwrap()) as usize
    }

    fn now(&self) -> Timestamp {
        self.stage.site.clock.now()
    }

    /// Plays a day: new times two days ahead, and what people do.
    async fn play(&mut self, seed: u64) {
        self.random = Random::seeded(seed);
        drop_mail_jobs(self.stage).await;
        let day = self.now() + SignedDuration::from_hours(48);
        let day = day.strftime("%Y-%m-%d").to_string();
        self.slots.push(self.farah.offer(&day, "09:00", 0).await);
        let price = [18_000, 500][self.pick(2)];
        self.slots
            .push(self.farah.offer(&day, "11:00", price).await);
        self.slots.push(offer_at(&mut self.farah, &day, 13).await);
        let dates = format!("/api/v1/slots?title=Class&date_from={day}");
        let dates = self.farah.call("GET", &dates, &Value::Null).await;
        self.slots.push(dates.with(200).json()["items"][0].clone());
        let first = self.slots.len().saturating_sub(OFFERED);
        self.slots.drain(..first);
        let end = self.now() + SignedDuration::from_hours(24);
        for _ in 0..STEPS {
            self.step().await;
        }
        assert_eq!(wrong(self.stage).await, [""; 0], "on day {seed}");
        while self.now() < end {
            self.stage
                .world
                .clock
                .advance(SignedDuration::from_hours(6));
            self.stage.work().await;
        }
        assert_eq!(wrong(self.stage).await, [""; 0], "after day {seed}");
    }

    async fn step(&mut self) {
        let mut who = self.people.remove(self.pick(3));
        match self.pick(12) {
            0..3 => self.book(&mut who).await,
            3 => {
                let pay = order(&mut who, &self.plan).await;
                self.pay(&mut who, &pay).await;
            }
            4 | 5 => self.cancel(&mut who).await,
            6 => self.reschedule(&mut who).await,
            7 => self.mark().await,
            8 => self.dispute().await,
            9 => self.join(&mut who).await,
            10 => self.leave(&mut who).await,
            _ => self.wait().await,
        }
        self.people.push(who);
    }

    async fn book(&self, who: &mut Person) {
        // Other members may have booked the slot since, so its current version is read from the
        // page.
        let id = self.slots[self.pick(self.slots.len())]["id"]
            .as_str()
            .unwrap();
        let path = format!("/book/{id}");
        let page = who.browser.get(&path).await;
        let form = page.forms().into_iter().find(|form| form.action == path);
        let Some(mut form) = form else { return };
        if form.value("seats").is_some() {
            form.fill("seats", ["1", "2"][self.pick(2)]);
        }
        let held = who.browser.submit(&page, &form).await;
        assert!(held.status.as_u16() < 500, "{}", held.body);
        let to = held.location().unwrap_or_default().to_owned();
        if to.starts_with("/pay/") {
            self.pay(who, &to).await;
        }
    }

    /// Waits for a date of a class that is full, or tries to.
    async fn join(&self, who: &mut Person) {
        let slot = &self.slots[self.pick(self.slots.len())];
        let path = format!("/api/v1/slots/{}/waiting", slot["id"].as_str().unwrap());
        let body = json!({"seats": 1 + self.pick(2), "books_at_once": self.pick(2) == 0});
        let page = who.call("POST", &path, &body).await;
        assert!(page.status.as_u16() < 500, "{}", page.body);
    }

    async fn leave(&self, who: &mut Person) {
        let list = who.call("GET", "/api/v1/waiting", &Value::Null).await;
        let all = list.expect(200).json()["items"].as_array().unwrap().clone();
        if let Some(one) = all.get(self.pick(all.len())) {
            let path = format!("/api/v1/waiting/{}/leave", one["id"].as_str().unwrap());
            who.call("POST", &path, &json!({})).await.expect(200);
        }
    }

    async fn pay(&self, who: &mut Person, pay: &str) {
        if let Some(double) = &self.double {
            return self.pay_remotely(who, pay, double).await;
        }
        let how = [
            "pay",
            "pay",
            "fail",
            "later",
            "event_first",
            "lost",
            "twice",
            "wrong",
            "stuck",
        ][self.pick(9)];
        let back = who.press(pay, how).await;
        let Some(back) = back.location() else { return };
        match self.pick(3) {
            0 => drop(who.browser.get(back).await),
            1 => cut_short(who.browser.get(back), self.pick(9)).await,
            // The browser does not come back.
            _ => {}
        }
    }

    /// Makes the gateway's double not answer one of the next requests, or all answer.
    fn arm(&self, double: &Razorpay) {
        double.recover();
        let faults = [Fault::SilentBefore, Fault::SilentAfter];
        if let Some(fault) = faults.get(self.pick(5)) {
            double.fail(self.pick(3), *fault);
        }
    }

    async fn pay_remotely(&self, who: &mut Person, pay: &str, double: &Razorpay) {
        let order = open(who, pay).await;
        let state = ["captured", "captured", "authorized", "failed"][self.pick(4)];
        let payment = match self.pick(6) {
            0 => double.pay_other(&order, 499, "MYR", state),
            1 => {
                double.pay(&order, state);
                double.pay(&order, "captured")
            }
            _ => double.pay(&order, state),
        };
        self.arm(double);
        let is_whole = match self.pick(3) {
            0 => {
                let fields = Razorpay::returned(&order, &payment);
                let (mut visitor, path) = (self.stage.visitor(), format!("{pay}/return"));
                let back = async move {
                    let fields: Vec<_> = fields
                        .iter()
                        .map(|(name, value)| (*name, value.as_str()))
                        .collect();
                    visitor.post(&path, &fields).await.expect(303);
                };
                run_or_die(double, back).await.is_some()
            }
            1 => {
                let event = double.event(&format!("payment.{state}"), &payment);
                post(self.stage, &event).await.expect(200);
                run_or_die(double, self.stage.work()).await.is_some()
            }
            // The browser does not come back, and no event arrives.
            _ => true,
        };
        double.recover();
        if !is_whole {
            restart(self.stage);
        }
    }

    /// A path of one of the member's bookings; `None` if there are none.
    async fn one_of(&self, who: &mut Person) -> Option<String> {
        let list = who.call("GET", "/api/v1/bookings", &Value::Null).await;
        let all = list.expect(200).json()["items"].as_array().unwrap().clone();
        let one = all.get(self.pick(all.len()))?;
        Some(format!("/me/bookings/{}", one["id"].as_str().unwrap()))
    }

    async fn cancel(&self, who: &mut Person) {
        let Some(at) = self.one_of(who).await else {
            return;
        };
        let page = who.browser.get(&at).await;
        let path = format!("{at}/seats");
        let form = page.forms().into_iter().find(|form| form.action == path);
        if let Some(mut form) = form
            && self.pick(2) == 0
        {
            let seats = form.fields.iter().find(|field| field.name == "positions");
            let seat = seats.unwrap().value.clone();
            form.tick("positions", &seat);
            who.browser.submit_surely(&page, &form).await.expect(303);
            return;
        }
        let path = format!("{at}/cancel");
        let form = page.forms().into_iter().find(|form| form.action == path);
        if let Some(form) = form {
            who.browser.submit_surely(&page, &form).await.expect(303);
        }
    }

    async fn reschedule(&self, who: &mut Person) {
        let Some(at) = self.one_of(who).await else {
            return;
        };
        let path = format!("{at}/move");
        let mut page = who.browser.get(&path).await;
        // The dates of a class are chosen in its calendar.
        if let Some(calendar) = page.location() {
            let calendar = who.browser.get(calendar).await;
            let times = calendar.links().into_iter().map(|link| link.href);
            let times: Vec<String> = times.filter(|href| href.contains("/move?slot=")).collect();
            let Some(time) = times.get(self.pick(times.len().max(1))) else {
                return;
            };
            page = who.browser.get(time).await;
        }
        let form = page.forms().into_iter().find(|form| form.action == path);
        if let Some(mut form) = form {
            let slots = form.fields.iter().filter(|field| field.name == "slot");
            let slots: Vec<String> = slots.map(|field| field.value.clone()).collect();
            form.press("slot", &slots[self.pick(slots.len())]);
            let moved = who.browser.submit(&page, &form).await;
            assert!(moved.status.as_u16() < 500, "{}", moved.body);
        }
    }

    /// Somebody says what became of a session, or tries to.
    async fn mark(&self) {
        let all: Vec<(String,)> = rows(
            self.stage,
            sql!("SELECT id FROM booking ORDER BY starts_at DESC, id LIMIT 9"),
        )
        .await;
        let Some((id,)) = all.get(self.pick(all.len())) else {
            return;
        };
        let outcomes = ["completed", "no_show_member", "no_show_provider"];
        let (operation, body) = match self.pick(4) {
            0 => ("seats/outcome", json!({"missed": [1]})),
            _ => ("outcome", json!({"outcome": outcomes[self.pick(3)]})),
        };
        let mut who = match self.pick(3) {
            0 => script(self.stage, &self.owner),
            1 => self.farah.program.clone(),
            _ => self.people[0].program.clone(),
        };
        let path = format!("/api/v1/bookings/{id}/{operation}");
        let page = who.call("POST".parse().unwrap(), &path, &body).await;
        assert!(page.status.as_u16() < 500, "{}", page.body);
    }

    /// A payer disputes a payment with their bank, or the bank decides.
    async fn dispute(&mut self) {
        let Some(double) = self.double.clone() else {
            return;
        };
        if let Some(payment) = self.disputed.pop() {
            let end = ["won", "lost", "closed"][self.pick(3)];
            let event = double.event(&format!("payment.dispute.{end}"), &payment);
            post(self.stage, &event).await.expect(200);
        } else {
            let all: Vec<(String,)> = rows(
                self.stage,
                sql!(
                    "SELECT gateway_payment_id FROM payment
                         WHERE state = 'captured' AND refund_reserved_minor = 0
                         ORDER BY gateway_payment_id DESC LIMIT 5"
                ),
            )
            .await;
            let Some((payment,)) = all.get(self.pick(all.len())) else {
                return;
            };
            let event = double.event("payment.dispute.created", payment);
            post(self.stage, &event).await.expect(200);
            self.disputed.push(payment.clone());
        }
        self.stage.work().await;
    }

    /// Time passes, and jobs run: to their end, or until the process is killed.
    async fn wait(&self) {
        let minutes = [1, 5, 20, 240][self.pick(4)];
        let step = SignedDuration::from_mins(minutes);
        self.stage.world.clock.advance(step);
        let is_whole = match &self.double {
            Some(double) => {
                double.answer_refunds(["processed", "pending"][self.pick(2)]);
                self.arm(double);
                let is_whole = run_or_die(double, self.stage.work()).await.is_some();
                double.recover();
                is_whole
            }
            None if self.pick(2) == 0 => {
                cut_short(self.stage.work(), self.pick(30)).await;
                false
            }
            None => {
                self.stage.work().await;
                true
            }
        };
        if !is_whole {
            restart(self.stage);
        }
    }

    /// Plays all days. Days later, the gateway has been asked about all payments and refunds.
    async fn play_all(mut self) {
        let first = first_round();
        for day in 0..rounds() {
            if day % 7 == 6 {
                prove(self.stage, &mut self.owner).await;
                prove(self.stage, &mut self.farah).await;
                for person in &mut self.people {
                    prove(self.stage, person).await;
                }
            }
            self.play(first + u64::try_from(day).unwrap()).await;
        }
        for _ in 0..16 {
            if let Some(double) = &self.double {
                double.end_refunds("processed");
            }
            self.stage
                .world
                .clock
                .advance(SignedDuration::from_hours(6));
            self.stage.work().await;
        }
        assert_eq!(wrong(self.stage).await, [""; 0]);
        if let Some(double) = &self.double {
            assert_eq!(ledger(self.stage).await, double.balance());
        }
    }
}

#[test]
fn random_days_leave_everything_in_agreement() {
    on_both(&async |stage: &Stage<'_>| Days::begin(stage, None).await.play_all().await);
}

#[test]
fn random_days_at_a_gateway_with_disputes_and_kills_leave_everything_in_agreement() {
    on_both(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        Days::begin(&stage, Some(double)).await.play_all().await;
    });
}
