//! [`Role`]: what somebody may do whom the guard has let in.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::error::ApiError;

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whose library it is: everything.
    Owner,
    /// Somebody in the same network: to look into the camera and listen, but neither to change anything that is
    /// kept nor to see what was learnt of the owner.
    Guest,
}

/// Refuses everybody but the owner.
pub async fn owner_only(request: Request, next: Next) -> Response {
    match request.extensions().get::<Role>() {
        Some(Role::Owner) => next.run(request).await,
        _ => ApiError::OwnerOnly.into_response(),
    }
}
