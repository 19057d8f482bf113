//! `GET lan`: how a phone gets in, for the owner to show it; and the certificate that it may install.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::http::error::ApiError;
use crate::lan::qr_svg;
use crate::security::Role;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub struct LanJson {
    is_on: bool,
    fingerprint: Option<String>,
    invitations: Vec<InvitationJson>,
}

#[derive(Debug, Serialize)]
struct InvitationJson {
    role: Role,
    url: String,
    qr_svg: String,
}

/// Answers `GET lan`.
pub async fn invitations(State(app): State<Shared>) -> Json<LanJson> {
    let Some(invitations) = &app.invitations else {
        return Json(LanJson {
            is_on: false,
            fingerprint: None,
            invitations: Vec::new(),
        });
    };
    let all = [Role::Guest, Role::Owner]
        .into_iter()
        .flat_map(|role| invitations.urls(role).map(move |url| (role, url)));
    let all = all.filter_map(|(role, url)| {
        let qr_svg = qr_svg(&url)?;
        Some(InvitationJson { role, url, qr_svg })
    });
    Json(LanJson {
        is_on: true,
        fingerprint: Some(invitations.fingerprint().to_owned()),
        invitations: all.collect(),
    })
}

/// Answers `GET /vibelux.crt`: the authority of this computer, in DER, as phones install it.
pub async fn certificate(State(app): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    let invitations = app
        .invitations
        .as_ref()
        .ok_or(ApiError::NotFound("certificate without --lan"))?;
    Ok((
        [
            (CONTENT_TYPE, "application/x-x509-ca-cert"),
            (CONTENT_DISPOSITION, "attachment; filename=\"vibelux.crt\""),
        ],
        invitations.authority_der().to_vec(),
    ))
}
