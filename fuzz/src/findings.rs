//! Findings: they lie in their scripts, are the same again, can be written down, and their fixes do no harm.

use coexist::databases::Dialect;
use coexist::lint::{Judgement, Linted, Settings, Side, judge, lint, mend};
use coexist::migration::{Id, Migration, Script};
use coexist::report::findings;

use crate::spans;

/// Migrations with these scripts, in this order; what follows a line `-- down` goes down.
pub fn migrations<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Migration> {
    let migration = |(number, text): (usize, &str)| {
        let (up, down) = match text.split_once("-- down\n") {
            Some((up, down)) => (up, Some(down)),
            None => (text, None),
        };
        let version = number + 1;
        let id = Id::Version(version.to_string().parse().expect("digits"));
        let up = Script::new(format!("{version}_fuzz.up.sql"), up);
        let down = down.map(|down| Script::new(format!("{version}_fuzz.down.sql"), down));
        Migration::new(id, "fuzz", up, down)
    };
    texts.into_iter().enumerate().map(migration).collect()
}

/// Judges the migrations from a number on under every rule, and checks what is found.
pub fn are_sound(migrations: &[Migration], judged: usize, dialect: &dyn Dialect) -> Linted {
    let settings = Settings::every_rule();
    let judgement = lint(migrations, judged, dialect, &settings);
    let linted = Linted { migrations: migrations.to_vec(), judgement, threshold: None };
    for finding in &linted.judgement.findings {
        let text = &linted.script(finding).text;
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
        assert!(!finding.message.is_empty());
        let Some(fix) = &finding.fix else { continue };
        let migration = &migrations[finding.migration];
        let other = if finding.side == Side::Up { migration.down.as_ref() } else { Some(&migration.up) };
        assert!(fix.other_edits.is_empty() || other.is_some(), "{fix:?}");
        for (text, edits) in [(Some(&**text), &fix.edits), (other.map(|other| &*other.text), &fix.other_edits)] {
            let mut end = 0;
            for (span, _) in edits {
                assert!(
                    span.start >= end && text.is_some_and(|text| text.get(span.start..span.end).is_some()),
                    "{fix:?}"
                );
                end = span.end;
            }
        }
    }
    linted
}

/// Judging once more finds the same.
pub fn are_the_same_again(linted: &Linted, judged: usize, dialect: &dyn Dialect) {
    let again = lint(&linted.migrations, judged, dialect, &Settings::every_rule());
    assert_eq!(linted.judgement.findings, again.findings);
}

/// Writes them in every format: JSON and XML can be parsed, and nothing commands a terminal.
pub fn can_be_written(linted: &Linted) {
    for format in findings::ALL {
        let mut out = Vec::new();
        format.write(linted, &mut out).expect("memory takes what is written");
        let out = String::from_utf8(out).expect("what is written is text");
        match format.name() {
            "json" | "sarif" | "gitlab" => drop(serde_json::from_str::<serde_json::Value>(&out).expect("JSON")),
            "junit" | "checkstyle" => drop(roxmltree::Document::parse(&out).expect("XML")),
            _ => {}
        }
        let ours = out.replace("\u{1b}[", "");
        let odd = ours.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t');
        assert!(odd.is_none(), "{odd:?} in {}: {out:?}", format.name());
    }
}

/// Carries out every fix: what is found then is less, and where fixes say they edit can be edited.
pub fn fixes_do_no_harm(migrations: &[Migration], dialect: &dyn Dialect) {
    let settings = Settings::every_rule();
    let judge = |migrations: &[Migration]| -> Judgement { lint(migrations, 0, dialect, &settings) };
    let before = judge(migrations);
    let mended = mend(migrations, &judge);
    assert!(mended.judgement.findings.len() <= before.findings.len() || mended.mended > 0);
    for ((number, side), edits) in &mended.edits {
        let migration = &migrations[*number];
        let script = if *side == Side::Up { Some(&migration.up) } else { migration.down.as_ref() };
        let text = &script.expect("what is edited is there").text;
        let mut end = 0;
        for (span, _) in edits {
            assert!(span.start >= end && text.get(span.start..span.end).is_some());
            end = span.end;
        }
    }
}

/// What is deployed is judged alone, edited or not, and changes are where they say.
pub fn changes_lie_in_their_scripts(migrations: &[Migration], dialect: &dyn Dialect) {
    use coexist::schema::{Catalog, Origin, replay};
    let lexis = dialect.lexis();
    for version in [None, Some(80_036), Some(101_100)] {
        let mut catalog = Catalog::new(lexis.grammar);
        catalog.version = version;
        for migration in migrations {
            let Ok(read) = replay(&mut catalog, &migration.up, lexis, Origin::Deployed) else { continue };
            for change in &read.changes {
                assert!(migration.up.text.get(change.span.start..change.span.end).is_some(), "{change:?}");
            }
            for (start, end) in spans(&read.unread) {
                assert!(migration.up.text.get(start..end).is_some());
            }
        }
    }
    let edited = |migration: &Migration| coexist::lint::Standing::Edited(migration.up.clone());
    let standings: Vec<_> = migrations.iter().map(edited).collect();
    judge(migrations, &standings, dialect, &Settings::every_rule());
    coexist::lint::compatible(
        migrations,
        &vec![coexist::lint::Standing::Judged; migrations.len()],
        dialect,
        &Settings::default(),
    );
}
