//! Tests the proxy with well-behaved and misbehaving servers.

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
