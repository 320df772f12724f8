//! Placeholders: names in a script that stand for values given from outside.

use crate::migration::Script;
use crate::sql::Span;

use super::Error;

/// How placeholders are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `${name}` and nothing else.
    Braces,
    /// As in a shell: also `$NAME`, `${NAME:-default}`, `${NAME-default}` and `${NAME?why}`; `$$` and `\$` are a dollar.
    Shell,
}

/// Puts values in the place of the placeholders in some parts of a script. Its checksum stays that of the text as written.
///
/// # Errors
///
/// When a placeholder has no value.
pub(super) fn fill(
    script: &mut Script,
    parts: &[Span],
    form: Form,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    if !parts.iter().any(|part| part.of(&script.text).contains('$')) {
        return Ok(());
    }
    let mut filled = Filled { text: String::with_capacity(script.text.len()), edits: Vec::new() };
    let mut from = 0;
    for part in parts {
        filled.text.push_str(&script.text[from..part.start]);
        filled.part(&script.text, *part, form, value).map_err(|unset| {
            let place = script.lines().place(unset.at);
            let (path, line, column) = (script.path.clone(), place.line, place.column);
            Error::Unset { path, line, column, name: unset.name, why: unset.why }
        })?;
        from = part.end;
    }
    filled.text.push_str(&script.text[from..]);
    for block in &mut script.blocks {
        *block = filled.moved(*block);
    }
    for (span, _) in &mut script.conventions {
        *span = filled.moved(*span);
    }
    script.text = filled.text.into();
    Ok(())
}

/// The names of the placeholders in a script.
pub(super) fn names(script: &Script, form: Form) -> impl Iterator<Item = String> + use<> {
    let names = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let whole = Span::new(0, script.text.len());
    let note = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        Some(String::new())
    };
    // Each has a value, so that none is missing.
    let _ = fill(&mut script.clone(), &[whole], form, &note);
    names.into_inner().into_iter()
}

/// A text while its placeholders are replaced.
struct Filled {
    text: String,
    /// Which bytes of the old text became how many of the new.
    edits: Vec<(Span, usize)>,
}

/// A placeholder without a value.
struct Unset {
    at: usize,
    name: String,
    why: Option<String>,
}

impl Filled {
    fn part(
        &mut self,
        text: &str,
        part: Span,
        form: Form,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Unset> {
        let mut from = part.start;
        while let Some(found) = text[from..part.end].find(['$', '\\']) {
            let at = from + found;
            self.text.push_str(&text[from..at]);
            let Some(placeholder) = placeholder(&text[at..part.end], form) else {
                self.text.push_str(&text[at..=at]);
                from = at + 1;
                continue;
            };
            let new = match placeholder.value(value) {
                Ok(new) => new,
                Err(why) => return Err(Unset { at, name: placeholder.name.to_owned(), why }),
            };
            self.edits.push((Span::new(at, at + placeholder.length), new.len()));
            self.text.push_str(&new);
            from = at + placeholder.length;
        }
        self.text.push_str(&text[from..part.end]);
        Ok(())
    }

    /// Where something of the old text stands in the new.
    fn moved(&self, old: Span) -> Span {
        let moved = |offset: usize| {
            let before = self.edits.iter().take_while(|(span, _)| span.end <= offset);
            before.fold(offset, |offset, (span, length)| offset + length - span.len())
        };
        Span::new(moved(old.start), moved(old.end))
    }
}

/// A placeholder as it is written.
struct Placeholder<'t> {
    /// Empty for an escaped dollar.
    name: &'t str,
    /// The operator behind the name, and what follows it.
    otherwise: Option<(&'t str, &'t str)>,
    length: usize,
}

impl Placeholder<'_> {
    /// What stands in its place, or why there must be a value.
    fn value(&self, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Option<String>> {
        if self.name.is_empty() {
            return Ok("$".to_owned());
        }
        match (value(self.name), self.otherwise) {
            (Some(value), Some((":-", default))) if value.is_empty() => Ok(default.to_owned()),
            (Some(value), _) => Ok(value),
            (None, Some((":-" | "-", default))) => Ok(default.to_owned()),
            (None, Some((_, why))) if !why.is_empty() => Err(Some(why.to_owned())),
            (None, _) => Err(None),
        }
    }
}

/// The placeholder that a text begins with.
fn placeholder(text: &str, form: Form) -> Option<Placeholder<'_>> {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_more = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if form == Form::Shell && (text.starts_with("$$") || text.starts_with("\\$")) {
        return Some(Placeholder { name: "", otherwise: None, length: 2 });
    }
    let Some(inner) = text.strip_prefix("${") else {
        let name = text.strip_prefix('$').filter(|name| form == Form::Shell && name.starts_with(is_start))?;
        let end = name.find(|c| !is_more(c)).unwrap_or(name.len());
        return Some(Placeholder { name: &name[..end], otherwise: None, length: end + 1 });
    };
    let end = inner.find('}')?;
    let length = end + 3;
    let inner = &inner[..end];
    if form == Form::Braces {
        let odd = |c: char| !(is_more(c) || matches!(c, '.' | '-' | ':'));
        return (inner.starts_with(is_start) && !inner.contains(odd)).then_some(Placeholder {
            name: inner,
            otherwise: None,
            length,
        });
    }
    let name_end = inner.find(|c| !is_more(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(name_end);
    let operator = [":-", "-", "?"].into_iter().find(|operator| rest.starts_with(operator));
    let otherwise = operator.map(|operator| (operator, &rest[operator.len()..]));
    (name.starts_with(is_start) && (rest.is_empty() || otherwise.is_some())).then_some(Placeholder {
        name,
        otherwise,
        length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, form: Form) -> Result<String, String> {
        let mut script = Script::new("a.sql", text);
        let value = |name: &str| match name {
            "schema" => Some("app".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let whole = Span::new(0, script.text.len());
        fill(&mut script, &[whole], form, &value).map_err(|error| error.to_string())?;
        Ok(script.text.to_string())
    }

    #[test]
    fn names_in_braces_are_replaced_and_nothing_else_is() {
        let filled = |text| filled(text, Form::Braces).unwrap();
        assert_eq!(filled("create table ${schema}.t; -- ${schema}"), "create table app.t; -- app");
        for text in ["select $1, $$a$$, $schema", "select '${', '${}', '${ a }'", "select '\\${1}'"] {
            assert_eq!(filled(text), text);
        }
    }

    #[test]
    fn the_shells_forms_have_their_meaning() {
        let filled = |text| filled(text, Form::Shell).unwrap();
        assert_eq!(filled("$schema ${schema}s $schema.t"), "app apps app.t");
        assert_eq!(filled("${EMPTY:-a} ${EMPTY-b}. ${NONE-c} ${NONE:-d e}"), "a . c d e");
        assert_eq!(filled("$$ \\$schema $1 ${1}"), "$ $schema $1 ${1}");
    }

    #[test]
    fn a_placeholder_without_a_value_is_an_error_with_its_place() {
        assert_eq!(
            filled("select 1;\n select '${who}'", Form::Braces).unwrap_err(),
            "a.sql:2:10: the placeholder `who` has no value; give it with `--var who=VALUE`, under `[variables]` in \
             migrate.toml or in the environment, or say there `placeholders = false` if it is none"
        );
        assert!(filled("${who?a name}", Form::Shell).unwrap_err().contains("has no value (a name)"));
    }

    #[test]
    fn what_the_script_says_of_places_moves_with_them() {
        let mut script = Script::new("a.sql", "select '${schema}'; ${schema} [block] ${schema}");
        let checksum = script.checksum;
        script.blocks.push(Span::new(30, 37));
        let whole = Span::new(0, 20);
        fill(&mut script, &[whole], Form::Braces, &|_| Some("é".to_owned())).unwrap();
        assert_eq!(&*script.text, "select 'é'; ${schema} [block] ${schema}");
        assert_eq!(script.blocks[0].of(&script.text), "[block]");
        assert_eq!(script.checksum, checksum);
    }
}
