//! One test binary, a module per subject.

#[allow(dead_code, unused_imports)]
#[macro_use]
mod support;

mod house;
mod mysql_session;
mod split;
