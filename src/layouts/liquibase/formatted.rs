//! Formatted SQL: changesets in comments, `--changeset author:id`.

use super::super::{Error, Folder, Remark};
use super::changeset::{Changeset, Down, Sql};
use super::properties::{Filter, Properties};
use crate::migration::{OnFailure, Precondition};

/// Whether a text is formatted SQL: its first line says so.
pub(super) fn is_formatted(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| {
        comment(line).is_some_and(|words| {
            let words = words.to_ascii_lowercase();
            words.strip_prefix("liquibase").is_some_and(|rest| rest.trim_start().starts_with("formatted"))
        })
    })
}

/// The changesets of a file. `path` is what Liquibase knows the file by.
pub(super) fn read(
    folder: &Folder,
    file: &str,
    path: &str,
    properties: &mut Properties,
    filter: &Filter,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<Changeset>, Error> {
    let text = folder.text(file)?;
    let mut local = properties.clone();
    let mut reader = Reader { folder, file, path: path.to_owned(), remarks, done: Vec::new(), draft: None };
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let (line, number) = (lines[at], at + 1);
        at += 1;
        let Some(words) = comment(line) else {
            if is_block_rollback(line) {
                at = reader.block_rollback(&lines, at)?;
            } else {
                reader.sql(line, number)?;
            }
            continue;
        };
        let (verb, rest) = verb(words);
        match verb.as_str() {
            "liquibase" if rest.to_ascii_lowercase().starts_with("formatted") => {
                reader.path = attribute(rest, "logicalFilePath").unwrap_or_else(|| path.to_owned());
            }
            "property" if attribute(rest, "name").is_some() => {
                let get = |name: &str| attribute(rest, name).unwrap_or_default();
                let context = [get("context"), get("contextFilter")].concat();
                if filter.passes(&context, &get("labels"), &get("dbms")) {
                    local.define(&get("name"), &get("value"));
                    if get("global") != "false" {
                        properties.define(&get("name"), &get("value"));
                    }
                }
            }
            "changeset" => {
                reader.finish(&local);
                reader.begin(rest, number)?;
            }
            "ignorelines" => at = reader.ignore_lines(rest, &lines, at)?,
            _ => reader.directive(&verb, rest, line, number)?,
        }
    }
    reader.finish(&local);
    let mut changesets = reader.done;
    for changeset in &mut changesets {
        changeset.id = local.expand(&changeset.id);
        changeset.author = local.expand(&changeset.author);
        changeset.context = local.expand(&changeset.context);
        changeset.labels = local.expand(&changeset.labels);
        changeset.dbms = local.expand(&changeset.dbms);
    }
    Ok(changesets)
}

/// What a line's comment says, if the line is one.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("--").map(str::trim_start)
}

/// The first word of a comment in small letters, and what follows it.
fn verb(words: &str) -> (String, &str) {
    let end = words.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(words.len());
    (words[..end].to_ascii_lowercase(), words[end..].trim_start_matches(':').trim())
}

fn is_block_rollback(line: &str) -> bool {
    let words = line.trim_start().strip_prefix("/*").map(|words| words.to_ascii_lowercase());
    words.is_some_and(|words| words.split_whitespace().collect::<Vec<_>>() == ["liquibase", "rollback"])
}

/// The value of `name:value` or `name:"a value"`; names are not case-sensitive.
fn attribute(text: &str, name: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let wanted = format!("{}:", name.to_ascii_lowercase());
    let starts_word = |at: usize| at == 0 || lower[..at].ends_with(|c: char| c.is_whitespace() || c == ',');
    let at = lower.match_indices(&wanted).map(|(at, _)| at).find(|at| starts_word(*at))?;
    let value = text[at + wanted.len()..].trim_start_matches([' ', '\t']);
    Some(match value.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
        Some((quoted, _)) => quoted.to_owned(),
        None => value.split_whitespace().next().unwrap_or_default().to_owned(),
    })
}

/// A changeset whose end has not been seen.
struct Draft {
    changeset: Changeset,
    sql: Lines,
    rollback: Lines,
    delimiter: Option<String>,
    rollback_delimiter: Option<String>,
    on_failure: OnFailure,
}

/// Lines that keep their places in the file.
#[derive(Default)]
struct Lines {
    first: usize,
    text: String,
}

impl Lines {
    fn push(&mut self, line: &str, number: usize) {
        if self.text.is_empty() {
            self.first = number;
        } else {
            let next = self.first + self.text.matches('\n').count();
            self.text.extend(std::iter::repeat_n('\n', number.saturating_sub(next)));
        }
        self.text += line;
        self.text.push('\n');
    }
}

struct Reader<'a> {
    folder: &'a Folder,
    file: &'a str,
    path: String,
    remarks: &'a mut Vec<Remark>,
    done: Vec<Changeset>,
    draft: Option<Draft>,
}

impl Reader<'_> {
    fn wrong<T>(&self, line: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::Malformed { path: self.folder.path(self.file), line, message: message.into() })
    }

    fn sql(&mut self, line: &str, number: usize) -> Result<(), Error> {
        match &mut self.draft {
            Some(draft) => draft.sql.push(line, number),
            None if line.trim().is_empty() => {}
            None => {
                return self.wrong(number, "this stands before the first changeset, where Liquibase does not run it; write `--changeset author:id` before it");
            }
        }
        Ok(())
    }

    fn begin(&mut self, rest: &str, number: usize) -> Result<(), Error> {
        let Some((author, id, attributes)) = author_and_id(rest) else {
            return self.wrong(number, "a changeset is written `--changeset author:id`");
        };
        let get = |name: &str| attribute(attributes, name);
        let flag = |name: &str| match get(name).map(|word| word.to_ascii_lowercase()).as_deref() {
            None => Ok(None),
            Some("true" | "t" | "yes" | "y" | "1") => Ok(Some(true)),
            Some("false" | "f" | "no" | "n" | "0") => Ok(Some(false)),
            Some(word) => Err(format!("`{name}:{word}` is neither true nor false")),
        };
        let flags = || -> Result<[bool; 4], String> {
            flag("splitStatements")?;
            flag("stripComments")?;
            Ok([
                flag("runOnChange")?.unwrap_or(false),
                flag("runAlways")?.unwrap_or(false),
                flag("runInTransaction")?.unwrap_or(true),
                flag("failOnError")?.unwrap_or(true),
            ])
        };
        let [on_change, always, in_transaction, fails] = match flags() {
            Ok(flags) => flags,
            Err(message) => return self.wrong(number, message),
        };
        let runs_with = get("runWith").filter(|executor| executor != "jdbc");
        let path = self.folder.path(self.file);
        if let Some(executor) = runs_with {
            let message = format!("`runWith:{executor}` is not followed: migrate sends the statements itself");
            self.remarks.push(Remark::note(&path, number, message));
        }
        if !fails {
            self.remarks.push(Remark::note(
                &path,
                number,
                "`failOnError:false` is not followed: a statement that fails ends the run",
            ));
        }
        let changeset = Changeset {
            file: self.file.to_owned(),
            line: number,
            path: get("logicalFilePath").unwrap_or_else(|| self.path.clone()),
            id: id.to_owned(),
            author: author.to_owned(),
            context: get("contextFilter").or_else(|| get("context")).unwrap_or_default(),
            labels: get("labels").unwrap_or_default(),
            dbms: get("dbms").unwrap_or_default(),
            ignore: get("ignore").is_some_and(|word| word.eq_ignore_ascii_case("true")),
            on_change,
            always,
            outside_transaction: !in_transaction,
            ..Changeset::default()
        };
        self.draft = Some(Draft {
            changeset,
            sql: Lines::default(),
            rollback: Lines::default(),
            delimiter: get("endDelimiter"),
            rollback_delimiter: get("rollbackEndDelimiter"),
            on_failure: OnFailure::Halt,
        });
        Ok(())
    }

    /// A comment that may say something to Liquibase.
    fn directive(&mut self, verb: &str, rest: &str, line: &str, number: usize) -> Result<(), Error> {
        let Some(draft) = &mut self.draft else { return Ok(()) };
        match verb {
            "comment" | "comments" => {}
            "validchecksum" => draft.changeset.valid.push(rest.to_owned()),
            "rollback" if !rest.is_empty() => draft.rollback.push(rest, number),
            "preconditions" => {
                match OnFailure::from_word(&attribute(rest, "onFail").unwrap_or_else(|| "HALT".to_owned())) {
                    Some(on_failure) => draft.on_failure = on_failure,
                    None => return self.wrong(number, "`onFail` is HALT, MARK_RAN, CONTINUE or WARN"),
                }
            }
            "precondition-sql-check" => match sql_check(rest) {
                Some((expected, query)) => {
                    draft.changeset.preconditions.push(Precondition { query, expected, on_failure: draft.on_failure });
                }
                None => return self.wrong(number, "write `--precondition-sql-check expectedResult:0 SELECT …`"),
            },
            _ if verb.starts_with("precondition-") => {
                let kind = &verb["precondition-".len()..];
                return self.wrong(
                    number,
                    format!("the precondition `{kind}` is not known here; write it as `--precondition-sql-check`"),
                );
            }
            _ => draft.sql.push(line, number),
        }
        Ok(())
    }

    /// `/* liquibase rollback`, up to the comment's end; the number of the line after it.
    fn block_rollback(&mut self, lines: &[&str], from: usize) -> Result<usize, Error> {
        for (at, line) in lines.iter().enumerate().skip(from) {
            let end = line.trim_end().strip_suffix("*/");
            if let Some(draft) = &mut self.draft {
                draft.rollback.push(end.unwrap_or(line), at + 1);
            }
            if end.is_some() {
                return Ok(at + 1);
            }
        }
        self.wrong(from, "this rollback is never closed; close it with `*/`")
    }

    fn ignore_lines(&self, rest: &str, lines: &[&str], at: usize) -> Result<usize, Error> {
        if rest.eq_ignore_ascii_case("start") {
            let is_end = |line: &&str| {
                comment(line).is_some_and(|words| verb(words).0 == "ignorelines" && verb(words).1 == "end")
            };
            return match lines[at..].iter().position(is_end) {
                Some(end) => Ok(at + end + 1),
                None => self.wrong(at, "these lines are ignored without end; write `--ignoreLines:end`"),
            };
        }
        match rest.parse::<usize>() {
            Ok(count) => Ok((at + count).min(lines.len())),
            Err(_) => self.wrong(at, "write `--ignoreLines:3`, or `--ignoreLines:start` and `--ignoreLines:end`"),
        }
    }

    fn finish(&mut self, properties: &Properties) {
        let Some(Draft { mut changeset, sql, rollback, delimiter, rollback_delimiter, on_failure }) = self.draft.take()
        else {
            return;
        };
        for precondition in &mut changeset.preconditions {
            precondition.query = properties.expand(&precondition.query);
            // `--preconditions` may stand after the checks that it is for.
            precondition.on_failure = on_failure;
        }
        let first = if sql.first == 0 { changeset.line } else { sql.first };
        changeset.up = vec![Sql { delimiter, ..Sql::new(self.file, first, &sql.text, properties) }];
        changeset.down = way_back(&rollback, self.file, rollback_delimiter, properties);
        self.done.push(changeset);
    }
}

fn way_back(rollback: &Lines, file: &str, delimiter: Option<String>, properties: &Properties) -> Option<Down> {
    let words = rollback.text.trim();
    if words.is_empty() {
        return None;
    }
    if ["empty", "not required"].iter().any(|nothing| words.trim_end_matches(';').eq_ignore_ascii_case(nothing)) {
        return Some(Down::Nothing);
    }
    if let Some(id) = attribute(words, "changesetId") {
        let author = attribute(words, "changesetAuthor").unwrap_or_default();
        return Some(Down::Changeset { path: attribute(words, "changesetPath"), id, author });
    }
    Some(Down::Sql(vec![Sql { delimiter, ..Sql::new(file, rollback.first, &rollback.text, properties) }]))
}

/// `author:id …`, either in double quotes perhaps.
fn author_and_id(rest: &str) -> Option<(&str, &str, &str)> {
    let (author, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').and_then(|(author, rest)| Some((author, rest.strip_prefix(':')?)))?,
        None => rest.split_once(':')?,
    };
    let rest = rest.trim_start();
    let (id, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    (!author.trim().is_empty() && !id.replace(':', "").is_empty()).then(|| (author.trim(), id, rest))
}

/// `expectedResult:0 SELECT …`; the value may be quoted.
fn sql_check(rest: &str) -> Option<(String, String)> {
    let after =
        rest.get(..15).filter(|word| word.eq_ignore_ascii_case("expectedResult:")).map_or(rest, |_| &rest[15..]);
    let (expected, query) = match after.chars().next()? {
        quote @ ('\'' | '"') => after[1..].split_once(quote)?,
        _ => after.split_once(char::is_whitespace)?,
    };
    let query = query.trim().trim_end_matches(';');
    (!query.is_empty()).then(|| (expected.to_owned(), query.to_owned()))
}
