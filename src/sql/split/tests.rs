use super::*;

fn texts<'t>(text: &'t str, lexis: &Lexis) -> Vec<&'t str> {
    split(text, lexis).unwrap().iter().map(|statement| statement.of(text)).collect()
}

fn refusal(text: &str, lexis: &Lexis) -> String {
    let error = split(text, lexis).unwrap_err();
    let place = crate::sql::LineIndex::new(text).place(error.span.start);
    format!("{}:{}: {}; {}", place.line, place.column, error.message, error.hint)
}

#[test]
fn nothing_is_no_statement() {
    for lexis in Lexis::ALL {
        assert_eq!(texts("", lexis), [""; 0]);
        assert_eq!(texts(" ;; -- only; comments\n/* ; */;\n", lexis), [""; 0]);
    }
    assert_eq!(texts("/*!40101 */;", &Lexis::MYSQL), [""; 0]);
}

#[test]
fn comments_and_terminators_stay_outside() {
    let text = "\u{feff}-- first\nselect 1 /* in */ + 1 -- after\n; /* between */ select 2";
    assert_eq!(texts(text, &Lexis::POSTGRES), ["select 1 /* in */ + 1", "select 2"]);
}

#[test]
fn a_delimiter_is_no_longer_than_the_shell_takes() {
    let delimiter = "/".repeat(15);
    assert_eq!(texts(&format!("delimiter {delimiter}\nselect 1{delimiter}"), &Lexis::MYSQL), ["select 1"]);
    let expected = "1:1: this delimiter is longer than 15 bytes, where the mysql shell cuts it; write a shorter one, as in `DELIMITER $$`";
    assert_eq!(refusal(&format!("delimiter {delimiter}/\nselect 1{delimiter}/"), &Lexis::MYSQL), expected);
}

#[test]
fn what_stays_open_is_named_with_its_line() {
    let postgres = &Lexis::POSTGRES;
    assert_eq!(refusal("select 1;\n  select 'a;\n", postgres), "2:10: this string is never closed; close it with `'`");
    assert_eq!(
        refusal("do $a$ begin; $b$", postgres),
        "1:4: this dollar-quoted string is never closed; close it with `$a$`"
    );
    assert_eq!(refusal("\n/* /* */", postgres), "2:1: this comment is never closed; close it with `*/`");
    assert_eq!(
        refusal("create function f() returns int begin atomic select 1;", postgres),
        "1:33: this `BEGIN` block is never closed; close it with `END`"
    );
    assert_eq!(
        refusal("create table t (a int;\ndrop table u;", postgres),
        "1:16: this parenthesis is never closed; close it with `)`"
    );
    assert_eq!(
        refusal("create procedure p() begin if a then select 1; end;", &Lexis::MYSQL),
        "1:22: this `BEGIN` block is never closed; close it with `END`"
    );
    assert_eq!(
        refusal("create trigger r after insert on t begin select 1; select 2;", &Lexis::SQLITE),
        "1:36: this `BEGIN` block is never closed; close it with `; END`"
    );
    assert_eq!(
        refusal("/*!40101 set names utf8;", &Lexis::MYSQL),
        "1:1: this versioned comment is never closed; close it with `*/`"
    );
    for lexis in Lexis::ALL {
        assert_eq!(
            refusal("select 1;\nselect 'a\0b'", lexis),
            "2:10: the script contains a NUL byte; remove it; text that is not UTF-8 must be converted first"
        );
    }
}

/// Splits within a time that only linear work can keep, even in a debug build on a busy machine.
fn quickly(text: &str) {
    let start = std::time::Instant::now();
    for lexis in Lexis::ALL {
        let _ = split(text, lexis);
    }
    assert!(start.elapsed().as_secs() < 20, "{:?} took {:?}", &text[..20], start.elapsed());
}

#[test]
fn hostile_texts_take_linear_time() {
    for piece in [
        "(",
        "/*",
        "/*!",
        "'",
        "\"",
        "$a$",
        "$",
        "begin ",
        "case ",
        "E''\n",
        "delimiter $$\n$$",
        "/*;*/;",
        "select 1;\n",
    ] {
        quickly(&piece.repeat(100_000));
    }
    quickly(&format!("create procedure p() begin {}", "if a then ".repeat(100_000)));
    quickly(&format!("create function f() begin atomic {}", "case ".repeat(100_000)));
    quickly(&format!("{}{}", "(".repeat(100_000), ")".repeat(100_000)));
    quickly(&format!("select '{}'", "x;".repeat(1_000_000)));
}

#[test]
fn a_delimiter_may_stand_alone_on_the_next_line() {
    let text = "DELIMITER\n$$\nselect 1; select 2$$\nDELIMITER\n;\nselect 3;";
    assert_eq!(texts(text, &Lexis::MYSQL), ["select 1; select 2", "select 3"]);
    assert!(split("DELIMITER\nselect 1", &Lexis::MYSQL).is_err());
}
