//! Root changelogs: which files there are, in which order, and the changesets that are SQL.

use std::collections::{HashMap, HashSet};

use super::super::{Entry, Error, Folder, Remark};
use super::changeset::{Changeset, Down, Sql};
use super::formatted;
use super::properties::{Filter, Properties};
use super::tree::Element;
use crate::migration::{OnFailure, Precondition};

/// Reads changelogs, and those that they include.
pub(super) struct Reader<'a> {
    pub folder: &'a Folder,
    pub filter: &'a Filter,
    pub properties: Properties,
    pub remarks: &'a mut Vec<Remark>,
    pub changesets: Vec<Changeset>,
    /// The files that are being read, the outermost first.
    pub within: Vec<String>,
    /// The files that were read, and whether they have changesets.
    pub done: HashMap<String, bool>,
    /// Where the last changeset was found of which the format does not tell the place.
    pub seen: Seen,
}

/// A place in a file, before which nothing is looked for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    file: String,
    offset: usize,
    line: usize,
}

/// The changelogs in a folder.
#[derive(Debug, Default)]
pub(super) struct Changelogs {
    /// Those that no other one there includes.
    pub roots: Vec<String>,
    /// The others.
    pub others: Vec<String>,
}

/// Finds the changelogs in a folder.
pub(super) fn changelogs(folder: &Folder) -> Result<Changelogs, Error> {
    let mut changelogs: Vec<String> = Vec::new();
    let mut included = HashSet::new();
    for entry in folder.direct().filter(|entry| !entry.is_sql()) {
        let Some(root) = tree(folder, &entry.path)? else { continue };
        for child in &root.children {
            let relative = child.flag("relativeToChangelogFile", false);
            if child.name == "include" {
                included.extend(find(folder, &entry.path, child.get("file"), relative));
            }
        }
        changelogs.push(entry.path.clone());
    }
    let (others, roots) = changelogs.into_iter().partition(|one| included.contains(one));
    Ok(Changelogs { roots, others })
}

/// Whether a folder has a changelog other than formatted SQL.
pub(super) fn has_root(folder: &Folder) -> bool {
    let is_changelog = |entry: &Entry| {
        is_structured(&entry.path) && folder.text(&entry.path).is_ok_and(|text| text.contains("databaseChangeLog"))
    };
    folder.direct().any(is_changelog)
}

/// Whether a file is named as one that holds a tree.
fn is_structured(path: &str) -> bool {
    let end = path.rsplit_once('.').map_or("", |(_, end)| end);
    ["xml", "yaml", "yml", "json"].iter().any(|known| end.eq_ignore_ascii_case(known))
}

fn tree(folder: &Folder, path: &str) -> Result<Option<Element>, Error> {
    if !is_structured(path) {
        return Ok(None);
    }
    let text = folder.text(path)?;
    match Element::read(path, &text) {
        None => Ok(None),
        Some(Ok(root)) => Ok(Some(root)),
        Some(Err(wrong)) => Err(Error::Malformed { path: folder.path(path), line: wrong.line, message: wrong.message }),
    }
}

impl Reader<'_> {
    /// Reads a file of the folder; `path` is what Liquibase knows it by.
    pub fn read(&mut self, file: &str, path: &str) -> Result<(), Error> {
        if self.within.iter().any(|other| other == file) {
            return self.wrong(file, 1, "includes itself");
        }
        match self.done.get(file) {
            None => {}
            // The properties that it defines have their values.
            Some(false) => return Ok(()),
            Some(true) => return self.wrong(file, 1, "is included twice, and so are its changesets"),
        }
        self.within.push(file.to_owned());
        let before = self.changesets.len();
        let folder = self.folder;
        match tree(folder, file)? {
            Some(root) => {
                let logical = root.get("logicalFilePath");
                let path = if logical.is_empty() { path } else { logical };
                self.element(&root, file, path)?;
            }
            None => self.sql_file(file, path)?,
        }
        self.within.pop();
        self.done.insert(file.to_owned(), self.changesets.len() > before);
        Ok(())
    }

    fn sql_file(&mut self, file: &str, path: &str) -> Result<(), Error> {
        let text = self.folder.text(file)?;
        if formatted::is_formatted(&text) {
            let read = formatted::read(self.folder, file, path, &mut self.properties, self.filter, self.remarks)?;
            self.changesets.extend(read);
            return Ok(());
        }
        // Plain SQL is one changeset, which Liquibase names so.
        let sql = Sql::new(file, 1, &text, &self.properties);
        self.changesets.push(Changeset {
            file: file.to_owned(),
            line: 1,
            path: path.to_owned(),
            id: "raw".to_owned(),
            author: "includeAll".to_owned(),
            up: vec![sql],
            ..Changeset::default()
        });
        Ok(())
    }

    fn element(&mut self, root: &Element, file: &str, path: &str) -> Result<(), Error> {
        for child in &root.children {
            let relative = child.flag("relativeToChangelogFile", false);
            match child.name.as_str() {
                "property" => self.property(child, file)?,
                "include" => self.include(child.get("file"), relative, child, file, path)?,
                "includeAll" => self.include_all(child.get("path"), relative, child, file, path)?,
                "changeSet" => {
                    let changeset = self.changeset(child, file, path)?;
                    self.changesets.push(changeset);
                }
                "preConditions" => {
                    let message = "the preconditions of a whole changelog are not asked; give them to its changesets";
                    self.remarks.push(Remark::note(self.folder.path(file), child.line.unwrap_or(1), message));
                }
                other => {
                    let message =
                        format!("`{other}` is not known here: a changelog holds properties, includes and changesets");
                    return self.wrong(file, child.line.unwrap_or(1), message);
                }
            }
        }
        Ok(())
    }

    fn property(&mut self, element: &Element, file: &str) -> Result<(), Error> {
        if !element.get("file").is_empty() {
            let message = "properties from a file are not read; give them with `--var NAME=VALUE`";
            self.remarks.push(Remark::note(self.folder.path(file), element.line.unwrap_or(1), message));
            return Ok(());
        }
        let context = [element.get("context"), element.get("contextFilter")].concat();
        if self.filter.passes(&context, element.get("labels"), element.get("dbms")) {
            self.properties.define(element.get("name"), element.get("value"));
        }
        Ok(())
    }

    fn include(&mut self, name: &str, relative: bool, element: &Element, file: &str, path: &str) -> Result<(), Error> {
        let name = self.properties.expand(name);
        let Some(found) = find(self.folder, file, &name, relative) else {
            return self.wrong(
                file,
                element.line.unwrap_or(1),
                format!("includes `{name}`, which is not in the folder"),
            );
        };
        let path = if relative { beside(path, &name) } else { plain(&name).to_owned() };
        self.read(&found, &path)
    }

    fn include_all(
        &mut self,
        name: &str,
        relative: bool,
        element: &Element,
        file: &str,
        path: &str,
    ) -> Result<(), Error> {
        let name = self.properties.expand(name);
        let name = name.trim_end_matches('/');
        let folder = self.folder;
        let known = |entry: &&Entry| {
            [".sql", ".xml", ".yaml", ".yml", ".json"].iter().any(|end| entry.path.to_ascii_lowercase().ends_with(end))
        };
        let Some(place) = places(file, name, relative).into_iter().find(|place| folder.find(place).is_some()) else {
            return self.wrong(
                file,
                element.line.unwrap_or(1),
                format!("includes all of `{name}`, which is not in the folder"),
            );
        };
        let known_by = if relative { beside(path, name) } else { plain(name).to_owned() };
        let inside = format!("{place}/");
        let within = || folder.entries().iter().filter(|entry| entry.path.starts_with(&inside));
        within().try_for_each(|entry| folder.refuse_closed(entry))?;
        for entry in within().filter(known) {
            self.read(&entry.path, &format!("{known_by}/{}", &entry.path[inside.len()..]))?;
        }
        Ok(())
    }

    fn changeset(&mut self, element: &Element, file: &str, path: &str) -> Result<Changeset, Error> {
        let properties = &self.properties;
        let expand = |name: &str| properties.expand(element.get(name));
        let (id, author) = (expand("id"), expand("author"));
        let line = element.line.unwrap_or_else(|| self.seen.line_of(self.folder, file, &id));
        if !element.get("changes").trim().is_empty() {
            return self.wrong(file, line, format!("the changes of the changeset `{author}:{id}` are no list"));
        }
        let logical = expand("logicalFilePath");
        let mut changeset = Changeset {
            file: file.to_owned(),
            line,
            path: if logical.is_empty() { path.to_owned() } else { logical },
            context: [expand("contextFilter"), expand("context")]
                .into_iter()
                .find(|one| !one.is_empty())
                .unwrap_or_default(),
            labels: expand("labels"),
            dbms: expand("dbms"),
            ignore: element.flag("ignore", false),
            on_change: element.flag("runOnChange", false),
            always: element.flag("runAlways", false),
            outside_transaction: !element.flag("runInTransaction", true),
            id,
            author,
            ..Changeset::default()
        };
        for child in &element.children {
            match child.name.as_str() {
                "comment" => {}
                "validCheckSum" => changeset.valid.push(child.text.trim().to_owned()),
                "preConditions" => changeset.preconditions = self.preconditions(child, &changeset)?,
                "rollback" => changeset.down = Some(self.way_back(child, &changeset)?),
                _ => {
                    let sql = self.change(child, &changeset)?;
                    changeset.up.extend(sql);
                }
            }
        }
        Ok(changeset)
    }

    /// The SQL of a change; none of one that is for another database.
    fn change(&self, element: &Element, changeset: &Changeset) -> Result<Option<Sql>, Error> {
        let file = changeset.file.as_str();
        let line = element.line.unwrap_or(changeset.line);
        if !self.filter.passes("", "", element.get("dbms")) {
            return Ok(None);
        }
        let delimiter = Some(element.get("endDelimiter").to_owned()).filter(|delimiter| !delimiter.is_empty());
        let sql = match element.name.as_str() {
            "sql" => {
                let inner = element.children.iter().find(|child| child.name == "sql").map(|child| child.text.as_str());
                let text =
                    inner.unwrap_or(if element.text.trim().is_empty() { element.get("sql") } else { &element.text });
                Sql::new(file, line, text, &self.properties)
            }
            "sqlFile" => {
                let name = self.properties.expand(element.get("path"));
                let relative = element.flag("relativeToChangelogFile", false);
                let Some(found) = find(self.folder, file, &name, relative) else {
                    return self.wrong(file, line, format!("runs `{name}`, which is not in the folder"));
                };
                let text = self.folder.text(&found)?;
                Sql::new(&found, 1, &text, &self.properties)
            }
            other => {
                let message = format!(
                    "the change `{other}` of the changeset `{}:{}` is not SQL; only `sql` and `sqlFile` are run here: write it as SQL, or leave the changes up to it to Liquibase and take over with `migrate adopt`",
                    changeset.author, changeset.id
                );
                return self.wrong(file, line, message);
            }
        };
        Ok(Some(Sql { delimiter, ..sql }))
    }

    fn way_back(&self, element: &Element, changeset: &Changeset) -> Result<Down, Error> {
        if !element.get("changeSetId").is_empty() {
            let path = Some(element.get("changeSetPath").to_owned()).filter(|path| !path.is_empty());
            let (id, author) = (element.get("changeSetId").to_owned(), element.get("changeSetAuthor").to_owned());
            return Ok(Down::Changeset { path, id, author });
        }
        let mut sql = Vec::new();
        if !element.text.trim().is_empty() {
            let line = element.line.unwrap_or(changeset.line);
            sql.push(Sql::new(&changeset.file, line, &element.text, &self.properties));
        }
        for child in element.children.iter().filter(|child| !matches!(child.name.as_str(), "comment" | "empty")) {
            sql.extend(self.change(child, changeset)?);
        }
        Ok(if sql.is_empty() { Down::Nothing } else { Down::Sql(sql) })
    }

    fn preconditions(&self, element: &Element, changeset: &Changeset) -> Result<Vec<Precondition>, Error> {
        let line = element.line.unwrap_or(changeset.line);
        let word = Some(element.get("onFail")).filter(|word| !word.is_empty()).unwrap_or("HALT");
        let Some(on_failure) = OnFailure::from_word(word) else {
            return self.wrong(&changeset.file, line, "`onFail` is HALT, MARK_RAN, CONTINUE or WARN");
        };
        let mut asked = Vec::new();
        for child in &element.children {
            if child.name != "sqlCheck" {
                let message = format!(
                    "the precondition `{}` of the changeset `{}:{}` is not known here; write it as `sqlCheck`",
                    child.name, changeset.author, changeset.id
                );
                return self.wrong(&changeset.file, child.line.unwrap_or(line), message);
            }
            let query = if child.text.trim().is_empty() { child.get("sql") } else { &child.text };
            let query = self.properties.expand(query.trim().trim_end_matches(';'));
            asked.push(Precondition { query, expected: child.get("expectedResult").to_owned(), on_failure });
        }
        Ok(asked)
    }

    fn wrong<T>(&self, file: &str, line: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::Malformed { path: self.folder.path(file), line, message: message.into() })
    }
}

impl Seen {
    /// Where an id stands, in formats that do not tell: changesets stand in the order in which they are asked for.
    fn line_of(&mut self, folder: &Folder, file: &str, id: &str) -> usize {
        let Ok(text) = folder.text(file) else { return 1 };
        if self.file != file {
            *self = Seen { file: file.to_owned(), offset: 0, line: 1 };
        }
        let rest = &text[self.offset..];
        let is_id = |line: &&str| line.contains("id") && line.contains(id);
        if let Some((after, line)) = rest.lines().enumerate().find(|(_, line)| is_id(line)) {
            let start = line.as_ptr().addr() - rest.as_ptr().addr();
            self.offset += start + line.find(id).unwrap_or_default() + id.len();
            self.line += after;
        }
        self.line
    }
}

/// A path without what says where Java looks for it.
fn plain(path: &str) -> &str {
    path.strip_prefix("classpath:").unwrap_or(path).trim_start_matches("./").trim_start_matches('/')
}

/// A path as seen from the folder of another one, with its steps upwards taken.
fn beside(path: &str, name: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Where a file may be in the folder, the likeliest first: the folder is a part of what Liquibase searches, so that the
/// first steps of a path may lead to it.
fn places(from: &str, name: &str, relative: bool) -> Vec<String> {
    if relative {
        return vec![beside(from, name)];
    }
    let whole = plain(name);
    let mut places = vec![whole.to_owned()];
    places.extend(whole.match_indices('/').map(|(at, _)| whole[at + 1..].to_owned()));
    // Older versions look beside the changelog, too.
    places.push(beside(from, name));
    places
}

fn find(folder: &Folder, from: &str, name: &str, relative: bool) -> Option<String> {
    places(from, name, relative).into_iter().find(|place| folder.has(place))
}
