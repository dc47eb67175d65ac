//! The names of fields in the older personal site's API.

use countdowns::Refusal;
use web::Problem;

/// Renames the fields in a refusal to their names in the older personal site's API.
pub(super) fn renamed(refusal: Refusal) -> Problem {
    let mut problem = Problem::from(refusal);
    for error in &mut problem.errors {
        let name = match error.pointer.as_str() {
            "/reset_at" => "/reset_timestamp",
            "/note" => "/notes",
            "/text" => "/phrase_text",
            "/reason" => "/admin_reason",
            "/listed" => "/timer_show_in_list",
            _ => continue,
        };
        name.clone_into(&mut error.pointer);
    }
    problem
}
