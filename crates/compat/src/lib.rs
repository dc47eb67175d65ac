//! The interfaces and formats of other systems from which people migrate, each in its own folder,
//! with the import of its data.
//! Only the main program depends on this crate, so a folder can be removed when nobody needs it any
//! more.

pub mod booking_site;
mod dump;
pub mod kadkahwin;
mod mongo;
pub mod personal_site;
pub mod report;
mod row_error;
#[cfg(test)]
mod testing;
pub mod wedding_manager;
