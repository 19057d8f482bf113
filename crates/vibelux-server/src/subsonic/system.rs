//! What a player asks about the server and the account.

use serde_json::{Map, Value, json};

use super::call::{Call, field};
use super::refusal::Refusal;

/// Of the protocol's extensions those that are here, with their versions. May be asked for without an account.
pub fn extensions(has_ffmpeg: bool) -> Map<String, Value> {
    let mut names = vec!["apiKeyAuthentication", "formPost", "sonicSimilarity"];
    if has_ffmpeg {
        // A song is cut where it begins by what converts it.
        names.push("transcodeOffset");
    }
    let all = names
        .iter()
        .map(|name| json!({ "name": name, "versions": [1] }));
    field("openSubsonicExtensions", all.collect())
}

/// `ping`: somebody is there.
pub fn ping() -> Map<String, Value> {
    Map::new()
}

/// `getLicense`: nothing has to be bought.
pub fn license() -> Map<String, Value> {
    field("license", json!({ "valid": true }))
}

/// `tokenInfo`: whose key it is.
pub fn token_info(call: &Call) -> Map<String, Value> {
    field("tokenInfo", json!({ "username": call.user }))
}

/// `getUser`: what the one user may do.
///
/// # Errors
/// [`Refusal::Forbidden`] for any other user.
pub fn user(call: &Call) -> Result<Map<String, Value>, Refusal> {
    if call
        .sent
        .get("username")
        .is_some_and(|name| name != call.user)
    {
        return Err(Refusal::Forbidden("there is one user only"));
    }
    let roles = [
        ("adminRole", false),
        ("settingsRole", false),
        ("downloadRole", true),
        ("uploadRole", false),
        ("playlistRole", false),
        ("coverArtRole", false),
        ("commentRole", false),
        ("podcastRole", false),
        ("streamRole", true),
        ("jukeboxRole", false),
        ("shareRole", false),
        ("videoConversionRole", false),
    ];
    let mut user = Map::from_iter([
        ("username".to_owned(), json!(call.user)),
        ("scrobblingEnabled".to_owned(), json!(false)),
        ("folder".to_owned(), json!([1])),
    ]);
    let roles = roles.map(|(role, may)| (role.to_owned(), json!(may)));
    user.extend(roles);
    Ok(field("user", Value::Object(user)))
}

/// `getScanStatus`: of the scan that the page began, if any.
pub fn scan_status(call: &Call) -> Map<String, Value> {
    let state = call.app.scanner.state();
    let scanning = state.as_ref().is_some_and(|state| state.running);
    let count = call.catalogue.counts().ready;
    field(
        "scanStatus",
        json!({ "scanning": scanning, "count": count }),
    )
}
