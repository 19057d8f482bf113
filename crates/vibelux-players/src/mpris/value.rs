//! [`Value`]: what comes over D-Bus, as far as MPRIS has need of it. Players are lax about types, so reading them is too.

use std::collections::HashMap;

/// The properties of an interface, or what is known of a track.
pub(super) type Fields = HashMap<String, Value>;

/// A value.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody answers there"))]
pub(super) enum Value {
    Flag(bool),
    Integer(i64),
    Real(f64),
    /// A text, or the path of an object.
    Text(String),
    List(Vec<Self>),
    Fields(Fields),
    /// What MPRIS has no need of.
    Other,
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Several texts; a lone one for a list of one.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::List(list) => {
                let texts = list.iter().filter_map(Self::text);
                texts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A number, such as of microseconds.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) if number.is_finite() => Some(*number),
            // Some players have texts of everything.
            Self::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The first fields in it, however deep.
    pub(super) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Fields(fields) => Some(fields),
            Self::List(list) => list.iter().find_map(Self::fields),
            _ => None,
        }
    }
}

/// Whether a property is true; one that is not there is not.
pub(super) fn is_set(fields: &Fields, name: &str) -> bool {
    matches!(fields.get(name), Some(Value::Flag(true)))
}
