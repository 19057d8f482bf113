//! [`Refused`]: why a picture is not read, and how large one may be.

use std::path::Path;

use crate::face::FaceError;
use crate::face::limits::MAX_PIXELS;

/// Why a picture cannot be read; whose it is comes later.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No format that is read here.
    Unsupported,
    /// Broken, and how.
    Damaged(String),
    /// Width and height.
    TooLarge([u32; 2]),
}

impl Refused {
    pub fn named(self, name: &Path) -> FaceError {
        let path = name.to_owned();
        match self {
            Self::Unsupported => FaceError::UnsupportedPicture { path },
            Self::Damaged(reason) => FaceError::DamagedPicture { path, reason },
            Self::TooLarge([width, height]) => FaceError::PictureTooLarge {
                path,
                width,
                height,
            },
        }
    }
}

/// Refuses what would take more memory than is reasonable.
pub(super) fn check_size([width, height]: [u32; 2]) -> Result<(), Refused> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refused::TooLarge([width, height]));
    }
    Ok(())
}
