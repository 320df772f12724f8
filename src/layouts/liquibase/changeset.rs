//! A changeset, whatever kind of file it was written in, and the migration that it is.

use md5::{Digest, Md5};
use unicode_normalization::UnicodeNormalization;

use super::super::delimiter::with_semicolons;
use super::super::{Error, Folder};
use super::properties::Properties;
use crate::migration::{Checksum, Directive, Id, Migration, OuterTransaction, Precondition, Repeat, Script};
use crate::sql::Span;

/// A changeset as its file has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Changeset {
    /// The file it stands in, relative to the folder.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// What Liquibase knows its file by.
    pub path: String,
    pub id: String,
    pub author: String,
    pub context: String,
    pub labels: String,
    pub dbms: String,
    pub ignore: bool,
    pub on_change: bool,
    pub always: bool,
    pub outside_transaction: bool,
    pub preconditions: Vec<Precondition>,
    /// Checksums that are accepted, whatever the text is now.
    pub valid: Vec<String>,
    pub up: Vec<Sql>,
    pub down: Option<Down>,
}

/// One piece of SQL.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    /// The file it stands in, relative to the folder.
    pub file: String,
    pub first_line: usize,
    /// The text as its author wrote it.
    pub written: String,
    /// The same with its properties replaced.
    pub text: String,
    /// What ends its statements, where that is not the semicolon.
    pub delimiter: Option<String>,
}

/// How a changeset is undone.
#[derive(Clone, Debug)]
pub(super) enum Down {
    /// Nothing needs to be undone.
    Nothing,
    /// By SQL.
    Sql(Vec<Sql>),
    /// By applying another changeset again.
    Changeset {
        /// The file it stands in; none is the same file.
        path: Option<String>,
        id: String,
        author: String,
    },
}

impl Sql {
    /// The text of these lines, without the blank ones around it.
    pub fn new(file: &str, first_line: usize, written: &str, properties: &Properties) -> Self {
        let leading = written.lines().take_while(|line| line.trim().is_empty()).count();
        let written: Vec<&str> = written.lines().skip(leading).collect();
        let written = written.join("\n").trim_end().to_owned();
        let text = properties.expand(&written);
        Sql { file: file.to_owned(), first_line: first_line + leading, written, text, delimiter: None }
    }

    fn is_blank(&self) -> bool {
        self.written.is_empty()
    }

    /// The text with semicolons.
    fn plain(&self, folder: &Folder) -> Result<String, Error> {
        let Some(delimiter) = &self.delimiter else { return Ok(self.text.clone()) };
        match literal(delimiter) {
            Some(delimiter) => Ok(with_semicolons(&self.text, &delimiter)),
            None => Err(Error::Malformed {
                path: folder.path(&self.file),
                line: self.first_line,
                message: format!("the delimiter `{delimiter}` is a pattern; write a delimiter that stands for itself"),
            }),
        }
    }

    /// What Liquibase, from version 4.22 on, takes of it for its checksum.
    fn checksum(&self) -> String {
        let squeezed: String = self.text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
        format!("9:{}", hex(&squeezed))
    }
}

impl Changeset {
    /// What identifies it.
    pub fn key(&self) -> String {
        format!("{}::{}::{}", self.path, self.id, self.author)
    }

    /// The migration that it is; `others` are those that its way back may name.
    pub fn migration(&self, folder: &Folder, others: &[Changeset]) -> Result<Migration, Error> {
        let mut up = self.script(folder, &self.up)?;
        if self.on_change || self.always {
            // What runs again runs with the values it has now.
            up.checksum = Checksum::of(&up.text);
            let repeat = if self.always { Repeat::Always } else { Repeat::OnChange };
            up.conventions.push((Span::new(0, 0), Directive::Repeat(repeat)));
        }
        for precondition in &self.preconditions {
            up.conventions.push((Span::new(0, 0), Directive::Precondition(precondition.clone())));
        }
        up.tool_checksums = std::iter::once(self.checksum()).chain(self.valid.iter().cloned()).collect();
        let down = match &self.down {
            None => None,
            Some(Down::Nothing) => Some(Script::section(folder.path(&self.file), "-- nothing to undo\n", self.line)),
            Some(Down::Sql(sql)) => Some(self.script(folder, sql)?),
            Some(Down::Changeset { path, id, author }) => {
                let named = |other: &&Changeset| {
                    other.id == *id
                        && other.author == *author
                        && path.as_ref().is_none_or(|path| ends_with(&other.path, path))
                };
                let other = others.iter().find(named).ok_or_else(|| Error::Malformed {
                    path: folder.path(&self.file),
                    line: self.line,
                    message: format!("its rollback names the changeset `{author}:{id}`, which is not there"),
                })?;
                Some(self.script(folder, &other.up)?)
            }
        };
        Ok(Migration::new(Id::Named(self.key()), self.id.clone(), up, down))
    }

    fn script(&self, folder: &Folder, pieces: &[Sql]) -> Result<Script, Error> {
        let pieces: Vec<&Sql> = pieces.iter().filter(|sql| !sql.is_blank()).collect();
        let (file, line) = pieces.first().map_or((&self.file, self.line), |sql| (&sql.file, sql.first_line));
        let texts: Vec<String> = pieces.iter().map(|sql| sql.plain(folder)).collect::<Result<_, _>>()?;
        let mut text = String::new();
        for piece in texts {
            // Pieces are statements of their own, with a semicolon at their end or not; a comment may be there, too.
            text += &if text.is_empty() { piece } else { format!("\n;\n{piece}") };
        }
        text += "\n";
        let mut script = Script::section(folder.path(file), &text, line);
        let written: Vec<&str> = pieces.iter().map(|sql| sql.written.as_str()).collect();
        script.checksum = Checksum::of(&written.join("\n;\n"));
        script.outer_transaction = OuterTransaction::Taken;
        if self.outside_transaction {
            script.conventions.push((Span::new(0, 0), Directive::NoTransaction));
        }
        Ok(script)
    }

    fn checksum(&self) -> String {
        let changes: String = self.up.iter().map(|sql| format!("{}:", sql.checksum())).collect();
        format!("9:{}", hex(&changes.nfc().collect::<String>()))
    }
}

/// Whether a path is another one, or ends with it.
pub(super) fn ends_with(path: &str, end: &str) -> bool {
    path == end || path.strip_suffix(end).is_some_and(|before| before.ends_with('/'))
}

/// A delimiter as it stands in the text; Liquibase takes it for a pattern, which it rarely is.
fn literal(delimiter: &str) -> Option<String> {
    let plain = delimiter.replace("\\n", "\n").replace("\\r", "").replace("\\s*", "");
    let plain = plain.replace("\\$", "\u{1}").replace("\\|", "\u{2}").replace("\\\\", "\u{3}");
    let plain = match plain.strip_suffix('$') {
        Some(before) if !before.is_empty() && !before.contains('$') => before.to_owned(),
        _ => plain,
    };
    let plain = plain.trim_start_matches('^').to_owned();
    let lone = plain.trim_matches('\n');
    let plain = if lone == "/" || (!lone.is_empty() && lone.chars().all(|c| c.is_ascii_alphabetic())) {
        lone.to_owned()
    } else {
        plain
    };
    let is_pattern = plain.contains(['\\', '(', '[', '*', '+', '?']);
    (!is_pattern && !plain.is_empty()).then(|| plain.replace('\u{1}', "$").replace('\u{2}', "|").replace('\u{3}', "\\"))
}

fn hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_liquibase() {
        let of = |text: &str| {
            let sql = Sql { text: text.to_owned(), ..Sql::default() };
            Changeset { up: vec![sql], ..Changeset::default() }.checksum()
        };
        assert_eq!(of("select 1"), "9:3b78b9910981c62ca27148640fad7bc2");
        assert_eq!(of(" select\r\n\t1 "), "9:3b78b9910981c62ca27148640fad7bc2");
    }

    #[test]
    fn delimiters_stand_for_themselves_or_are_refused() {
        for (written, meant) in
            [("\\n/", "/"), ("\\nGO", "GO"), ("\\n/$", "/"), ("//", "//"), ("$$", "$$"), ("\\$\\$", "$$"), (";;", ";;")]
        {
            assert_eq!(literal(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(literal("(a|b)"), None);
    }
}
