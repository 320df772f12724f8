//! goose: `00001_add_phone.sql` with both directions in one file, after `-- +goose Up` and `-- +goose Down`.
//!
//! goose reads line by line and knows no SQL: an annotation is one wherever it stands. Its semicolons are not ours: outside
//! of `StatementBegin` and `StatementEnd`, statements end where the database ends them.

use crate::migration::{Directive, Id, Migration, OuterTransaction, Script};
use crate::sql::Span;

use super::new::stem;
use super::stray::stray;
use super::variables::{self, Form};
use super::{Body, Draft, Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source, Weight};

/// goose's folders.
pub static GOOSE: Goose = Goose;

const FORM: &str = "`<version>_<name>.sql` with `-- +goose Up` and `-- +goose Down`";

/// See [`GOOSE`].
pub struct Goose;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Annotation {
    Up,
    Down,
    StatementBegin,
    StatementEnd,
    NoTransaction,
    Envsub(bool),
}

const ANNOTATIONS: &[(&str, Annotation)] = &[
    ("Up", Annotation::Up),
    ("Down", Annotation::Down),
    ("StatementBegin", Annotation::StatementBegin),
    ("StatementEnd", Annotation::StatementEnd),
    ("NO TRANSACTION", Annotation::NoTransaction),
    ("ENVSUB ON", Annotation::Envsub(true)),
    ("ENVSUB OFF", Annotation::Envsub(false)),
];

/// The annotation on a line, or what is wrong with it; none on other lines.
fn annotation(line: &str) -> Option<Result<Annotation, String>> {
    let words = line.trim_start().strip_prefix("--")?.trim_start_matches('-').trim_start().strip_prefix("+goose")?;
    let words = words.trim();
    let found = ANNOTATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(words));
    Some(found.map(|(_, annotation)| *annotation).ok_or_else(|| {
        let known: Vec<&str> = ANNOTATIONS.iter().map(|(known, _)| *known).collect();
        format!("goose has no annotation `{words}`; known are {}", known.join(", "))
    }))
}

impl Layout for Goose {
    fn name(&self) -> &'static str {
        "goose"
    }

    fn about(&self) -> &'static str {
        "goose: `00001_add_phone.sql` with `-- +goose Up` and `-- +goose Down`"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        match folder.any_comment(|line| matches!(annotation(line), Some(Ok(Annotation::Up)))) {
            true => Fit::Sure,
            false => Fit::No,
        }
    }

    /// The name alone says nothing: other tools name their files so, too.
    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        for entry in folder.flat() {
            let (stem, extension) = entry.file_name().rsplit_once('.').unwrap_or((entry.file_name(), ""));
            let named = stem.split_once('_').and_then(|(digits, name)| Some((digits.parse().ok()?, name)));
            match (named, extension) {
                (Some((version, name)), "sql") => {
                    let (up, down) = scripts(folder, entry, options)?;
                    source.migrations.push(Migration::new(Id::Version(version), name, up, down));
                }
                (Some(_), "go") if !stem.ends_with("_test") => source.remarks.push(Remark {
                    path: folder.path(&entry.path),
                    line: 1,
                    message: "is a migration in Go, which only goose can run".to_owned(),
                    weight: Weight::Incomplete,
                }),
                _ => {
                    let meant = stem.starts_with(|c: char| c.is_ascii_digit());
                    stray(self, FORM, folder, entry, meant, &mut source)?;
                }
            }
        }
        source.remark_blanks();
        Ok(source)
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let Id::Version(_) = id else { return None };
        let path = folder.path(&format!("{}.sql", stem(id, name)));
        Some(vec![NewFile::create(path, "-- +goose Up\n\n-- +goose Down\n")])
    }

    fn written(&self, draft: &Draft) -> Option<Result<Vec<(String, String)>, String>> {
        Some(write(draft))
    }

    fn way_outside(&self) -> &'static str {
        "write `-- +goose NO TRANSACTION` at the top"
    }

    fn is_mark(&self, line: &str) -> bool {
        annotation(line).is_some()
    }
}

/// The file of a migration that comes from another layout.
fn write(draft: &Draft) -> Result<Vec<(String, String)>, String> {
    let version = draft.number("goose")?;
    let mut text = String::new();
    if draft.no_transaction("goose")? {
        text.push_str("-- +goose NO TRANSACTION\n");
    }
    text.push_str("-- +goose Up\n");
    text.push_str(&in_blocks(&draft.up));
    if let Some(down) = &draft.down {
        text.push_str("\n-- +goose Down\n");
        text.push_str(&in_blocks(down));
    }
    Ok(vec![(format!("{version}_{}.sql", draft.name), text)])
}

/// A text in which goose finds the same statements: it ends one at every line that ends with a semicolon, so that those
/// with a semicolon in them, and one without any, are marked.
fn in_blocks(part: &Body) -> String {
    let text = part.text.as_str();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for statement in &part.statements {
        let behind = &text[statement.span.end..];
        let blanks = behind.len() - behind.trim_start().len();
        let ends = behind[blanks..].starts_with(';');
        if ends && !statement.of(text).contains(';') {
            continue;
        }
        let line = text[..statement.span.start].rfind('\n').map_or(0, |end| end + 1);
        let alone = line >= at && text[line..statement.span.start].trim().is_empty();
        let from = if alone { line } else { statement.span.start };
        out.push_str(&text[at..from]);
        end_line(&mut out);
        out.push_str("-- +goose StatementBegin\n");
        at = statement.span.end + if ends { blanks + 1 } else { 0 };
        out.push_str(&text[from..at]);
        out.push_str("\n-- +goose StatementEnd\n");
        let rest = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        if text[at..rest].trim().is_empty() {
            at = rest;
        }
    }
    out.push_str(&text[at..]);
    end_line(&mut out);
    out
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// One direction of a file, while it is read. Places are those in the file.
#[derive(Debug)]
struct Section {
    start: usize,
    end: usize,
    first_line: usize,
    blocks: Vec<Span>,
    /// The lines in which variables are replaced.
    replaced: Vec<Span>,
}

/// A file, while it is read.
struct Reader<'f> {
    folder: &'f Folder,
    entry: &'f Entry,
    up: Option<Section>,
    down: Option<Section>,
    /// Where the block begins that has no end yet, and on which line it was opened.
    block: Option<(usize, usize)>,
    no_transaction: bool,
    envsub: bool,
}

/// Both directions of a file.
fn scripts(folder: &Folder, entry: &Entry, options: &Options) -> Result<(Script, Option<Script>), Error> {
    let text = folder.text(&entry.path)?;
    let mut reader = Reader { folder, entry, up: None, down: None, block: None, no_transaction: false, envsub: false };
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        reader.line(line, number + 1, at)?;
        at += line.len();
    }
    reader.ends(at, at)?;
    let Some(up) = &reader.up else {
        return Err(reader.malformed(1, "has no `-- +goose Up`; write it before the statements".to_owned()));
    };
    let up = reader.script(up, &text, options)?;
    let down = reader.down.as_ref().map(|down| reader.script(down, &text, options)).transpose()?;
    Ok((up, down))
}

impl Reader<'_> {
    fn line(&mut self, line: &str, number: usize, at: usize) -> Result<(), Error> {
        let Some(annotation) = annotation(line) else { return self.content(line, number, at) };
        let after = at + line.len();
        let wrong = |message: &str| Err(self.malformed(number, message.to_owned()));
        match annotation.map_err(|message| self.malformed(number, message))? {
            Annotation::Up if self.up.is_some() => return wrong("a second `-- +goose Up`; a file has one"),
            Annotation::Up => self.up = Some(Section::new(after, number + 1)),
            Annotation::Down if self.up.is_none() => return wrong("`-- +goose Down` stands before `-- +goose Up`"),
            Annotation::Down if self.down.is_some() => return wrong("a second `-- +goose Down`; a file has one"),
            Annotation::Down => {
                self.ends(at, number)?;
                self.down = Some(Section::new(after, number + 1));
            }
            Annotation::StatementBegin if self.up.is_none() => {
                return wrong("`-- +goose StatementBegin` stands before `-- +goose Up`");
            }
            Annotation::StatementBegin if self.block.is_some() => {
                return wrong("`-- +goose StatementBegin` stands in a statement that has begun already");
            }
            Annotation::StatementBegin => self.block = Some((after, number)),
            Annotation::StatementEnd => match (self.block.take(), self.section()) {
                (Some((start, _)), Some(section)) => section.blocks.push(Span::new(start, at)),
                _ => {
                    let message = "`-- +goose StatementEnd` without a `StatementBegin` before it";
                    return Err(self.malformed(number, message.to_owned()));
                }
            },
            Annotation::NoTransaction => self.no_transaction = true,
            Annotation::Envsub(on) => self.envsub = on,
        }
        Ok(())
    }

    fn content(&mut self, line: &str, number: usize, at: usize) -> Result<(), Error> {
        let is_comment = line.trim_start().starts_with("--");
        let replaced = self.envsub && !is_comment;
        match self.section() {
            None if is_comment || line.trim().is_empty() => Ok(()),
            None => Err(self.malformed(number, "a statement stands before `-- +goose Up`; move it behind".to_owned())),
            Some(section) => {
                if replaced {
                    section.replaced.push(Span::new(at, at + line.len()));
                }
                Ok(())
            }
        }
    }

    /// Ends the present section at this place.
    fn ends(&mut self, at: usize, number: usize) -> Result<(), Error> {
        if let Some((_, line)) = self.block {
            let message = "`-- +goose StatementBegin` has no `StatementEnd`; write it behind the statement".to_owned();
            return Err(self.malformed(line.min(number), message));
        }
        if let Some(section) = self.section() {
            section.end = at;
        }
        Ok(())
    }

    fn section(&mut self) -> Option<&mut Section> {
        self.down.as_mut().or(self.up.as_mut())
    }

    fn malformed(&self, line: usize, message: String) -> Error {
        Error::Malformed { path: self.folder.path(&self.entry.path), line, message }
    }

    fn script(&self, section: &Section, text: &str, options: &Options) -> Result<Script, Error> {
        let path = self.folder.path(&self.entry.path);
        let mut script = Script::section(path, &text[section.start..section.end], section.first_line);
        let within = |span: &Span| Span::new(span.start - section.start, span.end - section.start);
        script.blocks = section.blocks.iter().map(within).collect();
        script.outer_transaction = OuterTransaction::Taken;
        if self.no_transaction {
            script.conventions.push((Span::default(), Directive::NoTransaction));
        }
        let replaced: Vec<Span> = section.replaced.iter().map(within).collect();
        let value = |name: &str| options.value(name).map(str::to_owned);
        variables::fill(&mut script, &replaced, Form::Shell, &value)?;
        Ok(script)
    }
}

impl Section {
    fn new(start: usize, first_line: usize) -> Self {
        Section { start, end: start, first_line, blocks: Vec::new(), replaced: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, outline, read_files, remarks};
    use super::*;
    use crate::sql::Lexis;

    fn one(text: &str) -> Migration {
        read_files(&[("00001_a.sql", text)]).migrations.remove(0)
    }

    fn wrong(text: &str) -> String {
        // Another file says which layout it is.
        error(&[("00002_b.sql", "-- +goose Up\nselect 1;"), ("00001_a.sql", text)])
    }

    #[test]
    fn both_directions_stand_in_one_file() {
        let source = read_files(&[
            ("00001_a.sql", "-- about\n\n-- +goose Up\ncreate table a (b int);\n\n-- +goose Down\ndrop table a;\n"),
            ("20240101120000_b_c.sql", "-- +goose up\nselect 1;\n"),
            ("schema.sql", "select 1;"),
            ("00003_d.go", ""),
            ("00003_d_test.go", ""),
            ("embed.go", ""),
        ]);
        assert_eq!(
            outline(&source),
            ["00001 a | 00001_a.sql:4 | 00001_a.sql:7", "20240101120000 b_c | 20240101120000_b_c.sql:2 | -"]
        );
        assert_eq!(&*source.migrations[0].up.text, "create table a (b int);\n\n");
        assert_eq!(
            remarks(&source),
            [
                "00003_d.go:1 is a migration in Go, which only goose can run",
                "schema.sql:1 is not named as a migration and is not read"
            ]
        );
    }

    #[test]
    fn what_stands_between_begin_and_end_is_not_cut() {
        let text = "-- +goose Up\nselect 1;\n-- +goose StatementBegin\ncreate rule r as odd; begin;\n\
                    -- +goose StatementEnd\nselect 2;\n-- +goose Down\nselect 3;";
        let up = one(text).up;
        let statements = up.statements(&Lexis::POSTGRES).unwrap();
        let texts: Vec<&str> = statements.iter().map(|statement| statement.of(&up.text)).collect();
        assert_eq!(texts, ["select 1", "create rule r as odd; begin", "select 2"]);
        assert_eq!(up.lines().place(statements[1].span.start).line, 4);
    }

    #[test]
    fn no_transaction_holds_for_both_directions() {
        let migration = one("-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;");
        let asked = [(Span::default(), Directive::NoTransaction)];
        assert_eq!(migration.up.conventions, asked);
        assert_eq!(migration.down.unwrap().conventions, asked);
    }

    #[test]
    fn variables_are_replaced_where_envsub_is_on() {
        let text = "-- +goose Up\nselect '${A}';\n-- +goose ENVSUB ON\nselect '${A:-x}', '$$';\n-- ${B}\n\
                    -- +goose ENVSUB OFF\nselect $$a$$;";
        assert_eq!(
            &*one(text).up.text,
            "select '${A}';\n-- +goose ENVSUB ON\nselect 'x', '$';\n-- ${B}\n-- +goose ENVSUB OFF\nselect $$a$$;"
        );
        let unset = wrong("-- +goose ENVSUB ON\n-- +goose Up\nselect\n '$A';");
        assert!(unset.starts_with("00001_a.sql:4:3: the placeholder `A` has no value"), "{unset}");
    }

    #[test]
    fn annotations_that_do_not_fit_are_errors_with_their_line() {
        for (text, expected) in [
            ("", "00001_a.sql:1: has no `-- +goose Up`"),
            ("\nselect 1;\n-- +goose Up\n", "00001_a.sql:2: a statement stands before `-- +goose Up`"),
            ("-- +goose Down\n", "00001_a.sql:1: `-- +goose Down` stands before `-- +goose Up`"),
            ("-- +goose Up\n-- +goose Up\n", "00001_a.sql:2: a second `-- +goose Up`"),
            ("-- +goose Up\n-- +goose Upp\n", "00001_a.sql:2: goose has no annotation `Upp`; known are Up, Down"),
            ("-- +goose Up\n-- +goose StatementEnd\n", "00001_a.sql:2: `-- +goose StatementEnd` without"),
            (
                "-- +goose Up\n\n-- +goose StatementBegin\nx\n-- +goose Down",
                "00001_a.sql:3: `-- +goose StatementBegin`",
            ),
            ("-- +goose Up\n\n-- +goose StatementBegin\nx", "00001_a.sql:3: `-- +goose StatementBegin` has no"),
        ] {
            let found = wrong(text);
            assert!(found.starts_with(expected), "{text:?}: {found}");
        }
        assert_eq!(
            error(&[("1_a.sql", "-- +goose Up\nselect 1;"), ("2-b.sql", "-- +goose Up\n")]),
            "`2-b.sql` is not named as the layout `goose` names its files (`<version>_<name>.sql` with `-- +goose Up` and \
             `-- +goose Down`)"
        );
    }
}
