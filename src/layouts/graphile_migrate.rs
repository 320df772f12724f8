//! graphile-migrate: `committed/000001.sql`, each with the hash of itself and of the one before it.
//!
//! What is in `current.sql` is being worked on: it runs again and again on a developer's database until it is committed,
//! and never here.

use sha1::{Digest, Sha1};

use super::new::stem;
use super::{Entry, Error, Fit, Folder, Layout, NewFile, Options, Remark, Source};
use crate::migration::{Checksum, Directive, Id, Migration, OuterTransaction, Script, Version};
use crate::sql::Span;

/// Folders of graphile-migrate.
pub static GRAPHILE_MIGRATE: GraphileMigrate = GraphileMigrate;

/// See [`GRAPHILE_MIGRATE`].
pub struct GraphileMigrate;

const COMMITTED: &str = "committed/";

impl Layout for GraphileMigrate {
    fn name(&self) -> &'static str {
        "graphile-migrate"
    }

    fn about(&self) -> &'static str {
        "graphile-migrate: `committed/000001.sql`, chained by hashes"
    }

    fn recognises(&self, folder: &Folder) -> Fit {
        let has_header = |entry: &Entry| folder.text(&entry.path).is_ok_and(|text| text.starts_with("--! Previous:"));
        if files(folder).any(has_header) { Fit::Sure } else { Fit::No }
    }

    fn claims(&self, _: &str) -> bool {
        false
    }

    fn read(&self, folder: &Folder, options: &Options) -> Result<Source, Error> {
        let mut source = Source::default();
        let mut before: Option<(String, Version)> = None;
        for entry in files(folder) {
            let Some((version, slug)) = parse(entry) else {
                return Err(Error::NotNamed {
                    path: folder.path(&entry.path),
                    layout: self.name(),
                    form: "`committed/<number>.sql` or `committed/<number>-<name>.sql`",
                    reader: None,
                });
            };
            let file = File::read(folder, entry, before.as_ref())?;
            let name = if slug.is_empty() { file.message.clone() } else { slug.to_owned() };
            let up = file.script(folder, entry, options)?;
            before = Some((file.hash, version.clone()));
            source.migrations.push(Migration::new(Id::Version(version), name, up, None));
        }
        for entry in folder.entries().iter().filter(|entry| is_current(&entry.path)) {
            let blank = folder.text(&entry.path).is_ok_and(|text| super::blank::is_blank(&text));
            if !blank {
                let message = "is not committed yet and is not run; commit it with `graphile-migrate commit`";
                source.remarks.push(Remark::note(folder.path(&entry.path), 1, message));
            }
        }
        source.remark_blanks();
        Ok(source)
    }

    fn way_outside(&self) -> &'static str {
        "write `--! no-transaction` as its first line"
    }

    fn new_files(&self, folder: &Folder, id: &Id, name: &str) -> Option<Vec<NewFile>> {
        let version = id.version()?;
        let last = files(folder).last().and_then(|entry| header(&folder.text(&entry.path).ok()?, "Hash"));
        let previous = last.as_deref().unwrap_or("-");
        let hash = hash("", last.as_deref());
        // Its text is still to be written, and then the hash is another: graphile-migrate lets a file say so.
        let text = format!("--! Previous: {previous}\n--! Hash: {hash}\n--! Message: {name}\n--! AllowInvalidHash\n\n");
        let file = stem(&Id::Version(version.clone()), name).replace('_', "-");
        Some(vec![NewFile::create(folder.path(&format!("{COMMITTED}{file}.sql")), text)])
    }
}

fn files(folder: &Folder) -> impl Iterator<Item = &Entry> {
    folder
        .entries()
        .iter()
        .filter(|entry| entry.is_sql() && entry.path.strip_prefix(COMMITTED).is_some_and(|rest| !rest.contains('/')))
}

fn is_current(path: &str) -> bool {
    path == "current.sql" || (path.starts_with("current/") && path.ends_with(".sql"))
}

fn parse(entry: &Entry) -> Option<(Version, &str)> {
    let stem = entry.file_name().strip_suffix(".sql")?;
    let (digits, slug) = stem.split_once('-').unwrap_or((stem, ""));
    Some((digits.parse().ok()?, slug))
}

/// The value of a header; empty for one that has none.
fn header(text: &str, name: &str) -> Option<String> {
    headers(text).find_map(|line| {
        let rest = line.strip_prefix("--! ")?.strip_prefix(name)?;
        match rest.strip_prefix(':') {
            Some(value) => Some(value.trim().to_owned()),
            None => rest.trim().is_empty().then(String::new),
        }
    })
}

/// The lines at the top that say something of the file: their names begin with a capital.
fn headers(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| {
        line.strip_prefix("--! ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

fn hash(body: &str, previous: Option<&str>) -> String {
    let text = format!("{}\n{}", previous.unwrap_or_default(), body.trim());
    let digest = Sha1::digest(format!("{}\n", text.trim()).as_bytes());
    digest.iter().fold("sha1:".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// What one committed file says.
struct File {
    hash: String,
    message: String,
    body: String,
    first_line: usize,
}

impl File {
    fn read(folder: &Folder, entry: &Entry, before: Option<&(String, Version)>) -> Result<Self, Error> {
        let text = folder.text(&entry.path)?;
        let wrong = |line: usize, message: String| Error::Malformed { path: folder.path(&entry.path), line, message };
        let count = headers(&text).count();
        let body: String = text.lines().skip(count).map(|line| format!("{line}\n")).collect();
        let (Some(previous), Some(recorded)) = (header(&text, "Previous"), header(&text, "Hash")) else {
            return Err(wrong(1, "has no `--! Previous:` and `--! Hash:`, as committed migrations have".to_owned()));
        };
        let expected = before.map_or("-", |(hash, _)| hash.as_str());
        if previous != expected {
            let message = match before {
                Some((_, version)) => format!(
                    "does not follow {version}: its `Previous` is {previous}, and that one's hash is {expected}"
                ),
                None => format!("is the first, but names {previous} as the one before it"),
            };
            return Err(wrong(1, message));
        }
        let computed = hash(&body, before.map(|(hash, _)| hash.as_str()));
        if computed != recorded && header(&text, "AllowInvalidHash").is_none() {
            let message = format!(
                "was edited after it had been committed: its hash is {computed}, not {recorded}; restore it, or say `--! AllowInvalidHash`"
            );
            return Err(wrong(count + 1, message));
        }
        let message = header(&text, "Message").unwrap_or_default();
        Ok(File { hash: recorded, message, body, first_line: count + 1 })
    }

    fn script(&self, folder: &Folder, entry: &Entry, options: &Options) -> Result<Script, Error> {
        let text = self.replaced(options).map_err(|(offset, name)| Error::Malformed {
            path: folder.path(&entry.path),
            line: self.first_line + self.body[..offset].matches('\n').count(),
            message: format!("`:{name}` has no value; give it with `--var {name}=…`"),
        })?;
        let mut script = Script::section(folder.path(&entry.path), &text, self.first_line);
        script.checksum = Checksum::of(&self.body);
        script.outer_transaction = OuterTransaction::Taken;
        script.tool_checksums = vec![self.hash.clone()];
        let first = self.body.trim_start().lines().next().unwrap_or_default();
        if first.strip_prefix("--!").is_some_and(|words| words.trim_start().starts_with("no-transaction")) {
            script.conventions.push((Span::new(0, 0), Directive::NoTransaction));
        }
        Ok(script)
    }

    /// The text with its placeholders replaced; two of them are always placeholders, others where they have a value.
    fn replaced(&self, options: &Options) -> Result<String, (usize, String)> {
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let mut out = String::with_capacity(self.body.len());
        let mut at = 0;
        while let Some(found) = self.body[at..].find(':') {
            let colon = at + found;
            let rest = &self.body[colon + 1..];
            let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
            let ends = !rest[name.len()..].starts_with(|c: char| c.is_alphanumeric());
            out.push_str(&self.body[at..colon]);
            at = colon + 1 + name.len();
            match options.variables.get(name) {
                Some(value) if ends && !name.is_empty() => out.push_str(value),
                None if ends && matches!(name, "DATABASE_NAME" | "DATABASE_OWNER") => {
                    return Err((colon, name.to_owned()));
                }
                _ => out.push_str(&self.body[colon..at]),
            }
        }
        out.push_str(&self.body[at..]);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{error, outline, read_files, remarks};
    use super::*;

    fn committed(previous: Option<&str>, body: &str) -> (String, String) {
        let hash = hash(body, previous);
        (format!("--! Previous: {}\n--! Hash: {hash}\n--! Message: it\n\n{body}", previous.unwrap_or("-")), hash)
    }

    #[test]
    fn files_are_chained_by_their_hashes() {
        let (first, hash) = committed(None, "select 1;\n");
        let (second, _) = committed(Some(&hash), "--! no-transaction\nselect 2;\n");
        let (one, two) = (("committed/000001.sql", &*first), ("committed/000002-two.sql", &*second));
        let source = read_files(&[one, two, ("current.sql", "select 3;")]);
        assert_eq!(outline(&source), ["000001 it | 000001.sql:4 | -", "000002 two | 000002-two.sql:4 | -"]);
        assert_eq!(source.migrations[1].up.conventions.len(), 1);
        assert_eq!(
            remarks(&source),
            ["current.sql:1 is not committed yet and is not run; commit it with `graphile-migrate commit`"]
        );

        let edited = first.replace("select 1", "select 9");
        let message = error(&[("committed/000001.sql", &*edited)]);
        assert!(message.starts_with("committed/000001.sql:4: was edited after it had been committed"), "{message}");
        assert_eq!(
            read_files(&[("committed/000001.sql", &edited.replace("Message: it", "AllowInvalidHash"))])
                .migrations
                .len(),
            1
        );
        let message = error(&[two]);
        assert!(message.starts_with("committed/000002-two.sql:1: is the first, but names sha1:"), "{message}");
    }

    #[test]
    fn placeholders_have_values_or_say_so() {
        let (text, _) = committed(None, "\ngrant connect on database :DATABASE_NAME to x; select a::TEXT, ':AB';\n");
        let message = error(&[("committed/000001.sql", &*text)]);
        assert!(message.starts_with("committed/000001.sql:6: `:DATABASE_NAME` has no value"), "{message}");
    }
}
