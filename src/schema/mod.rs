//! Statements to changes, and changes to the schema that they build: a history is replayed from its files alone.
//!
//! Each statement is read by [`crate::sql::ddl`], turned into [`Change`]s that carry what a judgement needs (the table as it
//! was before, the old type of a column, whether deployed code may use it), and done to the [`Catalog`]. Statements that
//! cannot be read change nothing, and say so themselves. One file per family of changes; `reader` sends each statement to
//! its family.

mod alter;
mod catalog;
mod change;
mod columns;
mod constraints;
mod data_type;
mod define;
mod name;
mod objects;
mod reader;
mod rebuild;
mod rows;
mod tables;

pub use catalog::{
    Catalog, Column, Constraint, Generated, Index, Numbering, Object, Origin, Part, Reference, Table, mentions,
};
pub use change::{Change, ChangeKind, TableRef};
pub use columns::differences;
pub use data_type::DataType;
pub use name::{ObjectName, SearchPath};

use crate::migration::Script;
use crate::sql::ddl::{self, Reading};
use crate::sql::{Grammar, Lexis, SplitError, Statement};

/// One script, read.
#[derive(Clone, Debug, Default)]
pub struct ScriptReading {
    /// Its statements, each with what it says.
    pub statements: Vec<(Statement, Reading)>,
    /// What they do, in order.
    pub changes: Vec<Change>,
}

/// Does a script to the catalog and says what it changed.
///
/// # Errors
///
/// When the script cannot be cut into statements; the catalog is then as it was.
pub fn replay(
    catalog: &mut Catalog,
    script: &Script,
    lexis: &Lexis,
    origin: Origin,
) -> Result<ScriptReading, SplitError> {
    let (statements, text) = (script.statements(lexis)?, &*script.text);
    let mut script = ScriptReading::default();
    // What a script says about the session ends with it.
    let path = catalog.path.clone();
    for (number, statement) in statements.into_iter().enumerate() {
        let reading = ddl::read(&statement, text, lexis);
        let changes = Vec::new();
        let mut reader = reader::Reader { text, lexis, reading: &reading, catalog, origin, statement: number, changes };
        reader.read();
        script.changes.append(&mut reader.changes);
        script.statements.push((statement, reading));
    }
    catalog.path = path;
    if catalog.grammar == Grammar::Sqlite {
        script.changes = rebuild::recognise(script.changes);
    }
    Ok(script)
}

#[cfg(test)]
mod tests;
