//! Files that a layout does not read.

use super::{Entry, Error, Folder, Kind, Layout, Remark, Source, Weight};

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
    let path = folder.path(&entry.path);
    if !entry.is_sql() {
        if entry.kind == Kind::Outside && !entry.file_name().contains('.') {
            let message = "is a symbolic link that leads out of the folder or nowhere, and is not followed".to_owned();
            source.remarks.push(Remark { path, line: 1, message, weight: Weight::Warning });
        }
        return Ok(());
    }
    let reader = super::ALL.iter().find(|layout| layout.claims(entry.file_name())).map(|layout| layout.name());
    if reader.is_some() || meant {
        return Err(Error::NotNamed { path, layout: layout.name(), form, reader });
    }
    source.remarks.push(Remark::note(path, 1, "is not named as a migration and is not read"));
    Ok(())
}
