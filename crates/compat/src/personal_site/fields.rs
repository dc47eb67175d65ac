//! The names that this interface uses for fields.

use countdowns::Refusal;
use web::Problem;

/// Renames the fields of a refusal to the names in this interface.
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
