//! The paths of the pages that extractors, forms and the frame link to. The crate `accounts` serves
//! these pages.

pub const SIGN_IN: &str = "/login";
/// The page on which signed-in people confirm their identity before a sensitive action.
pub const SUDO: &str = "/sudo";
pub const SECURITY: &str = "/me/security";
/// The page on which a person stops the removal of their second factors.
pub const KEEP_FACTORS: &str = "/me/security/factors/keep";
pub const NOTICES: &str = "/me/notices";
pub const PROFILE: &str = "/me/profile";
/// The page on which people change the slug in the paths of their own pages.
pub const SLUG: &str = "/me/slug";
pub const TRUSTED: &str = "/me/trusted";
pub const SHARED: &str = "/me/shared";
pub const EMAIL: &str = "/me/email";
pub const WEBHOOKS: &str = "/me/webhooks";
pub const DATA: &str = "/me/data";
pub const PEOPLE: &str = "/admin/people";
/// The list of email addresses to which the site sends no mail.
pub const SUPPRESSED: &str = "/admin/suppressions";
/// The page with the installation's figures and the audit log.
pub const AUDIT: &str = "/admin/audit";
pub const INVITES: &str = "/admin/invites";
pub const GROUP_LINKS: &str = "/me/group-links";
pub const LOOK: &str = "/admin/look";
pub const SERVER: &str = "/admin/server";
