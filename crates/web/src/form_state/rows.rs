//! Repeated rows of a form: `choices.0.label.en`, `choices.1.label.en` and so on. Emptied rows are
//! removed and the others renumbered, so that errors point to the right row.

use crate::Form;

/// The number of empty rows that a form offers for additions.
pub(super) const BLANK: usize = 3;

/// Numbers the rows under `name` from 0 without gaps, and returns the new form with the number of
/// rows. A row in which only `key` is filled in counts as empty.
pub fn compact(form: &Form, name: &str) -> (Form, usize) {
    let prefix = format!("{name}.");
    let mut parsed: Vec<usize> = form
        .under(&prefix)
        .filter_map(|(rest, value)| {
            let (row, field) = rest.split_once('.')?;
            let is_filled = field != "key" && !value.trim().is_empty();
            row.parse().ok().filter(|_| is_filled)
        })
        .collect();
    parsed.sort_unstable();
    parsed.dedup();
    let fields = form.iter().filter_map(|(field, value)| {
        let Some(rest) = field.strip_prefix(&prefix) else {
            return Some((field.to_owned(), value.to_owned()));
        };
        let (row, rest) = rest.split_once('.')?;
        let row: usize = row.parse().ok()?;
        let at = parsed.iter().position(|one| *one == row)?;
        Some((format!("{prefix}{at}.{rest}"), value.to_owned()))
    });
    (fields.collect(), parsed.len())
}

/// Sorts the form's first `count` rows by the field `by`.
pub fn sort(form: &Form, name: &str, count: usize, by: &str) -> Form {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|row| form.text(&format!("{name}.{row}.{by}")).to_owned());
    let prefix = format!("{name}.");
    let fields = form.iter().map(|(field, value)| {
        let row = field.strip_prefix(&prefix).and_then(|rest| {
            let (row, rest) = rest.split_once('.')?;
            let row: usize = row.parse().ok()?;
            let at = order.iter().position(|one| *one == row)?;
            Some(format!("{prefix}{at}.{rest}"))
        });
        (row.unwrap_or_else(|| field.to_owned()), value.to_owned())
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form_state;

    #[test]
    fn an_emptied_row_is_gone_and_the_rest_move_up() {
        let typed = form_state::form([
            ("title.en", "Bus?"),
            ("choices.0.key", "there"),
            ("choices.0.label.en", " "),
            ("choices.2.key", "back"),
            ("choices.2.label.en", "Back"),
            ("choices.10.label.ms", "Kedua-dua"),
            ("choices.x.label.en", "?"),
        ]);
        let (form, rows) = compact(&typed, "choices");
        assert_eq!(rows, 2);
        let fields: Vec<_> = form.iter().collect();
        assert_eq!(
            fields,
            [
                ("title.en", "Bus?"),
                ("choices.0.key", "back"),
                ("choices.0.label.en", "Back"),
                ("choices.1.label.ms", "Kedua-dua"),
            ]
        );
    }

    #[test]
    fn rows_follow_one_of_their_fields() {
        let typed = form_state::form([
            ("schedule.0.time", "13:00"),
            ("schedule.0.title.en", "Meal"),
            ("schedule.1.time", "09:30"),
            ("version", "3"),
        ]);
        let sorted = sort(&typed, "schedule", 2, "time");
        assert_eq!(sorted.text("schedule.0.time"), "09:30");
        assert_eq!(sorted.text("schedule.1.title.en"), "Meal");
        assert_eq!(sorted.text("version"), "3");
    }
}
