//! The addresses of pages that extractors, forms and the frame lead to. The crate `accounts` serves
//! them.

/// Where people sign in.
pub const SIGN_IN: &str = "/login";
/// Where they prove again who they are.
pub const SUDO: &str = "/sudo";
/// The passwords, passkeys and other means of signing in.
pub const SECURITY: &str = "/me/security";
/// Where a person stops the removal of their second factors.
pub const KEEP_FACTORS: &str = "/me/security/factors/keep";
/// A person's notices.
pub const NOTICES: &str = "/me/notices";
/// A person's public profile.
pub const PROFILE: &str = "/me/profile";
/// A person's name in addresses.
pub const SLUG: &str = "/me/slug";
/// A person's trusted contacts.
pub const TRUSTED: &str = "/me/trusted";
/// Everything that a person shares with others.
pub const SHARED: &str = "/me/shared";
/// Export and erasure of a person's data.
pub const DATA: &str = "/me/data";
/// Everybody who has an account.
pub const PEOPLE: &str = "/admin/people";
/// Addresses that get no mail.
pub const SUPPRESSED: &str = "/admin/suppressions";
/// Invitations of people.
pub const INVITES: &str = "/admin/invites";
/// How the site presents itself.
pub const LOOK: &str = "/admin/look";
