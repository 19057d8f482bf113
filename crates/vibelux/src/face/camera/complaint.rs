//! [`explain`]: what ffmpeg's last words mean, as an error of ours.

use super::address::without_password;
use super::source::{Input, InputKind};
use crate::face::FaceError;

/// What ffmpeg's last words mean, where not a single frame came.
pub(super) fn explain(input: &Input, lines: &[&str]) -> FaceError {
    let text = lines.join("\n").to_ascii_lowercase();
    let says = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let source_name = input.name.clone();
    // The line that names the input is ffmpeg's verdict; it repeats the address with its password.
    let reason = lines.last().map_or_else(
        || "it ended without a word".to_owned(),
        |line| {
            line.split(' ')
                .map(without_password)
                .collect::<Vec<_>>()
                .join(" ")
        },
    );
    if says(&[
        "permission denied",
        "not authorized",
        "operation not permitted",
    ]) {
        return FaceError::PermissionDenied { source_name };
    }
    match input.kind {
        InputKind::Device if says(&["resource busy", "in use", "could not run graph"]) => {
            FaceError::CameraBusy {
                device: source_name,
            }
        }
        InputKind::Device
            if says(&[
                "no such file",
                "no such device",
                "could not find video device",
                "video device not found",
                "inappropriate ioctl",
                "not a video capture device",
                "cannot open video device",
            ]) =>
        {
            FaceError::NoCamera {
                device: source_name,
            }
        }
        InputKind::Address
            if says(&[
                "connection refused",
                "failed to resolve",
                "timed out",
                "server returned",
                "no route to host",
                "network is unreachable",
                "connection reset",
                "401 unauthorized",
                "404 not found",
            ]) =>
        {
            FaceError::Unreachable {
                url: source_name,
                reason,
            }
        }
        InputKind::File | InputKind::Address
            if text.is_empty()
                || says(&[
                    "invalid data found",
                    "matches no streams",
                    "does not contain any stream",
                    "moov atom not found",
                    "unknown format",
                    "end of file",
                    "not on whitelist",
                    "could not find codec parameters",
                ]) =>
        {
            FaceError::NotVideo { source_name }
        }
        _ => FaceError::Ffmpeg {
            source_name,
            reason,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: InputKind) -> Input {
        Input {
            name: "the source".to_owned(),
            kind,
            live: false,
            arguments: Vec::new(),
            filter: None,
        }
    }

    #[test]
    fn complaints_of_ffmpeg_become_errors_of_ours() {
        let device = input(InputKind::Device);
        let of = |input: &Input, line: &str| explain(input, &[line]);
        assert!(matches!(
            of(
                &device,
                "[video4linux2] Cannot open video device /dev/video9: No such file or directory"
            ),
            FaceError::NoCamera { .. }
        ));
        assert!(matches!(
            of(&device, "/dev/video0: Device or resource busy"),
            FaceError::CameraBusy { .. }
        ));
        assert!(matches!(
            of(&device, "/dev/video0: Permission denied"),
            FaceError::PermissionDenied { .. }
        ));
        assert!(matches!(
            of(
                &input(InputKind::File),
                "file:x: Invalid data found when processing input"
            ),
            FaceError::NotVideo { .. }
        ));
        let refused = of(
            &input(InputKind::Address),
            "http://me:secret@cam/: Connection refused",
        );
        assert!(matches!(refused, FaceError::Unreachable { .. }));
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}
