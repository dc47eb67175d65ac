//! What the time is for that somebody chooses in the calendar of a session. The links of the calendar
//! keep it.

use web::{Form, Problem};

use crate::booking::BookingId;
use crate::slot::SlotId;

/// The most times that an address names.
const MOST: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    #[default]
    Book,
    /// This booking is moved.
    Move(BookingId),
    /// The time is added to those of a request.
    Ask(Vec<SlotId>),
}

impl Purpose {
    /// Nothing is found where a value cannot be read.
    pub(super) fn read(query: &Form) -> Result<Self, Problem> {
        if let Some(booking) = query.find("move") {
            return booking
                .parse()
                .map(Self::Move)
                .map_err(|_| Problem::not_found());
        }
        let Some(times) = query.find("ask") else {
            return Ok(Self::Book);
        };
        let times = times.split(',').filter(|id| !id.is_empty());
        let times: Result<Vec<SlotId>, _> = times.map(str::parse).collect();
        let times = times.map_err(|_| Problem::not_found())?;
        if times.len() > MOST {
            return Err(Problem::not_found());
        }
        Ok(Self::Ask(times))
    }

    /// The part of an address that says it; `None` for booking.
    pub(super) fn pair(&self) -> Option<String> {
        match self {
            Self::Book => None,
            Self::Move(booking) => Some(format!("move={booking}")),
            Self::Ask(times) => {
                let times: Vec<String> = times.iter().map(ToString::to_string).collect();
                Some(format!("ask={}", times.join(",")))
            }
        }
    }

    /// The calendar of the session with this slug.
    pub(super) fn calendar(&self, slug: &str) -> String {
        match self.pair() {
            None => format!("/book/s/{slug}"),
            Some(pair) => format!("/book/s/{slug}?{pair}"),
        }
    }

    /// Where a time of the calendar leads.
    pub(super) fn of_time(&self, id: &SlotId) -> String {
        match self {
            Self::Book => format!("/book/{id}"),
            Self::Move(booking) => format!("/me/bookings/{booking}/move?slot={id}"),
            Self::Ask(times) if times.contains(id) => request(times),
            Self::Ask(times) => request(&[times.as_slice(), std::slice::from_ref(id)].concat()),
        }
    }
}

/// The form of a request for these times.
pub(super) fn request(times: &[SlotId]) -> String {
    let times = (1..).zip(times);
    let pairs: Vec<String> = times
        .map(|(number, id)| format!("slot_{number}={id}"))
        .collect();
    match pairs.join("&").as_str() {
        "" => "/me/requests/new".to_owned(),
        query => format!("/me/requests/new?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_calendar_keep_what_the_time_is_for() {
        let [one, other] =
            ["1", "2"].map(|end| format!("01970000-0000-4000-8000-00000000000{end}"));
        let id: SlotId = other.parse().unwrap();
        let twice = format!("ask={one},{other}");
        for (query, leads_to) in [
            (String::new(), format!("/book/{other}")),
            (
                format!("move={one}"),
                format!("/me/bookings/{one}/move?slot={other}"),
            ),
            (
                "ask=".to_owned(),
                format!("/me/requests/new?slot_1={other}"),
            ),
            (
                format!("ask={one}"),
                format!("/me/requests/new?slot_1={one}&slot_2={other}"),
            ),
            (
                twice.clone(),
                format!("/me/requests/new?slot_1={one}&slot_2={other}"),
            ),
        ] {
            let purpose = Purpose::read(&Form::parse(query.as_bytes()).unwrap()).unwrap();
            assert_eq!(purpose.pair().unwrap_or_default(), query);
            assert_eq!(purpose.of_time(&id), leads_to);
        }
        let many = format!("ask={}", vec![one; MOST + 1].join(","));
        for query in ["move=x", "move=", "ask=x", &many] {
            let query = Form::parse(query.as_bytes()).unwrap();
            assert!(Purpose::read(&query).is_err());
        }
    }
}
