//! What comes is read in one way only, however it comes.

mod corpus;
mod generated;
mod reader;
