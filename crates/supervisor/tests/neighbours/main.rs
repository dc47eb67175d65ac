//! Real processes: started, killed, replaced, stopped, and what is left of them.

#[cfg(test)]
mod alone;
#[cfg(test)]
mod life;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod output;
#[cfg(test)]
mod own;
#[cfg(test)]
mod program;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod rolling;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod support;
