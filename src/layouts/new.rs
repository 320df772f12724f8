//! What `migrate new` writes, as far as all layouts have it in common.

use std::path::PathBuf;

use crate::migration::{Id, Migration, Version};

/// A file that a new migration begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where it goes.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// What happens to a file that is there already.
    pub write: Write,
}

/// Stands, in the text of a new file, for the present moment: layouts have no clock, and whoever writes the file has.
pub const NOW: &str = "{now}";

/// What writing a new migration does to a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It must not be there.
    Create,
    /// The text is added at its end.
    Append,
    /// The text takes its place.
    Replace,
}

impl NewFile {
    pub(super) fn create(path: PathBuf, text: impl Into<String>) -> Self {
        NewFile { path, text: text.into(), write: Write::Create }
    }
}

/// The files of a new migration with these scripts in them. Those of layouts that keep more about a migration than its
/// scripts are left as they are: whoever reads them afterwards sees whether the scripts are there.
pub fn filled(mut files: Vec<NewFile>, up: &str, down: &str) -> Vec<NewFile> {
    for file in files.iter_mut().filter(|file| file.write == Write::Create) {
        if file.text.is_empty() {
            file.text = up.to_owned();
        } else if file.text.starts_with("-- Undoes ") {
            file.text = down.to_owned();
        } else if let Some((before, after)) = file.text.split_once("\n\n") {
            file.text = format!("{before}\n{up}\n{after}{down}");
        }
    }
    files
}

/// The version after those that are there, as they are written: the last number, or the last of its parts,
/// counted on with its zeros. Where versions are moments, it is `now`, as `20261121093000`.
pub fn next_version(existing: &[Migration], now: &Version) -> Version {
    let Some(last) = existing.iter().filter_map(|migration| migration.id.version()).max() else {
        return now.clone();
    };
    let written = last.as_str();
    let next = match written.rfind(['.', '_']) {
        Some(at) => format!("{}{}", &written[..=at], after(&written[at + 1..])),
        None if written.len() >= 8 && last < now => return now.clone(),
        // A version from the future would hide the new one behind it.
        None => after(written),
    };
    next.parse().unwrap_or_else(|_| now.clone())
}

/// The number after this one, of any length, with its leading zeros.
fn after(digits: &str) -> String {
    let mut next: Vec<u8> = digits.bytes().collect();
    for digit in next.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return String::from_utf8_lossy(&next).into_owned();
        }
    }
    format!("1{}", String::from_utf8_lossy(&next))
}

/// The words of a name as a file name has them: `Add a phone` is `add_a_phone`.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.trim().chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}

/// Version and words as most tools begin a file name: `0007_add_phone`, or `R__views`.
pub(super) fn stem(id: &Id, name: &str) -> String {
    match id {
        Id::Version(version) if name.is_empty() => version.to_string(),
        Id::Version(version) => format!("{version}_{}", slug(name)),
        Id::Named(name) => slug(name),
        Id::Repeatable(name) => format!("R__{}", slug(name)),
    }
}

/// A file beside this one, named as it is numbered: `changes/003-orders.sql` is followed by `changes/004-add-phone.sql`.
pub(super) fn beside(last: &str, name: &str) -> String {
    let (folder, file) =
        last.rsplit_once('/').map_or((String::new(), last), |(folder, file)| (format!("{folder}/"), file));
    let end = file.find(|c: char| !c.is_ascii_digit()).unwrap_or(file.len());
    let (number, rest) = file.split_at(end);
    match rest.chars().next().filter(|separator| !number.is_empty() && matches!(separator, '-' | '_' | '.')) {
        Some('-') => format!("{folder}{}-{}.sql", after(number), name.replace('_', "-")),
        Some(separator) => format!("{folder}{}{separator}{name}.sql", after(number)),
        None => format!("{folder}{name}.sql"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::Script;

    fn next(existing: &[&str]) -> String {
        let migration =
            |version: &&str| Migration::new(Id::Version(version.parse().unwrap()), "", Script::new("", ""), None);
        let existing: Vec<_> = existing.iter().map(migration).collect();
        next_version(&existing, &"20261121093000".parse().unwrap()).to_string()
    }

    #[test]
    fn the_next_version_is_written_like_the_last() {
        assert_eq!(next(&[]), "20261121093000");
        assert_eq!(next(&["0001", "0009"]), "0010");
        assert_eq!(next(&["9"]), "10");
        assert_eq!(next(&["20250101000000"]), "20261121093000");
        assert_eq!(next(&["20991231235959"]), "20991231235960");
        assert_eq!(next(&["1.9"]), "1.10");
    }

    #[test]
    fn a_file_beside_another_is_numbered_like_it() {
        assert_eq!(beside("changes/003-orders.sql", "add_phone"), "changes/004-add-phone.sql");
        assert_eq!(beside("09_orders.sql", "add_phone"), "10_add_phone.sql");
        assert_eq!(beside("orders.sql", "add_phone"), "add_phone.sql");
    }

    #[test]
    fn names_become_words_of_a_file_name() {
        assert_eq!(slug("Add a phone!"), "add_a_phone");
        assert_eq!(slug("  --käse__42 "), "käse_42");
        assert_eq!(slug("../../etc"), "etc");
    }
}
