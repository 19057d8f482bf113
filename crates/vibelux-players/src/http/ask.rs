//! [`Ask`]: what is asked of a server.

use serde_json::Value;

/// What is asked of a server. It may hold passwords, so it has no `Debug`.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// What of, below the server's address and without a slash at the front.
    pub path: &'a str,
    /// What stands behind the question mark; not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Lines of the request's head beside those that every request has.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent along.
    pub payload: Payload<'a>,
    /// Whether it does no harm if it is asked twice, when it is not known whether the first time was heard.
    pub is_repeatable: bool,
}

/// What a request carries. It may hold passwords, so it has no `Debug`.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    /// Nothing.
    None,
    /// JSON.
    Json(&'a Value),
    /// A form, as browsers send it.
    Form(&'a [(&'a str, &'a str)]),
}

impl<'a> Ask<'a> {
    /// Asks for something, and changes nothing.
    pub fn get(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: "GET",
            path,
            query,
            headers: &[],
            payload: Payload::None,
            is_repeatable: true,
        }
    }
}
