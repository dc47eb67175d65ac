//! What follows from the kind of operation: the parameters of its path, and most error responses. A
//! handler lists only the remaining ones.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::described::parameter;
use crate::problems::ProblemBody;

/// The media type and the schema of every problem.
const MEDIA_TYPE: &str = "application/problem+json";
const SCHEMA: &str = "Problem";

/// A response that several operations share: status, name, description.
pub type Shared = (u16, &'static str, &'static str);

const REFUSALS: &[Shared] = &[
    (400, "BadRequest", "The request cannot be read."),
    (401, "Unauthorized", "There is no valid token or session."),
    (403, "Forbidden", "The caller may not do this."),
    (
        404,
        "NotFound",
        "There is nothing here, or the caller may not know of it.",
    ),
    (
        409,
        "Conflict",
        "It contradicts what is stored; for a stale version `current` is the stored state.",
    ),
    (413, "ContentTooLarge", "The body is too large."),
    (
        415,
        "UnsupportedMediaType",
        "The body has another media type.",
    ),
    (
        422,
        "UnprocessableContent",
        "`errors` names the fields that are wrong.",
    ),
    (
        428,
        "PreconditionRequired",
        "The version that was read has to be named.",
    ),
    (
        429,
        "TooManyRequests",
        "Too many requests; `Retry-After` says how long to wait.",
    ),
    (
        503,
        "ServiceUnavailable",
        "The server is busy; `Retry-After` says how long to wait.",
    ),
];

/// The descriptions of successful responses, for operations that do not describe them.
const SUCCESSES: &[(u16, &str)] = &[
    (200, "What is there, or what is stored now."),
    (201, "Created."),
    (202, "Accepted; it is done in the background."),
    (204, "Done."),
];

/// Marks an operation as available to signed-in callers, who use a browser session or an API token
/// with these scopes.
pub fn signed_in(changes: bool, operation: &mut Operation, scopes: &[&str]) {
    operation.security = Some(vec![SecurityRequirement::new("token", scopes.to_vec())]);
    add(operation, &[401, 403]);
    if changes {
        add(operation, &[429]);
    }
}

/// Adds responses with these statuses to every operation.
pub fn may_answer(api: &mut OpenApi, statuses: &[u16]) {
    for operation in operations(api) {
        add(operation, statuses);
    }
}

/// Adds the parameters of its path and the error responses to every operation, and adds the schema of
/// problems. `own` are further shared responses, which the domains declare.
pub fn complete(api: &mut OpenApi, own: &[Shared]) {
    let all: Vec<Shared> = REFUSALS.iter().chain(own).copied().collect();
    for (path, item) in &mut api.paths.paths {
        for operation in operations_of(item) {
            add_path_parameters(path, operation);
        }
    }
    for operation in operations(api) {
        add(operation, &[503]);
        let parameters = operation.parameters.iter().flatten();
        let has = |wanted: fn(&Parameter) -> bool| {
            parameters
                .clone()
                .any(|parameter| matches!(parameter, RefOr::T(parameter) if wanted(parameter)))
        };
        let has_path = has(|parameter| parameter.parameter_in == ParameterIn::Path);
        let has_pages = has(|parameter| parameter.name == "limit");
        if has_path {
            add(operation, &[400, 404]);
        }
        if has_pages {
            add(operation, &[400, 422]);
        }
        if operation.request_body.is_some() {
            add(operation, &[400, 413, 415, 422]);
        }
        for (status, response) in &mut operation.responses.responses {
            fill(&all, status.parse().unwrap_or_default(), response);
        }
    }
    let refusals = all.iter().map(|(_, name, description)| {
        let response = with_problem(Response::new(*description));
        ((*name).to_owned(), response.into())
    });
    let mut schemas = vec![(SCHEMA.to_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    let components = api.components.get_or_insert_default();
    components.schemas.extend(schemas);
    components.responses.extend(refusals);
}

/// Returns all operations of a description.
pub fn operations(api: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    api.paths.paths.values_mut().flat_map(operations_of)
}

/// Returns the operations of a path.
pub fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Adds the parameters that the path names in braces and the operation does not describe itself.
fn add_path_parameters(path: &str, operation: &mut Operation) {
    let own = operation.parameters.take().unwrap_or_default();
    let is_new = |name: &&str| {
        own.iter()
            .all(|one| !matches!(one, RefOr::T(one) if one.name == **name))
    };
    let names = path.split('/');
    let names = names.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let missing = names.filter(is_new);
    let missing = missing.map(|name| parameter(name, ParameterIn::Path).build().into());
    let mut all: Vec<RefOr<Parameter>> = missing.collect();
    all.extend(own);
    operation.parameters = Some(all).filter(|all| !all.is_empty());
}

fn add(operation: &mut Operation, statuses: &[u16]) {
    for status in statuses {
        let responses = &mut operation.responses.responses;
        let response = responses.entry(status.to_string());
        response.or_insert_with(|| Response::new("").into());
    }
}

fn fill(all: &[Shared], status: u16, response: &mut RefOr<Response>) {
    let RefOr::T(own) = response else { return };
    let shared = all.iter().find(|(known, ..)| *known == status);
    let success = SUCCESSES.iter().find(|(known, _)| *known == status);
    match (shared, success) {
        (Some((_, name, _)), _) if own.description.is_empty() => {
            *response = Ref::from_response_name(*name).into();
        }
        (Some(_), _) => *response = with_problem(std::mem::take(own)).into(),
        (None, Some((_, meaning))) if own.description.is_empty() => {
            (*meaning).clone_into(&mut own.description);
        }
        (None, _) => {}
    }
}

fn with_problem(response: Response) -> Response {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(SCHEMA)));
    let response = ResponseBuilder::from(response);
    response.content(MEDIA_TYPE, problem).build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::codes::CODES;

    #[test]
    fn operations_refuse_as_what_they_do_implies() {
        #[utoipa::path(
            put, path = "/dishes/{id}", params(("id" = String, Path,)), request_body = String,
            responses((status = 200, description = "Stored"), (status = 404, description = "No dish"))
        )]
        #[expect(dead_code, reason = "only described")]
        fn store() {}

        #[derive(utoipa::OpenApi)]
        #[openapi(paths(store))]
        struct Dishes;

        let mut api = <Dishes as utoipa::OpenApi>::openapi();
        operations(&mut api).for_each(|store| signed_in(true, store, &["dishes"]));
        complete(&mut api, &[]);
        let operation = api.paths.paths["/dishes/{id}"].put.as_ref().unwrap();
        assert!(operation.security.is_some());
        let said = serde_json::to_value(&operation.responses).unwrap();
        let said = said.as_object().unwrap();
        let statuses: Vec<&str> = said.keys().map(String::as_str).collect();
        assert_eq!(
            statuses,
            [
                "200", "400", "401", "403", "404", "413", "415", "422", "429", "503"
            ]
        );
        assert_eq!(said["200"], json!({"description": "Stored"}));
        let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
        let content = json!({MEDIA_TYPE: problem});
        let own = json!({"description": "No dish", "content": content});
        assert_eq!(said["404"], own);
        assert_eq!(
            said["422"]["$ref"],
            "#/components/responses/UnprocessableContent"
        );
        let shared = &api.components.as_ref().unwrap().responses["UnprocessableContent"];
        let shared = serde_json::to_value(shared).unwrap();
        assert_eq!(shared["content"], content);
    }

    #[test]
    fn every_status_of_a_code_is_described() {
        let known: BTreeSet<u16> = REFUSALS.iter().map(|(status, ..)| *status).collect();
        // No handler returns these statuses itself.
        let unsaid = [405, 431, 500];
        for code in CODES {
            assert!(
                known.contains(&code.status) || unsaid.contains(&code.status),
                "{}",
                code.code
            );
        }
    }
}
