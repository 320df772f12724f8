//! Versions of servers: what a statement does depends on them.

use std::fmt;
use std::str::FromStr;

use crate::sql::Grammar;

/// What stands for a number that is not written: the newest there is.
const NEWEST: u32 = u32::MAX;

/// The version of a server: `16`, `8.0.36`, `10.11`. One that leaves out numbers means the newest of its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(pub u32, pub u32, pub u32);

impl ServerVersion {
    /// The oldest version that a database's rules are told about when nothing else is said.
    pub fn oldest(grammar: Grammar) -> Self {
        match grammar {
            Grammar::Postgres => ServerVersion(13, NEWEST, NEWEST),
            Grammar::MySql => ServerVersion(8, 0, NEWEST),
            Grammar::MariaDb => ServerVersion(10, 6, NEWEST),
            Grammar::Sqlite => ServerVersion(3, 35, NEWEST),
        }
    }

    /// The version as versioned comments write it: `80036` for 8.0.36.
    pub fn in_comments(self) -> u32 {
        let two = |number: u32| number.min(99);
        self.0.min(99) * 10_000 + two(self.1) * 100 + two(self.2)
    }

    /// Whether it is this version or a newer one.
    pub fn since(self, major: u32, minor: u32, patch: u32) -> bool {
        self >= ServerVersion(major, minor, patch)
    }
}

/// A version that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no server version: write it as `16`, `8.0.36` or `10.11`")]
pub struct VersionError(String);

impl FromStr for ServerVersion {
    type Err = VersionError;

    fn from_str(written: &str) -> Result<Self, VersionError> {
        let mut numbers = [NEWEST; 3];
        let parts: Vec<&str> = written.trim().split('.').collect();
        if parts.len() > numbers.len() {
            return Err(VersionError(written.to_owned()));
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = part.parse().map_err(|_| VersionError(written.to_owned()))?;
        }
        Ok(ServerVersion(numbers[0], numbers[1], numbers[2]))
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for number in [self.1, self.2].into_iter().take_while(|number| *number != NEWEST) {
            write!(f, ".{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_compared_and_shown() {
        for written in ["16", "8.0.36", "10.11"] {
            assert_eq!(written.parse::<ServerVersion>().unwrap().to_string(), written);
        }
        assert!("8.0.36".parse::<ServerVersion>().unwrap().since(8, 0, 29));
        assert!("8.0".parse::<ServerVersion>().unwrap().since(8, 0, 29));
        assert!(!"8.0.4".parse::<ServerVersion>().unwrap().since(8, 0, 29));
        assert!("8.x".parse::<ServerVersion>().is_err() && "1.2.3.4".parse::<ServerVersion>().is_err());
    }
}
