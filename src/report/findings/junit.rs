//! JUnit's XML: each finding is a test, which fails when the finding weighs as much as the threshold.

use std::io::{self, Write};

use super::Findings;
use super::located::{self, Located};
use super::summary::{counted, found};
use super::xml::escaped;
use crate::lint::{Linted, Severity};

/// See the module.
pub struct Junit;

impl Findings for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let judgement = &linted.judgement;
        let fails = |severity: Severity| linted.threshold.is_some_and(|threshold| severity >= threshold);
        let failures = judgement.findings.iter().filter(|finding| fails(finding.severity)).count();
        // A report without any test is taken for one that was never written.
        let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", judgement.findings.len() + 1);
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<testsuites name=\"migrate lint\" {counts}>")?;
        writeln!(out, "  <testsuite name=\"migrate lint\" {counts}>")?;
        located::each(linted, |located| {
            let finding = located.finding;
            let (file, line, rule) = (escaped(&located.file()), located.start.line, finding.rule);
            writeln!(
                out,
                "    <testcase name=\"{rule} at line {line}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\">"
            )?;
            let text = escaped(&text(located));
            if fails(finding.severity) {
                let message = escaped(&finding.message);
                writeln!(out, "      <failure type=\"{rule}\" message=\"{message}\">{text}</failure>")?;
            } else {
                writeln!(out, "      <system-out>{text}</system-out>")?;
            }
            writeln!(out, "    </testcase>")
        })?;
        let judged = counted(judgement.scripts, "script");
        writeln!(out, "    <testcase name=\"{judged} judged\" classname=\"migrate lint\">")?;
        writeln!(out, "      <system-out>{}</system-out>", found(linted))?;
        writeln!(out, "    </testcase>\n  </testsuite>\n</testsuites>")
    }
}

fn text(located: &Located<'_>) -> String {
    let finding = located.finding;
    let place = format!("{}:{}:{}", located.file(), located.start.line, located.start.column);
    let mut text = format!("{place}: {}: {}\n{}", finding.severity, finding.message, located.why());
    if let Some(help) = &finding.help {
        text += &format!("\nInstead: {help}");
    }
    text
}
