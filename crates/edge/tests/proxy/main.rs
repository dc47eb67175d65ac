//! Tests of the proxy with servers that behave well, and with others.

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
