//! Fields that people fill in, said once: one table for each kind of record.
//!
//! From the table come the reading of JSON and of forms, with every finding at
//! once; what changed, for the history; what a form holds; and the schema of the
//! JSON. A record is a plain struct with serde; the table reads and compares it as
//! the JSON that serde makes of it.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AdditionalProperties, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};

use crate::findings::{Findings, Limits, token};
use crate::{Form, I18n, Problem};

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in JSON, in forms and in the history.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The message that is its label.
    pub label: &'static str,
    /// The message that explains it.
    pub hint: Option<&'static str>,
    /// Whether it is set when the record is made, and never after.
    pub is_fixed: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A name in addresses: 1–40 of `a-z0-9-`.
    Key,
    /// A text in several languages.
    Texts(Limits),
    /// Yes or no.
    Flag,
    /// A whole number, from the first to the second.
    Number(i64, i64),
}

/// A field before it has its name; `V` is the type of what it holds.
#[derive(Debug)]
pub struct FieldOf<V> {
    field: Field,
    holds: PhantomData<fn() -> V>,
}

/// A name in addresses: 1–40 of `a-z0-9-`.
pub const fn key() -> FieldOf<String> {
    FieldOf::new(Kind::Key)
}

/// A text in several languages.
pub const fn texts(limits: Limits) -> FieldOf<I18n> {
    FieldOf::new(Kind::Texts(limits))
}

/// Yes or no.
pub const fn flag() -> FieldOf<bool> {
    FieldOf::new(Kind::Flag)
}

/// A whole number of `least` to `most`.
pub const fn number(least: i64, most: i64) -> FieldOf<i64> {
    FieldOf::new(Kind::Number(least, most))
}

impl<V> FieldOf<V> {
    const fn new(kind: Kind) -> Self {
        Self {
            field: Field {
                name: "",
                kind,
                label: "",
                hint: None,
                is_fixed: false,
            },
            holds: PhantomData,
        }
    }

    /// With the message that is its label.
    #[must_use]
    pub const fn label(mut self, message: &'static str) -> Self {
        self.field.label = message;
        self
    }

    /// With a message that explains it.
    #[must_use]
    pub const fn hint(mut self, message: &'static str) -> Self {
        self.field.hint = Some(message);
        self
    }

    /// Set when the record is made, and never after.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.field.is_fixed = true;
        self
    }

    /// Called by [`fields!`](crate::fields!) alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn named<T>(self, name: &'static str, _: fn(&T) -> &V) -> Field {
        let mut field = self.field;
        field.name = name;
        field
    }
}

/// The table of a record's fields. A name that the record does not have, or a kind that is not of
/// the type it has there, is an error at its line:
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

/// What was sent to make a record, or to change one. What is left out stays.
#[derive(Clone)]
pub enum Input {
    /// By JSON.
    Json(Map<String, Json>),
    /// By a form that holds all fields.
    Form(Form),
}

/// Names only, as of a form.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(sent) => f.debug_list().entries(sent.keys()).finish(),
            Self::Form(form) => form.fmt(f),
        }
    }
}

impl Input {
    /// Reads a body of JSON, and the version in it that the change was made for.
    pub fn of_json(sent: Map<String, Json>) -> Result<(Self, Option<i64>), Problem> {
        let version = match sent.get("version") {
            None | Some(Json::Null) => None,
            Some(version) => match version.as_i64() {
                Some(version) => Some(version),
                None => return Err(Problem::fields().field("/version", "wrong_type", [])),
            },
        };
        Ok((Self::Json(sent), version))
    }

    /// The record with what was sent. `is_new`: it is only being made.
    pub fn apply<T: Serialize + DeserializeOwned + Clone>(
        &self,
        fields: &[Field],
        record: &T,
        is_new: bool,
        findings: &mut Findings,
    ) -> T {
        let mut object = to_object(record);
        if let Self::Json(sent) = self {
            let is_known =
                |name: &str| name == "version" || fields.iter().any(|field| field.name == name);
            for name in sent.keys().filter(|name| !is_known(name)) {
                findings.add(&format!("/{}", token(name)), "unknown_field", []);
            }
        }
        for field in fields {
            let sent = match self {
                Self::Json(sent) => sent.get(field.name).cloned(),
                Self::Form(_) if field.is_fixed && !is_new => None,
                Self::Form(form) => field.read_form(form),
            };
            let Some(sent) = sent.filter(|sent| !sent.is_null()) else {
                continue;
            };
            if field.is_fixed && !is_new {
                if object.get(field.name) != Some(&sent) {
                    findings.add(&field.pointer(), "not_allowed", []);
                }
            } else if let Some(value) = field.check(&sent, findings) {
                object.insert(field.name.to_owned(), value);
            } else {
                findings.add(&field.pointer(), "wrong_type", []);
            }
        }
        serde_json::from_value(Json::Object(object)).unwrap_or_else(|cause| {
            tracing::error!(%cause, "a table of fields does not fit its record");
            findings.add("", "invalid", []);
            record.clone()
        })
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

impl Field {
    fn pointer(&self) -> String {
        format!("/{}", self.name)
    }

    /// What was typed, as JSON would say it; `None` where an empty field says nothing.
    fn read_form(&self, form: &Form) -> Option<Json> {
        let name = self.name;
        Some(match self.kind {
            Kind::Key => Json::from(Some(form.text(name).trim()).filter(|key| !key.is_empty())?),
            Kind::Flag => form.is_ticked(name).into(),
            Kind::Number(..) => match form.number(name) {
                Ok(number) => number?.into(),
                // Said to be out of range, like other numbers that cannot be.
                Err(_) => i64::MIN.into(),
            },
            Kind::Texts(_) => {
                let texts = form.under(name);
                let texts = texts.filter_map(|(rest, text)| Some((rest.strip_prefix('.')?, text)));
                Json::Object(
                    texts
                        .map(|(tag, text)| (tag.to_owned(), text.into()))
                        .collect(),
                )
            }
        })
    }

    /// The value as it is kept; `None` where JSON of another type was sent.
    fn check(&self, sent: &Json, findings: &mut Findings) -> Option<Json> {
        let pointer = self.pointer();
        Some(match self.kind {
            Kind::Key => findings.slug(&pointer, sent.as_str()?, 1, 40).into(),
            Kind::Flag => sent.as_bool()?.into(),
            Kind::Number(least, most) => findings
                .number(&pointer, sent.as_i64()?, least, most)
                .into(),
            Kind::Texts(limits) => {
                let mut texts = I18n::default();
                for (tag, text) in sent.as_object()? {
                    if let Some(text) = text.as_str() {
                        texts.set(tag, text);
                    } else {
                        let below = format!("{pointer}/{}", token(tag));
                        findings.add(&below, "wrong_type", []);
                    }
                }
                json!(findings.i18n(&pointer, &texts, limits))
            }
        })
    }

    /// The fields of a form that hold `value`.
    fn fill_form(self, value: &Json) -> Vec<(String, String)> {
        let name = self.name.to_owned();
        match value {
            Json::Null => Vec::new(),
            Json::Bool(is_on) => vec![(name, if *is_on { "1" } else { "" }.to_owned())],
            Json::String(text) => vec![(name, text.clone())],
            Json::Object(texts) => texts
                .iter()
                .map(|(tag, text)| {
                    let text = text.as_str().unwrap_or_default();
                    (format!("{name}.{tag}"), text.to_owned())
                })
                .collect(),
            other => vec![(name, other.to_string())],
        }
    }
}

/// What differs, field by field, as the history keeps it.
pub fn difference<T: Serialize>(fields: &[Field], old: &T, new: &T) -> Vec<Json> {
    let (old, new) = (to_object(old), to_object(new));
    let pairs = fields.iter().map(|field| {
        let name = field.name;
        (name, old.get(name), new.get(name))
    });
    pairs
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| json!({"field": name, "old": old, "new": new}))
        .collect()
}

/// A record as its form holds it.
pub fn form<T: Serialize>(fields: &[Field], record: &T, version: i64) -> Form {
    let object = to_object(record);
    let values = fields.iter().filter_map(|field| {
        let value = object.get(field.name)?;
        Some(field.fill_form(value))
    });
    let version = ("version".to_owned(), version.to_string());
    std::iter::once(version).chain(values.flatten()).collect()
}

/// The JSON that changes a record: as the record's own, but all may be left out or null.
pub fn schema<T: ToSchema>(fields: &[Field], description: &str) -> RefOr<Schema> {
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
        .map(|(name, property)| (name, nullable(property)))
        .collect();
    RefOr::T(Schema::Object(object))
}

fn to_object<T: Serialize>(record: &T) -> Map<String, Json> {
    match serde_json::to_value(record) {
        Ok(Json::Object(object)) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Dish {
        key: String,
        name: I18n,
        is_spicy: bool,
        position: i64,
        version: i64,
    }

    const FIELDS: &[Field] = crate::fields! { Dish:
        name: texts(Limits::required(10)).label("dish-name"),
        is_spicy: flag().label("dish-spicy"),
        position: number(0, 9).label("dish-position"),
        key: key().label("dish-key").fixed(),
    };

    fn rendang() -> Dish {
        Dish {
            key: "rendang".to_owned(),
            name: I18n::one("ms", "Rendang"),
            is_spicy: true,
            position: 3,
            version: 4,
        }
    }

    fn apply(input: &Input, is_new: bool) -> Result<Dish, Vec<(String, &'static str)>> {
        let mut findings = Findings::default();
        let dish = input.apply(FIELDS, &rendang(), is_new, &mut findings);
        let done = findings.finish().map(|()| dish);
        done.map_err(|all| all.into_iter().map(|one| (one.pointer, one.code)).collect())
    }

    #[test]
    fn what_is_left_out_stays() {
        let dish = apply(
            &json!({"version": 4, "is_spicy": false, "name": null}).into(),
            false,
        );
        let mild = Dish {
            is_spicy: false,
            ..rendang()
        };
        assert_eq!(dish.as_ref(), Ok(&mild));
        assert_eq!(
            difference(FIELDS, &rendang(), &mild),
            [json!({"field": "is_spicy", "old": true, "new": false})]
        );
    }

    #[test]
    fn every_finding_comes_at_once_and_changes_nothing() {
        let sent = json!({"key": "other", "name": {"ms": "x".repeat(11), "en": 5},
            "is_spicy": "very", "position": 10, "pos/ition": 1});
        let found = [
            ("/pos~1ition", "unknown_field"),
            ("/name/en", "wrong_type"),
            ("/name/ms", "too_long"),
            ("/is_spicy", "wrong_type"),
            ("/position", "out_of_range"),
            ("/key", "not_allowed"),
        ];
        let found: Vec<_> = found.map(|(at, code)| (at.to_owned(), code)).into();
        assert_eq!(apply(&sent.into(), false), Err(found));
    }

    #[test]
    fn a_key_is_chosen_once() {
        let sent = |key: &str| Input::from(json!({ "key": key }));
        assert_eq!(
            apply(&sent("satay"), true).map(|dish| dish.key),
            Ok("satay".to_owned())
        );
        assert!(apply(&sent("satay"), false).is_err());
        assert_eq!(apply(&sent("rendang"), false), Ok(rendang()));
        assert!(apply(&sent("No Key!"), true).is_err());
    }

    #[test]
    fn a_form_gives_back_what_it_holds() {
        let stored = form(FIELDS, &rendang(), 4);
        let input = Input::Form(stored.clone());
        assert_eq!(apply(&input, false), Ok(rendang()));
        // A box that is not ticked sends nothing.
        let kept = stored.iter().filter(|(name, _)| *name != "is_spicy");
        let typed = kept.map(|(name, value)| match name {
            "position" => (name.to_owned(), "first".to_owned()),
            _ => (name.to_owned(), value.to_owned()),
        });
        let typed: Form = typed.collect();
        let found = ("/position".to_owned(), "out_of_range");
        assert_eq!(apply(&Input::Form(typed.clone()), false), Err(vec![found]));
        let mut typed = typed;
        typed.remove(&["position", "name.ms"]);
        let found = ("/name".to_owned(), "required");
        assert_eq!(apply(&Input::Form(typed), false), Err(vec![found]));
    }
}
