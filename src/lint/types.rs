//! What another type of a column means: whether PostgreSQL writes the table anew, whether values may not fit, whether
//! drivers decode something else. Measured on PostgreSQL 12, 15 and 18, which agree.

use crate::schema::DataType;

/// Whether every value of a column can stay as it is stored on PostgreSQL; `utc` says that the session's time zone is UTC.
pub fn keeps_storage(from: &DataType, to: &DataType, utc: bool) -> bool {
    if from == to {
        return true;
    }
    if from.array != to.array {
        return false;
    }
    let wider = |from: Option<u64>, to: Option<u64>| match (from, to) {
        (_, None) => true,
        (Some(from), Some(to)) => to >= from,
        (None, Some(_)) => false,
    };
    let is_text = |name: &str| matches!(name, "varchar" | "text" | "citext");
    let (old, new) = (from.name.as_str(), to.name.as_str());
    match (old, new) {
        _ if is_text(old) && is_text(new) => wider(from.length(), to.length()),
        ("numeric", "numeric") => {
            to.arguments.is_empty()
                || (wider(from.length(), to.length()) && from.scale().unwrap_or(0) == to.scale().unwrap_or(0))
        }
        ("bit" | "varbit", "varbit") => wider(from.length().or((old == "bit").then_some(1)), to.length()),
        ("cidr", "inet") | ("xml", "text") => true,
        ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => {
            utc && from.arguments.is_empty() && to.arguments.is_empty()
        }
        ("timestamp" | "timestamptz" | "time" | "timetz", _) if old == new => {
            to.length().unwrap_or(6) >= from.length().unwrap_or(6)
        }
        _ => false,
    }
}

/// Whether there are values of the old type that the new one cannot hold.
pub fn narrows(from: &DataType, to: &DataType) -> bool {
    if from.array != to.array {
        return false;
    }
    let shorter = |from: Option<u64>, to: Option<u64>| match (from, to) {
        (Some(from), Some(to)) => to < from,
        (None, Some(_)) => true,
        _ => false,
    };
    let (old, new) = (from.name.as_str(), to.name.as_str());
    if let (Some(from_bytes), Some(to_bytes)) = (integer_bytes(old), integer_bytes(new)) {
        // An unsigned type of the same size has no negative numbers, a signed one not the largest.
        return to_bytes < from_bytes || (to_bytes == from_bytes && from.unsigned != to.unsigned);
    }
    if let (Some(from_size), Some(to_size)) = (text_size(from), text_size(to)) {
        return to_size < from_size;
    }
    match (old, new) {
        ("numeric", "numeric") => {
            let digits = |of: &DataType| of.length().map(|all| all as i64 - of.scale().unwrap_or(0));
            let scale = |of: &DataType| of.length().map(|_| of.scale().unwrap_or(0));
            let less = |from: Option<i64>, to: Option<i64>| to.is_some_and(|to| from.is_none_or(|from| to < from));
            less(digits(from), digits(to)) || less(scale(from), scale(to))
        }
        ("bit" | "varbit", "bit" | "varbit") => shorter(from.length(), to.length()),
        ("double", "real") | ("timestamp" | "timestamptz" | "datetime", "date") => true,
        _ if old == new && matches!(old, "timestamp" | "timestamptz" | "time" | "timetz" | "datetime") => {
            to.length().is_some() && shorter(from.length(), to.length())
        }
        _ => false,
    }
}

/// Whether it is a whole number.
pub fn is_integer(of: &DataType) -> bool {
    integer_bytes(&of.name).is_some() && !of.array
}

fn integer_bytes(name: &str) -> Option<u8> {
    Some(match name {
        "tinyint" => 1,
        "smallint" => 2,
        "mediumint" => 3,
        "integer" => 4,
        "bigint" => 8,
        _ => return None,
    })
}

/// How long a text may be; what has no limit is longer than everything.
fn text_size(of: &DataType) -> Option<u64> {
    Some(match of.name.as_str() {
        "varchar" => of.length().unwrap_or(u64::MAX),
        "char" => of.length().unwrap_or(1),
        "tinytext" => 255,
        "mediumtext" => 16_777_215,
        "text" | "citext" | "longtext" => u64::MAX,
        _ => return None,
    })
}

/// What a driver decodes a type as; two types with the same are the same to code.
pub fn decoded_as(of: &DataType) -> String {
    let family = match of.name.as_str() {
        "varchar" | "char" | "text" | "citext" | "tinytext" | "mediumtext" | "longtext" | "enum" | "set" => "text",
        "varbinary" | "binary" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "bytea" => "bytes",
        "bit" | "varbit" => "bits",
        other => other,
    };
    let sign = if of.unsigned { " unsigned" } else { "" };
    let array = if of.array { "[]" } else { "" };
    format!("{family}{sign}{array}")
}

/// Whether it is a text in the eyes of code.
pub fn is_text(of: &DataType) -> bool {
    decoded_as(of) == "text"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_type(written: &str) -> DataType {
        let (name, arguments) = written.split_once('(').unwrap_or((written, ""));
        let arguments = arguments.trim_end_matches(')').split(',').filter(|argument| !argument.is_empty());
        let arguments = arguments.map(Into::into).collect();
        DataType { name: name.into(), arguments, array: false, unsigned: false }
    }

    #[test]
    fn what_keeps_its_storage() {
        for (from, to) in [
            ("varchar(20)", "varchar(50)"),
            ("varchar(20)", "text"),
            ("text", "varchar"),
            ("text", "citext"),
            ("numeric(10,2)", "numeric(14,2)"),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3)", "timestamp"),
            ("varbit(3)", "varbit(5)"),
            ("cidr", "inet"),
        ] {
            assert!(keeps_storage(&data_type(from), &data_type(to), false), "{from} to {to}");
            assert!(!narrows(&data_type(from), &data_type(to)), "{from} to {to}");
        }
        for (from, to) in [
            ("varchar(50)", "varchar(20)"),
            ("text", "varchar(20)"),
            ("char(5)", "text"),
            ("numeric(10,2)", "numeric(12,4)"),
            ("numeric", "numeric(10,2)"),
            ("integer", "bigint"),
            ("timestamp", "timestamptz"),
            ("timestamp", "timestamp(3)"),
            ("json", "jsonb"),
        ] {
            assert!(!keeps_storage(&data_type(from), &data_type(to), false), "{from} to {to}");
        }
        assert!(keeps_storage(&data_type("timestamp"), &data_type("timestamptz"), true));
        assert!(!keeps_storage(&data_type("timestamp(3)"), &data_type("timestamptz(3)"), true));
    }

    #[test]
    fn what_narrows() {
        for (from, to) in [
            ("varchar(50)", "varchar(20)"),
            ("text", "varchar(200)"),
            ("bigint", "integer"),
            ("numeric(10,2)", "numeric(10,4)"),
            ("numeric(10,2)", "numeric(10,1)"),
            ("double", "real"),
            ("timestamp", "date"),
            ("timestamp", "timestamp(3)"),
        ] {
            assert!(narrows(&data_type(from), &data_type(to)), "{from} to {to}");
        }
        assert!(!narrows(&data_type("integer"), &data_type("bigint")));
        assert!(!narrows(&data_type("timestamp(3)"), &data_type("timestamp")));
    }
}
