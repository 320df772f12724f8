//! Checkstyle's XML, which most build servers read.

use std::io::{self, Write};

use super::Findings;
use super::located;
use super::xml::escaped;
use crate::lint::Linted;
use crate::migration::Script;

/// See the module.
pub struct Checkstyle;

impl Findings for Checkstyle {
    fn name(&self) -> &'static str {
        "checkstyle"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
        let mut open: Option<*const Script> = None;
        located::each(linted, |located| {
            let script: *const Script = located.script;
            if open != Some(script) {
                if open.is_some() {
                    writeln!(out, "  </file>")?;
                }
                writeln!(out, "  <file name=\"{}\">", escaped(&located.file()))?;
                open = Some(script);
            }
            let finding = located.finding;
            let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            let message = escaped(&format!("{}{help}", finding.message));
            let (line, column) = (located.start.line, located.start.column);
            writeln!(
                out,
                "    <error line=\"{line}\" column=\"{column}\" severity=\"{}\" message=\"{message}\" source=\"migrate.{}\"/>",
                finding.severity, finding.rule
            )
        })?;
        if open.is_some() {
            writeln!(out, "  </file>")?;
        }
        writeln!(out, "</checkstyle>")
    }
}
