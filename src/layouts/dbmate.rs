//! dbmate: `20240101120000_add_phone.sql` with both directions in one file, after `-- migrate:up` and `-- migrate:down`.
//!
//! A mark may say `transaction:false`. A file may have several pairs of marks, each of which dbmate runs by itself; here
//! their parts are one script, and one transaction unless one of them asks for none.

use crate::migration::{Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

use super::new::stem;
use super::stray::stray;
use super::{Body, Draft, Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source, Weight};

/// dbmate's folders.
pub static DBMATE: Dbmate = Dbmate;

const FORM: &str = "`<version>_<name>.sql` with `-- migrate:up` and `-- migrate:down`";

/// See [`DBMATE`].
pub struct Dbmate;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Up,
    Down,
}

/// The side that a line begins, and the options behind the mark.
fn mark(line: &str) -> Option<(Side, &str)> {
    let words = line.strip_prefix("--")?.trim_start().strip_prefix("migrate:")?;
    let (side, options) = match (words.strip_prefix("up"), words.strip_prefix("down")) {
        (Some(options), _) => (Side::Up, options),
        (_, Some(options)) => (Side::Down, options),
        _ => return None,
    };
    let ends = options.is_empty() || options.starts_with(char::is_whitespace);
    ends.then(|| (side, options.trim()))
}

impl Layout for Dbmate {
    fn name(&self) -> &'static str {
        "dbmate"
    }

    fn about(&self) -> &'static str {
        "dbmate: `20240101120000_add_phone.sql` with `-- migrate:up` and `-- migrate:down`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        match folder.any_comment(|line| matches!(mark(line), Some((Side::Up, _)))) {
            true => Fit::Sure,
            false => Fit::No,
        }
    }

    /// The name alone says nothing: other tools name their files so, too.
    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, _: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        for entry in folder.flat() {
            let Some(stem) = entry.file_name().strip_suffix(".sql") else {
                stray(self, FORM, folder, entry, false, &mut source)?;
                continue;
            };
            let digits = stem.find(|c: char| !c.is_ascii_digit()).unwrap_or(stem.len());
            let Ok(version) = Version::of_text(&stem[..digits]) else {
                stray(self, FORM, folder, entry, false, &mut source)?;
                continue;
            };
            let name = stem[digits..].trim_start_matches(['_', '-']).to_owned();
            let (up, down) = scripts(folder, entry, &mut source)?;
            source.migrations.push(Migration::new(Id::Version(version), name, up, down));
        }
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let Id::Version(_) = id else { return None };
        let path = folder.path(&format!("{}.sql", stem(id, name)));
        Some(vec![NewFile::create(path, "-- migrate:up\n\n-- migrate:down\n")])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        let version = match draft.moment("dbmate") {
            Ok(version) => version,
            Err(why) => return Some(Err(why)),
        };
        let section = |side: &str, part: &Body| {
            let option = if part.no_transaction { " transaction:false" } else { "" };
            format!("-- migrate:{side}{option}\n{}", part.ended())
        };
        let mut text = section("up", &draft.up);
        if let Some(down) = &draft.down {
            text.push('\n');
            text.push_str(&section("down", down));
        }
        Some(Ok(vec![(format!("{version}_{}.sql", draft.name), text)]))
    }

    fn way_outside(&self) -> &'static str {
        "write `transaction:false` behind its `-- migrate:up` or `-- migrate:down`"
    }

    fn is_mark(&self, line: &str) -> bool {
        mark(line).is_some()
    }

    fn versions_are_texts(&self) -> bool {
        true
    }
}

/// A part of a file that goes one way.
struct Part {
    side: Side,
    span: Span,
    first_line: usize,
    no_transaction: bool,
}

/// Both directions of a file.
fn scripts(folder: &Folder, entry: &Entry, source: &mut Source) -> Result<(Script, Option<Script>), Error> {
    let text = folder.text(&entry.path)?;
    let malformed = |line, message: &str| {
        let message = message.to_owned();
        Error::Malformed { path: folder.path(&entry.path), line, message }
    };
    let mut parts: Vec<Part> = Vec::new();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let (number, after) = (number + 1, at + line.len());
        match mark(line) {
            Some((side, options)) => {
                if side == Side::Down && parts.last().is_none_or(|part| part.side == Side::Down) {
                    return Err(malformed(number, "`-- migrate:down` has no `-- migrate:up` before it"));
                }
                let (no_transaction, unknown) = read_options(options);
                if let Some(unknown) = unknown {
                    let path = folder.path(&entry.path);
                    let message = format!("dbmate has no option `{unknown}`; it is ignored");
                    source.remarks.push(Remark { path, line: number, message, weight: Weight::Warning });
                }
                parts.push(Part { side, span: Span::new(after, after), first_line: number + 1, no_transaction });
            }
            None => match parts.last_mut() {
                Some(part) => part.span.end = after,
                None if line.trim().is_empty() || line.trim_start().starts_with("--") => {}
                None => return Err(malformed(number, "a statement stands before `-- migrate:up`; move it behind")),
            },
        }
        at = after;
    }
    if parts.is_empty() {
        return Err(malformed(1, "has no `-- migrate:up`; write it before the statements"));
    }
    let script = |side| script(folder, entry, &text, &parts, side);
    let up = script(Side::Up).ok_or_else(|| malformed(1, "has no `-- migrate:up`; write it before the statements"))?;
    Ok((up, script(Side::Down)))
}

/// Whether the options behind a mark say `transaction:false`, and the first of them that mean nothing.
fn read_options(options: &str) -> (bool, Option<&str>) {
    let unknown =
        options.split_whitespace().find(|option| !matches!(*option, "transaction:false" | "transaction:true"));
    (options.split_whitespace().any(|option| option == "transaction:false"), unknown)
}

/// The parts of one side as one script. What stands between them is left out, but for its lines, so that places stay right.
fn script(folder: &Folder, entry: &Entry, text: &str, parts: &[Part], side: Side) -> Option<Script> {
    let mut own = parts.iter().filter(|part| part.side == side);
    let first = own.next()?;
    let (mut joined, mut end) = (first.span.of(text).to_owned(), first.span.end);
    let mut no_transaction = first.no_transaction;
    for part in own {
        joined.extend(text[end..part.span.start].chars().filter(|c| *c == '\n'));
        joined.push_str(part.span.of(text));
        end = part.span.end;
        no_transaction |= part.no_transaction;
    }
    let mut script = Script::section(folder.path(&entry.path), &joined, first.first_line);
    script.outer_transaction = OuterTransaction::Taken;
    if no_transaction {
        script.conventions.push((Span::default(), Directive::NoTransaction));
    }
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, outline, read_files, remarks};
    use super::*;

    #[test]
    fn both_directions_stand_in_one_file() {
        let source = read_files(&[
            (
                "20240101120000_a.sql",
                "-- about\n-- migrate:up\ncreate table a (b int);\n\n-- migrate:down\ndrop table a;\n",
            ),
            ("20240102.sql", "--migrate:up transaction:false\nselect 1;\n-- migrate:down\n"),
            ("seed.sql", "select 1;"),
        ]);
        assert_eq!(
            outline(&source),
            [
                "20240101120000 a | 20240101120000_a.sql:3 | 20240101120000_a.sql:6",
                "20240102000000 | 20240102.sql:2 | 20240102.sql:4"
            ]
        );
        assert_eq!(source.migrations[1].up.conventions, [(Span::default(), Directive::NoTransaction)]);
        assert_eq!(source.migrations[1].down.as_ref().unwrap().conventions, []);
        assert_eq!(
            remarks(&source),
            [
                "seed.sql:1 is not named as a migration and is not read",
                "20240102.sql:4 the script has no statement; going down undoes nothing"
            ]
        );
    }

    #[test]
    fn several_pairs_are_one_script_and_keep_their_lines() {
        let text = "-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n\n-- migrate:up transaction:false\nselect 3;\n\
                    -- migrate:down\nselect 4;";
        let migration = read_files(&[("1_a.sql", text)]).migrations.remove(0);
        assert_eq!(&*migration.up.text, "select 1;\n\n\n\n\nselect 3;\n");
        assert_eq!(migration.up.lines().place(16).line, 7);
        assert_eq!(migration.up.conventions.len(), 1);
        let down = migration.down.unwrap();
        assert_eq!((&*down.text, down.first_line), ("select 2;\n\n\n\n\nselect 4;", 4));
    }

    #[test]
    fn marks_that_do_not_fit_are_errors_with_their_line() {
        for (text, expected) in [
            ("", "1_a.sql:1: has no `-- migrate:up`"),
            ("select 1;\n-- migrate:up\n", "1_a.sql:1: a statement stands before `-- migrate:up`"),
            ("-- migrate:down\n-- migrate:up\n", "1_a.sql:1: `-- migrate:down` has no `-- migrate:up` before it"),
            ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", "1_a.sql:3: `-- migrate:down` has no"),
        ] {
            let found = error(&[("2_b.sql", "-- migrate:up\nselect 1;"), ("1_a.sql", text)]);
            assert!(found.starts_with(expected), "{text:?}: {found}");
        }
    }

    #[test]
    fn other_directives_and_odd_options_are_not_mistaken() {
        let source = read_files(&[(
            "1_a.sql",
            "-- migrate:up transaction: false\n-- migrate:lock-timeout 2s\n-- migrate:upper\nselect 1;\n-- migrate:down\nselect 2;",
        )]);
        assert!(source.migrations[0].up.text.starts_with("-- migrate:lock-timeout 2s\n-- migrate:upper\n"));
        assert_eq!(source.migrations[0].up.conventions, []);
        assert_eq!(remarks(&source), ["1_a.sql:1 dbmate has no option `transaction:`; it is ignored"]);
    }
}
