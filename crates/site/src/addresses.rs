//! The pages that extractors, forms and the frame lead to. Who makes them lists them.

/// Where people sign in.
pub const SIGN_IN: &str = "/login";
/// Where they prove again who they are.
pub const SUDO: &str = "/sudo";
/// What people sign in with.
pub const SECURITY: &str = "/me/security";
/// Where somebody says that their second factors stay.
pub const KEEP_FACTORS: &str = "/me/security/factors/keep";
/// What somebody was told.
pub const NOTICES: &str = "/me/notices";
/// What is said of somebody in public.
pub const PROFILE: &str = "/me/profile";
/// What somebody is called in addresses.
pub const SLUG: &str = "/me/slug";
/// Whom somebody trusts.
pub const TRUSTED: &str = "/me/trusted";
/// What somebody shares with others.
pub const SHARED: &str = "/me/shared";
/// Copies of somebody's data, and the way out.
pub const DATA: &str = "/me/data";
/// Everybody who has an account.
pub const PEOPLE: &str = "/admin/people";
/// Addresses that get no mail.
pub const SUPPRESSED: &str = "/admin/suppressions";
/// Invitations of people.
pub const INVITES: &str = "/admin/invites";
/// How the site presents itself.
pub const LOOK: &str = "/admin/look";
