//! The description of vibelux's JSON, and what checks documents against it: that neither lets anything
//! through. What the server really answers is held against it in `protocol/`, what the commands print in
//! the tests of the program.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod json_schema;

use std::fs;
use std::path::Path;

use json_schema::Schema;
use serde_json::{Value, json};

fn vector() -> Value {
    json!({
        "angry": 0.1, "disgusted": 0, "fearful": 0, "happy": 0.9, "neutral": 0, "sad": 0, "surprised": 0.0,
    })
}

/// An answer with the change at a place.
fn changed(document: &Value, place: &str, value: Value) -> Value {
    let mut document = document.clone();
    *document.pointer_mut(place).unwrap() = value;
    document
}

#[test]
fn wrong_documents_are_refused() {
    let schema = Schema::of_vibelux().unwrap();
    let song = json!({
        "model": "m",
        "song": {
            "path": "/a.mp3", "title": "A", "artist": null, "album": null, "duration_seconds": 3.5,
            "vector": vector(), "strongest": "happy",
        },
        "loudness_lufs": -9.5,
        "windows": [{ "start_seconds": 0, "vector": vector() }],
    });
    schema.check("SongAnswer", &song).unwrap();
    schema.check_any(&song).unwrap();
    for (place, wrong) in [
        ("/model", json!(null)),
        ("/song/artist", json!(3)),
        ("/song/strongest", json!("bored")),
        ("/song/duration_seconds", json!("3.5")),
        ("/song/duration_seconds", json!(-1)),
        ("/song/vector", json!([0, 0, 0, 1, 0, 0, 0])),
        ("/song/vector/happy", json!(1.5)),
        ("/song/vector", json!({ "happy": 1 })),
        ("/loudness_lufs", json!(11)),
        ("/windows", json!({})),
        ("/windows/0", json!({ "start_seconds": 0 })),
        ("/windows/0", json!([0, vector()])),
    ] {
        let wrong = changed(&song, place, wrong);
        assert!(schema.check("SongAnswer", &wrong).is_err(), "{place}");
        assert!(schema.check_any(&wrong).is_err(), "{place}");
    }
    assert!(
        schema
            .check(
                "RecommendRequest",
                &json!({ "source": "mood", "count": 501 })
            )
            .is_err()
    );
    assert!(
        schema
            .check(
                "RecommendRequest",
                &json!({ "source": "mood", "count": 2.5 })
            )
            .is_err()
    );
    assert!(
        schema
            .check(
                "RecommendRequest",
                &json!({ "source": "mood", "vector": {} })
            )
            .is_err()
    );
    assert!(
        schema
            .check("LiveHello", &json!({ "type": "frame" }))
            .is_err()
    );
    assert!(schema.check("NoSuchShape", &json!({})).is_err());
    // No bare array at the top.
    assert!(schema.check_any(&json!([])).is_err());
}

#[test]
fn unknown_names_are_refused_at_every_depth() {
    let schema = Schema::of_vibelux().unwrap();
    let error = json!({ "error": { "code": "usage", "message": "no such flag" } });
    schema.check("Error", &error).unwrap();
    for place in ["", "/error"] {
        let mut wrong = error.clone();
        wrong.pointer_mut(place).unwrap()["seconds"] = json!(1);
        let told = schema.check("Error", &wrong).unwrap_err();
        assert!(told.contains("/seconds\": is unknown"), "{told}");
    }
    assert!(
        schema
            .check("Error", &changed(&error, "/error/code", json!("new")))
            .is_err()
    );
}

#[test]
fn a_schema_that_demands_more_than_is_checked_is_refused() {
    for (schema, why) in [
        (r#"{"$defs": {"A": {"pattern": "x"}}}"#, "unknown keyword"),
        (
            r#"{"$defs": {"A": {"items": {"uniqueItems": true}}}}"#,
            "unknown keyword",
        ),
        (r##"{"anyOf": [{"$ref": "#/$defs/B"}]}"##, "leads nowhere"),
        (
            r#"{"properties": {"a": {}}, "required": ["b"]}"#,
            "names of properties",
        ),
        (r#"{"items": true}"#, "no schema"),
        ("[", "EOF"),
    ] {
        let told = Schema::read(schema).err().unwrap_or_default();
        assert!(told.contains(why), "{schema}: {told}");
    }
}

/// Everything inside of a schema that is a property, with its name.
fn properties<'a>(schema: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, inner) in keywords {
                if keyword == "properties" {
                    let inner = inner.as_object().into_iter().flatten();
                    found.extend(inner.map(|(name, schema)| (name.as_str(), schema)));
                }
                properties(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn every_shape_is_closed_and_every_property_described_with_its_unit() {
    let schema = Schema::of_vibelux().unwrap();
    for (name, shape) in schema.shapes() {
        assert!(shape["description"].is_string(), "{name}");
        if shape["type"] == "object" {
            assert_eq!(shape["additionalProperties"], false, "{name}");
        }
        let mut found = Vec::new();
        properties(shape, &mut found);
        for (property, description) in found {
            let text = description["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{name}.{property}: {text:?}");
            let is_number = description["type"] == "number";
            if property.ends_with("_seconds") && is_number {
                assert!(text.contains("second"), "{name}.{property}: {text}");
            }
            // Names that once meant the same as others.
            for other in [
                "seconds",
                "timings_ms",
                "errors",
                "failed_songs",
                "curve",
                "vectors",
            ] {
                assert_ne!(property, other, "{name}");
            }
        }
    }
}

/// The names of all fields in a document.
fn names<'a>(document: &'a Value, found: &mut Vec<&'a str>) {
    match document {
        Value::Object(fields) => {
            for (name, inner) in fields {
                found.push(name);
                names(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn the_page_for_people_uses_the_names_of_the_schema() {
    let schema = Schema::of_vibelux().unwrap();
    let mut known = Vec::new();
    for (_, shape) in schema.shapes() {
        properties(shape, &mut known);
    }
    let page = include_str!("../../../docs/guide/json.md");
    let examples: Vec<&str> = page.split("```json\n").skip(1).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        let example = example.split("```").next().unwrap();
        let document: Value = serde_json::from_str(example).unwrap();
        let mut used = Vec::new();
        names(&document, &mut used);
        for name in used {
            assert!(known.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
    // What the page says of codes is said of codes that there are.
    let codes = page.split("Of commands:").nth(1).unwrap();
    let codes = codes.split("`ErrorCode`").next().unwrap();
    for code in codes.split('`').skip(1).step_by(2) {
        let error = json!({ "error": { "code": code, "message": "so it is" } });
        assert_eq!(schema.check("Error", &error), Ok(()), "{code}");
    }
}

/// The text of all Rust files of a folder and below.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_error_code_of_the_schema_is_given_by_something() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    for name in ["vibelux", "vibelux-train", "vibelux-server", "vibelux-cli"] {
        sources(&crates.join(name).join("src"), &mut text);
    }
    let schema = Schema::of_vibelux().unwrap();
    let (_, codes) = schema.shapes().find(|(n, _)| *n == "ErrorCode").unwrap();
    let codes = codes["enum"].as_array().unwrap();
    assert!(codes.len() > 20);
    for code in codes {
        assert!(text.contains(&code.to_string()), "nothing answers {code}");
    }
}
