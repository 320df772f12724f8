//! Statements to changes, and changes to the schema that they build: a history is replayed from its files alone.
//!
//! Each statement is read by [`crate::sql::ddl`], turned into [`Change`]s that carry what a judgement needs (the table as it
//! was before, the old type of a column, whether deployed code may use it), and done to the [`Catalog`]. Statements that
//! cannot be read change nothing, and say so themselves. One file per family of changes; `reader` sends each statement to
//! its family.

mod alter;
mod blocks;
mod catalog;
mod change;
mod chosen;
mod columns;
mod compare;
mod constraints;
mod data_type;
mod define;
mod kept;
mod name;
mod objects;
mod reader;
mod rebuild;
mod routines;
mod rows;
mod seldom;
mod shared;
mod table;
mod tables;
mod views;

pub use catalog::Catalog;
pub use change::{Change, ChangeKind, ReplicaIdentity, TableRef};
pub use chosen::chosen_name;
pub use columns::differences;
pub use compare::{Before, Departure, Difference};
pub use data_type::DataType;
pub use name::{ObjectName, SearchPath};
pub use routines::{Input, Signature};
pub use seldom::{Seldom, Usual};
pub use shared::Shared;
pub use table::{
    Column, Constraint, Generated, Index, MoreOfColumn, MoreOfTable, Numbering, Object, Origin, Part, Reference, Table,
};
pub use views::{Use, View};

pub use crate::sql::mentions;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::migration::Script;
use crate::sql::ddl::{self, Heading};
use crate::sql::{Grammar, Lexis, Span, SplitError, Statement, read_by};

/// One script, read.
#[derive(Clone, Debug, Default)]
pub struct ScriptReading {
    /// Its statements.
    pub statements: Vec<Statement>,
    /// The least that each of them says.
    pub headings: Vec<Heading>,
    /// What they do, in order.
    pub changes: Vec<Change>,
    /// Statements inside blocks and called routines that cannot be read: the number of the statement they run in, and where
    /// they stand.
    pub unread: Vec<(usize, Span)>,
    /// The script as the server reads it, where that is not how it is written.
    pub text: Option<String>,
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
    let mut script = ScriptReading { headings: Vec::with_capacity(statements.len()), ..ScriptReading::default() };
    let read = catalog.version.map_or(Cow::Borrowed(text), |version| read_by(text, lexis, version));
    // What a script says about the session ends with it.
    let path = catalog.path.clone();
    let mut routines = HashMap::new();
    for (number, statement) in statements.iter().enumerate() {
        let reading = ddl::read(statement, &read, lexis);
        let mut reader = reader::Reader {
            text: &read,
            lexis,
            reading: &reading,
            catalog,
            origin,
            statement: number,
            changes: Vec::new(),
            routines: &mut routines,
            unread: &mut script.unread,
            depth: 0,
        };
        reader.read();
        script.changes.append(&mut reader.changes);
        script.headings.push(reading.heading());
    }
    script.statements = statements;
    catalog.path = path;
    if catalog.grammar == Grammar::Sqlite {
        script.changes = rebuild::recognise(script.changes);
    }
    script.text = match read {
        Cow::Owned(read) => Some(read),
        Cow::Borrowed(_) => None,
    };
    Ok(script)
}

#[cfg(test)]
mod tests;
