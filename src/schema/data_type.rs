//! Types, so that two spellings of one type are equal: `int4` and `integer`, `character varying(20)` and `varchar(20)`.

use std::fmt;

use ecow::{EcoString, EcoVec};

use crate::sql::Grammar;
use crate::sql::ddl;

/// The type of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    /// Its usual name in small letters: `integer`, `varchar`, `timestamptz`, `app.mood`.
    pub name: EcoString,
    /// What stands in its parentheses: a length, precision and scale, the labels of a MySQL enum.
    pub arguments: EcoVec<EcoString>,
    /// Whether it is an array of that.
    pub array: bool,
    /// MySQL's `UNSIGNED`.
    pub unsigned: bool,
}

impl DataType {
    /// The type that a statement of this text writes.
    pub fn read(written: &ddl::DataType, text: &str, grammar: Grammar) -> Self {
        let name = written.name.strip_prefix("pg_catalog.").unwrap_or(&written.name);
        let mut name = ddl::lower(name);
        if let (Grammar::Postgres, Some(rest)) = (grammar, name.strip_prefix("public.")) {
            name = rest.into();
        }
        let mut unsigned = false;
        if grammar.is_mysql() {
            let words: Vec<&str> = name.split(' ').collect();
            unsigned = words.iter().any(|word| matches!(*word, "unsigned" | "zerofill"));
            let kept = words.iter().filter(|word| !matches!(**word, "unsigned" | "signed" | "zerofill" | "binary"));
            let rest = kept.copied().collect::<Vec<_>>().join(" ");
            // `BINARY` alone is a type, behind another one a collation.
            name = if rest.is_empty() { words[0].into() } else { rest.into() };
        }
        let arguments = written.arguments.map(|span| arguments(span.of(text))).unwrap_or_default();
        let mut read = DataType { name, arguments, array: written.array, unsigned };
        read.name = read.usual_name(grammar).into();
        if grammar.is_mysql() {
            read.forget_display_width();
        }
        read
    }

    fn usual_name(&self, grammar: Grammar) -> &str {
        let mysql = grammar.is_mysql();
        match self.name.as_str() {
            "int" | "int4" => "integer",
            "int8" => "bigint",
            "int2" => "smallint",
            "serial" | "serial4" if !mysql => "integer",
            "bigserial" | "serial8" => "bigint",
            "serial" => "bigint",
            "smallserial" | "serial2" => "smallint",
            "bool" if mysql => "tinyint",
            "boolean" if mysql => "tinyint",
            "bool" => "boolean",
            "decimal" | "dec" | "fixed" => "numeric",
            "character varying" | "char varying" | "nvarchar" => "varchar",
            "character" | "bpchar" | "nchar" => "char",
            "float8" | "double precision" => "double",
            "float4" => "real",
            "float" if !mysql => match self.arguments.first().and_then(|bits| bits.parse::<u32>().ok()) {
                Some(0..=24) => "real",
                _ => "double",
            },
            "real" if mysql => "double",
            "timestamp with time zone" => "timestamptz",
            "timestamp without time zone" => "timestamp",
            "time with time zone" => "timetz",
            "time without time zone" => "time",
            "bit varying" => "varbit",
            other => other,
        }
    }

    /// `INT(11)` is `INT`; only `TINYINT(1)` tells clients something.
    fn forget_display_width(&mut self) {
        if matches!(self.name.as_str(), "tinyint" | "smallint" | "mediumint" | "integer" | "bigint" | "year") {
            self.arguments.clear();
        }
    }

    /// The first argument, if it is a number: a length or a precision.
    pub fn length(&self) -> Option<u64> {
        self.arguments.first()?.parse().ok()
    }

    /// The second argument, if it is a number: a scale.
    pub fn scale(&self) -> Option<i64> {
        self.arguments.get(1)?.parse().ok()
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.arguments.is_empty() {
            write!(f, "({})", self.arguments.join(","))?;
        }
        if self.unsigned {
            f.write_str(" unsigned")?;
        }
        if self.array {
            f.write_str("[]")?;
        }
        Ok(())
    }
}

/// What stands between commas, without the blanks around it; a comma in a string separates nothing.
fn arguments(text: &str) -> EcoVec<EcoString> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        quoted ^= c == '\'';
        match all.last_mut() {
            Some(last) if quoted || c != ',' => last.push(c),
            _ => all.push(String::new()),
        }
    }
    all.iter().map(|argument| EcoString::from(argument.trim())).filter(|argument| !argument.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::ddl::ActionKind;
    use crate::sql::{Lexis, split};

    fn read(written: &str, lexis: &Lexis) -> String {
        let text = format!("alter table t add c {written}");
        let statement = split(&text, lexis).unwrap()[0];
        let reading = ddl::read(&statement, &text, lexis);
        let ActionKind::AddColumn { column, .. } = &reading.actions()[0].kind else { panic!("{text}") };
        DataType::read(column.data_type.as_ref().unwrap(), &text, lexis.grammar).to_string()
    }

    #[test]
    fn spellings_meet() {
        for (written, usual) in [
            ("INT4", "integer"),
            ("pg_catalog.int8", "bigint"),
            ("character varying (20)", "varchar(20)"),
            ("decimal(10, 2)", "numeric(10,2)"),
            ("timestamp(3) with time zone", "timestamptz(3)"),
            ("float(10)[]", "real(10)[]"),
            ("app.Mood", "app.mood"),
            ("public.mood", "mood"),
        ] {
            assert_eq!(read(written, &Lexis::POSTGRES), usual, "{written}");
        }
        for (written, usual) in [
            ("int(10) unsigned zerofill", "integer unsigned"),
            ("bool", "tinyint"),
            ("enum('a,b', 'c')", "enum('a,b','c')"),
            ("real", "double"),
        ] {
            assert_eq!(read(written, &Lexis::MYSQL), usual, "{written}");
        }
    }
}
