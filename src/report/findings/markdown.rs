//! A comment on a pull request: short when little was found, folded when much was, and never longer than GitHub and
//! GitLab take. Its first line is a mark by which a later run finds the comment again.

use std::io::{self, Write};

use similar::{ChangeTag, TextDiff};

use super::Findings;
use super::excerpt::Excerpt;
use super::located::{self, Located};
use super::summary::{counted, found, summary};
use crate::lint::{Fix, Linted};
use crate::report::sanitize::{sanitize, sanitize_line, sanitize_log};
use crate::sql::Span;

/// See the module.
pub struct Markdown;

/// More findings than these are folded, each file by itself.
const OPEN: usize = 5;
/// GitHub takes no comment of more than 65,536 characters.
const LONGEST: usize = 60_000;

impl Findings for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let findings = linted.judgement.findings.len();
        let folds = findings > OPEN;
        let mut text = format!("<!-- migrate lint -->\n### Migrations: {}\n", found(linted));
        let (mut file, mut shown) = (None, 0);
        let told = located::each(linted, |located| {
            let this = located.file();
            let mut more = String::new();
            if folds && file.as_ref() != Some(&this) {
                let close = if file.is_some() { "\n</details>\n" } else { "" };
                more = format!("{close}\n<details><summary><code>{}</code></summary>\n", html(&this));
            }
            more += &finding(located);
            if text.len() + more.len() > LONGEST {
                return Err(());
            }
            text += &more;
            file = Some(this);
            shown += 1;
            Ok(())
        });
        if folds && file.is_some() {
            text += "\n</details>\n";
        }
        if told.is_err() {
            let more = counted(findings - shown, "finding");
            text += &format!("\n{more} more: this comment would be too long. `migrate lint` shows them all.\n");
        }
        writeln!(out, "{text}\n{}", summary(linted))
    }
}

fn finding(located: &Located<'_>) -> String {
    let finding = located.finding;
    let place = format!("{}:{}:{}", located.file(), located.start.line, located.start.column);
    let rule = match located::url(finding.rule) {
        url if url.contains("://") => format!("[`{}`]({url})", finding.rule),
        _ => format!("`{}`", finding.rule),
    };
    let excerpt = Excerpt::of(&located.script.text, &[finding.span]);
    let mut text = format!("\n**{}** {rule} at {}\n\n", finding.severity, code(&place));
    text += &format!("{}\n\n{}\n", prose(&finding.message), fenced("sql", &excerpt.text));
    let why = located.why();
    if !why.is_empty() {
        text += &format!("\n{}\n", prose(&why));
    }
    if let Some(help) = &finding.help {
        text += &format!("\nInstead: {}\n", prose(help));
    }
    if let Some(fix) = &finding.fix {
        text += &patch(fix, located);
    }
    text
}

/// The change to the files, as a difference.
fn patch(fix: &Fix, located: &Located<'_>) -> String {
    let spans: Vec<Span> = fix.edits.iter().map(|(span, _)| *span).collect();
    let excerpt = Excerpt::of(&located.script.text, &spans);
    let mut text = format!("\n<details><summary>{}</summary>\n", html(&fix.title));
    if excerpt.whole && !spans.is_empty() {
        let mut after = String::new();
        let mut copied = 0;
        for (mark, (_, replacement)) in excerpt.marks.iter().zip(&fix.edits) {
            after.push_str(&excerpt.text[copied..mark.start]);
            after.push_str(&sanitize(replacement));
            copied = mark.end;
        }
        after.push_str(&excerpt.text[copied..]);
        let mut lines = String::new();
        for change in TextDiff::from_lines(&excerpt.text, &after).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines += &format!("{sign}{}\n", change.value().trim_end_matches('\n'));
        }
        text += &format!("\n{}\n", fenced("diff", &lines));
    }
    for following in &fix.following {
        let (name, up) = (code(&following.name), fenced("sql", &following.up));
        text += &format!("\nin a migration of its own after it, {name}:\n\n{up}\n");
    }
    text + "\n</details>\n"
}

/// Text among Markdown. What stands between backticks stays code; of the rest nothing is a tag, a mention or a link.
fn prose(text: &str) -> String {
    let text = sanitize_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(&text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => escaped(part),
        _ if part.trim().is_empty() => "``".to_owned(),
        _ => code(part),
    };
    parts.iter().enumerate().map(part).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ';' | ':' | '\'' | '"' | '/' | '?' | '-' | '(' | ')') {
            escaped.push('\\');
        }
        escaped.push(c);
        // Mentions and references are looked for after escapes were read.
        if matches!(c, '@' | '#') {
            escaped.push('\u{2060}');
        }
    }
    escaped
}

/// Text as code among prose.
fn code(text: &str) -> String {
    let text = sanitize_log(&sanitize_line(text)).into_owned();
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text as a block of code.
fn fenced(language: &str, text: &str) -> String {
    let text = sanitize_log(&sanitize(text.trim_end())).into_owned();
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    // Build servers take a line that begins so for an order.
    let lines: Vec<String> = text
        .lines()
        .map(|line| if line.trim_start().starts_with("::") { format!("│{line}") } else { line.to_owned() })
        .collect();
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text among HTML.
fn html(text: &str) -> String {
    let text = sanitize_log(&sanitize_line(text)).into_owned();
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('@', "@\u{2060}").replace('#', "#\u{2060}")
}
