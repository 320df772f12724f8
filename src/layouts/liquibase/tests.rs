use super::super::testing::{error, outline, read_files};

/// An XML changelog of these elements.
fn xml(elements: &str) -> String {
    format!("<databaseChangeLog>{elements}</databaseChangeLog>")
}

const ONE: &str = "<changeSet id=\"1\" author=\"a\"><sql>select 1</sql></changeSet>";

#[test]
fn elements_may_not_lie_as_deep_as_they_like() {
    let deep = xml(&format!(
        "<changeSet id=\"1\" author=\"a\">\n{}{}</changeSet>",
        "<x>".repeat(100_000),
        "</x>".repeat(100_000)
    ));
    assert_eq!(error(&[("changelog.xml", deep)]), "changelog.xml:2: elements are more than 64 deep in each other");
    for text in [
        "{\"databaseChangeLog\": ".to_owned() + &"[".repeat(100_000),
        "databaseChangeLog: ".to_owned() + &"[".repeat(100_000),
    ] {
        let name = if text.starts_with('{') { "changelog.json" } else { "changelog.yaml" };
        let error = error(&[(name, text)]);
        assert!(error.starts_with(&format!("{name}:1: ")) && error.contains("recursion limit"), "{error}");
    }
}

#[test]
fn entities_are_not_read() {
    let text = format!("<!DOCTYPE x [\n<!ENTITY e \"{}\">]>{}", "x".repeat(1000), xml(&"&e;".repeat(100_000)));
    let refused = "changelog.xml:2: entities are not read; write out what this one stands for";
    assert_eq!(error(&[("changelog.xml", text)]), refused);
}

#[test]
fn changelogs_that_include_each_other_are_refused() {
    let include = |file: &str| xml(&format!("<include file=\"{file}\"/>"));
    let circle = "a.xml:1: includes itself, or is included by a changelog that it includes";
    assert_eq!(error(&[("a.xml", include("a.xml"))]), circle);
    assert_eq!(error(&[("a.xml", include("b.xml")), ("b.xml", include("a.xml"))]), circle);
    let beside = [("a.xml", include("a.xml")), ("root.xml", xml(ONE))];
    assert_eq!(error(&beside), "a.xml:1: includes itself, or is included by a changelog that it includes");
}

#[test]
fn a_changelog_is_read_once_however_often_it_is_included() {
    // Each includes the next one twice, which is a thousand thousand million times the last one.
    let mut files: Vec<(String, String)> = (0..40)
        .map(|number| {
            (format!("{number:02}.xml"), xml(&format!("<include file=\"{:02}.xml\"/>", number + 1).repeat(2)))
        })
        .collect();
    files.push(("40.xml".to_owned(), xml("<property name=\"table\" value=\"t\"/>")));
    let read = |files: &[(String, String)]| {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        super::super::testing::source(&super::super::testing::folder(&files))
    };
    assert_eq!(read(&files).unwrap().migrations.len(), 0);
    files.push(("40.xml".to_owned(), xml(ONE)));
    let error = read(&files).unwrap_err().to_string();
    assert!(error.ends_with("40.xml:1: is included twice, and so are its changesets"), "{error}");
}

#[test]
fn what_is_no_changelog_inside_is_not_overlooked() {
    let said = |text: &str| error(&[("changelog.yaml", text)]);
    let expected = "changelog.yaml:1: a changelog holds properties, includes and changesets, and not `select 1`";
    assert_eq!(said("databaseChangeLog: select 1"), expected);
    assert_eq!(said("databaseChangeLog:\n- select 1\n"), expected);
    assert_eq!(
        said("databaseChangeLog:\n- changeSet: {id: 1, author: a, changes: select 1}\n"),
        "changelog.yaml:2: the changes of the changeset `a:1` are no list"
    );
    let text = xml("select 1");
    assert_eq!(error(&[("changelog.xml", text)]), expected.replace("yaml", "xml"));
    assert_eq!(read_files(&[("changelog.yaml", "databaseChangeLog:\n")]).migrations.len(), 0);
}

/// Neither YAML nor JSON tells where something stands.
#[test]
fn ten_thousand_changesets_stand_where_they_stand() {
    let changeset = |number: usize| {
        format!("- changeSet:\n    id: {number}\n    author: a\n    changes:\n    - sql: select {number}\n")
    };
    let yaml: String = (1..=10_000).map(changeset).collect();
    let source = read_files(&[("changelog.yaml", &("databaseChangeLog:\n".to_owned() + &yaml))]);
    for (at, migration) in source.migrations.iter().enumerate() {
        assert_eq!(migration.up.first_line, 3 + at * 5);
    }
    let changeset = |number: usize| {
        let sql = format!("{{\"sql\": \"select {number}\"}}");
        format!("{{\"changeSet\": {{\"id\": \"{number}\", \"author\": \"a\", \"changes\": [{sql}]}}}}")
    };
    let json: Vec<String> = (1..=10_000).map(changeset).collect();
    let json = format!("{{\"databaseChangeLog\": [{}]}}", json.join(", "));
    assert_eq!(outline(&read_files(&[("changelog.json", &json)])).len(), 10_000);
}
