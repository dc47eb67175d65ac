//! The OpenAPI description. It is collected from the domains' routes. `/api/openapi.json` serves it
//! for API clients, and `/api/docs` shows it as a page for people. Both are in English.

use std::io::{self, Read as _};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use serde_json::Value;
use web::page::{Kind, Page};
use web::{Language, Problem, Site, Theme};

const INTRODUCTION: &str = "Guests send their code in the path. Hosts and their programs send \
    “Authorization: Bearer TOKEN”; tokens are made on the page of your account, or by \
    “kenduri token create”. A token is shown what its scopes are for: “occasion:read” what hosts \
    wrote, with codes and contact data, “rsvps:read” what people answered. The rest is left out or \
    null, may not be searched for, and a change answers a token that may not read it with the \
    version alone. Bodies are JSON in UTF-8, at most 256 KiB. A change names the version \
    it was made on; a stale one is answered with 409 and the stored state in “current”. A POST may \
    carry an Idempotency-Key, and is then done once, however often it is sent.";

/// A test in this module writes the OpenAPI description to a file, and the build script compresses
/// it.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

fn description() -> io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut text)?;
    Ok(text)
}

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/api/openapi.json", get(json))
        .route("/api/docs", get(docs))
        .route("/api", get(async || Redirect::to("/api/docs")))
}

async fn json() -> Result<impl IntoResponse, Problem> {
    let text = description().map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text))
}

async fn docs(State(site): State<Site>) -> Result<Response, Problem> {
    let text = description().map_err(Problem::internal)?;
    let description = serde_json::from_str(&text).map_err(Problem::internal)?;
    Ok(page(&site, &description))
}

#[derive(Template)]
#[template(path = "api.html")]
struct Docs<'a> {
    introduction: &'static str,
    operations: Vec<Operation<'a>>,
    schemas: Vec<Schema<'a>>,
}

struct Operation<'a> {
    anchor: String,
    method: String,
    path: &'a str,
    summary: &'a str,
    description: &'a str,
    fields: Vec<Field<'a>>,
}

struct Schema<'a> {
    name: &'a str,
    description: &'a str,
    fields: Vec<Field<'a>>,
}

/// As `/api/docs` shows it: a parameter, a body, a response or a member of a schema.
struct Field<'a> {
    name: String,
    what: String,
    schema: Option<&'a str>,
}

fn page(site: &Site, description: &Value) -> Response {
    let text = site.catalogue.speak(&Language::ENGLISH);
    web::page(Page {
        title: &format!("API – {}", site.settings.name),
        body: Docs {
            introduction: INTRODUCTION,
            operations: operations(description),
            schemas: members(&description["components"]["schemas"])
                .map(|(name, schema)| Schema {
                    name,
                    description: words(&schema["description"]),
                    fields: schema_fields(schema),
                })
                .collect(),
        },
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &[],
        },
    })
}

fn operations(description: &Value) -> Vec<Operation<'_>> {
    members(&description["paths"])
        .flat_map(|(path, item)| {
            members(item).map(move |(method, operation)| Operation {
                anchor: anchor(operation),
                method: method.to_uppercase(),
                path,
                summary: words(&operation["summary"]),
                description: words(&operation["description"]),
                fields: operation_fields(description, operation),
            })
        })
        .collect()
}

/// Contains the tag, because operation ids are unique only within a tag.
fn anchor(operation: &Value) -> String {
    let tag = words(&operation["tags"][0]).replace(' ', "-");
    format!("{tag}-{}", words(&operation["operationId"]))
}

fn operation_fields<'a>(description: &'a Value, operation: &'a Value) -> Vec<Field<'a>> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| Field {
        name: format!(
            "{} ({})",
            words(&parameter["name"]),
            words(&parameter["in"])
        ),
        what: words(&parameter["description"]).to_owned(),
        schema: None,
    });
    let body = members(&operation["requestBody"]["content"]).map(|(kind, content)| Field {
        name: "Body".to_owned(),
        what: kind.to_owned(),
        schema: referred(&content["schema"]),
    });
    let answers = members(&operation["responses"]).map(|(status, answer)| {
        let shared = answer["$ref"].as_str().and_then(|place| place.get(1..));
        let answer = shared
            .and_then(|place| description.pointer(place))
            .unwrap_or(answer);
        let mut contents = members(&answer["content"]);
        Field {
            name: status.to_owned(),
            what: words(&answer["description"]).to_owned(),
            schema: contents.find_map(|(_, content)| referred(&content["schema"])),
        }
    });
    let access = access_fields(operation);
    access
        .chain(parameters)
        .chain(body)
        .chain(answers)
        .collect()
}

fn access_fields(operation: &Value) -> impl Iterator<Item = Field<'_>> {
    let scopes = operation["security"][0]["token"].as_array().into_iter();
    let scopes: Vec<&str> = scopes.flatten().map(words).collect();
    let access = &operation["x-access"];
    let token = if access["in_person"] == true {
        "No token may.".to_owned()
    } else {
        scopes.join(" ")
    };
    let fields = [
        ("Role", words(&access["role"]).to_owned()),
        ("Token", token),
    ];
    let fields = fields.into_iter().filter(|(_, what)| !what.is_empty());
    fields.map(|(name, what)| Field {
        name: name.to_owned(),
        what,
        schema: None,
    })
}

fn schema_fields(schema: &Value) -> Vec<Field<'_>> {
    let members = members(&schema["properties"]).map(|(name, member)| {
        let kind = match &member["type"] {
            Value::Array(kinds) => kinds.iter().map(words).collect::<Vec<_>>().join(" or "),
            kind => words(kind).to_owned(),
        };
        let about = words(&member["description"]);
        Field {
            name: name.to_owned(),
            what: format!("{kind} {about}").trim().to_owned(),
            schema: referred(member)
                .or_else(|| referred(&member["items"]))
                .or_else(|| member["oneOf"].as_array()?.iter().find_map(referred)),
        }
    });
    let one_of = schema["enum"].as_array().into_iter().flatten();
    let one_of = one_of.map(|word| Field {
        name: words(word).to_owned(),
        what: String::new(),
        schema: None,
    });
    members.chain(one_of).collect()
}

/// From a reference such as `#/components/schemas/…`.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
    use utoipa::openapi::{ComponentsBuilder, Info, OpenApiBuilder};

    use super::*;
    use crate::domains::DOMAINS;

    #[test]
    fn every_reference_leads_somewhere() {
        let text = super::description().unwrap();
        let description: Value = serde_json::from_str(&text).unwrap();
        let references = text.split("\"$ref\": \"#").skip(1);
        let pointers: BTreeSet<_> = references
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(pointers.len() > 50);
        for pointer in pointers {
            assert!(description.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_operation_has_a_place_of_its_own_on_the_page() {
        let description = serde_json::from_str(&super::description().unwrap()).unwrap();
        let operations = operations(&description);
        let places: BTreeSet<_> = operations.iter().map(|one| &one.anchor).collect();
        assert_eq!(places.len(), operations.len());
    }

    #[test]
    fn the_api_is_described_as_committed() {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let mut description = OpenApiBuilder::new()
            .info(Info::new("Kenduri", "1"))
            .components(Some(
                ComponentsBuilder::new()
                    .security_scheme("token", token)
                    .build(),
            ))
            .build();
        site::described::describe(DOMAINS, &mut description);
        let text = serde_json::to_string_pretty(&description).unwrap() + "\n";
        if text != super::description().unwrap() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
            std::fs::write(file, text).unwrap();
            panic!(
                "docs/openapi.json was not what the domains say, and now is: read the difference and commit it"
            );
        }
    }
}
