//! Form fields for amounts of money. Hosts type amounts such as “180.00”. The database stores minor
//! units.

use platform::money::{Currency, Money};
use web::Form;
use web::form_state::{Control, Field, Group};

/// Converts the typed amount to minor units. If the amount cannot be parsed, it stays as typed, and
/// a later check refuses it.
pub(super) fn convert(form: &mut Form, name: &str, currency: &str) {
    let typed = form.text(name).trim().to_owned();
    let money = currency.parse::<Currency>().ok();
    let money = money.and_then(|currency| Money::parse(&typed, currency));
    if let Some(money) = money.filter(|_| !typed.is_empty()) {
        form.set(name, money.minor.to_string());
    }
}

/// Formats the minor units in a field as an amount. Adds the currency to the field's label.
pub(super) fn show(groups: &mut [Group], name: &str, currency: &str) {
    let mut fields = groups.iter_mut().flat_map(|group| &mut group.fields);
    let Some(field) = fields.find(|field| field.name == name) else {
        return;
    };
    field.control = Control::Line("text", "off");
    if let Ok(known) = currency.parse::<Currency>() {
        let decimal = |minor: i64| Money::new(minor, known).decimal();
        if let Ok(minor) = field.value.parse() {
            field.value = decimal(minor);
        }
        if let Some(stored) = field.stored.as_mut()
            && let Ok(minor) = stored.parse()
        {
            *stored = decimal(minor);
        }
        field.label = format!("{} ({known})", field.label);
    }
}

/// Removes a field from the groups, and returns the field.
pub(super) fn take(groups: &mut [Group], name: &str) -> Option<Field> {
    groups.iter_mut().find_map(|group| {
        let at = group.fields.iter().position(|field| field.name == name)?;
        Some(group.fields.remove(at))
    })
}

#[cfg(test)]
mod tests {
    use super::convert;
    use web::form_state;

    #[test]
    fn amounts_are_typed_in_the_units_of_their_currency() {
        for (typed, currency, minor) in [
            ("180", "MYR", "18000"),
            ("1,250.50", "MYR", "125050"),
            ("1500", "JPY", "1500"),
            ("0.005", "KWD", "5"),
            ("", "MYR", ""),
            ("1.234", "MYR", "1.234"),
            ("-5", "MYR", "-5"),
            ("free", "MYR", "free"),
        ] {
            let mut form = form_state::form([("price", typed)]);
            convert(&mut form, "price", currency);
            assert_eq!(form.text("price"), minor, "{typed} {currency}");
        }
    }
}
