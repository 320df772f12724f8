use super::*;

/// Each token that is no blank, as `kind text`.
fn tokens(text: &str, lexis: &Lexis) -> Vec<String> {
    let kept = Tokens::new(text, lexis).filter(|token| token.kind != TokenKind::Blank);
    kept.map(|token| format!("{:?} {}", token.kind, token.of(text))).collect()
}

#[test]
fn postgres_strings() {
    let lexed = tokens(r#"'a''b' '\' E'\'' U&'x' U&"n" e N'x' $$a;$$ $t$ $$ $t$ $1 a$b$c "q""q""#, &Lexis::POSTGRES);
    assert_eq!(
        lexed,
        [
            "String 'a''b'",
            "String '\\'",
            "String E'\\''",
            "String U&'x'",
            "QuotedName U&\"n\"",
            "Word e",
            "String N'x'",
            "DollarString $$a;$$",
            "DollarString $t$ $$ $t$",
            "Parameter $1",
            "Word a$b$c",
            "QuotedName \"q\"\"q\"",
        ]
    );
}

#[test]
fn escape_strings_go_on_over_line_ends() {
    assert_eq!(tokens("E'a'\n  '\\'b' x", &Lexis::POSTGRES), ["String E'a'\n  '\\'b'", "Word x"]);
    let over_comments = "E'a' -- it's\n -- too\r 'b\\''";
    assert_eq!(tokens(&format!("{over_comments} x"), &Lexis::POSTGRES), [&format!("String {over_comments}"), "Word x"]);
    for ends in ["E'a' -- b", "E'a' /* b */\n'", "E'a' 'b'"] {
        assert_eq!(tokens(ends, &Lexis::POSTGRES)[0], "String E'a'", "{ends}");
    }
    assert_eq!(tokens("'a'\n  '\\' x", &Lexis::POSTGRES), ["String 'a'", "String '\\'", "Word x"]);
}

#[test]
fn mysql_words_strings_and_comments() {
    let lexed = tokens(r#"2fa 0x1F 1e5 `a``b` "s\"" @end @@global.x _utf8'x' --1 # c"#, &Lexis::MYSQL);
    assert_eq!(
        lexed,
        [
            "Word 2fa",
            "Number 0x1F",
            "Number 1e5",
            "QuotedName `a``b`",
            "String \"s\\\"\"",
            "Parameter @end",
            "Parameter @@global.x",
            "Word _utf8",
            "String 'x'",
            "Symbol -",
            "Symbol -",
            "Number 1",
            "LineComment # c",
        ]
    );
}

#[test]
fn versioned_comments_are_code_where_they_are_run() {
    assert_eq!(
        tokens("/*!50110 a */ b", &Lexis::MYSQL),
        ["VersionOpen /*!50110", "Word a", "VersionClose */", "Word b"]
    );
    assert_eq!(tokens("/*M!100100 a */", &Lexis::MARIADB), ["VersionOpen /*M!100100", "Word a", "VersionClose */"]);
    assert_eq!(tokens("/*M! a */", &Lexis::MYSQL), ["BlockComment /*M! a */"]);
    assert_eq!(tokens("/*! a */", &Lexis::POSTGRES), ["BlockComment /*! a */"]);
}

#[test]
fn comments_nest_in_postgres_only() {
    assert_eq!(tokens("/* /* */ */ a", &Lexis::POSTGRES), ["BlockComment /* /* */ */", "Word a"]);
    assert_eq!(tokens("/* /* */ a", &Lexis::SQLITE), ["BlockComment /* /* */", "Word a"]);
}

#[test]
fn sqlite_names_and_parameters() {
    assert_eq!(
        tokens("[a;b] `c` \"d\" ?1 :x $y @z X'00'", &Lexis::SQLITE),
        [
            "QuotedName [a;b]",
            "QuotedName `c`",
            "QuotedName \"d\"",
            "Parameter ?1",
            "Parameter :x",
            "Parameter $y",
            "Parameter @z",
            "String X'00'"
        ]
    );
}

#[test]
fn numbers() {
    assert_eq!(
        tokens("1..10 1.5e-3 .5 1_000 0xFF", &Lexis::POSTGRES),
        ["Number 1", "Symbol .", "Number .10", "Number 1.5e-3", "Number .5", "Number 1_000", "Number 0xFF"]
    );
}

#[test]
fn what_is_never_closed_reaches_to_the_end() {
    for (text, unclosed) in [
        ("'a ; b", Unclosed::String),
        ("E'a\\'", Unclosed::String),
        ("\"a ; b", Unclosed::Name),
        ("$a$ ; $b$", Unclosed::DollarString),
        ("/* /* */", Unclosed::Comment),
        ("/*", Unclosed::Comment),
    ] {
        let all: Vec<Token> = Tokens::new(text, &Lexis::POSTGRES).collect();
        assert_eq!(all.len(), 1, "{text}");
        assert_eq!(all[0].kind, TokenKind::Open(unclosed), "{text}");
        assert_eq!(all[0].end(), text.len());
    }
}
