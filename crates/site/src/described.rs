//! The OpenAPI description of all domains' JSON APIs, combined into one. Only the test that writes
//! `docs/openapi.json` uses it.

use platform::id::TEXT_SCHEMA;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType};
use utoipa::openapi::{Content, Object, ObjectBuilder, OpenApi, RefOr, Schema, Type};
use web::described::problem_responses;

use crate::domain::Domain;

/// Merges the descriptions of all domains into `api`.
pub fn describe(domains: &[Domain], api: &mut OpenApi) {
    for describe in domains.iter().filter_map(|domain| domain.describe) {
        api.merge(describe());
    }
    let schemas = &mut api.components.get_or_insert_default().schemas;
    if let Some(RefOr::T(Schema::Object(scope))) = schemas.get_mut("TokenScope") {
        let words = domains
            .iter()
            .flat_map(|domain| domain.accounts.token_scopes)
            .map(|scope| scope.word().into());
        scope.enum_values = Some(words.collect());
    }
    if let Some(RefOr::T(Schema::Object(event))) = schemas.get_mut("WebhookEventName") {
        let names = domains.iter().flat_map(|domain| domain.webhook_events);
        event.enum_values = Some(names.map(|event| event.name.into()).collect());
    }
    for schema in schemas.values_mut() {
        add_scope_kinds(domains, schema);
    }
    let shared = domains.iter().flat_map(|domain| domain.shared_responses);
    inline_texts(api);
    problem_responses::complete(api, &shared.copied().collect::<Vec<_>>());
}

/// Replaces the references to [`TEXT_SCHEMA`] by what they refer to.
fn inline_texts(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    components.schemas.remove(TEXT_SCHEMA);
    components.schemas.values_mut().for_each(inline_text);
    for operation in problem_responses::operations(api) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            body.content.values_mut().for_each(inline_text_of);
        }
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                response.content.values_mut().for_each(inline_text_of);
            }
        }
    }
}

fn inline_text_of(content: &mut RefOr<Content>) {
    if let RefOr::T(Content {
        schema: Some(schema),
        ..
    }) = content
    {
        inline_text(schema);
    }
}

fn inline_text(schema: &mut RefOr<Schema>) {
    if let Some(description) = text_description(schema) {
        *schema = text(Type::String, description);
        return;
    }
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(inline_text);
            if let Some(more) = &mut object.additional_properties
                && let AdditionalProperties::RefOr(values) = &mut **more
            {
                inline_text(values);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                inline_text(items);
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(inline_text),
        RefOr::T(Schema::OneOf(one)) => {
            let found = one.items.iter().find_map(text_description);
            match found {
                // The other item is null.
                Some(own) if one.items.len() == 2 => {
                    let description = one.description.take().unwrap_or(own);
                    let nullable = SchemaType::from_iter([Type::String, Type::Null]);
                    *schema = text(nullable, description);
                }
                _ => one.items.iter_mut().for_each(inline_text),
            }
        }
        _ => {}
    }
}

fn text(schema_type: impl Into<SchemaType>, description: String) -> RefOr<Schema> {
    let description = Some(description).filter(|text| !text.is_empty());
    let text = ObjectBuilder::new().schema_type(schema_type);
    RefOr::T(text.description(description).build().into())
}

/// The description of a reference to [`TEXT_SCHEMA`], which may be empty; `None` if the schema is
/// none.
fn text_description(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(to) if to.ref_location.ends_with(TEXT_SCHEMA) => Some(to.description.clone()),
        _ => None,
    }
}

/// One property for every kind of scope that a domain declares: the id of the object to which the
/// token is limited.
fn add_scope_kinds(domains: &[Domain], schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                add_scope_kinds(domains, items);
            }
        }
        Schema::Object(object) => {
            for property in object.properties.values_mut() {
                add_scope_kinds(domains, property);
            }
            if object.properties.get("scopes").is_some_and(is_token_scopes) {
                for kind in domains
                    .iter()
                    .flat_map(|domain| domain.accounts.scope_kinds)
                {
                    let one = one_of(kind.name, is_closed(object));
                    object.properties.insert(kind.name.to_owned(), one.into());
                }
            }
        }
        _ => {}
    }
}

fn is_token_scopes(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Array(array)) = schema else {
        return false;
    };
    let ArrayItems::RefOrSchema(items) = &array.items else {
        return false;
    };
    matches!(&**items, RefOr::Ref(to) if to.ref_location.ends_with("/TokenScope"))
}

/// Whether the schema forbids unknown fields. Only schemas of requests do so, because responses may
/// get new fields.
fn is_closed(object: &Object) -> bool {
    matches!(
        object.additional_properties.as_deref(),
        Some(AdditionalProperties::FreeForm(false))
    )
}

fn one_of(kind: &str, is_sent: bool) -> Object {
    let end = if is_sent {
        "; none: wherever its owner is something."
    } else {
        "."
    };
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(format!("The one {kind} it reaches, by id{end}")))
        .build()
}
