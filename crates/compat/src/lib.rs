//! Addresses and formats of the programs that people come from, a folder each. No other crate but
//! the program names them, so that a folder can go when nobody needs it any more.

pub mod kadkahwin;
pub mod personal_site;
