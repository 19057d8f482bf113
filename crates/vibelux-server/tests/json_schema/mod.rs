//! Holds JSON documents against `docs/schema/vibelux.schema.json`; used by the tests of the server and of
//! the commands.
//!
//! It knows the keywords that the schema uses (JSON Schema 2020-12) and refuses a schema with any other, so
//! that nothing is passed over in silence.

#![allow(dead_code, reason = "each of the tests uses a part of it")]

use serde_json::{Map, Value};

/// As it lies in the repository.
const SCHEMA: &str = include_str!("../../../../docs/schema/vibelux.schema.json");

/// Keywords that demand something.
const CHECKED: [&str; 14] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "properties",
];

/// Keywords whose meaning is looked at with others, or that only explain.
const OTHERS: [&str; 6] = [
    "$defs",
    "$schema",
    "description",
    "required",
    "title",
    "type",
];

/// A schema whose every keyword is known.
pub struct Schema(Value);

impl Schema {
    /// That of vibelux.
    ///
    /// # Errors
    /// What is wrong with the schema itself.
    pub fn of_vibelux() -> Result<Self, String> {
        Self::read(SCHEMA)
    }

    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it: no JSON, an unknown keyword, a reference that leads nowhere.
    pub fn read(text: &str) -> Result<Self, String> {
        let schema = Self(serde_json::from_str(text).map_err(|e| e.to_string())?);
        schema.look_over(&schema.0, "#")?;
        Ok(schema)
    }

    /// The shapes by name.
    pub fn shapes(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["$defs"].as_object().into_iter().flatten()
    }

    /// Holds a document against the shape of this name.
    ///
    /// # Errors
    /// Everything that does not fit, each with its place.
    pub fn check(&self, shape: &str, document: &Value) -> Result<(), String> {
        self.check_against(&self.0["$defs"][shape], document)
    }

    /// Holds a document against the schema as a whole.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_any(&self, document: &Value) -> Result<(), String> {
        self.check_against(&self.0, document)
    }

    fn check_against(&self, schema: &Value, document: &Value) -> Result<(), String> {
        let mut faults = Vec::new();
        if schema.is_null() {
            faults.push("there is no such shape".to_owned());
        }
        self.find_faults(schema, document, "", &mut faults);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(format!("{}\nin {document}", faults.join("\n")))
        }
    }

    /// Refuses what this checker does not understand.
    fn look_over(&self, schema: &Value, place: &str) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else {
            return Err(format!("{place}: no schema"));
        };
        for (keyword, value) in keywords {
            let place = format!("{place}/{keyword}");
            if !CHECKED.contains(&keyword.as_str()) && !OTHERS.contains(&keyword.as_str()) {
                return Err(format!("{place}: an unknown keyword"));
            }
            match (keyword.as_str(), value) {
                ("properties" | "$defs", Value::Object(inner)) => {
                    for (name, inner) in inner {
                        self.look_over(inner, &format!("{place}/{name}"))?;
                    }
                }
                ("anyOf", Value::Array(inner)) => {
                    for inner in inner {
                        self.look_over(inner, &place)?;
                    }
                }
                ("additionalProperties", Value::Bool(false)) => {}
                ("items" | "additionalProperties", inner) => self.look_over(inner, &place)?,
                ("$ref", target) if self.target(target).is_none() => {
                    return Err(format!("{place}: {target} leads nowhere"));
                }
                ("required", names) => {
                    let known = |name: &Value| {
                        let name = name.as_str().unwrap_or_default();
                        keywords["properties"].get(name).is_some()
                    };
                    if !names
                        .as_array()
                        .is_some_and(|names| names.iter().all(known))
                    {
                        return Err(format!("{place}: not the names of properties"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn target(&self, reference: &Value) -> Option<&Value> {
        let name = reference.as_str()?.strip_prefix("#/$defs/")?;
        self.0["$defs"].get(name)
    }

    fn find_faults(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let none = Map::new();
        let keywords = schema.as_object().unwrap_or(&none);
        let mut demand = |holds: bool, what: String| {
            if !holds {
                faults.push(format!("{place:?}: {what}, but is {value}"));
            }
        };
        if let Some(kinds) = keywords.get("type") {
            demand(is_of(kinds, value), format!("should be {kinds}"));
        }
        if let Some(expected) = keywords.get("const") {
            demand(value == expected, format!("should be {expected}"));
        }
        if let Some(Value::Array(allowed)) = keywords.get("enum") {
            demand(allowed.contains(value), format!("should be of {allowed:?}"));
        }
        // (keyword, what is measured, whether it is the most)
        let length = value.as_str().map(|text| text.chars().count() as f64);
        let items = value.as_array().map(|items| items.len() as f64);
        let properties = value.as_object().map(|fields| fields.len() as f64);
        for (keyword, measured, is_most) in [
            ("minimum", value.as_f64(), false),
            ("maximum", value.as_f64(), true),
            ("minLength", length, false),
            ("maxLength", length, true),
            ("minItems", items, false),
            ("maxItems", items, true),
            ("minProperties", properties, false),
        ] {
            let limit = keywords.get(keyword).and_then(Value::as_f64);
            if let (Some(limit), Some(measured)) = (limit, measured) {
                let holds = if is_most {
                    measured <= limit
                } else {
                    measured >= limit
                };
                demand(holds, format!("{keyword} is {limit}"));
            }
        }
        if let Some(Value::Array(names)) = keywords.get("required")
            && let Some(fields) = value.as_object()
        {
            for name in names.iter().filter_map(Value::as_str) {
                demand(fields.contains_key(name), format!("should have {name:?}"));
            }
        }
        if let Some(Value::Array(ways)) = keywords.get("anyOf") {
            let mut why = Vec::new();
            let fits = ways.iter().any(|way| {
                let before = why.len();
                self.find_faults(way, value, place, &mut why);
                why.len() == before
            });
            demand(fits, format!("fits none of anyOf ({})", why.join("; ")));
        }
        if let Some(target) = keywords.get("$ref").and_then(|r| self.target(r)) {
            self.find_faults(target, value, place, faults);
        }
        if let (Some(inner), Some(items)) = (keywords.get("items"), value.as_array()) {
            for (i, item) in items.iter().enumerate() {
                self.find_faults(inner, item, &format!("{place}/{i}"), faults);
            }
        }
        for (name, field) in value.as_object().unwrap_or(&none) {
            let place = format!("{place}/{name}");
            let known = keywords.get("properties").and_then(|p| p.get(name));
            match (known, keywords.get("additionalProperties")) {
                (Some(inner), _) => self.find_faults(inner, field, &place, faults),
                (None, Some(Value::Bool(false))) => faults.push(format!("{place:?}: is unknown")),
                (None, Some(inner)) => self.find_faults(inner, field, &place, faults),
                (None, None) => {}
            }
        }
    }
}

/// Whether a value is of a type, or of one of several.
fn is_of(kinds: &Value, value: &Value) -> bool {
    match kinds {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        _ => match kinds.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("string") => value.is_string(),
            Some("number") => value.is_number(),
            // 1.0 is an integer too.
            Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => false,
        },
    }
}
