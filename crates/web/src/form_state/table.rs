//! Form fields built from a table.

use super::{Control, Field, FormState, Group, rows};
use crate::fields::{self, Kind, Quantity, Unit};
use crate::{Limits, Text, dates};

/// A form whose fields are declared in a table. The page's handler may add more fields.
#[derive(Clone, Copy, Debug)]
pub struct TableForm<'a> {
    pub text: &'a Text,
    pub form_state: &'a FormState,
    /// The languages of multilingual texts.
    pub languages: &'a [String],
    /// The time zone of typed times.
    pub zone: &'a str,
}

impl TableForm<'_> {
    /// The fields in groups: one group for each text in several languages, and one group for all
    /// other fields of a section. `legend` is the heading for fields without a section.
    /// [`TableForm::rows`] renders lists; the page's own code renders keyword lists and filters.
    pub fn groups(&self, fields: &[fields::Field], legend: &'static str) -> Vec<Group> {
        let mut groups: Vec<(&str, Group)> = Vec::new();
        let is_editable = |name: &str| fields.iter().any(|field| field.name == name);
        // Fields without a label never appear in forms.
        for field in fields.iter().filter(|field| !field.label.is_empty()) {
            if let Kind::Texts(limits) = field.kind {
                groups.push((field.name, self.texts(field, field.name, limits)));
                continue;
            }
            let section = if field.section.is_empty() {
                legend
            } else {
                field.section
            };
            let mut shown = self.controls(field, field.name);
            for one in &mut shown {
                // The unit of an amount whose currency is chosen in the same form would be out of
                // date after another choice.
                if let Control::Amount(unit, hidden) = &mut one.control
                    && hidden.as_ref().is_some_and(|(name, _)| is_editable(name))
                {
                    *hidden = None;
                    unit.clear();
                }
            }
            if shown.is_empty() {
                continue;
            }
            if let Some((_, group)) = groups.iter_mut().find(|(known, _)| *known == section) {
                group.fields.extend(shown);
            } else {
                let group = Group {
                    legend: self.text.say(section).into_owned(),
                    fields: shown,
                };
                groups.push((section, group));
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Returns the existing rows of a list, followed by some empty rows. `list` is the list's name,
    /// `most` its maximum number of rows, and `legend` the heading of each row.
    pub fn rows(
        &self,
        list: &str,
        fields: &[fields::Field],
        most: usize,
        legend: impl Fn(usize) -> String,
    ) -> Vec<Group> {
        let count = rows::compact(&self.form_state.form, list).1;
        let texts = fields.iter().map(|field| field.kind);
        let texts = texts.filter(|kind| matches!(kind, Kind::Texts(_))).count();
        let row = |index: usize| {
            let fields = fields.iter().flat_map(|field| {
                let mut shown = self.controls(field, &format!("{list}.{index}.{}", field.name));
                for one in &mut shown {
                    match field.kind {
                        Kind::Texts(_) if texts > 1 => {
                            one.label = format!("{} – {}", self.text.say(field.label), one.label);
                        }
                        Kind::Key(..) => one.control = Control::Hidden,
                        _ => {}
                    }
                    // An empty row is ignored, so the browser must not require its fields.
                    one.is_required = false;
                }
                shown
            });
            Group {
                legend: legend(index + 1),
                fields: fields.collect(),
            }
        };
        (0..(count + rows::BLANK).min(most)).map(row).collect()
    }

    fn texts(&self, field: &fields::Field, name: &str, limits: Limits) -> Group {
        let control = || {
            if limits.lines {
                Control::Lines
            } else {
                Control::Line("text", "off")
            }
        };
        let label = self.text.say(field.label);
        let mut group = self.form_state.texts(name, label, self.languages, control);
        if let (Some(first), Some(hint)) = (group.fields.first_mut(), field.hint) {
            first.hint = Some(self.text.say(hint).into_owned());
        }
        group
    }

    fn controls(&self, field: &fields::Field, name: &str) -> Vec<Field> {
        let text = self.text;
        let hint = field.hint.map(|hint| text.say(hint).into_owned());
        let control = match field.kind {
            Kind::Texts(limits) => return self.texts(field, name, limits).fields,
            Kind::Part(fields) => {
                let part =
                    |field: &fields::Field| self.controls(field, &format!("{name}.{}", field.name));
                return fields.iter().flat_map(part).collect();
            }
            Kind::Words | Kind::Rows(..) | Kind::AsTyped | Kind::Either(..) => return Vec::new(),
            Kind::Key(..) | Kind::Line(_) | Kind::Tags => Control::Line("text", "off"),
            Kind::Lines(_) => Control::Lines,
            Kind::Email => Control::Line("email", "off"),
            Kind::Phone(_) => Control::Line("tel", "off"),
            Kind::Https => Control::Line("url", "off"),
            Kind::Flag => Control::Tick,
            Kind::Number(..) => Control::Number,
            Kind::Quantity(Quantity::Money(currency), ..) => {
                let code = self.form_state.form.text(currency).to_uppercase();
                let hidden = Some((currency.to_owned(), code.clone()));
                Control::Amount(code, hidden)
            }
            Kind::Quantity(Quantity::Percent, ..) => Control::Amount("%".to_owned(), None),
            Kind::Quantity(Quantity::Duration(unit), ..) => self.duration(name, unit),
            Kind::Currency(_) => {
                let mut field = self.form_state.currency(name, text.say(field.label));
                field.hint = hint;
                return vec![field];
            }
            Kind::Month => {
                let months = (1..).zip(dates::MONTHS);
                let months = months.map(|(number, month): (i64, _)| {
                    (number.to_string(), text.say(month).into_owned())
                });
                Control::Select(months.collect())
            }
            Kind::Moment => Control::Line("datetime-local", "off"),
            Kind::Hour => Control::Line("time", "off"),
            Kind::Date | Kind::Day => Control::Line("date", "off"),
            Kind::Color => Control::Line("color", "off"),
            Kind::Choice(words) => {
                let none = (!field.none.is_empty()).then_some(("", field.none));
                let words = none.iter().chain(words);
                let words = words.map(|(word, id)| ((*word).to_owned(), text.say(id).into_owned()));
                Control::Select(words.collect())
            }
        };
        let mut shown = self.form_state.field(name, text.say(field.label), control);
        shown.is_required = field.is_required;
        shown.after = field.after.map(|after| text.say(after).into_owned());
        shown.hint = hint.or_else(|| {
            matches!(field.kind, Kind::Moment)
                .then(|| text.with("form-zone", [("zone", dates::place_of(self.zone).into())]))
        });
        if matches!(field.kind, Kind::Quantity(Quantity::Duration(_), ..)) {
            shown.stored = self.stored_duration(name);
        }
        vec![shown]
    }

    /// `own` is the field's unit, which is chosen if the form names none.
    fn duration(&self, name: &str, own: Unit) -> Control {
        let units = own.and_larger();
        let units = units.map(|unit| {
            let label = self.text.say(unit.label());
            (unit.word().to_owned(), label.into_owned())
        });
        let chosen = self.form_state.form.text(&format!("{name}.unit"));
        let chosen = Unit::find(chosen).unwrap_or(own);
        Control::Duration(units.collect(), chosen.word().to_owned())
    }

    fn stored_duration(&self, name: &str) -> Option<String> {
        let stored = self.form_state.stored.as_ref()?;
        let unit = format!("{name}.unit");
        let differs = [name, &unit].iter().any(|part| {
            let typed = self.form_state.form.text(part);
            stored.text(part) != typed
        });
        let unit = Unit::find(stored.text(&unit))?;
        let label = self.text.say(unit.label());
        differs.then(|| format!("{} {label}", stored.text(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{Field as Row, Part, choice, flag, key, line, moment, part, rows, texts};
    use crate::form_state::form;
    use crate::{I18n, Preset, testing};

    struct Dish {
        name: I18n,
        served_at: jiff::Timestamp,
        is_hot: bool,
        course: Preset,
        cook: Cook,
        sides: Vec<Side>,
    }
    struct Cook {
        name: String,
    }
    struct Side {
        key: String,
        name: String,
    }

    const FIELDS: &[Row] = crate::fields! { Dish:
        name: texts(Limits::required(20)).label("shell-language"),
        served_at: moment().label("shell-home").required(),
        is_hot: flag().label("shell-more").hint("shell-skip"),
        course: choice().label("shell-home"),
        cook: part(COOK).label("shell-home").section("shell-tabs"),
        sides: rows(SIDE, 4).label("shell-home"),
    };
    const COOK: Part<Cook> = crate::part! { Cook: name: line(10).label("shell-home") };
    const SIDE: Part<Side> = crate::part! { Side:
        key: key(1, 10).label("shell-home"),
        name: line(10).label("shell-home").required(),
    };

    #[test]
    fn a_table_is_a_form() {
        let text = testing::text("en");
        let typed = form([
            ("name.ms", "Nasi"),
            ("served_at", "2027-01-16T14:20"),
            ("cook.name", "Aina"),
            ("sides.0.name", "Ulam"),
        ]);
        let table = TableForm {
            text: &text,
            form_state: &FormState::of(typed),
            languages: &["ms".to_owned(), "ar".to_owned()],
            zone: "Asia/Kuala_Lumpur",
        };
        let groups = table.groups(FIELDS, "shell-navigation");
        let names = |group: &Group| {
            let fields = group.fields.iter().map(|field| field.name.clone());
            (group.legend.clone(), fields.collect::<Vec<_>>().join(" "))
        };
        let names: Vec<_> = groups.iter().map(names).collect();
        let named = [
            ("Language", "name.ms name.ar"),
            ("Sections", "served_at is_hot course"),
            ("Main sections", "cook.name"),
        ];
        assert_eq!(
            names,
            named.map(|(legend, all)| (legend.to_owned(), all.to_owned()))
        );

        let html: Vec<_> = groups
            .iter()
            .map(|group| group.card(&text).to_string())
            .collect();
        let html = html
            .concat()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for part in [
            r#"<h2 aria-hidden="true">Language</h2>"#,
            r#"<label for="name.ar">العربية</label>"#,
            r#"value="Nasi" autocomplete="off" lang="ms" dir="ltr""#,
            r#"id="served_at-hint">As clocks show it in Kuala Lumpur.</p>"#,
            r#"class="when" required aria-describedby="served_at-hint""#,
            r#"<input type="checkbox" id="is_hot" name="is_hot" value="1" aria-describedby="is_hot-hint">"#,
            r#"name="cook.name" value="Aina""#,
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }

        let rows = table.rows("sides", SIDE.fields, 3, |n| n.to_string());
        assert_eq!(rows.len(), 3, "one, and as many empty ones as there may be");
        let [key, name] = &rows[0].fields[..] else {
            panic!("{rows:?}");
        };
        assert!(matches!(key.control, Control::Hidden));
        assert_eq!((&*name.name, &*name.value), ("sides.0.name", "Ulam"));
        assert!(!name.is_required);
    }
}
