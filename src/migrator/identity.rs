//! Which database a plan was made on, so that it is run on no other by mistake.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::databases::{Dialect, HistoryTable, Session};
use crate::history::{History, State};

use super::{Error, Migrator};

/// What tells a database from others, whoever logs in, and by whatever name of its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The product: `PostgreSQL`.
    pub product: String,
    /// The database's name on its server, or the file.
    pub name: String,
    /// The table that has the history, with its schema.
    pub history: String,
    /// What the server calls itself, or the cluster that it is part of; none where it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The run that wrote the history's first entry; none while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<String>,
}

impl Identity {
    /// How the other is another database, after "the plan was made on"; none where it is the same as far as both tell.
    pub(super) fn unlike(&self, other: &Identity) -> Option<String> {
        let (before, now) = (&self.name, &other.name);
        if self.product != other.product {
            return Some(format!("{}, and this is {}", self.product, other.product));
        }
        if before != now {
            return Some(format!("`{before}`, and this is `{now}`"));
        }
        if self.history != other.history {
            return Some(format!("a history in `{}`, and this one is in `{}`", self.history, other.history));
        }
        let differ = |before: &Option<String>, now: &Option<String>| before.is_some() && now.is_some() && before != now;
        if differ(&self.server, &other.server) {
            return Some(format!("another server's `{before}`"));
        }
        differ(&self.begun_by, &other.begun_by).then(|| format!("a `{before}` with another history"))
    }
}

impl Migrator {
    /// Which database this is; no session means that there is none yet.
    pub(super) async fn identity(
        &self,
        session: Option<&mut dyn Session>,
        history: &History,
    ) -> Result<Identity, Error> {
        // What is half-done may yet be taken over by another run.
        let first = history.entries().iter().find(|entry| entry.state != State::Running);
        let begun_by = first.map(|entry| entry.owner.to_string());
        let Some(session) = session else {
            let file = self.connector.address.clone().for_reading();
            let name = file.missing_file().map(place).unwrap_or_default();
            let product = self.connector.database.title().to_owned();
            return Ok(Identity { product, name, history: shown(&self.connector.table), server: None, begun_by });
        };
        let (store, _) = self.connector.home(session);
        let server = server(session, self.connector.database.dialect()).await?;
        let about = session.about();
        let product = about.product.split(' ').next().unwrap_or_default().to_owned();
        Ok(Identity { product, name: about.database.clone(), history: shown(store.table()), server, begun_by })
    }
}

/// What the server calls itself: the first answer to what can be asked. Not every server knows every question.
async fn server(session: &mut dyn Session, dialect: &dyn Dialect) -> Result<Option<String>, Error> {
    for question in dialect.which_server() {
        match session.query(question).await {
            Ok(rows) => {
                let answer = rows.into_iter().next().and_then(|row| row.into_iter().next_back().flatten());
                if let Some(answer) = answer.filter(|answer| !answer.is_empty()) {
                    return Ok(Some(answer.to_string()));
                }
            }
            Err(error) if error.kind.is_lost() => return Err(Error::Sql { doing: "ask which server this is", error }),
            Err(_) => {}
        }
    }
    Ok(None)
}

fn shown(table: &HistoryTable) -> String {
    match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    }
}

/// Where a file will be, by the name that it will have once it is there.
fn place(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = folder.canonicalize().ok().zip(file.file_name()).map(|(folder, name)| folder.join(name));
    whole.as_deref().unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Identity {
        Identity {
            product: "PostgreSQL".to_owned(),
            name: "shop".to_owned(),
            history: "public.migrate_history".to_owned(),
            server: Some("7".to_owned()),
            begun_by: Some("a".to_owned()),
        }
    }

    #[test]
    fn each_part_tells_and_what_is_unknown_does_not() {
        let unlike = |change: fn(&mut Identity)| {
            let mut other = shop();
            change(&mut other);
            shop().unlike(&other)
        };
        assert_eq!(unlike(|_| {}), None);
        assert_eq!(unlike(|other| (other.server, other.begun_by) = (None, None)), None);
        assert_eq!(unlike(|other| other.product = "SQLite".into()).unwrap(), "PostgreSQL, and this is SQLite");
        assert_eq!(unlike(|other| other.name = "test".into()).unwrap(), "`shop`, and this is `test`");
        assert_eq!(
            unlike(|other| other.history = "h".into()).unwrap(),
            "a history in `public.migrate_history`, and this one is in `h`"
        );
        assert_eq!(unlike(|other| other.server = Some("8".into())).unwrap(), "another server's `shop`");
        assert_eq!(unlike(|other| other.begun_by = Some("b".into())).unwrap(), "a `shop` with another history");
    }
}
