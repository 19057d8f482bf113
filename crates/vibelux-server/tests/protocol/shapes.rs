//! Every JSON answer that a test gets is held against the documentation: the OpenAPI document says which
//! shape an address answers with, the schema what the shape is.

use std::sync::LazyLock;

use serde_json::Value;

use crate::client::Answer;
use crate::json_schema::Schema;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::of_vibelux().unwrap());

static ADDRESSES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../src/openapi/openapi.json")).unwrap());

/// Holds an answer, and the JSON that it answers to, against the shapes of their address.
pub fn check(method: &str, target: &str, sent: &[u8], answer: &Answer) {
    // Players speak a protocol of their own.
    if target.starts_with("/rest/") {
        return;
    }
    let operation = operation(method, target);
    if answer.status < 300 {
        let content = operation.and_then(|o| o["requestBody"]["content"].get("application/json"));
        if let Some(content) = content {
            check_as(content, sent, &format!("sent with {method} {target}"));
        }
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let is_json = kind == "application/json";
    // With a charset it would slip through here.
    assert!(
        is_json || !kind.contains("json"),
        "{method} {target}: {kind}"
    );
    // Where it is compressed, its test unpacks it.
    if !is_json || answer.body.is_empty() || answer.header("content-encoding").is_some() {
        return;
    }
    let what = format!("{method} {target} -> {}", answer.status);
    let responses = operation.map(|operation| &operation["responses"]);
    let response = responses.map(|all| {
        all.get(answer.status.to_string())
            .unwrap_or(&all["default"])
    });
    match response {
        Some(response) => {
            let content = &response["content"]["application/json"];
            assert!(
                content.is_object(),
                "{what} is JSON, which is not documented"
            );
            check_as(content, &answer.body, &what);
        }
        None => holds(
            "Error",
            &serde_json::from_slice(&answer.body).unwrap(),
            &what,
        ),
    }
}

/// Holds a message of the live socket against its shape.
pub fn check_message(message: &Value) {
    let shape = match message["type"].as_str() {
        Some("hello") => "LiveHello",
        Some("frame") => "LiveFrame",
        _ => "LiveError",
    };
    holds(shape, message, "the live socket");
}

/// Holds what a client tells the live socket against its shape.
pub fn check_order(order: &Value) {
    let shape = match order["type"].as_str() {
        Some("settings") => "LiveSettings",
        Some("baseline") => "LiveBaseline",
        Some("song") => "LiveSong",
        _ => "LiveResetBaseline",
    };
    holds(shape, order, "told to the live socket");
}

fn check_as(content: &Value, bytes: &[u8], what: &str) {
    let document: Value = serde_json::from_slice(bytes).unwrap();
    match content["schema"]["$ref"].as_str() {
        Some(path) => holds(path.rsplit('/').next().unwrap(), &document, what),
        // The description of the API itself.
        None => assert_eq!(content["schema"]["type"], "object", "{what}"),
    }
    assert!(document.is_object(), "{what}");
}

fn holds(shape: &str, document: &Value, what: &str) {
    if let Err(faults) = SCHEMA.check(shape, document) {
        panic!("{what} is no {shape}:\n{faults}");
    }
}

/// What is documented of an address, if anything.
fn operation(method: &str, target: &str) -> Option<&'static Value> {
    let path = target.split('?').next()?.strip_prefix("/api/v1/")?;
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.trim_start_matches('/').split('/').collect();
        let mut pairs = template.iter().zip(&parts);
        template.len() == parts.len() && pairs.all(|(t, p)| *t == "{id}" || t == p)
    };
    let mut paths = ADDRESSES["paths"].as_object()?.iter();
    let (_, item) = paths.find(|(template, _)| fits(template))?;
    item.get(method.to_lowercase())
}
