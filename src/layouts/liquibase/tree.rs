//! XML, YAML and JSON as one kind of tree: what Liquibase reads in all three is the same.

use std::collections::BTreeMap;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use crate::sql::LineIndex;

/// How deep elements in elements are read; Liquibase has a use for a handful.
const DEEPEST: usize = 64;

/// The outermost element.
const CHANGELOG: &str = "databaseChangeLog";

/// An element of a changelog.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
    pub children: Vec<Element>,
    /// Its line, where the format tells.
    pub line: Option<usize>,
}

/// Where and why a text is no changelog.
pub(super) struct Wrong {
    pub line: usize,
    pub message: String,
}

impl Element {
    /// The changelog that a file holds; none when it is another kind of file.
    pub fn read(path: &str, text: &str) -> Option<Result<Self, Wrong>> {
        let (_, end) = path.rsplit_once('.')?;
        if !text.contains(CHANGELOG) {
            return None;
        }
        let root = match end.to_ascii_lowercase().as_str() {
            "xml" => xml(text),
            "yaml" | "yml" => serde_saphyr::from_str(text)
                .map_err(|error| Wrong {
                    line: error.location().map_or(1, |location| location.line() as usize),
                    message: first_line(&error.to_string()),
                })
                .map(|value: Value| of_value("", &value)),
            "json" => serde_json::from_str(text)
                .map_err(|error| Wrong { line: error.line(), message: error.to_string() })
                .map(|value: Value| of_value("", &value)),
            _ => return None,
        };
        let is_changelog = |element: &Element| element.name == CHANGELOG;
        let changelog = match root {
            Ok(root) if is_changelog(&root) => root,
            // What is simple is no list, but may be nothing.
            Ok(Element { mut attributes, children, .. }) => match attributes.remove(CHANGELOG) {
                Some(text) => Element { name: CHANGELOG.to_owned(), text, ..Element::default() },
                None => children.into_iter().find(is_changelog)?,
            },
            Err(wrong) => return Some(Err(wrong)),
        };
        Some(changelog.without_text())
    }

    /// The same, unless it says something where only elements are read.
    fn without_text(self) -> Result<Self, Wrong> {
        let text = self.text.trim();
        if text.is_empty() {
            return Ok(self);
        }
        let message = format!("a changelog holds properties, includes and changesets, and not `{}`", first_line(text));
        Err(Wrong { line: self.line.unwrap_or(1), message })
    }

    /// An attribute, empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether an attribute says so; `usual` where it says nothing.
    pub fn flag(&self, name: &str, usual: bool) -> bool {
        match self.get(name).to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "t" | "y" => true,
            "false" | "0" | "no" | "f" | "n" => false,
            _ => usual,
        }
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

fn xml(text: &str) -> Result<Element, Wrong> {
    let lines = LineIndex::new(text);
    // Entities make a small file a large one, and no changelog needs any.
    if let Some(at) = text.find("<!ENTITY").filter(|_| text.contains("<!DOCTYPE")) {
        let message = "entities are not read; write out what this one stands for".to_owned();
        return Err(Wrong { line: lines.place(at).line, message });
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| Wrong { line: error.pos().row as usize, message: error.to_string() })?;
    of_node(document.root_element(), &lines, 0)
}

fn of_node(node: Node<'_, '_>, lines: &LineIndex<'_>, depth: usize) -> Result<Element, Wrong> {
    let line = lines.place(node.range().start).line;
    if depth == DEEPEST {
        return Err(Wrong { line, message: format!("elements are more than {DEEPEST} deep in each other") });
    }
    let children = node.children().filter(Node::is_element).map(|child| of_node(child, lines, depth + 1));
    Ok(Element {
        name: node.tag_name().name().to_owned(),
        attributes: node.attributes().map(|one| (one.name().to_owned(), one.value().to_owned())).collect(),
        text: node.children().filter(|child| child.is_text()).filter_map(|child| child.text()).collect(),
        children: children.collect::<Result<_, _>>()?,
        line: Some(line),
    })
}

/// The element that a value is: what is simple in it are its attributes.
fn of_value(name: &str, value: &Value) -> Element {
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| add(&mut element, name, value)),
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(map) => map.iter().for_each(|(name, value)| add(&mut element, name, value)),
                    other => element.text.push_str(&simple(other).unwrap_or_default()),
                }
            }
        }
        other => element.text = simple(other).unwrap_or_default(),
    }
    element
}

fn add(element: &mut Element, name: &str, value: &Value) {
    match simple(value) {
        // A change or a way back may be nothing but its text.
        Some(text)
            if matches!(name, "rollback") || (name == "sql" && element.name != "sql" && element.name != "sqlCheck") =>
        {
            element.children.push(Element { name: name.to_owned(), text, ..Element::default() });
        }
        Some(text) => drop(element.attributes.insert(name.to_owned(), text)),
        None if name == "changes" => element.children.extend(of_value(name, value).children),
        None => element.children.push(of_value(name, value)),
    }
}

fn simple(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
