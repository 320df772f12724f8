//! The rules as people read them: the list, a page each, and the document that has them all.

use std::path::Path;

use coexist::lint::rules;
use coexist::report::rules as pages;

use crate::support::Project;

/// `UPDATE_DOCS=1 cargo test --test it lint_rules` writes it anew.
#[test]
fn the_document_has_every_rule_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let document = pages::document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &document).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let first = document.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert!(
        written == document,
        "docs/rules.md is not what the rules say, first at {first:?}; run UPDATE_DOCS=1 cargo test --test it lint_rules"
    );
}

#[test]
fn rules_are_listed_and_explained() {
    let project = Project::empty();
    let list = project.run(["rules"]).ok();
    assert_eq!(list.stdout.lines().count(), rules::ALL.len());
    let json = project.run(["rules", "data-loss", "--format", "json"]).ok().json();
    let names = json["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap());
    assert_eq!(names.filter(|name| *name == "drop-table").count(), 1);
    let page = project.run(["explain", "drop-column"]).ok().says("breaks-old-code").says("is quiet");
    assert!(page.stdout.lines().all(|line| line.chars().count() <= 100), "{page}");
    project.run(["explain", "drop-colum"]).exits(2).says("did you mean `drop-column`?");
    project.run(["explain", "data-loss"]).exits(2).says("migrate rules data-loss");
    project.run(["explain", "zzz"]).exits(2).says("categories are breaks-old-code");
}
