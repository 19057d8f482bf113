//! The OpenAPI document: its addresses stand in `openapi.json` beside this file, its shapes in
//! `docs/schema/vibelux.schema.json`, which describes the commands' JSON too. Nothing is described twice.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Map, Value, json};

/// The addresses, packed; their shapes are `#/components/schemas/NAME`.
const ADDRESSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// All shapes of vibelux, packed, in `$defs`.
const SCHEMA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vibelux.schema.json"));

const IN_SCHEMA: &str = "#/$defs/";
const IN_DOCUMENT: &str = "#/components/schemas/";

/// Puts the shapes that the addresses need beside them.
///
/// # Errors
/// If either file is no JSON: the program was built wrongly.
pub fn assemble() -> io::Result<Value> {
    let mut document: Value = serde_json::from_slice(&vibelux_packed::unpack(ADDRESSES)?)?;
    let mut schema: Value = serde_json::from_slice(&vibelux_packed::unpack(SCHEMA)?)?;
    point_into_document(&mut schema);
    let mut shapes = Map::new();
    let mut wanted = BTreeSet::new();
    names(&document, &mut wanted);
    while let Some(name) = wanted.pop_first() {
        // A name without a shape leads nowhere; a test looks for those.
        let shape = schema["$defs"][&name].take();
        if shape.is_object() {
            names(&shape, &mut wanted);
            shapes.insert(name, shape);
        }
    }
    document["components"] = json!({ "schemas": shapes });
    Ok(document)
}

fn point_into_document(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(IN_SCHEMA) {
                *text = format!("{IN_DOCUMENT}{name}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_into_document),
        Value::Object(fields) => fields.values_mut().for_each(point_into_document),
        _ => {}
    }
}

/// The names of all shapes that are pointed at.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(IN_DOCUMENT).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| names(field, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_is_pointed_at_is_there_and_no_other() {
        let document = assemble().unwrap();
        let mut pointed_at = BTreeSet::new();
        names(&document, &mut pointed_at);
        let shapes = document["components"]["schemas"].as_object().unwrap();
        assert_eq!(shapes.keys().cloned().collect::<BTreeSet<_>>(), pointed_at);
        assert!(shapes.contains_key("LiveSettings") && !shapes.contains_key("EmbedAnswer"));
        assert!(!document.to_string().contains(IN_SCHEMA));
    }
}
