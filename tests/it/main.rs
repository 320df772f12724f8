//! The tests of the whole program on real databases: one binary, one module per subject.

#[allow(dead_code, unused_imports)]
#[macro_use]
mod support;

mod house;
mod sessions;
mod split;
