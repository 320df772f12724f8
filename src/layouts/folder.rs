//! A folder of migrations: its entries listed once, each file read once, nothing followed out of it.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::HashMap;

use super::{Error, file};

/// How deep folders in folders are looked into.
const DEEPEST: usize = 32;

/// A folder of migrations, as listed when it was opened.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    canonical: PathBuf,
    recursive: bool,
    entries: Vec<Entry>,
    texts: RefCell<HashMap<String, Arc<str>>>,
    /// Which of the entries are SQL files with a comment, once somebody has asked.
    commented: OnceCell<Vec<usize>>,
}

/// A file or folder in a [`Folder`], by its path relative to it, with `/` between the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The path relative to the folder.
    pub path: String,
    /// What stands there.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A link to a file that stays in the folder.
    Link,
    /// A folder.
    Folder,
    /// A folder that may not be listed.
    Closed,
    /// A link that leads out of the folder, or nowhere.
    Outside,
    /// A pipe, a socket or a device.
    Special,
}

impl Entry {
    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it lies in the folder itself, not in one of its subfolders.
    pub fn is_direct(&self) -> bool {
        !self.path.contains('/')
    }

    /// Whether it is named as a file of SQL.
    pub fn is_sql(&self) -> bool {
        self.path.len() > 4 && self.path.as_bytes()[self.path.len() - 4..].eq_ignore_ascii_case(b".sql")
    }
}

impl Folder {
    /// Lists a folder and the folders in it. Hidden entries do not count.
    ///
    /// With `recursive`, layouts that keep all files in one folder look into its subfolders, too.
    ///
    /// # Errors
    ///
    /// When it cannot be listed, or the name of an SQL file cannot be shown or stored as it is.
    pub fn open(root: impl Into<PathBuf>, recursive: bool) -> Result<Self, Error> {
        let root = root.into();
        let canonical = fs::canonicalize(&root).map_err(|source| Error::Unreadable { path: root.clone(), source })?;
        if !canonical.is_dir() {
            return Err(Error::NotAFolder { path: root });
        }
        let mut folder = Folder::empty(root, canonical, recursive);
        folder.list("", 0)?;
        folder.entries.sort_unstable();
        folder.check_capitals()?;
        Ok(folder)
    }

    fn empty(root: PathBuf, canonical: PathBuf, recursive: bool) -> Self {
        let (texts, commented) = (RefCell::default(), OnceCell::new());
        Folder { root, canonical, recursive, entries: Vec::new(), texts, commented }
    }

    /// The folder as it was when it held exactly these files, by their paths in it. Those without a text are as they are now.
    #[must_use]
    pub fn revised(&self, files: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let mut folder = Folder::empty(self.root.clone(), self.canonical.clone(), self.recursive);
        let mut entries = BTreeSet::new();
        for (path, text) in files {
            if path.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            let folders =
                path.match_indices('/').map(|(end, _)| Entry { path: path[..end].to_owned(), kind: Kind::Folder });
            entries.extend(folders);
            match text {
                Some(text) => folder.texts.get_mut().insert(path.clone(), crate::migration::normalise(&text).into()),
                None => None,
            };
            entries.insert(Entry { path, kind: Kind::File });
        }
        folder.entries.extend(entries);
        folder
    }

    /// The folder with another text in one of its files, or with one more file.
    #[must_use]
    pub fn with(&self, path: &str, text: String) -> Self {
        let is_file = |entry: &&Entry| matches!(entry.kind, Kind::File | Kind::Link) && entry.path != path;
        let others = self.entries.iter().filter(is_file).map(|entry| (entry.path.clone(), None));
        self.revised(others.chain([(path.to_owned(), Some(text))]))
    }

    /// Where a path that the user gave lies in the folder, if it lies there.
    pub fn relative(&self, path: &Path) -> Option<String> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = fs::canonicalize(parent).ok()?.join(path.file_name()?);
        let within = real.strip_prefix(&self.canonical).ok()?;
        let parts: Option<Vec<&str>> = within.iter().map(OsStr::to_str).collect();
        Some(parts?.join("/"))
    }

    /// The folder as the user gave it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything in it, folders in folders included, ordered by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries in the folder itself.
    pub fn direct(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_direct())
    }

    /// The entries in the folder itself; of a folder opened so, those in its subfolders, too.
    pub fn flat(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| self.is_flat(entry))
    }

    fn is_flat(&self, entry: &Entry) -> bool {
        self.recursive || entry.is_direct()
    }

    /// Whether there is a file of this path.
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some_and(|entry| matches!(entry.kind, Kind::File | Kind::Link))
    }

    /// Whether any of its SQL files has a line with a comment of which `is_mark` is true.
    pub fn any_comment(&self, is_mark: impl Fn(&str) -> bool) -> bool {
        self.commented().any(|(_, text)| text.lines().any(&is_mark))
    }

    /// The SQL files in which a comment begins with `--`, or seems to, and their texts. Files that cannot be read have none:
    /// whoever reads the folder will say what is wrong with them.
    pub fn commented(&self) -> impl Iterator<Item = (&Entry, Arc<str>)> {
        let has_comment = |entry: &Entry| self.text(&entry.path).is_ok_and(|text| text.contains("--"));
        let wanted = |entry: &Entry| entry.is_sql() && self.is_flat(entry) && has_comment(entry);
        let look = || {
            let entries = self.entries.iter().enumerate();
            entries.filter(|(_, entry)| wanted(entry)).map(|(at, _)| at).collect()
        };
        let entries = self.commented.get_or_init(look).iter().map(|at| &self.entries[*at]);
        entries.filter_map(|entry| Some((entry, self.text(&entry.path).ok()?)))
    }

    /// The entry of this path.
    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok().map(|at| &self.entries[at])
    }

    /// What stands in a folder in it, and in the folders in that.
    pub fn inside(&self, folder: &Entry) -> impl Iterator<Item = &Entry> {
        let inside = format!("{}/", folder.path);
        self.entries.iter().filter(move |entry| entry.path.starts_with(&inside))
    }

    /// Refuses a folder that cannot be looked into: a link out of this one, or one that may not be listed.
    ///
    /// # Errors
    ///
    /// When it is one.
    pub fn refuse_closed(&self, entry: &Entry) -> Result<(), Error> {
        let path = self.path(&entry.path);
        match entry.kind {
            Kind::Outside => Err(Error::Outside { path }),
            Kind::Closed => Err(Error::Unreadable { path, source: std::io::ErrorKind::PermissionDenied.into() }),
            _ => Ok(()),
        }
    }

    /// A path of the folder as the user would write it.
    pub fn path(&self, relative: &str) -> PathBuf {
        if relative.is_empty() { self.root.clone() } else { self.root.join(relative) }
    }

    /// The text of a file, without byte order mark and with line ends normalised. It is read when it
    /// is first asked for, and never again.
    ///
    /// # Errors
    ///
    /// When it is no regular file of this folder, too large, or no text in UTF-8.
    pub fn text(&self, relative: &str) -> Result<Arc<str>, Error> {
        if let Some(text) = self.texts.borrow().get(relative) {
            return Ok(Arc::clone(text));
        }
        let text = self.read(relative)?;
        self.texts.borrow_mut().insert(relative.to_owned(), Arc::clone(&text));
        Ok(text)
    }

    /// Reads the SQL files that a layout is likely to ask for, several at a time; what cannot be read waits until somebody
    /// asks for it.
    pub fn read_ahead(&self) {
        let near = |entry: &&Entry| self.recursive || entry.path.matches('/').count() <= 1;
        let plain = |entry: &&Entry| entry.kind == Kind::File && entry.is_sql();
        let missing = |entry: &&Entry| !self.texts.borrow().contains_key(&entry.path);
        let entries: Vec<&Entry> = self.entries.iter().filter(plain).filter(near).filter(missing).collect();
        let paths: Vec<PathBuf> = entries.iter().map(|entry| self.path(&entry.path)).collect();
        let read = file::texts(&paths).into_iter().zip(entries);
        let texts = read.filter_map(|(text, entry)| Some((entry.path.clone(), text?)));
        self.texts.borrow_mut().extend(texts);
    }

    fn read(&self, relative: &str) -> Result<Arc<str>, Error> {
        let path = self.path(relative);
        // A plain file of the listing is one and leads nowhere else; the rest is looked at closely.
        let real = match self.find(relative) {
            Some(Entry { kind: Kind::File, .. }) => path.clone(),
            Some(Entry { kind: Kind::Outside, .. }) => return Err(Error::Outside { path }),
            _ => self.regular_behind(&path)?,
        };
        file::text(&real, &path, &mut Vec::new())
    }

    /// The regular file that a path leads to, without leaving the folder.
    fn regular_behind(&self, path: &Path) -> Result<PathBuf, Error> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let real = fs::canonicalize(path).map_err(unreadable)?;
        if real != path && !real.starts_with(&self.canonical) {
            return Err(Error::Outside { path: path.to_owned() });
        }
        // Opening a pipe would block for ever, so that the look comes before the opening.
        let about = fs::metadata(&real).map_err(unreadable)?;
        match () {
            () if about.is_dir() => Err(Error::FolderForFile { path: path.to_owned() }),
            () if !about.is_file() => Err(Error::Special { path: path.to_owned() }),
            () => Ok(real),
        }
    }

    fn list(&mut self, within: &str, depth: usize) -> Result<(), Error> {
        let folder = self.path(within);
        let unreadable = |source| Error::Unreadable { path: folder.clone(), source };
        let mut folders = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let kind = entry.file_type().map_err(unreadable)?;
            let Some(name) = plain_name(&folder, &entry.file_name(), kind.is_dir())? else { continue };
            let path = if within.is_empty() { name } else { format!("{within}/{name}") };
            let kind = if kind.is_file() {
                Kind::File
            } else if kind.is_dir() {
                folders.push((path.clone(), self.entries.len()));
                Kind::Folder
            } else if kind.is_symlink() {
                self.behind(&path)
            } else {
                Kind::Special
            };
            self.entries.push(Entry { path, kind });
        }
        for (path, at) in folders {
            if depth == DEEPEST && self.recursive {
                return Err(Error::TooDeep { path: self.path(&path), deepest: DEEPEST });
            }
            if depth == DEEPEST {
                self.entries[at].kind = Kind::Closed;
                continue;
            }
            match self.list(&path, depth + 1) {
                // `lost+found` on a mounted volume is nobody's migration.
                Err(Error::Unreadable { .. }) if !self.recursive => self.entries[at].kind = Kind::Closed,
                listed => listed?,
            }
        }
        Ok(())
    }

    /// Refuses SQL files that are one file where capitals do not count.
    fn check_capitals(&self) -> Result<(), Error> {
        let mut seen = HashMap::default();
        for entry in self.entries.iter().filter(|entry| entry.is_sql()) {
            let lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
            let key = match entry.path.bytes().all(lower) {
                true => Cow::Borrowed(entry.path.as_str()),
                false => Cow::Owned(entry.path.to_lowercase()),
            };
            if let Some(first) = seen.insert(key, entry) {
                return Err(Error::SameButCapitals { first: self.path(&first.path), second: self.path(&entry.path) });
            }
        }
        Ok(())
    }

    /// What a link leads to. Mounted configuration maps of Kubernetes consist of links, so that links
    /// within the folder are good; a linked folder is listed where it really is.
    fn behind(&self, relative: &str) -> Kind {
        match fs::canonicalize(self.path(relative)) {
            Ok(real) if !real.starts_with(&self.canonical) => Kind::Outside,
            Ok(real) if real.is_file() => Kind::Link,
            Ok(real) if real.is_dir() => Kind::Folder,
            Ok(_) => Kind::Special,
            Err(_) => Kind::Outside,
        }
    }
}

/// A name as it is, or none if it does not count: it is hidden, or it is no migration's and cannot be shown.
fn plain_name(folder: &Path, name: &OsStr, is_folder: bool) -> Result<Option<String>, Error> {
    if name.as_encoded_bytes().starts_with(b".") {
        return Ok(None);
    }
    let plain = |name: &&str| {
        name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            || !name.chars().any(|c| c.is_control() || is_direction_mark(c))
    };
    if let Some(name) = name.to_str().filter(plain) {
        return Ok(Some(name.to_owned()));
    }
    let lossy = name.to_string_lossy();
    let is_migration =
        lossy.to_ascii_lowercase().ends_with(".sql") || (is_folder && lossy.starts_with(|c: char| c.is_ascii_digit()));
    if !is_migration {
        return Ok(None);
    }
    let folder = folder.to_owned();
    Err(match name.to_str() {
        Some(name) => Error::NameNotPlain { folder, name: name.escape_debug().to_string() },
        None => Error::NameNotUtf8 { folder, name: lossy.into_owned() },
    })
}

/// Characters that make a name look like another one.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use crate::layouts::LARGEST;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::super::testing::{error, error_in, folder, source};
    use super::*;

    const UP: &str = "0001_a.up.sql";

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        assert_eq!(
            error(&[(UP, b"select 1;\nselect '\xe9';")]),
            "`0001_a.up.sql` is not UTF-8 at byte 18 on line 2; save it as UTF-8"
        );
        assert_eq!(
            error(&[(UP, b"\xff\xfes\0e\0")]),
            "`0001_a.up.sql` is not UTF-8 at byte 0 on line 1; it looks like UTF-16; save it as UTF-8"
        );
        assert_eq!(error(&[(UP, "select 1;\n\0")]), "`0001_a.up.sql` has a NUL byte at byte 10 on line 2");
        let large = folder(&[(UP, "")]);
        fs::File::options().write(true).open(large.path().join(UP)).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(
            error_in(&large),
            "`0001_a.up.sql` is larger than 64 MiB; load data by other means than a migration"
        );
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert_eq!(
            error(&[("0001_a.up.sql/x.txt", "")]),
            "`0001_a.up.sql` is a folder, though it is named like a migration's file"
        );
        assert_eq!(
            error(&[("0001_a.up.sql", ""), ("0001_A.up.sql", "")]),
            "`0001_A.up.sql` and `0001_a.up.sql` differ only in capitals; on macOS and Windows they are one file"
        );
        assert_eq!(
            error(&[("0001_a\u{202e}lqs.up.sql", "")]),
            r"`.` holds a name with control characters: `0001_a\u{202e}lqs.up.sql`"
        );
        let odd = folder(&[(UP, "")]);
        fs::write(odd.path().join(OsStr::from_bytes(b"0002_\xe9.up.sql")), "").unwrap();
        assert_eq!(error_in(&odd), "`.` holds a name that is not UTF-8: `0002_\u{fffd}.up.sql`");
        let pipe = folder(&[("x.txt", "")]);
        let made = std::process::Command::new("mkfifo").arg(pipe.path().join(UP)).status().unwrap();
        assert!(made.success());
        assert_eq!(error_in(&pipe), "`0001_a.up.sql` is neither a file nor a folder");
    }

    #[test]
    fn folders_that_lie_too_deep_are_not_overlooked() {
        let deep = |depth: usize| folder(&[(format!("{}0002_b.up.sql", "d/".repeat(depth)).as_str(), "select 2;")]);
        let open = |depth: usize| {
            Folder::open(deep(depth).path(), true).map(|folder| folder.flat().filter(|one| one.is_sql()).count())
        };
        assert_eq!(open(DEEPEST).unwrap(), 1);
        let error = open(DEEPEST + 1).unwrap_err().to_string();
        assert!(error.ends_with("d` lies more than 32 folders deep; move it up, or name it with `--dir`"), "{error}");
    }

    #[test]
    fn links_may_stay_in_the_folder_but_not_leave_it() {
        let outside = folder(&[("secret.sql", "select 1;")]);
        let leaving = folder(&[("x.txt", "")]);
        symlink(outside.path().join("secret.sql"), leaving.path().join(UP)).unwrap();
        let refused =
            "`0001_a.up.sql` is a symbolic link that leads out of the folder or nowhere; copy the file into the folder";
        assert_eq!(error_in(&leaving), refused);
        let dangling = folder(&[("x.txt", "")]);
        symlink("nowhere.sql", dangling.path().join(UP)).unwrap();
        assert_eq!(error_in(&dangling), refused);

        // As Kubernetes mounts a configuration map.
        let mounted = folder(&[("..2026_11_21/0001_a.up.sql", "select 1;")]);
        symlink("..2026_11_21", mounted.path().join("..data")).unwrap();
        symlink("..data/0001_a.up.sql", mounted.path().join(UP)).unwrap();
        assert_eq!(source(&mounted).unwrap().migrations.len(), 1);
    }

    #[test]
    fn a_missing_folder_and_a_file_are_said_to_be_so() {
        assert!(
            Folder::open("/nowhere/at/all", false)
                .unwrap_err()
                .to_string()
                .starts_with("cannot read `/nowhere/at/all`: ")
        );
        let file = folder(&[(UP, "")]);
        let error = Folder::open(file.path().join(UP), false).unwrap_err().to_string();
        assert!(error.ends_with("0001_a.up.sql` is not a folder"), "{error}");
    }
}
