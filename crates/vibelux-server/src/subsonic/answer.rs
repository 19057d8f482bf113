//! [`Format`]: how a player gets its answer.
//!
//! One tree for both formats: in XML, single values of an object are attributes, lists are elements of one name, and the value named
//! `value` is the element's text. So the protocol's own schema has it.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Map, Value, json};

use super::parameters::Parameters;
use super::refusal::Refusal;

/// Of Subsonic's API, that this is like.
const VERSION: &str = "1.16.1";

/// How an answer is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// `f=xml`, and where nothing is said.
    Xml,
    /// `f=json`.
    Json,
    /// `f=jsonp`: a call of this function, for pages of long ago.
    Jsonp(String),
}

impl Format {
    /// What a request asks for.
    pub fn of(sent: &Parameters) -> Self {
        let is_name = |name: &&str| {
            let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
            !name.is_empty() && name.len() <= 100 && name.chars().all(is_known)
        };
        match (sent.get("f"), sent.get("callback").filter(is_name)) {
            (Some("json"), _) => Self::Json,
            (Some("jsonp"), Some(name)) => Self::Jsonp(name.to_owned()),
            _ => Self::Xml,
        }
    }

    /// An answer with what was asked for: fields of the response.
    pub fn answer(&self, fields: Map<String, Value>) -> Response {
        self.write("ok", fields)
    }

    /// An answer that says why not. Its HTTP status is that of a success, as the protocol wants it.
    pub fn refuse(&self, refusal: &Refusal) -> Response {
        let error = json!({ "code": refusal.code(), "message": refusal.to_string() });
        self.write("failed", Map::from_iter([("error".to_owned(), error)]))
    }

    fn write(&self, status: &str, fields: Map<String, Value>) -> Response {
        let mut all = Map::from_iter([
            ("status".to_owned(), json!(status)),
            ("version".to_owned(), json!(VERSION)),
            ("type".to_owned(), json!("vibelux")),
            ("serverVersion".to_owned(), json!(env!("CARGO_PKG_VERSION"))),
            ("openSubsonic".to_owned(), json!(true)),
        ]);
        all.extend(fields);
        match self {
            Self::Xml => ([(CONTENT_TYPE, "application/xml")], to_xml(&all)).into_response(),
            Self::Json => {
                let text = json!({ "subsonic-response": all }).to_string();
                ([(CONTENT_TYPE, "application/json")], text).into_response()
            }
            Self::Jsonp(name) => {
                let text = json!({ "subsonic-response": all }).to_string();
                let call = format!("{name}({text});");
                ([(CONTENT_TYPE, "application/javascript")], call).into_response()
            }
        }
    }
}

/// The response as a document.
fn to_xml(fields: &Map<String, Value>) -> Vec<u8> {
    let mut writer = Writer::new(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec());
    // Nothing but memory is written to.
    let _ = element(&mut writer, "subsonic-response", fields, true);
    writer.into_inner()
}

fn element(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    fields: &Map<String, Value>,
    is_root: bool,
) -> std::io::Result<()> {
    let mut start = BytesStart::new(name);
    if is_root {
        start.push_attribute(("xmlns", "http://subsonic.org/restapi"));
    }
    let mut content = None;
    for (key, value) in fields {
        match text(value) {
            Some(value) if key == "value" => content = Some(value),
            Some(value) => start.push_attribute((key.as_str(), value.as_str())),
            None => {}
        }
    }
    writer.write_event(Event::Start(start))?;
    if let Some(content) = content {
        writer.write_event(Event::Text(BytesText::new(&content)))?;
    }
    for (key, value) in fields {
        match value {
            Value::Object(inner) => element(writer, key, inner, false)?,
            Value::Array(items) => {
                for item in items {
                    match item {
                        Value::Object(inner) => element(writer, key, inner, false)?,
                        single => {
                            let only = Map::from_iter([("value".to_owned(), single.clone())]);
                            element(writer, key, &only, false)?;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// A single value as text, without the characters that no XML may have.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => {
            let is_allowed = |c: &char| {
                matches!(c, '\t' | '\n' | '\r')
                    || (*c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
            };
            Some(text.chars().filter(is_allowed).collect())
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_tree_makes_both_formats() {
        let fields = json!({
            "genres": { "genre": [{ "songCount": 2, "value": "Rock & Roll" }] },
            "song": { "id": "1", "isDir": false, "moods": ["happy", "sad"], "year": null },
        });
        let Value::Object(fields) = fields else {
            unreachable!("an object was written")
        };
        let xml = String::from_utf8(to_xml(&fields)).unwrap();
        assert!(
            xml.contains("<genre songCount=\"2\">Rock &amp; Roll</genre>"),
            "{xml}"
        );
        assert!(
            xml.contains(
                "<song id=\"1\" isDir=\"false\"><moods>happy</moods><moods>sad</moods></song>"
            ),
            "{xml}"
        );
    }

    #[test]
    fn formats_are_read() {
        let of = |text: &str| Format::of(&Parameters::parse(&[text]));
        assert_eq!(of("f=json"), Format::Json);
        assert_eq!(of(""), Format::Xml);
        assert_eq!(of("f=jsonp&callback=a.b"), Format::Jsonp("a.b".to_owned()));
        assert_eq!(of("f=jsonp&callback=alert(1)//"), Format::Xml);
    }

    proptest! {
        #[test]
        fn any_text_makes_a_document_that_is_read_back(title in any::<String>()) {
            let fields = Map::from_iter([("song".to_owned(), json!({ "title": title }))]);
            let xml = String::from_utf8(to_xml(&fields)).unwrap();
            let mut reader = quick_xml::Reader::from_str(&xml);
            loop {
                match reader.read_event().unwrap() {
                    Event::Eof => break,
                    Event::Start(start) => {
                        for attribute in start.attributes() {
                            attribute.unwrap();
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
