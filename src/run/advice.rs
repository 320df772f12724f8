//! What to do about a migration that failed.

use crate::databases::ErrorKind;
use crate::plan::Direction;

use super::event::duration;
use super::failure::{Aftermath, Failure, Next};

/// The codes with which servers say that something has the name already.
const EXISTS: &[&str] = &["42P07", "42P06", "42710", "42723", "1050"];

impl Failure {
    /// What is true now and what to do next.
    pub fn hint(&self) -> String {
        let id = &self.id;
        match &self.aftermath {
            Aftermath::Nothing => format!("{}. {}{}", self.undone(), capitalised(&self.cure()), self.foreign_schema()),
            Aftermath::Stays { table, engine } => format!(
                "it was rolled back, but what it had changed in `{table}` by then stays, as {engine} knows no transactions: look at the rows and put them back by hand first. {}",
                capitalised(&self.cure())
            ),
            Aftermath::Resumable { done, of } if done >= of && self.circumstances.beside => {
                format!("all of its statements are done, and the record is not: {}", self.cure())
            }
            Aftermath::Resumable { done, of } if done >= of => {
                format!("all of its statements are done: {}, which records that", self.next.again())
            }
            Aftermath::Resumable { done, of } => format!(
                "{done} of {of} statements are done and recorded; {}: it goes on with statement {}; {}",
                self.cure_of_the_rest(),
                done + 1,
                self.way_back()
            ),
            Aftermath::BrokenOff { statement, left } => format!(
                "statement {statement} was broken off and leaves {left}; {}: it runs that statement again; {}",
                self.cure_of_the_rest(),
                self.way_back()
            ),
            Aftermath::Undecided { statement } => format!(
                "what statement {statement} did before it was refused may be committed, and nobody can tell how far it came: look at the data, then say what is true with `migrate resolve {id} --statement {statement} --done` or `--again`, or `migrate resolve {id} --applied` or `--reverted` for the whole migration"
            ),
            Aftermath::Unseen { error } => format!(
                "it may be half-done: how far it is could not be read ({error}); {}: it finds that out and goes on",
                self.cure()
            ),
        }
    }

    /// The next step where a migration is half-done.
    fn cure_of_the_rest(&self) -> String {
        match self.is_the_scripts_fault() {
            true => format!("mend the rest of the script and {}", self.next.again()),
            false => self.cure(),
        }
    }

    /// How to give a half-done migration up.
    fn way_back(&self) -> String {
        let (back, flag) = match self.direction {
            Direction::Up => ("to go back instead, undo by hand what is done", "--reverted"),
            Direction::Down => ("to keep it instead, make again by hand what was undone", "--applied"),
        };
        format!("{back}, and record it with `migrate resolve {} {flag}`", self.id)
    }

    /// What became of a migration of which nothing remains.
    fn undone(&self) -> String {
        match self.direction {
            _ if self.circumstances.all_in_one => {
                "the whole run was rolled back (`--transaction all`); nothing of it remains".to_owned()
            }
            Direction::Up => "the migration was rolled back; nothing of it remains".to_owned(),
            Direction::Down => {
                let title = crate::migration::title(&self.id, &self.name);
                format!("the undo was rolled back; `{title}` is still applied")
            }
        }
    }

    /// Whether another script would have succeeded.
    fn is_the_scripts_fault(&self) -> bool {
        let kind = self.error.kind;
        let others = [ErrorKind::StatementTimeout, ErrorKind::Cancelled, ErrorKind::ReadOnly, ErrorKind::Full];
        !kind.is_retryable() && !others.contains(&kind)
    }

    /// The next step.
    fn cure(&self) -> String {
        let tries = self.circumstances.tries;
        let tried = match tries.attempts {
            0 | 1 => String::new(),
            attempts => format!(" after {attempts} attempts in {}", duration(tries.elapsed)),
        };
        let again = self.next.again();
        match self.error.kind {
            ErrorKind::LockTimeout => format!(
                "it was still blocked{tried}: end the session that stands in the way, or give it longer with `--retry-for 30m`, and {again}"
            ),
            ErrorKind::Deadlock | ErrorKind::Serialization => format!(
                "it was still in conflict with others{tried}: {again} when less goes on, or give it longer with `--retry-for 30m`"
            ),
            ErrorKind::StatementTimeout => match self.circumstances.statement_timeout {
                Some(limit) => format!(
                    "its statements may take {}: give them longer with `--statement-timeout` or, in the script, `-- migrate:statement-timeout TIME`, and {again}",
                    duration(limit)
                ),
                None => format!(
                    "the limit is the server's own, or the login's: give it longer with `--statement-timeout` or, in the script, `-- migrate:statement-timeout TIME`, and {again}"
                ),
            },
            ErrorKind::Cancelled => {
                format!("somebody cancelled it on the server: ask who and why, then {again}")
            }
            ErrorKind::ReadOnly => {
                format!(
                    "the database is read-only: give the address of one that can be written, or make this one so, and {again}"
                )
            }
            ErrorKind::Full => format!("make room and {again}"),
            _ if self.circumstances.beside => format!(
                "the other tool's records, which are kept current beside ours, could not be written: mend its tables, or end that with `migrate adopt --no-mirror`, and {again}"
            ),
            // The folder's is then not the stored one.
            _ if self.direction == Direction::Down && self.next != Next::Reapply => {
                format!("mend it and {again}; `migrate down` takes a mended script with `--use file`")
            }
            _ => format!("mend it and {again}"),
        }
    }

    /// What is likely where things exist that no migration of ours has made.
    fn foreign_schema(&self) -> &'static str {
        let known = self.error.code.as_deref().is_some_and(|code| EXISTS.contains(&code));
        let exists = known || self.error.message.contains("already exists");
        match self.circumstances.first_ever && exists && self.direction == Direction::Up {
            true => {
                ". No migration was ever recorded here: if another tool or somebody by hand has made the schema, take it over with `migrate adopt` or `migrate baseline VERSION`"
            }
            false => "",
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
