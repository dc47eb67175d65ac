//! Tests that a message has only one reading, however its bytes are split.

mod corpus;
mod generated;
mod reader;
