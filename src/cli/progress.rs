//! The bar that a terminal shows during a run: how many migrations are done, which statement runs, for how long.

use std::time::Duration;

use coexist::migration::title;
use coexist::report::{redact_sql, sanitize};
use coexist::run::event::Event;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error.
pub struct Progress {
    bar: ProgressBar,
    migration: String,
    is_drawn: bool,
}

impl Progress {
    /// A bar that appears when a run begins.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, migration: String::new(), is_drawn: false }
    }

    /// Shows an event: in the bar, and as the line that the format made of it, above the bar. Before a run has begun there is
    /// no bar, and the line is not shown: the answer is whether it was.
    pub fn event(&mut self, event: &Event<'_>, line: &str) -> bool {
        match event {
            Event::Started { steps } => {
                self.is_drawn = true;
                self.bar.set_length(*steps as u64);
                self.bar.enable_steady_tick(Duration::from_millis(200));
            }
            Event::MigrationStarted { id, name, .. } => {
                self.migration = sanitize(&title(id, name)).into_owned();
                self.bar.set_message(self.migration.clone());
            }
            Event::StatementStarted { statement, of, sql, .. } => {
                let words: Vec<&str> = sql.split_whitespace().take(12).collect();
                let sql = redact_sql(&words.join(" ")).into_owned();
                self.bar.reset_elapsed();
                self.bar.set_message(format!("{} [{statement}/{of}] {}", self.migration, sanitize(&sql)));
            }
            Event::MigrationFinished { .. } => self.bar.inc(1),
            // The bar has a clock of its own.
            Event::StatementProgress { progress: None, blockers: [], .. } => return true,
            _ => {}
        }
        if !self.is_drawn {
            return false;
        }
        let line = line.trim_end();
        if !line.is_empty() {
            self.bar.println(line);
        }
        true
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
