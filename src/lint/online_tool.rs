//! Tools that change a table of MySQL by filling a copy of it while the application goes on.

use std::fmt;
use std::str::FromStr;

/// A tool that changes tables online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineTool {
    /// gh-ost.
    GhOst,
    /// pt-online-schema-change.
    PtOsc,
    /// The online DDL of Vitess.
    Vitess,
}

impl OnlineTool {
    const ALL: [OnlineTool; 3] = [OnlineTool::GhOst, OnlineTool::PtOsc, OnlineTool::Vitess];

    fn word(self) -> &'static str {
        match self {
            OnlineTool::GhOst => "gh-ost",
            OnlineTool::PtOsc => "pt-osc",
            OnlineTool::Vitess => "vitess",
        }
    }
}

impl fmt::Display for OnlineTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for OnlineTool {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = OnlineTool::ALL.into_iter().find(|tool| tool.word() == word);
        known.ok_or_else(|| format!("`{word}` is none of gh-ost, pt-osc and vitess"))
    }
}
