//! The interfaces and formats of other systems from which people migrate, each in its own folder.
//! Only the main program depends on this crate, so a folder can be removed when nobody needs it any
//! more.

pub mod booking_site;
pub mod kadkahwin;
pub mod personal_site;
