//! The one door to standard output and standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::adapter::strip_str;
use anstream::stream::{AsLockedWrite, RawStream};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use coexist::databases::{Redactor, Secret, Severity};
use coexist::layouts::{Folder, Remark, Source, Weight};
use coexist::lint::Linted;
use coexist::report::findings::Findings;
use coexist::report::{self, Format, Report, sanitize};
use coexist::run::event::Event;

use super::exit::Failure;
use super::progress::Progress;
use super::shared::{Color, Shared};

const BAD: Style = AnsiColor::Red.on_default().bold();
/// The width of a line that is still easy to read.
const WIDEST: usize = 100;
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Where results, events and failures go. Secrets never pass.
pub struct Terminal {
    format: &'static dyn Format,
    choice: ColorChoice,
    quiet: bool,
    verbose: bool,
    redactor: Redactor,
    progress: Option<Progress>,
    /// Why a result, or a part of it, could not be written.
    lost: Option<io::Error>,
}

impl Terminal {
    /// A terminal as these arguments want it.
    pub fn new(shared: &Shared) -> Self {
        let choice = match shared.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        // Whether a command has results in a format of findings is for the command to say.
        let format = match shared.format.as_deref() {
            None | Some("human") => report::ALL[0],
            Some(name) => report::find(name).unwrap_or(&report::Json),
        };
        let bar = format.is_for_people() && !shared.quiet && io::stderr().is_terminal();
        let progress = bar.then(Progress::new);
        Terminal {
            format,
            choice,
            quiet: shared.quiet,
            verbose: shared.verbose > 0,
            redactor: Redactor::new([]),
            progress,
            lost: None,
        }
    }

    /// A terminal for arguments that cannot be understood: in JSON, or as text.
    pub fn unparsed(json: bool) -> Self {
        let format: &dyn Format = if json { &report::Json } else { report::ALL[0] };
        Terminal {
            format,
            choice: ColorChoice::Auto,
            quiet: false,
            verbose: false,
            redactor: Redactor::new([]),
            progress: None,
            lost: None,
        }
    }

    /// Never lets these pass.
    pub fn keep_secret<'s>(&mut self, secrets: impl Iterator<Item = &'s Secret>) {
        secrets.for_each(|secret| self.redactor.add(secret));
    }

    /// Whether only results and what needs attention are shown.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether somebody can be asked: not where a program reads what is written.
    pub fn can_ask(&self) -> bool {
        self.format.is_for_people() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question; only `y` and `yes` are a yes.
    pub fn ask(&mut self, question: &str) -> bool {
        self.complain(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Writes a result to standard output.
    pub fn report(&mut self, report: &Report<'_>) {
        self.finish_progress();
        let mut text = Vec::new();
        if self.format.report(report, &mut text).is_ok() {
            self.write_out(&String::from_utf8_lossy(&text));
        }
    }

    /// Writes what the linter found to standard output.
    pub fn findings(&mut self, format: &dyn Findings, linted: &Linted) {
        let mut text = Vec::new();
        if format.write(linted, &mut text).is_ok() {
            self.write_out(&String::from_utf8_lossy(&text));
        }
    }

    /// Writes a result to standard error, for whoever is about to be asked.
    pub fn preview(&mut self, report: &Report<'_>) {
        let mut text = Vec::new();
        if self.format.is_for_people() && self.format.report(report, &mut text).is_ok() {
            self.complain(&String::from_utf8_lossy(&text));
        }
    }

    /// Writes a text to standard output that knows how to write itself.
    pub fn show(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut text = Vec::new();
        if write(&mut text).is_ok() {
            self.write_out(&String::from_utf8_lossy(&text));
        }
    }

    /// Writes an object to standard output.
    pub fn json(&mut self, value: &serde_json::Value) {
        self.write_out(&format!("{value:#}\n"));
    }

    /// How wide a line of text may be: no wider than can be read with ease.
    pub fn width(&self) -> usize {
        let columns = terminal_size::terminal_size().map_or(WIDEST, |(width, _)| usize::from(width.0));
        columns.clamp(40, WIDEST)
    }

    /// Writes plain text to standard output.
    pub fn write_out(&mut self, text: &str) {
        let text = self.redacted(text);
        let written = write_styled(io::stdout().lock(), self.choice, &text);
        // Nobody is left to tell when nobody reads: a closed pipe is no error.
        let lost = written.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        self.lost = self.lost.take().or(lost);
    }

    /// The failure to write what was the command's result.
    pub fn lost(&mut self) -> Result<(), Failure> {
        self.lost.take().map_or(Ok(()), |error| Err(Failure::lost(&error)))
    }

    /// Tells people, on standard error, what helps to understand a result.
    pub fn note(&mut self, text: &str) {
        if !self.quiet && self.format.is_for_people() {
            self.complain(&format!("{HINT}note:{HINT:#} {}\n", sanitize(text)));
        }
    }

    /// Tells of something that happens during a run, on standard error.
    pub fn event(&mut self, event: &Event<'_>) {
        let matters = match event {
            Event::Warning { .. } | Event::Blocked { .. } | Event::WaitingForLock { .. } => true,
            Event::Connected { warnings, .. } => !warnings.is_empty(),
            Event::Notice { notice, .. } => notice.severity == Severity::Warning,
            _ => false,
        };
        let mut text = Vec::new();
        if (self.quiet && !matters) || self.format.event(event, &mut text).is_err() {
            return;
        }
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if let Event::StatementStarted { id, statement, of, sql } = event
            && self.verbose
            && self.format.is_for_people()
        {
            text = format!("  {id} [{statement}/{of}] {}\n", report::one_line(sql, 160));
        }
        let text = self.redacted(&text).into_owned();
        if !self.progress.as_mut().is_some_and(|progress| progress.event(event, &text)) {
            self.write_err(&text);
        }
    }

    /// Tells what is odd about folders that were read, and whether they hold nothing.
    pub fn source(&mut self, folders: &[Folder], source: &Source) {
        self.remarks(&source.remarks);
        if source.migrations.is_empty() {
            for folder in folders {
                let below = folder.entries().iter().find(|entry| entry.is_sql() && !entry.is_direct());
                match below.and_then(|entry| Path::new(&entry.path).parent()) {
                    Some(inner) => {
                        let (root, inner) = (folder.root().display(), folder.root().join(inner));
                        let message = format!(
                            "no migrations in `{root}`, though there is SQL in `{}`: name that folder, or say `--recursive`",
                            inner.display()
                        );
                        self.event(&Event::Warning { message: &message });
                    }
                    None => self.no_migrations(folder.root()),
                }
            }
        }
    }

    /// Tells what is odd about files.
    pub fn remarks(&mut self, remarks: &[Remark]) {
        let verbose = self.verbose;
        for remark in remarks.iter().filter(|remark| verbose || remark.weight != Weight::Note) {
            let message = format!("{}:{}: {}", remark.path.display(), remark.line, remark.message);
            self.event(&Event::Warning { message: &message });
        }
    }

    /// Tells that a folder holds nothing that could be judged or run, which is hardly what its owner believes.
    pub fn no_migrations(&mut self, folder: &Path) {
        self.event(&Event::Warning { message: &format!("no migrations in `{}`", folder.display()) });
    }

    /// Tells why the program ends.
    pub fn failure(&mut self, failure: &Failure) {
        self.finish_progress();
        let text = if self.format.is_for_people() {
            let mut text = format!("{BAD}error:{BAD:#} {}\n", sanitize(&failure.message));
            for line in &failure.details {
                text.push_str(&format!("  {}\n", sanitize(line)));
            }
            for difference in &failure.differences {
                let mut shown = Vec::new();
                if report::write_difference(difference, &mut shown).is_ok() {
                    text.push_str(&String::from_utf8_lossy(&shown));
                }
            }
            if let Some(hint) = &failure.hint {
                text.push_str(&format!("{HINT}hint:{HINT:#} {}\n", sanitize(hint)));
            }
            text
        } else {
            let (message, details, hint) = (&failure.message, &failure.details, &failure.hint);
            let differences: Vec<_> = failure.differences.iter().map(report::difference_value).collect();
            let exit = failure.exit as u8;
            let error = serde_json::json!({
                "event": "error", "message": message, "details": details, "differences": differences, "hint": hint,
                "exit": exit,
            });
            format!("{error}\n")
        };
        self.complain(&text);
    }

    /// Writes what has its colours already to standard error.
    pub fn styled(&mut self, text: &clap::builder::StyledStr) {
        self.complain(&text.ansi().to_string());
    }

    fn complain(&mut self, text: &str) {
        let text = self.redacted(text).into_owned();
        self.write_err(&text);
    }

    fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_json = !self.format.is_for_people() && text.starts_with(['{', '[']);
        if is_json { self.redactor.redact_json(text) } else { self.redactor.redact(text) }
    }

    fn write_err(&self, text: &str) {
        let _ = write_styled(io::stderr().lock(), self.choice, text);
    }

    fn finish_progress(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.finish();
        }
    }
}

/// Writes a text with its colours, or without where they are not wanted; then in one go, not piece by piece between them.
fn write_styled(stream: impl RawStream + AsLockedWrite, choice: ColorChoice, text: &str) -> io::Result<()> {
    let mut stream = AutoStream::new(stream, choice);
    if stream.current_choice() != ColorChoice::Never {
        stream.write_all(text.as_bytes())?;
        return stream.flush();
    }
    let mut stream = stream.into_inner();
    stream.write_all(strip_str(text).to_string().as_bytes())?;
    stream.flush()
}
