//! Messages are read in one way only, however they are split.

mod corpus;
mod generated;
mod reader;
