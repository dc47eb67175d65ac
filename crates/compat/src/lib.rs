//! The interfaces and formats of programs that people migrate from, one folder for each. Only the
//! main program depends on this crate, so that a folder can be removed when nobody needs it any
//! more.

pub mod kadkahwin;
pub mod personal_site;
