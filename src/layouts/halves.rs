//! Files of tools whose layouts are not read here, and which keep the way back in the same file: read as one script, it
//! would undo what it has just done.

use super::{Entry, Error, Folder};

/// What begins the way back, without the signs around it, in small letters; and whose word it is.
const MARKS: &[(&str, &str)] = &[
    ("migrate down", "sql-migrate"),
    ("goose down", "goose"),
    ("migrate:down", "dbmate"),
    ("micrate down", "micrate"),
    ("rambler down", "rambler"),
    ("down migration", "node-pg-migrate"),
    ("create above / drop below", "tern"),
];

/// Refuses the first file of which `is_script` is true and that seems to hold its way back, too.
///
/// # Errors
///
/// When there is one, with the line where the way back begins.
pub(super) fn refuse(folder: &Folder, is_script: impl Fn(&Entry) -> bool) -> Result<(), Error> {
    for (entry, text) in folder.commented().filter(|(entry, _)| is_script(entry)) {
        let Some((line, mark, tool)) = way_back(&text) else { continue };
        let layout = match super::find(tool) {
            Some(layout) => format!(", or read the folder as {tool}'s: `--layout {}`", layout.name()),
            None => String::new(),
        };
        let message = format!(
            "`{mark}` begins the way back for {tool}, and here what stands behind it would run with the rest; move it to a `.down.sql` file of the same name{layout}"
        );
        return Err(Error::Malformed { path: folder.path(&entry.path), line, message });
    }
    Ok(())
}

/// The line where the way back begins, if anything stands behind it: its number, its text, and who writes it so.
fn way_back(text: &str) -> Option<(usize, &str, &'static str)> {
    let mut has_up = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let Some(comment) = line.strip_prefix("--") else { continue };
        let words = comment.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        let tool = match words.as_str() {
            "up" => {
                has_up = true;
                continue;
            }
            "down" if has_up => "other tools",
            "undo" if comment.contains('@') => "MyBatis",
            words => match MARKS.iter().find(|(mark, _)| *mark == words) {
                Some((_, tool)) => tool,
                None => continue,
            },
        };
        let is_statement = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("--");
        return text.lines().skip(at + 1).any(is_statement).then_some((at + 1, line, tool));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, read_files};
    use super::*;

    #[test]
    fn a_way_back_in_the_same_file_is_not_run() {
        for (mark, tool) in [
            ("-- +migrate Down", "sql-migrate"),
            ("-- Down Migration", "node-pg-migrate"),
            ("---- create above / drop below ----", "tern"),
            ("-- //@UNDO", "MyBatis"),
            ("--//@UNDO", "MyBatis"),
            ("-- rambler down", "rambler"),
        ] {
            let text = format!("create table a (b int);\n{mark}\ndrop table a;\n");
            for file in ["1_a.sql", "1_a.up.sql"] {
                let said = error(&[(file, text.as_str())]);
                let expected = format!("{file}:2: `{mark}` begins the way back for {tool}, and here what");
                assert!(said.replace('`', "").starts_with(&expected.replace('`', "")), "{said}");
            }
        }
        for (up, down) in [("-- UP", "-- DOWN"), ("-- ==== UP ====", "-- ==== DOWN ===="), ("-- up:", "-- down:")] {
            let text = format!("{up}\ncreate table a (b int);\n{down}\ndrop table a;\n");
            assert_eq!(way_back(&text), Some((3, down, "other tools")));
        }
    }

    #[test]
    fn other_comments_are_none() {
        for text in [
            "-- down\nselect 1;",
            "-- undo\nselect 1;",
            "-- up\nselect 1;\n-- sit down\nselect 2;",
            "select 1;\n-- +migrate Down\n-- nothing\n",
        ] {
            assert_eq!(way_back(text), None, "{text}");
        }
        let pair = read_files(&[("1_a.up.sql", "-- up\nselect 1;"), ("1_a.down.sql", "-- up\n-- down\nselect 2;")]);
        assert_eq!(pair.migrations.len(), 1);
    }
}
