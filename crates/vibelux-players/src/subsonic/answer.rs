//! [`Answer`]: what the answers of all servers have in common, and how their values are read whatever shape they have: some make
//! a number of an id, a text of a number, and one thing of a list that has one.

use serde_json::{Map, Value};

/// The numbers of the API for what can go wrong.
pub(super) mod code {
    pub const MISSING_PARAMETER: i64 = 10;
    pub const CLIENT_TOO_OLD: i64 = 20;
    pub const SERVER_TOO_OLD: i64 = 30;
    pub const WRONG_PASSWORD: i64 = 40;
    pub const NO_TOKENS: i64 = 41;
    pub const NO_SUCH_SIGN_IN: i64 = 42;
    pub const TWO_SIGN_INS: i64 = 43;
    pub const WRONG_KEY: i64 = 44;
    pub const FORBIDDEN: i64 = 50;
    pub const TRIAL_OVER: i64 = 60;
    pub const NOT_FOUND: i64 = 70;
}

/// What stands in `subsonic-response`.
pub(super) struct Answer {
    fields: Map<String, Value>,
}

/// The answer says that it failed.
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) message: String,
    /// The version of the API that the server speaks.
    pub(super) version: Option<String>,
}

impl Answer {
    /// `None` if that is no answer of the API; [`Failure`] if it says that it failed.
    pub(super) fn read(bytes: &[u8]) -> Option<Result<Self, Failure>> {
        // Files that were edited by hand on some systems begin with a mark of their byte order, and so do pages.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut whole: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let Some(Value::Object(fields)) = whole.remove("subsonic-response") else {
            return None;
        };
        match fields.get("status").and_then(Value::as_str) {
            Some("ok") => Some(Ok(Self { fields })),
            Some("failed") => {
                let error = fields.get("error").and_then(Value::as_object);
                Some(Err(Failure {
                    code: error.and_then(|error| integer(error, "code")).unwrap_or(0),
                    message: error
                        .and_then(|error| text(error, "message"))
                        .unwrap_or_else(|| "without a reason".to_owned()),
                    version: text(&fields, "version"),
                }))
            }
            _ => None,
        }
    }

    /// All that it says.
    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// One thing in it.
    pub(super) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.fields.get(name)?.as_object()
    }

    /// The list that stands in one thing in it, such as `song` in `searchResult3`.
    pub(super) fn list(&self, outer: &str, inner: &str) -> Vec<&Map<String, Value>> {
        self.object(outer)
            .map_or_else(Vec::new, |outer| list(outer, inner))
    }
}

/// The things of a list; one that stands alone is a list of one.
pub(super) fn list<'a>(fields: &'a Map<String, Value>, name: &str) -> Vec<&'a Map<String, Value>> {
    match fields.get(name) {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// A text or a number as a text; `None` if it is empty.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, or a text that is one.
pub(super) fn number(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    let number = match fields.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number, or a text that is one.
pub(super) fn integer(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    match fields.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Yes or no, or a text that says so.
pub(super) fn is_true(fields: &Map<String, Value>, name: &str) -> bool {
    match fields.get(name) {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_of_the_api_are_read() {
        for nonsense in [
            "",
            "<html>",
            "{}",
            "[]",
            "null",
            r#"{"subsonic-response": 3}"#,
            r#"{"subsonic-response": {"status": "so so"}}"#,
            r#"{"subsonic-response": {"status": "ok""#,
        ] {
            assert!(Answer::read(nonsense.as_bytes()).is_none(), "{nonsense}");
        }
        let failed = br#"{"subsonic-response":{"status":"failed","version":"1.15.0","error":{"code":"40","message":"no"}}}"#;
        let failure = Answer::read(failed).unwrap().err().unwrap();
        assert_eq!((failure.code, failure.message.as_str()), (40, "no"));
        assert_eq!(failure.version.as_deref(), Some("1.15.0"));
        let bare = br#"{"subsonic-response":{"status":"failed"}}"#;
        assert_eq!(Answer::read(bare).unwrap().err().unwrap().code, 0);
    }

    #[test]
    fn values_are_read_whatever_shape_they_have() {
        let answer = "\u{FEFF}{\"subsonic-response\":{\"status\":\"ok\",\"album\":{\"song\":{\"id\":7,\"duration\":\"3.5\",\"isDir\":\"true\",\"title\":\"\"}}}}";
        let answer = Answer::read(answer.as_bytes()).unwrap().ok().unwrap();
        let songs = answer.list("album", "song");
        assert_eq!(text(songs[0], "id").as_deref(), Some("7"));
        assert_eq!(number(songs[0], "duration"), Some(3.5));
        assert_eq!(text(songs[0], "title"), None);
        assert!(is_true(songs[0], "isDir"));
        assert!(answer.list("album", "video").is_empty());
        assert!(answer.list("nothing", "song").is_empty());
    }
}
