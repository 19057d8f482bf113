//! The models inside the program: the ONNX files and sidecars of the folder `models/`.

/// The ONNX file, its sidecar and the name that messages give it.
type Shipped = (&'static [u8], &'static str, &'static str);

/// The face classifier.
pub(super) const FACE: Shipped = (
    include_bytes!("../../../../models/face.onnx"),
    include_str!("../../../../models/face.toml"),
    "the shipped models/face.onnx",
);

/// The music classifier.
pub(super) const MUSIC: Shipped = (
    include_bytes!("../../../../models/music.onnx"),
    include_str!("../../../../models/music.toml"),
    "the shipped models/music.onnx",
);
