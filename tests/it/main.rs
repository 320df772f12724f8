//! One test binary, a module per subject.

mod ddl;
mod split;
