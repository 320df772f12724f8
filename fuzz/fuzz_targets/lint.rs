//! Any two migrations are judged under every rule on every database, and findings are in their texts.
#![no_main]

use coexist::databases::{self, Database as _};
use coexist::lint::{Settings, lint};
use coexist::migration::{Id, Migration, Script};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let migration = |version: &str, text: &str| Migration {
        id: Id::Version(version.parse().expect("digits")),
        name: "fuzz".to_owned(),
        up: Script::new(format!("{version}_fuzz.sql"), text),
        down: None,
    };
    let migrations = [migration("1", texts.0), migration("2", texts.1)];
    for database in databases::ALL {
        for finding in lint(&migrations, 0, database.dialect(), &Settings::every_rule()).findings {
            let text = &migrations[finding.migration].up.text;
            assert!(text.get(finding.span.start..finding.span.end).is_some(), "{}", finding.rule);
        }
    }
});
