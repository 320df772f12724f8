//! A migration on its way into another layout.

use super::Conversion;
use crate::layouts::variables::{self, Form};
use crate::migration::{Directive, Directives, Id, OuterTransaction, Script, Version, title};
use crate::sql::{Effect, Lexis, Statement, StatementKind, effect, split, transaction_pairs};

/// A migration as a layout is to write it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is to be known by.
    pub id: Id,
    /// The words of its name.
    pub name: String,
    /// The script that applies it.
    pub up: Body,
    /// The script that undoes it.
    pub down: Option<Body>,
}

/// A script as a layout is to write it.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The text, without marks of the tool that it comes from.
    pub text: String,
    /// The statements that the text is cut into.
    pub statements: Vec<Statement>,
    /// The statements' own texts, as they were read before.
    pub(super) before: Vec<String>,
    /// The same with something in the place of each placeholder.
    pub(super) meant: Vec<String>,
    /// Whether it asks to run outside a transaction.
    pub no_transaction: bool,
    /// Whether a directive of ours in the text says so.
    pub says_so: bool,
    /// Whether it holds placeholders that must not be replaced.
    pub literal: bool,
    /// What its own pairs of BEGIN and COMMIT mean, where it has any.
    pub(super) own_transaction: Option<OuterTransaction>,
}

impl Draft {
    /// As people read it.
    pub fn title(&self) -> String {
        title(&self.id, &self.name)
    }

    /// The number that a tool takes which knows neither parts of versions nor repeatable migrations.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn number(&self, tool: &str) -> Result<&Version, String> {
        match &self.id {
            Id::Version(version) if version.as_str().bytes().all(|byte| byte.is_ascii_digit()) => Ok(version),
            Id::Version(version) => Err(format!("its version {version} has parts, and {tool}'s are plain numbers")),
            _ => Err(format!("it runs again whenever it changes, which {tool} has no word for")),
        }
    }

    /// The same for a tool that compares versions as texts.
    ///
    /// # Errors
    ///
    /// When it is none, or the tool would take it for another.
    pub fn moment(&self, tool: &str) -> Result<&Version, String> {
        let version = self.number(tool)?;
        match Version::of_text(version.as_str()) {
            Ok(same) if same == *version => Ok(version),
            _ => Err(format!("its version {version} is a day, which {tool} does not compare as a number")),
        }
    }

    /// Whether the migration runs outside a transaction, for tools that say it once for both directions.
    ///
    /// # Errors
    ///
    /// When only one direction does.
    pub fn no_transaction(&self, tool: &str) -> Result<bool, String> {
        match &self.down {
            Some(down) if down.no_transaction != self.up.no_transaction && !down.statements.is_empty() => {
                Err(format!("only one of its directions runs in a transaction, and {tool} says it for both at once"))
            }
            _ => Ok(self.up.no_transaction),
        }
    }

    /// Its scripts.
    pub fn parts(&self) -> impl Iterator<Item = &Body> {
        std::iter::once(&self.up).chain(&self.down)
    }

    /// Any migration, to ask a layout whether it writes any.
    pub(super) fn sample() -> Self {
        Draft { id: Id::Named(String::new()), name: String::new(), up: Body::default(), down: None }
    }
}

impl Body {
    pub(super) fn of(conversion: &Conversion<'_>, raw: &Script, meant: &Script) -> Result<Self, String> {
        let lexis = conversion.dialect.lexis();
        let texts = |script| statements(script, lexis);
        let (before, meant_texts) = (texts(raw)?, texts(meant)?);
        let text: String = raw.text.split_inclusive('\n').filter(|line| !conversion.from.is_mark(line)).collect();
        if let Some(line) = text.lines().find(|line| conversion.to.is_mark(line)) {
            return Err(format!("the line `{}` would be a mark of `{}`", line.trim(), conversion.to.name()));
        }
        let statements = split(&text, lexis).map_err(|error| error.to_string())?;
        let has_placeholder = variables::names(raw, Form::Braces).next().is_some();
        let replaced = has_placeholder && raw.text != meant.text;
        let would_be = conversion.options.placeholders.unwrap_or_else(|| conversion.to.replaces_placeholders());
        if replaced && !would_be {
            return Err(format!(
                "`{}` does not replace its placeholders; with `placeholders = true` in migrate.toml they are, in both",
                conversion.to.name()
            ));
        }
        Ok(Body {
            before,
            meant: meant_texts,
            no_transaction: stepwise(raw, lexis),
            says_so: Directives::read(&text, lexis).no_transaction(),
            literal: has_placeholder && !replaced && would_be,
            own_transaction: own_transaction(raw, lexis),
            statements,
            text,
        })
    }

    /// Whether BEGIN and COMMIT of its own are left out when it runs.
    pub fn has_transaction(&self) -> bool {
        self.own_transaction.is_some_and(|meaning| meaning != OuterTransaction::Refused)
    }

    /// The text, with its line ended, so that something can follow.
    pub fn ended(&self) -> String {
        let mut text = self.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

/// The texts of a script's statements, and of the data behind them.
pub(super) fn statements(script: &Script, lexis: &Lexis) -> Result<Vec<String>, String> {
    let cut = script.statements(lexis).map_err(|error| {
        let place = script.lines().place(error.span.start);
        format!("{}:{}:{}: {}", script.path.display(), place.line, place.column, error.message)
    })?;
    let mut texts = Vec::new();
    for statement in cut {
        texts.push(statement.of(&script.text).to_owned());
        if let StatementKind::CopyData { data } = statement.kind {
            texts.push(data.of(&script.text).to_owned());
        }
    }
    Ok(texts)
}

/// Whether a script asks to run statement by statement.
pub(super) fn stepwise(script: &Script, lexis: &Lexis) -> bool {
    let directives = script.directives(lexis);
    let cut = script.statements(lexis).unwrap_or_default();
    let alone = |statement: &Statement| {
        !matches!(effect(statement, &script.text, lexis), Effect::Transactional | Effect::MayCommit)
    };
    directives.no_transaction()
        || directives.asks(&Directive::NoTransactionIfNoneCan) && cut.len() > 1 && cut.iter().all(alone)
}

/// What the pairs of BEGIN and COMMIT in a script mean, if it has any. One around everything is left out wherever it is
/// not refused; others are left out only where all are.
pub(super) fn own_transaction(script: &Script, lexis: &Lexis) -> Option<OuterTransaction> {
    let cut = script.statements(lexis).unwrap_or_default();
    let control = |statement: &Statement| matches!(effect(statement, &script.text, lexis), Effect::Control(_));
    if !cut.iter().any(control) {
        return None;
    }
    let pairs = transaction_pairs(&cut, &script.text, lexis).unwrap_or_default();
    let whole = pairs == [(0, cut.len() - 1)];
    Some(match script.outer_transaction {
        OuterTransaction::Merged if whole => OuterTransaction::Taken,
        OuterTransaction::Taken if !whole => OuterTransaction::Refused,
        meaning => meaning,
    })
}
