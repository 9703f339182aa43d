//! Answers in XML, as JSON: an element with children becomes an object of their names, several children of one name become an array, any other
//! element a string. Attributes are left out.

use proofmark_json::{Map, Value};
use roxmltree::{Document, Node};

/// A document as `{"root's name": ...}`; none if it is no XML.
pub(crate) fn to_json(text: &str) -> Option<Value> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    Some(Value::Object(Map::from_iter([(root.tag_name().name().to_owned(), value(root))])))
}

fn value(node: Node<'_, '_>) -> Value {
    let mut members = Map::new();
    for child in node.children().filter(Node::is_element) {
        let value = value(child);
        match members.get_mut(child.tag_name().name()) {
            None => drop(members.insert(child.tag_name().name().to_owned(), value)),
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    if members.is_empty() { node.text().unwrap_or_default().into() } else { Value::Object(members) }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[rstest::rstest]
    #[case("<A><B>x</B><C/></A>", Some(json!({"A": {"B": "x", "C": ""}})))]
    #[case("<A><B>x</B><B><D>y</D></B><B>z</B></A>", Some(json!({"A": {"B": ["x", {"D": "y"}, "z"]}})))]
    #[case(r#"<?xml version="1.0"?><A xmlns="n">&lt;x&gt;</A>"#, Some(json!({"A": "<x>"})))]
    #[case("weights", None)]
    fn elements_become_members(#[case] text: &str, #[case] json: Option<Value>) {
        assert_eq!(to_json(text), json);
    }
}
