//! What there is to say about the linter's rules: the list, a page for each, and the document that has them all.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::lint::{Category, Example, Part, Rule, Severity, rules};

const NAME: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const MIDDLE: Style = AnsiColor::Yellow.on_default().bold();

/// Writes the list of all rules for people, a line each.
///
/// # Errors
///
/// When the output cannot be written.
pub fn write_list(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in rules {
        let style = style(rule.severity);
        let severity = rule.severity.to_string();
        let off = if rule.by_default { "" } else { " (off until it is asked for)" };
        let name = rule.name;
        writeln!(
            out,
            "{NAME}{name:width$}{NAME:#}  {style}{severity:7}{style:#}  {}{FAINT}{off}{FAINT:#}",
            rule.summary()
        )?;
    }
    Ok(())
}

/// All rules for programs.
pub fn list_value(rules: &[&Rule]) -> Value {
    json!({ "version": 1, "rules": rules.iter().map(|rule| rule_value(rule)).collect::<Vec<_>>() })
}

/// One rule for programs, with its page.
pub fn rule_value(rule: &Rule) -> Value {
    let words: Vec<&str> = rule.categories.iter().map(|category| category.word()).collect();
    json!({
        "name": rule.name,
        "severity": rule.severity.to_string(),
        "default": rule.by_default,
        "categories": words,
        "summary": rule.summary(),
        "explanation": markdown_page(rule),
    })
}

/// Writes the page of a rule for people, its lines no longer than `width`.
///
/// # Errors
///
/// When the output cannot be written.
pub fn write_page(rule: &Rule, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let style = style(rule.severity);
    let (name, severity) = (rule.name, rule.severity);
    writeln!(out, "{NAME}{name}{NAME:#}  {style}{severity}{style:#}  {FAINT}{}{FAINT:#}", about(rule))?;
    writeln!(out, "\n{NAME}{}{NAME:#}", wrapped(rule.summary(), width))?;
    for part in rule.page() {
        match part {
            Part::Text(text) => writeln!(out, "\n{}", wrapped(&text, width))?,
            Part::Example(example) => {
                let (style, word) = if example.fires { (BAD, "finds something") } else { (GOOD, "is quiet") };
                writeln!(out, "\n  {style}{word}{style:#}{FAINT}{}{FAINT:#}", databases(&example))?;
                for line in example.sql.lines() {
                    writeln!(out, "    {line}")?;
                }
            }
        }
    }
    writeln!(out, "\nTo accept it where it is meant, write before the statement:\n")?;
    writeln!(out, "    -- migrate:allow {name}: the reason")
}

/// The document that has all rules.
pub fn document() -> String {
    let mut out = String::from(
        "# The rules of `migrate lint`\n\nThis file is written from the rules themselves; every example is run as a test.\n\n\
         `migrate explain RULE` shows a page of it. A rule's level is set in `migrate.toml`, or its finding is allowed where it is meant:\n\n\
         ```sql\n-- migrate:allow drop-column: unused since release 4.2\nalter table users drop column name;\n```\n",
    );
    for category in Category::ALL {
        let of: Vec<&&Rule> = rules::ALL.iter().filter(|rule| rule.categories.first() == Some(category)).collect();
        if of.is_empty() {
            continue;
        }
        let _ = write!(out, "\n## {category}\n\n| rule | level | what |\n| --- | --- | --- |\n");
        for rule in of {
            let level = if rule.by_default { rule.severity.to_string() } else { format!("off ({})", rule.severity) };
            let _ = writeln!(out, "| [`{0}`](#{0}) | {level} | {1} |", rule.name, rule.summary().replace('|', "\\|"));
        }
    }
    for rule in rules::ALL {
        let _ = write!(out, "\n## {}\n\n{}", rule.name, markdown_page(rule));
    }
    out
}

fn markdown_page(rule: &Rule) -> String {
    let mut out = format!("*{}, {}*\n\n{}\n", rule.severity, about(rule), rule.summary());
    for part in rule.page() {
        match part {
            Part::Text(text) => {
                let _ = write!(out, "\n{text}\n");
            }
            Part::Example(example) => {
                let word = if example.fires { "Finds something" } else { "Is quiet" };
                let _ = write!(out, "\n{word}{}:\n\n```sql\n{}```\n", databases(&example), example.sql);
            }
        }
    }
    out
}

/// What it endangers, and whether it judges by itself.
fn about(rule: &Rule) -> String {
    let words: Vec<&str> = rule.categories.iter().map(|category| category.word()).collect();
    let off = if rule.by_default { "" } else { "; off until it is asked for" };
    format!("{}{off}", words.join(", "))
}

fn databases(example: &Example) -> String {
    let on = match example.databases.as_slice() {
        [] => String::new(),
        some => format!(" on {}", some.join(", ").replace('@', " ")),
    };
    let said: Vec<String> = example.said.iter().map(|(what, value)| format!("{what} {value}")).collect();
    if said.is_empty() { on } else { format!("{on}, where the project says {}", said.join(" and ")) }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => BAD,
        Severity::Warning => MIDDLE,
        Severity::Info => NAME,
    }
}

/// The words in lines no longer than `width`, where they are not longer themselves.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}
