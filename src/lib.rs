//! Database migrations that old and new application code survive together.
//!
//! The modules, in the order in which they depend on each other:
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`migration`] | what a migration is: version, scripts, checksum, directives (pure) |
//! | [`sql`] | text to statements, and what each statement names (pure) |
//! | [`schema`] | statements to typed changes, and the schema that they build (pure) |
//! | [`lint`] | rules over changes: what a migration does to old code, new code, traffic and data (pure) |
//! | [`layouts`] | how a folder of files is read as migrations |
//! | [`databases`] | one folder per database: its dialect (pure) and its sessions (network) |
//! | [`adopt`] | one file per tool whose history can be taken over |
//! | [`history`] | the table of what was applied |
//! | [`plan`] | what to do next, as a pure function |
//! | [`run`] | carry out an approved plan under the lock |
//! | [`migrator`] | the front door: everything a command does, without the command line |
//! | [`report`] | results as text for people and as JSON for programs |
//!
//! The library never prints, never exits and never reads the environment.

pub mod adopt;
pub mod config;
pub mod databases;
pub mod history;
pub mod layouts;
pub mod lint;
pub mod migration;
pub mod migrator;
pub mod plan;
pub mod report;
pub mod run;
pub mod schema;
pub mod sql;
