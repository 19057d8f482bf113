//! The OpenAPI document as a page to read, without a script.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The methods in the order in which they are listed.
const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

/// Turns the document into HTML.
pub fn render(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>VibeluX API</title><link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><main>",
    );
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<h1>{} <small>{}</small></h1>{}<p><a href=\"/api/v1/openapi.json\">openapi.json</a> \
         &middot; <a href=\"/\">the page</a></p>",
        escaped(&document["info"]["title"]),
        escaped(&document["info"]["version"]),
        paragraphs(&document["info"]["description"]),
    );
    let empty = Map::new();
    for (path, item) in document["paths"].as_object().unwrap_or(&empty) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                render_operation(&mut page, method, path, operation);
            }
        }
    }
    page += "<h2>Shapes</h2>";
    let schemas = &document["components"]["schemas"];
    for (name, schema) in schemas.as_object().unwrap_or(&empty) {
        let _ = write!(
            page,
            "<section id=\"{0}\"><h3>{0}</h3>{1}{2}</section>",
            escape(name),
            paragraphs(&schema["description"]),
            properties(schema),
        );
    }
    page += "</main></body></html>\n";
    page
}

fn render_operation(page: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = write!(
        page,
        "<section><h2><span class=\"method {method}\">{}</span> <code>/api/v1{}</code></h2>\
         <p><strong>{}</strong></p>{}",
        method.to_uppercase(),
        escape(path),
        escaped(&operation["summary"]),
        paragraphs(&operation["description"]),
    );
    *page += &parameters(&operation["parameters"]);
    *page += &request(&operation["requestBody"]["content"]);
    *page += &responses(&operation["responses"]);
    *page += "</section>";
}

/// What may stand in the address.
fn parameters(parameters: &Value) -> String {
    let Some(parameters) = parameters.as_array() else {
        return String::new();
    };
    let mut list = String::from("<dl>");
    for parameter in parameters {
        let _ = write!(
            list,
            "<dt><code>{}</code> <small>{}, {}</small></dt><dd>{}</dd>",
            escaped(&parameter["name"]),
            escaped(&parameter["in"]),
            shape(&parameter["schema"]),
            escaped(&parameter["description"]),
        );
    }
    list + "</dl>"
}

/// What is sent, in each of its media types.
fn request(content: &Value) -> String {
    let Some(content) = content.as_object() else {
        return String::new();
    };
    let kinds: Vec<String> = content
        .iter()
        .map(|(kind, body)| format!("{} {}", escape(kind), shape(&body["schema"])))
        .collect();
    let lists: String = content
        .values()
        .map(|body| property_list(&body["schema"]))
        .collect();
    format!("<p>Send: {}</p>{lists}", kinds.join(", or "))
}

/// What is answered, by status.
fn responses(responses: &Value) -> String {
    let Some(responses) = responses.as_object() else {
        return String::new();
    };
    let mut list = String::from("<ul>");
    for (status, response) in responses {
        let content = response["content"].as_object();
        let kind = content.and_then(|content| content.iter().next());
        let kind = kind.map_or_else(String::new, |(kind, body)| {
            format!(" &rarr; {} {}", escape(kind), shape(&body["schema"]))
        });
        let _ = write!(
            list,
            "<li><code>{}</code> {}{kind}</li>",
            escape(status),
            escaped(&response["description"]),
        );
    }
    list + "</ul>"
}

/// The name of a shape in a few words, with a link where it has a section of its own.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    if !schema["const"].is_null() {
        return escaped(&schema["const"]);
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(choice).collect();
        return values.join(" | ");
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let kinds: Vec<String> = kinds.iter().map(shape).collect();
        return kinds.join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("array of {}", shape(&schema["items"])),
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => kinds.iter().map(escaped).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

/// What a shape consists of, as a list; a shape that has no properties in one line.
fn properties(schema: &Value) -> String {
    if schema["properties"].is_object() {
        property_list(schema)
    } else {
        format!("<p>{}</p>", shape(schema))
    }
}

/// The properties of a schema with those of the objects inside them, each list within the entry that
/// it belongs to. Empty where there are none, or where they have a section of their own.
fn property_list(schema: &Value) -> String {
    let schema = innermost(schema);
    let Some(properties) = schema["properties"].as_object() else {
        return String::new();
    };
    let mut list = String::from("<dl>");
    for (name, property) in properties {
        let _ = write!(
            list,
            "<dt><code>{}</code> <small>{}</small></dt><dd>{}{}</dd>",
            escape(name),
            shape(property),
            escaped(&property["description"]),
            property_list(property),
        );
    }
    list + "</dl>"
}

/// Through the arrays around it to what they hold.
fn innermost(schema: &Value) -> &Value {
    let mut schema = schema;
    while schema["type"] == "array" {
        schema = &schema["items"];
    }
    schema
}

fn paragraphs(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default();
    text.split("\n\n")
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| format!("<p>{}</p>", escape(paragraph)))
        .collect()
}

/// One of several values that a field may have: nothing is one too.
fn choice(value: &Value) -> String {
    if value.is_null() {
        "null".to_owned()
    } else {
        escaped(value)
    }
}

fn escaped(value: &Value) -> String {
    match value {
        Value::String(text) => escape(text),
        Value::Null => String::new(),
        other => escape(&other.to_string()),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::document::assemble;
    use super::*;

    #[test]
    fn every_address_and_shape_is_on_the_page_and_every_link_leads_somewhere() {
        let document = assemble().unwrap();
        let page = render(&document);
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("/api/v1{path}</code>")), "{path}");
        }
        for link in page.split("href=\"#").skip(1) {
            let name = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
        }
        assert!(!page.contains("<script"));
    }

    #[test]
    fn objects_inside_of_shapes_show_their_properties() {
        let document = r##"{"info": {}, "paths": {"/scan": {"post": {"requestBody": {"content": {
            "application/json": {"schema": {"type": "object", "properties": {
                "folders": {"type": "array", "items": {"type": "string"}, "description": "Where."}}}}}}}}},
            "components": {"schemas": {"List": {"type": "object", "properties": {
                "rows": {"type": "array", "description": "All.", "items": {"type": "object", "properties": {
                    "song": {"$ref": "#/components/schemas/Song"},
                    "box": {"type": "object", "properties": {"x": {"type": "number"}}}}}}}},
            "Song": {"type": "object", "properties": {"title": {"type": "string"}}}}}}"##;
        let page = render(&serde_json::from_str(document).unwrap());
        for part in [
            "<code>rows</code> <small>array of object</small></dt><dd>All.<dl><dt><code>box</code>",
            "<small><a href=\"#Song\">Song</a></small></dt><dd></dd>",
            "<code>box</code> <small>object</small></dt><dd><dl><dt><code>x</code> <small>number",
            "<dl><dt><code>folders</code> <small>array of string</small></dt><dd>Where.</dd></dl>",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
        // What has a section of its own is explained there alone.
        assert_eq!(page.matches("<code>title</code>").count(), 1);
    }

    #[test]
    fn the_pages_nested_objects_are_explained() {
        let page = render(&assemble().unwrap());
        for name in [
            "reason",
            "start_seconds",
            "cosine",
            "folders",
            "missing",
            "decode",
        ] {
            assert!(page.contains(&format!("<dt><code>{name}</code>")), "{name}");
        }
    }

    #[test]
    fn text_cannot_become_markup() {
        let document = serde_json::json!({ "info": { "title": "<b>\"&" }, "paths": {} });
        assert!(render(&document).contains("&lt;b&gt;&quot;&amp;"));
    }
}
