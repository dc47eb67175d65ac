//! Real processes: started, killed, replaced, stopped, and what is left of them.

mod alone;
mod life;
mod output;
mod rolling;
mod starting;
mod support;
