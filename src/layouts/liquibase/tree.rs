//! XML, YAML and JSON as one kind of tree: what Liquibase reads in all three is the same.

use std::collections::BTreeMap;

use serde_json::Value;

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
        if !text.contains("databaseChangeLog") {
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
        let is_changelog = |element: &Element| element.name == "databaseChangeLog";
        match root {
            Ok(root) if is_changelog(&root) => Some(Ok(root)),
            Ok(root) => root.children.into_iter().find(is_changelog).map(Ok),
            Err(wrong) => Some(Err(wrong)),
        }
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
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(text, options)
        .map_err(|error| Wrong { line: error.pos().row as usize, message: error.to_string() })?;
    Ok(of_node(document.root_element()))
}

fn of_node(node: roxmltree::Node<'_, '_>) -> Element {
    Element {
        name: node.tag_name().name().to_owned(),
        attributes: node.attributes().map(|one| (one.name().to_owned(), one.value().to_owned())).collect(),
        text: node.children().filter(|child| child.is_text()).filter_map(|child| child.text()).collect(),
        children: node.children().filter(roxmltree::Node::is_element).map(of_node).collect(),
        line: Some(node.document().text_pos_at(node.range().start).row as usize),
    }
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
