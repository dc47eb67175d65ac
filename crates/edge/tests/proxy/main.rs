//! The proxy against servers that behave, and against those that do not.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod members;
#[cfg(test)]
mod reuse;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;
#[cfg(test)]
mod websockets;
