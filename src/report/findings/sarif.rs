//! SARIF 2.1.0, which GitHub's code scanning and many editors read.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path};

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::located::{self, Located};
use super::{Findings, plain_json};
use crate::lint::{Fix, Linted, Rule, Severity, rules};
use crate::sql::{Place, Span};

/// See the module.
pub struct Sarif;

impl Findings for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn write(&self, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
        let fired: BTreeMap<&str, &Rule> = linted
            .judgement
            .findings
            .iter()
            .filter_map(|finding| Some((finding.rule, rules::find(finding.rule)?)))
            .collect();
        let index: BTreeMap<&str, usize> = fired.keys().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut results = Vec::with_capacity(linted.judgement.findings.len());
        let mut fingerprints = Fingerprints::default();
        located::each(linted, |located| {
            results.push(result(located, index.get(located.finding.rule), fingerprints.next(located)));
            Ok::<(), io::Error>(())
        })?;
        let mut driver = json!({
            "name": "migrate",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": fired.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
        });
        if !env!("CARGO_PKG_REPOSITORY").is_empty() {
            driver["informationUri"] = env!("CARGO_PKG_REPOSITORY").into();
        }
        let document = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
        });
        plain_json::write(&document, out)
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    let page: Vec<&str> = rule.explanation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let mut descriptor = json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary() },
        "fullDescription": { "text": located::why(rule) },
        "help": { "text": page.join("\n"), "markdown": page.join("\n") },
        "defaultConfiguration": { "level": level(rule.severity) },
    });
    let url = located::url(rule.name);
    if url.contains("://") {
        descriptor["helpUri"] = url.into();
    }
    descriptor
}

fn result(located: &Located<'_>, index: Option<&usize>, fingerprint: String) -> Value {
    let finding = located.finding;
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let file = json!({ "uri": uri(&located.script.path) });
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": format!("{}{help}", finding.message) },
        "locations": [{
            "physicalLocation": { "artifactLocation": &file, "region": region((located.start, located.end)) },
        }],
        "partialFingerprints": { "migrate/v1": fingerprint },
    });
    if let Some(index) = index {
        result["ruleIndex"] = (*index).into();
    }
    // A change that also needs other files cannot be told here, and half of it would be wrong.
    if let Some(fix) = finding.fix.as_ref().filter(|fix| is_whole(fix)) {
        result["fixes"] = json!([self::fix(fix, &file, located)]);
    }
    result
}

/// Whether the edits of the script are all of it.
fn is_whole(fix: &Fix) -> bool {
    fix.following.is_empty() && fix.other_edits.is_empty() && !fix.edits.is_empty()
}

fn fix(fix: &Fix, file: &Value, located: &Located<'_>) -> Value {
    let replacement = |(span, text): &(Span, String)| json!({ "deletedRegion": region(located.places(*span)), "insertedContent": { "text": text } });
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": file,
            "replacements": fix.edits.iter().map(replacement).collect::<Vec<_>>(),
        }],
    })
}

fn region((start, end): (Place, Place)) -> Value {
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

/// A path as a reference of the network.
fn uri(path: &Path) -> String {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => parts.push(format!("/{}", prefix.as_os_str().display())),
            Component::RootDir if parts.is_empty() => parts.push(String::new()),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir => parts.push("..".to_owned()),
            Component::Normal(name) => parts.push(encoded(&name.to_string_lossy())),
        }
    }
    let joined = parts.join("/");
    if joined.starts_with('/') { format!("file://{joined}") } else { joined }
}

fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}
