//! The JSON API of lists.

pub(crate) mod exports;
mod imports;
mod jobs;

use web::Site;
use web::described::Routes;

pub(crate) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(jobs::routes())
}
