//! Files that a layout does not read.

use super::{Entry, Error, Folder, Layout, Remark, Source};

/// Says what becomes of a file that the layout does not read: nothing if it is no SQL; otherwise it is remarked, or refused
/// when it was probably meant to be a migration. `form` is how the layout names its files.
///
/// # Errors
///
/// When the file is refused.
pub(super) fn stray(
    layout: &dyn Layout,
    form: &'static str,
    folder: &Folder,
    entry: &Entry,
    meant: bool,
    source: &mut Source,
) -> Result<(), Error> {
    if !entry.is_sql() {
        return Ok(());
    }
    let path = folder.path(&entry.path);
    let reader = super::ALL.iter().find(|layout| layout.claims(entry.file_name())).map(|layout| layout.name());
    if reader.is_some() || meant {
        return Err(Error::NotNamed { path, layout: layout.name(), form, reader });
    }
    source.remarks.push(Remark::note(path, 1, "is not named as a migration and is not read"));
    Ok(())
}
