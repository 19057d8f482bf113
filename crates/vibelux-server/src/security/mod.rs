//! Who may ask: the first thing that every request meets, the live socket's included.
//!
//! A page of another site can make the user's browser send requests to this computer, and can give its
//! own name this computer's address (DNS rebinding). Against the first the `Origin` is checked, against
//! the second the `Host`; who is not on this computer also needs a token, which says what they may do.

mod headers;
mod host;
mod role;
mod token;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{ACCEPT, CACHE_CONTROL, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::http::error::ApiError;
use host::Authority;

pub use role::{Role, owner_only};
pub use token::Token;

/// The rules of one server.
#[derive(Debug)]
pub struct Guard {
    /// Only this computer can reach the server.
    loopback: bool,
    /// Everybody must show one of these, and is who it says; without any, everybody is the owner.
    tokens: Vec<(Token, Role)>,
    /// Cookies are shared by all servers of a host, so the name tells the port.
    cookie_name: String,
    /// What is said of a cookie beside its value.
    cookie_attributes: &'static str,
}

impl Guard {
    /// Rules for a server at `port`, which only this computer can reach if `loopback`.
    pub fn new(loopback: bool, token: Option<Token>, port: u16) -> Self {
        Self {
            loopback,
            tokens: token
                .map(|token| (token, Role::Owner))
                .into_iter()
                .collect(),
            cookie_name: format!("vibelux_{port}"),
            cookie_attributes: "HttpOnly; SameSite=Strict; Path=/",
        }
    }

    /// Rules for an endpoint of the network at `port`, over HTTPS. Its tokens are kept, so a browser may keep them
    /// too: for 400 days, the most that it does (RFC 6265bis).
    pub fn of_network(owner: Token, guest: Token, port: u16) -> Self {
        Self {
            loopback: false,
            tokens: vec![(owner, Role::Owner), (guest, Role::Guest)],
            cookie_name: format!("vibelux_{port}"),
            cookie_attributes: "HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=34560000",
        }
    }

    /// The host that the request names, if it is this server and the request comes from its own page
    /// or from no page at all.
    fn check_source(&self, request: &Request) -> Result<Authority, ApiError> {
        let host = host::of(request).ok_or(ApiError::ForeignHost)?;
        // Elsewhere any name may be this server's, behind a proxy for example; another site's page has
        // no token there, whatever name it gives this address.
        if self.loopback && !host.is_loopback() {
            return Err(ApiError::ForeignHost);
        }
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        if let Some(origin) = origins.next()
            && (origins.next().is_some() || !host.is_origin(origin))
        {
            return Err(ApiError::ForeignOrigin);
        }
        // Browsers leave the origin out of some requests, such as those for a picture. A link to the
        // page may stand anywhere.
        let foreign = headers
            .get("sec-fetch-site")
            .is_some_and(|site| site != "same-origin" && site != "none");
        let is_link = headers
            .get("sec-fetch-mode")
            .is_some_and(|m| m == "navigate")
            && request.method() == Method::GET
            && !request.uri().path().starts_with("/api/v");
        if foreign && !is_link {
            return Err(ApiError::ForeignOrigin);
        }
        Ok(host)
    }

    /// Who is asking, by the token in the head.
    fn role(&self, headers: &HeaderMap) -> Option<Role> {
        if self.tokens.is_empty() {
            return Some(Role::Owner);
        }
        let in_cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie_name)
            .map(|(_, value)| value);
        let mut shown = token::bearer(headers).into_iter().chain(in_cookies);
        shown.find_map(|shown| self.of_token(shown).map(|(_, role)| *role))
    }

    fn of_token(&self, shown: &str) -> Option<&(Token, Role)> {
        self.tokens.iter().find(|(token, _)| token.is(shown))
    }

    /// A page that is opened with the right `?token=` gets a cookie and is opened again without it, so
    /// that the token does not stay in the browser's address line and history.
    fn welcome(&self, request: &Request) -> Option<Response> {
        let uri = request.uri();
        if request.method() != Method::GET || uri.path().starts_with("/api/") {
            return None;
        }
        let (mut shown, mut others) = (None, Vec::new());
        for pair in uri.query()?.split('&') {
            match pair.strip_prefix("token=") {
                Some(value) => shown = Some(value),
                None => others.push(pair),
            }
        }
        let (token, role) = self.of_token(shown?)?;
        // Two slashes at its start would make the path another host's address.
        let mut target = format!("/{}", uri.path().trim_start_matches(['/', '\\']));
        if !others.is_empty() {
            target = format!("{target}?{}", others.join("&"));
        }
        let cookie = format!(
            "{}={}; {}",
            self.cookie_name,
            token.text(),
            self.cookie_attributes
        );
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        headers.insert(LOCATION, HeaderValue::try_from(target).ok()?);
        // An owner who looks at a guest's invitation stays the owner.
        let stays_owner = *role == Role::Guest && self.role(request.headers()) == Some(Role::Owner);
        if !stays_owner {
            headers.insert(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
        }
        Some(response)
    }
}

/// What somebody without a right token gets: a person a page, a program JSON.
fn refuse(request: &Request) -> Response {
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kinds| kinds.contains("text/html"));
    if wants_page && !request.uri().path().starts_with("/api/") {
        let page = Html(include_str!("token_needed.html"));
        return (StatusCode::UNAUTHORIZED, page).into_response();
    }
    ApiError::TokenNeeded.into_response()
}

/// Lets a request through to the routes or refuses it; every answer gets the headers that keep a
/// browser from doing more with it than it should.
pub async fn guard(State(rules): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let mut host = None;
    let response = match rules.check_source(&request) {
        Err(error) => error.into_response(),
        Ok(named) => {
            host = Some(named);
            if let Some(welcome) = rules.welcome(&request) {
                welcome
            } else if let Some(role) = rules.role(request.headers()) {
                request.extensions_mut().insert(role);
                let is_api = request.uri().path().starts_with("/api/");
                let mut response = next.run(request).await;
                // Covers and sounds, too, are gone from a guest's phone with the page.
                if role == Role::Guest && is_api {
                    response
                        .headers_mut()
                        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                }
                response
            } else {
                refuse(&request)
            }
        }
    };
    headers::protect(response, host.as_ref())
}
