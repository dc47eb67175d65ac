//! Each kind of record that people fill in has a table that declares its fields.
//!
//! The table determines how JSON and forms are parsed, and reports all errors at once. It also
//! determines the entries in the history, the values of a form, and the JSON schema. A record is a
//! plain struct with serde; the table reads and compares the record's JSON.

pub mod filter;
mod kind;
mod quantity;
mod reading;

use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::openapi::schema::{
    AdditionalProperties, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use crate::duration::Unit;
pub use kind::{Kind, color};
pub(crate) use quantity::amount_invalid;
pub use quantity::{Quantity, currency, duration, money, month, percent, percentage};
use reading::Reading;

use crate::findings::{Findings, Limits, When};
use crate::json::Members;
use crate::{Form, I18n, Labelled, Problem};

#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said of a field by itself"
)]
pub struct Field {
    /// The field's name in JSON, forms and the history.
    pub name: &'static str,
    pub kind: Kind,
    /// The message id of the field's label.
    pub label: &'static str,
    /// The message id of the field's explanation.
    pub hint: Option<&'static str>,
    /// The message id of the words that follow a number, such as its unit.
    pub after: Option<&'static str>,
    /// The section of the form in which the field appears. A text in several languages forms a
    /// separate section, whose title is the text's label.
    pub section: &'static str,
    /// Whether a new record must contain the field.
    pub is_required: bool,
    /// Whether the field is set at creation and never changes.
    pub is_fixed: bool,
    /// Whether people who may edit only texts, not other data, can change the field.
    pub is_wording: bool,
    /// Whether the value may be empty or null.
    pub is_optional: bool,
    /// The message id of the option "no value". Only some selections have this option.
    pub none: &'static str,
    /// Whether the history omits the field's values.
    pub is_secret: bool,
}

/// A field that has no name yet; `V` is the type of its value.
#[derive(Debug)]
pub struct FieldOf<V> {
    field: Field,
    holds: PhantomData<fn() -> V>,
}

/// A slug of `least` to `most` characters of `a-z0-9-`.
pub const fn key(least: usize, most: usize) -> FieldOf<String> {
    FieldOf::new(Kind::Key(least, most))
}

/// One line of at most `most` characters.
pub const fn line(most: usize) -> FieldOf<String> {
    FieldOf::new(Kind::Line(most))
}

/// Several lines of at most `most` characters.
pub const fn lines(most: usize) -> FieldOf<String> {
    FieldOf::new(Kind::Lines(most))
}

/// An email address; may be empty.
pub const fn email() -> FieldOf<String> {
    FieldOf::new(Kind::Email)
}

/// A phone number of at most `most` characters; may be empty.
pub const fn phone(most: usize) -> FieldOf<String> {
    FieldOf::new(Kind::Phone(most))
}

/// An https URL; may be empty.
pub const fn https() -> FieldOf<String> {
    FieldOf::new(Kind::Https)
}

/// A text in several languages.
pub const fn texts(limits: Limits) -> FieldOf<I18n> {
    let field = FieldOf::new(Kind::Texts(limits));
    if limits.required {
        field.required()
    } else {
        field
    }
}

pub const fn flag() -> FieldOf<bool> {
    FieldOf::new(Kind::Flag)
}

pub const fn number(least: i64, most: i64) -> FieldOf<i64> {
    FieldOf::new(Kind::Number(least, most))
}

/// An instant, entered as day and time. A day without a time means the end of that day.
pub const fn moment() -> FieldOf<Timestamp> {
    FieldOf::new(Kind::Moment)
}

/// A time of day in the form `HH:MM`.
pub const fn hour() -> FieldOf<String> {
    FieldOf::new(Kind::Hour)
}

/// A day of the calendar in the form `2027-01-16`.
pub const fn date() -> FieldOf<String> {
    FieldOf::new(Kind::Date)
}

/// A day, stored as the instant at the end of the day.
pub const fn day() -> FieldOf<Timestamp> {
    FieldOf::new(Kind::Day)
}

/// One keyword from a closed set; `""` means none if the field is optional.
pub const fn choice<V: Labelled>() -> FieldOf<V> {
    FieldOf::new(Kind::Choice(V::CHOICES))
}

/// A search term, kept exactly as typed; empty if omitted.
pub const fn as_typed() -> FieldOf<String> {
    FieldOf::new(Kind::AsTyped)
}

/// A filter for a boolean value. `yes` and `no` are the message ids of the two choices. If the
/// filter is omitted, both values match.
pub const fn either(yes: &'static str, no: &'static str) -> FieldOf<Option<bool>> {
    FieldOf::new(Kind::Either(yes, no))
}

/// A filter that is off if omitted. Pages offer only the choice "yes", labelled with the message
/// `yes`.
pub const fn only(yes: &'static str) -> FieldOf<bool> {
    FieldOf::new(Kind::Either(yes, ""))
}

/// Keywords that the record itself must validate, because the table does not list them.
pub const fn words() -> FieldOf<Vec<String>> {
    FieldOf::new(Kind::Words)
}

/// Free labels, entered on one line with commas between them.
pub const fn tags() -> FieldOf<Vec<String>> {
    FieldOf::new(Kind::Tags)
}

/// A nested record.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a table is a constant, which is written in its place"
)]
pub const fn part<V>(part: Part<V>) -> FieldOf<V> {
    FieldOf::new(Kind::Part(part.fields))
}

/// A list of at most `most` nested records. A change replaces the whole list.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a table is a constant, which is written in its place"
)]
pub const fn rows<V>(part: Part<V>, most: usize) -> FieldOf<Vec<V>> {
    FieldOf::new(Kind::Rows(part.fields, most))
}

/// The table of a nested record `V`, made by [`part!`](crate::part!).
#[derive(Debug)]
pub struct Part<V> {
    pub fields: &'static [Field],
    of: PhantomData<fn() -> V>,
}

impl<V> Part<V> {
    /// Only [`part!`](crate::part!) may call this function.
    #[doc(hidden)]
    pub const fn new(fields: &'static [Field]) -> Self {
        let of = PhantomData;
        Self { fields, of }
    }
}

impl<V> FieldOf<V> {
    const fn new(kind: Kind) -> Self {
        Self {
            field: Field {
                name: "",
                kind,
                label: "",
                hint: None,
                after: None,
                section: "",
                is_required: false,
                is_fixed: false,
                is_wording: false,
                is_optional: false,
                none: "",
                is_secret: false,
            },
            holds: PhantomData,
        }
    }

    #[must_use]
    pub const fn label(mut self, message: &'static str) -> Self {
        self.field.label = message;
        self
    }

    #[must_use]
    pub const fn hint(mut self, message: &'static str) -> Self {
        self.field.hint = Some(message);
        self
    }

    /// Shows words after the control of a number or a duration.
    #[must_use]
    pub const fn after(mut self, message: &'static str) -> Self {
        self.field.after = Some(message);
        self
    }

    #[must_use]
    pub const fn section(mut self, name: &'static str) -> Self {
        self.field.section = name;
        self
    }

    #[must_use]
    pub const fn required(mut self) -> Self {
        self.field.is_required = true;
        self
    }

    /// Makes the field immutable after the record's creation.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.field.is_fixed = true;
        self
    }

    /// Allows people who may edit only texts to change the field.
    #[must_use]
    pub const fn wording(mut self) -> Self {
        self.field.is_wording = true;
        self
    }

    /// Makes the field optional, so that its value may be null in JSON and empty in a form.
    #[must_use]
    pub const fn optional(mut self) -> FieldOf<Option<V>> {
        self.field.is_optional = true;
        FieldOf {
            field: self.field,
            holds: PhantomData,
        }
    }

    /// Makes a choice optional; `none` is the message id of the option for no value.
    #[must_use]
    pub const fn or(mut self, none: &'static str) -> FieldOf<Option<V>> {
        self.field.none = none;
        self.optional()
    }

    /// Omits the field's values from the history. Otherwise, the history would reveal private
    /// notes, and would keep addresses for longer than the rest of a person's data.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.field.is_secret = true;
        self
    }

    /// Only [`fields!`](crate::fields!) may call this function.
    #[doc(hidden)]
    #[must_use]
    pub const fn named<T>(self, name: &'static str, _: fn(&T) -> &V) -> Field {
        let mut field = self.field;
        field.name = match name.as_bytes() {
            // The field's name is a Rust keyword, written as a raw identifier.
            [b'r', b'#', ..] => name.split_at(2).1,
            _ => name,
        };
        field
    }
}

/// The table of a record's fields. If a field's name is unknown, or its kind does not fit its type,
/// the compiler reports an error at the field's line:
///
/// ```
/// use web::fields::{Field, flag, number};
///
/// struct Dish {
///     spicy: bool,
///     position: i64,
/// }
/// const FIELDS: &[Field] = web::fields! { Dish:
///     spicy: flag().label("dish-spicy"),
///     position: number(0, 1_000).label("dish-position"),
/// };
/// assert_eq!(FIELDS[1].name, "position");
/// ```
#[macro_export]
macro_rules! fields {
    ($record:ty: $($name:ident: $field:expr),+ $(,)?) => {
        &[$($field.named(stringify!($name), |record: &$record| &record.$name)),+]
    };
}

/// The table of a nested record, with the syntax of [`fields!`](crate::fields!).
#[macro_export]
macro_rules! part {
    ($record:ty: $($table:tt)+) => {
        $crate::fields::Part::<$record>::new($crate::fields! { $record: $($table)+ })
    };
}

/// The input that creates or changes a record. Fields that the input omits keep their values.
#[derive(Clone)]
pub enum Input {
    Json(Map<String, Json>),
    /// A submitted form, and the fields that its page contained.
    Form(Form, Vec<Field>),
}

/// Prints only the fields' names, because a value may be secret.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(sent) => f.debug_list().entries(sent.keys()).finish(),
            Self::Form(form, _) => form.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Members::deserialize(deserializer).map(|Members(sent)| Self::Json(sent))
    }
}

impl From<Json> for Input {
    fn from(sent: Json) -> Self {
        match sent {
            Json::Object(sent) => Self::Json(sent),
            _ => Self::Json(Map::new()),
        }
    }
}

impl Input {
    /// Reads a JSON body, and the version on which the change is based.
    pub fn of_json(Members(mut sent): Members) -> Result<(Self, Option<i64>), Problem> {
        let version = match sent.remove("version") {
            None | Some(Json::Null) => None,
            Some(version) => match version.as_i64() {
                Some(version) => Some(version),
                None => return Err(Problem::fields().field("/version", "wrong_type", [])),
            },
        };
        Ok((Self::Json(sent), version))
    }

    /// Whether a field was sent with a value.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Json(sent) => sent.get(name).is_some_and(|value| !value.is_null()),
            Self::Form(form, _) => {
                let below = format!("{name}.");
                let mut typed = form
                    .all(name)
                    .chain(form.under(&below).map(|(_, text)| text));
                typed.any(|text| !text.trim().is_empty())
            }
        }
    }

    /// The text that was sent for a field; empty if the field is missing.
    pub fn text(&self, name: &str) -> &str {
        match self {
            Self::Json(sent) => sent.get(name).and_then(Json::as_str).unwrap_or_default(),
            Self::Form(form, _) => form.text(name),
        }
    }

    /// The value of a flag that is not a field of the record. Only JSON can contain such a flag; a
    /// form gets the default.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self {
            Self::Json(sent) => sent.get(name).and_then(Json::as_bool).unwrap_or(default),
            Self::Form(..) => default,
        }
    }

    /// Returns the record with the input applied. `is_new` is true while the record is being
    /// created. Instants are read in `zone`.
    pub fn apply<T: Serialize + DeserializeOwned + Clone>(
        &self,
        fields: &[Field],
        record: &T,
        is_new: bool,
        zone: &TimeZone,
        findings: &mut Findings,
    ) -> T {
        let mut object = to_object(record);
        let reading = Reading {
            is_new,
            zone,
            at: "",
            form: match self {
                Self::Json(_) => None,
                Self::Form(form, _) => Some(form),
            },
        };
        match self {
            Self::Json(sent) => reading.read(fields, sent, &mut object, findings),
            Self::Form(form, shown) => {
                let held = (!is_new).then_some(&object);
                let sent = kind::read_form(shown, form, "", held, zone);
                reading.read(shown, &sent, &mut object, findings);
            }
        }
        serde_json::from_value(Json::Object(object)).unwrap_or_else(|cause| {
            // A refused value need not fit the record's type.
            debug_assert!(!findings.is_empty(), "the table of another record: {cause}");
            record.clone()
        })
    }
}

/// Whether people who may edit only texts can change all of the changed fields.
pub fn is_wording(fields: &[Field], changes: &[Json]) -> bool {
    let mut others = fields.iter().filter(|field| !field.is_wording);
    others.all(|field| changes.iter().all(|change| change["field"] != field.name))
}

/// The differences, field by field, in the format of the history.
pub fn difference<T: Serialize>(fields: &[Field], old: &T, new: &T) -> Vec<Json> {
    let (old, new) = (to_object(old), to_object(new));
    let pairs = fields.iter().map(|field| {
        let name = field.name;
        (field, old.get(name), new.get(name))
    });
    let told = |field: &Field, value: Option<&Json>| match value {
        value if !field.is_secret => json!(value),
        None | Some(Json::Null) => Json::Null,
        Some(value) => (value != "").then_some("***").into(),
    };
    pairs
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| {
            json!({"field": field.name, "old": told(field, old), "new": told(field, new)})
        })
        .collect()
}

/// The form values of a record; instants are written in `zone`.
pub fn form<T: Serialize>(fields: &[Field], record: &T, version: i64, zone: &TimeZone) -> Form {
    let mut values = vec![("version".to_owned(), version.to_string())];
    kind::fill_form(fields, &to_object(record), "", zone, &mut values);
    values.into_iter().collect()
}

/// The JSON schema of a change: the record's own schema, but every member may be missing or null.
/// `options` are flags that a change may contain although they are not fields of the record.
pub fn schema<T: ToSchema>(
    fields: &[Field],
    options: &[Field],
    description: &str,
) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = T::schema() else {
        return T::schema();
    };
    let is_field = |name: &str| name == "version" || fields.iter().any(|field| field.name == name);
    object.description = Some(description.to_owned());
    object.required.clear();
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    let properties = std::mem::take(&mut object.properties).into_iter();
    let nullable = |property| match property {
        RefOr::T(Schema::Object(mut property)) => {
            if let SchemaType::Type(kind) = property.schema_type {
                property.schema_type = SchemaType::from_iter([kind, Type::Null]);
            }
            RefOr::T(Schema::Object(property))
        }
        other => OneOfBuilder::new()
            .item(other)
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .into(),
    };
    object.properties = properties
        .filter(|(name, _)| is_field(name))
        .map(|(name, property)| {
            let is_instant = |field: &Field| matches!(field.kind, Kind::Moment | Kind::Day);
            let mut fields = fields.iter().filter(|field| field.name == name);
            // An instant may also be sent as a date.
            let is_when = fields.any(is_instant);
            let property = if is_when { When::schema() } else { property };
            (name, nullable(property))
        })
        .chain(options.iter().map(|option| {
            let flag = ObjectBuilder::new().schema_type(Type::Boolean).build();
            (
                option.name.to_owned(),
                nullable(RefOr::T(Schema::Object(flag))),
            )
        }))
        .collect();
    RefOr::T(Schema::Object(object))
}

fn to_object<T: Serialize>(record: &T) -> Map<String, Json> {
    match serde_json::to_value(record) {
        Ok(Json::Object(object)) => object,
        _ => Map::new(),
    }
}

impl Findings {
    /// Sorts the errors in the order of these fields; errors in other fields come first.
    pub fn sort(&mut self, fields: &[Field]) {
        self.0.sort_by_key(|one| {
            let name = one.pointer.split('/').nth(1).unwrap_or_default();
            fields.iter().position(|field| field.name == name)
        });
    }
}

#[cfg(test)]
mod tests;
