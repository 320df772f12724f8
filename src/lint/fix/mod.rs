//! Fixes, carried out on the texts of scripts: in rounds, since one may uncover or stand in the way of another.
//!
//! A fix is only kept when judging the result finds less than before, and nothing worse than before. Pure: what comes
//! out are edits of the texts that were given, and texts of migrations that follow.

mod pieces;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use pieces::Pieces;

use super::Judgement;
use super::finding::{Finding, Fix, Severity, Side};
use crate::migration::{Checksum, Id, Migration, Script};
use crate::schema::mentions;
use crate::sql::Span;

/// More rounds than any file needs.
const ROUNDS: usize = 100;
/// Fixes that cannot be had together are tried one by one, as far as that takes no time.
const TRIALS: usize = 200;

/// A script: the number of its migration, and which of its scripts.
pub type ScriptId = (usize, Side);

/// What to write in place of which part of a text.
pub type Edit = (Span, String);

/// Parts of a text that are edited, by their beginnings: their ends, and what is written there.
type Taken<'f> = BTreeMap<usize, (usize, &'f str)>;

/// What findings are known by when it turned out that their fixes cannot be had.
type Hopeless = HashSet<(&'static str, usize, Side, String)>;

/// What fixes made of migrations.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The migrations with their new texts; those that follow stand behind those that were given.
    pub migrations: Vec<Migration>,
    /// What to write in place of which part of the text that was given, by migration and script.
    pub edits: BTreeMap<ScriptId, Vec<Edit>>,
    /// The migrations that follow.
    pub following: Vec<NewMigration>,
    /// How many fixes were carried out.
    pub mended: usize,
    /// What is found now.
    pub judgement: Judgement,
}

/// A migration that fixes add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMigration {
    /// The number of the migration that it follows, among those that were given.
    pub after: usize,
    /// Its name, as words of a file name.
    pub name: String,
    /// The script that applies it.
    pub up: String,
    /// The script that undoes it.
    pub down: String,
}

/// Carries out the fixes of what `judge` finds in the migrations, and of what it then finds.
pub fn mend(migrations: &[Migration], judge: &dyn Fn(&[Migration]) -> Judgement) -> Mended {
    let mut state = State { texts: BTreeMap::new(), migrations: migrations.to_vec(), origins: Vec::new() };
    let given = migrations.len();
    let mut judgement = judge(&state.migrations);
    let mut mended = 0;
    let mut hopeless = Hopeless::new();
    let mut trials = 0;
    for _ in 0..ROUNDS {
        let given = &state.migrations[..given];
        let in_time = |one: &&Finding| one.fix.as_ref().is_some_and(|fix| !comes_too_late(one, fix, given));
        let fixable: Vec<&Finding> = judgement.findings.iter().filter(in_time).collect();
        let chosen = apart(&fixable, &hopeless, &state);
        if chosen.is_empty() {
            break;
        }
        let (next, after) = state.tried(&chosen, judge);
        if is_better(&judgement, &after) {
            mended += chosen.len();
            (state, judgement) = (next, after);
            continue;
        }
        // Something among them does harm.
        let mut kept = None;
        for one in &chosen {
            trials += 1;
            if trials > TRIALS {
                break;
            }
            let (next, after) = state.tried(&[*one], judge);
            if is_better(&judgement, &after) {
                kept = Some((next, after));
                break;
            }
            hopeless.insert(key(one, &state));
        }
        let Some(kept) = kept else { break };
        mended += 1;
        (state, judgement) = kept;
    }
    let edits = state.texts.iter().filter(|((number, _), _)| *number < given);
    let edits = edits.map(|(at, pieces)| (*at, pieces.edits())).filter(|(_, edits)| !edits.is_empty()).collect();
    let following = state.origins.iter().zip(&state.migrations[given..]).map(|(after, migration)| NewMigration {
        after: *after,
        name: migration.name.clone(),
        up: migration.up.text.to_string(),
        down: migration.down.as_ref().map(|down| down.text.to_string()).unwrap_or_default(),
    });
    let following = following.collect();
    Mended { following, edits, mended, judgement, migrations: state.migrations }
}

/// How far the texts have come.
#[derive(Clone)]
struct State {
    texts: BTreeMap<ScriptId, Pieces>,
    migrations: Vec<Migration>,
    /// Which of the given migrations each new one follows.
    origins: Vec<usize>,
}

impl State {
    /// The state after these fixes, and what is found in it.
    fn tried(&self, findings: &[&Finding], judge: &dyn Fn(&[Migration]) -> Judgement) -> (State, Judgement) {
        let mut next = self.clone();
        let mut edits: BTreeMap<ScriptId, Vec<Edit>> = BTreeMap::new();
        for (finding, fix) in findings.iter().filter_map(|one| Some((one, one.fix.as_ref()?))) {
            for (at, of) in touched(finding, fix) {
                edits.entry(at).or_default().extend(of.iter().cloned());
            }
            next.follow(finding.migration, fix);
        }
        for ((number, side), mut edits) in edits {
            edits.sort_by_key(|(span, _)| (span.start, span.end));
            edits.dedup();
            next.rewrite(number, side, &edits);
        }
        let judgement = judge(&next.migrations);
        (next, judgement)
    }

    fn follow(&mut self, number: usize, fix: &Fix) {
        let given = self.migrations.len() - self.origins.len();
        let origin = if number < given { number } else { self.origins[number - given] };
        for following in &fix.following {
            let number = self.migrations.len();
            let path = self.migrations[origin].up.path.with_file_name(format!("{}.sql", following.name));
            let id = Id::Named(format!("{number} {}", following.name));
            let (up, down) = (Script::new(&path, &following.up), Script::new(&path, &following.down));
            self.migrations.push(Migration::new(id, &following.name, up, Some(down)));
            self.origins.push(origin);
        }
    }

    fn rewrite(&mut self, number: usize, side: Side, edits: &[Edit]) {
        let migration = &mut self.migrations[number];
        let script = match (side, &mut migration.down) {
            (Side::Up, _) => &mut migration.up,
            (Side::Down, Some(down)) => down,
            (Side::Down, None) => return,
        };
        let script = Arc::make_mut(script);
        let pieces = self.texts.entry((number, side)).or_insert_with(|| Pieces::of(&script.text));
        pieces.apply(edits);
        let moved = |span: &Span| Span::new(moved(span.start, edits), moved(span.end, edits));
        let text = pieces.text();
        script.checksum = Checksum::of(&text);
        script.text = text.into();
        script.conventions.iter_mut().for_each(|(span, _)| *span = moved(span));
        script.blocks.iter_mut().for_each(|span| *span = moved(span));
        script.tool_checksums.clear();
    }
}

/// Where a place is after edits.
fn moved(place: usize, edits: &[Edit]) -> usize {
    let mut shift = 0;
    for (span, text) in edits {
        if span.end > place || (span.start == place && !span.is_empty()) {
            break;
        }
        shift += text.len() as isize - span.len() as isize;
    }
    place.saturating_add_signed(shift)
}

/// The scripts that a fix edits, and how.
fn touched<'f>(finding: &Finding, fix: &'f Fix) -> [(ScriptId, &'f [Edit]); 2] {
    let other = if finding.side == Side::Up { Side::Down } else { Side::Up };
    [((finding.migration, finding.side), &fix.edits), ((finding.migration, other), &fix.other_edits)]
}

/// What a finding is known by when it turns out that its fix cannot be had.
fn key(finding: &Finding, state: &State) -> (&'static str, usize, Side, String) {
    let migration = &state.migrations[finding.migration];
    let script =
        if finding.side == Side::Up { &migration.up } else { migration.down.as_ref().unwrap_or(&migration.up) };
    let text = finding.span.of(&script.text);
    (finding.rule, finding.migration, finding.side, text[..text.floor_char_boundary(500)].to_owned())
}

/// Fixes that do not get into each other's way, in order.
fn apart<'f>(findings: &[&'f Finding], hopeless: &Hopeless, state: &State) -> Vec<&'f Finding> {
    let mut taken: BTreeMap<ScriptId, Taken<'_>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        if hopeless.contains(&key(finding, state)) {
            continue;
        }
        let free = touched(finding, fix).iter().all(|(at, edits)| {
            let taken = taken.get(at);
            edits.iter().all(|(span, text)| taken.is_none_or(|taken| is_free(taken, *span, text)))
        });
        if free {
            for (at, edits) in touched(finding, fix) {
                let taken = taken.entry(at).or_default();
                taken.extend(edits.iter().map(|(span, text)| (span.start, (span.end, text.as_str()))));
            }
            chosen.push(*finding);
        }
    }
    chosen
}

/// Whether an edit touches none of these but the very same.
fn is_free(taken: &Taken<'_>, span: Span, text: &str) -> bool {
    if let Some((end, same)) = taken.get(&span.start) {
        return *end == span.end && *same == text;
    }
    let before = taken.range(..span.start).next_back();
    let after = taken.range(span.start..).next();
    before.is_none_or(|(_, (end, _))| *end <= span.start) && after.is_none_or(|(start, _)| span.end <= *start)
}

/// Whether what is found weighs less than before, and no rule finds more, unless that is mended next or only worth
/// knowing.
fn is_better(before: &Judgement, after: &Judgement) -> bool {
    let counts = |judgement: &Judgement| {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        judgement.findings.iter().for_each(|one| *counts.entry(one.rule).or_default() += 1);
        counts
    };
    let (old, new) = (counts(before), counts(after));
    let is_harmless = |one: &Finding| one.fix.is_some() || one.severity == Severity::Info;
    let is_more = |one: &&Finding| new.get(one.rule) > old.get(one.rule);
    after.findings.iter().filter(is_more).all(is_harmless) && weights(after) < weights(before)
}

/// How many findings there are of each weight, the heaviest first.
fn weights(judgement: &Judgement) -> [usize; 3] {
    [Severity::Error, Severity::Warning, Severity::Info]
        .map(|severity| judgement.findings.iter().filter(|one| one.severity == severity).count())
}

/// Whether a later one of the given migrations may take away what the migrations that follow are about.
fn comes_too_late(finding: &Finding, fix: &Fix, given: &[Migration]) -> bool {
    let later = given.iter().skip(finding.migration + 1);
    !fix.following.is_empty()
        && later.into_iter().any(|migration| {
            let text = &migration.up.text;
            let takes = ["drop", "rename", "schema"].iter().any(|word| mentions(text, word));
            takes && fix.needs.iter().any(|name| mentions(text, name))
        })
}

#[cfg(test)]
mod tests;
