//! The response to a submitted form.

use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use crate::Problem;

/// Returns the response to a submitted form. If `done` is an error in the form, `again` renders the
/// page once more with the errors. Every other error gets a separate page.
pub async fn answer<E: Into<Problem>>(
    done: Result<Response, E>,
    again: impl AsyncFnOnce(Problem) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    let problem = match done.map_err(Into::into) {
        Ok(response) => return Ok(response),
        Err(problem) if !is_about_form(&problem) => return Err(problem),
        Err(problem) => problem,
    };
    let (status, retry_after) = (problem.status, problem.retry_after);
    let mut response = (status, again(problem).await?).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Whether an error is shown beside the form, instead of on a separate page.
fn is_about_form(problem: &Problem) -> bool {
    !matches!(
        problem.code,
        "not_found"
            | "unauthenticated"
            | "forbidden"
            | "sudo_required"
            | "token_not_permitted"
            | "store_busy"
            | "saving_paused"
            | "outcome_unknown"
            | "internal"
    )
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_refused_form_is_shown_again_unless_its_page_is_not_for_the_reader() {
        for (problem, is_shown) in [
            (Problem::fields(), true),
            (
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited").retry_after(9),
                true,
            ),
            (Problem::not_found(), false),
            (Problem::internal("broken"), false),
        ] {
            let (status, seconds) = (problem.status, problem.retry_after);
            let again = async |_: Problem| Ok("the form".into_response());
            let answered = answer(Err(problem), again).await;
            assert_eq!(answered.is_ok(), is_shown, "{status}");
            let Ok(response) = answered else { continue };
            assert_eq!(response.status(), status);
            let header = response.headers().get(RETRY_AFTER);
            assert_eq!(header.cloned(), seconds.map(Into::into));
        }
    }
}
