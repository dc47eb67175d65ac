//! Tests that a message is read in one way only, however it is split.

mod corpus;
mod generated;
mod reader;
