//! JSON request and response bodies. The media type and the limits of a request body are checked,
//! and errors contain JSON pointers.

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::form_body::{MOST_BYTES, invalid, read_body, too_large, unsupported};
use crate::media_type;
use crate::problem::Problem;

const MOST_DEPTH: usize = 32;
/// The most memory that the values of a request body may take, in bytes.
const MOST_OF_BODY: usize = 8 << 20;
/// The most memory that the values of any JSON text may take, in bytes.
const MOST_MEMORY: usize = 64 << 20;
/// The memory for a value in an array, in bytes.
const VALUE: usize = 48;
/// The memory for an object, in bytes. Even a small one has room for eleven members.
const OBJECT: usize = 640;

#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> Json<T> {
    /// Parses a JSON text. Refuses nesting that is too deep and values that take too much memory,
    /// and adds a JSON pointer to an error in the data.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        Self::parse_within(bytes, MOST_MEMORY)
    }

    fn parse_within(bytes: &[u8], most: usize) -> Result<Self, Problem> {
        check_shape(bytes, most)?;
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|cause| {
            match cause.inner().classify() {
                Category::Data => misfit(&cause),
                Category::Syntax | Category::Eof | Category::Io => invalid(),
            }
        })?;
        reader.end().map_err(|_| invalid())?;
        Ok(Self(value))
    }
}

/// A JSON object without duplicate members at any depth.
#[derive(Clone, Debug)]
pub struct Members(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Once::deserialize(deserializer)?.0 {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(de::Error::custom("no object")),
        }
    }
}

/// A JSON value without duplicate members in any object.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadOnce).map(Self)
    }
}

struct ReadOnce;

impl<'de> Visitor<'de> for ReadOnce {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sent: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Once(item)) = sent.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut sent: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Once(value))) = sent.next_entry::<String, Once>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("the same member twice"));
            }
        }
        Ok(members.into())
    }
}

/// A parsed JSON body with its original bytes, which identify a repeated request.
#[derive(Clone, Debug)]
pub struct Received<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Received<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !media_type::is(request.headers(), "application/json") {
            return Err(unsupported());
        }
        let bytes = read_body(request.into_body(), MOST_BYTES).await?;
        let Json(value) = Json::parse_within(&bytes, MOST_OF_BODY)?;
        Ok(Self { value, bytes })
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let received = Received::from_request(request, state).await?;
        Ok(Self(received.value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn misfit(cause: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    // serde distinguishes these errors only by their wording, which is stable.
    let words = cause.inner().to_string();
    let quoted = words.split('`').nth(1).unwrap_or_default();
    let (code, below) = if words.starts_with("unknown field") {
        ("unknown_field", None)
    } else if words.starts_with("missing field") {
        ("required", Some(quoted))
    } else if words.starts_with("unknown variant") {
        ("unknown_option", None)
    } else {
        ("wrong_type", None)
    };
    Problem::fields().field(pointer(cause.path(), below), code, [])
}

/// Converts a path to a JSON pointer. `below` is the name of a missing field in the object at that
/// path.
fn pointer(path: &serde_path_to_error::Path, below: Option<&str>) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    let mut add = |part: &str| {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    };
    for segment in path {
        match segment {
            Segment::Seq { index } => add(&index.to_string()),
            Segment::Map { key } => add(key),
            Segment::Enum { variant } => add(variant),
            Segment::Unknown => {}
        }
    }
    if let Some(below) = below {
        add(below);
    }
    pointer
}

/// Refuses nesting that is too deep, and values that would take more than `most` bytes of memory.
/// Counts what is outside strings, before any value is built.
fn check_shape(bytes: &[u8], most: usize) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut memory = 0;
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > MOST_DEPTH {
                    return Err(invalid());
                }
                memory += if *byte == b'{' { OBJECT } else { VALUE };
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => memory += VALUE,
            _ => {}
        }
    }
    if memory > most {
        return Err(too_large());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::header::CONTENT_TYPE;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    struct Answer {
        version: i64,
        #[serde(default)]
        dishes: Vec<Dish>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    struct Dish {
        name: String,
        reply: Option<Reply>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Reply {
        Yes,
        No,
    }

    #[test]
    fn mistakes_are_named_where_they_are() {
        for (body, status, error) in [
            (r#"{"version":1}"#, 200, None),
            (
                r#"{"version":1,"dishes":[{"name":"Mei","reply":"yes"}]}"#,
                200,
                None,
            ),
            ("", 400, None),
            ("{", 400, None),
            (r#"{"version":1} x"#, 400, None),
            (r#"{"version":"1"}"#, 422, Some(("/version", "wrong_type"))),
            ("[]", 422, Some(("", "wrong_type"))),
            ("{}", 422, Some(("/version", "required"))),
            (
                r#"{"version":1,"x~/y":1}"#,
                422,
                Some(("/x~0~1y", "unknown_field")),
            ),
            (
                r#"{"version":1,"dishes":[{"name":"A"},{}]}"#,
                422,
                Some(("/dishes/1/name", "required")),
            ),
            (
                r#"{"version":1,"dishes":[{"name":"A","reply":"perhaps"}]}"#,
                422,
                Some(("/dishes/0/reply", "unknown_option")),
            ),
        ] {
            match Json::<Answer>::parse(body.as_bytes()) {
                Ok(_) => assert_eq!(status, 200, "{body}"),
                Err(problem) => {
                    assert_eq!(problem.status.as_u16(), status, "{body}");
                    let first = problem.errors.first();
                    let found = first.map(|error| (error.pointer.as_str(), error.code));
                    assert_eq!(found, error, "{body}");
                }
            }
        }
    }

    #[test]
    fn a_member_is_sent_once() {
        let parse = |text: &str| Json::<Members>::parse(text.as_bytes());
        let Json(Members(sent)) = parse(r#"{"a": [-1, 2.5, "x"], "b": null}"#).unwrap();
        assert_eq!(
            Value::from(sent),
            serde_json::json!({"a": [-1, 2.5, "x"], "b": null})
        );
        for wrong in [
            r#"{"a": 1, "b": 2, "a": null}"#,
            r#"{"a": [{"b": {"c": 1, "c": 1}}]}"#,
            "[1]",
            "1",
        ] {
            let problem = parse(wrong).unwrap_err();
            assert_eq!(problem.errors[0].code, "wrong_type", "{wrong}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let parse = |text: String| Json::<serde_json::Value>::parse(text.as_bytes()).is_ok();
        assert!(parse(nested(MOST_DEPTH)));
        assert!(!parse(nested(MOST_DEPTH + 1)));
        assert!(!parse(nested(100_000)));
        assert!(parse(format!(r#""{}\"[[""#, "[".repeat(100))));
    }

    #[tokio::test]
    async fn a_small_body_takes_no_large_memory() {
        let listed =
            |value: &str, count: usize| format!("[{}0]", format!("{value},").repeat(count));
        for (body, status) in [
            (listed(r#"{"a":0}"#, 12_000), 200),
            (listed(r#"{"a":0}"#, 30_000), 413),
            (listed("0", 120_000), 200),
            (listed(r#""{,,,,,,,,,,,,,,,{{{{{{{{{{{""#, 8_000), 200),
        ] {
            let request = Request::builder().header(CONTENT_TYPE, "application/json");
            assert!(body.len() < MOST_BYTES, "{}", body.len());
            let request = request.body(Body::from(body)).unwrap();
            let taken = Json::<Value>::from_request(request, &()).await;
            let answer = taken.map_or_else(|problem| problem.status.as_u16(), |_| 200);
            assert_eq!(answer, status);
        }
        // A list that somebody imports has as many bytes as its file may have.
        let list = listed(r#"{"a":0}"#, 110_000);
        let problem = Json::<Value>::parse(list.as_bytes()).unwrap_err();
        assert_eq!(problem.code, "body_too_large");
    }

    #[tokio::test]
    async fn only_json_is_taken() {
        for (kind, status) in [
            ("application/json", 200),
            ("application/json; charset=utf-8", 200),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
        ] {
            let request = Request::builder().header(CONTENT_TYPE, kind);
            let request = request.body(Body::from("1")).unwrap();
            let taken = Json::<i64>::from_request(request, &()).await;
            let answer = taken.map_or_else(|problem| problem.status.as_u16(), |_| 200);
            assert_eq!(answer, status, "{kind}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Err(problem) = Json::<Answer>::parse(&bytes) {
                prop_assert!(problem.status.is_client_error());
            }
        }
    }
}
