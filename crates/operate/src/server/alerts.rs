//! Shows the active alerts on the operator's page.

use web::Problem;

use super::context::AdminContext;
use crate::alerts::alert;

pub(super) struct AlertLine {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) since: String,
}

impl AlertLine {
    pub(super) async fn list(admin: &AdminContext) -> Result<Vec<Self>, Problem> {
        let all = admin.site.store.read(alert::list).await?;
        let lines = all.iter().map(|alert| {
            let (title, text) = alert.said(&admin.text);
            Self {
                title,
                text,
                since: admin.moment(alert.since),
            }
        });
        Ok(lines.collect())
    }
}
